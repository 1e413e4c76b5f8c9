"""Predicted errors of training sets at budgets, under every draw of a fit or known parameters."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from qqt_bayes.errors import InputError
from qqt_bayes.laws.effective_reuse import typical_size
from qqt_bayes.laws.known import law_for
from qqt_bayes.laws.law import Law
from qqt_bayes.laws.level_curves import SAMPLE, evaluate, require_finite
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.noise import growth, reference_budget
from qqt_bayes.posterior.departure import depart
from qqt_bayes.posterior.fit import AnyFit, Fit, centred, in_group
from qqt_bayes.posterior.levels import Levels, as_budgets, as_levels, require_affordable
from qqt_bayes.tables.formats import Source
from qqt_bayes.tables.parameters import read_parameters

ONE_RUN, MEAN = "one new run", "mean over runs"
"""What errors are of, as their attribute `of` says."""
EXACT_EPOCHS = 4096
"""Epochs that are summed one by one for known parameters, where one evaluation is all."""


def predict(
    fit: AnyFit,
    levels: Levels,
    budgets: ArrayLike | str,
    *,
    new_run: bool = False,
    law_only: bool = False,
    group: str | None = None,
    seed: int = 0,
) -> xr.DataArray:
    """Error of every level at every budget, under every draw of a fit.

    A draw judges all levels and budgets, so differences between levels are known better than the
    errors themselves.

    Parameters
    ----------
    fit : DataTree or Fit
    levels : DataArray, path or DataFrame
        Unique samples that each level takes from each pool of the fit; see `read_composition` and
        `nested_levels`.
    budgets : number, array_like or str
        Samples seen.
    new_run : bool
        Errors of one new training each, with the run-to-run noise of the likelihood, instead of the
        mean over trainings; without the noise of an evaluation, which depends on its size.
    law_only : bool
        Leave out what the law may miss: by default errors depart from it as
        `qqt_bayes.model.discrepancy` says, if the model has a discrepancy.
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

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> error = qqt.predict(qqt.load("fit.nc"), "composition.csv", "2B")
    >>> dict(error.sizes)
    {'chain': 4, 'draw': 600, 'level': 3, 'budget': 1}
    >>> error.mean(["chain", "draw"]).values.round(2)
    array([[0.71],
           [0.62],
           [0.6 ]])
    """
    fit = Fit.of(fit)
    levels = as_levels(levels, fit.pools)
    seen = as_budgets(budgets)
    one = fit.one_group(group)
    groups = 1 if one is not None else len(fit.groups)
    require_affordable(levels.sizes["level"], seen.size, fit.draws, groups)
    error = evaluate(fit.law, in_group(fit.parameters, one), levels, seen)
    require_finite(error)
    if one is None and "group" not in error.dims:  # no parameter differs between the groups
        error = error.expand_dims(group=fit.runs["group"].values)
    if not law_only:
        error = depart(error, fit, levels, one, seed)
    if new_run:
        error = of_one_run(error, fit, one, seed)
    if group is not None:
        error = error.assign_coords(group=group)
    return (
        error.rename("error")
        .transpose(*SAMPLE, "group", "level", "budget", missing_dims="ignore")
        .assign_attrs(
            units="error rate" if fit.kind == "error" else "loss",
            kind=fit.kind,
            law=fit.spec.law,
            of=ONE_RUN if new_run else MEAN,
            method=fit.method,
        )
    )


def predict_known(
    parameters: Source | xr.Dataset,
    levels: Levels,
    budgets: ArrayLike | str,
    *,
    law: str = "utility",
    fit: str | None = None,
    size_exponent: float = 1.0,
    replacement: bool = False,
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
    replacement : bool
        Whether samples are drawn with replacement.

    Returns
    -------
    DataArray, dims (level, budget)

    Raises
    ------
    InputError
        If the law, a parameter, a level or a budget is not one, or the law does not know a
        parameter.

    Examples
    --------
    Two equal pools: better alone at first, better together when the best one is exhausted:

    >>> import pandas as pd
    >>> from qqt_bayes.tables.composition import nested_levels
    >>> bands = pd.DataFrame({"pool": ["0-10%", "10-20%"], "a": 0.025, "b": [0.16, 0.125],
    ...                       "tau": [6.7, 8.5], "d": 0.1, "unique_samples": 12.8e6})
    >>> levels = nested_levels(bands.set_index("pool")["unique_samples"])
    >>> predict_known(bands, levels, "64M, 640M").round(3).to_pandas()
    budget  64000000.0   640000000.0
    level
    top 1         0.773        0.715
    top 2         0.779        0.644
    """
    if not isinstance(size_exponent, int | float) or not np.isfinite(size_exponent):
        raise InputError(f"size_exponent: expected a finite number, got {size_exponent!r}")
    if not isinstance(parameters, xr.Dataset):
        parameters = read_parameters(parameters, fit=fit, law=law)
    chosen = law_for(law, parameters).drawn(replacement)
    levels = as_levels(levels, parameters["pool"].values.tolist(), known="the parameters")
    theta = known_to_law(chosen, parameters).assign(size_exponent=float(size_exponent))
    seen = as_budgets(budgets)
    require_affordable(levels.sizes["level"], seen.size)
    with np.errstate(over="ignore", invalid="ignore"):  # a fault, and said as one
        error = evaluate(chosen, theta, levels, seen, exact=EXACT_EPOCHS)
    require_finite(error)
    return error.assign_attrs(units="error rate, or loss", law=law)


