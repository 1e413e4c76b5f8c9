"""Tables of many rows: people are shown the first of them, programs get all."""

import pandas as pd

from qqt_bayes.cli.output import note

MAX_ROWS_SHOWN = 200
"""Rows of a table that people are shown: nobody reads more, and to lay out a hundred thousand of
them takes minutes."""


def first_rows(table: pd.DataFrame, form: str, what: str) -> pd.DataFrame:
    """The rows to print; on standard error is said where these are not all.

    Parameters
    ----------
    table : DataFrame
    form : {"table", "json", "csv"}
        The table for people alone is cut.
    what : str
        What a row is for, in the plural.
    """
    if form != "table" or len(table) <= MAX_ROWS_SHOWN:
        return table
    note(
        f"The first {MAX_ROWS_SHOWN:,} of {len(table):,} {what} are shown; --format csv prints all."
    )
    return table.head(MAX_ROWS_SHOWN)
