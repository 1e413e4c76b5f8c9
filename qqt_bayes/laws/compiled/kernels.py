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

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.laws.compiled.elementary import exp, expm1, kernel, log
from qqt_bayes.laws.epochs import EXACT, POINTS

Reals = NDArray[np.float64]
Integers = NDArray[np.int64]
WIDTH = 256
"""Draws at a time."""


class Sets(NamedTuple):
    """Which pools each training set takes.

    Attributes
    ----------
    start : array, shape (set + 1,)
        Where the entries of each set begin.
    pool : array, shape (entry,)
    share : array, shape (entry,)
        ``w_i``.
    log_ratio : array, shape (entry,)
        ``log(U / N_i)``.
    unique : array, shape (set,)
        ``U``, in units of 100,000.
    """

    start: Integers
    pool: Integers
    share: Reals
    log_ratio: Reals
    unique: Reals


class Steps(NamedTuple):
    """The budgets, from the least to the largest, and their sums over epochs.

    Attributes
    ----------
    seen : array, shape (budget,)
        ``n``, in units of 100,000.
    row : array, shape (budget,)
        Where the errors of each go.
    node : array, shape (node,)
        ``x_j``.
    whole : array, shape (node,)
        How many epochs each node stands for once all those of its block are complete.
    nodes : array, shape (set,)
        How many nodes the largest budget needs.
    complete : array, shape (set, budget)
        ``K``.
    first, own : array, shape (set, budget)
        The first of the nodes of the block in which the budget ends, and how many these are.
    count, last : array, shape (set, budget, POINTS)
        `count` and `last` of `qqt_bayes.laws.epochs.Epochs` at these.
    """

    seen: Reals
    row: Integers
    node: Reals
    whole: Reals
    nodes: Integers
    complete: Reals
    first: Integers
    own: Integers
    count: Reals
    last: Reals


class Values(NamedTuple):
    """Draws of what the law takes means of, shape (pool, draw), and of the size exponent.

    Attributes
    ----------
    rate : array, shape (pool, draw)
        ``log(2) / tau``.
    scale : array, shape (pool or 1, draw)
        ``a``.
    known : array, shape (pool or 1, budget, draw)
        ``log(1 + a n)``, where the law takes it.
    weight, offset, slope, floor : array, shape (pool, draw)
        ``v`` and the terms of E; ``d``.
    exponent : array, shape (draw,)
        ``g``.
    least_rate : float
        The least rate of decay.
    least_share : float
        What is left of a sample at the least.
    """

    rate: Reals
    scale: Reals
    known: Reals
    weight: Reals
    offset: Reals
    slope: Reals
    floor: Reals
    exponent: Reals
    least_rate: float
    least_share: float


@kernel
def add(to, share, values):
    """Add a multiple of one row to another."""
    for d in range(to.size):
        to[d] += share * values[d]


@kernel
def set_rate(rate, values, pool, log_ratio, begin):
    """The rates of decay of a pool inside a set."""
    alone = values.rate[pool, begin : begin + rate.size]
    exponent = values.exponent[begin : begin + rate.size]
    least = values.least_rate
    for d in range(rate.size):
        rate[d] = max(alone[d] * exp(-exponent[d] * log_ratio), least)


@kernel
def add_left(rate, scale, node, nodes, left, work):
    """Add ``scale e^(-c x_j)`` to row j of `left`, for the first nodes.

    Exponentials are taken of the first block only: the positions of each later one are twice those
    of the block before.
    """
    width = rate.size
    each, now = work[POINTS], work[POINTS + 1]
    for d in range(width):
        each[d] = exp(-rate[d])
        now[d] = scale[d]
    for j in range(min(EXACT, nodes)):
        row = left[j]
        for d in range(width):
            row[d] += now[d]
            now[d] *= each[d]
    if nodes <= EXACT:
        return
    for q in range(POINTS):
        row, use, x = left[EXACT + q], work[q], node[EXACT + q]
        for d in range(width):
            use[d] = exp(-rate[d] * x)
            row[d] += scale[d] * use[d]
    for j in range(EXACT + POINTS, nodes):
        row, use = left[j], work[(j - EXACT) % POINTS]
        for d in range(width):
            use[d] *= use[d]
            row[d] += scale[d] * use[d]


