"""A table that collects its faults, so that the user reads all of them in one message.

Cells stay as they came until a column is asked for by its meaning: `Table.names` or, with a
`Number` that says what the column may hold, `Table.numbers`. A cell at fault is noted and comes out
as "" or `WRONG`, which no later check takes for a value. `Table.check` raises one error for all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import compress
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.errors import InputError, alternatives, fault_list, listed, shown, suggest
from qqt_bayes.tables.cells import WRONG, Floats, Mask, Number, is_name, name_in, number_in

Names = NDArray[np.object_]
Array = NDArray[Any]
Fault = tuple[int, str, Callable[[], str]]
"""Position of the row (-1: the whole table), place in words, and what makes the sentence: of a
million faults only those that are shown are put in words."""


@dataclass
class Table:
    """Named columns of cells, and the faults found in them so far.

    Parameters
    ----------
    name : str
        What messages call the table: its path, mostly.
    columns : dict of list
        Cells by column, all of one length.
    places : list of str
        What messages call each row: "row 2" is the second line of a file.

    Examples
    --------
    >>> from qqt_bayes.tables.cells import COUNT
    >>> table = Table("pools.csv", {"pool": ["a", ""], "size": ["0.5", "5"]}, ["row 2", "row 3"])
    >>> table.names("pool"), table.numbers("size", COUNT)
    (array(['a', ''], dtype=object), array([-inf,   5.]))
    >>> table.check()
    Traceback (most recent call last):
        ...
    qqt_bayes.errors.InputError: pools.csv: 2 faults
      row 2, column size: expected a number of at least 1, got 0.5
      row 3, column pool: expected a name, got an empty cell
    """

    name: str
    columns: dict[str, list[object]]
    places: list[str]
    faults: list[Fault] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def __len__(self) -> int:
        """Rows."""
        return len(self.places)

    @property
    def unused(self) -> list[str]:
        """Columns that nothing has asked for."""
        return [column for column in self.columns if column not in self.used]

    def note(self, sentence: str) -> None:
        """Add a fault of the table as a whole."""
        self.faults.append((-1, "", lambda: sentence))

    def fault(self, where: ArrayLike, column: str, sentence: Callable[[int], str]) -> None:
        """Add a fault for each row of a mask, in a column or, if that is "", in the whole row."""
        place = f", column {column}: " if column else ": "
        for i in np.flatnonzero(where).tolist():
            self.faults.append((i, self.places[i] + place, partial(sentence, i)))

    def absorb(self, other: "Table") -> None:
        """Take over the faults of another table, under that table's name."""
        for _, place, sentence in other.faults:
            self.faults.append((-1, f"{other.name}, {place}", sentence))

    def check(self) -> None:
        """Raise one `InputError` with all faults, in the order of the rows, if there are any."""
        if self.faults:
            ordered = sorted(self.faults, key=itemgetter(0))
            sentences = (place + sentence() for _, place, sentence in ordered)
            raise InputError(fault_list(self.name, sentences, len(ordered)))

    def require(self, *columns: str) -> None:
        """Note each of the columns that the table does not have."""
        for column in columns:
            if column not in self.columns:
                self.note(f"missing column {column!r}{suggest(column, self.columns)}")

    def present(self, column: str) -> dict[str, Names]:
        """The names of a column under its name, or nothing if there is no such column."""
        return {column: self.names(column, optional=True)} if column in self.columns else {}

    def names(self, column: str, *, optional: bool = False) -> Names:
        """Cells of a column as text, shape (row,); "" where empty."""
        self.used.add(column)
        if column not in self.columns:
            return np.full(len(self), "", dtype=object)
        cells = self.columns[column]
        names = np.array([name_in(cell) for cell in cells], dtype=object)
        if not optional:
            self.fault(names == "", column, lambda _: "expected a name, got an empty cell")
        odd = np.array([not is_name(cell) for cell in cells], dtype=bool)
        self.fault(odd, column, lambda i: f"expected a name, got {shown(cells[i])}")
        names[odd] = ""
        return names

    def numbers(self, column: str, number: Number) -> Floats:
        """Cells of a column as numbers, shape (row,); `WRONG` where at fault."""
        self.used.add(column)
        default = WRONG if number.default is None else number.default
        if column not in self.columns:
            return np.full(len(self), default)
        cells = self.columns[column]
        values = np.fromiter(map(number_in, cells), float, len(cells))
        empty = np.isnan(values)
        wrong = ~number.holds(values) & ~(empty & (number.default is not None))
        self.fault(wrong, column, lambda i: number.complaint(cells[i]))
        return np.where(wrong, WRONG, np.where(empty, default, values))

    def choose(self, column: str, chosen: str | None, what: str) -> str:
        """Keep the rows with the chosen name in a column; if it is None, all must have one name."""
        names = self.names(column)
        known = list(dict.fromkeys(names[names != ""]))
        if chosen is None:
            if len(known) > 1:
                several = f"holds {len(known)} {what}s; choose one of {listed(known)}"
                self.note(f"column {column}: {several}")
            return known[0] if known else ""
        if chosen in known:
            self.keep(names == chosen)
        else:
            self.note(f"column {column}: unknown {what} {chosen!r}{alternatives(chosen, known)}")
        return chosen

    def keep(self, where: Mask) -> None:
        """Keep the rows of a mask."""
        self.columns = {name: list(compress(x, where)) for name, x in self.columns.items()}
        self.places = list(compress(self.places, where))

    def distinct(self, column: str, keys: Mapping[str, Array], advice: str = "") -> None:
        """Add a fault for each row that repeats an earlier one in all `keys`, none at fault."""
        frame = pd.DataFrame(dict(keys))
        frame = frame[~frame.isin(["", WRONG]).any(axis=1)]
        position = frame.index.to_series()
        first = position.groupby(list(map(frame.get, frame)), dropna=False).transform("first")
        again = (first != position).reindex(range(len(self)), fill_value=False)
        places = self.places
        self.fault(again, column, lambda i: f"repeats {places[first[i]]}{advice}")
