"""Draws of a declared model in NumPy: parameters from its priors, and its runs again.

PyMC declares the same model (`qqt_bayes.model.build`), and the tests compare the two; to compile
its graphs would take longer than a fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.model.conditioning import (
    UNSEEN,
    condition,
    expected,
    joint_log_density,
    left_out,
)
from qqt_bayes.model.curves import amplitude_of, blocks, curves, draw_blocks, located, printed
from qqt_bayes.model.discrepancy import prior_departures
from qqt_bayes.model.noise import TRAINING, checkpoints, has_effects, is_rounded
from qqt_bayes.model.priors import count, declared, normal, student_t, values_at
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


def labelled(problem: Problem, values: Mapping[str, Array], chains: int = 1) -> xr.Dataset:
    """Values of random numbers, or of the runs' errors, as ArviZ expects them.

    Parameters
    ----------
    problem : Problem
    values : mapping of str to array, shape (draw, ...)
        The draws of all chains one after the other.
    chains : int
    """
    over = {name: prior.over for name, prior in declared(problem.spec)}
    over |= {TRAINING: ("training",), "error": ("run",)}
    labels = {dim: problem.runs[dim].to_numpy() for dim in ("run", "group", "pool")}
    labels["training"] = np.array(checkpoints(problem.runs)[1])
    variables = {
        name: (("chain", "draw", *over[name]), x.reshape(chains, -1, *x.shape[1:]))
        for name, x in values.items()
    }
    used = {dim for dims, _ in variables.values() for dim in dims}
    coords = {dim: names for dim, names in labels.items() if dim in used}
    draws = len(next(iter(values.values()))) // chains
    return xr.Dataset(variables, {"chain": range(chains), "draw": range(draws), **coords})


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


def replicate(
    problem: Problem, draws: Mapping[str, Array], seed: int, fold: NDArray[np.intp] | None = None
) -> Replicates:
    """Replicate the runs under draws of the parameters.

    Parameters
    ----------
    problem : Problem
    draws : mapping of str to array, shape (draw, ...)
        Values of the random parameters.
    seed : int
    fold : array of int, optional
        Runs that the parameters were inferred without: these are predicted from the other runs
        alone, not from each other.
    """
    curve = curves(problem, draws)
    mean, sigma, nu = located(problem, draws, curve)
    error = _drawn(problem, draws, mean, sigma, nu, seed)
    if not problem.spec.discrepancy:
        density = _log_density(problem, mean, sigma, nu)
        return Replicates(curve, error, error, density, density.sum(axis=1))
    data, parts = problem.seen, []
    rotation = problem.turn
    without = None if fold is None else problem.rotation(fold)
    amplitude, variance = amplitude_of(problem, draws), printed(problem, sigma)
    for block in draw_blocks(problem, len(mean)):
        given = condition(data, amplitude[block], mean[block], variance[block], rotation)
        centre, deviation = left_out(data, given)
        if fold is not None:
            unseen = variance[block].copy()
            unseen[:, fold] = UNSEEN * data.mean[fold] ** 2
            others = condition(data, amplitude[block], mean[block], unseen, without)
            centre[:, fold], spread = expected(others, mean[block], data.cell, fold)
            deviation[:, fold] = np.sqrt(spread + given.variance[:, fold])
        noise = given.variance
        parts.append((centre, deviation, noise, joint_log_density(data, given)))
    centre, deviation, noise, joint = (np.concatenate(each) for each in zip(*parts, strict=True))
    density = normal(data.log_error, centre, deviation) - np.log(data.mean)
    rng = np.random.default_rng((seed, NOISE, LEFT_OUT))
    of_cell = np.sqrt(np.maximum(deviation**2 - noise, 0)) * rng.standard_normal(mean.shape)
    predicted = np.exp(centre + of_cell) + np.sqrt(variance) * rng.standard_normal(mean.shape)
    return Replicates(curve, error, predicted, density, joint)


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
