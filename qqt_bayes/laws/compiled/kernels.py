r"""Errors of training sets of whole pools, one set after the other, a row of draws at a time.

Of most laws the error of a set with the pools i is a function of an exponent and the mean floor,

``E = mean(offset) + mean(slope) log n + sum_j V_j D_j``,  ``V_j = mean(v 2^(-x_j / tau))``,

whose sum over the nodes of `qqt_bayes.laws.epochs` costs little: the ``V_j`` serve all budgets, and
of two budgets the larger has all complete epochs of the smaller.  So the sum is carried on from
budget to budget (`Steps`: sorted), and each adds only its own nodes: one, or those of the block of
epochs in which it ends.

Arrays hold draws along their last axis; a chunk of `WIDTH` of them stays in the processor's cache.
"""

from __future__ import annotations

import numpy as np

from qqt_bayes.laws.compiled.elementary import exp, kernel
from qqt_bayes.laws.compiled.growth import bounded_growth, constrained_samples, effective_growth
from qqt_bayes.laws.compiled.sums import (
    add,
    add_effective,
    add_own_growth,
    add_pool,
    add_shared_growth,
    means,
    set_rate,
)
from qqt_bayes.laws.interpolation import POINTS

WIDTH = 128
"""Draws at a time."""


@kernel
def utility_errors(released, summed, sets, steps, values, begin, stop, sets_from, out):
    """Errors under laws in whose sum over epochs log n grows alike for all.

    Parameters
    ----------
    released, summed : bool
        Whether the first epoch has an exponential of its own; whether there is a sum over epochs.
    begin, stop : int
        The draws.
    sets_from : int
        The first of the training sets.
    out : array, shape (set, budget, draw)
    """
    width, budgets = stop - begin, steps.seen.size
    left, work = np.empty((steps.nodes.max(), width)), np.empty((POINTS + 2, width))
    exponent, rate, scale = np.empty((budgets, width)), np.empty(width), np.empty(width)
    offset, slope, floor = np.empty(width), np.empty(width), np.empty(width)
    for s in range(sets_from, sets_from + len(out)):
        means(sets, values, s, begin, offset, slope, floor)
        exponent[:, :] = 0.0
        if summed:
            left[: steps.nodes[s], :] = 0.0
            for e in range(sets.start[s], sets.start[s + 1]):
                add_pool(sets, steps, values, s, e, begin, left, rate, scale, work)
            add_shared_growth(sets, steps, s, left, int(released), exponent)
        for b in range(budgets):
            n, later, to = steps.seen[b], exponent[b], out[s - sets_from, steps.row[b], begin:stop]
            if released:
                log_first = np.log(min(n, sets.unique[s]))
                for d in range(width):
                    first = exp(-offset[d] - log_first * slope[d])
                    to[d] = (first + floor[d]) * exp(-later[d])
            else:
                log_n = np.log(n)
                for d in range(width):
                    to[d] = exp(-offset[d] - log_n * slope[d] - later[d]) + floor[d]


@kernel
def bounded_errors(together, sets, steps, values, begin, stop, sets_from, out):
    """Errors under the law `utility-bounded`; `together` if all pools share a."""
    width, budgets, most = stop - begin, steps.seen.size, steps.nodes.max()
    left, grown = np.empty((most, width)), np.empty((most, width))
    rest, exponent = np.empty((budgets, width)), np.empty((budgets, width))
    work, rate, scale = np.empty((POINTS + 2, width)), np.empty(width), np.empty(width)
    offset, slope, floor = np.empty(width), np.empty(width), np.empty(width)
    for s in range(sets_from, sets_from + len(out)):
        means(sets, values, s, begin, offset, slope, floor)
        exponent[:, :], left[: steps.nodes[s], :] = 0.0, 0.0
        last = sets.start[s + 1] - 1
        for e in range(sets.start[s], last + 1):
            add_pool(sets, steps, values, s, e, begin, left, rate, scale, work)
            if e == last or not together:
                of_a = 0 if together else sets.pool[e]
                bounded_growth(sets, steps, s, values, of_a, begin, grown, rest)
                add_own_growth(steps, s, left, grown, rest, exponent)
                left[: steps.nodes[s], :] = 0.0
        for b in range(budgets):
            row, to = exponent[b], out[s - sets_from, steps.row[b], begin:stop]
            for d in range(width):
                to[d] = (1.0 - floor[d]) * exp(-row[d]) + floor[d]


@kernel
def effective_errors(sets, steps, values, begin, stop, sets_from, out):
    """Errors under the law `effective-data`."""
    width, budgets, most = stop - begin, steps.seen.size, steps.nodes.max()
    left, grown = np.empty((most, width)), np.empty((most, width))
    mean, before = np.empty((most, width)), np.empty((most, width))
    rest, exponent = np.empty((budgets, width)), np.empty((budgets, width))
    work, rate, scale = np.empty((POINTS + 2, width)), np.empty(width), np.empty(width)
    offset, slope, floor = np.empty(width), np.empty(width), np.empty(width)
    for s in range(sets_from, sets_from + len(out)):
        means(sets, values, s, begin, offset, slope, floor)
        nodes = steps.nodes[s]
        exponent[:, :], left[:nodes, :] = 0.0, 0.0
        mean[:nodes, :], before[:nodes, :] = 0.0, 0.0
        for e in range(sets.start[s], sets.start[s + 1]):
            share, pool = sets.share[e], sets.pool[e]
            set_rate(rate, values, pool, sets.log_ratio[e], begin)
            scale[:] = 0.0
            add(scale, share, values.weight[pool, begin:stop])
            add_effective(rate, scale, share, steps.node, nodes, left, mean, before, work)
        effective_growth(sets, steps, s, mean, before, left, values.least_share, grown, rest)
        add_own_growth(steps, s, left, grown, rest, exponent)
        for b in range(budgets):
            row, to = exponent[b], out[s - sets_from, steps.row[b], begin:stop]
            for d in range(width):
                to[d] = exp(-offset[d] - row[d]) + floor[d]


@kernel
def constrained_errors(together, sets, steps, values, begin, stop, sets_from, out):
    """Errors under the law `data-constrained`; `together` if all pools share their half-life."""
    width, budgets = stop - begin, steps.seen.size
    exponent, rate, scale = np.empty((budgets, width)), np.empty(width), np.empty(width)
    offset, slope, floor = np.empty(width), np.empty(width), np.empty(width)
    for s in range(sets_from, sets_from + len(out)):
        means(sets, values, s, begin, offset, slope, floor)
        exponent[:, :], scale[:] = 0.0, 0.0
        last = sets.start[s + 1] - 1
        for e in range(sets.start[s], last + 1):
            add(scale, sets.share[e], values.weight[sets.pool[e], begin:stop])
            if e == last or not together:
                set_rate(rate, values, sets.pool[e], sets.log_ratio[e], begin)
                constrained_samples(steps, sets.unique[s], rate, scale, exponent)
                scale[:] = 0.0
        for b in range(budgets):
            row, to = exponent[b], out[s - sets_from, steps.row[b], begin:stop]
            for d in range(width):
                to[d] = exp(-offset[d] - row[d]) + floor[d]
