"""Departures from the law of a fit at levels and budgets, given the residuals of its runs."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.laws.level_curves import SAMPLE, curves_of, require_finite
from qqt_bayes.model.noise import effective_variance, independent_variance, typical
from qqt_bayes.posterior.discrepancy import Cells, departures, evenly
from qqt_bayes.posterior.fit import Fit, in_group
from qqt_bayes.tables.runs import HIGHEST

Array = NDArray[np.float64]
MAX_CELLS = 1024
"""Cells that departures are conditioned on: of more, as many evenly spaced ones."""
STREAM = 1
"""Keeps the random numbers of departures apart from others of the same seed."""


def depart(
    error: xr.DataArray, fit: Fit, levels: xr.DataArray, group: str | None, seed: int = 0
) -> xr.DataArray:
    """Predicted errors with departures from the law, as large as its own runs suggest.

    Parameters
    ----------
    error : DataArray
        As `predict` returns it for mean curves.
    fit, levels, group, seed
        As for `predict`.

    Returns
    -------
    DataArray
        With the coordinates `level_amplitude` and `trend_amplitude` (chain, draw, and group if
        there are several). No departure leads to an error rate above 1.

    Raises
    ------
    InputError
        If an error is not finite.
    """
    names, budgets = fit.groups, error["budget"].values
    found = [
        _departures(fit, levels, budgets, name, np.random.default_rng((seed, STREAM, i)))
        for i, name in enumerate(names)
        if group in {None, name}
    ]
    names = names if group is None else [group]
    joined = xr.concat(found, xr.Variable("group", names))
    departed = error * np.exp(joined if "group" in error.dims else joined.isel(group=0, drop=True))
    require_finite(departed)
    return departed.clip(max=error.clip(min=HIGHEST[fit.kind]))


def _departures(
    fit: Fit,
    levels: xr.DataArray,
    budgets: Array,
    group: str,
    rng: np.random.Generator,
) -> xr.DataArray:
    """Departures of log error in one group, given the residuals of its runs."""
    parameters = in_group(fit.parameters, group)
    trained, place = _trained(fit.runs, group)
    sets = fit.runs["unique_samples"].rename(data="level").transpose("level", "pool")
    own = np.unique(trained.own)
    seen = [trained.budget[trained.own == i] for i in own]
    curve = np.concatenate(curves_of(fit.law, parameters, sets[own], seen)[1], axis=1)
    mean, variance = _measured(fit, group, place, np.median(curve, axis=0))
    taken = levels.reindex(pool=sets["pool"], fill_value=0).values
    _, first, alike = np.unique(
        np.concatenate([sets.values, taken]), axis=0, return_index=True, return_inverse=True
    )
    new = Cells(
        np.repeat(taken, budgets.size, axis=0),
        np.tile(budgets, len(taken)),
        np.repeat(first[alike.ravel()[len(sets) :]], budgets.size),
    )
    delta, amplitude = departures(np.log(mean / curve), variance, trained, new, rng)
    sizes = parameters.sizes["chain"], parameters.sizes["draw"]
    return xr.DataArray(
        delta.reshape(*sizes, len(taken), budgets.size),
        {
            "level": levels["level"],
            "budget": budgets,
            "level_amplitude": (SAMPLE, amplitude[:, 0].reshape(sizes)),
            "trend_amplitude": (SAMPLE, amplitude[:, 1].reshape(sizes)),
        },
        (*SAMPLE, "level", "budget"),
    )


def _trained(runs: xr.Dataset, group: str) -> tuple[Cells, NDArray[np.intp]]:
    """The trained cells of a group, and the number of the one that each run is in, -1 for none."""
    own = runs["group"].values[runs["group_index"].values] == group
    every = np.stack([runs[name].values for name in ("data_index", "samples_seen")])
    cell, place = np.unique(every[:, own], axis=1, return_inverse=True)
    some = evenly(cell.shape[1], MAX_CELLS)
    number = np.full(cell.shape[1], -1)
    number[some] = np.arange(some.size)
    index = np.full(own.size, -1)
    index[own] = number[place.ravel()]
    data, budget = cell[0, some].astype(int), cell[1, some]
    return Cells(runs["unique_samples"].values[data], budget, data), index


def _measured(fit: Fit, group: str, place: NDArray[np.intp], curve: Array) -> tuple[Array, Array]:
    """Mean error of the runs of each trained cell, and the variance of its log.

    Parameters
    ----------
    fit, group
    place : array of int, shape (run,)
        As `_trained` returns it.
    curve : array, shape (cell,)
        Where the law has the cells.
    """
    noise = typical(fit.spec.likelihood.parameters, in_group(fit.posterior, group))
    here = place >= 0
    variance, error = independent_variance(fit.runs, noise)[here], fit.runs["error"].values[here]
    if "nu" in noise:  # an outlier under Student's t counts for less
        variance = effective_variance(variance, error - curve[place[here]], noise["nu"])
    precision = np.bincount(place[here], 1 / variance)
    mean = np.bincount(place[here], error / variance) / precision
    return mean, 1 / (precision * mean**2)
