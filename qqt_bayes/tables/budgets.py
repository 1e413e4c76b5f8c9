"""Budgets in words and in numbers: "64M, 1.28B" or "64M:5B:13" to samples, and back."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.errors import InputError
from qqt_bayes.tables.cells import LARGEST

Samples = NDArray[np.float64]
Positions = NDArray[np.intp]

EXPONENT = {"": 0, "K": 3, "M": 6, "B": 9, "G": 9, "T": 12}
"""Power of ten of each ending; G is another word for B."""

NUMBER = re.compile(r"(\d+\.?\d*|\.\d+) ?([KMBGT]?)|(\d+\.?\d*|\.\d+)E\+?\d+", re.ASCII)
"""A budget in capitals: plain with one of the endings, or with an exponent."""

DEFAULT_BUDGETS = 13
"""How many budgets are decided at where none are given."""
MAX_BUDGET_FACTOR = 4.0
"""How far the largest of them is beyond the largest run."""

MAX_COUNT = 1000
"""How many budgets one range may have."""

RUNG_WIDTH = 1.2
"""Largest ratio of two budgets of one rung: 12.8 and 13.04 billion samples are one."""

EXAMPLES = "such as 64M, 1.28B or 1e9"
"""Budgets as a message shows how to write them."""
COMPUTE = (
    "divide compute by what one sample costs, for a language model about 6 FLOPs for each "
    "parameter and token"
)
"""How compute becomes a budget."""


def parse_budgets(text: str) -> Samples:
    """Budgets from text: numbers and ranges, separated by commas.

    Parameters
    ----------
    text : str
        A number is plain or ends in K, M, B (or G) or T. A range "least:largest:count" is that many
        budgets at equal steps of their logarithm, with both ends.

    Returns
    -------
    array, shape (budget,)
        Samples seen, in ascending order, each once.

    Raises
    ------
    InputError
        If the text has no budget, or one below one sample, or a range is not one.

    Examples
    --------
    >>> parse_budgets("1.28B, 64M")
    array([6.40e+07, 1.28e+09])
    >>> parse_budgets("1M:100M:3, 1e9")
    array([1.e+06, 1.e+07, 1.e+08, 1.e+09])
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise InputError(f"budgets {text!r}: expected numbers of samples, {EXAMPLES}, with commas")
    found = [_range(part) if ":" in part else [_number(part)] for part in parts]
    return np.unique(np.concatenate(found))


def log_spaced(least: float, largest: float, count: int) -> Samples:
    """Budgets at equal steps of their logarithm, with both ends exactly.

    Examples
    --------
    >>> log_spaced(1e6, 1e8, 3)
    array([1.e+06, 1.e+07, 1.e+08])
    >>> float(log_spaced(200e6, 3.2e9, 5)[2])
    800000000.0
    """
    # in 12 digits: 800M would else be a hair more than the runs at 800M, and so beyond them
    inner = [float(f"{x:.12g}") for x in np.geomspace(least, largest, count)[1:-1]]
    return np.array([least, *inner, largest])


def budgets_about(seen: Samples) -> Samples:
    """Budgets from the least of some runs to well beyond the largest, where none are given.

    Examples
    --------
    >>> budgets_about(np.array([1e6, 2e6]))[[0, -1]]
    array([1000000., 8000000.])
    """
    return log_spaced(float(seen.min()), MAX_BUDGET_FACTOR * float(seen.max()), DEFAULT_BUDGETS)


def _number(text: str) -> float:
    match = NUMBER.fullmatch(text.upper())
    if not match:
        hint = f"; {COMPUTE}" if re.search("flop|gpu|hour|h$", text, re.IGNORECASE) else ""
        raise InputError(f"budget {text!r}: expected a number of samples, {EXAMPLES}{hint}")
    samples = float(match[0] if match[1] is None else f"{match[1]}e{EXPONENT[match[2]]}")
    if samples > LARGEST:
        raise InputError(f"budget {text!r}: expected at most {LARGEST:g} samples, {EXAMPLES}")
    if samples < 1:
        advice = "; commas stand between budgets" if re.fullmatch("0+", text) else ""
        raise InputError(f"budget {text!r}: expected at least 1 sample, {EXAMPLES}{advice}")
    return samples


def _range(text: str) -> Samples:
    least, largest, count = (*(part.strip() for part in text.split(":")), "", "")[:3]
    if text.count(":") != 2 or not re.fullmatch(r"\d{1,9}", count, re.ASCII):
        expected = "least:largest:count, such as 64M:5B:13"
        raise InputError(f"budgets {text!r}: expected a range {expected}")
    if not 2 <= int(count) <= MAX_COUNT:
        raise InputError(
            f"budgets {text!r}: expected a count from 2 to {MAX_COUNT}, got {int(count)}"
        )
    ends = _number(least), _number(largest)
    if ends[0] >= ends[1]:
        raise InputError(f"budgets {text!r}: expected the least budget first, then a larger one")
    return log_spaced(*ends, int(count))


def is_one_budget(seen: Samples) -> bool:
    """Whether budgets are so near each other that nothing shows how error falls with them.

    Examples
    --------
    >>> is_one_budget(np.array([12.8e9, 13.04e9])), is_one_budget(np.array([64e6, 128e6]))
    (True, False)
    """
    return bool(seen.max() <= RUNG_WIDTH * seen.min())


def rungs(budgets: Samples) -> Positions:
    """Sort budgets into rungs, as runs at nearly one budget are compared with each other.

    The least budget that is in no rung yet starts one, which holds all budgets up to `RUNG_WIDTH`
    times as large.

    Returns
    -------
    array of int, shape (budget,)
        Number of each budget's rung, counted from the rung of the least budgets.

    Examples
    --------
    >>> rungs(np.array([13.04e9, 2.56e9, 12.8e9, 2.44e9]))
    array([1, 0, 1, 0])
    """
    starts: list[float] = []
    for budget in np.unique(budgets):
        if not starts or budget > RUNG_WIDTH * starts[-1]:
            starts.append(float(budget))
    return np.searchsorted(starts, budgets, side="right") - 1
