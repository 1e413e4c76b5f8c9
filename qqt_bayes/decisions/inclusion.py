"""How much to take of each pool: any share of each, by continuous optimisation under every limit.

Three steps.  The shares of least score are sought by the law alone, under some hundred draws
(`qqt_bayes.decisions.share_search`).  The best sets of whole pools, and the training sets of the
runs, stand beside them.  And all these are judged under all draws, with departures from the law, as
levels are: so the choice never scores worse than the best set of whole pools.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Unpack

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.decisions.candidates import scaled
from qqt_bayes.decisions.criteria import RULES, TIE, Criteria, CriteriaFields
from qqt_bayes.decisions.decide import add_distance_from_runs
from qqt_bayes.decisions.enumeration import Advance, enumerate_subsets, score_of, silent
from qqt_bayes.decisions.judge import Rivals, choose, judge
from qqt_bayes.decisions.share_limits import Always, Limits
from qqt_bayes.decisions.share_search import Found, Objective, Room, search
from qqt_bayes.decisions.stack import as_shares, mix
from qqt_bayes.decisions.subsets import (
    ALL_POOLS,
    JOIN,
    MAX_ENUMERATED_POOLS,
    require_affordable_scores,
    with_departures,
)
from qqt_bayes.errors import InputError
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.laws.subset_curves import Array, Members, WholePools
from qqt_bayes.phrases import format_samples
from qqt_bayes.posterior.departure import depart
from qqt_bayes.posterior.fit import AnyFit, Fit, opened
from qqt_bayes.posterior.levels import as_budgets, require_affordable
from qqt_bayes.posterior.prediction import predict
from qqt_bayes.progress import steps

SEARCH_DRAWS = 300
"""Draws under which shares are sought; those found are judged under all."""
SEARCHABLE = "expected", "cvar"
"""Rules that rise with the error of every draw and are smooth enough to be minimised over shares:
both are means of errors over draws."""
KEPT_WHOLE = 2
"""Sets of whole pools, of each budget, that are judged beside the shares."""
ALIKE = 1e-3
"""Share of a pool by which training sets may differ and still be one."""


def best_shares(
    fit: AnyFit | Sequence[AnyFit] | Mapping[str, AnyFit],
    budgets: ArrayLike | str,
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
    fit : DataTree or Fit, or several of them
        As for `decide`.
    budgets : number, array_like or str
        Samples seen.
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
          allow none;
        - `gain` (budget): by how much the choice scores less than that;
        - `optimality_gap` (budget): how far the score of any training set within the limits may lie
          below the choice's, at most, by the law under the draws of the search. The bound is on
          what one choice for all draws can reach, not on what somebody could who knew the draw; see
          `qqt_bayes.laws.share_curves`. Not a number where no bound is known, for law
          effective-data.

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
    ``best_shares(fit, "64M, 1.28B", most_samples=50e6, never=["70-100%"], most_epochs=20)``
    """
    criteria = Criteria.of(criteria, fields)
    if criteria.rule not in SEARCHABLE:
        raise InputError(
            f"rule {criteria.rule!r}: shares are sought by rule {' or '.join(SEARCHABLE)}; judge "
            "what they find by other rules with `decide`"
        )
    named = opened(fit)
    part = as_shares(weights, len(named))
    for each in named.values():
        each.require_passed(force)
    first = next(iter(named.values()))
    one = first.one_group(group)
    if one is None:
        names = ", ".join(first.groups)
        raise InputError(f"group: the fit has several, {names}; shares are for one of them")
    seen = as_budgets(budgets)
    fits = {name: each.in_one_order() for name, each in named.items()}
    ordered = next(iter(fits.values()))
    sizes = _scaled(ordered.runs["pool_size"], ordered, target_pools)
    limits = Limits(most_samples, always, never, most_epochs)
    rooms = limits.rooms(sizes, seen)
    report = advance or steps("Seeking shares")
    if sizes.size <= MAX_ENUMERATED_POOLS:
        require_affordable_scores(2**sizes.size - 1, seen.size)
    pools = [_pools(each, one, sizes, seen) for each in fits.values()]
    whole = [
        _best_wholes(each, own, rooms, criteria, one, discrepancy, report, len(fits))
        for each, own in zip(fits.values(), pools, strict=True)
    ]
    wholes = np.unique(np.concatenate(whole), axis=0) * sizes.values
    trained = _scaled(ordered.runs["unique_samples"].transpose("data", "pool"), ordered, target_pools)
    objectives = [
        Objective([_thinned(each.at(i), x) for each, x in zip(pools, part, strict=True) if x], criteria)
        for i in range(seen.size)
    ]
    found = []
    for objective, room in zip(objectives, rooms, strict=True):
        starts = [*wholes, *trained.values, *(each.taken for each in found[-1:])]
        found.append(search(objective, room, _best_starts(objective, room, starts)))
        report(0.5 / seen.size)
    levels = _levels(ordered, sizes, trained, wholes, found, seen)
    allowed = xr.DataArray(
        np.stack([room.holds(levels.values) for room in rooms], axis=1),
        {"level": levels["level"], "budget": seen},
        ("level", "budget"),
    )
    levels, allowed = levels[allowed.values.any(axis=1)], allowed[allowed.values.any(axis=1)]
    require_affordable(levels.sizes["level"], seen.size, sum(each.draws for each in fits.values()))
    error = _errors(fits, part, levels, seen, one, discrepancy)
    decision = _judged(error, levels, sizes, allowed, criteria)
    decision = add_distance_from_runs(
        decision, named, part, decision["unique_samples"], group, complete=False
    )
    at = decision["choice"].values
    taken = levels.sel(level=at).values
    gap = [
        max(objective.score(own) - each.bound, 0.0)
        for objective, own, each in zip(objectives, taken, found, strict=True)
    ]
    decision["optimality_gap"] = ("budget", [x if np.isfinite(x) else np.nan for x in gap])
    if group is not None:
        decision = decision.assign_coords(group=group)
    departs = discrepancy and any(each.spec.discrepancy for each in fits.values())
    return decision.sel(pool=first.pools).assign_attrs(
        forced=int(force),
        discrepancy=int(departs),
        shares=1,
        search_draws=sum(each.draws for each in objectives[0].parts),
        **limits.to_attrs(),
    )


