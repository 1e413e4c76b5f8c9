"""Rows that lack a number they need, such as runs that are not finished: left out on request."""

import re
from collections.abc import Iterable
from itertools import compress

import numpy as np

from qqt_bayes.errors import MAX_SHOWN, Advice
from qqt_bayes.tables.cells import Mask, is_empty, names_in, numbers_in
from qqt_bayes.tables.intake.synonyms import words_of
from qqt_bayes.tables.table import Table

NO_NUMBER = re.compile(
    r"nan|#?n/?a|none|null|[-\u2013\u2014?.]+|tbd|pending|running|failed|crashed|diverged|oom|\([^\d()]*\)"
    r"|partial|#(div/0!|value!|ref!|num!|name\?)",
    re.ASCII | re.IGNORECASE,
)
"""What people and programs write where there is no number, such as "(partial)"."""

UNFINISHED = {"crashed", "failed", "killed", "diverged", "oom", "preempted"}
"""States of runs that came to no proper end, in small letters."""


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


def judge_states(table: Table) -> None:
    """Note the rows whose own column State or status says that the run crashed or was killed.

    Parameters
    ----------
    table : Table
        Runs, without those that are left out; a column that the user took for something is his.

    Examples
    --------
    >>> table = Table("runs.csv", {"State": ["finished", "crashed"]}, ["row 2", "row 3"])
    >>> judge_states(table)
    >>> len(table.faults)
    1
    """
    for column, failed in unfinished(table).items():
        states = table.columns[column]
        rows = [f"{table.places[i]}: {states[i]}" for i in np.flatnonzero(failed).tolist()]
        runs, their = ("1 run", "its") if len(rows) == 1 else (f"{len(rows)} runs", "their")
        more = f" and {len(rows) - MAX_SHOWN} more" if len(rows) > MAX_SHOWN else ""
        table.note(
            f"column {column}: {runs} did not come to {their} end ({', '.join(rows[:MAX_SHOWN])}"
            f"{more}); remove such rows, or the column if they are to be read; `qqt import` leaves "
            "them out"
        )


def unfinished(table: Table) -> dict[str, Mask]:
    """Rows of runs that crashed or were killed, by the column State or status that says so.

    Examples
    --------
    >>> table = Table("runs.csv", {"State": ["finished", "crashed"]}, ["row 2", "row 3"])
    >>> unfinished(table)
    {'State': array([False,  True])}
    """
    found = {}
    for column, cells in table.columns.items():
        if words_of(column).rpartition("_")[2] in ("state", "status") and column not in table.used:
            failed = np.array([name.lower() in UNFINISHED for name in names_in(cells)], dtype=bool)
            if failed.any():
                found[column] = failed
    return found


def _gaps(table: Table, column: str) -> Mask:
    cells = table.columns[column]
    gaps = ~np.isfinite(numbers_in(cells, counts=True))
    gaps[gaps] = [is_gap(cell) for cell in compress(cells, gaps)]
    if column == "unique_samples":
        pools = names_in(table.columns.get("pool", [None] * len(table)))
        gaps &= np.fromiter(map(bool, pools), bool, len(pools))
    return gaps


def _gap(table: Table, i: int, gaps: dict[str, Mask]) -> str:
    column = next(name for name, where in gaps.items() if where[i])
    cell = table.columns[column][i]
    held = "empty" if is_empty(cell) else repr(cell)
    return f"{table.places[i]} ({table.called.get(column, column)}: {held})"
