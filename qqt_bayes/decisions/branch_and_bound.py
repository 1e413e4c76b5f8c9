r"""The subset of least score among more than can be enumerated, with a bound for all of them.

Mathematics.  The error ``y`` of a training set is, in every draw, a convex function of the law's
means ``m(S) = sum_{i in S} w_i x_i(U)``, and the score is a mean over draws, ``sum_j q_j y_j`` with
``q`` uniform; or, for CVaR, the largest such mean among weights ``q`` that are at most
``1 / (1 - level)`` times uniform.  Both lie above every tangent: with the gradient ``c`` of ``y``
and the weights ``q`` of any subset P,

``score(S) >= score(P) + sum_j q_j c_j (m_j(S) - m_j(P)) = score(P) + sum_{i in S} w_i h_i(U)``,
``h_i(U) = sum_j q_j c_j (x_ij(U) - m_j(P))``.

Among the subsets with ``lo <= U <= hi`` the tangent is least for the pools with the least ``h_i``,
the last of them taken in part: a sort.  ``h_i(U)`` falls with U, because a larger training set
repeats each sample less and forgets it more slowly, so ``h_i(hi)`` bounds all of them; p equal
pools have only p sizes, and then ``lo = hi``.  The bound is tight at P; so each part of the search
is bounded by the tangent at the best subset that it suggests itself, and split (a pool taken or
left out, or the range of sizes halved) until no part can hold anything better, or the patience
ends.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count, pairwise

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.rules import worst_share
from qqt_bayes.laws.subset_curves import Array, Members, WholePools, error_of_means

CLOSED_GAP = 1e-10
"""Largest distance between best score and bound at which a search has ended: rounding errors."""
MAX_SPLITS = 500
"""Parts that are split for one budget before the search stops and reports its gap."""
MAX_TABLES = 64
"""Tables that are kept in memory, each for one range of sizes of training sets."""
COMPLEX_STEP = 1e-30
"""Step of the derivative along the imaginary axis: no difference is taken, so none is rounded."""
SIZE_TOLERANCE = 1e-12
"""Relative difference below which two sizes of training sets are one: sums are rounded."""

type Chosen = NDArray[np.bool_]


@dataclass(frozen=True)
class Tangent:
    """A plane that lies below the score everywhere and touches it at one subset.

    ``value + sum_i w_i (sum_j slope_j x_ij - offset)``.
    """

    value: float
    slopes: list[Array]
    offset: float

    def excess(self, table: list[Array]) -> Array:
        """``h_i`` of every pool, shape (pool,)."""
        parts = [x[0] @ slope for x, slope in zip(table, self.slopes, strict=True)]
        excess: Array = np.sum(parts, axis=0) - self.offset
        return excess


@dataclass(order=True)
class Part:
    """Subsets that take the pools `inside`, none of `outside`, and have ``least <= U <= most``."""

    bound: float
    number: int
    least: float = field(compare=False)
    most: float = field(compare=False)
    inside: Chosen = field(compare=False)
    outside: Chosen = field(compare=False)
    tangent: Tangent = field(compare=False)
    excess: Array = field(compare=False)


@dataclass(frozen=True)
class Found:
    """The subsets that a search evaluated, and the bound for all others.

    Attributes
    ----------
    members : array of bool, shape (subset, pool)
        The subsets that were evaluated, the best first.
    score : array, shape (subset,)
    bound : float
        No subset at all has a lower score.
    """

    members: Members
    score: Array
    bound: float


def search(pools: WholePools, criteria: Criteria, start: Members) -> Found:
    """The subset of least score at one budget, by branch and bound.

    Parameters
    ----------
    pools : WholePools
        With one budget.
    criteria : Criteria
        Of rule "expected" or "cvar".
    start : array of bool, shape (subset, pool)
        One or more subsets to begin with.

    Returns
    -------
    Found
    """
    return _Search(pools, criteria).run(start)


class _Search:
    """The state of one branch and bound: the best score so far, tables, evaluated subsets."""

    def __init__(self, pools: WholePools, criteria: Criteria) -> None:
        self.pools, self.criteria = pools, criteria
        self.tables: dict[tuple[float, float], list[Array]] = {}
        self.known: dict[bytes, Tangent] = {}
        self.best = np.inf
        self.number = count()

    def run(self, start: Members) -> Found:
        """Split the part of least bound until none can hold a better subset."""
        for chosen in start:
            first = self.tangent(chosen)
            if first.value <= self.best:
                self.best, tangent = first.value, first
        none = np.zeros(self.pools.taken.size, dtype=bool)
        whole = Part(-np.inf, 0, 0.0, 0.0, none, none, tangent, np.empty(0))
        open_parts: list[Part] = []
        self.consider(open_parts, (replace(whole, least=x, most=y) for x, y in self.ranges()))
        for _ in range(MAX_SPLITS):
            if not open_parts or open_parts[0].bound >= self.best - CLOSED_GAP:
                break
            self.consider(open_parts, self.split(heapq.heappop(open_parts)))
        members = np.array([np.frombuffer(key, dtype=bool) for key in self.known])
        score = np.array([tangent.value for tangent in self.known.values()])
        order = np.argsort(score, kind="stable")
        bound = min([self.best, *(part.bound for part in open_parts[:1])])
        return Found(members[order], score[order], bound)

    def ranges(self) -> Iterator[tuple[float, float]]:
        """Sizes of training sets: each by itself if there are few, else ranges of them."""
        taken = self.pools.taken
        if self.pools.equal:
            yield from ((total, total) for total in taken[0] * np.arange(1, taken.size + 1))
        else:
            edges = np.geomspace(taken.min(), taken.sum(), 5)
            yield from pairwise(edges)

    def consider(self, open_parts: list[Part], parts: Iterator[Part]) -> None:
        """Bound each part, by the tangent it comes with and by that of the subset it suggests."""
        for wide in parts:
            part = self.tightened(wide)
            if part.least > part.most * (1 + SIZE_TOLERANCE):
                continue
            for _ in range(2):  # the tangent it came with, then the one at the subset that suggests
                excess = part.tangent.excess(self.table(part.least, part.most))
                mean, chosen = least_mean(excess, self.pools.taken, part)
                bound = part.tangent.value + mean
                if bound >= part.bound:
                    part = replace(part, bound=bound, excess=excess)
                if part.bound >= self.best - CLOSED_GAP:
                    break
                tangent = self.tangent(chosen)
                self.best = min(self.best, tangent.value)
                part = replace(part, tangent=tangent)
            if part.bound < self.best - CLOSED_GAP:
                heapq.heappush(open_parts, replace(part, number=next(self.number)))

    def tightened(self, part: Part) -> Part:
        """The part without the sizes that its pools cannot have together."""
        taken = self.pools.taken
        least, most = taken[part.inside].sum(), taken[~part.outside].sum()
        if least == most or not self.pools.equal:
            part = replace(part, least=max(least, part.least), most=min(most, part.most))
        return part

    def split(self, part: Part) -> Iterator[Part]:
        """Halve the range of sizes where that is what makes the bound loose; else decide a pool."""
        free = ~part.inside & ~part.outside
        if part.least < part.most * (1 - SIZE_TOLERANCE):
            narrow = part.tangent.excess(self.table(part.least, part.least))
            tight = part.tangent.value + least_mean(narrow, self.pools.taken, part)[0]
            if not free.any() or tight - part.bound > (self.best - part.bound) / 2:
                middle = np.sqrt(part.least * part.most)
                yield replace(part, most=middle)
                yield replace(part, least=middle)
                return
        if free.any():
            mean = part.bound - part.tangent.value
            distance = np.where(free, np.abs(part.excess - mean), np.inf)
            pool = np.arange(free.size) == distance.argmin()
            yield replace(part, inside=part.inside | pool)
            yield replace(part, outside=part.outside | pool)

    def table(self, least: float, most: float) -> list[Array]:
        """What the law takes means of, at its best for sizes in a range."""
        if (least, most) not in self.tables:
            if len(self.tables) >= MAX_TABLES:
                self.tables.pop(next(iter(self.tables)))
            self.tables[least, most] = self.pools.at_best(least, most).table(most)
        return self.tables[least, most]

    def tangent(self, chosen: Chosen) -> Tangent:
        """The tangent at a subset; its value is the subset's score."""
        key = chosen.tobytes()
        if key not in self.known:
            total = self.pools.totals(chosen[None])[0]
            shares = self.pools.shares(chosen[None])[0]
            means = [shares @ x[0] for x in self.table(total, total)]
            error = error_of_means(self.pools.law, means)
            weight = draw_weights(error, self.criteria)
            slopes = [weight * c for c in gradient(self.pools, means)]
            offset = sum(float(x @ slope) for x, slope in zip(means, slopes, strict=True))
            self.known[key] = Tangent(float(weight @ error), slopes, offset)
        return self.known[key]