def _scaled(
    taken: xr.DataArray, fit: Fit, target: float | Mapping[str, float] | None
) -> xr.DataArray:
    """Unique samples of pools, or of training sets, at the size that is decided about."""
    if target is None:
        return taken.astype(float)
    found = scaled(taken.rename(data="level") if "data" in taken.dims else taken.expand_dims("level"),
                   fit.runs["pool_size"], target)
    return found.rename(level="data") if "data" in taken.dims else found.isel(level=0)


def _pools(fit: Fit, group: str, sizes: xr.DataArray, budgets: Array) -> WholePools:
    """The pools of the decision under every draw of one fit."""
    reference = fit.parameters["pool_size"].values
    return WholePools(fit.law, fit.flat_parameters(group), sizes.values, reference, budgets)


def _thinned(pools: WholePools, share: float) -> WholePools:
    """The pools under as many draws as one law's share of the search allows."""
    count = min(max(2, round(share * SEARCH_DRAWS)), pools.draws)
    places = np.linspace(0, pools.draws - 1, count).round().astype(int)
    return replace(pools, parameters={name: x[places] for name, x in pools.parameters.items()})


def _best_wholes(
    fit: Fit,
    pools: WholePools,
    rooms: Sequence[Room],
    criteria: Criteria,
    group: str,
    discrepancy: bool,
    advance: Advance,
    fits: int,
) -> Members:
    """The best sets of whole pools within the limits: by the law, and with departures from it.

    Of more pools than are enumerated, they are unions, the best pool first.
    """

    def allowed(members: Members) -> NDArray[np.bool_]:
        return np.stack([room.holds(members * pools.taken) for room in rooms], axis=1)

    if pools.taken.size > MAX_ENUMERATED_POOLS:
        members = _unions(pools, rooms[0], criteria)
        return members[allowed(members).any(axis=1)]
    ranking = enumerate_subsets(pools, criteria, lambda x: advance(x / 2 / fits))
    within = allowed(ranking.members)
    score, likely = np.where(within, ranking.score, np.inf), ranking.probability * within
    best = [_least(ranking.members, score)]
    if discrepancy and fit.spec.discrepancy and within.any():
        ranking = replace(ranking, score=score, probability=likely)
        anew, _ = with_departures(fit, pools, ranking, criteria, group)
        best.append(_least(anew.members, np.where(allowed(anew.members), anew.score, np.inf)))
    return np.concatenate(best)


def _least(members: Members, score: Array) -> Members:
    """The sets of least finite score at each budget."""
    order = np.argsort(score, axis=0, kind="stable")[:KEPT_WHOLE]
    kept = np.unique(order[np.isfinite(np.take_along_axis(score, order, axis=0))])
    return members[kept]


