r"""The law of effective reuse in the compiled log density; see `qqt_bayes.laws.effective_reuse`.

Without a sum over epochs, each curve has its error and the derivatives by what it depends on at
once: by the parameters that its pools share, by the log ``l`` of the mean quality and by the log
``t`` of the epochs that the training set stands.  Through the last two it depends on the qualities
of its pools,

``dl = sum_i a_i dQ_i``, ``dt = sum_i b_i ((zeta + 1) dQ_i + dr_i) - dl``,

where ``a`` are the shares of the pools in the worth of a fresh sample, and ``b`` those in the
epochs.  ``Q`` and ``r`` count from their means over all pools, so that of their derivatives the
mean is taken, too.

What a sample loses by being seen again is a mean over how often samples are seen: over a few nodes
where they are drawn with replacement, else over one, the number of epochs.
"""

from __future__ import annotations

import math

from qqt_bayes.laws.effective_reuse import MAX_LOG_ODDS, MAX_LOG_PAST, MAX_RHO, ONSET, RISE
from qqt_bayes.sampling.kernel.memory import kernel, part

SHARED = ("R", "zeta", "g", "k", "rho", "z2", "alpha", "height", "floor", *RISE, *ONSET)
"""The parameters that the pools of a training set share, in the order of `slot` and `by`."""
R, ZETA, G, K, RHO, Z2, ALPHA, HEIGHT, FLOOR, OMEGA, MEMORY, TRANSIENT, BEGIN, STRETCH = range(14)
BY_FRESH, BY_EPOCHS = 14, 15
"""Rows of `by` behind them: by ``l`` and by ``t``."""
ROWS = 16
ABSENT = {"omega": 0.0, "memory": 1.0, "transient": 0.0, "onset": 1.0, "stretch": 1.0}
"""What they are where the law has no term for errors that rise again or for a slow start."""


@kernel
def centred(slot, pools, value, to):
    """Values of a parameter of the pools, less their mean."""
    mean = 0.0
    for i in range(pools):
        mean += value[slot[i]] / pools
    for i in range(pools):
        to[i] = value[slot[i]] - mean


@kernel
def pull_centred(slot, pools, by, adjoint):
    """The way back of `centred`."""
    mean = 0.0
    for i in range(pools):
        mean += by[i] / pools
    for i in range(pools):
        adjoint[slot[i]] += by[i] - mean


@kernel
def weigh_pools(curves, reuse, places, c, zeta, work):
    """Shares of the pools of a curve; means of quality, of epochs times it, and of log quality."""
    quality, stands = part(work, places.quality), part(work, places.stands)
    start, share, pool = curves.entry_start, curves.share, reuse.pool
    of_fresh, of_stood = part(work, places.of_fresh), part(work, places.of_stood)
    fresh, stood, log_quality = 0.0, 0.0, 0.0
    for e in range(start[c], start[c + 1]):
        q = quality[pool[e]]
        of_fresh[e] = share[e] * math.exp(q)
        of_stood[e] = of_fresh[e] * math.exp(zeta * q + stands[pool[e]])
        fresh += of_fresh[e]
        stood += of_stood[e]
    for e in range(start[c], start[c + 1]):
        of_fresh[e] /= fresh
        of_stood[e] /= stood
        log_quality += of_stood[e] * quality[pool[e]]
    return fresh, stood, log_quality


