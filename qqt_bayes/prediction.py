"""Predicted errors of training sets at budgets, under every draw of a fit or known parameters."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes import posterior
from qqt_bayes.candidates import Levels, as_budgets, as_levels
from qqt_bayes.discrepancy import Cells, departures
from qqt_bayes.distributions import Prior
from qqt_bayes.epochs import collapse
from qqt_bayes.errors import InputError, alternatives
from qqt_bayes.files import Source
from qqt_bayes.ingredients import known_variance
from qqt_bayes.law import LAWS, Law
from qqt_bayes.methods import method_of
from qqt_bayes.parameters import read_parameters
from qqt_bayes.pool import mixture_error
from qqt_bayes.rules import SAMPLE, require_finite

PARAMETERS = ("a", "b", "d", "tau", "size_exponent")
BLOCK = 1_000_000
"""Numbers in an intermediate array: 8 MB, which stay in the cache."""
DEPARTURE = 1
"""Tells the stream of random numbers of departures from others of the same seed."""
EXACT = 4096
"""Epochs that are summed one by one for known parameters, where one evaluation is all."""


def predict(
    fit: xr.DataTree,
    levels: Levels,
    budgets: ArrayLike | str,
    *,
    new_run: bool = False,
    discrepancy: bool | None = None,
    group: str | None = None,
    seed: int = 0,
) -> xr.DataArray:
    """Error of every level at every budget, under every draw of a fit.

    A draw of the parameters judges all levels and budgets, so differences between levels are known
    better than the errors themselves.

    Parameters
    ----------
    fit : DataTree
    levels : DataArray, path or DataFrame
        Unique samples that each level takes from each pool of the fit; see `read_composition` and
        `nested_levels`.
    budgets : number, array_like or str
        Samples seen.
    new_run : bool
        Errors of one new training each, with the run-to-run noise of the likelihood, instead of the
        mean over trainings.
    discrepancy : bool, optional
        Whether errors depart from the law as `qqt_bayes.discrepancy` says; so they do for a new run
        if it is not given.
    group : str, optional
        The group to predict for; all of them if it is not given.
    seed : int
        Of the run-to-run noise and the discrepancy.

    Returns
    -------
    DataArray, dims (chain, draw, level, budget)
        With a dimension group before level if the fit has several and none is chosen.

    Raises
    ------
    InputError
        If a level, a budget or the group is not one, or a prediction is not finite.
    """
    spec, runs = posterior.specification(fit), posterior.runs(fit)
    levels = as_levels(levels, runs["pool"].values.tolist())
    seen = as_budgets(budgets)
    one = the_group(runs, group)
    parameters = _in_group(posterior.parameters(fit), one)
    error = _evaluate(LAWS[spec.law], parameters, levels, seen)
    require_finite(error)
    if one is None and "group" not in error.dims:  # no parameter differs between the groups
        error = error.expand_dims(group=runs["group"].values)
    if new_run if discrepancy is None else discrepancy:
        error = depart(error, fit, levels, one, seed)
    if new_run:
        draws = _in_group(fit["posterior"].to_dataset(), one)
        noise = {
            name: draws[name] if isinstance(value, Prior) else xr.DataArray(value)
            for name, value in spec.likelihood.parameters.items()
        }
        error = (error + _noise(noise, error, np.random.default_rng(seed))).rename("error")
    if group is not None:
        error = error.assign_coords(group=group)
    return error.transpose(*SAMPLE, "group", "level", "budget", missing_dims="ignore").assign_attrs(
        units="error rate" if runs.attrs["kind"] == "error" else "loss",
        kind=runs.attrs["kind"],
        law=spec.law,
        of="one new run" if new_run else "mean over runs",
        method=method_of(fit.attrs),
    )


def predict_known(
    parameters: Source | xr.Dataset,
    levels: Levels,
    budgets: ArrayLike | str,
    *,
    law: str = "utility",
    fit: str | None = None,
    size_exponent: float = 1.0,
) -> xr.DataArray:
    """Error of every level at every budget, for known or published parameters.

    Parameters
    ----------
    parameters : path, DataFrame or Dataset
        See `read_parameters`.
    levels, budgets
        As for `predict`.
    law : str
        A name in `LAWS`.
    fit : str, optional
        Which rows of the parameters to use, by their column `fit`.
    size_exponent : float
        Power of the size with which half-lives grow; 1 is the combination theorem.

    Returns
    -------
    DataArray, dims (level, budget)

    Raises
    ------
    InputError
        If the law, a parameter, a level or a budget is not one.

    Examples
    --------
    Two equal pools: better alone at first, better together when the best one is exhausted:

    >>> import pandas as pd
    >>> from qqt_bayes.runs import nested_levels
    >>> bands = pd.DataFrame({"pool": ["0-10%", "10-20%"], "a": 0.025, "b": [0.16, 0.125],
    ...                       "tau": [6.7, 8.5], "d": 0.1, "unique_samples": 12.8e6})
    >>> levels = nested_levels(bands.set_index("pool")["unique_samples"])
    >>> predict_known(bands, levels, "64M, 640M").round(3).to_pandas()
    budget  64000000.0   640000000.0
    level
    top 1         0.773        0.715
    top 2         0.779        0.644
    """
    if law not in LAWS:
        raise InputError(f"unknown law {law!r}{alternatives(law, LAWS)}")
    if not isinstance(size_exponent, int | float) or not np.isfinite(size_exponent):
        raise InputError(f"size_exponent: expected a finite number, got {size_exponent!r}")
    if not isinstance(parameters, xr.Dataset):
        parameters = read_parameters(parameters, fit=fit)
    levels = as_levels(levels, parameters["pool"].values.tolist(), known="the parameters")
    theta = parameters.assign(size_exponent=float(size_exponent))
    error = _evaluate(LAWS[law], theta, levels, as_budgets(budgets), exact=EXACT)
    return error.assign_attrs(units="error rate, or loss", law=law)


def the_group(runs: xr.Dataset, group: str | None) -> str | None:
    """The one group to speak about, or None for several.

    Parameters
    ----------
    runs : Dataset
    group : str or None
        The user's choice.

    Raises
    ------
    InputError
        If there is no such group.
    """
    names = runs["group"].values.tolist()
    if group is not None and group not in names:
        raise InputError(f"unknown group {group!r}{alternatives(group, names)}")
    return names[0] if len(names) == 1 else group


def _in_group[Draws: (xr.Dataset, xr.DataArray)](draws: Draws, group: str | None) -> Draws:
    if group is None or "group" not in draws.dims:
        return draws
    return draws.sel(group=group, drop=True)


def _evaluate(
    law: Law,
    parameters: xr.Dataset,
    levels: xr.DataArray,
    budgets: NDArray[np.float64],
    exact: int = 16,
) -> xr.DataArray:
    """Error under each draw, dims (..., level, budget), in blocks of draws."""
    parameters = parameters.sel(pool=levels["pool"])
    lead, draws = _flat(parameters)
    count = max(len(x) for x in draws.values())
    error = np.empty((count, *levels.shape[:1], budgets.size))
    for i, taken in enumerate(levels.values):
        nodes = collapse(budgets, taken.sum(), exact=exact).node.size
        step = 1 + BLOCK // (np.count_nonzero(taken) * budgets.size * nodes)
        for first in range(0, count, step):
            block = slice(first, first + step)
            error[block, i] = mixture_error(
                law,
                {name: x[block] for name, x in draws.items()},
                taken,
                parameters["pool_size"].values,
                budgets,
                exact=exact,
            )
    shape = [parameters.sizes[dim] for dim in lead]
    return xr.DataArray(
        error.reshape(*shape, *error.shape[1:]),
        {
            **{dim: parameters[dim] for dim in lead},
            "level": levels["level"],
            "budget": ("budget", budgets, {"units": "samples"}),
        },
        (*lead, "level", "budget"),
        name="error",
    )


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
    rng = np.random.default_rng(np.random.SeedSequence((seed, DEPARTURE)))
    names = runs["group"].values.tolist() if group is None else [group]
    found = [_departures(fit, runs, levels, budgets, name, rng) for name in names]
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
    spec, parameters = posterior.specification(fit), _in_group(posterior.parameters(fit), group)
    sigma = spec.likelihood.parameters["sigma"]
    if isinstance(sigma, Prior):
        sigma = float(_in_group(fit["posterior"]["sigma"], group).median())
    of = np.flatnonzero(runs["group"].values[runs["group_index"].values] == group)
    noise = sigma**2 / runs["weight"].values[of] + known_variance(runs)[of]
    data, seen = runs["data_index"].values[of], runs["samples_seen"].values[of]
    cell, place = np.unique(np.stack([data, seen]), axis=1, return_inverse=True)
    told = np.bincount(place, 1 / noise)
    mean = np.bincount(place, runs["error"].values[of] / noise) / told
    sets = runs["unique_samples"].rename(data="level").transpose("level", "pool")
    own = cell[0].astype(int)
    curve = np.concatenate(
        [
            _evaluate(LAWS[spec.law], parameters, sets[i : i + 1], cell[1, own == i]).values
            for i in np.unique(own)
        ],
        axis=-1,
    )
    sizes = parameters.sizes["chain"], parameters.sizes["draw"]
    residual = np.log(mean / curve.reshape(-1, len(mean)))
    taken = levels.reindex(pool=sets["pool"], fill_value=0).values
    alike = [np.flatnonzero((sets.values == each).all(axis=1)) for each in taken]
    which = [each[0] if each.size else len(sets) + i for i, each in enumerate(alike)]
    delta, amplitude = departures(
        residual,
        1 / told / np.exp(2 * np.log(mean)),
        Cells(sets.values[own], cell[1], own),
        Cells(
            np.repeat(taken, budgets.size, axis=0),
            np.tile(budgets, len(taken)),
            np.repeat(which, budgets.size),
        ),
        rng,
    )
    return xr.DataArray(
        delta.reshape(*sizes, *taken.shape[:1], budgets.size),
        {
            "level": levels["level"],
            "budget": budgets,
            "level_amplitude": (SAMPLE, amplitude[:, 0].reshape(sizes)),
            "trend_amplitude": (SAMPLE, amplitude[:, 1].reshape(sizes)),
        },
        (*SAMPLE, "level", "budget"),
    )


def draws_of(fit: xr.DataTree, group: str | None) -> dict[str, NDArray[np.float64]]:
    """Draws of the law's parameters for one group, shape (draw, pool) or (draw, 1)."""
    return _flat(_in_group(posterior.parameters(fit), group))[1]


