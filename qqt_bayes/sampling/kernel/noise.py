r"""The runs in the compiled log density: how far they lie from their curves.

The mathematics is that of `qqt_bayes.model.noise`.
"""

from __future__ import annotations

import math

from qqt_bayes.sampling.kernel.memory import kernel, part
from qqt_bayes.sampling.kernel.rounding import printed


@kernel
def scatter(noise, places, value, work):
    """The run-to-run variance of each run."""
    sigma_slot, exponent_slot = noise.sigma, noise.budget_exponent
    weight, log_budget = noise.weight, noise.log_budget
    variance, adjoint = part(work, places.scatter), part(work, places.scatter_adjoint)
    for i in range(noise.runs):
        sigma, exponent = value[sigma_slot[i]], value[exponent_slot[i]]
        growth = 1.0 if exponent == 0 else math.exp(2 * exponent * log_budget[i])
        variance[i] = sigma * sigma * growth / weight[i]
        adjoint[i] = 0.0


@kernel
def pull_scatter(noise, places, value, adjoint, work):
    """From the adjoints of the run-to-run variances to those of sigma and the budget's exponent."""
    sigma_slot, exponent_slot = noise.sigma, noise.budget_exponent
    log_budget = noise.log_budget
    variance, by_variance = part(work, places.scatter), part(work, places.scatter_adjoint)
    for i in range(noise.runs):
        by_log = 2 * by_variance[i] * variance[i]  # of the log of the deviation
        adjoint[sigma_slot[i]] += by_log / value[sigma_slot[i]]
        adjoint[exponent_slot[i]] += by_log * log_budget[i]


@kernel
def noise_ratio(noise, departed, places, value, work):
    """``r``: the variance of the search over that of independent runs, averaged over the runs."""
    siblings, common, known = (
        noise.siblings,
        noise.common,
        noise.known,
    )
    search, variance = noise.search_variance, part(work, places.scatter)
    amplitude, alone, total = value[departed.amplitude[0]], departed.alone, 0.0
    for i in range(noise.runs * noise.searched):
        design = 1 + siblings[i] * value[common[i]]
        departure = alone[i] * amplitude * amplitude
        total += search[i] / (variance[i] * design + known[i] + departure)
    return total / noise.runs


@kernel
def pull_noise_ratio(noise, departed, places, by_ratio, value, adjoint, work):
    """From the adjoint of the ratio to those of the run-to-run variances and of `common`."""
    siblings, common, known = (
        noise.siblings,
        noise.common,
        noise.known,
    )
    search, variance = noise.search_variance, part(work, places.scatter)
    by_scatter, by_mean = part(work, places.scatter_adjoint), by_ratio / noise.runs
    slot, alone = departed.amplitude[0], departed.alone
    amplitude = value[slot]
    for i in range(noise.runs * noise.searched):
        design = 1 + siblings[i] * value[common[i]]
        whole = variance[i] * design + known[i] + alone[i] * amplitude * amplitude
        by_whole = -by_mean * search[i] / (whole * whole)
        adjoint[slot] += by_whole * 2 * alone[i] * amplitude
        by_scatter[i] += by_whole * design
        adjoint[common[i]] += by_whole * variance[i] * siblings[i]


@kernel
def likelihood(noise, places, value, adjoint, work):
    """Log density of what was observed; adjoints of the means, the variances and nu."""
    observed, evaluation, rounding = (
        noise.observed,
        noise.evaluation,
        noise.rounding,
    )
    nu_slot, common_slot, training = (
        noise.nu,
        noise.common,
        noise.training,
    )
    mean, by_mean = part(work, places.mean), part(work, places.mean_adjoint)
    scatter, by_scatter = part(work, places.scatter), part(work, places.scatter_adjoint)
    total, variance, per_sigma, log_sigma = 0.0, 1.0, 1.0, 0.0
    for i in range(noise.runs):
        own = 1 - value[common_slot[i]] if training[i] >= 0 else 1.0
        if scatter[i] * own + evaluation[i] != variance:  # many runs have the same
            variance = scatter[i] * own + evaluation[i]
            per_sigma, log_sigma = 1 / math.sqrt(variance), math.log(variance) / 2
        density, by_z, by_log_sigma, by_nu = printed(
            (observed[i] - mean[i]) * per_sigma, rounding[i] * per_sigma, value[nu_slot[i]]
        )
        total += density - log_sigma
        by_mean[i] = -by_z * per_sigma
        by_variance = by_log_sigma * per_sigma * per_sigma / 2
        by_scatter[i] += by_variance * own
        adjoint[nu_slot[i]] += by_nu
        if training[i] >= 0:
            adjoint[common_slot[i]] -= by_variance * scatter[i]
    return total
