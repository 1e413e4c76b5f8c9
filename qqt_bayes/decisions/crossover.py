"""The budget at which a larger training set overtakes a smaller, better one, as a distribution."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.decisions.rules import TIE
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.levels import MAX_ERRORS
from qqt_bayes.posterior.prediction import predict

GRID_POINTS = 33
"""Budgets at which curves are compared, at equal steps of the logarithm."""
MAX_DRAWS = 1000
"""Draws, about, of which crossings are sought: more would add digits that nobody reads."""


def crossovers(
    fit: Fit,
    levels: xr.DataArray,
    budgets: NDArray[np.float64],
    quantiles: Sequence[float],
    group: str | None = None,
    *,
    discrepancy: bool = False,
) -> xr.Dataset:
    """Where each level overtakes the one before it, between the least and the largest budget.

    Parameters
    ----------
    fit : Fit
    levels : DataArray, dims (level, pool)
        Unique samples, at least two levels.
    budgets : array
        Their least and largest are the ends of the search.
    quantiles : sequence of float
    group : str, optional
    discrepancy : bool
        Of errors that depart from the law, see `qqt_bayes.model.discrepancy`.

    Returns
    -------
    Dataset
        Over pair (and group): `crossover` with its quantiles, given that there is one;
        `crossover_probability`, the share of draws with one; `crossover_below`, the share of draws
        in which the later level is ahead at the least budget and never behind.

    Notes
    -----
    Of about `MAX_DRAWS` draws of the fit, with departures drawn anew for all of the grid: they are
    other draws than those of the levels' table, alike in distribution, so that the last digits of
    its probabilities may differ from what crossings say.
    """
    grid = np.geomspace(budgets.min(), budgets.max(), GRID_POINTS)
    names = [str(name) for name in levels["level"].values]
    of_a_draw = grid.size * levels.sizes["level"] * len(fit.groups)
    thinned = fit.thinned(min(MAX_DRAWS, MAX_ERRORS // of_a_draw))
    error = predict(thinned, levels, grid, group=group, law_only=not discrepancy)
    of_pairs = error.drop_vars("level").rename(level="pair")
    earlier, later = (of_pairs.isel(pair=some) for some in (slice(None, -1), slice(1, None)))
    return summarise_crossing(earlier, later, quantiles).assign_coords(
        pair=[f"{first} to {second}" for first, second in pairwise(names)],
        earlier=("pair", names[:-1]),
        later=("pair", names[1:]),
    )


def summarise_crossing(
    earlier: xr.DataArray, later: xr.DataArray, quantiles: Sequence[float]
) -> xr.Dataset:
    """Distribution of the first crossing of two curves over their draws."""
    crossing = first_crossing(earlier, later)
    found = crossing.notnull()
    some = found.any(SAMPLE)
    lead = later - earlier
    ahead = (lead.isel(budget=0) < -TIE) & ~(lead > TIE).any("budget")
    return xr.Dataset(
        {
            "crossover": crossing.where(some, 1.0)
            .quantile(list(quantiles), SAMPLE)
            .where(some)
            .assign_attrs(units="samples"),
            "crossover_probability": found.mean(SAMPLE),
            "crossover_below": ahead.mean(SAMPLE),
        }
    )


def first_crossing(earlier: xr.DataArray, later: xr.DataArray) -> xr.DataArray:
    """Budget at which the later level's curve first goes from above the earlier one's to below.

    Parameters
    ----------
    earlier, later : DataArray, dims (..., budget)
        Errors of the two levels, budgets ascending.

    Returns
    -------
    DataArray, dims (...)
        Samples, by linear interpolation in the logarithm of the budget; NaN where there is none.

    Examples
    --------
    The lead changes from 0.02 to -0.02 between 100 and 400 samples:

    >>> budgets = {"budget": [100.0, 400.0]}
    >>> earlier, later = (xr.DataArray(x, budgets) for x in ([0.5, 0.4], [0.52, 0.38]))
    >>> first_crossing(earlier, later).item()
    200.0
    """
    log_budget = np.log(later["budget"].values)

    def crossing(lead: NDArray[np.float64]) -> NDArray[np.float64]:
        behind = np.logical_or.accumulate(lead > TIE, axis=-1)
        overtaken = behind & (lead < -TIE)
        after = np.maximum(overtaken.argmax(axis=-1), 1)[..., None]
        high = np.maximum(np.take_along_axis(lead, after - 1, -1)[..., 0], 0.0)
        low = np.minimum(np.take_along_axis(lead, after, -1)[..., 0], -TIE)
        after = after[..., 0]
        step = high / (high - low) * (log_budget[after] - log_budget[after - 1])
        return np.where(overtaken.any(axis=-1), np.exp(log_budget[after - 1] + step), np.nan)

    found: xr.DataArray = xr.apply_ufunc(crossing, later - earlier, input_core_dims=[["budget"]])
    return found
