"""Rows that lack a number they need, such as runs that are not finished: left out on request."""

import re
from collections.abc import Iterable

import numpy as np

from qqt_bayes.errors import Advice
from qqt_bayes.tables.cells import Mask, is_empty, name_in
from qqt_bayes.tables.table import Table

NO_NUMBER = re.compile(
    r"nan|#?n/?a|none|null|[-\u2013\u2014?.]+|tbd|pending|running|failed|crashed|diverged|oom|\([^\d()]*\)"
    r"|partial|#(div/0!|value!|ref!|num!|name\?)",
    re.ASCII | re.IGNORECASE,
)
"""What people and programs write where there is no number, such as "(partial)"."""


def is_gap(cell: object) -> bool:
    """Whether a cell that should hold a number holds none, and nothing else either.

    Examples
    --------
    >>> is_gap("(partial)"), is_gap("nan"), is_gap(None), is_gap("12M"), is_gap("0")
    (True, True, True, False, False)
    """
    return is_empty(cell) or (
        isinstance(cell, str) and NO_NUMBER.fullmatch(cell.strip()) is not None
    )


def judge_gaps(table: Table, needed: Iterable[str], drop: bool) -> list[str]:
    """Leave out the rows that lack a number, or say in the table's hints that this can be done.

    Parameters
    ----------
    table : Table
    needed : iterable of str
        Columns of numbers; `unique_samples` is needed only by rows with a pool.
    drop : bool

    Returns
    -------
    list of str
        What was left out, each row with the column and the cell.

    Examples
    --------
    >>> table = Table("runs.csv", {"error": ["0.5", "nan"]}, ["row 2", "row 3"])
    >>> judge_gaps(table, ["error"], drop=True), table.places
    (["row 3 (error: 'nan')"], ['row 2'])
    """
    gaps = {name: _gaps(table, name) for name in needed if name in table.columns}
    lacking = np.logical_or.reduce([*gaps.values(), np.zeros(len(table), dtype=bool)])
    count = int(lacking.sum())
    if not count:
        return []
    if not drop:
        rows = "1 row lacks" if count == 1 else f"{count} rows lack"
        sentence = f"{rows} a number that is needed: {{}} leaves such rows out and names them"
        table.hints.append(Advice(sentence, {"drop_missing": True}))
        return []
    said = [_gap(table, i, gaps) for i in np.flatnonzero(lacking).tolist()]
    table.keep(~lacking)
    if not len(table):
        table.note("no row has all numbers that are needed")
    return said


def _gaps(table: Table, column: str) -> Mask:
    gaps = np.array([is_gap(cell) for cell in table.columns[column]], dtype=bool)
    if column == "unique_samples":
        pools = table.columns.get("pool", [None] * len(table))
        gaps &= np.array([name_in(pool) != "" for pool in pools], dtype=bool)
    return gaps


def _gap(table: Table, i: int, gaps: dict[str, Mask]) -> str:
    column = next(name for name, where in gaps.items() if where[i])
    cell = table.columns[column][i]
    held = "empty" if is_empty(cell) else repr(cell)
    return f"{table.places[i]} ({table.called.get(column, column)}: {held})"
