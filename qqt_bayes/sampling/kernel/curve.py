r"""The law in the compiled log density: the errors of the curves and their derivatives.

For every law of the registry the error of a training set is a function of its mean floor and of one
or two exponents,

``y = F(E, E', mean(d))`` with ``E = -mean(b L)`` and ``E' = -mean(b L')``,

whose ``L``, the worth of a pool's samples per unit of utility, depends on the scale a, the rate of
decay ``c = log(2) / (tau (U / N)^g)`` and kappa, but not on b.  So what a point costs, the sums
over epochs, is found once (`worth`), and serves every b that is tried (`errors`): those of two
Gauss-Newton steps, and the one of the point.  A law adds a branch to `worth` that says ``L`` and
its derivatives, with or without a sum over epochs, and one to `errors` where F is another.

Derivatives by a, c and kappa go along with the values; `pull_worth` multiplies them by the adjoint
of L, the derivative of the log density by it.
"""

from __future__ import annotations

import math

from qqt_bayes.laws.law import LEAST_DECAY
from qqt_bayes.model.priors import LOG_2
from qqt_bayes.sampling.kernel.drawn import (
    bounded_growth_drawn,
    constrained_worth,
    effective_worth,
    first_samples,
    pull_effective_worth,
)
from qqt_bayes.sampling.kernel.memory import kernel, part, summing

UTILITY, UTILITY_OVERFIT, UTILITY_RELEASED, UTILITY_BOUNDED = range(4)
EFFECTIVE_DATA, DATA_CONSTRAINED, POWER_LAW, EFFECTIVE_REUSE, OWN = range(4, 9)
CODES = {
    "utility": UTILITY,
    "utility-overfit": UTILITY_OVERFIT,
    "utility-released": UTILITY_RELEASED,
    "utility-bounded": UTILITY_BOUNDED,
    "effective-data": EFFECTIVE_DATA,
    "data-constrained": DATA_CONSTRAINED,
    "power-law": POWER_LAW,
    "effective-reuse": EFFECTIVE_REUSE,
    "effective-reuse-overfit": EFFECTIVE_REUSE,
    "effective-reuse-onset": EFFECTIVE_REUSE,
}
"""The registry of `qqt_bayes.laws.law`, by the codes of the compiled functions."""
SUMMED = ("utility", "utility-overfit", "utility-released", "utility-bounded", "effective-data")
"""The laws that are a sum over epochs."""
INTEGRATED = ("utility-bounded", "effective-data")
"""Those that are an integral over the draws where these are with replacement."""
TRIALS = 3
"""How often the curves are evaluated at a point: at two Gauss-Newton steps, and there."""


@kernel
def decay(curves, places, value, work):
    """The rates of decay, and what they leave of a sample's use at each node.

    ``e^(-c (x + y)) = e^(-c x) e^(-c y)``: an exponential is taken at the few nodes that are no sum
    of two others.  Each doubling of x doubles the relative error too: 1e-11 at a million epochs.
    """
    tau, exponent = curves.rate_tau, curves.rate_exponent
    log_ratio, start, node = (
        curves.rate_log_ratio,
        curves.rate_start,
        curves.node,
    )
    half, rest, law = curves.half, curves.rest, curves.law
    rate, adjoint, left = (
        part(work, places.rate),
        part(work, places.rate_adjoint),
        part(work, places.left),
    )
    in_draws = curves.drawn and law in (UTILITY_BOUNDED, EFFECTIVE_DATA)
    for i in range(curves.rates):
        c = LOG_2 / (value[tau[i]] * math.exp(value[exponent[i]] * log_ratio[i]))
        if law in (EFFECTIVE_DATA, DATA_CONSTRAINED):
            c = max(c, LEAST_DECAY)
        rate[i] = c
        adjoint[i] = 0.0
        use = part(left, start[i])
        speed = -math.expm1(-c) if in_draws else c
        for j in range(start[i + 1] - start[i]):
            use[j] = use[half[j]] * use[rest[j]] if half[j] >= 0 else math.exp(-speed * node[j])


