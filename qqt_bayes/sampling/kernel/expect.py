r"""Where the best fits put parameters in the compiled log density, and the way back.

The mathematics is that of `qqt_bayes.model.coordinates`: splines over the floors say ``e``, ``m0``,
``log t`` and ``A`` of each field; the last field takes two Gauss-Newton steps more.
"""

from __future__ import annotations

import math

from qqt_bayes.sampling.kernel.curve import errors, pull_errors
from qqt_bayes.sampling.kernel.memory import kernel, part, summing
from qqt_bayes.sampling.kernel.place import bound


@summing
def say(expected, places, floors, value, work):
    """What the splines say at the floors, row by row, and its derivatives by each floor."""
    rows, slot = expected.rows, floors.slot
    unit, highest, knots = expected.unit, expected.highest, expected.knots
    constant = expected.constant
    says, adjoint = part(work, places.says), part(work, places.says_adjoint)
    best_adjoint, offset_adjoint = (
        part(work, places.best_adjoint),
        part(work, places.offset_adjoint),
    )
    for r in range(rows):
        says[r] = constant[r]
        adjoint[r] = 0.0
    for x in range(expected.scalars):
        best_adjoint[x] = 0.0
        offset_adjoint[x] = 0.0
    for f in range(expected.floors):
        knot = part(expected.knot, f * knots)
        at, by_floor = value[slot[f]] / unit[f], 1 / unit[f]
        if at >= highest[f]:
            at, by_floor = highest[f], 0.0
        piece = 0
        while piece < knots and knot[piece] <= at:
            piece += 1
        t = at - knot[max(piece - 1, 0)]
        k0 = part(expected.cubics, (f * (knots + 1) + piece) * 4 * rows)
        k1, k2, k3 = part(k0, rows), part(k0, 2 * rows), part(k0, 3 * rows)
        slope = part(work, places.says_by_floor + f * rows)
        for r in range(rows):
            says[r] += k0[r] + t * (k1[r] + t * (k2[r] + t * k3[r]))
            slope[r] = (k1[r] + t * (2 * k2[r] + t * 3 * k3[r])) * by_floor


@summing
def pull_say(expected, places, floors, adjoint, work):
    """The way back of `say`: from the adjoints of what the splines say to those of the floors."""
    slot, by_says = floors.slot, part(work, places.says_adjoint)
    for f in range(expected.floors):
        slope = part(work, places.says_by_floor + f * expected.rows)
        total = 0.0
        for r in range(expected.rows):
            total += by_says[r] * slope[r]
        adjoint[slot[f]] += total


@summing
def expect(expected, places, field, work):
    """Where a field fits best, ``e = e(d) + A(d) (x' - e(d)')``."""
    field_start, row_start = expected.field_start, expected.row_start
    start, size = field_start[field], field_start[field + 1] - field_start[field]
    says = part(work, places.says + row_start[field])
    best, offset = part(work, places.best + start), part(work, places.offset)
    for i in range(size):
        regression = part(says, 3 * size + i * start)
        best[i] = says[i]
        for j in range(start):
            best[i] += regression[j] * offset[j]


@summing
def pull_expect(expected, places, field, work):
    """The way back of `expect`: from the adjoint of e to those of the splines and the offsets."""
    field_start, row_start = expected.field_start, expected.row_start
    start, size = field_start[field], field_start[field + 1] - field_start[field]
    says, by_says = (
        part(work, places.says + row_start[field]),
        part(work, places.says_adjoint + row_start[field]),
    )
    by_best = part(work, places.best_adjoint + start)
    offset, by_offset = part(work, places.offset), part(work, places.offset_adjoint)
    for i in range(size):
        at = 3 * size + i * start
        by_says[i] += by_best[i]
        for j in range(start):
            by_says[at + j] += by_best[i] * offset[j]
            by_offset[j] += by_best[i] * says[at + j]


@kernel
def weigh(expected, places, field, leaf, ratio, placed_places, work):
    """What the runs alone say of a field: ``r ((t + q0) e - q0 m0)`` and ``r t``.

    Parameters
    ----------
    field, leaf : int
        Which field, and the row of its first scalar among the placed ones.
    ratio : float
        ``r``.
    """
    field_start, row_start = expected.field_start, expected.row_start
    start, size = field_start[field], field_start[field + 1] - field_start[field]
    says = part(work, places.says + row_start[field])
    best, prior = part(work, places.best + start), part(expected.search_precision, start)
    mean, precision, free_adjoint = (
        part(work, placed_places.mean + leaf),
        part(work, placed_places.precision + leaf),
        part(work, placed_places.free_adjoint + leaf),
    )
    for i in range(size):
        t = math.exp(says[2 * size + i])
        mean[i] = ratio * ((t + prior[i]) * best[i] - prior[i] * says[size + i])
        precision[i] = ratio * t
        free_adjoint[i] = 0.0