def known_to_law(law: Law, parameters: xr.Dataset) -> xr.Dataset:
    """Known parameters as the law takes them, with what it counts from the mean of all pools.

    Raises
    ------
    InputError
        If they are those of another law.
    """
    needed = [name for name in law.arguments if name != "typical_size"]
    missing = [name for name in needed if name not in parameters]
    if missing:
        raise InputError(
            f"law {law.name!r} takes {', '.join(needed)}, but the parameters have no "
            f"{', '.join(missing)}; read them with read_parameters(..., law={law.name!r})"
        )
    found = parameters.assign(typical_size=typical_size(parameters["pool_size"]))
    return found.assign(centred(law, parameters.data_vars))


def of_one_run(
    error: xr.DataArray, fit: Fit, group: str | None, seed: int = 0, *, along_budgets: bool = False
) -> xr.DataArray:
    """Errors of one new training each, with the run-to-run noise of the fit's likelihood.

    Parameters
    ----------
    error : DataArray
        As `predict` returns it for mean curves.
    fit, group, seed
        As for `predict`.
    along_budgets : bool
        Give a level the same luck at every budget, of which only the size differs: each budget by
        itself is the same, and a draw's curve can be followed from one to the next.
    """
    rng = np.random.default_rng(seed)
    noise = run_noise(fit, error, group, rng, along_budgets=along_budgets)
    return (error + noise).assign_attrs(error.attrs | {"of": ONE_RUN})


def run_noise(
    fit: Fit,
    error: xr.DataArray,
    group: str | None,
    rng: np.random.Generator,
    *,
    along_budgets: bool = False,
) -> xr.DataArray:
    """How far the error of one new run lies from the mean over runs, at every level and budget.

    It is drawn by the names of levels and groups, so that their order changes nothing.

    Parameters
    ----------
    fit : Fit
    error : DataArray, dims (chain, draw, ..., level, budget)
        Mean errors of the new runs.
    group : str or None
        The group of the runs; None where the errors are over several.
    rng : Generator
    along_budgets : bool
        As for `of_one_run`.

    Returns
    -------
    DataArray, like `error`
        Run-to-run noise of the likelihood, without that of an evaluation.
    """
    draws = in_group(fit.posterior, group)
    noise = {
        name: draws[name] if isinstance(value, Prior) else xr.DataArray(value)
        for name, value in fit.spec.likelihood.parameters.items()
    }
    scale = noise["sigma"] * growth(noise, error["budget"], reference_budget(fit.runs))
    of_cell = error.isel(budget=0, drop=True) if along_budgets else error
    like = of_cell.sortby([dim for dim in ("level", "group") if dim in of_cell.dims])
    if "nu" in noise:
        nu = xr.zeros_like(like) + noise["nu"]
        drawn = nu.copy(data=rng.standard_t(nu.values))
    else:
        drawn = like.copy(data=rng.standard_normal(like.shape))
    found: xr.DataArray = scale * drawn.reindex_like(of_cell)
    return found
