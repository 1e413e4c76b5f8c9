"""How much to take of each pool: any share of each, by continuous optimisation under every limit.

Three steps.  The shares of least score are sought by the law alone, under some hundred draws
(`qqt_bayes.decisions.share_search`).  The best sets of whole pools, and the training sets of the
runs, stand beside them.  And all these are judged under all draws, with departures from the law, as
levels are: so the choice never scores worse than the best set of whole pools.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Unpack

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from qqt_bayes.decisions.criteria import Criteria, CriteriaFields
from qqt_bayes.decisions.decide import add_distance_from_runs
from qqt_bayes.decisions.enumeration import Advance, score_of
from qqt_bayes.decisions.judge import Rivals, choose, judge
from qqt_bayes.decisions.rules import TIE
from qqt_bayes.decisions.share_candidates import (
    best_wholes,
    is_whole,
    levels_of,
    sizes_of,
    training_sets_of,
)
from qqt_bayes.decisions.share_limits import Always, Limits
from qqt_bayes.decisions.share_search import Found, Objective, Room, search
from qqt_bayes.decisions.stack import mix
from qqt_bayes.decisions.study import Study, budgets_of, fits_that_decide
from qqt_bayes.decisions.subsets import (
    MAX_ENUMERATED_POOLS,
    errors_of_subsets,
    require_affordable_scores,
)
from qqt_bayes.errors import InputError
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.laws.subset_curves import Array, Members, WholePools
from qqt_bayes.posterior.departure import depart
from qqt_bayes.posterior.fit import AnyFit, Fit
from qqt_bayes.posterior.levels import as_budgets, require_affordable
from qqt_bayes.posterior.prediction import MEAN, predict
from qqt_bayes.progress import steps

SEARCH_DRAWS = 300
"""Draws under which shares are sought; those found are judged under all."""
STARTS = 2
"""Sets of whole pools that the search of each budget begins with."""
SEARCHABLE = "expected", "cvar"
"""Rules that rise with the error of every draw and are smooth enough to be minimised over shares:
both are means of errors over draws."""


def best_shares(
    fit: Study | AnyFit | Sequence[AnyFit] | Mapping[str, AnyFit],
    budgets: ArrayLike | str | None = None,
    criteria: Criteria | None = None,
    *,
    most_samples: float | None = None,
    always: Always = (),
    never: str | Collection[str] = (),
    most_epochs: float | None = None,
    weights: ArrayLike | None = None,
    target_pools: float | Mapping[str, float] | None = None,
    group: str | None = None,
    discrepancy: bool = True,
    force: bool = False,
    advance: Advance | None = None,
    **fields: Unpack[CriteriaFields],
) -> xr.Dataset:
    """How many unique samples to take of each pool, at each budget.

    At each budget the score, as a function of the unique samples of every pool, is minimised within
    the limits: by the law alone, under some hundred draws. The shares found, the best sets of whole
    pools and the training sets of the runs are then judged under all draws, with departures from
    the law, as levels are. Departures (`qqt_bayes.model.discrepancy`) are part of that last step
    only: they are not searched for shares at which they would happen to be low.

    Parameters
    ----------
    fit : DataTree or Fit, several of them, or Study
        As for `decide`.
    budgets : number, array_like or str
        Samples seen; those of a study if not given.
    criteria : Criteria, optional
        As for `decide`, of rule "expected" or "cvar"; or its fields by their names.
    most_samples : float, optional
        The most unique samples of a training set.
    always : str, collection of str, or mapping of str to float
        Pools that every training set takes whole; or the fewest unique samples of each.
    never : str or collection of str
        Pools that no training set takes from.
    most_epochs : float, optional
        How often a training set may be seen at the most: the budget over its unique samples.
    weights, target_pools
        As for `decide`; the limits are about pools of the target's size.
    group : str, optional
        Needed if the fit has several groups.
    discrepancy, force
        As for `decide`.
    advance : callable, optional
        Takes the share of the work that has been done since the last call.

    Returns
    -------
    Dataset
        As `qqt_bayes.decide` returns it, without crossovers. Its levels are the shares and the
        sets of whole pools that are chosen, or the best, at some budget, and the training sets of
        the runs. Most were never trained: no winner is named. And

        - `allowed` (level, budget): whether the level keeps to the limits; where it does not it is
          no rival and never the choice;
        - `best_subset` (budget): the level of whole pools with the least score, "" where the limits
          allow none; of more than 20 pools, among unions with the best pools first;
        - `gain` (budget): by how much the choice scores less than that;
        - `optimality_gap` (budget): how far the score of any training set within the limits may lie
          below that of the shares found, at most, by the law under the draws of the search. The
          bound is on what one choice for all draws can reach, not on what somebody could who knew
          the draw; see `qqt_bayes.laws.share_curves`. Not a number where no bound is known, for
          the laws effective-data and utility-released.
        - `pool_size` (pool): unique samples that there are of it.

        Attributes `shares` (1), `search_draws`, and the limits that were given.

    Raises
    ------
    InputError
        If a budget, the group, a limit or an option is not one, or no training set can keep to the
        limits.
    InadequateFit
        If a fit did not pass the gate and `force` is not given.

    Examples
    --------
    At most 20M samples, of three pools of 12.8M:

    >>> import qqt_bayes as qqt
    >>> found = qqt.best_shares(qqt.load("fit.nc"), "2B", most_samples=20e6)
    >>> taken = found["unique_samples"].sel(level=found["choice"].item())
    >>> (taken / 1e6).values.round(1)
    array([12.8,  7.2,  0. ])
    """
    criteria = Criteria.of(criteria, fields)
    if criteria.rule not in SEARCHABLE:
        raise InputError(
            f"rule {criteria.rule!r}: shares are sought by rule {' or '.join(SEARCHABLE)}; judge "
            "what they find by other rules with `decide`"
        )
    named, shares = fits_that_decide(fit, weights, force)
    first = next(iter(named.values()))
    one = first.require_one_group(group, "shares are for")
    seen = as_budgets(budgets_of(fit, budgets))
    # pools by name: what is found does not depend on the order of a table
    fits = {name: each.in_one_order() for name, each in named.items()}
    ordered = next(iter(fits.values()))
    sizes = sizes_of(ordered, target_pools)
    limits = Limits(most_samples, always, never, most_epochs)
    rooms = limits.rooms(sizes, seen)
    if sizes.size <= MAX_ENUMERATED_POOLS:
        require_affordable_scores(2**sizes.size - 1, seen.size)
    report = advance or steps("Seeking shares")
    departs = discrepancy and any(each.spec.discrepancy for each in fits.values())
    pools = [_pools(each, one, sizes.values, seen) for each in fits.values()]
    of_each = [
        best_wholes(own, rooms, criteria, lambda x: report(x / 2 / len(pools)), departs=departs)
        for own in pools
    ]
    members = np.unique(np.concatenate(of_each), axis=0)
    trained = training_sets_of(ordered, target_pools)
    thinned = [_thinned(own, x) for own, x in zip(pools, shares, strict=True) if x > 0]
    objectives = [Objective([own.at(i) for own in thinned], criteria) for i in range(seen.size)]
    starts = _starts(thinned, rooms, members, criteria)
    found: list[Found] = []
    for objective, room, begin in zip(objectives, rooms, starts, strict=True):
        last = [each.taken for each in found[-1:] if room.holds(each.taken)]
        found.append(search(objective, room, [*begin, *last]))
        report(0.5 / seen.size)
    taken = [each.taken for each in found]
    levels = levels_of(first.pools, sizes, trained, members * sizes.values, taken, seen, rooms)
    held = np.stack([room.holds(levels.values) for room in rooms], axis=1)
    allowed = xr.DataArray(held, {"level": levels["level"], "budget": seen}, ("level", "budget"))
    levels, allowed = levels[held.any(axis=1)], allowed[held.any(axis=1)]
    require_affordable(levels.sizes["level"], seen.size, sum(each.draws for each in fits.values()))
    whole = is_whole(levels, sizes)
    each_fit = zip(fits.values(), pools, strict=True)
    errors = [_errors(each, own, levels, whole, one, discrepancy) for each, own in each_fit]
    decision = _judged(mix(errors, shares), levels, whole, trained, allowed, criteria)
    gaps = [each.score - each.bound for each in found]
    decision["optimality_gap"] = ("budget", [x if np.isfinite(x) else np.nan for x in gaps])
    kept = levels.sel(level=decision["level"]).sel(pool=first.pools)
    decision = add_distance_from_runs(decision, named, shares, kept, group, complete=False)
    decision = decision.assign(pool_size=sizes.sel(pool=first.pools))
    if group is not None:
        decision = decision.assign_coords(group=group)
    return decision.assign_attrs(
        forced=int(force),
        discrepancy=int(departs),
        of=MEAN,
        shares=1,
        search_draws=sum(each.draws for each in objectives[0].parts),
        **limits.to_attrs(),
    )


def _pools(fit: Fit, group: str, sizes: Array, budgets: Array) -> WholePools:
    """The pools of the decision under every draw of one fit."""
    reference = fit.parameters["pool_size"].values
    return WholePools(fit.law, fit.flat_parameters(group), sizes, reference, budgets)


def _thinned(pools: WholePools, share: float) -> WholePools:
    """The pools under as many draws as one law's share of the search allows."""
    count = min(max(2, round(share * SEARCH_DRAWS)), pools.draws)
    places = np.linspace(0, pools.draws - 1, count).round().astype(int)
    return replace(pools, parameters={name: x[places] for name, x in pools.parameters.items()})


