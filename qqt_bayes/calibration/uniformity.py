r"""Whether ranks are uniform: the check at the end of a simulation-based calibration.

Of N ranks uniform on 0, ..., R, as many as ``K_e ~ Binomial(N, e / (R + 1))`` are below e.  The
ECDF of ranks is judged by its least likely point,

``gamma = min_e 2 min(P(K_e <= k_e), P(K_e >= k_e))``,

and the p-value is the share of uniform ranks whose gamma is no larger, by simulation.  The band
that holds all of an ECDF with probability P has, at every e, the k_e whose tails are no less likely
than the quantile 1 - P of those (Sailynoja, Burkner and Vehtari 2022, Statistics and Computing
32:32).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import binom

Array = NDArray[np.float64]
RANKED = 99
"""Draws of each posterior among which the truth is ranked: R."""
TRIALS = 50_000
"""Simulations that a p-value rests on."""
ENDS = np.arange(1, RANKED + 1)
"""Where the ECDF is looked at: the ranks below each."""


def rank_of(truth: Array, draws: Array) -> NDArray[np.intp]:
    """How many of 99 draws, at equal distances, are below the truth, shape (scalar,).

    Parameters
    ----------
    truth : array, shape (scalar,)
    draws : array, shape (draw, scalar)
        Chain after chain; the distances are what makes those ranked about independent.
    """
    kept = np.linspace(0, len(draws) - 1, RANKED).round().astype(int)
    rank: NDArray[np.intp] = (draws[kept] < truth).sum(axis=0)
    return rank


def p_values(ranks: xr.DataArray) -> xr.DataArray:
    """Probability that uniform ranks would look at least as odd, shape (scalar,).

    Parameters
    ----------
    ranks : DataArray, dims (replication, scalar)
        Among 99 draws.

    Examples
    --------
    >>> ranks = np.random.default_rng(0).integers(0, 100, (200, 2)) // [1, 2]
    >>> scalars = {"scalar": ["uniform", "too low"]}
    >>> p_values(xr.DataArray(ranks, scalars, ("replication", "scalar"))).values.round(2)
    array([0.88, 0.  ])
    """
    below = (ranks.transpose("scalar", ...).to_numpy()[..., None] < ENDS).sum(axis=1)
    tails, gammas = _uniform(ranks.sizes["replication"])
    gamma = tails[np.arange(RANKED), below].min(axis=-1)
    share = np.searchsorted(gammas, gamma, side="right") / TRIALS
    return xr.DataArray(share, {"scalar": ranks["scalar"]}, ("scalar",), name="p_value")


def jointly(probability: float, scalars: int) -> float:
    """What the band of each scalar must hold with, so that those of all hold with `probability`.

    Exact for independent scalars; those of one model move together, and then it is too wide rather
    than too narrow.

    Examples
    --------
    >>> round(jointly(0.95, 20), 4)
    0.9974
    """
    return float(probability ** (1 / scalars))


def outside_bands(ranks: xr.DataArray, probability: float = 0.95) -> list[str]:
    """The scalars whose ranks are not uniform: their ECDF leaves its simultaneous band.

    Of many scalars that are all calibrated, a share of 1 - `probability` leave theirs by chance;
    see `jointly`.

    Parameters
    ----------
    ranks : DataArray, dims (replication, scalar)
        Among 99 draws.
    probability : float
        With which all of the ECDF of uniform ranks is inside.

    Returns
    -------
    list of str

    Examples
    --------
    >>> ranks = np.random.default_rng(0).integers(0, 100, (200, 2)) // [1, 2]
    >>> scalars = {"scalar": ["uniform", "too low"]}
    >>> outside_bands(xr.DataArray(ranks, scalars, ("replication", "scalar")))
    ['too low']
    """
    outside = p_values(ranks).to_numpy() <= 1 - probability
    names: list[str] = ranks["scalar"].to_numpy()[outside].tolist()
    return names


def differences(ranks: xr.DataArray) -> xr.DataArray:
    """The ECDF of ranks less that of uniform ones, dims (scalar, end)."""
    below = (ranks < xr.DataArray(ENDS, {"end": ENDS}, ("end",))).mean("replication")
    return (below - below["end"] / (RANKED + 1)).transpose("scalar", "end")


def band(count: int, probability: float = 0.95) -> tuple[Array, Array]:
    """What `differences` of so many ranks lie between, ends included, shape (end,) each."""
    tails, gammas = _uniform(count)
    inside = tails >= gammas[min(int((1 - probability) * TRIALS), TRIALS - 1)]
    lower = inside.argmax(axis=1)
    upper = count - inside[:, ::-1].argmax(axis=1)
    at = ENDS / (RANKED + 1)
    return lower / count - at, upper / count - at


@cache
def _uniform(count: int) -> tuple[Array, Array]:
    """How likely each number of ranks below each end is, and gamma of uniform ranks, sorted."""
    at, below = ENDS[:, None] / (RANKED + 1), np.arange(count + 1)
    lower, upper = binom.cdf(below, count, at), binom.sf(below - 1, count, at)
    tails = np.minimum(2 * np.minimum(lower, upper), 1.0)
    each = np.random.default_rng(0).multinomial(
        count, np.full(RANKED + 1, 1 / (RANKED + 1)), TRIALS
    )
    gammas = tails[np.arange(RANKED), each.cumsum(axis=1)[:, :-1]].min(axis=1)
    return tails, np.sort(gammas)
