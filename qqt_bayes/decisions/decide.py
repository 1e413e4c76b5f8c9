"""Which level to choose at each budget, how sure that is, and what a wrong choice costs.

Every level is judged under the same draws: what is uncertain about all of them alike cancels.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.decisions.criteria import RULES, TIE, Criteria
from qqt_bayes.decisions.crossover import crossovers
from qqt_bayes.laws.level_curves import SAMPLE, require_finite
from qqt_bayes.posterior import accessors
from qqt_bayes.posterior.accessors import the_group
from qqt_bayes.posterior.departure import depart
from qqt_bayes.posterior.levels import UNDECIDED, Levels, as_levels, pool_multiple
from qqt_bayes.posterior.methods import method_of
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
    fit: xr.DataTree,
    levels: Levels,
    budgets: ArrayLike | str,
    *,
    probability: float = 0.9,
    margin: float = 0.003,
    interval: float = 0.9,
    rule: str = "expected",
    cvar_level: float = 0.9,
    target: float | None = None,
    group: str | None = None,
    discrepancy: bool = True,
    force: bool = False,
) -> xr.Dataset:
    """Which level to choose at each budget.

    Parameters
    ----------
    fit : DataTree
    levels, budgets, group
        As for `predict`.
    probability, margin, interval, rule, cvar_level, target
        See `qqt_bayes.decisions.criteria.Criteria`.
    discrepancy : bool
        Judge errors that depart from the law as `qqt_bayes.posterior.discrepancy` says; else the
        law's own.
    force : bool
        Decide on a fit that did not pass the gate.

    Returns
    -------
    Dataset
        What `compare` finds, and

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
    criteria = Criteria(probability, margin, interval, rule, cvar_level, target)
    accessors.require(fit, force)
    levels = as_levels(levels, accessors.runs(fit)["pool"].values.tolist())
    of_law = predict(fit, levels, budgets, group=group)
    one = the_group(accessors.runs(fit), group)
    error = depart(of_law, fit, levels, one) if discrepancy else of_law
    decision = compare(error, criteria)
    decision = decision.assign(misfit=misfit(of_law, error))
    seen = decision["budget"].values
    if min(seen.size, levels.sizes["level"]) > 1:
        found = crossovers(fit, levels, seen, criteria.quantiles, group, discrepancy=discrepancy)
        decision = decision.assign(found)
    return describe(fit, levels, decision, group).assign_attrs(
        forced=int(force), discrepancy=int(discrepancy)
    )


def misfit(of_law: xr.DataArray, error: xr.DataArray) -> xr.DataArray:
    """Share of the variance of errors, dims (level, budget), that the law alone does not have."""
    law, both = of_law.var(SAMPLE), error.var(SAMPLE)
    return 1 - (law / both.where(both > law)).fillna(1)


def describe(
    fit: xr.DataTree,
    levels: xr.DataArray,
    decision: xr.Dataset,
    group: str | None,
) -> xr.Dataset:
    """What was found of levels, with how far it is from the runs."""
    spec, runs = accessors.specification(fit), accessors.runs(fit)
    seen = decision["budget"].values
    decision = decision.assign(trained(runs, seen, group))
    budget, least, most = (decision[name] for name in ("budget", "least_trained", "most_trained"))
    beyond = (budget / most).where(budget > most, 1.0)
    repetitions = budget / levels.sum("pool")
    decision = decision.assign(
        extrapolation=(budget / least).where(budget < least, beyond),
        repetitions=repetitions,
        pool_multiple=pool_multiple(levels, runs["pool_size"]),
        extrapolated_epochs=repetitions > decision["most_repetitions"] * (1 + TIE),
    )
    for name, units in UNITS.items():
        decision[name].attrs["units"] = units
    dims = ("group", "pair", "level", "pool", "budget", "quantile")
    return decision.transpose(*dims, missing_dims="ignore").assign_attrs(
        kind=runs.attrs["kind"],
        law=spec.law,
        model=spec.name,
        method=method_of(fit.attrs),
        gate_passed=int(accessors.gate(fit).passed),
    )


def compare(error: xr.DataArray, criteria: Criteria) -> xr.Dataset:
    """Compare levels under every draw.

    Parameters
    ----------
    error : DataArray, dims (chain, draw, level, budget, ...)
        See `predict`.
    criteria : Criteria

    Returns
    -------
    Dataset
        Over level, budget and what else the errors extend over:

        - `error` (quantile) and `error_mean`, the mean curve;
        - `probability_best`, in which levels that tie share equally, so that it sums to 1;
        - `probability_within_margin`, that the error exceeds the best by at most `margin`;
        - `regret`, the expected excess over the level that is best in the draw;
        - `score`, what the rule minimises.

        Over budget: `choice`, the level of least score (the expected error breaks a tie) with
        `choice_regret`; `winner`, the level whose probability of being best reaches `probability`,
        else "undecided".

    Raises
    ------
    InputError
        If an error is not finite.

    Examples
    --------
    Three draws, two levels: the first is best in two draws, the second by far in one.

    >>> error = xr.DataArray([[[0.3, 0.31], [0.3, 0.31], [0.4, 0.3]]],
    ...                      {"level": ["a", "b"]}, ("chain", "draw", "level"))
    >>> decision = compare(error, Criteria(probability=0.6))
    >>> decision["probability_best"].values.round(3), decision["regret"].values.round(4)
    (array([0.667, 0.333]), array([0.0333, 0.0067]))
    >>> str(decision["winner"].values), str(decision["choice"].values)
    ('a', 'b')
    """
    require_finite(error)
    excess = error - error.min("level")
    best = excess <= TIE
    probability_best = (best / best.sum("level")).mean(SAMPLE)
    regret = excess.mean(SAMPLE)
    error_mean = error.mean(SAMPLE)
    score = RULES[criteria.rule](error, criteria)
    least = error_mean.where(score <= score.min("level") + TIE)
    choice = least.argmin("level")
    name = error["level"]
    sure = probability_best.max("level") >= criteria.probability - TIE
    likeliest = name[probability_best.argmax("level")]
    return xr.Dataset(
        {
            "error": error.quantile(criteria.quantiles, SAMPLE, skipna=False),
            "error_mean": error_mean,
            "probability_best": probability_best,
            "probability_within_margin": (excess <= criteria.margin + TIE).mean(SAMPLE),
            "regret": regret,
            "score": score,
            "choice": name[choice].drop_vars("level"),
            "choice_regret": regret.isel(level=choice).drop_vars("level"),
            "winner": likeliest.where(sure, UNDECIDED).drop_vars("level"),
        },
        attrs={**criteria.to_dict(), "draws": error.sizes["chain"] * error.sizes["draw"]},
    )


def trained(runs: xr.Dataset, budgets: NDArray[np.float64], group: str | None) -> xr.Dataset:
    """What the fit has seen: its smallest and largest run, the gaps, and the most epochs of a run.

    Parameters
    ----------
    runs : Dataset
    budgets : array, shape (budget,)
    group : str or None

    Returns
    -------
    Dataset
        `least_trained`, `most_trained`, `gap` (budget) and `most_repetitions`, over group if there
        are several.
    """
    seen = runs["samples_seen"]
    epochs = seen / runs["unique_samples"].sum("pool").isel(data=runs["data_index"])
    one = the_group(runs, group)
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
