"""Whether ranks are uniform: the check at the end of a simulation-based calibration."""

from __future__ import annotations

from functools import cache

import numpy as np
import xarray as xr
from arviz_stats import ecdf_utils
from numpy.typing import NDArray

Array = NDArray[np.float64]
RANKED = 99
"""Draws of each posterior among which the truth is ranked."""
TRIALS = 10_000
"""Simulations that a band rests on."""


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


def outside_bands(ranks: xr.DataArray, probability: float = 0.95) -> list[str]:
    """The scalars whose ranks are not uniform: their ECDF leaves its simultaneous band.

    The band of Sailynoja, Burkner and Vehtari 2022, Statistics and Computing 32:32, from ArviZ.
    Of many scalars that are all calibrated, a share of 1 - `probability` leave theirs by chance.

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
    ends, lower, upper = _band(ranks.sizes["replication"], probability)
    ecdf = (ranks.transpose("scalar", ...).to_numpy()[..., None] < ends).mean(axis=1)
    outside = ((ecdf < lower) | (ecdf > upper)).any(axis=-1)
    names: list[str] = ranks["scalar"].to_numpy()[outside].tolist()
    return names


@cache
def _band(count: int, probability: float) -> tuple[Array, Array, Array]:
    """Ranks, and what the share of ranks below each should lie between, ends included."""
    ends = np.arange(1.0, RANKED + 1)
    at = ends / (RANKED + 1)
    rng = np.random.default_rng(0)
    pointwise = ecdf_utils.simulate_confidence_bands(count, 1, at, probability, TRIALS, rng)
    lower, upper = ecdf_utils.get_pointwise_confidence_band(pointwise, count, at)
    return ends, lower, upper