def draw_weights(error: Array, criteria: Criteria) -> Array:
    """``q``, the weights of the draws under which the mean error is the score, shape (draw,)."""
    if criteria.rule == "expected":
        return np.full(error.size, 1 / error.size)
    weight = np.empty(error.size)
    weight[np.argsort(-error)] = worst_share(error.size, criteria.cvar_level)
    return weight


def gradient(pools: WholePools, means: list[Array]) -> list[Array]:
    """Derivatives of the error with respect to each of the law's means."""
    slopes = []
    for j in range(len(means)):
        stepped = [x + COMPLEX_STEP * 1j if i == j else x for i, x in enumerate(means)]
        slopes.append(error_of_means(pools.law, stepped).imag / COMPLEX_STEP)
    return slopes


def least_mean(excess: Array, taken: Array, part: Part) -> tuple[float, Chosen]:
    """Least mean of ``h_i`` over the subsets of a part, if pools may be taken in part.

    Returns
    -------
    tuple of float and array of bool
        Infinity if no subset has such a size; and the pools that are taken, whole or in part.
    """
    free = np.flatnonzero(~part.inside & ~part.outside)
    order = free[np.argsort(excess[free], kind="stable")]
    inside = taken * part.inside
    totals = inside.sum() + np.append(0.0, taken[order].cumsum())
    sums = inside @ excess + np.append(0.0, (taken * excess)[order].cumsum())
    least, most = part.least * (1 - SIZE_TOLERANCE), part.most * (1 + SIZE_TOLERANCE)
    if totals[0] > most or totals[-1] < least:
        return np.inf, part.inside
    ends = np.clip([part.least, part.most], totals[0], totals[-1])
    sizes = np.append(ends, totals[(least < totals) & (totals < most)])
    means = np.interp(sizes, totals, sums) / sizes
    best = means.argmin()
    chosen = part.inside.copy()
    chosen[order[: np.searchsorted(totals, sizes[best] * (1 - SIZE_TOLERANCE))]] = True
    return means[best], chosen