@kernel
def softplus(x):
    """``log(1 + e^x)`` and its derivative."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x))), 1 / (1 + math.exp(-x))


@kernel
def fall(bounded, chance, odds, height, alpha, log_effective):
    """The error at some effective samples, and its derivatives.

    Returns
    -------
    tuple of float
        The error; by the log of the effective samples, alpha, height and floor.
    """
    floor, floor_by, above, above_by, above_by_floor = odds, 1.0, height, 1.0, 0.0
    log_odds, odds_by_alpha, odds_by_above, odds_by_floor = MAX_LOG_ODDS, 0.0, 0.0, 0.0
    if bounded:
        floor, floor_by = chance * odds / (1 + odds), chance / (1 + odds) ** 2
        above = (chance - floor) * height / (1 + height)
        above_by = (chance - floor) / (1 + height) ** 2
        above_by_floor = -height / (1 + height)
        found = math.log((chance - floor) / above) / alpha
        if found < MAX_LOG_ODDS:
            log_odds, odds_by_alpha = found, -found / alpha
            odds_by_above = -1 / (above * alpha)
            odds_by_floor = -1 / ((chance - floor) * alpha)
    fallen, slope = softplus(math.log(math.expm1(log_odds)) + log_effective)
    left = above * math.exp(alpha * (log_odds - fallen))
    by_odds = left * alpha * (1 + slope / math.expm1(-log_odds))
    by_above = left / above + by_odds * odds_by_above
    by_floor = 1 + by_odds * odds_by_floor + by_above * above_by_floor
    by_alpha = left * (log_odds - fallen) + by_odds * odds_by_alpha
    return floor + left, -left * alpha * slope, by_alpha, by_above * above_by, by_floor * floor_by


@kernel
def begin(bounded, chance, odds, height, alpha, transient, onset, stretch, log_effective):
    """The error where training begins slowly, and its derivatives.

    Returns
    -------
    tuple of float
        The error; by the log of the effective samples, alpha, height, floor, transient, onset and
        stretch.
    """
    error, by_effective, by_alpha, by_height, by_floor = fall(
        bounded, chance, odds, height, alpha, log_effective
    )
    if transient == 0:  # the law without the term, to the last digit
        return error, by_effective, by_alpha, by_height, by_floor, 0.0, 0.0, 0.0
    log_ratio = log_effective - math.log(onset)
    past = math.exp(min(stretch * log_ratio, MAX_LOG_PAST))
    waits = math.exp(-past)
    room, size, by_odds, by_error = 1.0, transient, 1.0, 1.0
    if bounded:
        room, size = chance - error, transient / (1 + transient)
        by_odds, by_error = 1 / (1 + transient) ** 2, 1 - size * waits
    left = room * size * waits
    by_past = -left * past
    return (
        error + left,
        by_effective * by_error + by_past * stretch,
        by_alpha * by_error,
        by_height * by_error,
        by_floor * by_error,
        room * by_odds * waits,
        -by_past * stretch / onset,
        by_past * log_ratio,
    )


@kernel
def loss(log_sights, log_stood, k, kept, omega, memory):
    """How much less a sample is worth, as a log, that is seen so often; parts of its derivatives.

    Returns
    -------
    tuple of float
        The loss; the softplus of the knee, its derivative, and where it is taken; what is
        memorised.
    """
    log_beyond = log_sights - log_stood
    past = k * log_beyond  # the knee
    beyond, slope = softplus(past)
    memorised = 1 / (1 + memory**2 * math.exp(-2 * log_beyond))
    return (1 - kept) / k * beyond + omega * memorised, beyond, slope, past, memorised


@kernel
def mean_loss(reuse, places, c, log_stood, k, kept, omega, memory, work):
    """``-log E exp(-loss)`` over the sights of a curve; its derivatives' parts go to `work`."""
    sights, log_sights, weight = reuse.sights, reuse.log_sights, reuse.sight_weight
    share, beyond = part(work, places.sight_share), part(work, places.sight_beyond)
    slope, past = part(work, places.sight_slope), part(work, places.sight_past)
    memorised = part(work, places.sight_memorised)
    least, total = 0.0, 0.0
    for j in range(sights):
        at = c * sights + j
        lost, beyond[j], slope[j], past[j], memorised[j] = loss(
            log_sights[at], log_stood, k, kept, omega, memory
        )
        if j == 0:  # the fewest sights: those after them lose more, and no exponential overflows
            least = lost
        share[j] = weight[at] * math.exp(least - lost)
        total += share[j]
    for j in range(sights):
        share[j] /= total
    return least - math.log(total)


