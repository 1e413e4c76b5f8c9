"""Which levels no other is better than on every metric at once: the Pareto set, and how sure."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.decisions.rules import TIE
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.progress import track

MOST_COMPARED = 300_000_000
"""Pairs of errors that are compared in some seconds. With forty levels of three metrics at thirteen
budgets these are 4,000 draws; with a hundred 700, which tell a probability to two hundredths."""


def on_front(error: xr.DataArray) -> xr.DataArray:
    """Whether no other level is at least as good on every metric, and better on one.

    Parameters
    ----------
    error : DataArray, dims (metric, level, ...)

    Returns
    -------
    DataArray of bool, dims (level, ...)

    Examples
    --------
    The third is worse than the second on both metrics:

    >>> error = xr.DataArray([[0.3, 0.4, 0.5], [0.6, 0.5, 0.6]], dims=("metric", "level"))
    >>> on_front(error).values
    array([ True,  True, False])
    """
    values = error.transpose("metric", "level", ...)
    found = values.isel(metric=0, drop=True)
    return found.copy(data=~_dominated(values.values))


def _dominated(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each level is dominated, shape (level, ...), from errors (metric, level, ...)."""
    found = np.zeros(values.shape[1:], dtype=bool)
    for i in range(values.shape[1]):
        own = values[:, i : i + 1]
        no_worse = (values <= own + TIE).all(axis=0)
        found[i] = (no_worse & (values < own - TIE).any(axis=0)).any(axis=0)
    return found


def probability_on_front(
    error: xr.DataArray, most: int = MOST_COMPARED
) -> tuple[xr.DataArray, int]:
    """Share of the draws in which each level is on the front.

    Parameters
    ----------
    error : DataArray, dims (metric, chain, draw, level, budget, ...)
    most : int
        Pairs of errors to compare: with more levels than allow all draws, equally distant ones are
        taken.

    Returns
    -------
    tuple of DataArray, dims (level, budget, ...), and int
        And the number of draws that were looked at.
    """
    levels, draws = error.sizes["level"], error.sizes["chain"] * error.sizes["draw"]
    taken = max(1, min(draws, most * draws // (error.size * levels)))
    places = np.linspace(0, draws - 1, taken).round().astype(int)
    flat = error.transpose("metric", "level", "budget", ..., *SAMPLE)
    values = flat.values.reshape(*flat.shape[:-2], -1)[..., places]
    share = [
        1 - _dominated(values[:, :, i]).mean(axis=-1)
        for i in track(range(values.shape[2]), "Finding levels that no other dominates")
    ]
    template = flat.isel(metric=0, chain=0, draw=0, drop=True)
    return template.copy(data=np.stack(share, axis=1)), taken
