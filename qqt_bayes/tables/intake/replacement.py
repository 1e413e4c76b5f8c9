"""Whether runs drew their samples with replacement: an argument, or a column of their table."""

from __future__ import annotations

from qqt_bayes.errors import shown
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
    first = next((i for i, x in enumerate(drawn) if x is not None), 0)
    if given is not None:
        others = [x is (not given) for x in drawn]
        sentence = f"but replacement is given as {given} for all runs; leave one out"
    else:
        others = [x is not None and x != drawn[first] for x in drawn]
        sentence = (
            f"but {table.places[first] if len(table) else ''} has {_word(drawn[first])}: runs with "
            "and without replacement cannot be told apart in one fit; give each kind its own table"
        )
    table.fault(others, COLUMN, lambda i: f"{_word(drawn[i])}, {sentence}")
    return given if given is not None else any(drawn)


def _word(drawn: bool | None) -> str:
    return "true" if drawn else "false"


def _unread(cell: object) -> str:
    got = "an empty cell" if is_empty(cell) else shown(cell)
    return f"expected true or false, got {got}"