def _flat(parameters: xr.Dataset) -> tuple[list[str], dict[str, NDArray[np.float64]]]:
    """The dimensions of draws, and the parameters with those as one."""
    used = {dim for name in PARAMETERS for dim in parameters[name].dims}
    lead = [dim for dim in (*SAMPLE, "group") if dim in used]
    draws = {name: _by_draw(parameters[name], parameters, lead) for name in PARAMETERS}
    draws["size_exponent"] = draws["size_exponent"][:, :1]
    return lead, draws


def _by_draw(x: xr.DataArray, parameters: xr.Dataset, lead: list[str]) -> NDArray[np.float64]:
    """Values of a parameter, shape (draw, pool), with a single column if all pools share them."""
    if "pool" not in x.dims:
        x = x.expand_dims("pool")
    x = x.expand_dims({dim: parameters.sizes[dim] for dim in lead if dim not in x.dims})
    values: NDArray[np.float64] = x.transpose(*lead, "pool").values
    return values.reshape(-1, values.shape[-1])


def _noise(
    noise: dict[str, xr.DataArray], error: xr.DataArray, rng: np.random.Generator
) -> xr.DataArray:
    """Run-to-run noise of one new run at every level and budget: normal, or Student-t with nu."""
    if "nu" in noise:
        nu = xr.zeros_like(error) + noise["nu"]
        return noise["sigma"] * nu.copy(data=rng.standard_t(nu.values))
    return noise["sigma"] * error.copy(data=rng.standard_normal(error.shape))