@kernel
def mean_floor(curves, places, value, work):
    """The mean floor of each curve."""
    curve, share, d = curves.curve, curves.share, curves.d
    floor, adjoint = part(work, places.floor), part(work, places.floor_adjoint)
    for r in range(curves.curves):
        floor[r] = 0.0
        adjoint[r] = 0.0
    for e in range(curves.entries):
        floor[curve[e]] += share[e] * value[d[e]]


@kernel
def bounded_growth(curves, places, value, work):
    """Growth of ``log(1 + a n)`` in the epochs of each node, and its derivative by a."""
    if curves.drawn:
        bounded_growth_drawn(curves, places, value, work)
        return
    curve, slot, start = (
        curves.grown_curve,
        curves.grown_a,
        curves.grown_start,
    )
    seen, unique, complete = curves.seen, curves.unique, curves.complete
    first, node = curves.node_start, curves.node
    count, last = curves.counts, curves.lasts
    growth, by_a = part(work, places.growth), part(work, places.growth_by_a)
    for i in range(curves.growths):
        r, a = curve[i], value[slot[i]]
        n, size = seen[r], unique[r]
        whole = size * complete[r]
        rest = math.log((1 + a * n) / (1 + a * whole))
        rest_by_a = n / (1 + a * n) - whole / (1 + a * whole)
        for j in range(start[i + 1] - start[i]):
            at, to = first[r] + j, start[i] + j
            before = 1 + a * size * node[j]
            after = before + a * size
            # log1p would keep digits that a sum of as many as a million terms does not need: it
            # is off by 1e-16 a term, and takes three times as long
            growth[to] = count[at] * math.log(after / before) + last[at] * rest
            by_a[to] = count[at] * size / (before * after) + last[at] * rest_by_a


@kernel
def shared_epochs(curves, places, work):
    """The sums over the epochs that curves share, for each rate and up to each node."""
    start, node, growth = curves.rate_start, curves.node, curves.shared_growth
    left = part(work, places.left)
    shared, shared_moment = part(work, places.shared), part(work, places.shared_moment)
    for i in range(curves.rates):
        total, moment = 0.0, 0.0
        for j in range(start[i + 1] - start[i]):
            term = left[start[i] + j] * growth[j]
            total += term
            moment += node[j] * term
            shared[start[i] + j], shared_moment[start[i] + j] = total, moment


@summing
def sums_over_epochs(curves, places, growth, by_a, work):
    """``S = sum_j 2^(-x_j / tau) D_j`` of each entry, with its derivatives by the rate and by a.

    Parameters
    ----------
    growth : array
        ``D_j`` of each entry from its `growth_start` on.
    by_a : array
        Its derivative by a, where it depends on a; otherwise whatever.
    """
    curve, rate = curves.curve, curves.rate
    nodes, start = curves.node_start, curves.rate_start
    grown, node, left = curves.growth_start, curves.node, part(work, places.left)
    worth, worth_by_a, worth_by_rate = (
        part(work, places.worth),
        part(work, places.worth_by_a),
        part(work, places.worth_by_rate),
    )
    own_start = curves.own_start
    shared, shared_moment = part(work, places.shared), part(work, places.shared_moment)
    depends = curves.law == UTILITY_BOUNDED
    for e in range(curves.entries):
        count = nodes[curve[e] + 1] - nodes[curve[e]]
        here, use = part(growth, grown[e]), part(left, start[rate[e]])
        own, total, moment, slope = 0, 0.0, 0.0, 0.0
        if not depends:
            own = own_start[curve[e]]
            before = start[rate[e]] + own - 1
            total, moment = use[0] * here[0] + shared[before], shared_moment[before]
        for j in range(own, count):
            total += use[j] * here[j]
            moment += node[j] * use[j] * here[j]
        if depends:
            slopes = part(by_a, grown[e])
            for j in range(count):
                slope += use[j] * slopes[j]
        worth[e], worth_by_rate[e], worth_by_a[e] = total, -moment, slope


