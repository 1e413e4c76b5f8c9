r"""The effects of trainings in the compiled log density.

The mathematics is that of `qqt_bayes.model.likelihood.training_effect`: an effect z ~ N(0, 1) moves
each checkpoint of its training by ``c z``, ``c = sqrt(common) sigma_n / sqrt(weight)``.  Given all
else it has the mean ``M / (1 + P)`` and the precision ``1 + P``, with ``M = sum(c residual / own)``
and ``P = sum(c^2 / own)``, and is sampled about that mean.
"""

from __future__ import annotations

import math

from qqt_bayes.model.priors import HALF_LOG_2_PI
from qqt_bayes.sampling.kernel.memory import kernel, part


@kernel
def of_run(noise, places, i, value, work):
    """How far a unit of its training's effect moves a run, and the rest of the run's variance."""
    common, scatter = value[noise.common[i]], part(work, places.scatter)[i]
    own = scatter * (1 - common) + noise.known[i]
    return math.sqrt(common * scatter), own


@kernel
def set_effects(noise, places, u, value, work):
    """Set the effects of trainings and move the runs by them; the effects' log density.

    Effects that are sampled as declared are set already, and only move the runs.
    """
    slot, place, training = (
        noise.effect_slot,
        noise.effect_place,
        noise.training,
    )
    observed, mean = noise.observed, part(work, places.mean)
    weighted, precision = part(work, places.effect_mean), part(work, places.effect_precision)
    total = 0.0
    for t in range(noise.placed_effects):
        weighted[t], precision[t] = 0.0, 0.0
    for i in range(noise.runs if noise.placed_effects > 0 else 0):
        if training[i] >= 0:
            c, own = of_run(noise, places, i, value, work)
            weighted[training[i]] += c * (observed[i] - mean[i]) / own
            precision[training[i]] += c * c / own
    for t in range(noise.placed_effects):
        both = 1 + precision[t]
        z = weighted[t] / both + u[place[t]] / math.sqrt(both)
        value[slot[t]] = z
        total += -z * z / 2 - HALF_LOG_2_PI - math.log(both) / 2
    for i in range(noise.runs if noise.trainings > 0 else 0):
        if training[i] >= 0:
            mean[i] += of_run(noise, places, i, value, work)[0] * value[slot[training[i]]]
    return total


@kernel
def pull_effects(noise, places, u, value, adjoint, gradient, work):
    """The way back of `set_effects`: the adjoints of the means become those of the curves."""
    slot, place, training = (
        noise.effect_slot,
        noise.effect_place,
        noise.training,
    )
    common_slot, scatter = noise.common, part(work, places.scatter)
    observed, mean = noise.observed, part(work, places.mean)
    by_mean, by_scatter = part(work, places.mean_adjoint), part(work, places.scatter_adjoint)
    weighted, precision = part(work, places.effect_mean), part(work, places.effect_precision)
    by_effect = part(work, places.effect_adjoint)
    runs = noise.runs if noise.trainings > 0 else 0
    for t in range(noise.trainings):
        by_effect[t] = 0.0
    for i in range(runs):
        if training[i] >= 0:
            by_effect[training[i]] += by_mean[i] * of_run(noise, places, i, value, work)[0]
    for t in range(noise.trainings):
        if noise.placed_effects > 0:
            both, offset = 1 + precision[t], u[place[t]]
            by_z = by_effect[t] - value[slot[t]]
            gradient[place[t]] += by_z / math.sqrt(both)
            by_effect[t] = by_z / both  # from here on: of `weighted`, the other in its place
            precision[t] = -by_z * (weighted[t] / both + offset / (2 * math.sqrt(both))) / both
            precision[t] -= 1 / (2 * both)
        else:
            adjoint[slot[t]] += by_effect[t]
    for i in range(runs):
        t = training[i]
        if t >= 0:
            common, (c, own) = value[common_slot[i]], of_run(noise, places, i, value, work)
            by_c = by_mean[i] * value[slot[t]]
            if noise.placed_effects > 0:
                residual = observed[i] - (mean[i] - c * value[slot[t]])
                by_weighted, by_precision = by_effect[t], precision[t]
                by_c += (by_weighted * residual + by_precision * 2 * c) / own
                by_own = -(by_weighted * residual + by_precision * c) * c / (own * own)
                by_mean[i] -= by_weighted * c / own
                by_scatter[i] += by_own * (1 - common)
                adjoint[common_slot[i]] -= by_own * scatter[i]
            by_scatter[i] += by_c * c / (2 * scatter[i])
            adjoint[common_slot[i]] += by_c * c / (2 * common)
