r"""Training sets drawn with replacement in the compiled log density; see `qqt_bayes.laws.sights`.

For laws that are a sum of ``2^(-k/tau)`` over sights only the counts of the nodes are others.  Here
is what is left: `utility-bounded`, whose growth depends on a and whose nodes are those of an
integral over the draws, ``integral e^(-x (1 - e^-c)) a U / (1 + a U x) dx``, and the worth of
sights under `data-constrained`.
"""

from __future__ import annotations

import math

from qqt_bayes.sampling.kernel.effective import constrained_samples, curvature
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
