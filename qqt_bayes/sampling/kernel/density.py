r"""The log density of every model, compiled once: its value and gradient at a point.

The density is that of `qqt_bayes.model.build.build`; PyMC declares the model and says, in the
tests, that this is the same.  Nothing here knows of a specification or a table of runs: both are in
the tables of `qqt_bayes.sampling.kernel.tables`.

The gradient is found backwards: forward the point's numbers, in the order in which they depend on
each other; then their adjoints, the derivatives of the log density by each, in the other order.
"""

from __future__ import annotations

from qqt_bayes.model.coordinates import GAUSS_NEWTON_STEPS
from qqt_bayes.sampling.kernel.curve import (
    EFFECTIVE_REUSE,
    OWN,
    errors,
    pull_errors,
    pull_worth,
    worth,
)
from qqt_bayes.sampling.kernel.departed import departed_likelihood
from qqt_bayes.sampling.kernel.effects import pull_effects, set_effects
from qqt_bayes.sampling.kernel.expect import (
    expect,
    gauss_newton,
    pull_expect,
    pull_gauss_newton,
    pull_say,
    pull_weigh,
    say,
    weigh,
)
from qqt_bayes.sampling.kernel.memory import call, outline, part
from qqt_bayes.sampling.kernel.noise import (
    likelihood,
    noise_ratio,
    pull_noise_ratio,
    pull_scatter,
    scatter,
)
from qqt_bayes.sampling.kernel.own import own_errors, pull_own
from qqt_bayes.sampling.kernel.place import (
    declare,
    place_family,
    pull_family,
    pull_scales,
    pull_shrink,
    set_floors,
    shrink,
)
from qqt_bayes.sampling.kernel.priors import add_priors
from qqt_bayes.sampling.kernel.reuse import pull_reuse, reuse_errors


@outline
def log_density(plan, u, gradient, value, adjoint, work):
    """The log density at a point, with its gradient and the values of all numbers.

    Parameters
    ----------
    plan : Plan
    u : array, shape (place,)
        The point.
    gradient : array, shape (place,)
        Is filled.
    value, adjoint : array, shape (slot,)
        Are filled.
    work : array, shape (work,)
        Memory.
    """
    total = call(plan.set_values, plan, u, value, work)
    for i in range(plan.slots):
        adjoint[i] = 0.0
    for i in range(plan.places):
        gradient[i] = 0.0
    total += add_priors(plan.priors, value, adjoint)
    if plan.departed.cells > 0:
        total += departed_likelihood(
            plan.noise,
            plan.departed,
            plan.noise_work,
            plan.departed_work,
            value,
            adjoint,
            work,
        )
    else:
        total += likelihood(plan.noise, plan.noise_work, value, adjoint, work)
    pull_effects(plan.noise, plan.noise_work, u, value, adjoint, gradient, work)
    pull_curves(plan, value, adjoint, work)
    by_ratio = pull_parameters(plan, u, value, adjoint, gradient, work)
    pull_noise_ratio(plan.noise, plan.departed, plan.noise_work, by_ratio, value, adjoint, work)
    pull_scatter(plan.noise, plan.noise_work, value, adjoint, work)
    pull_scales(plan.declared, plan.declared.rows, plan.scales_work, adjoint, gradient, work)
    return total


@outline
def set_values(plan, u, value, work):
    """The values of all numbers at a point; what the coordinates add to the log density."""
    fixed = plan.fixed
    for i in range(plan.slots):
        value[i] = fixed[i]
    total = declare(plan.declared, plan.scales_work, u, value, work)
    scatter(plan.noise, plan.noise_work, value, work)
    ratio = part(work, plan.noise_work.ratio)
    ratio[0] = noise_ratio(plan.noise, plan.departed, plan.noise_work, value, work)
    total += place_parameters(plan, ratio[0], u, value, work)
    set_curves(plan, value, work)
    total += set_effects(plan.noise, plan.noise_work, u, value, work)
    return total


@outline
def set_curves(plan, value, work):
    """The mean error of each run at the values of a point."""
    curves, places, noise = plan.curves, plan.curve_work, plan.noise
    slot, curve, mean = curves.utility_slot, noise.curve, part(work, plan.noise_work.mean)
    if curves.law == EFFECTIVE_REUSE:
        reuse_errors(curves, plan.reuse, plan.reuse_work, value, work)
        error = part(work, plan.reuse_work.error)
        for i in range(noise.runs):
            mean[i] = error[curve[i]]
        return
    if curves.law == OWN:
        own_errors(curves, plan.own, plan.own_work, value, work)
        error = part(work, plan.own_work.error)
        for i in range(noise.runs):
            mean[i] = error[curve[i]]
        return
    b = part(work, places.b + curves.last_trial * curves.utilities)
    error = part(work, places.error + curves.last_trial * curves.curves)
    for i in range(curves.utilities):
        b[i] = value[slot[i]]
    errors(curves, places, curves.last_trial, work)
    for i in range(noise.runs):
        mean[i] = error[curve[i]]


