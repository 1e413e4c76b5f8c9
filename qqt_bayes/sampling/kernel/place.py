r"""The parameters in the compiled log density: from coordinates to values, and their gradient.

The mathematics is that of `qqt_bayes.model.coordinates` and `qqt_bayes.model.build`.  Each step
forward is followed here by the step back: with the adjoint of a number, the derivative of the log
density by it, known, it adds to the adjoints of what the number was made of.
"""

from __future__ import annotations

import math

from qqt_bayes.model.floor import SMALL_FLOOR
from qqt_bayes.model.priors import HALF_LOG_2_PI
from qqt_bayes.sampling.kernel.memory import kernel, part

LOG_SMALL_FLOOR = math.log(SMALL_FLOOR)


@kernel
def bound(u, lower, upper):
    """From the unconstrained scale to the support, as `qqt_bayes.model.problem.Scale.bound` does.

    Returns
    -------
    tuple of float
        The value x, dx/du, log dx/du, and the derivative of that by u.
    """
    if math.isinf(lower):
        if math.isinf(upper):
            return u, 1.0, 0.0, 0.0
        left = math.exp(-u)
        return upper - left, left, -u, -1.0
    if math.isinf(upper):
        grown = math.exp(u)
        return lower + grown, grown, u, 1.0
    # With t = e^-|u| no exponential overflows: the larger share is 1 / (1 + t).
    t = math.exp(-abs(u))
    larger, smaller = 1 / (1 + t), t / (1 + t)
    share = larger if u > 0 else smaller
    width = upper - lower
    log_slope = math.log(width) - abs(u) - 2 * math.log1p(t)
    return lower + width * share, width * larger * smaller, log_slope, 1 - 2 * share


@kernel
def declare(declared, places, u, value, work):
    """Set the numbers that are sampled on their unconstrained scales; the log determinant."""
    slot, place = declared.slot, declared.place
    lower, upper = declared.lower, declared.upper
    slope, log_slope_by_u = part(work, places.slope), part(work, places.log_slope_by_u)
    total = 0.0
    for k in range(declared.rows):
        at = place[k]
        value[slot[k]], slope[at], log_slope, log_slope_by_u[at] = bound(u[at], lower[k], upper[k])
        total += log_slope
    return total


