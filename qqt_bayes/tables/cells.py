"""What one cell of a table means: a name, a number, or nothing.

Cells are text from CSV and anything from JSON Lines, Parquet or pandas. Only plain numbers are
numbers: "12M" or "1,000" is not guessed at, but the fault says how to write it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from math import inf, isfinite, isnan, nan
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qqt_bayes.errors import shown

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
SCALE = {"k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12, "%": 0.01}
"""Endings that people give to numbers, with their factors; they are explained, not read."""
NEARLY_NUMBERS: list[tuple[str, Callable[[re.Match[str]], float]]] = [
    (r"(\d+\.?\d*) *([kmbgt%])", lambda m: float(m[1]) * SCALE[m[2].lower()]),  # 12M, 44 %
    (r"\d{1,3}([,._ ']\d{3})+", lambda m: float(re.sub(r"\D", "", m[0]))),  # 1,000,000
    (r"(\d+),(\d+)", lambda m: float(f"{m[1]}.{m[2]}")),  # 0,5
]
"""Patterns of numbers as people write them, each with the number that is meant."""

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

    def complaint(self, cell: object) -> str:
        """Sentence that says what a cell should hold, and what it holds instead.

        Examples
        --------
        >>> COUNT.complaint("12M")
        "expected a number of at least 1, got '12M'; write plain numbers: 12000000"
        >>> COUNT.complaint(None)
        'expected a number of at least 1, got an empty cell'
        """
        if is_empty(cell):
            got = "an empty cell"
        elif isfinite(number_in(cell)):
            beyond = number_in(cell) > LARGEST and self.holds(np.array([LARGEST])).all()
            advice = f"; the largest that is read is {LARGEST:g}" if beyond else self.advice
            got = f"{str(cell).strip()}{advice}"
        else:
            got = f"{shown(cell)}{_plainly(cell)}"
        return f"expected {self.words}, got {got}"


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
    """Whether a cell can be a name: not nested, and without what no file can hold.

    Examples
    --------
    >>> is_name("top 10%"), is_name(80), is_name(["a"]), is_name(b"a"), is_name("a" + chr(0))
    (True, True, False, False, False)
    """
    return not isinstance(cell, NESTED) and is_text(name_in(cell))


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


def _plainly(cell: object) -> str:
    """How to write a cell that is nearly a number, as the end of a sentence."""
    text = cell.strip() if isinstance(cell, str) else ""
    for pattern, value in NEARLY_NUMBERS:
        if match := re.fullmatch(pattern, text, re.ASCII | re.IGNORECASE):
            return f"; write plain numbers: {value(match):.15g}"
    return ""
