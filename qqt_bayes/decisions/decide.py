"""Which level to choose at each budget, how sure that is, and what a wrong choice costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.decisions.candidates import by_size_exponent
from qqt_bayes.decisions.criteria import Criteria, CriteriaFields
from qqt_bayes.decisions.crossover import crossovers
from qqt_bayes.decisions.drawn import asked_of, errors_of, how_judged
from qqt_bayes.decisions.judge import judge
from qqt_bayes.decisions.rules import ROUNDING
from qqt_bayes.decisions.study import Study
from qqt_bayes.decisions.trained import trained_at, with_proof
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.posterior.fit import AnyFit, Fit, weakest_method
from qqt_bayes.posterior.levels import Levels, pool_multiple

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
    fit: Study | AnyFit | Sequence[AnyFit] | Mapping[str, AnyFit],
    levels: Levels | None = None,
    budgets: ArrayLike | str | None = None,
    criteria: Criteria | None = None,
    *,
    weights: ArrayLike | None = None,
    target_pools: float | Mapping[str, float] | None = None,
    group: str | None = None,
    discrepancy: bool = True,
    new_run: bool = False,
    force: bool = False,
    **fields: Unpack[CriteriaFields],
) -> xr.Dataset:
    """Which level to choose at each budget, under one law or under several that may be right.

    Parameters
    ----------
    fit : DataTree or Fit, several of them, or Study
        Several, in a list or by name, are fits of other models to the same runs: the decision is
        made under draws of all of them. Of a study, those that decide, by their weights.
    levels, budgets
        As for `predict`; those of a study if not given.
    group
        As for `predict`.
    criteria : Criteria, optional
        The rule and the bars of the decision, see `qqt_bayes.decisions.criteria.Criteria`; or its
        fields by their names.
    weights : array_like, shape (fit,), optional
        Shares of the draws that are of each fit, such as `weight` of `compare_laws`; those of a
        study, or else equal shares, if not given.
    target_pools : float or mapping of str to float, optional
        How many times as large the pools are that are decided about, or their sizes by name, where
        those that were trained on are samples of them; see `qqt_bayes.decisions.candidates.scaled`.
    discrepancy : bool
        Judge errors that depart from the law as `qqt_bayes.model.discrepancy` says; else the law's
        own.
    new_run : bool
        Judge one new training of each level, with the run-to-run noise of the likelihood, instead
        of the mean over trainings: probabilities and regrets then hold luck, too. The attribute
        `of` says which it is; crossovers and `choice_by_exponent` are always of mean curves.
    force : bool
        Decide on a fit that did not pass the gate.

    Returns
    -------
    Dataset
        What `qqt_bayes.decisions.judge.judge` finds, and

        - `budgets_trained` (level), at how many budgets it was trained, `trainings`, how often,
          `level_most_trained`, the largest of these budgets, and `tried` (budget), whether all
          levels were trained twice, at two budgets, and this one lies within eight times the
          largest of each;
        - `proven` (budget), whether that is so and all fits passed their gates; `winner` (budget),
          the leader where it is proven, else "undecided";
        - `unique_samples` (level, pool), what it takes;
        - `repetitions` (level, budget), epochs, and `extrapolated_epochs`, whether no run of the
          fit saw its data so often (`most_repetitions`);
        - `extrapolation` (budget): the budget as a multiple of the largest run (`most_trained`) if
          it is beyond it, of the smallest (`least_trained`) if below, else 1;
        - `gap` (budget), the factor between the trained budgets on either side of it, else 1;
        - `pool_multiple` (level), the most that it takes of a pool, as a multiple of the pool;
        - where that is above 1, `choice_by_exponent` and `regret_by_exponent` (law, exponent,
          budget), see `qqt_bayes.decisions.candidates.by_size_exponent`;
        - `misfit` (level, budget), the share of the error's variance that the laws alone do not
          have;
        - `crossover`, `crossover_probability` and `crossover_below` of consecutive levels, see
          `qqt_bayes.decisions.crossover.crossovers`; only of one fit, two or more levels and
          budgets.

        All with a dimension group if the fit has several groups and none is chosen. The attributes
        `models` and `weights` say what it rests on.

    Raises
    ------
    InputError
        If a level, a budget, a group or an option is not one; if several fits are of different
        runs.
    InadequateFit
        If a fit did not pass the gate and `force` is not given.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> fit, other = qqt.load("fit.nc"), qqt.load("other.nc")
    >>> decision = qqt.decide([fit, other], "composition.csv", "128M, 2B")
    >>> decision["choice"].values.tolist()
    ['top 20%', 'top 30%']
    >>> decision["probability_best"].sel(level="top 30%", budget=2e9).round(1).item()
    1.0
    """
    criteria = Criteria.of(criteria, fields)
    question = asked_of(fit, levels, budgets, weights, target_pools, group, force)
    named, shares, levels, first = question.fits, question.weights, question.levels, question.first
    drawn = errors_of(question, question.budgets, discrepancy, new_run)
    decision = judge(drawn.error, criteria).assign(misfit=misfit(drawn.of_law, drawn.mean))
    seen = decision["budget"].values
    if len(named) == 1 and min(seen.size, levels.sizes["level"]) > 1:
        found = crossovers(first, levels, seen, criteria.quantiles, group, discrepancy=discrepancy)
        decision = decision.assign(found)
    decision = add_distance_from_runs(decision, named, shares, levels, group)
    if (decision["pool_multiple"] > 1 + ROUNDING).any():
        decision = decision.merge(by_size_exponent(named, levels, seen, criteria, group))
    return decision.assign_attrs(how_judged(question, discrepancy, new_run))


def decide_stack(
    fits: Mapping[str, AnyFit],
    weights: ArrayLike,
    levels: Levels,
    budgets: ArrayLike | str,
    criteria: Criteria | None = None,
    **options: Any,
) -> xr.Dataset:
    """Which level to choose where several laws may be right: `decide` with weights.

    Parameters
    ----------
    fits : mapping of str to DataTree or Fit
        A fit of each law to the same runs.
    weights : array_like, shape (law,)
    levels, budgets, criteria, options
        As for `decide`.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> fits = {"theorem": qqt.load("fit.nc"), "free exponent": qqt.load("other.nc")}
    >>> decision = qqt.decide_stack(fits, [0.75, 0.25], "composition.csv", "2B")
    >>> decision["choice"].item()
    'top 30%'
    """
    return decide(fits, levels, budgets, criteria, weights=weights, **options)


def misfit(of_law: xr.DataArray, error: xr.DataArray) -> xr.DataArray:
    """Share of the variance of errors, dims (level, budget), that the law alone does not have."""
    law, both = of_law.var(SAMPLE), error.var(SAMPLE)
    return 1 - (law / both.where(both > law)).fillna(1)


def add_distance_from_runs(
    decision: xr.Dataset,
    fits: Mapping[str, Fit],
    weights: NDArray[np.float64],
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
    fits : mapping of str to Fit
        Those it rests on, all of the same runs.
    weights : array, shape (fit,)
    levels : DataArray, dims (level, pool)
        Unique samples.
    group : str or None
    complete : bool
        Whether these levels are all that were judged.

    Returns
    -------
    Dataset
        And, as attributes, kind, law, model, models, weights, method (an approximate one if any
        fit's is) and gate_passed (whether all fits did); replacement, where samples are drawn so.
    """
    fit, *others = fits.values()
    shares = [f"{name} {share:.2f}" for name, share in zip(fits, weights, strict=True)]
    passed = all(each.gate.passed for each in fits.values())
    trained = trained_at(fit, levels, group)
    decision = with_proof(decision, trained, complete=complete, passed=passed)
    decision = decision.assign(trained_ranges(fit, decision["budget"].values, group))
    budget, least, most = (decision[name] for name in ("budget", "least_trained", "most_trained"))
    beyond = (budget / most).where(budget > most, 1.0)
    repetitions = budget / levels.sum("pool")
    decision = decision.assign(
        extrapolation=(budget / least).where(budget < least, beyond),
        repetitions=repetitions,
        unique_samples=levels,
        pool_multiple=pool_multiple(levels, fit.runs["pool_size"]),
        extrapolated_epochs=repetitions > decision["most_repetitions"] * (1 + ROUNDING),
    )
    for name, units in UNITS.items():
        decision[name].attrs["units"] = units
    dims = ("group", "law", "exponent", "pair", "rule", "level", "other", "pool", "budget")
    return decision.transpose(*dims, "quantile", missing_dims="ignore").assign_attrs(
        kind=fit.kind,
        measure=fit.measure,
        unit=fit.unit,
        law=", ".join(each.spec.law for each in fits.values()),
        model=f"stack ({', '.join(shares)})" if others else next(iter(fits)),
        models=list(fits),
        weights=weights.tolist(),
        method=weakest_method(fits.values()),
        **({"replacement": 1} if fit.replacement else {}),
        gate_passed=int(passed),
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