@kernel
def worth(curves, places, value, work):
    """``L`` and ``L'`` of each entry and their derivatives, as in `qqt_bayes.laws.law`."""
    law = curves.law
    decay(curves, places, value, work)
    mean_floor(curves, places, value, work)
    if law == UTILITY_BOUNDED:
        bounded_growth(curves, places, value, work)
        growth, by_a = part(work, places.growth), part(work, places.growth_by_a)
        sums_over_epochs(curves, places, growth, by_a, work)
    elif law in (UTILITY, UTILITY_OVERFIT, UTILITY_RELEASED):
        growth = curves.log_growth
        shared_epochs(curves, places, work)
        sums_over_epochs(curves, places, growth, growth, work)
    curve, seen, slot = curves.curve, curves.seen, curves.a
    worth, by_a = part(work, places.worth), part(work, places.worth_by_a)
    by_rate, by_kappa = part(work, places.worth_by_rate), part(work, places.worth_by_kappa)
    adjoint, later_adjoint = part(work, places.worth_adjoint), part(work, places.later_adjoint)
    kappa_slot = curves.kappa
    later, later_by_rate = part(work, places.later), part(work, places.later_by_rate)
    first, start = curves.log_growth, curves.growth_start
    rate, rate_of = part(work, places.rate), curves.rate
    if law == EFFECTIVE_DATA:
        effective_worth(curves, places, work)
    a, log_a, by_log_a = 1.0, 0.0, 1.0
    for e in range(curves.entries):
        adjoint[e] = 0.0
        if value[slot[e]] != a:  # one logarithm, where all have the same a
            a = value[slot[e]]
            log_a, by_log_a = math.log(a), 1 / a
        n = seen[curve[e]]
        if law == UTILITY:
            worth[e] += log_a
        elif law == UTILITY_OVERFIT:
            kappa, lasting = value[kappa_slot[e]], worth[e]
            worth[e] = log_a + (1 + kappa) * lasting - kappa * math.log(n)
            by_rate[e] *= 1 + kappa
            by_kappa[e] = lasting - math.log(n)
        elif law == UTILITY_RELEASED:
            later_adjoint[e] = 0.0
            later[e], later_by_rate[e] = worth[e] - first[start[e]], by_rate[e]
            worth[e], by_rate[e] = log_a + first[start[e]], 0.0
        elif law == EFFECTIVE_DATA:
            worth[e] += log_a + math.log(first_samples(curves, curve[e]))
        elif law == DATA_CONSTRAINED:
            samples, by_c = constrained_worth(curves, curve[e], rate[rate_of[e]])
            worth[e], by_rate[e] = log_a + math.log(samples), by_c / samples
        elif law == POWER_LAW:
            worth[e], by_rate[e] = log_a + math.log(n), 0.0
        if law != UTILITY_BOUNDED:
            by_a[e] = by_log_a


@kernel
def pull_worth(curves, places, value, adjoint, work):
    """From the adjoints of L, L' and the mean floors to those of a, kappa, d, tau and g."""
    a, kappa, d = curves.a, curves.kappa, curves.d
    curve, share, rate_of = curves.curve, curves.share, curves.rate
    by_worth, by_floor = part(work, places.worth_adjoint), part(work, places.floor_adjoint)
    by_a, by_kappa = part(work, places.worth_by_a), part(work, places.worth_by_kappa)
    by_rate = part(work, places.worth_by_rate)
    by_later, later_by_rate = part(work, places.later_adjoint), part(work, places.later_by_rate)
    if curves.law == EFFECTIVE_DATA:
        pull_effective_worth(curves, places, work)
    rate, rate_adjoint = part(work, places.rate), part(work, places.rate_adjoint)
    for e in range(curves.entries):
        adjoint[a[e]] += by_worth[e] * by_a[e]
        adjoint[d[e]] += share[e] * by_floor[curve[e]]
        rate_adjoint[rate_of[e]] += by_worth[e] * by_rate[e]
    if curves.law == UTILITY_OVERFIT:
        for e in range(curves.entries):
            adjoint[kappa[e]] += by_worth[e] * by_kappa[e]
    if curves.law == UTILITY_RELEASED:
        for e in range(curves.entries):
            rate_adjoint[rate_of[e]] += by_later[e] * later_by_rate[e]
    tau, exponent = curves.rate_tau, curves.rate_exponent
    log_ratio = curves.rate_log_ratio
    for i in range(curves.rates):
        if curves.drawn and curves.law in (UTILITY_BOUNDED, EFFECTIVE_DATA):
            rate_adjoint[i] *= math.exp(-rate[i])  # from 1 - e^-c to c
        by_log = -rate_adjoint[i] * rate[i]  # of the log half-life
        adjoint[tau[i]] += by_log / value[tau[i]]
        adjoint[exponent[i]] += by_log * log_ratio[i]


