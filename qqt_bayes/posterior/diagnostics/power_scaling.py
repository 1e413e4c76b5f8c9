r"""Power-scaling sensitivity: how fast a posterior moves when prior or likelihood is strengthened.

A part of the density, prior or likelihood, is raised to a power alpha near 1, and the draws are
weighed accordingly; the sensitivity of a scalar is the distance of its weighted from its unweighted
distribution for each unit of ``log2(alpha)`` (Kallioinen, Paananen, Bürkner and Vehtari 2024, Stat
Comput 34:57, doi:10.1007/s11222-023-10366-5).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from qqt_bayes.posterior.diagnostics.convergence import ess_tail
from qqt_bayes.posterior.diagnostics.importance import LEAST_TAIL_DRAWS, smooth, tail_size

Array = NDArray[np.float64]

POWERS = (0.99, 1.01)
"""The powers between which the derivative is taken."""
EFFICIENCY_ENDS = (0.05, 0.95)
"""Quantiles of the log density by which the efficiency of its draws is judged."""


def sensitivity(draws: Array, log_density: Array) -> Array:
    """How far each scalar moves for each doubling of the power of a part of the density.

    Parameters
    ----------
    draws : array, shape (chain, draw, scalar)
    log_density : array, shape (chain, draw)
        Of the part of the density that is scaled, up to a constant.

    Returns
    -------
    array, shape (scalar,)
        0 where the density is flat, as that of a uniform prior; NaN where the draws of a scalar are
        all the same.

    Examples
    --------
    A standard normal prior under a likelihood with the mean 0.5 and the deviation 0.5:

    >>> x = 0.2**0.5 * np.random.default_rng(0).standard_normal((4, 1000, 1))
    >>> sensitivity(x + 0.4, -((x[..., 0] + 0.4) ** 2) / 2).round(3)
    array([0.036])
    """
    if np.ptp(log_density) == 0:
        return np.zeros(draws.shape[-1])
    scalars = draws.reshape(log_density.size, -1).T
    order = np.argsort(scalars, axis=1)
    widths = np.diff(np.take_along_axis(scalars, order, axis=1))
    speeds = []
    for power in POWERS:
        weights = scaled_weights(log_density.ravel(), power)[order]
        # the distance is not the same from above as from below: the larger counts
        distance = np.maximum(
            jensen_shannon(widths, weights), jensen_shannon(widths[:, ::-1], weights[:, ::-1])
        )
        speeds.append(distance / abs(np.log2(power)))
    speed: Array = np.mean(speeds, axis=0)
    return speed


def scaled_weights(log_density: Array, power: float) -> Array:
    """Weights, summing to 1, of draws under a density of which a part is raised to a power.

    Parameters
    ----------
    log_density : array, shape (sample,)
        Of that part, draws of all chains one after the other.
    power : float
    """
    count = log_density.size
    effective = ess_tail(log_density[None, :, None], EFFICIENCY_ENDS).item()
    # never more than half of the draws, and, of a handful, as many as a fit needs
    tail = max(LEAST_TAIL_DRAWS, min(tail_size(count, effective / count), count // 2))
    return np.exp(smooth((power - 1) * log_density, tail)[0])


def jensen_shannon(widths: Array, weights: Array) -> Array:
    r"""Cumulative Jensen-Shannon distance of weighted draws from the same draws unweighted.

    ``sqrt(int p log2(p / m) + q log2(q / m) dx / int p + q dx)`` of the distribution functions p
    and q, with m their mean.

    Parameters
    ----------
    widths : array, shape (scalar, sample - 1)
        Distances between draws in their order.
    weights : array, shape (scalar, sample)
        Of the draws in that order.

    Examples
    --------
    Draws at 0 and 1 of which the first has the weight 3/4, where p is 1/2:

    >>> jensen_shannon(np.array([[1.0]]), np.array([[0.75, 0.25]])).round(4)
    array([0.1704])
    """
    count = weights.shape[1]
    p = np.arange(1, count) / count
    q = (np.cumsum(weights, axis=1) / np.sum(weights, axis=1, keepdims=True))[:, :-1]
    middle = (p + q) / 2
    divergence = (special.rel_entr(p, middle) + special.rel_entr(q, middle)) / np.log(2)
    with np.errstate(invalid="ignore"):  # draws that are all the same have no width
        distance: Array = np.sqrt(
            np.maximum(0, np.sum(widths * divergence, axis=1)) / np.sum(widths * (p + q), axis=1)
        )
    return distance
