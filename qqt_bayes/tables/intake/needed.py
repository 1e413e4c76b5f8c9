"""Which row of a table is its header: the first that names all columns that are needed."""

from collections.abc import Collection, Mapping

from qqt_bayes.tables.dialects.above import Above
from qqt_bayes.tables.intake.arithmetic import factor_of
from qqt_bayes.tables.intake.columns import COMPOSITION, OF_COMPOSITION, target

OF_RUNS = ("samples_seen", "error")
"""Columns that every table of runs has, or others that stand for them."""


def above_runs(columns: Mapping[str, str], skip_rows: int | None) -> Above:
    """How the header of a table of runs is known.

    Parameters
    ----------
    columns : mapping of str to str
        What the table calls its columns, see `qqt_bayes.tables.intake.columns`.
    skip_rows : int or None
        Rows above it, as the user says.

    Examples
    --------
    >>> above = above_runs({"accuracy": "top 1", "samples_seen": "Tokens (B)*1e9"}, None)
    >>> above.is_header(["Tokens (B)", "top 1"]), above.is_header(["samples_seen", "error"])
    (True, False)
    """
    named = {target(key): (key, name) for key, name in columns.items()}

    def is_header(names: Collection[str]) -> bool:
        return all(_has(names, *named.get(column, (column, column))) for column in OF_RUNS)

    return Above(skip_rows, is_header)


def above_composition(columns: Mapping[str, str]) -> Above:
    """The same of a composition table, some of whose columns may be named for it alone."""

    def is_header(names: Collection[str]) -> bool:
        return all(
            column in names
            or any(
                _has(names, column, columns[key])
                for key in (column, f"{COMPOSITION}{column}")
                if key in columns
            )
            for column in OF_COMPOSITION
        )

    return Above(None, is_header)


def _has(names: Collection[str], key: str, given: str) -> bool:
    """Whether some names have all columns of a pair, such as those of a product."""
    column, _, times, over = factor_of(key, given, dict.fromkeys(names))
    return all(name in names for name in (column, times, over) if name)
