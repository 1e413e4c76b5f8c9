"""How errors may depart from the law of a fit, given its own runs."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes import posterior
from qqt_bayes.curves import evaluate, in_group
from qqt_bayes.discrepancy import Cells, departures, evenly
from qqt_bayes.law import LAWS
from qqt_bayes.noise import independent_variance, typical
from qqt_bayes.rules import SAMPLE, require_finite

MOST = 1024
"""Cells that departures are conditioned on: of more, evenly spaced ones."""
STREAM = 1
"""Tells the random numbers of departures from others of the same seed."""


def depart(
    error: xr.DataArray, fit: xr.DataTree, levels: xr.DataArray, group: str | None, seed: int = 0
) -> xr.DataArray:
    """Errors that depart from the law as its own runs let one expect.

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
        there are several).

    Raises
    ------
    InputError
        If an error is not finite.
    """
    runs, budgets = posterior.runs(fit), error["budget"].values
    names = runs["group"].values.tolist()
    found = [
        _departures(fit, runs, levels, budgets, name, np.random.default_rng((seed, STREAM, i)))
        for i, name in enumerate(names)
        if group in {None, name}
    ]
    names = names if group is None else [group]
    joined = xr.concat(found, xr.Variable("group", names))
    departed = error * np.exp(joined if "group" in error.dims else joined.isel(group=0, drop=True))
    require_finite(departed)
    return departed


def _departures(
    fit: xr.DataTree,
    runs: xr.Dataset,
    levels: xr.DataArray,
    budgets: NDArray[np.float64],
    group: str,
    rng: np.random.Generator,
) -> xr.DataArray:
    """Departures in one group, given its runs."""
    parameters = in_group(posterior.parameters(fit), group)
    seen, mean, variance = _trained(fit, runs, group)
    sets = runs["unique_samples"].rename(data="level").transpose("level", "pool")
    law = LAWS[posterior.specification(fit).law]
    curve = np.concatenate(
        [
            evaluate(law, parameters, sets[i : i + 1], seen.budget[seen.own == i]).values
            for i in np.unique(seen.own)
        ],
        axis=-1,
    )
    taken = levels.reindex(pool=sets["pool"], fill_value=0).values
    alike = [np.flatnonzero((sets.values == each).all(axis=1)) for each in taken]
    which = [each[0] if each.size else len(sets) + i for i, each in enumerate(alike)]
    wanted = Cells(
        np.repeat(taken, budgets.size, axis=0),
        np.tile(budgets, len(taken)),
        np.repeat(which, budgets.size),
    )
    residual = np.log(mean / curve.reshape(-1, mean.size))
    delta, amplitude = departures(residual, variance, seen, wanted, rng)
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


def _trained(
    fit: xr.DataTree, runs: xr.Dataset, group: str
) -> tuple[Cells, NDArray[np.float64], NDArray[np.float64]]:
    """The trained cells of a group, their mean errors, and the noise of the logs of those."""
    declared = posterior.specification(fit).likelihood.parameters
    noise = typical(declared, in_group(fit["posterior"].to_dataset(), group))
    of = runs["group"].values[runs["group_index"].values] == group
    precision = 1 / independent_variance(runs, noise)[of]
    every = np.stack([runs[name].values[of] for name in ("data_index", "samples_seen")])
    cell, place = np.unique(every, axis=1, return_inverse=True)
    told = np.bincount(place, precision)
    mean = np.bincount(place, runs["error"].values[of] * precision) / told
    some = evenly(mean.size, MOST)
    own, budget, mean = cell[0, some].astype(int), cell[1, some], mean[some]
    return Cells(runs["unique_samples"].values[own], budget, own), mean, 1 / (told[some] * mean**2)
