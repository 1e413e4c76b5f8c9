"""Which pools to train on together: subsets of whole pools judged under every draw."""

from __future__ import annotations

from dataclasses import replace
from typing import Unpack

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.decisions.branch_and_bound import search
from qqt_bayes.decisions.criteria import Criteria, CriteriaFields
from qqt_bayes.decisions.decide import add_distance_from_runs
from qqt_bayes.decisions.enumeration import (
    Advance,
    Ranking,
    enumerate_subsets,
    rank,
    score_of,
)
from qqt_bayes.decisions.judge import Rivals, among_themselves, choose, judge
from qqt_bayes.decisions.rules import ALL, EXPECTED
from qqt_bayes.decisions.stack import as_shares
from qqt_bayes.errors import InputError
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.laws.subset_curves import Array, Members, WholePools, best_of_each_draw
from qqt_bayes.posterior.departure import depart
from qqt_bayes.posterior.fit import AnyFit, Fit
from qqt_bayes.posterior.levels import MAX_ERRORS, as_budgets, require_affordable
from qqt_bayes.posterior.prediction import MEAN
from qqt_bayes.progress import steps

MAX_ENUMERATED_POOLS = 20
"""Pools up to which every subset is evaluated, a million of them; beyond, they are searched."""
MAX_NAMED = 12
"""Subsets in the result: those chosen at some budget, and the likeliest of the others."""
KEPT_PER_BUDGET = 8
"""Best subsets of each budget's search that are judged at all budgets."""
SHORTLISTED_PER_BUDGET = 32
"""Subsets of each budget that are judged with departures: those of least score, and the likeliest
to be best. Departures part subsets that are alike by less than the law parts a good from a bad."""
SEARCHED = EXPECTED, "regret", "cvar"
"""Rules that among more pools than that are minimised by a search with a bound."""
ALL_POOLS = "all pools"
"""Name of the subset that takes every pool."""
JOIN = " + "
"""Between the pools in the name of a subset."""


def best_subsets(
    fit: AnyFit,
    budgets: ArrayLike | str,
    criteria: Criteria | None = None,
    *,
    group: str | None = None,
    discrepancy: bool = True,
    force: bool = False,
    advance: Advance | None = None,
    **fields: Unpack[CriteriaFields],
) -> xr.Dataset:
    """Which pools to take, each whole or not at all, at each budget.

    All subsets of up to 20 pools are evaluated under every draw of the law, in blocks of bounded
    memory. Where errors depart from the law, those that score best at some budget are then judged
    with departures, as levels are, and probabilities and regrets are among these.

    Among more pools, each budget's best is sought by branch and bound, which says how much better
    any subset could be at most. Probabilities and regrets by the law are still against all subsets
    if the pools have one size and share the floor; otherwise they are against those that the
    searches evaluated: a probability is then an upper bound, a regret a lower one, and no winner is
    named.

    Parameters
    ----------
    fit : DataTree or Fit
    budgets : number, array_like or str
        Samples seen.
    criteria : Criteria, optional
        As for `decide`; or its fields by their names.
    group : str, optional
        Needed if the fit has several groups.
    discrepancy : bool
        As for `decide`.
    force : bool
        Decide on a fit that did not pass the gate.
    advance : callable, optional
        Takes the share of the work that has been done since the last call.

    Returns
    -------
    Dataset
        As `qqt_bayes.decide` returns it, without crossovers.  Its levels are the subsets worth a
        name; `probability_best`, `regret`, `choice` and `leader` are about all subsets, of
        which most were never trained: no winner is named.  And

        - `member` (level, pool): whether the subset takes the pool;
        - `probability_included` (pool, budget): that the best subset takes it;
        - `optimality_gap` (budget): how far the least score of all may be below the choice's.

        Attributes `subsets`, how many there are; `searched`, whether not all were evaluated;
        `shortlisted`, how many were judged with departures (0 without); and `complete`, whether
        probabilities and regrets are against all.

    Raises
    ------
    InputError
        If a budget, the group or an option is not one; or, beyond 20 pools, if the law is not
        separable, the rule has no bound to search with ("target", "minimax-regret",
        "cvar-regret"), or the law does not fall with the size of a training set and pools are of
        different sizes; if the rule is "all".
    InadequateFit
        If the fit did not pass the gate and `force` is not given.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> found = qqt.best_subsets(qqt.load("fit.nc"), "128M, 2B")
    >>> found.attrs["subsets"], found["choice"].values.tolist()
    (7, ['0-10% + 10-20%', 'all pools'])
    """
    criteria = Criteria.of(criteria, fields)
    if criteria.rule == ALL:
        raise InputError("rule 'all' is for levels; of subsets of pools ask for one rule at a time")
    fit = Fit.of(fit)
    fit.require_passed(force)
    one = fit.require_one_group(group, "subsets are for")
    seen = as_budgets(budgets)
    require_affordable(MAX_NAMED, seen.size, fit.draws)
    pools = WholePools(
        fit.law,
        fit.flat_parameters(one),
        fit.runs["pool_size"].values,
        fit.parameters["pool_size"].values,
        seen,
    )
    if pools.taken.size <= MAX_ENUMERATED_POOLS:
        require_affordable_scores(2**pools.taken.size - 1, seen.size)
    report = advance or steps("Judging subsets")
    ranking = (
        enumerate_subsets(pools, criteria, report)
        if pools.taken.size <= MAX_ENUMERATED_POOLS
        else _searched(pools, criteria, report)
    )
    error, departs = None, discrepancy and bool(fit.spec.discrepancy)
    if departs:
        ranking, error = _with_departures(fit, pools, ranking, criteria, one)
    decision = _judged(fit, pools, ranking, criteria, error)
    levels = decision["member"] * xr.DataArray(pools.taken, dims="pool")
    decision = add_distance_from_runs(
        decision, {fit.spec.name: fit}, as_shares(None, 1), levels, group, complete=False
    )
    if group is not None:
        decision = decision.assign_coords(group=group)
    return decision.assign_attrs(
        forced=int(force),
        discrepancy=int(departs),
        of=MEAN,
        shortlisted=0 if error is None else error.sizes["level"],
        subsets=2**pools.taken.size - 1,
        searched=int(pools.taken.size > MAX_ENUMERATED_POOLS),
        complete=int(ranking.complete),
    )


