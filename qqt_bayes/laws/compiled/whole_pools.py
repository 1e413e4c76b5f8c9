"""Errors of many training sets of whole pools by compiled code: its tables, and its functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.laws.compiled import reuse, tables
from qqt_bayes.laws.compiled.entries import compiled
from qqt_bayes.laws.effective_reuse import LARGEST, MAX_LOG_ODDS, MAX_RHO
from qqt_bayes.laws.epochs import UNIT, collapse
from qqt_bayes.laws.interpolation import EXACT, POINTS
from qqt_bayes.laws.law import LEAST_DECAY, LEAST_SHARE

Array = NDArray[np.float64]
REUSE = ("effective-reuse", "effective-reuse-overfit")
MAY_BE_INFINITE = ("tau", "chance_error")
OTHERS = (
    *("utility", "utility-overfit", "utility-released", "utility-bounded"),
    *("effective-data", "data-constrained", "power-law"),
)
"""With those of reuse, the laws that are compiled, where passes over a training set are whole."""
FUNCTIONS = {
    "utility-bounded": "bounded_errors",
    "effective-data": "effective_errors",
    "data-constrained": "constrained_errors",
}
SETS_AT_A_TIME = 32
"""Training sets whose nodes are found together."""
MAX_POWER = 600.0
"""The largest logarithm of a power that the compiled code takes apart into factors."""


type Errors = Callable[[NDArray[np.bool_], int], Iterator[tuple[slice, Array]]]
"""Takes training sets, shape (set, pool), and how many there are to be at a time; gives which they
are, and their errors, shape (set, budget, draw), in memory that is used again for the next."""


def errors_of(
    law: str,
    parameters: Mapping[str, Array],
    taken: Array,
    reference: Array,
    budgets: Array,
    draws: int,
) -> Errors | None:
    """What computes errors of training sets of whole pools under every draw.

    Parameters
    ----------
    law, parameters, taken, reference, budgets
        As in `qqt_bayes.laws.subset_curves.WholePools`.
    draws : int

    Returns
    -------
    callable, or None
        None for a law that is not compiled, and where parameters are beyond what the compiled code
        is right for.
    """
    if law not in REUSE + OTHERS:
        return None
    given = {"tau": np.full((1, 1), np.inf), "size_exponent": np.ones((1, 1)), **parameters}
    if not np.isfinite(
        np.concatenate([x.ravel() for n, x in given.items() if n not in MAY_BE_INFINITE])
    ).all():
        return None
    every = {
        name: np.array(np.broadcast_to(x.T, (x.shape[1], draws)), order="C")
        for name, x in given.items()
    }
    pools = Pools(taken, reference, np.sort(budgets) / UNIT, np.argsort(budgets, kind="stable"))
    return _of_reuse(every, pools) if law in REUSE else _of_exponential(law, every, pools)


class Pools(NamedTuple):
    """Sizes of the pools, samples; budgets sorted, in units of 100,000, and where each stood."""

    taken: Array
    reference: Array
    seen: Array
    row: NDArray[np.intp]

    def sets(self, members: NDArray[np.bool_]) -> tables.Sets:
        """Training sets as tables."""
        taken = members * self.taken
        total = taken.sum(axis=1)
        which, pool = (np.ascontiguousarray(x) for x in np.nonzero(members))
        start = np.append(0, members.sum(axis=1).cumsum())
        ratio = np.log(total[which] / self.reference[pool])
        return tables.Sets(start, pool, taken[which, pool] / total[which], ratio, total / UNIT)

    def steps(self, unique: Array) -> tables.Steps:
        """The sums over epochs of training sets of these sizes."""
        epochs = collapse(UNIT * self.seen, UNIT * unique[:, None])
        complete = epochs.complete
        block = np.frexp(np.maximum(complete, EXACT))[1] - EXACT.bit_length()
        within = complete < EXACT
        first = np.where(within, complete, EXACT + POINTS * block).astype(np.int64)
        own = np.where(within, 1, POINTS)
        nodes = epochs.node.size
        at = np.minimum(first[..., None] + np.arange(POINTS), nodes - 1)
        count, last = (np.take_along_axis(x, at, axis=-1) for x in (epochs.count, epochs.last))
        # a number of epochs with which the blocks of all nodes are complete
        whole = collapse(2.0 ** np.ceil(np.log2(complete.max() + EXACT)), 1.0).count[:nodes]
        most = (first + own).max(axis=1)
        return tables.Steps(
            self.seen, self.row, epochs.node, whole, most, complete, first, own, count, last
        )

    def by_blocks(
        self, call: Callable[[tables.Sets], Callable[[int, Array], None]], draws: int
    ) -> Errors:
        """What hands out errors a block at a time, by a function made for some training sets."""

        def errors(members: NDArray[np.bool_], at_a_time: int) -> Iterator[tuple[slice, Array]]:
            out = np.empty((min(at_a_time, len(members)), self.seen.size, draws))
            many = at_a_time * max(1, SETS_AT_A_TIME // at_a_time)
            for start in range(0, len(members), many):
                some = members[start : start + many]
                fill = call(self.sets(some))
                for first in range(0, len(some), at_a_time):
                    block = out[: min(at_a_time, len(some) - first)]
                    fill(first, block)
                    yield slice(start + first, start + first + len(block)), block

        return errors


def _of_exponential(law: str, given: Mapping[str, Array], pools: Pools) -> Errors | None:
    """For laws whose error is an exponential of means."""
    if (given["a"] <= 0).any() or len(given["size_exponent"]) != 1:
        return None

    def of_pools(x: Array) -> Array:
        return np.array(np.broadcast_to(x, (pools.taken.size, x.shape[1])), order="C")

    a, b, g = given["a"], given["b"], given["size_exponent"][0]
    kappa = given["kappa"] if law == "utility-overfit" else np.zeros_like(g)
    slope = {"utility-overfit": -b * kappa, "utility-released": b, "power-law": b}
    decays = law in ("effective-data", "data-constrained")
    values = tables.Values(
        of_pools(math.log(2) / given["tau"]),
        a,
        np.log1p(a[:, None] * pools.seen[:, None]) if law == "utility-bounded" else a[:1, None],
        of_pools(b * (1 + kappa)),
        of_pools(0 * b if law == "utility-bounded" else b * np.log(a)),
        of_pools(slope.get(law, 0 * b)),
        of_pools(given["d"]),
        g,
        LEAST_DECAY if decays else 0.0,
        LEAST_SHARE,
    )
    together = len(a) == 1
    if law == "data-constrained":
        together = len(given["tau"]) == 1 and not (g.any() and np.ptp(pools.reference))
    name = FUNCTIONS.get(law, "utility_errors")
    function = compiled(name)  # here, before there are threads, which would make it twice
    kinds = {
        "utility_errors": (law == "utility-released", law != "power-law"),
        "bounded_errors": (together,),
        "effective_errors": (),
        "constrained_errors": (together,),
    }

    def call(sets: tables.Sets) -> Callable[[int, Array], None]:
        steps = pools.steps(sets.unique)
        return partial(function, *kinds[name], sets, steps, values)

    return pools.by_blocks(call, g.size)


def _of_reuse(given: Mapping[str, Array], pools: Pools) -> Errors | None:
    """For the law of effective reuse, with or without errors that rise again."""
    shared = {name: x[0] for name, x in given.items() if len(x) == 1}
    names = ("R", "zeta", "g", "k", "rho", "z2", "alpha", "A", "d")
    if any(name not in shared for name in (*names, "reference", "typical_size", "chance_error")):
        return None
    one = shared
    quality = np.exp(given["Q"])
    stood = quality * one["R"] * np.exp(one["zeta"] * given["Q"] + given["r"])
    log_n = np.log(pools.seen)
    farthest = max(log_n.max() - np.log(pools.taken.min() / UNIT), np.ptp(log_n))
    if one["k"].max() * farthest > MAX_POWER:
        return None
    highest = np.minimum(one["chance_error"], LARGEST)
    odds = np.minimum(np.log((highest - one["d"]) / one["A"]) / one["alpha"], MAX_LOG_ODDS)
    middle = float(log_n.mean())
    count, draws = pools.taken.size, quality.shape[1]
    values = reuse.Reuse(
        np.array(np.broadcast_to(quality, (count, draws)), order="C"),
        np.array(np.broadcast_to(stood, (count, draws)), order="C"),
        one["g"],
        one["k"],
        one["rho"],
        one["z2"],
        one["alpha"],
        one["A"],
        one["d"],
        np.log(one["typical_size"] / UNIT),
        np.log(one["reference"] / UNIT),
        np.log(one.get("memory", np.ones_like(odds))),
        one.get("omega", np.zeros_like(odds)),
        "omega" in one,
        odds,
        np.log(np.expm1(odds)),
        middle,
        np.exp(one["k"] * (log_n[:, None] - middle)),
        MAX_RHO,
    )

    function = compiled("reuse_errors")

    def call(sets: tables.Sets) -> Callable[[int, Array], None]:
        return partial(function, sets, pools.seen, pools.row, values)

    return pools.by_blocks(call, draws)
