r"""Importance weights whose largest are smoothed: Pareto-smoothed importance sampling.

The largest weights of draws follow a generalised Pareto distribution, whose shape k says how many
moments they have.  Each of them is replaced by that distribution's quantile of its rank, which
tames the few that would decide all (Vehtari, Simpson, Gelman, Yao and Gabry 2024, JMLR 25:72).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]

LEAST_TAIL_DRAWS = 5
"""Weights from which on a Pareto distribution is fitted to them."""
LEAST_EXCESS = 1e-300
"""Excess below which a value counts as 0: its inverse would overflow."""
NEGLIGIBLE_WEIGHT = 10 * np.finfo(float).eps
"""Posterior weight below which a candidate of the fit is left out: it changes no digit."""
PRIOR_SHAPE, PRIOR_DRAWS = 0.5, 10
"""The fitted shape is drawn to the first as if so many draws had had it: a weak prior, which
steadies it where the tail is short (Vehtari et al. 2024, appendix G)."""


def tail_size(draws: int, efficiency: float = 1.0) -> int:
    """How many of the weights are the tail: ``min(S / 5, 3 sqrt(S / efficiency))``.

    Parameters
    ----------
    draws : int
        S.
    efficiency : float
        Effective draws over draws.

    Examples
    --------
    >>> tail_size(100), tail_size(4000), tail_size(4000, efficiency=0.25)
    (20, 189, 379)
    """
    # where 3 sqrt(S) is S / 5
    if draws * efficiency > 225:
        return int(3 * (draws / efficiency) ** 0.5)
    return draws // 5


def smooth(log_weights: Array, tail: int | None = None) -> tuple[Array, float]:
    """Smooth the largest of some weights.

    Parameters
    ----------
    log_weights : array, shape (draw,)
        Up to a constant.
    tail : int, optional
        How many are smoothed: `tail_size` unless given.

    Returns
    -------
    log_weights : array, shape (draw,)
        Of weights that sum to 1.
    k : float
        Shape of the Pareto distribution: above 0.7 the weights are of no use.  Infinite, and no
        weight smoothed, where none can be fitted: to fewer than `LEAST_TAIL_DRAWS`, to weights that
        are the same, and to those that are not numbers.

    Examples
    --------
    Draws of a normal density of deviation 1, weighed for deviations 2 and 1/2, where k of so many
    draws that none is a chance would be 3/4 and -2:

    >>> x = np.random.default_rng(0).standard_normal(4000)
    >>> round(smooth(3 / 8 * x**2)[1], 2), round(smooth(-3 / 2 * x**2)[1], 2)
    (0.68, -1.78)
    """
    if tail is None:
        tail = tail_size(log_weights.size)
    scaled = log_weights - np.max(log_weights)
    largest = np.argsort(scaled, kind="stable")[
        -tail - 1 :
    ]  # and the one before, which they exceed
    k = np.inf
    if tail >= LEAST_TAIL_DRAWS and largest.size > tail:
        weights = np.exp(scaled[largest])
        k, sigma = generalised_pareto(weights[1:] - weights[0])
        if np.isfinite(k):
            p = (np.arange(tail) + 0.5) / tail
            quantiles = weights[0] + _excess(p, k, sigma)
            scaled[largest[1:]] = np.minimum(np.log(quantiles), 0)  # no more than the largest had
    return scaled - special.logsumexp(scaled), float(k)


def generalised_pareto(excess: Array) -> tuple[float, float]:
    r"""Fit a generalised Pareto distribution to values above 0.

    The posterior mean of ``theta = -k / sigma``, over a grid and with a prior that depends on the
    data (Zhang and Stephens 2009, Technometrics 51:316), of which the likelihood that is largest in
    k is known in closed form: ``k(theta) = mean log(1 - theta x)``.

    Parameters
    ----------
    excess : array, shape (value,)
        In ascending order.

    Returns
    -------
    k, sigma : float
        Shape, positive where the tail is heavy, drawn a little to `PRIOR_SHAPE`, and scale.  The
        shape is infinite where nothing can be fitted.

    Examples
    --------
    >>> p = (np.arange(1000) + 0.5) / 1000
    >>> k, sigma = generalised_pareto(((1 - p) ** -0.3 - 1) * 2 / 0.3)
    >>> round(k, 2), round(sigma, 2)
    (0.3, 2.0)
    """
    count = excess.size
    quartile = excess[int(count / 4 + 0.5) - 1]
    # a quarter of the values are the same, or too small to be told from 0: no such distribution
    if not quartile > max(excess[0], LEAST_EXCESS):
        return np.inf, np.nan
    candidates = 30 + int(count**0.5)
    spread = 1 - np.sqrt(candidates / (np.arange(candidates) + 0.5))
    theta = 1 / excess[-1] + spread / (3 * quartile)
    k = np.log1p(-theta[:, None] * excess).mean(axis=1)
    weight = special.softmax(count * (np.log(-theta / k) - k - 1))
    weight[weight < NEGLIGIBLE_WEIGHT] = 0
    mean = np.sum(theta * weight) / np.sum(weight)
    shape = np.log1p(-mean * excess).mean()
    steadied = (count * shape + PRIOR_DRAWS * PRIOR_SHAPE) / (count + PRIOR_DRAWS)
    return (float(steadied) if np.isfinite(steadied) else np.inf), float(-shape / mean)


def _excess(p: Array, k: float, sigma: float) -> Array:
    """Quantiles of a generalised Pareto distribution, ``sigma ((1 - p)^-k - 1) / k``."""
    exponential = -np.log1p(-p)
    quantiles: Array = sigma * exponential * special.exprel(k * exponential)  # 1 at k = 0
    return quantiles