@kernel
def reuse_errors(curves, reuse, places, value, work):
    """The errors of the curves, and their derivatives."""
    count, slot = curves.curves, reuse.slot
    centred(reuse.quality_slot, reuse.pools, value, part(work, places.quality))
    centred(reuse.stands_slot, reuse.pools, value, part(work, places.stands))
    error, by, chance = part(work, places.error), part(work, places.by), reuse.chance
    log_unique, log_epochs, log_size = reuse.log_unique, reuse.log_epochs, reuse.log_size
    share, beyond = part(work, places.sight_share), part(work, places.sight_beyond)
    slope, past = part(work, places.sight_slope), part(work, places.sight_past)
    memorised = part(work, places.sight_memorised)
    for c in range(count):
        fresh, stood, log_quality = weigh_pools(
            curves, reuse, places, c, value[slot[ZETA * count + c]], work
        )
        log_fresh, typical = math.log(fresh), value[slot[R * count + c]]
        grown = math.exp(value[slot[G * count + c]] * log_size[c])
        epochs = typical * stood / fresh * grown
        k, z2 = value[slot[K * count + c]], value[slot[Z2 * count + c]]
        kept = value[slot[RHO * count + c]] + z2 * log_fresh
        is_free = kept < MAX_RHO
        kept = min(kept, MAX_RHO)
        omega, memory = value[slot[OMEGA * count + c]], value[slot[MEMORY * count + c]]
        lost = mean_loss(reuse, places, c, math.log1p(epochs), k, kept, omega, memory, work)
        log_effective = log_unique[c] + log_fresh + log_epochs[c] - lost
        (
            error[c],
            by_effective,
            by[ALPHA * count + c],
            by[HEIGHT * count + c],
            by[FLOOR * count + c],
            by[TRANSIENT * count + c],
            by[BEGIN * count + c],
            by[STRETCH * count + c],
        ) = begin(
            reuse.bounded,
            chance[0],
            value[slot[FLOOR * count + c]],
            value[slot[HEIGHT * count + c]],
            value[slot[ALPHA * count + c]],
            value[slot[TRANSIENT * count + c]],
            value[slot[BEGIN * count + c]],
            value[slot[STRETCH * count + c]],
            log_effective,
        )
        by_kept, by_log_memory, by_log_epochs, by_k, by_omega = 0.0, 0.0, 0.0, 0.0, 0.0
        for j in range(reuse.sights):
            here = by_effective * share[j]
            by_past = -here * (1 - kept) / k * slope[j]
            by_memory = 2 * here * omega * memorised[j] * (1 - memorised[j])
            by_log_memory += by_memory
            by_log_epochs += (by_memory - by_past * k) * epochs / (1 + epochs)
            by_k += here * (1 - kept) / (k * k) * beyond[j] + by_past * past[j] / k
            by_omega -= here * memorised[j]
            if is_free:
                by_kept += here * beyond[j] / k
        by[K * count + c] = by_k
        by[RHO * count + c] = by_kept
        by[Z2 * count + c] = by_kept * log_fresh
        by[R * count + c] = by_log_epochs / typical
        by[G * count + c] = by_log_epochs * log_size[c]
        by[ZETA * count + c] = by_log_epochs * log_quality
        by[OMEGA * count + c] = by_omega
        by[MEMORY * count + c] = by_log_memory / memory
        by[BY_FRESH * count + c] = by_effective + by_kept * z2
        by[BY_EPOCHS * count + c] = by_log_epochs


@kernel
def pull_reuse(curves, reuse, places, value, adjoint, work):
    """From the adjoints of the errors to those of the parameters."""
    pools, count = reuse.pools, curves.curves
    start, pool, slot = curves.entry_start, reuse.pool, reuse.slot
    of_fresh, of_stood = part(work, places.of_fresh), part(work, places.of_stood)
    by_error, by = part(work, places.error_adjoint), part(work, places.by)
    by_quality, by_stands = part(work, places.quality), part(work, places.stands)
    for i in range(pools):
        by_quality[i] = 0.0
        by_stands[i] = 0.0
    for c in range(count):
        for p in range(BY_FRESH):
            adjoint[slot[p * count + c]] += by_error[c] * by[p * count + c]
        by_epochs = by_error[c] * by[BY_EPOCHS * count + c]
        by_fresh = by_error[c] * by[BY_FRESH * count + c] - by_epochs
        zeta = value[slot[ZETA * count + c]]
        for e in range(start[c], start[c + 1]):
            by_quality[pool[e]] += by_fresh * of_fresh[e] + by_epochs * (1 + zeta) * of_stood[e]
            by_stands[pool[e]] += by_epochs * of_stood[e]
    pull_centred(reuse.quality_slot, pools, by_quality, adjoint)
    pull_centred(reuse.stands_slot, pools, by_stands, adjoint)