def require_affordable_scores(subsets: int, budgets: int) -> None:
    """Refuse more budgets than the scores of all subsets can be held at."""
    if subsets * budgets > MAX_ERRORS:
        raise InputError(
            f"{subsets:,} subsets at {budgets:,} budgets have {subsets * budgets:,} scores, of "
            f"which at most {MAX_ERRORS:,} are held at once: ask about at most "
            f"{MAX_ERRORS // subsets:,} budgets at a time"
        )


def _searched(pools: WholePools, criteria: Criteria, advance: Advance) -> Ranking:
    """Rank the subsets that branch and bound finds at each budget."""
    if not pools.law.separable:
        raise InputError(
            f"more than {MAX_ENUMERATED_POOLS} pools: law {pools.law.name} sees more of a mixture "
            "than means over its pools, so its subsets cannot be searched; merge pools"
        )
    if not pools.law.convex:
        raise InputError(
            f"more than {MAX_ENUMERATED_POOLS} pools: the error of law {pools.law.name} is not "
            "convex in what its pools contribute, so there is no bound to search with; merge pools"
        )
    if not (pools.law.falls_with_size or pools.equal):
        raise InputError(
            f"more than {MAX_ENUMERATED_POOLS} pools of different sizes: by law {pools.law.name} "
            "a larger training set may have the higher error, so there is no bound to search with; "
            "merge pools"
        )
    if criteria.rule not in SEARCHED:
        raise InputError(
            f"more than {MAX_ENUMERATED_POOLS} pools: rule {criteria.rule!r} has no bound to "
            "search with; take 'expected', 'regret' or 'cvar'"
        )
    # expected regret is the expected error less one number for all subsets
    sought = replace(criteria, rule=EXPECTED) if criteria.rule == "regret" else criteria
    count = pools.taken.size
    singles = score_of(pools.errors(np.eye(count, dtype=bool)).swapaxes(0, 1), sought)[0]
    members, gap = [], np.empty(pools.budgets.size)
    for i, score in enumerate(singles):
        order = score.argsort(kind="stable")
        nested = order.argsort() < np.arange(1, count + 1)[:, None]  # the best, the two best, ...
        found = search(pools.at(i), sought, nested)
        members.append(found.members[:KEPT_PER_BUDGET])
        gap[i] = found.score[0] - found.bound
        advance(1 / pools.budgets.size)
    known = [best_of_each_draw(pools.at(i)) for i in range(pools.budgets.size)]
    every = None
    if all(known):
        least, included = zip(*filter(None, known), strict=True)
        every = np.concatenate(least), np.concatenate(included, axis=1)
    sets = np.unique(np.concatenate(members), axis=0)
    ranking = rank(pools, criteria, sets, gap, known=every)
    return ranking if every else replace(ranking, complete=False)


