"""Every subset of some pools evaluated under every draw, in blocks of bounded memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.rules import EXPECTED, RULES, TIE
from qqt_bayes.laws.level_curves import require_finite
from qqt_bayes.laws.subset_curves import (
    MAX_ERRORS_AT_A_TIME,
    Array,
    Members,
    WholePools,
    error_of_means,
)

if TYPE_CHECKING:
    from qqt_bayes.laws.compiled.whole_pools import Errors

MAX_HITS = 4_000_000
"""Pairs of a subset and a draw in which it may be best that are kept before they are sifted: they
take 100 MB."""
MIN_COMPILED = 50_000_000
"""Errors from which on they are computed by compiled code: loading it takes half a second, and
compiling it some seconds, once for a machine."""
MIN_SETS_PER_TABLE = 20
"""Subsets of one size from which on a table for each size takes less time than compiled code."""
PROBABILITY_DECIMALS = 12
"""Decimals to which a probability is rounded: it is a sum of many shares."""

type Advance = Callable[[float], None]
"""Takes the share of the work that has been done since the last call."""


@dataclass(frozen=True)
class Ranking:
    """Scores of subsets at each budget, and how each fares against all others.

    Attributes
    ----------
    members : array of bool, shape (subset, pool)
        The subsets: all of them, or those that are worth a name.
    least : array, shape (budget, draw)
        Error of the subset that is best in the draw.
    probability : array, shape (subset, budget)
        Probability of being best, in which subsets that tie share equally.
    score, mean : array, shape (subset, budget)
        What the rule minimises, and the expected error; infinite where it was not needed.
    gap : array, shape (budget,)
        By how much the least score of all subsets may lie below the least in `score`.
    included : array, shape (pool, budget)
        Probability that the best subset takes the pool.
    complete : bool
        Whether `least` is that of all subsets there are, not of those in `members` only.
    """

    members: Members
    least: Array
    probability: Array
    score: Array
    mean: Array
    gap: Array
    included: Array
    complete: bool = True


def all_subsets(count: int) -> Members:
    """All subsets of some pools but the empty one.

    Examples
    --------
    >>> all_subsets(2).astype(int)
    array([[1, 0],
           [0, 1],
           [1, 1]])
    """
    number = np.arange(1, 2**count, dtype=np.int64)
    members: Members = (number[:, None] >> np.arange(count) & 1).astype(bool)
    return members


def score_of(error: Array, criteria: Criteria, least: Array | None = None) -> tuple[Array, Array]:
    """What the rule minimises, and the expected error, from errors over (budget, level, draw).

    `least`, over (budget, draw), is what regret is counted from. As long as it is not known, and
    where expected regret is minimised, the score is the expected error: it differs by one number.
    """
    mean = error @ np.full(error.shape[-1], 1 / error.shape[-1])  # in less time than `mean` takes
    rule = RULES[criteria.rule]
    if criteria.rule == EXPECTED or (rule.of_regret and least is None):
        return mean, mean
    dims = ("budget", "level")[2 - mean.ndim :]
    draws = xr.DataArray(error, dims=(*dims, "draw")).expand_dims("chain")
    best = draws if least is None else xr.DataArray(least, dims=("budget", "draw"))
    return rule.score(draws, best, criteria).transpose(*dims).values, mean


def enumerate_subsets(pools: WholePools, criteria: Criteria, advance: Advance) -> Ranking:
    """Evaluate every subset under every draw.

    Parameters
    ----------
    pools : WholePools
    criteria : Criteria
    advance : callable

    Returns
    -------
    Ranking
        Of all subsets.
    """
    members = all_subsets(pools.taken.size)
    return rank(pools, criteria, members, np.zeros(pools.budgets.size), advance)


def silent(_: float) -> None:
    """Ignore how far the work is."""


def rank(
    pools: WholePools,
    criteria: Criteria,
    members: Members,
    gap: Array,
    advance: Advance = silent,
    known: tuple[Array, Array] | None = None,
) -> Ranking:
    """Evaluate some subsets under every draw.

    `gap` is what others may be better by; `known` what `best_of_each_draw` returns.
    """
    threads = min(os.cpu_count() or 1, len(members))
    # in order of size, so that sets of one size share a table
    some = np.array_split(np.argsort(pools.totals(members), kind="stable"), threads)
    most_hits = MAX_HITS // threads
    compiled = pools.compiled_errors() if _is_compiled(pools, members) else None
    again = RULES[criteria.rule].of_regret and RULES[criteria.rule].of_tail

    def share_of(sets: NDArray[np.intp]) -> Advance:
        share = sets.size / len(members) / (2 if again else 1)
        return lambda done: advance(share * done)

    def of_sets(sets: NDArray[np.intp]) -> tuple[Array, Array, Best]:
        return _evaluate(pools, compiled, criteria, members[sets], most_hits, share_of(sets))

    # NumPy works outside Python's lock; its own threads would get into each other's way
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as executor:
        parts = list(executor.map(of_sets, some))
    score, mean = (np.empty((len(members), pools.budgets.size)) for _ in range(2))
    best = Best(pools.budgets.size, pools.draws)
    for sets, (own_score, own_mean, own_best) in zip(some, parts, strict=True):
        score[sets], mean[sets] = own_score, own_mean
        best.join(own_best, sets)
    require_finite(xr.DataArray(mean))
    if known:
        np.minimum(best.least, known[0], out=best.least)
    if criteria.rule == "regret":
        score = mean - best.least.mean(axis=1)
    elif again:  # what is regretted in a draw is known only when every subset has been evaluated

        def of_regret(sets: NDArray[np.intp]) -> Array:
            return _scores(pools, compiled, criteria, members[sets], best.least, share_of(sets))

        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as executor:
            for sets, own_score in zip(some, executor.map(of_regret, some), strict=True):
                score[sets] = own_score
    probability = np.zeros(score.shape)
    np.add.at(probability, *best.shares())
    probability = probability.round(PROBABILITY_DECIMALS)
    included = known[1] if known else members.T.astype(float) @ probability
    return Ranking(members, best.least, probability, score, mean, gap, included)


def _evaluate(
    pools: WholePools,
    compiled: Errors | None,
    criteria: Criteria,
    members: Members,
    most_hits: int,
    advance: Advance,
) -> tuple[Array, Array, Best]:
    """Score and mean, shape (subset, budget), and the best of each draw among these subsets."""
    shape = len(members), pools.budgets.size
    score, mean = np.empty(shape), np.empty(shape)
    best = Best(pools.budgets.size, pools.draws, most_hits)
    if compiled is not None:
        every = np.arange(len(members))
        at_a_time = max(1, MAX_ERRORS_AT_A_TIME // best.least.size)
        for some, error in compiled(members, at_a_time):
            score[some] = mean[some] = best.take(every[some], error)
            if criteria.rule != "expected":
                score[some] = score_of(error.swapaxes(0, 1), criteria)[0].T
            advance(len(error) / len(members))
        return score, mean, best
    for sets, budgets, error in blocks(pools, members):
        score[sets, budgets], mean[sets, budgets] = (x.T for x in score_of(error, criteria))
        best.update(sets, budgets, error)
        advance(error.size / (len(members) * best.least.size))
    return score, mean, best


def _scores(
    pools: WholePools,
    compiled: Errors | None,
    criteria: Criteria,
    members: Members,
    least: Array,
    advance: Advance,
) -> Array:
    """Scores, shape (subset, budget), where the least error in each draw is known."""
    score = np.empty((len(members), pools.budgets.size))
    if compiled is not None:
        for some, error in compiled(members, max(1, MAX_ERRORS_AT_A_TIME // least.size)):
            score[some] = score_of(error.swapaxes(0, 1), criteria, least)[0].T
            advance(len(error) / len(members))
        return score
    for sets, budgets, error in blocks(pools, members):
        score[sets, budgets] = score_of(error, criteria, least[budgets])[0].T
        advance(error.size / (len(members) * least.size))
    return score


def blocks(pools: WholePools, members: Members) -> Iterator[tuple[NDArray[np.intp], slice, Array]]:
    """Errors of subsets, a block at a time.

    Yields
    ------
    tuple of array of int, slice, array
        Which subsets, which budgets, and the errors, shape (budget, subset, draw).
    """
    if not pools.law.separable:
        for i in range(len(members)):
            error = pools.errors(members[i : i + 1])
            yield np.array([i]), slice(0, pools.budgets.size), error.swapaxes(0, 1)
        return
    shares, draws = pools.shares(members), pools.draws
    most = max(1, MAX_ERRORS_AT_A_TIME // draws)
    totals, index = np.unique(pools.totals(members), return_inverse=True)
    order = np.split(np.argsort(index, kind="stable"), np.cumsum(np.bincount(index))[:-1])
    for total, alike in zip(totals, order, strict=True):
        used = np.flatnonzero(members[alike].any(axis=0))
        table = pools.table(total, used)
        shared = [not np.ptp(x, axis=1).any() for x in table]  # a floor, as a rule
        for sets in np.split(alike, range(most, alike.size, most)):
            step = max(1, most // sets.size)
            share = shares[sets][:, used]
            for first in range(0, pools.budgets.size, step):
                at = slice(first, min(first + step, pools.budgets.size))
                here = [x if len(x) == 1 else x[at] for x in table]
                # means of the errors' own shape, so that NumPy works in place
                shape = at.stop - at.start, sets.size, draws
                means = [
                    np.broadcast_to(x[:, :1], shape) if same else np.matmul(share, x)
                    for x, same in zip(here, shared, strict=True)
                ]
                error = error_of_means(pools.law, means)
                yield sets, at, np.broadcast_to(error, shape)


def _is_compiled(pools: WholePools, members: Members) -> bool:
    """Whether compiled code is worth the time that it takes to load.

    Where many subsets have one size, a table for each size is sooner done.
    """
    if len(members) * pools.budgets.size * pools.draws < MIN_COMPILED:
        return False
    sizes = np.unique(pools.totals(members)).size
    is_slow = bool(pools.law.centred) or not pools.law.separable
    return is_slow or len(members) < MIN_SETS_PER_TABLE * sizes


class Best:
    """The least error in each draw and the subsets that have it, as blocks come in.

    Parameters
    ----------
    budgets, draws : int
    most_hits : int
        How many pairs of a subset and a draw are kept before they are sifted.
    """

    def __init__(self, budgets: int, draws: int, most_hits: int = MAX_HITS) -> None:
        self.most_hits = most_hits
        self.least = np.full((budgets, draws), np.inf)
        self.hits: list[tuple[NDArray[np.intp], NDArray[np.intp], Array]] = []
        self.count = 0

    def join(self, other: Best, sets: NDArray[np.intp]) -> None:
        """Take over what another found among some of the subsets."""
        np.minimum(self.least, other.least, out=self.least)
        self.hits += [(sets[subset], place, error) for subset, place, error in other.hits]

    def update(self, sets: NDArray[np.intp], at: slice, error: Array) -> None:
        """Take note of errors, shape (budget, subset, draw)."""
        np.minimum(self.least[at], error.min(axis=1), out=self.least[at])
        near = error <= self.least[at][:, None] + TIE
        budget, subset, draw = np.unravel_index(np.flatnonzero(near), near.shape)
        place = (budget + at.start) * self.least.shape[1] + draw
        self._keep(sets[subset], place, error[budget, subset, draw])

    def take(self, sets: NDArray[np.intp], error: Array) -> Array:
        """Take note of errors, shape (subset, budget, draw), by compiled code.

        Returns
        -------
        array, shape (subset, budget)
            Their means over the draws.
        """
        from qqt_bayes.laws.compiled.entries import take_errors

        total = np.empty(error.shape[:2])
        near = np.empty(error.shape[:2], dtype=bool)
        take_errors(error, self.least, TIE, total, near)
        subset, budget = np.nonzero(near)
        rows = error[subset, budget]
        row, draw = np.nonzero(rows <= self.least[budget] + TIE)
        self._keep(sets[subset[row]], budget[row] * self.least.shape[1] + draw, rows[row, draw])
        return total / self.least.shape[1]

    def _keep(self, sets: NDArray[np.intp], place: NDArray[np.intp], error: Array) -> None:
        """Keep pairs of a subset and a draw in which it may be best."""
        self.hits.append((sets, place, error))
        self.count += sets.size
        if self.count > max(self.most_hits, 2 * self.least.size):
            self.hits = [self._sifted()]
            self.count = self.hits[0][0].size

    def _sifted(self) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
        """The hits that are still the best of their draw, or as good."""
        subset, place, error = (np.concatenate(x) for x in zip(*self.hits, strict=True))
        still = error <= self.least.ravel()[place] + TIE
        return subset[still], place[still], error[still]

    def shares(self) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], Array]:
        """Subset and budget of everything that is best in a draw, and its share in all draws."""
        subset, place, _ = self._sifted()
        ties = np.bincount(place, minlength=self.least.size)
        draws = self.least.shape[1]
        return (subset, place // draws), 1 / (ties[place] * draws)
