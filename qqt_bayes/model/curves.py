"""The runs of a model under draws of its parameters: their curves, and how far they scatter."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.laws.run_curves import repeat, run_errors
from qqt_bayes.model.discrepancy import AMPLITUDE
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.noise import (
    TRAINING,
    by_run,
    checkpoints,
    common_deviation,
    has_effects,
    rounding_variance,
    run_variance,
    shape_of,
)
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import Spec

Array = NDArray[np.float64]
NUMBERS_AT_A_TIME = 2_000_000
"""Runs are replicated under so many draws at a time that no array has more numbers: 16 MB."""


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
    for block in blocks(length(draws), size):
        values = {name: x[block] for name, x in draws.items()}
        copies = repeat(problem.entries, length(values))
        parameters = by_copy(problem.spec, values) | problem.constants
        errors = run_errors(copies, problem.law, parameters)
        found.append(errors.reshape(length(values), -1))
    return np.concatenate(found)


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


def amplitude_of(problem: Problem, draws: Mapping[str, Array]) -> Array:
    """The amplitude of departures of log error in each draw, shape (draw,)."""
    declared = problem.spec.discrepancy[AMPLITUDE]
    drawn = draws[AMPLITUDE] if isinstance(declared, Prior) else np.full(length(draws), declared)
    return problem.of_error * drawn


def printed(problem: Problem, sigma: Array) -> Array:
    """The variance of errors that were rounded, shape (draw, run)."""
    found: Array = sigma**2 + rounding_variance(problem.runs)
    return found


def draw_blocks(problem: Problem, draws: int, size: int = 1) -> Iterator[slice]:
    """Slices of draws under which departures are conditioned on the runs at a time.

    Parameters
    ----------
    problem : Problem
    draws : int
    size : int
        Numbers that each draw takes beside.
    """
    cells = len(problem.seen.covariance)
    return blocks(draws, max(size, cells if problem.turn else cells**2))


def length(draws: Mapping[str, Array]) -> int:
    """How many draws there are."""
    return len(next(iter(draws.values())))


def blocks(draws: int, size: int) -> Iterator[slice]:
    """Slices of draws, each of which takes `size` numbers."""
    each = max(1, math.floor(NUMBERS_AT_A_TIME / size))
    return (slice(first, first + each) for first in range(0, draws, each))


def by_copy(spec: Spec, values: Mapping[str, Array]) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """The parameters of the law as `run_errors` takes them for several copies of a table.

    Parameters
    ----------
    spec : Spec
    values : mapping of str to array, shape (copy, ...)
        Of the random parameters, a copy for each draw or point; other names are passed over.
    """
    return {
        name: (values[name], ("copy", *value.over))
        if isinstance(value, Prior)
        else (np.float64(value), ())
        for name, value in spec.parameters.items()
    }
