r"""Effective samples in the compiled log density: the laws `effective-data` and `data-constrained`.

The mathematics is that of `qqt_bayes.laws.law`.  In the first the growth per epoch is that of a
mixture: with the rates of decay c of its pools,

``m(k) = mean(e^(-c k))`` and ``N(k) = U mean(R(c, k))``, ``R = (1 - e^(-c k)) / (1 - e^(-c))``,

it is ``log(1 + U m(k) / N(k)) / m(k)`` in epoch k, and each pool has ``e^(-c k)`` times as much.
"""

from __future__ import annotations

import math

from qqt_bayes.laws.law import LEAST_SHARE
from qqt_bayes.sampling.kernel.memory import kernel, part

SMALL = 1e-3
"""Below it ``(x e^-x + e^-x - 1) / x^2`` is taken from its series: the difference would lose half$
the digits, the series is right to 1e-13."""


@kernel
def curvature(x):
    """``(x e^-x + e^-x - 1) / x^2``, the derivative of ``(1 - e^-x) / x``."""
    if x < SMALL:
        return -1 / 2 + x * (1 / 3 - x * (1 / 8 - x / 30))
    return (x * math.exp(-x) + math.expm1(-x)) / (x * x)


@kernel
def constrained_samples(seen, unique, c):
    """``D'`` of the law `data-constrained`, and its derivative by the rate of decay c."""
    fresh = min(seen, unique)
    repetitions = (seen - fresh) / unique
    x = c * repetitions
    gained = math.expm1(-x)
    return fresh - unique * gained / c, unique * repetitions * repetitions * curvature(x)


@kernel
def seen_before(c, k):
    """``R(c, k)``, and its derivative by c."""
    one, ratio = math.expm1(-c), math.expm1(-c * k) / math.expm1(-c)
    return ratio, (ratio * math.exp(-c) - k * math.exp(-c * k)) / one


@kernel
def mixed(curves, places, r, k, work):
    """``m(k)`` and ``N(k)`` of a curve."""
    entry_start, share = curves.entry_start, curves.share
    rate, rate_of = part(work, places.rate), curves.rate
    left, before = 0.0, 0.0
    for e in range(entry_start[r], entry_start[r + 1]):
        c = rate[rate_of[e]]
        left += share[e] * math.exp(-c * k)
        before += share[e] * seen_before(c, k)[0]
    return left, before * curves.unique[r]


@kernel
def pull_mixed(curves, places, r, k, by_left, by_before, work):
    """The way back of `mixed`: to the adjoints of the rates."""
    entry_start, share = curves.entry_start, curves.share
    rate, rate_of = part(work, places.rate), curves.rate
    adjoint, unique = part(work, places.rate_adjoint), curves.unique[r]
    for e in range(entry_start[r], entry_start[r + 1]):
        c = rate[rate_of[e]]
        by_c = by_before * unique * seen_before(c, k)[1] - by_left * k * math.exp(-c * k)
        adjoint[rate_of[e]] += share[e] * by_c


@kernel
def effective_growth(curves, places, work):
    """What each entry grows by after the first epoch, into `worth`."""
    entry_start, node_start = curves.entry_start, curves.node_start
    rate_start, rate_of = curves.rate_start, curves.rate
    node, counts, lasts = curves.node, curves.counts, curves.lasts
    seen, unique, complete = curves.seen, curves.unique, curves.complete
    worth, by_rate, left = (
        part(work, places.worth),
        part(work, places.worth_by_rate),
        part(work, places.left),
    )
    for r in range(curves.curves):
        epochs = max(complete[r], 1.0)
        share, before = mixed(curves, places, r, epochs, work)
        rest = math.log1p((seen[r] - unique[r] * epochs) * share / before)
        for e in range(entry_start[r], entry_start[r + 1]):
            worth[e], by_rate[e] = 0.0, 0.0
        first = node_start[r]
        for j in range(1, node_start[r + 1] - first):
            share, before = mixed(curves, places, r, node[j], work)
            whole = math.log1p(unique[r] * share / before)
            growth = counts[first + j] * whole + lasts[first + j] * rest
            for e in range(entry_start[r], entry_start[r + 1]):
                use = left[rate_start[rate_of[e]] + j]
                worth[e] += use * growth / max(share, LEAST_SHARE)


@kernel
def pull_effective_growth(curves, places, work):
    """The way back of `effective_growth`: from the adjoints of `worth` to those of the rates."""
    entry_start, node_start = curves.entry_start, curves.node_start
    rate_start, rate_of = curves.rate_start, curves.rate
    node, counts, lasts = curves.node, curves.counts, curves.lasts
    seen, unique, complete = curves.seen, curves.unique, curves.complete
    by_worth, rate_adjoint, left = (
        part(work, places.worth_adjoint),
        part(work, places.rate_adjoint),
        part(work, places.left),
    )
    for r in range(curves.curves):
        epochs = max(complete[r], 1.0)
        last_share, last_before = mixed(curves, places, r, epochs, work)
        last_size = seen[r] - unique[r] * epochs
        last_ratio = last_size * last_share / last_before
        rest, by_rest = math.log1p(last_ratio), 0.0
        first = node_start[r]
        for j in range(1, node_start[r + 1] - first):
            share, before = mixed(curves, places, r, node[j], work)
            used, ratio = max(share, LEAST_SHARE), unique[r] * share / before
            count, last = counts[first + j], lasts[first + j]
            growth = (count * math.log1p(ratio) + last * rest) / used
            by_growth = 0.0
            for e in range(entry_start[r], entry_start[r + 1]):
                use = left[rate_start[rate_of[e]] + j]
                by_growth += by_worth[e] * use
                rate_adjoint[rate_of[e]] -= by_worth[e] * growth * node[j] * use
            by_ratio = by_growth * count / used / (1 + ratio)
            by_rest += by_growth * last / used
            by_share = by_ratio * unique[r] / before
            if share > LEAST_SHARE:
                by_share -= by_growth * growth / used
            pull_mixed(curves, places, r, node[j], by_share, -by_ratio * ratio / before, work)
        by_ratio = by_rest / (1 + last_ratio)
        by_share = by_ratio * last_size / last_before
        by_before = -by_ratio * last_ratio / last_before
        pull_mixed(curves, places, r, epochs, by_share, by_before, work)
