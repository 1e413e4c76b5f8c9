"""Draws of a declared model in NumPy: parameters from its priors, and its runs again.

PyMC declares the same model (`qqt_bayes.model.build`), and the tests compare the two; to compile
its graphs would take longer than a fit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.laws.run_curves import repeat, run_errors
from qqt_bayes.model.discrepancy import (
    AMPLITUDE,
    condition,
    joint_log_density,
    left_out,
    prior_departures,
)
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.noise import (
    TRAINING,
    by_run,
    checkpoints,
    common_deviation,
    has_effects,
    is_rounded,
    run_variance,
    shape_of,
)
from qqt_bayes.model.priors import by_copy, count, normal, student_t, values_at
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.rounding import NODES, averaged

Array = NDArray[np.float64]
PRIOR_DRAWS = 1000
"""Draws of the prior: enough for the moments that the search takes from them, and for plots."""
NOISE = 2
"""The stream of random numbers of the noise: under one seed they must not be those of which the
parameters are made.  (1 is that of departures, and a seed alone is its stream 0.)"""
LEFT_OUT = 1
"""The stream within that one, of errors given the others."""
NUMBERS_AT_A_TIME = 2_000_000
"""Runs are replicated under so many draws at a time that no array has more numbers: 16 MB."""


def prior_draws(problem: Problem, seed: int, draws: int = PRIOR_DRAWS) -> dict[str, Array]:
    """Draw every random number of a model from its prior.

    Parameters
    ----------
    problem : Problem
    seed : int
    draws : int

    Returns
    -------
    dict of str to array, shape (draw, ...)
        By name, with the dimensions that the prior is over; `TRAINING` over trainings, where
        checkpoints of one training have an effect in common.
    """
    rng = np.random.default_rng(seed)
    sizes = {dim: problem.runs.sizes[dim] for dim in ("group", "pool")}
    z = rng.standard_normal((draws, count(problem.spec, sizes)))
    values = values_at(problem.spec, sizes, z)
    if has_effects(problem.spec.likelihood, problem.runs):
        trainings = len(checkpoints(problem.runs)[1])
        values[TRAINING] = rng.standard_normal((draws, trainings))
    return values


def curves(problem: Problem, draws: Mapping[str, Array]) -> Array:
    """The mean error of each run under draws of the parameters.

    Parameters
    ----------
    problem : Problem
    draws : mapping of str to array, shape (draw, ...)
        Values of the random parameters; other names are passed over.

    Returns
    -------
    array, shape (draw, run)
    """
    size = sum(part.row.size * part.epochs.count.shape[-1] for part in problem.entries)
    found = []
    for block in blocks(_length(draws), size):
        values = {name: x[block] for name, x in draws.items()}
        copies = repeat(problem.entries, _length(values))
        parameters = by_copy(problem.spec, values) | problem.constants
        errors = run_errors(copies, problem.law, parameters)
        found.append(errors.reshape(_length(values), -1))
    return np.concatenate(found)


class Replicates(NamedTuple):
    """The runs of a table under draws of the parameters, each of shape (draw, run).

    Attributes
    ----------
    curve : array
        The law's mean error of each run.
    error : array
        An error of each run, all drawn together, departures of the training sets included.
    predicted : array
        An error of each run given those of all others: the same, unless curves depart.
    log_density : array
        Log density of the error that was seen, given the others.
    joint : array, shape (draw,)
        Log density of all errors that were seen.
    """

    curve: Array
    error: Array
    predicted: Array
    log_density: Array
    joint: Array


def errors_again(problem: Problem, draws: Mapping[str, Array], seed: int) -> Array:
    """An error of each run under each draw, shape (draw, run), as from `replicate`."""
    return _drawn(problem, draws, *located(problem, draws, curves(problem, draws)), seed)


def replicate(problem: Problem, draws: Mapping[str, Array], seed: int) -> Replicates:
    """Replicate the runs under draws of the parameters.

    Parameters
    ----------
    problem : Problem
    draws : mapping of str to array, shape (draw, ...)
        Values of the random parameters.
    seed : int
    """
    curve = curves(problem, draws)
    mean, sigma, nu = located(problem, draws, curve)
    error = _drawn(problem, draws, mean, sigma, nu, seed)
    if not problem.spec.discrepancy:
        density = _log_density(problem, mean, sigma, nu)
        return Replicates(curve, error, error, density, density.sum(axis=1))
    data, parts = problem.seen, []
    amplitude, variance = amplitude_of(problem, draws), printed(problem, sigma)
    for block in blocks(len(mean), data.covariance.size):
        given = condition(data, amplitude[block], mean[block], variance[block])
        parts.append((*left_out(data, given), joint_log_density(data, given)))
    expected, deviation, joint = (np.concatenate(each) for each in zip(*parts, strict=True))
    density = normal(data.log_error, expected, deviation) - np.log(data.mean)
    z = np.random.default_rng((seed, NOISE, LEFT_OUT)).standard_normal(mean.shape)
    return Replicates(curve, error, np.exp(expected + deviation * z), density, joint)


def amplitude_of(problem: Problem, draws: Mapping[str, Array]) -> Array:
    """The amplitude of departures of log error in each draw, shape (draw,)."""
    declared = problem.spec.discrepancy[AMPLITUDE]
    drawn = draws[AMPLITUDE] if isinstance(declared, Prior) else np.full(_length(draws), declared)
    return problem.of_error * drawn


def printed(problem: Problem, sigma: Array) -> Array:
    """The variance of errors that were rounded, shape (draw, run)."""
    found: Array = sigma**2 + problem.runs["rounding"].to_numpy() ** 2 / 3
    return found


def located(
    problem: Problem, draws: Mapping[str, Array], curve: Array
) -> tuple[Array, Array, Array | None]:
    """Location and scale of each run's error, and degrees of freedom, all of shape (draw, run)."""
    runs, likelihood = problem.runs, problem.spec.likelihood
    noise = by_run(likelihood, runs, draws)
    mean = curve
    if has_effects(likelihood, runs):
        index, _ = checkpoints(runs)
        mean = curve + common_deviation(runs, noise) * draws[TRAINING][:, index]
    sigma = np.broadcast_to(np.sqrt(run_variance(runs, noise)), curve.shape)
    nu = shape_of(noise).get("nu")
    return mean, sigma, None if nu is None else np.broadcast_to(nu, curve.shape)


