"""Means over the pools of a training set, and sums over its epochs, of a row of draws."""

from __future__ import annotations

import numpy as np

from qqt_bayes.laws.compiled.elementary import exp, expm1, kernel
from qqt_bayes.laws.interpolation import EXACT, POINTS


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
def add_effective(rate, scale, share, node, nodes, left, mean, before, work):
    """Add what `add_left` adds, to `mean` the same with a share for scale, and to `before`.

    What was seen before, ``share (1 - e^(-c x)) / (1 - e^(-c))``, goes to the rows of `before` that
    are beyond the first epochs.
    """
    width = rate.size
    each, now = work[POINTS], work[POINTS + 1]
    for d in range(width):
        each[d] = exp(-rate[d])
        now[d] = 1.0
    for j in range(min(EXACT, nodes)):
        used, row = left[j], mean[j]
        for d in range(width):
            used[d] += scale[d] * now[d]
            row[d] += share * now[d]
            now[d] *= each[d]
    if nodes <= EXACT:
        return
    for d in range(width):
        each[d] = share / expm1(-rate[d])
    for q in range(POINTS):
        gone, x = work[q], node[EXACT + q]
        for d in range(width):
            gone[d] = expm1(-rate[d] * x)
    for j in range(EXACT, nodes):
        used, row, seen, gone = left[j], mean[j], before[j], work[(j - EXACT) % POINTS]
        for d in range(width):
            used[d] += scale[d] * (1.0 + gone[d])
            row[d] += share * (1.0 + gone[d])
            seen[d] += each[d] * gone[d]
            gone[d] *= 2.0 + gone[d]  # of the node at twice the position, in the next block


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
            grown = steps.lasts[s, b, q] * rest
            if steps.counts[s, b, q] != 0:
                grown += steps.counts[s, b, q] * np.log1p(1 / node[j])
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
            count, part = steps.counts[s, b, q], steps.lasts[s, b, q]
            for d in range(width):
                to[d] += count * gain[d]
                used[d] += part * row[d]
        for d in range(width):
            to[d] += total[d] + used[d] * last[d]
