"""A table that collects its faults, so that the user reads all of them in one message.

Cells stay as they came until a column is asked for by its meaning: `Table.names` or, with a
`Number` that says what the column may hold, `Table.numbers`. A cell at fault is noted and comes out
as "" or `WRONG`, which no later check takes for a value. `Table.check` raises one error for all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import compress, islice
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.errors import (
    MAX_SHOWN,
    Advice,
    InputError,
    alternatives,
    fault_list,
    listed,
    suggest,
)
from qqt_bayes.tables.cells import (
    WRONG,
    Derived,
    Floats,
    Mask,
    Number,
    above,
    human_numbers_in,
    is_doubtful,
    name_in,
    names_in,
    numbers_in,
    odd_name,
    odd_names,
    with_point,
)

Names = NDArray[np.object_]
Array = NDArray[Any]
Fault = tuple[int, str, Callable[[], str | Advice]]
"""Position of the row (-1: the whole table), place in words, and what makes the sentence: of a
million faults only those that are shown are put in words."""

FACTOR = Number("a number above 0 to multiply or divide by", above(0.0), units="samples")
"""What the cells of a column may hold that another one is multiplied by."""
HUMAN = "{} reads such numbers as they are"
"""What can be done about 12.8M and the like."""


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
    decimal_commas : bool
        Whether decimals stand behind commas.
    both_marks : bool
        Whether some numbers have a decimal comma and others a point, so that 12.800 may be 12800.
    human_numbers : bool, optional
        Whether numbers are read as people write them, too; None if there is no argument for it.
    as_written : dict
        Cells that were read as people write numbers, by column and row: the text and its number.
    legible : bool
        Whether a number was refused that would be read so.
    called : dict of str
        What the user calls a column, where that is another name.
    given : dict of str
        The user's mapping of columns, as far as the table has them.
    derived : dict of Derived
        Columns whose cells have another meaning.
    repeated : set of str
        Columns that occur more than once; a fault where one is needed.
    hidden : list of str
        Columns in whose place the user put another one.
    comments : list of str
        Rows that are commented out, to be said.
    skipped : list of str, optional
        Lines above the header that were left out; None if there is no argument for it.
    missing : list of str
        Columns that were needed and are not there.
    hints : list of str or Advice
        Lines that end the message, if there are faults.

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
    decimal_commas: bool = False
    both_marks: bool = False
    human_numbers: bool | None = None
    as_written: dict[tuple[str, str], tuple[str, float]] = field(default_factory=dict)
    legible: bool = False
    called: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    derived: dict[str, Derived] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)
    hidden: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    skipped: list[str] | None = None
    missing: list[str] = field(default_factory=list)
    hints: list[str | Advice] = field(default_factory=list)

    def __len__(self) -> int:
        """Rows."""
        return len(self.places)

    @property
    def unused(self) -> list[str]:
        """Columns that nothing has asked for, or for whose name another one was asked for."""
        return self.hidden + [column for column in self.columns if column not in self.used]

    def note(self, sentence: str | Advice) -> None:
        """Add a fault of the table as a whole."""
        self.faults.append((-1, "", lambda: sentence))

    def fault(self, where: ArrayLike, column: str, sentence: Callable[[int], str]) -> None:
        """Add a fault for each row of a mask, in a column or, if that is "", in the whole row."""
        place = f", column {self._called(column)}: " if column else ": "
        for i in np.flatnonzero(where).tolist():
            self.faults.append((i, self.places[i] + place, partial(sentence, i)))

    def absorb(self, other: "Table") -> None:
        """Take over the faults of another table, under that table's name."""
        for _, place, sentence in other.faults:
            self.faults.append((-1, f"{other.name}, {place}", sentence))

    def check(self) -> None:
        """Raise one `InputError` with all faults, in the order of the rows, if there are any."""
        check_all(self)

    def complaint(self) -> InputError | None:
        """One error with all faults, in the order of the rows; None if there are none."""
        # of a table that nothing was asked of yet, any column may be needed
        twice = [name for name in self.columns if name in self.repeated & (self.used or {name})]
        again = "column {!r} occurs more than once".format
        of_all: list[Fault] = [(-1, "", partial(again, name)) for name in twice]
        ordered = sorted([*of_all, *self.faults], key=itemgetter(0))
        if not ordered:
            return None
        hints = self._more_hints() + self.hints
        advice = [hint for hint in hints if isinstance(hint, Advice)]
        sentences = []
        for _, place, sentence in islice(ordered, MAX_SHOWN):
            said = sentence()
            sentences.append(f"{place}{said}")
            advice += [said] if isinstance(said, Advice) else []
        faults = fault_list(self.name, sentences, len(ordered))
        return InputError("\n  ".join([faults, *map(str, hints)]), advice)

    def _more_hints(self) -> list[str | Advice]:
        """What helps whatever the table is of."""
        hints: list[str | Advice] = []
        if self.missing:
            hints.append(f"the columns are {listed(self.columns)}")
        if self.legible:
            hints.append(Advice(HUMAN, {"human_numbers": True}))
        return hints

    def _called(self, column: str) -> str:
        """A column in words: by the user's name for it, if that is another one."""
        return f"{self.called[column]} ({column})" if column in self.called else column

    def require(self, *columns: str) -> None:
        """Note each of the columns that the table does not have."""
        for column in columns:
            if column not in self.columns:
                self.lacks(column, f"missing column {column!r}{suggest(column, self.columns)}")

    def lacks(self, column: str, sentence: str) -> None:
        """Note, in a sentence, that there is no column of a name."""
        self.missing.append(column)
        self.note(sentence)

    def present(self, column: str) -> dict[str, Names]:
        """The names of a column under its name, or nothing if there is no such column."""
        return {column: self.names(column, optional=True)} if column in self.columns else {}

    def names(self, column: str, *, optional: bool = False) -> Names:
        """Cells of a column as text, shape (row,); "" where empty."""
        self.used.add(column)
        if column not in self.columns:
            return np.full(len(self), "", dtype=object)
        cells = self.columns[column]
        found = names_in(cells)
        names = np.array(found, dtype=object)
        if not optional:
            self.fault(names == "", column, lambda _: "expected a name, got an empty cell")
        odd = odd_names(cells, found)
        self.fault(odd, column, lambda i: f"expected a name, got {odd_name(cells[i])}")
        names[odd] = ""
        return names

    def numbers(self, column: str, number: Number, said: Mask | None = None) -> Floats:
        """Cells of a column as numbers, shape (row,); `WRONG` where at fault.

        Rows of the mask `said` get no fault of their own: one sentence has been said of them all.
        """
        self.used.add(column)
        default = WRONG if number.default is None else number.default
        if column not in self.columns:
            return np.full(len(self), default)
        if column in self.derived:
            return self._derive(column, number, said)
        values = self._read_of(column, number)
        empty = np.isnan(values)
        wrong = ~number.holds(values) & ~(empty & (number.default is not None))
        self._refuse(wrong if said is None else wrong & ~said, column, number, values)
        return np.where(wrong, WRONG, np.where(empty, default, values))

    def _derive(self, column: str, number: Number, said: Mask | None) -> Floats:
        """Numbers of a column from what its cells hold instead; `WRONG` where at fault."""
        form = self.derived[column]
        given = self._read_of(column, form.number)
        empty = np.isnan(given) & (number.default is not None)
        wrong = ~form.number.holds(given) & ~empty
        self._refuse(wrong if said is None else wrong & ~said, column, form.number, given)
        values = form.value(np.where(wrong, np.nan, self.with_columns(form, given)))
        beyond = ~number.holds(values) & ~np.isnan(values)
        self.fault(beyond, column, lambda i: f"gives {values[i]:g}; expected {number.words}")
        sound = np.where(np.isnan(values) | beyond, WRONG, values)
        return sound if number.default is None else np.where(empty, number.default, sound)

    def with_columns(self, form: Derived, given: Floats) -> Floats:
        """Numbers times those of a column that a form names, over those of another; NaN if bad."""
        named = form.times, form.over
        times, over = (self.numbers(name, FACTOR) if name else np.ones(1) for name in named)
        return np.where((times == WRONG) | (over == WRONG), np.nan, given * times / over)

    def _refuse(self, where: Mask, column: str, number: Number, values: Floats) -> None:
        """Note the cells of a mask, and whether people's way of writing would explain one."""
        cells = self.columns[column]
        self.fault(where, column, lambda i: number.complaint(cells[i], values[i]))
        if self.human_numbers is False and where.any() and not self.legible:
            read = human_numbers_in(cells, number.counts)
            self.legible = bool((number.holds(read) & where).any())

    def choose(self, column: str, chosen: str | None, what: str) -> str:
        """Keep the rows with the chosen name in a column; if it is None, all must have one name."""
        names = self.names(column)
        known = list(dict.fromkeys(names[names != ""]))
        if chosen is None:
            if len(known) > 1:
                several = f"holds {len(known)} {what}s; choose one of {listed(known)}"
                self.note(f"column {self._called(column)}: {several}")
            return known[0] if known else ""
        if chosen in known:
            self.keep(names == chosen)
        else:
            unknown = f"unknown {what} {chosen!r}{alternatives(chosen, known)}"
            self.note(f"column {self._called(column)}: {unknown}")
        return chosen

    def read(self, cells: Sequence[object], counts: bool) -> Floats:
        """The numbers that the cells of a column hold, NaN where empty, `WRONG` where none.

        Parameters
        ----------
        cells : sequence
        counts : bool
            Whether the column counts things.
        """
        if self.decimal_commas:
            cells = list(map(with_point, cells))
        values = (human_numbers_in if self.human_numbers else numbers_in)(cells, counts)
        doubtful = self.both_marks and is_doubtful(cells)
        return np.where(doubtful, WRONG, values)

    def _read_of(self, column: str, number: Number) -> Floats:
        """The numbers of a column; which are no plain ones is kept, to be said."""
        cells = self.columns[column]
        values = self.read(cells, number.counts)
        if self.human_numbers:
            plain = numbers_in(list(map(with_point, cells)), number.counts)
            for i in np.flatnonzero((plain == WRONG) & (values != WRONG)).tolist():
                key = self.called.get(column, column), self.places[i]
                self.as_written[key] = name_in(cells[i]), float(values[i])
        return values

    def read_as_written(self) -> list[str]:
        """What each cell that is no plain number was read as.

        Examples
        --------
        >>> from qqt_bayes.tables.cells import COUNT
        >>> table = Table("t", {"n": ["128M", "5"]}, ["row 2", "row 3"], human_numbers=True)
        >>> table.numbers("n", COUNT), table.read_as_written()
        (array([1.28e+08, 5.00e+00]), ["'128M' as 128000000"])
        """
        kept = set(self.places)
        cells = [cell for (_, place), cell in self.as_written.items() if place in kept]
        return [f"{text!r} as {value:.15g}" for text, value in cells]

    def copy(self) -> "Table":
        """The same table, to which faults and hints can be added without harm to this one."""
        return replace(
            self,
            columns=dict(self.columns),
            places=list(self.places),
            faults=list(self.faults),
            hints=list(self.hints),
            missing=list(self.missing),
            used=set(self.used),
        )

    def keep(self, where: Mask) -> list[str]:
        """Keep the rows of a mask, and return where the others stood."""
        others = list(compress(self.places, ~where))
        self.columns = {name: list(compress(x, where)) for name, x in self.columns.items()}
        self.places = list(compress(self.places, where))
        return others

    def repeats(self, keys: Mapping[str, Array]) -> NDArray[np.int64]:
        """Position of the first row with the same `keys`, shape (row,); of rows at fault, its own.

        Examples
        --------
        >>> Table("", {}, ["row 2", "row 3", "row 4"]).repeats({"pool": np.array(["a", "b", "a"])})
        array([0, 1, 0])
        """
        itself = np.arange(len(self))
        whole = np.ones(len(self), dtype=bool)
        # a number for each combination of the keys so far: half the time of a data frame's groups
        number = np.zeros(len(self), dtype=np.int64)
        for values in keys.values():
            codes, found = pd.factorize(pd.Series(values), use_na_sentinel=False)
            whole &= ~pd.Index(found).isin(["", WRONG])[codes]
            number = pd.factorize(number * max(1, len(found)) + codes)[0]
        rows = itself[whole]
        _, first, group = np.unique(number[whole], return_index=True, return_inverse=True)
        itself[whole] = rows[first][group]
        return itself

    def distinct(self, column: str, keys: Mapping[str, Array], advice: str = "") -> None:
        """Add a fault for each row that repeats an earlier one in all `keys`, none at fault."""
        first = self.repeats(keys)
        again = first != np.arange(len(self))
        self.fault(again, column, lambda i: f"repeats {self.places[first[i]]}{advice}")


def check_all(*tables: Table) -> None:
    """Raise one `InputError` with all faults of some tables, if there are any."""
    found = [error for table in tables if (error := table.complaint()) is not None]
    if found:
        raise InputError(
            "\n".join(map(str, found)), [each for error in found for each in error.advice]
        )
