r"""The shares of least score at one budget, with a bound for all others.

At a fixed size U the score is a function of the shares ``w_i = u_i / U`` alone, convex for most
laws, and is minimised over them (sequential least squares, SLSQP).  The least score of each size,
``v(U)``, need not be convex in U.  So sizes are searched by branch and bound: between two that were
tried no training set scores below the tangent of `qqt_bayes.laws.share_curves`, and the interval of
least bound is split until nothing can be gained.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from qqt_bayes.decisions.branch_and_bound import draw_weights
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.laws.share_curves import AtSize, below
from qqt_bayes.laws.subset_curves import Array, WholePools

CLOSED_GAP = 2e-4
"""Distance between best score and bound at which a search ends, far below what matters."""
MAX_SIZES = 24
"""Sizes of training sets that are tried at one budget."""
MAX_INTERVALS = 100
"""Intervals between sizes that are bounded at one budget: a bound takes a tenth of the time of a
trial, and the narrower they are the closer it is."""
NARROW = 1.001
"""Ratio of the ends of an interval below which it is not split: errors hardly differ within it, so
what its bound lacks is not the fault of its width."""
LAST_SIZES = 4
"""Sizes beside the best one that are tried at the end."""
FIRST_SIZES = 6
"""Sizes to begin with, beside those of the sets to start from."""
SMALLEST = 0.25
"""Of the smallest pool: smaller training sets are one interval, until the bound says otherwise."""
PRECISION = 1e-10
"""Change of the score at which the shares of one size are found."""
MAX_STEPS = 100
"""Steps of SLSQP at one size."""
SIZE_TOLERANCE = 1e-9
"""Relative difference below which two sizes are one."""


@dataclass(frozen=True)
class Room:
    """What a training set may take at one budget.

    Attributes
    ----------
    low, high : array, shape (pool,)
        The fewest and the most unique samples of each pool.
    least, most : float
        Of all pools together.
    """

    low: Array
    high: Array
    least: float
    most: float

    def holds(self, taken: Array) -> NDArray[np.bool_]:
        """Whether training sets, shape (..., pool), are within it, but for rounding."""
        slack, total = SIZE_TOLERANCE * self.high.sum(), taken.sum(axis=-1)
        inside = ((taken >= self.low - slack) & (taken <= self.high + slack)).all(axis=-1)
        within = (total >= self.least - slack) & (total <= self.most + slack)
        return np.asarray(inside & within)


@dataclass(frozen=True)
class Objective:
    """The score of training sets at one budget under draws of one law or several.

    Attributes
    ----------
    parts : sequence of WholePools
        Each of one law, with one budget.
    criteria : Criteria
        Of rule "expected" or "cvar".
    """

    parts: Sequence[WholePools]
    criteria: Criteria

    @cached_property
    def ends(self) -> list[int]:
        """Where the draws of one law end and those of the next begin."""
        ends: list[int] = np.cumsum([part.draws for part in self.parts])[:-1].tolist()
        return ends

    def at(self, total: float) -> Callable[[Array], tuple[float, Array]]:
        """What makes shares of training sets of one size into their score and its slopes."""
        return self._of([AtSize.of(part, total) for part in self.parts])

    def score(self, taken: Array) -> float:
        """Score of a training set, from unique samples by pool."""
        total = float(taken.sum())
        error = np.concatenate([AtSize.of(part, total).error(taken / total) for part in self.parts])
        return float(draw_weights(error, self.criteria) @ error)

    def below(
        self, least: float, most: float, high: Array
    ) -> Callable[[Array], tuple[float, Array]] | None:
        """A convex score below that of all sizes between; None where no law says one."""
        parts = [below(part, least, most, high) for part in self.parts]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        return self._of([AtSize.of(part, most) for part in known])

    def _of(self, sizes: list[AtSize]) -> Callable[[Array], tuple[float, Array]]:
        def score(shares: Array) -> tuple[float, Array]:
            found = [size.error_and_slopes(shares) for size in sizes]
            error = np.concatenate([each for each, _ in found])
            weight = draw_weights(error, self.criteria)
            split = np.split(weight, self.ends)
            slopes = [of(own) for (_, of), own in zip(found, split, strict=True)]
            return float(weight @ error), np.sum(slopes, axis=0)

        return score


@dataclass(frozen=True)
class Found:
    """The best training set of a search, unique samples by pool, its score, and the bound.

    Attributes
    ----------
    taken : array, shape (pool,)
    score : float
    bound : float
        No training set within the room scores less; minus infinity where no bound is known.
    """

    taken: Array
    score: float
    bound: float


@dataclass(frozen=True)
class Tried:
    """The best shares of one size, their score and its slopes."""

    total: float
    shares: Array
    score: float


def search(objective: Objective, room: Room, starts: Sequence[Array]) -> Found:
    """The training set of least score at one budget.

    Parameters
    ----------
    objective : Objective
    room : Room
    starts : sequence of array, shape (pool,)
        Training sets within the room: none that is found scores more than these.
    """
    return _Search(objective, room).run(starts)


class _Search:
    """The state of one search: sizes that were tried, and bounds of the intervals of sizes."""

    def __init__(self, objective: Objective, room: Room) -> None:
        self.objective, self.room = objective, room
        self.tried: dict[float, Tried] = {}
        self.bounds: dict[tuple[float, float], float] = {}

    def run(self, starts: Sequence[Array]) -> Found:
        """Try sizes, and split intervals between them until none can hold anything better."""
        room = self.room
        for taken in starts:
            self.try_size(float(np.clip(taken.sum(), room.least, room.most)), taken / taken.sum())
        first = np.clip(SMALLEST * room.high[room.high > 0].min(), room.least, room.most)
        for total in (room.least, *np.geomspace(first, room.most, FIRST_SIZES), room.most):
            self.try_size(float(total))
        sizes = sorted(self.tried)
        self.bounds = {pair: self.bound(*pair) for pair in pairwise(sizes)}
        while len(self.bounds) < MAX_INTERVALS:
            pair = self.to_split()
            if pair is None:
                break
            del self.bounds[pair]
            middle = float(np.sqrt(pair[0] * pair[1]))
            if len(self.tried) < MAX_SIZES:
                self.try_size(middle)
            for part in pairwise((pair[0], middle, pair[1])):
                self.bounds[part] = self.bound(*part)
        for _ in range(LAST_SIZES):
            self.try_beside_best()
        best = self.best
        bound = min(self.bounds.values(), default=best.score)
        return Found(best.shares * best.total, best.score, min(bound, best.score))

    @property
    def best(self) -> Tried:
        """The best training set so far."""
        return min(self.tried.values(), key=lambda each: each.score)

    def try_beside_best(self) -> None:
        """Try the middle of the wider interval between the best size and the next ones tried."""
        sizes = sorted(self.tried)
        beside = [pair for pair in pairwise(sizes) if self.best.total in pair]
        if beside:
            least, most = max(beside, key=lambda pair: pair[1] / pair[0])
            self.try_size(float(np.sqrt(least * most)))

    def to_split(self) -> tuple[float, float] | None:
        """The interval of sizes with the least bound, if it may hold something better.

        Where no bound is known, the widest of those beside the best size, while sizes are tried.
        """
        if not self.bounds:
            return None
        least = min(self.bounds, key=lambda pair: self.bounds[pair])
        if np.isfinite(self.bounds[least]):
            is_open = self.bounds[least] < self.best.score - CLOSED_GAP
            return least if is_open and least[1] > least[0] * NARROW else None
        if len(self.tried) >= MAX_SIZES:
            return None
        beside = [pair for pair in self.bounds if self.best.total in pair]
        widest = max(beside or self.bounds, key=lambda pair: pair[1] / pair[0])
        return widest if widest[1] > widest[0] * NARROW else None

    def nearest(self, total: float) -> Array:
        """Shares of the tried size that is nearest; of none, those of all that there is."""
        if not self.tried:
            return self.room.high / self.room.high.sum()
        return self.tried[min(self.tried, key=lambda x: abs(np.log(x / total)))].shares

    def try_size(self, total: float, start: Array | None = None) -> None:
        """Find the best shares of one size, from those of the nearest size and from others."""
        known = next((x for x in self.tried if abs(x / total - 1) < SIZE_TOLERANCE), None)
        if known is not None and start is None:
            return
        size = total if known is None else known
        low, high = self.room.low / size, np.minimum(self.room.high / size, 1.0)
        begin = [self.nearest(size)] if start is None else [self.nearest(size), start]
        score = self.objective.at(size)
        found = [least_score(score, onto(shares, low, high), low, high) for shares in begin]
        shares, value = min(found, key=lambda each: each[1])
        self.tried[size] = Tried(size, shares, value)

    def bound(self, least: float, most: float) -> float:
        """What no training set with a size between scores below."""
        low, high = self.room.low / most, np.minimum(self.room.high / least, 1.0)
        score = self.objective.below(least, most, high)
        if score is None:
            return -np.inf
        shares = onto(self.nearest(most), low, high)
        value, slopes = score(shares)
        return value + float(slopes @ (cheapest(slopes, low, high) - shares))


def least_score(
    score: Callable[[Array], tuple[float, Array]], start: Array, low: Array, high: Array
) -> tuple[Array, float]:
    """The shares of least score between two limits, and that score; never worse than the start."""
    first = score(start)[0]
    free = high - low > SIZE_TOLERANCE
    if free.sum() < 2 or min(1 - low.sum(), high.sum() - 1) < SIZE_TOLERANCE:
        return start, first
    found = minimize(
        score,
        start,
        jac=True,
        bounds=list(zip(low, high, strict=True)),
        constraints={
            "type": "eq",
            "fun": lambda shares: shares.sum() - 1,
            "jac": lambda shares: np.ones(shares.size),
        },
        method="SLSQP",
        options={"ftol": PRECISION, "maxiter": MAX_STEPS},
    )
    if not np.isfinite(found.x).all():
        return start, first
    shares = onto(found.x, low, high)
    value = score(shares)[0]
    return (shares, value) if value < first else (start, first)


def onto(shares: Array, low: Array, high: Array) -> Array:
    """Shares between their limits that sum to 1, near those given.

    Examples
    --------
    >>> onto(np.array([0.9, 0.1]), np.zeros(2), np.array([0.5, 1.0]))
    array([0.5, 0.5])
    """
    found = np.clip(shares, low, high)
    lacks = 1 - found.sum()
    room = high - found if lacks > 0 else found - low
    if room.sum() > 0:
        found = found + lacks * room / room.sum()
    return np.clip(found, low, high)


def cheapest(slopes: Array, low: Array, high: Array) -> Array:
    """The shares between two limits, with sum 1, that have the least mean of some slopes.

    Examples
    --------
    >>> cheapest(np.array([3.0, 1.0, 2.0]), np.array([0.1, 0.0, 0.0]), np.array([1.0, 0.5, 1.0]))
    array([0.1, 0.5, 0.4])
    """
    order = np.argsort(slopes, kind="stable")
    filled = np.minimum(np.cumsum((high - low)[order]), 1 - low.sum())
    shares = low.copy()
    shares[order] += np.diff(filled, prepend=0.0)
    return shares