@kernel
def pull_weigh(expected, places, field, leaf, ratio, placed_places, work):
    """The way back of `weigh`; the derivative by the ratio is returned."""
    field_start, row_start = expected.field_start, expected.row_start
    start, size = field_start[field], field_start[field + 1] - field_start[field]
    says, by_says = (
        part(work, places.says + row_start[field]),
        part(work, places.says_adjoint + row_start[field]),
    )
    best, by_best = part(work, places.best + start), part(work, places.best_adjoint + start)
    prior = part(expected.search_precision, start)
    precision, by_mean, by_precision = (
        part(work, placed_places.precision + leaf),
        part(work, placed_places.mean_adjoint + leaf),
        part(work, placed_places.precision_adjoint + leaf),
    )
    by_ratio = 0.0
    for i in range(size):
        t = precision[i] / ratio
        by_ratio += by_mean[i] * ((t + prior[i]) * best[i] - prior[i] * says[size + i])
        by_ratio += by_precision[i] * t
        by_best[i] = by_mean[i] * ratio * (t + prior[i])
        by_says[size + i] -= by_mean[i] * ratio * prior[i]
        by_says[2 * size + i] += ratio * t * (by_mean[i] * best[i] + by_precision[i])
    return by_ratio


@summing
def gauss_newton(plan, step, leaf, work):
    """A step of the last field, ``e <- e + G (y - y(e)) - H (e - m0)``."""
    expected, places, curves, curve_places = (
        plan.expected,
        plan.expected_work,
        plan.curves,
        plan.curve_work,
    )
    last = expected.fields - 1
    start, row = expected.field_start[last], expected.row_start[last]
    size = expected.scalars - start
    lower, upper = part(plan.placed.lower, leaf), part(plan.placed.upper, leaf)
    prior_mean, best = part(work, places.says + row + size), part(work, places.best + start)
    tried = part(work, places.tried + step * size)
    b, error = (
        part(work, curve_places.b + step * size),
        part(work, curve_places.error + step * expected.curves),
    )
    slope = part(work, places.tried_slope + step * size)
    for i in range(size):
        tried[i] = best[i]
        b[i], slope[i] = bound(best[i], lower[i], upper[i])[:2]
    errors(curves, curve_places, step, work)
    for i in range(size):
        gain = part(expected.gain, i * expected.curves)
        shrinkage = part(expected.shrinkage, i * size)
        move = expected.gain_observed[i]
        for r in range(expected.curves):
            move -= gain[r] * error[r]
        for j in range(size):
            move -= shrinkage[j] * (tried[j] - prior_mean[j])
        best[i] += move


@summing
def pull_gauss_newton(plan, step, work):
    """The way back of `gauss_newton`: the adjoint of e after the step becomes that before it."""
    expected, places, curves, curve_places = (
        plan.expected,
        plan.expected_work,
        plan.curves,
        plan.curve_work,
    )
    last = expected.fields - 1
    start, row = expected.field_start[last], expected.row_start[last]
    size = expected.scalars - start
    by_prior_mean, by_best = (
        part(work, places.says_adjoint + row + size),
        part(work, places.best_adjoint + start),
    )
    slope = part(work, places.tried_slope + step * size)
    by_b, by_error = (
        part(work, curve_places.b_adjoint + step * size),
        part(work, curve_places.error_adjoint),
    )
    for r in range(expected.curves):
        by_error[r] = 0.0
    for i in range(size):
        gain = part(expected.gain, i * expected.curves)
        for r in range(expected.curves):
            by_error[r] -= gain[r] * by_best[i]
    pull_errors(curves, curve_places, step, work)
    for j in range(size):  # by_b becomes what the step says of e before it, beside e itself
        by_away = 0.0
        for i in range(size):
            by_away -= expected.shrinkage[i * size + j] * by_best[i]
        by_prior_mean[j] -= by_away
        by_b[j] = by_b[j] * slope[j] + by_away
    for j in range(size):
        by_best[j] += by_b[j]
