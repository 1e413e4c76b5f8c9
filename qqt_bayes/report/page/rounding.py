"""Numbers with no more digits than their Monte Carlo error leaves them.

A mean of draws is known up to its standard error, the standard deviation over the root of the
effective number of draws.  The last digit that is shown is the first one of that error, so that it
may be off by some units, and no digit that is noise alone stands anywhere; and never more digits
than somebody who decides can use.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import NormalDist

from qqt_bayes.phrases import CERTAIN, LEAST_COST
from qqt_bayes.posterior.fit import Fit

CHANCE, ERROR = 2, 3
"""Most decimals of a probability, and of an error, a loss or an accuracy: those of all texts."""
REGRET = 2
"""Most digits of a regret that count."""


def effective_draws(fits: Iterable[Fit], draws: int) -> float:
    """How many independent draws a decision has, as a cautious number.

    Each fit counts as many as the bulk effective sample size of its worst parameter, which its gate
    holds, and all of its draws if that was not computed; together no more than were drawn.
    """
    each = []
    for fit in fits:
        sizes = [check.value for check in fit.gate.checks if check.id == "ess_bulk"]
        found = [size for size in sizes if math.isfinite(size) and size >= 1]
        each.append(min(found, default=float(fit.draws)))
    return max(1.0, min(sum(each), float(draws)))


def decimals(standard_error: float, most: int) -> int:
    """Decimals up to the first digit of a standard error, no more than `most`.

    Examples
    --------
    >>> decimals(0.016, 3), decimals(0.004, 2), decimals(0.3, 3), decimals(0.0, 3)
    (2, 2, 1, 3)
    """
    if not math.isfinite(standard_error) or standard_error <= 0:
        return most
    return min(max(-math.floor(math.log10(standard_error)), 0), most)


def chance(probability: float, draws: float) -> str:
    """A probability that was counted in so many independent draws.

    Examples
    --------
    >>> chance(0.4163, 900), chance(0.4163, 20), chance(1.0, 900), chance(0.0, 900)
    ('0.42', '0.4', '> 0.99', '< 0.01')
    """
    if probability >= CERTAIN:
        return "> 0.99"
    if probability < 1 - CERTAIN:
        return "< 0.01"
    error = math.sqrt(probability * (1 - probability) / draws)
    return f"{probability:.{decimals(error, CHANCE)}f}"


def error_decimals(lower: float, upper: float, interval: float, draws: float) -> int:
    """Decimals of an error whose central interval is known.

    Examples
    --------
    >>> error_decimals(0.487, 0.571, 0.9, 900), error_decimals(0.487, 0.571, 0.9, 4)
    (3, 2)
    """
    deviation = (upper - lower) / (2 * NormalDist().inv_cdf((1 + interval) / 2))
    return decimals(deviation / math.sqrt(draws), ERROR)


def regret(expected: float, best: float, draws: float) -> str:
    """An expected regret, which is 0 in the share `best` of draws.

    Of the others only the mean is known; its error is as if regrets there had an exponential
    distribution, ``E[r^2] = 2 E[r]^2 / (1 - best)``.

    Examples
    --------
    >>> regret(0.005903, 0.4, 900), regret(0.000012, 0.98, 900), regret(0.0123, 0.1, 4)
    ('0.0059', '< 0.0001', '0.01')
    """
    if not expected >= LEAST_COST:
        return f"< {LEAST_COST:.4f}"
    spread = expected * math.sqrt(max(2 / max(1 - best, 1 / draws) - 1, 0))
    useful = REGRET - 1 - math.floor(math.log10(expected))
    return f"{expected:.{min(useful, decimals(spread / math.sqrt(draws), useful))}f}"
