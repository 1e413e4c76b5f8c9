"""Several laws as one: weights by what they predict, and a decision under draws of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Unpack

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.decisions.criteria import Criteria, CriteriaFields
from qqt_bayes.decisions.decide import add_distance_from_runs, misfit
from qqt_bayes.decisions.judge import judge
from qqt_bayes.errors import InputError
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.posterior.departure import depart
from qqt_bayes.posterior.fit import AnyFit, of_same_runs
from qqt_bayes.posterior.levels import Levels, as_levels
from qqt_bayes.posterior.prediction import predict

Array = NDArray[np.float64]


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
    fits: Mapping[str, AnyFit],
    weights: xr.DataArray | Array | Sequence[float],
    levels: Levels,
    budgets: ArrayLike | str,
    criteria: Criteria | None = None,
    *,
    group: str | None = None,
    discrepancy: bool = True,
    force: bool = False,
    **fields: Unpack[CriteriaFields],
) -> xr.Dataset:
    """Which level to choose at each budget, where several laws may be right.

    Parameters
    ----------
    fits : mapping of str to DataTree or Fit
        A fit of each law to the same runs.
    weights : array_like, shape (law,)
        In their order: `weight` of `compare_laws`, or one's own.
    levels, budgets, criteria, group, discrepancy, force, fields
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
    opened = of_same_runs(fits)
    shares = np.asarray(weights, float)
    if shares.shape != (len(fits),) or not (np.isfinite(shares) & (shares >= 0)).all():
        raise InputError(f"weights: expected {len(fits)} numbers of at least 0, got {weights}")
    if shares.sum() == 0:
        raise InputError("weights: expected one above 0 at least, but all are 0")
    criteria = Criteria.of(criteria, fields)
    each = list(opened.values())
    for fit in each:
        fit.require_passed(force)
    shares = shares / shares.sum()
    levels = as_levels(levels, each[0].pools)
    of_laws = [predict(fit, levels, budgets, group=group) for fit in each]
    of_law = error = mix(of_laws, shares)
    if discrepancy:
        one = each[0].one_group(group)
        both = zip(of_laws, each, strict=True)
        error = mix([depart(curve, fit, levels, one) for curve, fit in both], shares)
    decision = judge(error, criteria).assign(misfit=misfit(of_law, error))
    named = [f"{name} {share:.2f}" for name, share in zip(opened, shares, strict=True)]
    model = f"stack ({', '.join(named)})"
    decision = add_distance_from_runs(decision, each, model, levels, group)
    departs = discrepancy and any(fit.spec.discrepancy for fit in each)
    return decision.assign_attrs(forced=int(force), discrepancy=int(departs))
