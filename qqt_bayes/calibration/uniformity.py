r"""Whether ranks are uniform: the check at the end of a simulation-based calibration.

Of N ranks uniform on 0, ..., R, the number ``K_e ~ Binomial(N, e / (R + 1))`` is below e.  The
ECDF of ranks is judged by its least likely point,

``gamma = min_e 2 min(P(K_e <= k_e), P(K_e >= k_e))``,

and the p-value is the share of simulated uniform ranks whose gamma is no larger.  The simultaneous
band that holds all of an ECDF with probability P has, at every e, the k_e whose tails are no less
likely than the quantile 1 - P of those gammas (Sailynoja, Burkner and Vehtari 2022, Statistics and
Computing 32:32).

`arviz_stats.ecdf_utils` has the same band, which a test holds against this one to within one rank.
It has no p-values, which decide here between the band of one scalar and that of all, puts its
points at the multiples of 1 / N instead of at the ranks, and simulates ten times slower.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import binom

Array = NDArray[np.float64]
RANKED_DRAWS = 99
"""Draws of each posterior among which the truth is ranked: R, so that ranks are percentiles."""
SIMULATIONS = 50_000
"""Simulated sets of ranks behind a p-value, whose standard error is then below 0.0023."""
ENDS = np.arange(1, RANKED_DRAWS + 1)
"""Where the ECDF is looked at: e, the ranks below which are counted."""


def rank_of(truth: Array, draws: Array) -> NDArray[np.intp]:
    """Rank of each true value among 99 draws of its posterior: how many of them are below it.

    Parameters
    ----------
    truth : array, shape (scalar,)
    draws : array, shape (draw, scalar)
        Chain after chain. Draws at equal distances are ranked: neighbours in a chain are correlated
        and would make ranks uneven even where the posterior is right.

    Returns
    -------
    array of int, shape (scalar,)
        0 to 99.
    """
    kept = np.linspace(0, len(draws) - 1, RANKED_DRAWS).round().astype(int)
    rank: NDArray[np.intp] = (draws[kept] < truth).sum(axis=0)
    return rank


def prior_sbc(ranks: xr.DataArray) -> xr.Dataset:
    """Ranks as ArviZ expects them in its group `prior_sbc`, for `arviz.plot_ecdf_pit`.

    Parameters
    ----------
    ranks : DataArray, dims (replication, scalar)
        0 to 99.

    Returns
    -------
    Dataset
        A variable for each scalar, over (chain, draw) with a draw for each replication: the shares
        ``(rank + 1/2) / 100``, which are uniform between 0 and 1 where the model is calibrated.

    Examples
    --------
    >>> ranks = xr.DataArray([[0], [99]], {"scalar": ["b"]}, ("replication", "scalar"))
    >>> prior_sbc(ranks)["b"].values
    array([[0.005, 0.995]])
    """
    shares = (ranks + 0.5) / (RANKED_DRAWS + 1)
    about = {"long_name": "rank of the truth among draws of its posterior", "units": "1"}
    found = {
        str(name): (("chain", "draw"), shares.sel(scalar=name).values[None], about)
        for name in ranks["scalar"].values
    }
    coords = {"chain": [0], "draw": np.arange(ranks.sizes["replication"])}
    return xr.Dataset(found, coords)


def p_values(ranks: xr.DataArray) -> xr.DataArray:
    """Probability that uniform ranks would depart from uniformity at least as much.

    Parameters
    ----------
    ranks : DataArray, dims (replication, scalar)
        Among 99 draws.

    Returns
    -------
    DataArray, dims (scalar)

    Examples
    --------
    >>> ranks = np.random.default_rng(0).integers(0, 100, (200, 2)) // [1, 2]
    >>> scalars = {"scalar": ["uniform", "too low"]}
    >>> p_values(xr.DataArray(ranks, scalars, ("replication", "scalar"))).values.round(2)
    array([0.88, 0.  ])
    """
    below = (ranks.transpose("scalar", ...).to_numpy()[..., None] < ENDS).sum(axis=1)
    tails, gammas = _uniform(ranks.sizes["replication"])
    gamma = tails[np.arange(RANKED_DRAWS), below].min(axis=-1)
    share = np.searchsorted(gammas, gamma, side="right") / SIMULATIONS
    return xr.DataArray(share, {"scalar": ranks["scalar"]}, ("scalar",), name="p_value")


def jointly(probability: float, scalars: int) -> float:
    """Probability that each scalar's band needs, so that the bands hold all scalars with another.

    ``probability ** (1 / scalars)``: exact for independent scalars.  Those of one model are
    correlated, and then their joint bands are too wide rather than too narrow.

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


def ecdf_differences(ranks: xr.DataArray) -> xr.DataArray:
    """The ECDF of each scalar's ranks less that of uniform ones, dims (scalar, end)."""
    below = (ranks < xr.DataArray(ENDS, {"end": ENDS}, ("end",))).mean("replication")
    return (below - below["end"] / (RANKED_DRAWS + 1)).transpose("scalar", "end")


def ecdf_band(count: int, probability: float = 0.95) -> tuple[Array, Array]:
    """Lower and upper end of the simultaneous band of `ecdf_differences`, both inside it.

    Parameters
    ----------
    count : int
        Replications.
    probability : float
        With which the band holds the whole ECDF of uniform ranks.

    Returns
    -------
    tuple of array, shape (end,)
    """
    tails, gammas = _uniform(count)
    inside = tails >= gammas[min(int((1 - probability) * SIMULATIONS), SIMULATIONS - 1)]
    lower = inside.argmax(axis=1)
    upper = count - inside[:, ::-1].argmax(axis=1)
    at = ENDS / (RANKED_DRAWS + 1)
    return lower / count - at, upper / count - at


@cache
def _uniform(count: int) -> tuple[Array, Array]:
    """Tail probabilities of all counts below each end, and gammas of simulated uniform ranks.

    Returns
    -------
    tuple of array
        Shapes (end, count + 1), and (simulation,) in ascending order.
    """
    at, below = ENDS[:, None] / (RANKED_DRAWS + 1), np.arange(count + 1)
    lower, upper = binom.cdf(below, count, at), binom.sf(below - 1, count, at)
    tails = np.minimum(2 * np.minimum(lower, upper), 1.0)
    each = np.random.default_rng(0).multinomial(
        count, np.full(RANKED_DRAWS + 1, 1 / (RANKED_DRAWS + 1)), SIMULATIONS
    )
    gammas = tails[np.arange(RANKED_DRAWS), each.cumsum(axis=1)[:, :-1]].min(axis=1)
    return tails, np.sort(gammas)
