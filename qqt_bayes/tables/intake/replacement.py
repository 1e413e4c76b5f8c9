"""Whether runs drew their samples with replacement: an argument, or a column of their table."""

from __future__ import annotations

from qqt_bayes.errors import shown
from qqt_bayes.phrases import joined
from qqt_bayes.tables.cells import is_empty, name_in
from qqt_bayes.tables.table import Table

COLUMN = "replacement"
SPELLED = {
    **dict.fromkeys(("true", "yes", "1"), True),
    **dict.fromkeys(("false", "no", "0"), False),
}
"""What the cells of the column may be, in small letters."""


def draws_of(table: Table, given: bool | None) -> bool:
    """Whether the runs of a table drew with replacement; faults are noted in the table.

    One fit is of runs that drew alike: a law expects other errors of the same training set at the
    same budget where it is drawn in another way.

    Parameters
    ----------
    table : Table
    given : bool, optional
        What the caller says of all runs.

    Examples
    --------
    >>> table = Table("runs.csv", {"replacement": ["true", "True"]}, ["row 2", "row 3"])
    >>> draws_of(table, None), draws_of(Table("runs.csv", {}, []), None)
    (True, False)
    """
    if COLUMN not in table.columns:
        return bool(given)
    table.used.add(COLUMN)
    cells = table.columns[COLUMN]
    drawn = [SPELLED.get(name_in(cell).lower()) for cell in cells]
    table.fault([x is None for x in drawn], COLUMN, lambda i: _unread(cells[i]))
    rows = {
        side: [place for place, x in zip(table.places, drawn, strict=True) if x is side]
        for side in (True, False)
    }
    column = f"column {table.called.get(COLUMN, COLUMN)}"
    if given is not None and (others := rows[not given]):
        how = "with" if given else "without"
        table.note(
            f"{column}: says {_word(not given)} in {joined(others)}, but all runs are to be read "
            f"as drawn {how} replacement; leave the argument out, or correct the column"
        )
    elif given is None and all(rows.values()):
        few = min(rows, key=lambda side: len(rows[side]))
        table.note(
            f"{column}: says {_word(few)} in {joined(rows[few])} and {_word(not few)} in others: "
            "runs with and without replacement cannot be told apart in one fit; give each kind its "
            "own table"
        )
    return given if given is not None else any(drawn)


def _word(drawn: bool) -> str:
    return "true" if drawn else "false"


def _unread(cell: object) -> str:
    got = "an empty cell" if is_empty(cell) else shown(cell)
    return f"expected true or false, got {got}"
