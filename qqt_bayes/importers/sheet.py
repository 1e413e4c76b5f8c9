"""A sheet: what a family made of a file, one row for each run, still under the file's own names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from qqt_bayes.errors import MAX_SHOWN
from qqt_bayes.tables.cells import WRONG, human_numbers_in, is_empty, name_in, number_in
from qqt_bayes.tables.table import Table

RUN = "run"
"""Column of the runs' names, which every sheet has."""
METRIC, VALUE = "metric", "value"
"""Columns of a sheet that has a row for each run and metric."""
MOST_METRICS = 12
"""Metrics that a sentence names."""


@dataclass(frozen=True)
class Sheet:
    """Runs under the names of the file that they came from.

    Parameters
    ----------
    what : str
        The kind of file, as a sentence calls it: "a W&B chart export".
    table : Table
        A row for each run, or for each run and metric; column `run` names the run.
    said : sequence of str
        A sentence for each thing that was derived, chosen or left out.
    meanings : mapping of str to str
        What the kind of file settles: column or product by its meaning, such as "steps" to "Step".
    weights : sequence of str
        Columns that hold the weights of pools in a mixture, if it is one.
    key : str
        Column by which a mapping names the runs.
    rows_by : str
        Column that names what a mapping has a row for, if several runs share one.
    is_mapped : bool
        Whether the mapping has been joined to it already.
    read : sequence of str
        Columns that the kind of file has been asked of already, such as those that name runs.
    """

    what: str
    table: Table
    said: Sequence[str] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)
    weights: Sequence[str] = ()
    key: str = RUN
    rows_by: str = ""
    is_mapped: bool = False
    read: Sequence[str] = ()

    @property
    def runs(self) -> list[str]:
        """Names of the runs, each once."""
        return list(dict.fromkeys(map(name_in, self.table.columns[self.key])))


def is_numeric(cells: Iterable[object]) -> bool:
    """Whether some cells hold numbers and nothing else but empty ones.

    Examples
    --------
    >>> is_numeric(["1", "", 2.5]), is_numeric(["12M"]), is_numeric([""])
    (True, False, False)
    """
    filled = [cell for cell in cells if not is_empty(cell)]
    return bool(filled) and all(number_in(cell) > float("-inf") for cell in filled)


def is_naming(cells: Iterable[object]) -> bool:
    """Whether some cells can name things: text, or whole numbers such as a model's parameters.

    Examples
    --------
    >>> is_naming(["a", ""]), is_naming(["60000000"]), is_naming(["0.5", "1"])
    (True, True, False)
    """
    cells = list(cells)
    if not is_numeric(cells):
        return True
    return all(number_in(cell) % 1 == 0 for cell in cells if not is_empty(cell))


def is_countable(cells: Iterable[object]) -> bool:
    """Whether some cells hold numbers, plainly or as people write them.

    Examples
    --------
    >>> is_countable(["12.8M", "1,000,000"]), is_countable(["top 10%", "1"])
    (True, False)
    """
    filled = [cell for cell in cells if not is_empty(cell)]
    return bool(filled) and bool((human_numbers_in(filled, counts=True) > WRONG).all())


def fractions_of(table: Table) -> list[str]:
    """Columns whose numbers are all from 0 to 1 and not all whole, as rates are.

    Examples
    --------
    >>> table = Table("t", {"acc": ["0.5", "1"], "flag": ["0", "1"], "n": ["2", "0.5"]}, ["", ""])
    >>> fractions_of(table)
    ['acc']
    """
    found = []
    for name, cells in table.columns.items():
        values = [number_in(cell) for cell in cells if not is_empty(cell)]
        if values and all(0 <= x <= 1 for x in values) and any(x % 1 for x in values):
            found.append(name)
    return found


def distinct_names(names: Sequence[str], places: Sequence[str]) -> list[str]:
    """Names of runs, with their row behind those that repeat another.

    Examples
    --------
    >>> distinct_names(["a", "b", "a"], ["row 2", "row 3", "row 4"])
    ['a', 'b', 'a (row 4)']
    """
    seen: set[str] = set()
    distinct = []
    for name, place in zip(names, places, strict=True):
        distinct.append(f"{name} ({place})" if name in seen or not name else name)
        seen.add(name)
    return distinct


def some(names: Iterable[str]) -> str:
    """Names as part of a sentence, without quotes, the first of them.

    Examples
    --------
    >>> some(["a", "b"])
    'a, b'
    """
    names = list(names)
    more = f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    return ", ".join(names[:MAX_SHOWN]) + more


def counted(count: int, noun: str) -> str:
    """A number of things in words.

    Examples
    --------
    >>> counted(1, "run"), counted(3, "run")
    ('1 run', '3 runs')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"
