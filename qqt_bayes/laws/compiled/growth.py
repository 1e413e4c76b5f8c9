"""What samples grow by in the epochs of a training set, where each draw has its own growth."""

from __future__ import annotations

import numpy as np

from qqt_bayes.laws.compiled.elementary import expm1, kernel, log
from qqt_bayes.laws.compiled.sums import add
from qqt_bayes.laws.interpolation import EXACT


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
        now[:], then[:] = 0.0, 0.0
        for q in range(steps.own[s, b]):  # interpolated to the number of complete epochs
            add(now, steps.lasts[s, b, q], mean[steps.first[s, b] + q])
            add(then, steps.lasts[s, b, q], before[steps.first[s, b] + q])
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
