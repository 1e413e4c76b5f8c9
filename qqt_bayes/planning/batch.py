"""Which runs to make together: the batch that is worth most under an allowance.

A single run on one level hardly ever changes a choice between levels: what it tells is mostly how
far all of them are off alike.  Two levels at one budget, or all that may be best, tell how they
differ.  So a batch grows by moves: single runs, pairs of likely levels at one budget, and all
likely levels at one budget; each time by the move that gains most for its cost, given what the
batch tells already.  Then runs that the others have made unneeded are taken out, and what that
frees is spent again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from qqt_bayes.planning.value import Array, Expectations

LEAST_GAIN = 0.003
"""Share of the value of perfect information that a move must gain: less is Monte Carlo noise."""
MOST_REPLICATES = 3
"""Trainings of one training set at one budget in a batch."""
MOST_ROUNDS = 3
"""How often a batch is pruned and grown again."""

type Pick = tuple[int, int, int]
"""A training set and a budget, by position, and the number of the training among replicates."""


@dataclass(frozen=True)
class Batch:
    """Runs to make together.

    Attributes
    ----------
    picks : tuple of (int, int, int)
        In the order in which they were taken.
    value : float
        What their outcomes are worth together.
    """

    picks: tuple[Pick, ...]
    value: float


@dataclass(frozen=True)
class Search:
    """What a batch is chosen from, and by.

    Attributes
    ----------
    before : Expectations
        Before any of the runs.
    features : callable
        Columns of what is seen of a replicate of each run, shape (draw, set, budget, column).
    cost : array, shape (set, budget)
        Infinite where a run cannot be made.
    allowance : float
        What a batch may cost.
    likely : sequence of int
        Training sets that are levels which may be best: pairs are of these.
    worth : float
        The smallest gain for a unit of cost that is worth it.
    purchase : callable
        What the data cost that some training sets need together, by their positions: what two of
        them share is paid for once.
    """

    before: Expectations
    features: Callable[[int], Array]
    cost: Array
    allowance: float
    likely: Sequence[int]
    worth: float = 0.0
    purchase: Callable[[frozenset[int]], float] = field(default=lambda _: 0.0)

    @property
    def noise(self) -> float:
        """The least gain that is more than noise."""
        return LEAST_GAIN * self.before.perfect

    def columns(self, picks: Sequence[Pick]) -> Array:
        """What is seen of some runs, shape (draw, column)."""
        each = [self.features(replicate)[:, i, j] for i, j, replicate in picks]
        return np.concatenate(each, axis=1)

    def price(self, picks: Sequence[Pick], beside: Sequence[Pick] = ()) -> float:
        """What some runs cost together, beside others that are made in any case."""
        before = frozenset(i for i, *_ in beside)
        data = self.purchase(before | {i for i, *_ in picks}) - self.purchase(before)
        return float(sum(self.cost[i, j] for i, j, _ in picks)) + data

    def value(self, picks: Sequence[Pick]) -> float:
        """What the outcomes of some runs are worth together."""
        return self.before.given(self.columns(picks)).value if picks else 0.0

    def moves(self, picks: Sequence[Pick], left: float) -> list[tuple[Pick, ...]]:
        """Single runs, pairs and blocks of one budget that can be afforded beside some runs."""
        sets, budgets = self.cost.shape
        groups: list[tuple[int, ...]] = [(i,) for i in range(sets)]
        groups += combinations(self.likely, 2)
        if len(self.likely) > 2:
            groups.append(tuple(self.likely))
        taken = Counter((i, j) for i, j, _ in picks)
        every = [
            tuple((i, j, taken[i, j]) for i in group) for j in range(budgets) for group in groups
        ]
        return [
            move
            for move in every
            if self.price(move, picks) <= left and max(k for *_, k in move) < MOST_REPLICATES
        ]

    def gains(self, known: Expectations, moves: Sequence[tuple[Pick, ...]]) -> Array:
        """What each move adds to the value of what is known."""
        runs = sorted({pick for move in moves for pick in move})
        columns = np.stack([self.features(k)[:, i, j] for i, j, k in runs], axis=1)
        degree = columns.shape[2]
        place = {pick: range(n * degree, (n + 1) * degree) for n, pick in enumerate(runs)}
        sets = [[column for pick in move for column in place[pick]] for move in moves]
        found: Array = known.values(columns.reshape(len(columns), -1), sets) - known.value
        return found


def best_batch(search: Search) -> Batch:
    """The batch that is worth most, as far as growing and pruning find it.

    Parameters
    ----------
    search : Search

    Returns
    -------
    Batch
        An empty one if no run is worth its price.
    """
    best = Batch((), 0.0)
    picks: list[Pick] = []
    for _ in range(MOST_ROUNDS):
        picks = _grown(search, picks)
        pruned = _pruned(search, picks)
        value = search.value(pruned)
        if value <= best.value + search.noise:
            break
        best = Batch(tuple(pruned), value)
        picks = list(pruned)
    return best


def least_price(search: Search, gain: float) -> float:
    """The least that a run, a pair or a block costs that is worth making, whatever is allowed.

    Parameters
    ----------
    search : Search
    gain : float
        What it has to be worth more than, and no less than its price.

    Returns
    -------
    float
        Infinite if none is.
    """
    moves = search.moves((), np.finfo(float).max)
    prices = np.array([search.price(move) for move in moves])
    gains = search.gains(search.before, moves)
    enough = (gains > gain) & (gains >= search.worth * prices)
    return float(prices[enough].min(initial=np.inf))


def _grown(search: Search, picks: Sequence[Pick]) -> list[Pick]:
    """Some runs and those that are added to them, until none is worth it or can be afforded."""
    grown = list(picks)
    known = search.before.given(search.columns(grown)) if grown else search.before
    while moves := search.moves(grown, search.allowance - search.price(grown)):
        gains = search.gains(known, moves)
        prices = np.array([search.price(move, grown) for move in moves])
        gains[(gains <= search.noise) | (gains < search.worth * prices)] = -np.inf
        chosen = int(np.argmax(gains / prices))
        if gains[chosen] == -np.inf:
            break
        grown += moves[chosen]
        known = known.given(search.columns(moves[chosen]))
    return grown


def _pruned(search: Search, picks: Sequence[Pick]) -> list[Pick]:
    """Some runs without those that the others have made unneeded, the most expensive first."""
    kept = list(picks)
    value = search.value(kept)
    for pick in sorted(picks, key=lambda each: -search.price([each])):
        others = [each for each in kept if each != pick]
        without = search.value(others)
        if value - without <= max(search.noise, search.worth * search.price([pick], others)):
            kept, value = others, without
    return kept
