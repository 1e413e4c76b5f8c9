"""Several laws as one: weights by what they predict, and a decision under draws of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from qqt_bayes import posterior
from qqt_bayes.candidates import Levels, as_levels
from qqt_bayes.curves import the_group
from qqt_bayes.decisions import compare, describe, misfit
from qqt_bayes.departure import depart
from qqt_bayes.errors import InputError
from qqt_bayes.methods import is_approximate, method_of
from qqt_bayes.prediction import predict
from qqt_bayes.rules import SAMPLE, Criteria

Array = NDArray[np.float64]


def stacking_weights(elpd: ArrayLike) -> Array:
    r"""Weights under which the mixture of laws predicts left-out runs best.

    ``w = argmax sum_i log sum_k w_k exp(elpd_ik)``, ``w_k >= 0``, ``sum_k w_k = 1``: a concave
    problem (Yao, Vehtari, Simpson and Gelman 2018, Bayesian Analysis 13(3), arXiv:1704.02030).

    Parameters
    ----------
    elpd : array_like, shape (run, law)
        Log predictive density of each left-out run under each law.

    Returns
    -------
    array, shape (law,)

    Raises
    ------
    InputError
        If a run has no finite density under any law.

    Examples
    --------
    Each law is e times as good as the other for some runs: two for the first, one for the other.

    >>> stacking_weights([[1, 0], [1, 0], [0, 1]]).round(3)
    array([0.861, 0.139])
    """
    each = np.asarray(elpd, float)
    if each.ndim != 2 or not each.size:
        raise InputError(f"elpd: expected shape (run, law), got {each.shape}")
    most = each.max(axis=1, keepdims=True)
    if not np.isfinite(most).all():
        run = np.flatnonzero(~np.isfinite(most))[0]
        raise InputError(
            f"elpd: expected numbers below infinity, for each run a finite one, but run {run} (the "
            f"first is 0) has {each[run].tolist()}: leave it out, or the law that says so"
        )
    density = np.exp(each - most)
    laws = density.shape[1]
    found = minimize(
        lambda w: -np.log(density @ w).mean(),
        np.full(laws, 1 / laws),
        jac=lambda w: -(density / (density @ w)[:, None]).mean(axis=0),
        method="SLSQP",
        bounds=[(0, 1)] * laws,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like},
        options={"ftol": 1e-12, "maxiter": 1000},
    )
    weights: Array = np.clip(found.x, 0, 1)
    return weights / weights.sum()


def mix(errors: Sequence[xr.DataArray], weights: Array | Sequence[float]) -> xr.DataArray:
    """Draws of several laws as those of one: as many of each as its weight says.

    Parameters
    ----------
    errors : sequence of DataArray, dims (chain, draw, ...)
        As `predict` returns them, alike but for their draws.
    weights : array_like, shape (law,)

    Returns
    -------
    DataArray, dims (chain, draw, ...)
        One chain, with the draws of the law that has fewest.

    Examples
    --------
    >>> one, other = (xr.DataArray(np.full((2, 50), x), dims=SAMPLE) for x in (0.0, 1.0))
    >>> mix([one, other], [0.3, 0.7]).mean().item()
    0.7
    """
    flat = [each.transpose(*SAMPLE, ...) for each in errors]
    draws = min(each.sizes["chain"] * each.sizes["draw"] for each in flat)
    ends = np.round(draws * np.cumsum(weights) / np.sum(weights)).astype(int)
    taken = []
    for each, count in zip(flat, np.diff(ends, prepend=0), strict=True):
        values = each.values.reshape(-1, *each.shape[2:])
        taken.append(values[np.linspace(0, len(values) - 1, count).round().astype(int)])
    kept = {name: x for name, x in flat[0].coords.items() if not {name, *x.dims} & {*SAMPLE}}
    return xr.DataArray(
        np.concatenate(taken)[None], kept, flat[0].dims, name=flat[0].name, attrs=flat[0].attrs
    )


def decide_stack(
    fits: Mapping[str, xr.DataTree],
    weights: xr.DataArray | Array | Sequence[float],
    levels: Levels,
    budgets: ArrayLike | str,
    *,
    group: str | None = None,
    discrepancy: bool = True,
    force: bool = False,
    **criteria: Any,
) -> xr.Dataset:
    """Which level to choose at each budget, where several laws may be right.

    Parameters
    ----------
    fits : mapping of str to DataTree
        A fit of each law to the same runs.
    weights : array_like, shape (law,)
        In their order: `weight` of `compare_laws`, or one's own.
    levels, budgets, group, discrepancy, force, criteria
        As for `decide`.

    Returns
    -------
    Dataset
        As `decide` returns it, without crossovers.

    Raises
    ------
    InputError
        As `decide`; if the fits are of different runs, or the weights are none.
    InadequateFit
        If a fit did not pass the gate and `force` is not given.

    Examples
    --------
    ``decide_stack(fits, compare_laws(fits)["weight"], levels, [1e9])``
    """
    require_same_runs(fits)
    shares = np.asarray(weights, float)
    if shares.shape != (len(fits),) or not (np.isfinite(shares) & (shares >= 0)).all():
        raise InputError(f"weights: expected {len(fits)} numbers of at least 0, got {weights}")
    if shares.sum() == 0:
        raise InputError("weights: expected one above 0 at least, but all are 0")
    bars = Criteria(**criteria)
    each = list(fits.values())
    for fit in each:
        posterior.require(fit, force)
    shares = shares / shares.sum()
    levels = as_levels(levels, posterior.runs(each[0])["pool"].values.tolist())
    of_laws = [predict(fit, levels, budgets, group=group) for fit in each]
    of_law = error = mix(of_laws, shares)
    if discrepancy:
        one = the_group(posterior.runs(each[0]), group)
        both = zip(of_laws, each, strict=True)
        error = mix([depart(curve, fit, levels, one) for curve, fit in both], shares)
    decision = compare(error, bars).assign(misfit=misfit(of_law, error))
    named = [f"{name} {share:.2f}" for name, share in zip(fits, shares, strict=True)]
    passed = all(posterior.gate(fit).passed for fit in each)
    return describe(each[0], levels, decision, group).assign_attrs(
        law=", ".join(posterior.specification(fit).law for fit in each),
        model=f"stack ({', '.join(named)})",
        method=weakest_method(each),
        gate_passed=int(passed),
        forced=int(force),
        discrepancy=int(discrepancy),
    )


def weakest_method(fits: Iterable[xr.DataTree]) -> str:
    """The method of fits, an approximate one if there is one."""
    return method_of(max((fit.attrs for fit in fits), key=is_approximate))


def require_same_runs(fits: Mapping[str, xr.DataTree]) -> None:
    """Refuse fits that cannot be compared.

    Raises
    ------
    InputError
        If there is none, one is no fit, or two are of different runs.
    """
    if not isinstance(fits, Mapping) or not fits:
        raise InputError("fits: expected a mapping of names to fits, with one fit at least")
    (first, *others), names = fits.values(), list(fits)
    posterior.specification(first)
    for name, fit in zip(names[1:], others, strict=True):
        posterior.specification(fit)
        if fit.attrs["kind"] != first.attrs["kind"]:
            raise InputError(
                f"{names[0]} is of runs with kind {first.attrs['kind']}, {name} of runs with kind "
                f"{fit.attrs['kind']}: their densities have other units; fit both to one table"
            )
        if fit.attrs["data_hash"] != first.attrs["data_hash"]:
            raise InputError(
                f"{names[0]} and {name} are fits of different runs ({_source(first)}; "
                f"{_source(fit)}): laws are compared on the same ones; fit both to one table"
            )


def _source(fit: xr.DataTree) -> str:
    runs = fit["observed_data"].sizes["run"]
    metric = f", metric {fit.attrs['metric']}" if fit.attrs["metric"] else ""
    return f"{fit.attrs['source']}{metric}: {runs} runs"
