"""The gate of a fit from its draws: when it is made, and again where nothing vouches for a file.

A file that ends with its seal holds what `qqt_bayes.fit` found.  One without may have been changed
by any program, so whatever can be computed from its runs and draws is, and held against what it
says: the log densities, the checks of convergence and those of the law.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.model.draws import Replicates, prior_draws, replicate
from qqt_bayes.model.priors import log_prior
from qqt_bayes.model.problem import Problem
from qqt_bayes.posterior import gate
from qqt_bayes.posterior.checks import TAILS, Check, holds
from qqt_bayes.posterior.fit import Fit, by_draw
from qqt_bayes.posterior.misfit import misfit
from qqt_bayes.tables.order import in_order

Array = NDArray[np.float64]

ROUNDING = 1e-6
"""Relative difference that other machines and versions of NumPy may make."""
FAR = 5.0
"""Standard deviations by which two estimates of one tail probability do not differ by chance: other
versions may draw the predictions with other random numbers."""


def judge(
    fit: xr.DataTree, problem: Problem, draws: Mapping[str, Array], found: Replicates
) -> gate.Gate:
    """Put a fit through the gate.

    Parameters
    ----------
    fit : DataTree
        With its posterior, statistics, prior and runs, and the attributes of where it is from.
    problem : Problem
    draws : mapping of str to array, shape (draw, ...)
        Of the posterior.
    found : Replicates
        The runs again under these draws.
    """
    # the checks of the law need no more draws
    every = max(1, len(found.curve) // gate.PREDICTIVE_DRAWS)
    few, curve = {name: x[::every] for name, x in draws.items()}, found.curve[::every]
    off = misfit(problem, few, curve) if problem.spec.discrepancy else None
    return gate.check(fit, curve, found.error[::every], off)


def require_true(tree: xr.DataTree, fit: Fit) -> None:
    """Refuse a fit that is not what its own runs and draws make of it.

    Parameters
    ----------
    tree : DataTree
        All groups.
    fit : Fit
        The same opened.

    Raises
    ------
    ValueError
        Saying what the file holds and what its draws come to, or which check is missing.
    KeyError
        If a group or a variable is missing.
    """
    names = {dim: sorted(fit.runs[dim].values.tolist()) for dim in ("data", "pool", "group")}
    tree = tree.map_over_datasets(in_order, kwargs={"names": names})
    problem = Problem(fit.spec, in_order(fit.runs, names))
    draws = by_draw(tree.children["posterior"].to_dataset(inherit=False))
    found = replicate(problem, draws, fit.seed)
    _require_densities(tree, found)
    _require_log_prior(tree, problem)
    if "sigma" in draws:
        tree["prior"] = _prior_noise(problem, fit.seed)
    stored = {check.id: check for check in fit.gate.checks}
    for check in judge(tree, problem, draws, found).checks:
        if check.id not in stored:
            raise ValueError(f"the check {check.name} is missing")
        _require_same(stored[check.id], check, min(len(found.curve), gate.PREDICTIVE_DRAWS))


def _require_densities(tree: xr.DataTree, found: Replicates) -> None:
    """Refuse log densities of the runs that are not those under the draws."""
    density = tree["log_likelihood"]["error"].transpose("chain", "draw", "run").to_numpy()
    density = density.reshape(-1, density.shape[-1])
    same = np.isclose(density, found.log_density, ROUNDING, ROUNDING, equal_nan=True)
    if not same.all():
        raise ValueError("its draws do not have the log densities that it holds")


def _require_log_prior(tree: xr.DataTree, problem: Problem) -> None:
    """Refuse log densities of the priors that are not those under the draws; older fits have none.

    They are kept in single precision.
    """
    if "log_prior" not in tree.children:
        return
    posterior = tree.children["posterior"].to_dataset(inherit=False)
    for name, density in log_prior(problem.spec, posterior).data_vars.items():
        stored = tree["log_prior"][str(name)].transpose(*density.dims)
        if not np.allclose(stored, density, ROUNDING, ROUNDING, equal_nan=True):
            raise ValueError("its draws do not have the log densities of the priors that it holds")


def _prior_noise(problem: Problem, seed: int) -> xr.Dataset:
    """The prior's scale of the noise, drawn anew."""
    over = getattr(problem.spec.noise["sigma"], "over", ())
    drawn = xr.DataArray(prior_draws(problem, seed)["sigma"][None], dims=("chain", "draw", *over))
    return xr.Dataset({"sigma": drawn.assign_coords({dim: problem.runs[dim] for dim in over})})


def _require_same(stored: Check, again: Check, draws: int) -> None:
    """Refuse a check that is not as it was computed again, or is held against a laxer bar.

    Parameters
    ----------
    stored, again : Check
    draws : int
        Of which a tail probability is a share.
    """
    values = np.array([stored.value, again.value])
    if again.id in TAILS:
        mean = np.clip(values.mean(), 1 / draws, 1 - 1 / draws)
        allowed = FAR * np.sqrt(2 * mean * (1 - mean) / draws)
    else:
        allowed = ROUNDING * (1 + abs(again.value))
    differ = not (np.isnan(values).all() or values[0] == values[1] or np.ptp(values) <= allowed)
    laxer = stored.limit != again.limit or not holds(stored.bar, again.limit, again.bar)
    if differ or laxer:
        raise ValueError(
            f"{again.name} is {again.value:.6g} by its runs and draws ({again.bound}), and "
            f"{stored.value:.6g} as it is written there ({stored.bound})"
        )
