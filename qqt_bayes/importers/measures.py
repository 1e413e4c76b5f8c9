"""How well a run did: which number says so, what it measures, and the error or loss that it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import numpy as np

from qqt_bayes.tables.cells import Floats, Mask, Number, above

KINDS = ("error", "loss", "accuracy", "error%", "accuracy%")
"""What the user may say that the values are."""


@dataclass(frozen=True)
class Measure:
    """A way in which results are written.

    Parameters
    ----------
    kind : {"error", "loss"}
        How the long table is to be read.
    number : Number
        What a cell may hold.
    turned : callable
        From such numbers to errors or losses.
    said : str
        The rule in words, "" where nothing is turned.
    """

    kind: str
    number: Number
    turned: Callable[[Floats], Floats]
    said: str = ""


def _between(lower: float, upper: float, *, with_lower: bool) -> Callable[[Floats], Mask]:
    if with_lower:
        return lambda x: (x >= lower) & (x < upper)
    return lambda x: (x > lower) & (x <= upper)


RATE = Number("an error rate in (0, 1]", _between(0, 1, with_lower=False))
PER_CENT = Number("an error rate in per cent, in (0, 100]", _between(0, 100, with_lower=False))
ACCURACY = Number("an accuracy in [0, 1)", _between(0, 1, with_lower=True))
PERCENT_RIGHT = Number("an accuracy in per cent, in [0, 100)", _between(0, 100, with_lower=True))
LOSS = Number("a loss above 0", above(0.0))
PERPLEXITY = Number("a perplexity above 1", above(1.0))

MEASURES = {
    "error": Measure("error", RATE, lambda x: x),
    "error%": Measure("error", PER_CENT, lambda x: x / 100, "error = per cent / 100"),
    "accuracy": Measure("error", ACCURACY, lambda x: 1 - x, "error = 1 - accuracy"),
    "accuracy%": Measure(
        "error", PERCENT_RIGHT, lambda x: 1 - x / 100, "error = 1 - accuracy in per cent / 100"
    ),
    "loss": Measure("loss", LOSS, lambda x: x),
    "ppl": Measure("loss", PERPLEXITY, np.log, "loss = log(perplexity)"),
    "loss_bits": Measure("loss", LOSS, lambda x: x * log(2), "loss = bits x log(2)"),
}
"""The measures by name, see `qqt_bayes.importers.meanings.MEASURES`."""


def plausible(values: Floats, measure: str) -> bool:
    """Whether all of some numbers could be values of a measure.

    Examples
    --------
    >>> plausible(np.array([3.2, 2.9]), "error"), plausible(np.array([0.71, 0.64]), "error")
    (False, True)
    """
    return bool(MEASURES[measure].number.holds(values).all())


def tidy(values: Floats) -> Floats:
    """Numbers without the dust of binary subtraction: 1 - 0.769 is 0.231.

    Examples
    --------
    >>> tidy(1 - np.array([0.769])).tolist()
    [0.231]
    """
    return np.array([float(f"{value:.12g}") for value in values])


def candidates(values: Floats) -> list[str]:
    """Kinds that the user could say of some numbers, as far as their size tells."""
    return [kind for kind in KINDS if plausible(values, kind)]
