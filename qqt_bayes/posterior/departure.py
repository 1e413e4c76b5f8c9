"""Departures from the law of a fit at levels and budgets, given its runs, draw by draw."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.laws.level_curves import SAMPLE, require_finite
from qqt_bayes.model.conditioning import condition
from qqt_bayes.model.curves import amplitude_of, curves, draw_blocks, located, printed
from qqt_bayes.model.discrepancy import (
    Cells,
    covariance,
    drawn_from,
    joined,
    roots,
    variances,
)
from qqt_bayes.model.problem import Problem
from qqt_bayes.posterior.fit import Fit, by_draw
from qqt_bayes.progress import track
from qqt_bayes.tables.rows import HIGHEST

Array = NDArray[np.float64]
STREAM = 1
"""Keeps the random numbers of departures apart from others of the same seed."""


def depart(
    error: xr.DataArray, fit: Fit, levels: xr.DataArray, group: str | None, seed: int = 0
) -> xr.DataArray:
    """Predicted errors with departures from the law, as its runs and the model's amplitude say.

    Parameters
    ----------
    error : DataArray
        As `predict` returns it for mean curves.
    fit, levels, group, seed
        As for `predict`.

    Returns
    -------
    DataArray
        The errors as they are where the model has no discrepancy. No departure leads to an error
        rate above 1.

    Raises
    ------
    InputError
        If an error is not finite.
    """
    if not fit.spec.discrepancy:
        return error
    fit = fit.in_one_order()
    budgets = error["budget"].values
    groups = fit.groups if group is None else [group]
    taken = levels.reindex(pool=fit.runs["pool"], fill_value=0).transpose("level", "pool").values
    sets = np.arange(len(groups) * len(taken))
    new = Cells(
        np.tile(taken, (len(groups), 1)),
        np.repeat([fit.groups.index(name) for name in groups], len(taken)),
        budgets,
        np.repeat(sets, budgets.size),
        np.tile(np.arange(budgets.size), sets.size),
    )
    sizes = fit.posterior.sizes["chain"], fit.posterior.sizes["draw"]
    delta = xr.DataArray(
        departures(fit, new, seed).reshape(*sizes, len(groups), len(taken), budgets.size),
        {"group": groups, "level": levels["level"], "budget": budgets},
        (*SAMPLE, "group", "level", "budget"),
    )
    delta = delta.reindex_like(error) if "group" in error.dims else delta.isel(group=0, drop=True)
    departed = error * np.exp(delta)
    require_finite(departed)
    return departed.clip(max=error.clip(min=HIGHEST[fit.kind]))


def departures(fit: Fit, new: Cells, seed: int) -> Array:
    """Draws of the departure of log error at new cells, given the runs; shape (draw, new cell).

    Each draw of the parameters is joined by one of the departure: drawn from its prior at all cells
    together, and corrected by what the trained ones are off (Matheron's rule). Half its variance is
    taken off, so that what nobody knows does not raise the expected error.
    """
    problem, draws = Problem(fit.spec, fit.runs), by_draw(fit.posterior)
    mean, sigma, _ = located(problem, draws, curves(problem, draws))
    amplitude, variance = amplitude_of(problem, draws), printed(problem, sigma)
    rng = np.random.default_rng((seed, STREAM))
    data = problem.seen
    both, trained = joined(data.cells, new), len(data.covariance)
    cross = covariance(new, data.cells, data.centre)
    own = variances(new, data.centre)
    found = []
    of_both = roots(both, data.centre)  # which takes the cube of the levels' number
    rotation, size = problem.turn, both.taken.shape[0] * both.budget.size
    every = list(draw_blocks(problem, len(mean), size))
    for block in track(every, "Drawing departures from the law"):
        s = amplitude[block, None]
        given = condition(data, amplitude[block], mean[block], variance[block], rotation)
        drawn = s * drawn_from(of_both, both, len(s), rng)
        noise = np.sqrt(given.of_mean) * rng.standard_normal(given.of_mean.shape)
        off = given.of_cell - drawn[:, :trained] - noise
        correction = given.precision.times(off) @ cross.T
        remaining = s**2 * (own - s**2 * given.precision.squares(cross))
        found.append(drawn[:, trained:] + s**2 * correction - remaining / 2)
    return np.concatenate(found)
