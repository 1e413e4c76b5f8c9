r"""Training sets drawn with replacement in the compiled log density; see `qqt_bayes.laws.sights`.

For laws that are a sum of ``2^(-k/tau)`` over sights only the counts of the nodes are others.  Here
is what is left: the worth of sights under `data-constrained`, and two laws whose nodes are those of
an integral over the draws, with ``e^(-s x)``, ``s = 1 - e^-c``, for what is left of a sample's use:

- `utility-bounded`, ``integral e^(-s x) a U / (1 + a U x) dx``;
- `effective-data`, ``integral e^(-s x) / mean((1 - e^(-s x)) / s) dx``.

Each function that has the same name without replacement hands on to that.
"""

from __future__ import annotations

import math

from qqt_bayes.sampling.kernel.effective import (
    constrained_samples,
    curvature,
    effective_growth,
    pull_effective_growth,
)
from qqt_bayes.sampling.kernel.memory import kernel, part


@kernel
def bounded_growth_drawn(curves, places, value, work):
    """``log(1 + a n)`` by the nodes of an integral over the draws, and its derivative by a."""
    curve, slot, start = curves.grown_curve, curves.grown_a, curves.grown_start
    unique, first, node, weight = curves.unique, curves.node_start, curves.node, curves.counts
    growth, by_a = part(work, places.growth), part(work, places.growth_by_a)
    for i in range(curves.growths):
        r, scale = curve[i], unique[curve[i]]
        a, to = value[slot[i]], start[i]
        fresh = weight[first[r]] * scale  # so few that none is seen again
        growth[to], by_a[to] = math.log1p(a * fresh), fresh / (1 + a * fresh)
        for j in range(1, start[i + 1] - to):
            slope = scale / (1 + a * scale * node[j])
            growth[to + j] = weight[first[r] + j] * a * slope
            by_a[to + j] = weight[first[r] + j] * slope * slope / scale


@kernel
def constrained_worth(curves, r, c):
    """``D'`` of a curve of the law `data-constrained`, and its derivative by the rate c."""
    seen, unique = curves.seen, curves.unique
    if not curves.drawn:
        return constrained_samples(seen[r], unique[r], c)
    first, node, count = curves.node_start[r], curves.node, curves.counts
    again, moment = 0.0, 0.0
    for j in range(1, curves.node_start[r + 1] - first):
        left = count[first + j] * math.exp(-c * (node[j] - 1))
        again += left
        moment += left * (node[j] - 1)
    second = -math.expm1(-c) / c  # what the second sight adds to the first
    samples = unique[r] * (count[first] + second * again)
    return samples, unique[r] * (curvature(c) * again - second * moment)


@kernel
def first_samples(curves, r):
    """Samples of a curve that are all fresh, by whose logarithm the law `effective-data` begins."""
    seen, unique, counts, first = curves.seen, curves.unique, curves.counts, curves.node_start
    return unique[r] * counts[first[r]] if curves.drawn else min(seen[r], unique[r])


@kernel
def seen_before_draw(speed, x):
    """``(1 - e^(-s x)) / s``, and its derivative by s."""
    return -math.expm1(-speed * x) / speed, x * x * curvature(speed * x)


@kernel
def mean_before_draw(curves, places, r, x, work):
    """The mean of `seen_before_draw` over the pools of a curve."""
    entry_start, share, rate_of = curves.entry_start, curves.share, curves.rate
    rate, before = part(work, places.rate), 0.0
    for e in range(entry_start[r], entry_start[r + 1]):
        before += share[e] * seen_before_draw(-math.expm1(-rate[rate_of[e]]), x)[0]
    return before


@kernel
def effective_worth(curves, places, work):
    """What entries of the law `effective-data` grow by after their first samples, into `worth`."""
    if not curves.drawn:
        effective_growth(curves, places, work)
        return
    entry_start, node_start, rate_start = curves.entry_start, curves.node_start, curves.rate_start
    node, counts, rate_of = curves.node, curves.counts, curves.rate
    worth, by_rate = part(work, places.worth), part(work, places.worth_by_rate)
    left = part(work, places.left)
    for r in range(curves.curves):
        first = node_start[r]
        for e in range(entry_start[r], entry_start[r + 1]):
            worth[e], by_rate[e] = 0.0, 0.0
        for j in range(1, node_start[r + 1] - first):
            growth = counts[first + j] / mean_before_draw(curves, places, r, node[j], work)
            for e in range(entry_start[r], entry_start[r + 1]):
                worth[e] += growth * left[rate_start[rate_of[e]] + j]


@kernel
def pull_effective_worth(curves, places, work):
    """The way back of `effective_worth`, to the adjoints of rates; with replacement of ``s``."""
    if not curves.drawn:
        pull_effective_growth(curves, places, work)
        return
    entry_start, node_start, rate_start = curves.entry_start, curves.node_start, curves.rate_start
    node, counts, rate_of, share = curves.node, curves.counts, curves.rate, curves.share
    by_worth, left = part(work, places.worth_adjoint), part(work, places.left)
    rate, adjoint = part(work, places.rate), part(work, places.rate_adjoint)
    for r in range(curves.curves):
        first = node_start[r]
        for j in range(1, node_start[r + 1] - first):
            before = mean_before_draw(curves, places, r, node[j], work)
            growth, by_growth = counts[first + j] / before, 0.0
            for e in range(entry_start[r], entry_start[r + 1]):
                by_left = by_worth[e] * left[rate_start[rate_of[e]] + j]
                by_growth += by_left
                adjoint[rate_of[e]] -= by_left * growth * node[j]
            for e in range(entry_start[r], entry_start[r + 1]):
                by_speed = seen_before_draw(-math.expm1(-rate[rate_of[e]]), node[j])[1]
                adjoint[rate_of[e]] -= share[e] * by_growth * growth / before * by_speed
