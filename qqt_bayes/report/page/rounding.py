"""Numbers with no more digits than their Monte Carlo error leaves them.

A mean of draws is known up to its standard error, the standard deviation over the root of the
effective number of draws.  The last digit that is shown is the first one of that error, so that it
may be off by some units, and no digit that is noise alone stands anywhere; and never more digits
than somebody who decides can use.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.phrases import CERTAIN, LEAST_COST
from qqt_bayes.posterior.checks import Check, holds
from qqt_bayes.posterior.fit import Fit

CHANCE, ERROR = 2, 3
"""Most decimals of a probability, and of an error, a loss or an accuracy: those of all texts."""
REGRET = 2
"""Most digits of a regret that count."""
COUNTS = {"ess_bulk", "ess_tail"}
"""Ids of checks that count effective draws, of which a part is none."""
PLACES = {"rhat": 3, "divergences": 0}
"""Decimals of checks whose values do not spread about 0."""
EXACT = 16
"""Decimals after which there is nothing left of a number."""
TENS, SMALL = 10.0, 1e-4
"""Numbers from which on a third digit counts, and below which zeros would hide the others."""


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


def to_error(number: float, standard_error: float, *, least: float = 0.0) -> str:
    """A number of any size, up to the first digit of its standard error or two that count.

    From 10 on three digits count. What is smaller than `least` is 0.

    Examples
    --------
    >>> to_error(-0.0063, 0.03), to_error(0.00026, 1e-6), to_error(22.46, 0.8), to_error(1234, 0)
    ('-0.01', '0.00026', '22.5', '1230')
    >>> to_error(0.003, 0.04), to_error(-1e-17, 0.0, least=1e-9), to_error(1.234e-7, 0.0)
    ('0.00', '0', '1.2e-07')
    """
    if not math.isfinite(number):
        return f"{number:g}"
    if abs(number) <= least:
        return "0"
    useful = (2 if abs(number) < TENS else 3) - 1 - math.floor(math.log10(abs(number)))
    known = useful
    if math.isfinite(standard_error) and standard_error > 0:
        known = min(useful, -math.floor(math.log10(standard_error)))
    rounded = round(number, known) + 0.0  # no minus before a zero
    if 0 < abs(rounded) < SMALL:
        return f"{rounded:.{known + math.floor(math.log10(abs(rounded)))}e}"
    return f"{rounded:.{max(known, 0)}f}"


def quantile_errors(
    draws: NDArray[np.float64], probabilities: Sequence[float], effective: float
) -> NDArray[np.float64]:
    """Standard errors of quantiles, shape (scalar, quantile), of draws of shape (draw, scalar).

    A share of so many independent draws has the error of a binomial one; what lies between the
    quantiles at a standard error to either side is twice the error of the quantile.

    Parameters
    ----------
    draws : array
    probabilities : sequence of float
    effective : float
        How many independent draws they are worth.

    Examples
    --------
    >>> draws = np.arange(1001.0)[:, None]
    >>> quantile_errors(draws, [0.5, 0.9], 400)  # sqrt(p (1 - p) / 400) of a range of 1,000
    array([[25., 15.]])
    """
    p = np.asarray(probabilities)
    spread = np.sqrt(p * (1 - p) / effective)
    low, high = (np.quantile(draws, np.clip(p + side * spread, 0, 1), axis=0) for side in (-1, 1))
    found: NDArray[np.float64] = (high - low).T / 2
    return found


def of_check(check: Check) -> str:
    """The value of a check, to two digits or as many more as tell it from its bar.

    Examples
    --------
    >>> from qqt_bayes.posterior.checks import check_value
    >>> of_check(check_value("amplitude", 0.01949)), of_check(check_value("ess_bulk", 403.9))
    ('0.019', '403')
    >>> of_check(check_value("rhat", 1.0074)), of_check(check_value("rhat", 1.01004))
    ('1.007', '1.01004')
    """
    value = check.value
    if not math.isfinite(value) or value == check.bar:
        return f"{value:g}"
    if check.id in COUNTS:
        return f"{math.floor(value)}"
    order = math.floor(math.log10(abs(value))) if value else 0
    least = max(PLACES.get(check.id, 1 - order), 0)
    for places in range(least, least + EXACT):
        shown = f"{value:.{places}f}"
        if (
            float(shown) != check.bar
            and holds(float(shown), check.limit, check.bar) == check.passed
        ):
            return shown
    return f"{value:g}"


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