@kernel
def errors(curves, places, trial, work):
    """The errors of the curves under one of the b that are tried."""
    curve, share, utility = (
        curves.curve,
        curves.share,
        curves.utility,
    )
    first = trial * curves.curves
    b, worth = part(work, places.b + trial * curves.utilities), part(work, places.worth)
    exponent, floor = part(work, places.exponent), part(work, places.floor)
    later, later_exponent = part(work, places.later), part(work, places.later_exponent)
    error, by_exponent, by_later, by_floor = (
        part(work, places.error + first),
        part(work, places.by_exponent + first),
        part(work, places.by_later + first),
        part(work, places.by_floor + first),
    )
    law = curves.law
    for r in range(curves.curves):
        exponent[r] = 0.0
    for e in range(curves.entries):
        exponent[curve[e]] -= share[e] * b[utility[e]] * worth[e]
    if law == UTILITY_RELEASED:
        for r in range(curves.curves):
            later_exponent[r] = 0.0
        for e in range(curves.entries):
            later_exponent[curve[e]] -= share[e] * b[utility[e]] * later[e]
    for r in range(curves.curves):
        fallen = math.exp(exponent[r])
        if law == UTILITY_BOUNDED:
            error[r] = (1 - floor[r]) * fallen + floor[r]
            by_exponent[r], by_floor[r] = (1 - floor[r]) * fallen, 1 - fallen
        elif law == UTILITY_RELEASED:
            lasting = math.exp(later_exponent[r])
            error[r] = (fallen + floor[r]) * lasting
            by_exponent[r], by_later[r], by_floor[r] = fallen * lasting, error[r], lasting
        else:
            error[r] = fallen + floor[r]
            by_exponent[r], by_floor[r] = fallen, 1.0


@kernel
def pull_errors(curves, places, trial, work):
    """From the adjoints of the errors to those of the b that were tried, of L, L' and floors."""
    curve, share, utility = (
        curves.curve,
        curves.share,
        curves.utility,
    )
    first = trial * curves.curves
    by_error, floor_adjoint = part(work, places.error_adjoint), part(work, places.floor_adjoint)
    by_exponent, by_later, by_floor = (
        part(work, places.by_exponent + first),
        part(work, places.by_later + first),
        part(work, places.by_floor + first),
    )
    later, later_adjoint = part(work, places.later), part(work, places.later_adjoint)
    b, b_adjoint = (
        part(work, places.b + trial * curves.utilities),
        part(work, places.b_adjoint + trial * curves.utilities),
    )
    worth, worth_adjoint = part(work, places.worth), part(work, places.worth_adjoint)
    for i in range(curves.utilities):
        b_adjoint[i] = 0.0
    for r in range(curves.curves):
        floor_adjoint[r] += by_error[r] * by_floor[r]
    for e in range(curves.entries):
        by_mean = -share[e] * by_error[curve[e]] * by_exponent[curve[e]]
        b_adjoint[utility[e]] += by_mean * worth[e]
        worth_adjoint[e] += by_mean * b[utility[e]]
    if curves.law == UTILITY_RELEASED:
        for e in range(curves.entries):
            by_mean = -share[e] * by_error[curve[e]] * by_later[curve[e]]
            b_adjoint[utility[e]] += by_mean * later[e]
            later_adjoint[e] += by_mean * b[utility[e]]
