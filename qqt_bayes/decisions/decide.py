"""Which level to choose at each budget, how sure that is, and what a wrong choice costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.decisions.criteria import ROUNDING, Criteria, CriteriaFields
from qqt_bayes.decisions.crossover import crossovers
from qqt_bayes.decisions.judge import judge
from qqt_bayes.decisions.trained import trained_at, with_proof
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.posterior.departure import depart
from qqt_bayes.posterior.fit import AnyFit, Fit, weakest_method
from qqt_bayes.posterior.levels import Levels, as_levels, pool_multiple
from qqt_bayes.posterior.prediction import predict

UNITS = {
    "error": "as error",
    "error_mean": "as error",
    "regret": "as error",
    "choice_regret": "as error",
    "least_trained": "samples",
    "most_trained": "samples",
    "repetitions": "epochs",
    "most_repetitions": "epochs",
}


def decide(
    fit: AnyFit,
    levels: Levels,
    budgets: ArrayLike | str,
    criteria: Criteria | None = None,
    *,
    group: str | None = None,
    discrepancy: bool = True,
    force: bool = False,
    **fields: Unpack[CriteriaFields],
) -> xr.Dataset:
    """Which level to choose at each budget.

    Parameters
    ----------
    fit : DataTree or Fit
    levels, budgets, group
        As for `predict`.
    criteria : Criteria, optional
        The rule and the bars of the decision, see `qqt_bayes.decisions.criteria.Criteria`; or its
        fields by their names.
    discrepancy : bool
        Judge errors that depart from the law as `qqt_bayes.model.discrepancy` says; else the law's
        own.
    force : bool
        Decide on a fit that did not pass the gate.

    Returns
    -------
    Dataset
        What `qqt_bayes.decisions.judge.judge` finds, and

        - `budgets_trained` (level), at how many budgets it was trained, `level_most_trained`, the
          largest of them, and `proven` (budget), whether all levels were trained at two budgets
          and this one lies within eight times the largest of each;
        - `winner` (budget), the leader where that is so, else "undecided";
        - `repetitions` (level, budget), epochs, and `extrapolated_epochs`, whether no run of the
          fit saw its data so often (`most_repetitions`);
        - `extrapolation` (budget): the budget as a multiple of the largest run (`most_trained`) if
          it is beyond it, of the smallest (`least_trained`) if below, else 1;
        - `gap` (budget), the factor between the trained budgets on either side of it, else 1;
        - `pool_multiple` (level), the most that it takes of a pool, as a multiple of the pool;
        - `misfit` (level, budget), the share of the error's variance that the law alone does not
          have;
        - `crossover`, `crossover_probability` and `crossover_below` of consecutive levels, see
          `qqt_bayes.decisions.crossover.crossovers`; only for two or more levels and budgets.

        All with a dimension group if the fit has several groups and none is chosen.

    Raises
    ------
    InputError
        If a level, a budget, a group or an option is not one.
    InadequateFit
        If the fit did not pass the gate and `force` is not given.
    """
    criteria = Criteria.of(criteria, fields)
    fit = Fit.of(fit)
    fit.require_passed(force)
    levels = as_levels(levels, fit.pools)
    of_law = predict(fit, levels, budgets, group=group)
    error = depart(of_law, fit, levels, fit.one_group(group)) if discrepancy else of_law
    decision = judge(error, criteria).assign(misfit=misfit(of_law, error))
    seen = decision["budget"].values
    if min(seen.size, levels.sizes["level"]) > 1:
        found = crossovers(fit, levels, seen, criteria.quantiles, group, discrepancy=discrepancy)
        decision = decision.assign(found)
    decision = add_distance_from_runs(decision, [fit], fit.spec.name, levels, group)
    departs = discrepancy and bool(fit.spec.discrepancy)
    return decision.assign_attrs(forced=int(force), discrepancy=int(departs))


def misfit(of_law: xr.DataArray, error: xr.DataArray) -> xr.DataArray:
    """Share of the variance of errors, dims (level, budget), that the law alone does not have."""
    law, both = of_law.var(SAMPLE), error.var(SAMPLE)
    return 1 - (law / both.where(both > law)).fillna(1)


def add_distance_from_runs(
    decision: xr.Dataset,
    fits: Sequence[Fit],
    model: str,
    levels: xr.DataArray,
    group: str | None,
    *,
    complete: bool = True,
) -> xr.Dataset:
    """A decision with how far its budgets and levels lie beyond the runs, and what it rests on.

    Parameters
    ----------
    decision : Dataset
        See `qqt_bayes.decisions.judge.judge`.
    fits : sequence of Fit
        Those it rests on, all of the same runs.
    model : str
        Name of their model, or of what they make together.
    levels : DataArray, dims (level, pool)
        Unique samples.
    group : str or None
    complete : bool
        Whether these levels are all that were judged.

    Returns
    -------
    Dataset
        And, as attributes, kind, law, model, method (an approximate one if any fit's is) and
        gate_passed (whether all fits did).
    """
    fit = fits[0]
    decision = with_proof(decision, trained_at(fit, levels, group), complete=complete)
    decision = decision.assign(trained_ranges(fit, decision["budget"].values, group))
    budget, least, most = (decision[name] for name in ("budget", "least_trained", "most_trained"))
    beyond = (budget / most).where(budget > most, 1.0)
    repetitions = budget / levels.sum("pool")
    decision = decision.assign(
        extrapolation=(budget / least).where(budget < least, beyond),
        repetitions=repetitions,
        pool_multiple=pool_multiple(levels, fit.runs["pool_size"]),
        extrapolated_epochs=repetitions > decision["most_repetitions"] * (1 + ROUNDING),
    )
    for name, units in UNITS.items():
        decision[name].attrs["units"] = units
    dims = ("group", "pair", "level", "pool", "budget", "quantile")
    return decision.transpose(*dims, missing_dims="ignore").assign_attrs(
        kind=fit.kind,
        law=", ".join(each.spec.law for each in fits),
        model=model,
        method=weakest_method(fits),
        gate_passed=int(all(each.gate.passed for each in fits)),
    )


def trained_ranges(fit: Fit, budgets: NDArray[np.float64], group: str | None) -> xr.Dataset:
    """What the fit has seen: its smallest and largest run, the gaps, and the most epochs of a run.

    Parameters
    ----------
    fit : Fit
    budgets : array, shape (budget,)
    group : str or None

    Returns
    -------
    Dataset
        `least_trained`, `most_trained`, `gap` (budget) and `most_repetitions`, over group if there
        are several.
    """
    runs, one = fit.runs, fit.one_group(group)
    seen = runs["samples_seen"]
    epochs = seen / runs["unique_samples"].sum("pool").isel(data=runs["data_index"])
    own = runs["group_index"] == xr.DataArray(
        np.arange(runs.sizes["group"]), {"group": runs["group"]}, ("group",)
    )
    ranges = xr.Dataset(
        {
            "least_trained": seen.where(own).min("run"),
            "most_trained": seen.where(own).max("run"),
            "gap": (("group", "budget"), [_gap(seen[each], budgets) for each in own.T.values]),
            "most_repetitions": epochs.where(own).max("run"),
        }
    )
    ranges = ranges.assign_coords(budget=budgets)
    if one is None:
        return ranges.drop_vars("data", errors="ignore")
    return ranges.sel(group=one, drop=True).drop_vars("data", errors="ignore")


def _gap(trained: xr.DataArray, budgets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Factor between the trained budgets on either side of each budget; 1 on one, or outside."""
    known = np.unique(trained)
    after = np.searchsorted(known, budgets).clip(1, known.size - 1)
    inside = (known[after - 1] < budgets) & (budgets < known[after])
    return np.where(inside, known[after] / known[after - 1], 1.0)
