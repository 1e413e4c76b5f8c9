"""A law from user code in the compiled log density.

The user's function gives, for the mean parameters of one training set, its error and the derivative
by each of them.  It is compiled apart (`qqt_bayes.sampling.kernel.own_layout`) and called by its
address, so that this density needs no compilation of its own.
"""

from __future__ import annotations

import math

from qqt_bayes.sampling.kernel.memory import call, kernel, part


@kernel
def half_life_factor(own, value, e):
    """``(U / N)^g`` of an entry, by which a half-life is longer than that of the pool alone."""
    exponent, log_ratio = own.exponent, own.log_ratio
    return math.exp(value[exponent[0]] * log_ratio[e])


@kernel
def own_errors(curves, own, places, value, work):
    """The errors of the curves, and their derivatives by the mean parameters."""
    slot, start, share = own.slot, curves.entry_start, curves.share
    seen, unique = curves.seen, curves.unique
    error, mean = part(work, places.error), part(work, places.mean)
    for c in range(curves.curves):
        for p in range(own.parameters):
            mean[p] = 0.0
            for e in range(start[c], start[c + 1]):
                factor = half_life_factor(own, value, e) if p == own.half_life else 1.0
                mean[p] += share[e] * value[slot[p * curves.entries + e]] * factor
        by = part(work, places.by + c * own.parameters)
        error[c] = call(own.function, seen[c], unique[c], mean, by)


@kernel
def pull_own(curves, own, places, value, adjoint, work):
    """From the adjoints of the errors to those of the parameters."""
    slot, start, share = own.slot, curves.entry_start, curves.share
    exponent, log_ratio = own.exponent, own.log_ratio
    by_error, by = part(work, places.error_adjoint), part(work, places.by)
    for c in range(curves.curves):
        for p in range(own.parameters):
            by_mean = by_error[c] * by[c * own.parameters + p]
            for e in range(start[c], start[c + 1]):
                at = slot[p * curves.entries + e]
                factor = share[e]
                if p == own.half_life:
                    factor *= half_life_factor(own, value, e)
                    adjoint[exponent[0]] += by_mean * value[at] * factor * log_ratio[e]
                adjoint[at] += by_mean * factor