@kernel
def add_before(rate, scale, node, nodes, before, work):
    """Add ``scale (1 - e^(-c x_j)) / (1 - e^(-c))`` to row j of `before`, beyond the first epochs."""
    width = rate.size
    share = work[POINTS]
    for d in range(width):
        share[d] = scale / expm1(-rate[d])
    for q in range(POINTS):
        row, gone, x = before[EXACT + q], work[q], node[EXACT + q]
        for d in range(width):
            gone[d] = expm1(-rate[d] * x)
            row[d] += share[d] * gone[d]
    for j in range(EXACT + POINTS, nodes):
        row, gone = before[j], work[(j - EXACT) % POINTS]
        for d in range(width):
            gone[d] *= 2.0 + gone[d]
            row[d] += share[d] * gone[d]


@kernel
def add_shared_growth(sets, steps, s, left, skipped, exponent):
    """Add the sum over epochs to the exponents of each budget, where log n grows alike for all.

    The first `skipped` nodes are left out.
    """
    width = exponent.shape[1]
    total = np.zeros(width)
    size, node = sets.unique[s], steps.node
    done = skipped
    for b in range(steps.seen.size):
        first, k = steps.first[s, b], steps.complete[s, b]
        while done < first:
            grown = np.log(size) if done == 0 else steps.whole[done] * np.log1p(1 / node[done])
            row = left[done]
            for d in range(width):
                total[d] += grown * row[d]
            done += 1
        to = exponent[b]
        for d in range(width):
            to[d] += total[d]
        n = steps.seen[b]
        rest = np.log(n) if k == 0 else np.log(n / (size * k))
        for q in range(steps.own[s, b]):
            j = first + q
            if j < skipped:
                continue
            grown = steps.last[s, b, q] * rest
            if steps.count[s, b, q] != 0:
                grown += steps.count[s, b, q] * np.log1p(1 / node[j])
            row = left[j]
            for d in range(width):
                to[d] += grown * row[d]


@kernel
def add_own_growth(steps, s, left, grown, rest, exponent):
    """The same where each draw has its own growth: `grown` at the nodes, and in the last epoch.

    `grown` is multiplied by `left`.
    """
    width = exponent.shape[1]
    total, used = np.zeros(width), np.zeros(width)
    for j in range(steps.nodes[s]):
        row, gain = left[j], grown[j]
        for d in range(width):
            gain[d] *= row[d]
    done = 0
    for b in range(steps.seen.size):
        first = steps.first[s, b]
        while done < first:
            add(total, steps.whole[done], grown[done])
            done += 1
        to, last = exponent[b], rest[b]
        if steps.own[s, b] == 1:  # the last epoch has a node to itself
            row = left[first]
            for d in range(width):
                to[d] += total[d] + row[d] * last[d]
            continue
        used[:] = 0.0
        for q in range(POINTS):
            row, gain = left[first + q], grown[first + q]
            count, part = steps.count[s, b, q], steps.last[s, b, q]
            for d in range(width):
                to[d] += count * gain[d]
                used[d] += part * row[d]
        for d in range(width):
            to[d] += total[d] + used[d] * last[d]


@kernel
def bounded_growth(sets, steps, s, values, pool, begin, grown, rest):
    """Growth of ``log(1 + a n)`` in an epoch at each node, and in the last one of each budget.

    Parameters
    ----------
    pool : int
        Row of a.
    """
    width, size = rest.shape[1], sets.unique[s]
    scale = values.scale[pool, begin : begin + width]
    reached = np.zeros((EXACT + 1, width))  # log(1 + a U k)
    for k in range(1, min(steps.nodes[s], EXACT) + 1):
        row, gain, before, seen = reached[k], grown[k - 1], reached[k - 1], size * k
        for d in range(width):
            row[d] = log(1.0 + scale[d] * seen)
            gain[d] = row[d] - before[d]
    for j in range(EXACT, steps.nodes[s]):
        row, before, after = grown[j], size * steps.node[j], size * (steps.node[j] + 1.0)
        for d in range(width):
            row[d] = log((1.0 + scale[d] * after) / (1.0 + scale[d] * before))
    for b in range(steps.seen.size):
        row, k = rest[b], steps.complete[s, b]
        of_all = values.known[pool, b, begin : begin + width]
        if k <= EXACT:
            before_last = reached[int(k)]
            for d in range(width):
                row[d] = of_all[d] - before_last[d]
        else:
            whole = size * k
            for d in range(width):
                row[d] = of_all[d] - log(1.0 + scale[d] * whole)