@kernel
def softplus(x):
    """``log(1 + e^x)``, without an overflow for large x."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@kernel
def on_line(floors, i, u):
    """A floor on its line, the formulas of `qqt_bayes.model.floor`.

    Returns
    -------
    tuple of float
        d, dd/du, log dd/du, and the derivative of that by u.
    """
    count, line = floors.floors, floors.line
    c0, c1, c2 = line[i], line[count + i], line[2 * count + i]
    wall, width, slow = line[3 * count + i], line[4 * count + i], line[5 * count + i]
    lower, upper = floors.lower[i], floors.upper[i]
    root = math.sqrt(1 + u * u)
    v, v_slope = c0 + c1 * u + c2 * (root - 1), c1 + c2 * u / root
    y = SMALL_FLOOR * softplus(v)
    rising = 1 / (1 + math.exp(-v))  # of y by v, over K
    y_slope = SMALL_FLOOR * rising * v_slope
    beyond = (y - wall) / width
    before = math.exp(-softplus(beyond))  # 1 well before the wall, 0 well behind
    z = y - (1 - slow) * width * (softplus(beyond) - softplus(-wall / width))
    steep = slow + (1 - slow) * before
    z_slope = y_slope * steep
    shrunk = 1 + z / (upper - lower)
    log_slope = math.log(v_slope) + LOG_SMALL_FLOOR - softplus(-v) + math.log(steep)
    by_u = c2 / (root * root * root) / v_slope + (1 - rising) * v_slope
    by_u -= (1 - slow) * before * (1 - before) / width * y_slope / steep
    by_u -= 2 * z_slope / ((upper - lower) * shrunk)
    slope = z_slope / (shrunk * shrunk)
    return lower + z / shrunk, slope, log_slope - 2 * math.log(shrunk), by_u


@kernel
def set_floors(floors, places, u, value, work):
    """Set the floors that are on their lines; the log determinant."""
    slot, place = floors.slot, floors.place
    slope, log_slope_by_u = part(work, places.slope), part(work, places.log_slope_by_u)
    total = 0.0
    for i in range(floors.on_line):
        at = place[i]
        value[slot[i]], slope[at], log_slope, log_slope_by_u[at] = on_line(floors, i, u[at])
        total += log_slope
    return total


@kernel
def pull_scales(scalars, rows, places, adjoint, gradient, work):
    """The way back of `declare` and of `set_floors`: from the adjoints to the gradient."""
    slot, place = scalars.slot, scalars.place
    slope, log_slope_by_u = part(work, places.slope), part(work, places.log_slope_by_u)
    for k in range(rows):
        at = place[k]
        gradient[at] += adjoint[slot[k]] * slope[at] + log_slope_by_u[at]


@kernel
def shrink(placed, places, family, value, work):
    """What the runs say of the means of a family, from what they say of its leaves.

    Through ``x ~ N(mu, sigma^2)`` the runs say less of mu than of x: with the precision t of x,
    their precision is ``t / (1 + t sigma^2)``, with the same mean.  What has the same mu adds up.
    """
    parent, sigma_slot = placed.parent, placed.sigma
    start, leaf = placed.family_start, placed.leaf_start
    mean, precision = part(work, places.mean), part(work, places.precision)
    for k in range(start[family], leaf[family]):
        mean[k] = 0.0
        precision[k] = 0.0
    for k in range(start[family + 1] - 1, start[family] - 1, -1):
        if parent[k] >= 0:
            sigma = value[sigma_slot[k]]
            share = 1 / (1 + precision[k] * sigma * sigma)
            mean[parent[k]] += mean[k] * share
            precision[parent[k]] += precision[k] * share


@kernel
def place_family(placed, places, family, u, value, work):
    """Set the means of a family and then its leaves.

    A scalar that is Gaussian is ``mu + sigma z``; z has a standard normal prior, and an offset in
    units of its deviation given the runs (sigma may be tiny: nothing is divided by it).

    Returns
    -------
    float
        The log density of the z, and the log determinant.
    """
    slot, place, mu_slot, sigma_slot = (
        placed.slot,
        placed.place,
        placed.mu,
        placed.sigma,
    )
    lower, upper, other = placed.lower, placed.upper, placed.other_precision
    mean, precision, free = (
        part(work, places.mean),
        part(work, places.precision),
        part(work, places.free),
    )
    slope, log_slope_by_free = part(work, places.slope), part(work, places.log_slope_by_free)
    start = placed.family_start
    total = 0.0
    for k in range(start[family], start[family + 1]):
        if mu_slot[k] >= 0:
            mu, sigma = value[mu_slot[k]], value[sigma_slot[k]]
            share = 1 / (1 + precision[k] * sigma * sigma)
            z = share * sigma * (mean[k] - precision[k] * mu) + math.sqrt(share) * u[place[k]]
            free[k] = mu + sigma * z
            total += -z * z / 2 - HALF_LOG_2_PI + math.log(share) / 2
        else:
            both = precision[k] + other[k]
            free[k] = mean[k] / both + u[place[k]] / math.sqrt(both)
            total -= math.log(both) / 2
        x, slope[k], log_slope, log_slope_by_free[k] = bound(free[k], lower[k], upper[k])
        value[slot[k]] = x
        if mu_slot[k] < 0:  # the other prior is declared of x, not of its free scale
            total += log_slope
    return total


@kernel
def pull_family(placed, places, family, u, value, adjoint, gradient, work):
    """The way back of `place_family`: to the gradient, and to what the runs say of each scalar.

    The adjoints of the values are in `adjoint`; those of the leaves' `free`, by other ways, in
    `free_adjoint`.
    """
    slot, place, mu_slot, sigma_slot = (
        placed.slot,
        placed.place,
        placed.mu,
        placed.sigma,
    )
    other, slope = placed.other_precision, part(work, places.slope)
    log_slope_by_free = part(work, places.log_slope_by_free)
    mean, precision = part(work, places.mean), part(work, places.precision)
    by_mean, by_precision, free_adjoint = (
        part(work, places.mean_adjoint),
        part(work, places.precision_adjoint),
        part(work, places.free_adjoint),
    )
    start, leaf = placed.family_start, placed.leaf_start
    for k in range(start[family + 1] - 1, start[family] - 1, -1):
        offset, t = u[place[k]], precision[k]
        by_free = adjoint[slot[k]] * slope[k]
        if k >= leaf[family]:
            by_free += free_adjoint[k]
        if mu_slot[k] >= 0:
            mu, sigma = value[mu_slot[k]], value[sigma_slot[k]]
            share = 1 / (1 + t * sigma * sigma)
            root, off = math.sqrt(share), mean[k] - t * mu
            z = share * sigma * off + root * offset
            by_z = by_free * sigma - z
            by_share = by_z * (sigma * off + offset / (2 * root)) + 1 / (2 * share)
            by_square = -by_share * share * share  # of t sigma^2
            gradient[place[k]] += by_z * root
            adjoint[mu_slot[k]] += by_free - by_z * share * sigma * t
            adjoint[sigma_slot[k]] += by_free * z + by_z * share * off + by_square * 2 * t * sigma
            by_mean[k] = by_z * share * sigma
            by_precision[k] = by_square * sigma * sigma - by_z * share * sigma * mu
        else:
            both = t + other[k]
            root = math.sqrt(both)
            by_free += log_slope_by_free[k]
            gradient[place[k]] += by_free / root
            by_mean[k] = by_free / both
            by_both = by_free * (mean[k] / both + offset / (2 * root)) + 0.5
            by_precision[k] = -by_both / both


@kernel
def pull_shrink(placed, places, family, value, adjoint, work):
    """The way back of `shrink`: from the adjoints of what the runs say of means to the leaves."""
    parent, sigma_slot = placed.parent, placed.sigma
    mean, precision = part(work, places.mean), part(work, places.precision)
    by_mean, by_precision = (
        part(work, places.mean_adjoint),
        part(work, places.precision_adjoint),
    )
    start = placed.family_start
    for k in range(start[family], start[family + 1]):
        p = parent[k]
        if p >= 0:
            sigma, t = value[sigma_slot[k]], precision[k]
            share = 1 / (1 + t * sigma * sigma)
            by_square = -(by_mean[p] * mean[k] + by_precision[p] * t) * share * share
            adjoint[sigma_slot[k]] += by_square * 2 * t * sigma
            by_mean[k] += by_mean[p] * share
            by_precision[k] += by_precision[p] * share + by_square * sigma * sigma
