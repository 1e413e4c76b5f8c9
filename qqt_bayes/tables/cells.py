"""What one cell of a table means: a name, a number, or nothing.

Cells are text from CSV and anything from JSON Lines, Parquet or pandas. Only plain numbers are
numbers: "12M" or "1,000" is not guessed at, but the fault says how to write it. Who asks for the
numbers as people write them gets those that can mean one thing only.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import inf, isfinite, isnan, nan
from numbers import Real
from types import NoneType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qqt_bayes.errors import shown
from qqt_bayes.tables.human_numbers import OPEN_POINT, settle, written

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

LARGEST = 1e18
"""Largest number that a cell may hold: a million times what has been trained anywhere, and small
enough that squares and sums of such numbers are finite."""

WRONG = -inf
"""Value of a cell that should hold a number and does not; no column may hold minus infinity."""

PLAIN = re.compile(
    r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?|nan", re.ASCII | re.IGNORECASE
)
"""Text that is read as a number: what every program writes and reads alike."""
DECIMAL_COMMA = re.compile(r"[~≈+-]?\d*,\d+(e[+-]?\d+)?( ?[kmbgt%])?$", re.ASCII | re.IGNORECASE)
"""A number with a decimal comma, in a file that has these."""
DECIMAL_POINT = re.compile(r"[~≈+-]?\d*\.\d+(e[+-]?\d+)?( ?[kmbgt%])?", re.ASCII | re.IGNORECASE)
"""A number with a decimal point, beside which no comma is surely a decimal one."""

CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]")
"""What no name may hold: controls move a terminal and break an XML file, U+2028 and U+2029 break
lines, and the marks of direction let a name look like another one."""
FORMULA = re.compile("'*[=+\\-@\uff1d\uff0b\uff0d\uff20]")
"""Text that a spreadsheet takes for a formula, wide signs included; apostrophes before it are
counted, so that what is guarded is read back as it was."""
NESTED = (bytes, bytearray, dict, list, np.ndarray, set, tuple)
"""Types of cells that cannot be a name, though they can be written as text."""


@dataclass(frozen=True)
class Number:
    """What the cells of a column of numbers may hold.

    Parameters
    ----------
    words : str
        As the user reads it: "expected <words>, got ...".
    holds : callable
        Which of an array of numbers, shape (row,), the column may hold. It has to rule out
        infinity where that is not meant.
    default : float, optional
        What an empty cell means; None if it may not be empty.
    units : str
    advice : str
        End of that sentence, if the cell holds a number, but one that the column may not hold.
    """

    words: str
    holds: Callable[[Floats], Mask]
    default: float | None = None
    units: str = "1"
    advice: str = ""

    def complaint(self, cell: object, value: float | None = None) -> str:
        """Sentence that says what a cell should hold, and what it holds instead.

        Parameters
        ----------
        cell : object
        value : float, optional
            The number that was read from it, if that was not by `number_in`.

        Examples
        --------
        >>> COUNT.complaint("12M")
        "expected a number of at least 1, got '12M'; write plain numbers: 12000000"
        >>> COUNT.complaint(None)
        'expected a number of at least 1, got an empty cell'
        """
        value = number_in(cell) if value is None else value
        if is_empty(cell):
            got = "an empty cell"
        elif isfinite(value):
            beyond = value > LARGEST and self.holds(np.array([LARGEST])).all()
            advice = f"; the largest that is read is {LARGEST:g}" if beyond else self.advice
            got = f"{str(cell).strip()}{advice}"
        else:
            got = f"{shown(cell)}{self._plainly(cell)}"
        return f"expected {self.words}, got {got}"

    @property
    def counts(self) -> bool:
        """Whether the column counts things: then a comma in a number is hardly a decimal one."""
        return self.units in ("samples", "steps")

    def _plainly(self, cell: object) -> str:
        """How to write a cell that is nearly a number, as the end of a sentence."""
        found = written(cell) if isinstance(cell, str) else None
        if found is None:
            return ""
        values = found.values[:1] if self.counts else found.values
        if is_doubtful([cell]):
            values = (1000 * found.values[0], found.values[0])
        return "; write plain numbers: " + " or ".join(f"{value:.15g}" for value in values)


@dataclass(frozen=True)
class Derived:
    """How the numbers of a column follow from cells of another meaning, such as accuracies.

    Parameters
    ----------
    number : Number
        What these cells may hold.
    value : callable
        Numbers of the column from numbers in the cells, each of shape (row,); NaN where another
        column that it takes is at fault.
    times : str
        A column of numbers above 0 that the cells are multiplied by first, "" if there is none.
    over : str
        One that they are divided by first.
    """

    number: Number
    value: Callable[[Floats], Floats]
    times: str = ""
    over: str = ""


def at_least(lower: float) -> Callable[[Floats], Mask]:
    """Whether numbers are at least a bound, and at most `LARGEST`."""
    return lambda values: (values >= lower) & (values <= LARGEST)


def above(lower: float) -> Callable[[Floats], Mask]:
    """Whether numbers are above a bound, and at most `LARGEST`."""
    return lambda values: (values > lower) & (values <= LARGEST)


COUNT = Number("a number of at least 1", at_least(1.0), units="samples")


def is_empty(cell: object) -> bool:
    """Whether a cell holds nothing: blank text, null, NaN.

    Examples
    --------
    >>> is_empty(" "), is_empty(float("nan")), is_empty("NA")
    (True, True, False)
    """
    if isinstance(cell, str):
        return not cell or cell.isspace()
    if isinstance(cell, float | np.floating):
        return isnan(cell)
    return cell is None or cell is pd.NA or cell is pd.NaT


def name_in(cell: object) -> str:
    """Text of a cell without the blanks around it; whole numbers without a decimal point.

    Examples
    --------
    >>> name_in(" top 10% "), name_in("null"), name_in(80.0), name_in(None)
    ('top 10%', 'null', '80', '')
    """
    if isinstance(cell, str):
        return cell.strip()
    if is_empty(cell):
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def is_name(cell: object) -> bool:
    """Whether a cell can be a name: not nested, and without what no file or line can hold.

    Examples
    --------
    >>> is_name("top 10%"), is_name(80), is_name(["a"]), is_name(b"a"), is_name("a" + chr(27))
    (True, True, False, False, False)
    """
    if isinstance(cell, NESTED):
        return False
    name = name_in(cell)
    # what is printable has none of them, and Python knows that at once
    return name.isprintable() or (is_text(name) and not CONTROLS.search(name))


def odd_name(cell: object) -> str:
    r"""A cell that can be no name, for a sentence; with the control character in it, if any.

    Examples
    --------
    >>> odd_name("a" + chr(155)), odd_name(["a"])
    ("'a\\x9b', which holds the control character U+009B", "['a']")
    """
    found = CONTROLS.search(name_in(cell)) if isinstance(cell, str) else None
    why = f", which holds the control character U+{ord(found[0]):04X}" if found else ""
    return f"{shown(cell)}{why}"


def guarded(cell: object) -> object:
    """A cell as a CSV holds it: an apostrophe before text that a spreadsheet would calculate.

    Examples
    --------
    >>> guarded("=1+1"), guarded("'=1"), guarded("top 10%"), guarded("-0.5"), guarded(5)
    ("'=1+1", "''=1", 'top 10%', '-0.5', 5)
    """
    is_formula = isinstance(cell, str) and FORMULA.match(cell) and not PLAIN.fullmatch(cell.strip())
    return f"'{cell}" if is_formula else cell


def unguarded(cell: str) -> str:
    """The text that `guarded` put an apostrophe before, or any other as it is.

    Examples
    --------
    >>> unguarded("'=1+1"), unguarded("''=1"), unguarded("'a'"), unguarded("top 10%")
    ('=1+1', "'=1", "'a'", 'top 10%')
    """
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def is_text(text: str) -> bool:
    """Whether text can be kept: no NUL, no half of a surrogate pair, which JSON can spell."""
    return "\0" not in text and not re.search("[\ud800-\udfff]", text)


def number_in(cell: object) -> float:
    """Value of a cell; NaN if it is empty, `WRONG` if it holds anything but a plain number.

    Examples
    --------
    >>> number_in("1.28e7"), number_in(" "), number_in("12M"), number_in(True)
    (12800000.0, nan, -inf, -inf)
    """
    if isinstance(cell, str):
        text = cell.strip()
        return float(text) if PLAIN.fullmatch(text) else WRONG if text else nan
    if is_empty(cell):
        return nan
    if isinstance(cell, bool | np.bool_) or not isinstance(cell, float | int | Real | Decimal):
        return WRONG
    try:
        return float(cell)
    except (OverflowError, TypeError, ValueError):
        return WRONG


def numbers_in(cells: Sequence[object], counts: bool) -> Floats:
    """Values of the cells of a column, each as `number_in` reads it.

    Parameters
    ----------
    cells : sequence
    counts : bool
        Whether the column counts things; what is a plain number does not depend on it.
    """
    del counts
    at_once = _numbers_at_once(cells)
    return np.fromiter(map(number_in, cells), float, len(cells)) if at_once is None else at_once


def _numbers_at_once(cells: Sequence[object]) -> Floats | None:
    """Values of the cells of a column that are all plain numbers or empty; None if one is not.

    A table may have a million rows, and deciding cell by cell what each is takes most of the time
    of reading it.
    """
    types = set(map(type, cells))
    try:
        if types <= {float, int, NoneType}:
            return np.array(cells, dtype=float)
        if types == {str}:
            return _numbers_of_texts(list(map(str.strip, cells)))  # type: ignore[arg-type]
    except (OverflowError, ValueError):
        return None
    return None


def _numbers_of_texts(texts: list[str]) -> Floats | None:
    """Values of texts that are plain numbers or empty.

    Raises
    ------
    ValueError
        If one is not.
    """
    filled = texts if all(texts) else list(filter(None, texts))
    together = "".join(filled)
    if not together.isascii() or "_" in together:  # Python reads more digits than are plain
        return None
    found = np.fromiter(map(float, filled), float, len(filled))
    if np.isnan(found).any() and re.search("[+-]nan", together, re.IGNORECASE):
        return None
    if len(filled) == len(texts):
        return found
    values = np.full(len(texts), nan)
    values[np.fromiter(map(bool, texts), bool, len(texts))] = found
    return values


def names_in(cells: Sequence[object]) -> list[str]:
    """Names of the cells of a column, each as `name_in` reads it.

    Examples
    --------
    >>> names_in([" a ", "b"]), names_in(["a", None, 80.0])
    (['a', 'b'], ['a', '', '80'])
    """
    if set(map(type, cells)) <= {str}:
        return list(map(str.strip, cells))  # type: ignore[arg-type]
    return list(map(name_in, cells))


def odd_names(cells: Sequence[object], names: Sequence[str]) -> Mask:
    """Which cells, with their names, cannot be a name, shape (row,).

    Examples
    --------
    >>> odd_names(["a", ["b"]], ["a", "['b']"])
    array([False,  True])
    """
    if set(map(type, cells)) <= {str} and "".join(names).isprintable():
        return np.zeros(len(cells), dtype=bool)
    return np.array([not is_name(cell) for cell in cells], dtype=bool)


def human_numbers_in(cells: Sequence[object], counts: bool) -> Floats:
    """Values of the cells of a column, written plainly or as people write them.

    Examples
    --------
    >>> human_numbers_in(["12.8M", "1,000,000", "5", "many"], counts=True)
    array([1.28e+07, 1.00e+06, 5.00e+00,     -inf])
    """
    found = [written(cell) if isinstance(cell, str) else None for cell in cells]
    # 12.800 beside 12.800.000 is no longer plainly 12.8
    points = any(each is not None and each.mark == "thousands point" for each in found)
    doubtful = is_doubtful(cells) & points
    values = np.where(doubtful, WRONG, numbers_in(cells, counts))
    found = [None if doubt else each for doubt, each in zip(doubtful, found, strict=True)]
    meant = settle(found, counts)
    return np.array(
        [
            value if value != WRONG or number is None else number
            for value, number in zip(values, meant, strict=True)
        ],
        dtype=float,
    )


def is_doubtful(cells: Sequence[object]) -> Mask:
    """Which cells are plain numbers whose point might stand between thousands, shape (row,).

    Examples
    --------
    >>> is_doubtful(["12.800", "12.8", "0.769", 12.8])
    array([ True, False, False, False])
    """
    doubtful = [
        isinstance(cell, str) and OPEN_POINT.fullmatch(cell.strip()) is not None for cell in cells
    ]
    return np.array(doubtful, dtype=bool)


def with_point(cell: object) -> object:
    """A cell with a decimal point in place of its decimal comma, if it is a number with one.

    Examples
    --------
    >>> with_point("0,769"), with_point("12,8M"), with_point("top 0,5"), with_point(5)
    ('0.769', '12.8M', 'top 0,5', 5)
    """
    if isinstance(cell, str) and DECIMAL_COMMA.match(cell.strip()):
        return cell.replace(",", ".")
    return cell