def _drawn(
    problem: Problem,
    draws: Mapping[str, Array],
    mean: Array,
    sigma: Array,
    nu: Array | None,
    seed: int,
) -> Array:
    """An error of each run under each draw, printed with the rounding of its run."""
    rng = np.random.default_rng((seed, NOISE))
    if problem.spec.discrepancy:
        data = problem.seen
        departure = prior_departures(data.cells, data.centre, len(mean), rng)[:, data.cell]
        mean = mean * np.exp(amplitude_of(problem, draws)[:, None] * departure)
    noise = rng.standard_normal(mean.shape) if nu is None else rng.standard_t(nu)
    error: Array = mean + sigma * noise
    if is_rounded(problem.runs):
        error += problem.runs["rounding"].to_numpy() * rng.uniform(-1, 1, mean.shape)
    return error


def _log_density(problem: Problem, mean: Array, sigma: Array, nu: Array | None) -> Array:
    """The log density of the errors seen under each draw, shape (draw, run)."""
    observed = problem.runs["error"].to_numpy()

    def log_noise(x: Any, at: Any, scale: Any, freedom: Any) -> Any:
        return normal(x, at, scale) if freedom is None else student_t(x, freedom, at, scale)

    if not is_rounded(problem.runs):
        return np.asarray(log_noise(observed, mean, sigma, nu))
    rounding = problem.runs["rounding"].to_numpy()
    found = np.empty(mean.shape)
    for block in blocks(len(mean), observed.size * NODES.size):
        own = None if nu is None else nu[block]
        at_nodes = None if own is None else own[..., None]
        unit_noise = partial(log_noise, at=0.0, scale=1.0, freedom=at_nodes)
        residual = observed - mean[block]
        found[block] = averaged(unit_noise, residual, sigma[block], rounding, own, np)
    return found


def _length(draws: Mapping[str, Array]) -> int:
    return len(next(iter(draws.values())))


def blocks(draws: int, size: int) -> Iterator[slice]:
    """Slices of draws, each of which takes `size` numbers."""
    each = max(1, math.floor(NUMBERS_AT_A_TIME / size))
    return (slice(first, first + each) for first in range(0, draws, each))