@kernel
def at_budget(steps, s, b, rows, to):
    """The values of `rows` at the number of complete epochs, from the nodes of its block."""
    first = steps.first[s, b]
    to[:] = 0.0
    for q in range(steps.own[s, b]):
        row, part = rows[first + q], steps.last[s, b, q]
        for d in range(to.size):
            to[d] += part * row[d]


@kernel
def effective_growth(sets, steps, s, mean, before, left, least_share, grown, rest):
    """Growth of effective samples in `grown` and `rest`; `left` becomes a mean over samples left.

    Parameters
    ----------
    mean, before : array, shape (node, draw)
        ``mean(2^(-k/tau))`` and ``N_k / U``, of which the first epochs are still to be added up.
    left : array, shape (node, draw)
        ``mean(b 2^(-k/tau))``; then ``beta_k`` of `qqt_bayes.laws.law.effective_data`.
    """
    nodes, width, size = steps.nodes[s], left.shape[1], sets.unique[s]
    for j in range(1, min(nodes, EXACT)):
        for d in range(width):
            before[j, d] = before[j - 1, d] + mean[j - 1, d]
    grown[0, :] = np.log(size)
    for j in range(1, nodes):
        gain, row, of_mean, of_before = grown[j], left[j], mean[j], before[j]
        for d in range(width):
            gain[d] = log(1.0 + of_mean[d] / of_before[d])
            row[d] /= max(of_mean[d], least_share)
    now, then = np.empty(width), np.empty(width)
    for b in range(steps.seen.size):
        k, n = steps.complete[s, b], steps.seen[b]
        if k == 0:
            rest[b, :] = np.log(n)
            continue
        part, row = n / size - k, rest[b]
        at_budget(steps, s, b, mean, now)
        at_budget(steps, s, b, before, then)
        for d in range(width):
            row[d] = log(1.0 + part * now[d] / then[d])


@kernel
def constrained_samples(steps, size, rate, weight, exponent):
    """Add ``weight log D'`` to the exponents, see `qqt_bayes.laws.law.data_constrained`."""
    for b in range(steps.seen.size):
        n, row = steps.seen[b], exponent[b]
        fresh = min(n, size)
        repetitions = n / size - fresh / size
        for d in range(rate.size):
            row[d] += weight[d] * log(fresh - size * expm1(-rate[d] * repetitions) / rate[d])


@kernel
def means(sets, values, s, begin, offset, slope, floor):
    """The means over the pools of a set that no sum over epochs needs."""
    offset[:], slope[:], floor[:] = 0.0, 0.0, 0.0
    for e in range(sets.start[s], sets.start[s + 1]):
        share, pool, stop = sets.share[e], sets.pool[e], begin + floor.size
        add(offset, share, values.offset[pool, begin:stop])
        add(slope, share, values.slope[pool, begin:stop])
        add(floor, share, values.floor[pool, begin:stop])


@kernel
def add_pool(sets, steps, values, s, e, begin, left, rate, scale, work):
    """Add ``w b 2^(-x_j / tau)`` of an entry to row j of `left`."""
    set_rate(rate, values, sets.pool[e], sets.log_ratio[e], begin)
    weight, share = values.weight[sets.pool[e], begin : begin + rate.size], sets.share[e]
    for d in range(rate.size):
        scale[d] = share * weight[d]
    add_left(rate, scale, steps.node, steps.nodes[s], left, work)


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
        exponent[:, :], left[:, :] = 0.0, 0.0
        last = sets.start[s + 1] - 1
        for e in range(sets.start[s], last + 1):
            add_pool(sets, steps, values, s, e, begin, left, rate, scale, work)
            if e == last or not together:
                of_a = 0 if together else sets.pool[e]
                bounded_growth(sets, steps, s, values, of_a, begin, grown, rest)
                add_own_growth(steps, s, left, grown, rest, exponent)
                left[:, :] = 0.0
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
        exponent[:, :], left[:, :], mean[:, :], before[:, :] = 0.0, 0.0, 0.0, 0.0
        nodes = steps.nodes[s]
        for e in range(sets.start[s], sets.start[s + 1]):
            add_pool(sets, steps, values, s, e, begin, left, rate, scale, work)
            scale[:] = sets.share[e]
            add_left(rate, scale, steps.node, nodes, mean, work)
            if nodes > EXACT:
                add_before(rate, sets.share[e], steps.node, nodes, before, work)
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