def _unions(pools: WholePools, room: Room, criteria: Criteria) -> Members:
    """Unions of whole pools at each budget: those that must be there, and then the best first."""
    count = pools.taken.size
    singles = score_of(pools.errors(np.eye(count, dtype=bool)).swapaxes(0, 1), criteria)[0]
    must, may = room.low >= room.high, room.high > 0
    found = []
    for score in singles:
        order = np.lexsort((score, ~must))
        ranks = np.argsort(order)
        found.append((ranks < np.arange(1, count + 1)[:, None]) & may)
    members: Members = np.unique(np.concatenate(found), axis=0)
    return members[members.any(axis=1)]


def _best_starts(objective: Objective, room: Room, sets: Sequence[Array]) -> list[Array]:
    """Of training sets within the room, the two of least score, as shares to begin with."""
    inside = [taken for taken in sets if room.holds(taken)]
    return sorted(inside, key=objective.score)[:2]


def _levels(
    fit: Fit,
    sizes: xr.DataArray,
    trained: xr.DataArray,
    wholes: Array,
    found: Sequence[Found],
    budgets: Array,
) -> xr.DataArray:
    """All that is judged, each once: training sets of the runs, whole pools, shares that were found.

    What two of them are alike in has the name of the first.
    """
    pools = fit.pools
    named: dict[str, Array] = {}

    def offer(name: str, taken: Array) -> None:
        taken = np.where(taken < 1, 0.0, taken)
        if any((np.abs(taken - other) <= ALIKE * sizes.values).all() for other in named.values()):
            return
        unused = (f"{name}{end}" for end in _endings() if f"{name}{end}" not in named)
        named[next(unused)] = taken

    for name, taken in zip(trained["data"].values.tolist(), trained.values, strict=True):
        offer(name, taken)
    for taken in wholes:
        took = [name for name, x in zip(pools, taken, strict=True) if x > 0]
        offer(ALL_POOLS if len(took) == len(pools) else JOIN.join(took), taken)
    for budget, each in zip(budgets, found, strict=True):
        offer(f"shares for {format_samples(budget)}", each.taken)
    return xr.DataArray(
        np.array(list(named.values())),
        {"level": list(named), "pool": pools},
        ("level", "pool"),
        name="unique_samples",
        attrs={"units": "samples"},
    )


def _endings() -> Iterator[str]:
    """What makes a name that is taken another one."""
    yield ""
    number = 2
    while True:
        yield f" ({number})"
        number += 1


def _errors(
    fits: Mapping[str, Fit],
    part: Array,
    levels: xr.DataArray,
    budgets: Array,
    group: str,
    discrepancy: bool,
) -> xr.DataArray:
    """Errors of levels under all draws of all fits, with departures if they are to count."""
    each = []
    for fit in fits.values():
        of_law = predict(fit, levels, budgets, group=group, law_only=True)
        each.append(depart(of_law, fit, levels, group) if discrepancy else of_law)
    error = mix(each, part)
    return error.drop_vars("group", errors="ignore")


def _judged(
    error: xr.DataArray,
    levels: xr.DataArray,
    sizes: xr.DataArray,
    allowed: xr.DataArray,
    criteria: Criteria,
) -> xr.Dataset:
    """The levels judged with those that are allowed as rivals; those worth a name are kept."""
    least = error.where(allowed).min("level")
    best = (error - least <= TIE) & allowed
    score = RULES[criteria.rule](error, criteria).transpose("level", "budget")
    within = score.where(allowed, np.inf)
    mean = error.mean(SAMPLE).transpose("level", "budget")
    choice = choose(within.values, mean.values)
    whole = (
        (np.abs(levels - sizes) <= ALIKE * sizes) | (levels <= ALIKE * sizes)
    ).all("pool")
    of_whole = within.where(whole, np.inf)
    best_whole = of_whole.argmin("level").values
    has_whole = np.isfinite(of_whole.min("level"))
    rivals = Rivals(
        least=least,
        probability_best=(best / best.sum("level")).mean(SAMPLE),
        score=score,
        choice=xr.DataArray(choice, {"budget": score["budget"]}, ("budget",)),
        complete=False,
    )
    names = levels["level"].values
    judged = judge(error, criteria, rivals).assign(
        allowed=allowed,
        best_subset=("budget", np.where(has_whole, names[best_whole], "")),
        gain=(of_whole.min("level") - within.isel(level=rivals.choice)).where(has_whole).drop_vars(
            "level"
        ),
        unique_samples=levels,
    )
    return judged
