"""Draws of a declared model in NumPy: parameters from its priors, and its runs again.

PyMC declares the same model (`qqt_bayes.model.build`), and the tests compare the two; to compile
its graphs would take longer than a fit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.laws.run_curves import repeat, run_errors
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
    for block in _blocks(_length(draws), size):
        values = {name: x[block] for name, x in draws.items()}
        copies = repeat(problem.entries, _length(values))
        parameters = by_copy(problem.spec, values) | problem.constants
        errors = run_errors(copies, problem.law, parameters)
        found.append(errors.reshape(_length(values), -1))
    return np.concatenate(found)


def errors_again(problem: Problem, draws: Mapping[str, Array], seed: int) -> Array:
    """An error of each run under each draw, shape (draw, run), as from `replicate`."""
    return _drawn(problem, *_about(problem, draws, curves(problem, draws)), seed)


def replicate(
    problem: Problem, draws: Mapping[str, Array], seed: int
) -> tuple[Array, Array, Array]:
    """Replicate the runs under draws of the parameters.

    Parameters
    ----------
    problem : Problem
    draws : mapping of str to array, shape (draw, ...)
        Values of the random parameters.
    seed : int

    Returns
    -------
    tuple of array, shape (draw, run)
        Mean error of each run; an error drawn about it; and the log density of the error seen.
    """
    curve = curves(problem, draws)
    mean, sigma, nu = _about(problem, draws, curve)
    return curve, _drawn(problem, mean, sigma, nu, seed), _log_density(problem, mean, sigma, nu)


def _about(
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


def _drawn(problem: Problem, mean: Array, sigma: Array, nu: Array | None, seed: int) -> Array:
    """An error of each run under each draw, printed with the rounding of its run."""
    rng = np.random.default_rng((seed, NOISE))
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
    for block in _blocks(len(mean), observed.size * NODES.size):
        own = None if nu is None else nu[block]
        at_nodes = None if own is None else own[..., None]
        unit_noise = partial(log_noise, at=0.0, scale=1.0, freedom=at_nodes)
        residual = observed - mean[block]
        found[block] = averaged(unit_noise, residual, sigma[block], rounding, own, np)
    return found


def _length(draws: Mapping[str, Array]) -> int:
    return len(next(iter(draws.values())))


def _blocks(draws: int, size: int) -> Iterator[slice]:
    """Slices of draws, each of which takes `size` numbers."""
    each = max(1, math.floor(NUMBERS_AT_A_TIME / size))
    return (slice(first, first + each) for first in range(0, draws, each))