def _named(ranking: Ranking) -> tuple[Members, list[int]]:
    """The subsets worth a name, in order of size, and which of them is chosen at each budget."""
    chosen = choose(ranking.score, ranking.mean)
    likely = np.argsort(-ranking.probability.max(axis=1), kind="stable")[:MAX_NAMED]
    best = likely[: max(2, np.count_nonzero(ranking.probability.max(axis=1)[likely]))]
    named = np.array(list(dict.fromkeys([*chosen.tolist(), *best])))
    named = named[: max(MAX_NAMED, np.unique(chosen).size)]
    members = ranking.members[named]
    order = np.lexsort((*members.T[::-1], -members.sum(axis=1)))[::-1]
    return named[order], [named[order].tolist().index(i) for i in chosen]


def _with_departures(
    fit: Fit, pools: WholePools, ranking: Ranking, criteria: Criteria, group: str
) -> tuple[Ranking, xr.DataArray]:
    """Rank the subsets that score best by the law anew, by errors that depart from it.

    Returns
    -------
    tuple of Ranking and DataArray
        The ranking, and the errors of its subsets, dims (level, budget, chain, draw).
    """
    short = shortlist(ranking)
    members = ranking.members[short]
    of_law = errors_of_subsets(fit, pools, members, short.astype(str).tolist())
    levels = xr.DataArray(
        members * pools.taken, {"level": of_law["level"], "pool": fit.pools}, ("level", "pool")
    )
    error = depart(of_law, fit, levels, group).transpose(*of_law.dims)
    rivals = among_themselves(error, criteria)

    def values(x: xr.DataArray) -> Array:
        found: Array = x.transpose("level", "budget").values
        return found

    probability = values(rivals.probability_best)
    anew = replace(
        ranking,
        members=members,
        least=rivals.least.transpose("budget", *SAMPLE).values.reshape(pools.budgets.size, -1),
        probability=probability,
        score=values(rivals.score),
        mean=values(error.mean(SAMPLE)),
        included=members.T.astype(float) @ probability,
    )
    return anew, error


def shortlist(ranking: Ranking) -> NDArray[np.intp]:
    """Places of the subsets that score best by the law at some budget, or are likeliest best."""
    best = np.argsort(ranking.score, axis=0, kind="stable")[:SHORTLISTED_PER_BUDGET]
    likely = np.argsort(-ranking.probability, axis=0, kind="stable")[:SHORTLISTED_PER_BUDGET]
    short: NDArray[np.intp] = np.unique([best, likely])
    return short


def errors_of_subsets(
    fit: Fit, pools: WholePools, members: Members, names: list[str]
) -> xr.DataArray:
    """Errors of subsets by the law, dims (level, budget, chain, draw)."""
    sizes = fit.posterior.sizes
    shape = len(members), pools.budgets.size, sizes["chain"], sizes["draw"]
    budget = xr.DataArray(pools.budgets, dims="budget", attrs={"units": "samples"})
    return xr.DataArray(
        pools.errors(members).reshape(shape),
        {"level": names, "budget": budget},
        ("level", "budget", *SAMPLE),
    )


def _judged(
    fit: Fit, pools: WholePools, ranking: Ranking, criteria: Criteria, of_all: xr.DataArray | None
) -> xr.Dataset:
    """The subsets worth a name, judged with all subsets as their rivals.

    `of_all` are the errors of the ranking's subsets, if those of the law are not meant.
    """
    named, chosen = _named(ranking)
    members, pool_names = ranking.members[named], np.array(fit.pools)
    names = [ALL_POOLS if taken.all() else JOIN.join(pool_names[taken]) for taken in members]
    if of_all is None:
        error = errors_of_subsets(fit, pools, members, names)
    else:
        error = of_all.isel(level=named).assign_coords(level=names)
    level, budget = error["level"], error["budget"]
    shape = error.transpose("budget", *SAMPLE, "level").shape[:-1]

    def of_named(values: np.ndarray) -> xr.DataArray:
        return xr.DataArray(values[named], {"level": level, "budget": budget}, ("level", "budget"))

    rivals = Rivals(
        xr.DataArray(ranking.least.reshape(shape), {"budget": budget}, ("budget", *SAMPLE)),
        of_named(ranking.probability),
        of_named(ranking.score),
        xr.DataArray(chosen, {"budget": budget}, ("budget",)),
        ranking.complete,
    )
    judged = judge(error, criteria, rivals).assign_coords(pool=fit.pools)
    return judged.assign(
        member=(("level", "pool"), members),
        probability_included=(("pool", "budget"), ranking.included),
        optimality_gap=("budget", ranking.gap),
    )