def _starts(
    pools: Sequence[WholePools], rooms: Sequence[Room], members: Members, criteria: Criteria
) -> list[Array]:
    """The sets of whole pools of least score within each room, unique samples, to begin with."""
    if not len(members):
        return [np.empty((0, members.shape[1])) for _ in rooms]
    error = np.concatenate([own.errors(members) for own in pools], axis=2)
    score = score_of(error.swapaxes(0, 1), criteria)[0]
    sets = members * pools[0].taken
    order = np.argsort(score, axis=1, kind="stable")
    return [
        sets[best[room.holds(sets[best])][:STARTS]] for best, room in zip(order, rooms, strict=True)
    ]


def _errors(
    fit: Fit,
    pools: WholePools,
    levels: xr.DataArray,
    whole: xr.DataArray,
    group: str,
    discrepancy: bool,
) -> xr.DataArray:
    """Errors of levels under all draws of a fit, with departures if they are to count.

    Those of whole pools share their tables, as `qqt_bayes.best_subsets` has it.
    """
    names = levels["level"].values[whole.values]
    members = levels.values[whole.values] > 0
    others = levels[~whole.values]
    parts = [errors_of_subsets(fit, pools, members, names.tolist())] if names.size else []
    if others.sizes["level"]:
        one_by_one = predict(fit, others, pools.budgets, group=group, law_only=True)
        parts.append(one_by_one.drop_vars("group", errors="ignore"))
    of_law = xr.concat(parts, "level", coords="minimal", compat="override", join="override")
    of_law = of_law.transpose(*SAMPLE, "level", "budget")
    return depart(of_law, fit, levels, group) if discrepancy else of_law