@outline
def pull_curves(plan, value, adjoint, work):
    """The way back of `set_curves`: to the adjoints of b, of the worth and of the mean floors."""
    curves, places, noise = plan.curves, plan.curve_work, plan.noise
    slot, curve = curves.utility_slot, noise.curve
    by_b = part(work, places.b_adjoint + curves.last_trial * curves.utilities)
    by_mean = part(work, plan.noise_work.mean_adjoint)
    by_error = part(work, places.error_adjoint)
    if curves.law == EFFECTIVE_REUSE:
        by_error = part(work, plan.reuse_work.error_adjoint)
    elif curves.law == OWN:
        by_error = part(work, plan.own_work.error_adjoint)
    for r in range(curves.curves):
        by_error[r] = 0.0
    for i in range(noise.runs):
        by_error[curve[i]] += by_mean[i]
    if curves.law == EFFECTIVE_REUSE:
        pull_reuse(curves, plan.reuse, plan.reuse_work, value, adjoint, work)
        return
    if curves.law == OWN:
        pull_own(curves, plan.own, plan.own_work, value, adjoint, work)
        return
    pull_errors(curves, places, curves.last_trial, work)
    for i in range(curves.utilities):
        adjoint[slot[i]] += by_b[i]


@outline
def place_parameters(plan, ratio, u, value, work):
    """Set the parameters of the law one after the other, and find the worth; their log density."""
    floors, expected, placed = plan.floors, plan.expected, plan.placed
    places, placed_places = plan.expected_work, plan.placed_work
    total = set_floors(floors, plan.scales_work, u, value, work)
    leaf, row_start = placed.leaf_start, expected.row_start
    field_start = expected.field_start
    before = placed.families - expected.fields  # 1 if the floors are pooled: the first family
    for family in range(placed.families):
        field, first = family - before, leaf[family]
        if field < 0:
            pooled, mean = floors.pooled, part(work, placed_places.mean + first)
            precision = part(work, placed_places.precision + first)
            free_adjoint = part(work, placed_places.free_adjoint + first)
            for i in range(floors.floors):
                mean[i] = ratio * pooled[i]
                precision[i] = ratio * pooled[floors.floors + i]
                free_adjoint[i] = 0.0
        else:
            if field == 0:
                say(expected, places, floors, value, work)
            expect(expected, places, field, work)
            if field == expected.newton_field:  # b: all that the worth depends on is known
                worth(plan.curves, plan.curve_work, value, work)
                for step in range(GAUSS_NEWTON_STEPS):
                    gauss_newton(plan, step, first, work)
            weigh(expected, places, field, first, ratio, placed_places, work)
        shrink(placed, placed_places, family, value, work)
        total += place_family(placed, placed_places, family, u, value, work)
        if field >= 0:
            start = field_start[field]
            free, says = (
                part(work, placed_places.free + first),
                part(work, places.says + row_start[field]),
            )
            offset = part(work, places.offset + start)
            for i in range(field_start[field + 1] - start):
                offset[i] = free[i] - says[i]
    if expected.newton_field < 0:
        worth(plan.curves, plan.curve_work, value, work)
    return total


@outline
def pull_parameters(plan, u, value, adjoint, gradient, work):
    """The way back of `place_parameters`; the derivative by the ratio is returned."""
    floors, expected, placed = plan.floors, plan.expected, plan.placed
    places, placed_places = plan.expected_work, plan.placed_work
    leaf, row_start = placed.leaf_start, expected.row_start
    field_start = expected.field_start
    before = placed.families - expected.fields
    ratio, by_ratio = part(work, plan.noise_work.ratio)[0], 0.0
    if expected.newton_field < 0:
        pull_worth(plan.curves, plan.curve_work, value, adjoint, work)
    for family in range(placed.families - 1, -1, -1):
        field, first = family - before, leaf[family]
        if field >= 0:
            start = field_start[field]
            free_adjoint, by_says = (
                part(work, placed_places.free_adjoint + first),
                part(work, places.says_adjoint + row_start[field]),
            )
            by_offset = part(work, places.offset_adjoint + start)
            for i in range(field_start[field + 1] - start):
                free_adjoint[i] += by_offset[i]
                by_says[i] -= by_offset[i]
        pull_family(placed, placed_places, family, u, value, adjoint, gradient, work)
        pull_shrink(placed, placed_places, family, value, adjoint, work)
        if field < 0:
            pooled, by_mean = floors.pooled, part(work, placed_places.mean_adjoint + first)
            by_precision = part(work, placed_places.precision_adjoint + first)
            for i in range(floors.floors):
                by_ratio += by_mean[i] * pooled[i] + by_precision[i] * pooled[floors.floors + i]
        else:
            by_ratio += pull_weigh(expected, places, field, first, ratio, placed_places, work)
            if field == expected.newton_field:
                for step in range(GAUSS_NEWTON_STEPS - 1, -1, -1):
                    pull_gauss_newton(plan, step, work)
                pull_worth(plan.curves, plan.curve_work, value, adjoint, work)
            pull_expect(expected, places, field, work)
            if field == 0:
                pull_say(expected, places, floors, adjoint, work)
    pull_scales(floors, floors.on_line, plan.scales_work, adjoint, gradient, work)
    return by_ratio