def _judged(
    error: xr.DataArray,
    levels: xr.DataArray,
    whole: xr.DataArray,
    trained: xr.DataArray,
    allowed: xr.DataArray,
    criteria: Criteria,
) -> xr.Dataset:
    """The levels worth a name, judged with all that keep to the limits as their rivals."""
    error = error.sel(level=levels["level"])
    least = error.where(allowed).min("level")
    best = (error - least <= TIE) & allowed
    by_draw = error.stack(sample=SAMPLE).transpose("budget", "level", "sample")
    score, mean = (
        by_draw.isel(sample=0, drop=True).copy(data=x).transpose("level", "budget")
        for x in score_of(by_draw.values, criteria)
    )
    within = score.where(allowed, np.inf)
    chosen = choose(within.values, mean.values)
    of_whole = within.where(whole, np.inf)
    best_whole = choose(of_whole.values, mean.values)
    known = np.isfinite(of_whole.min("level").values)
    names, budget = levels["level"].values, np.arange(known.size)
    gain = of_whole.values[best_whole, budget] - within.values[chosen, budget]
    kept = np.isin(names, [*names[chosen], *names[best_whole[known]], *trained["level"].values])
    places = np.cumsum(kept) - 1
    rivals = Rivals(
        least=least,
        probability_best=(best / best.sum("level")).mean(SAMPLE)[kept],
        score=score[kept],
        choice=xr.DataArray(places[chosen], {"budget": score["budget"]}, ("budget",)),
        complete=False,
    )
    return judge(error.isel(level=np.flatnonzero(kept)), criteria, rivals).assign(
        allowed=allowed[kept],
        best_subset=("budget", np.where(known, names[best_whole], "")),
        gain=("budget", np.where(known, gain, np.nan)),
    )
