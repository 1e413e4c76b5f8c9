r"""Penalised least squares: how far a law at given parameters is from the runs and from the prior.

The parameters x, on their unconstrained scales, have the cost

``C = sum ((y(x) - y) / s)^2 / 2 + (x - m)' Q (x - m) / 2``

with ``m`` and ``1 / Q`` the mean and covariance of the prior (what is pooled moves together), and
``s`` the noise of each run.  About a minimum x has the precision ``P = J'J + Q``, with ``J`` the
derivatives of ``y(x) / s``.

A `LeastSquares` holds what stays as it is while x and the noise are sought.  Everything else is a
function of it, of a point x and of ``sigma``, the run-to-run part of the noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.noise import independent_weights, known_variance
from qqt_bayes.model.problem import Field, Problem
from qqt_bayes.sampling.search.slopes import Slopes

Array = NDArray[np.float64]
MAX_FLOOR_RATIO = 1.05
"""Floors are looked at up to so many times the least error: noise may put an error below them."""
MAX_ERROR_RATIO, MAX_CEILING_RATIO = 3.0, 1e6
"""Predicted errors are cut off at a ceiling of so many times the largest error, seen or predicted
at the prior's mean; and that ceiling at so many times the largest seen.  Far from the data a law
may overflow, and the search must see a number there; at its start it must see a slope."""
MIN_LOG_SIGMA_VARIANCE = 1e-6
"""The prior variance of log sigma counts as no less: it is 0 where sigma is fixed."""
FIRST_SIGMA = 0.05, 1e-3
"""Sigma is first guessed as this share of the standard deviation of the errors, and as no less than
this share of their mean, since all errors may be equal."""


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """The penalised least squares of a problem: what neither x nor sigma changes.

    Attributes
    ----------
    problem : Problem
        Its fields say where each parameter is in x.
    prior_mean : array, shape (scalar,)
        ``m``.
    prior_precision : array, shape (scalar, scalar)
        ``Q``.
    own_precision : array, shape (scalar,)
        The prior precision of each scalar about the mean that it is pooled with.
    pooling : array, shape (scalar, scalar)
        What offsets from ``m`` say of the offset of the mean that each scalar is pooled with; 0
        where nothing is pooled.
    observed : array, shape (run,)
        The errors of the runs, ``y``.
    known_variance : array, shape (run,)
        The variance of evaluation and rounding.
    weight : array, shape (run,)
        What sigma^2 is divided by.
    log_sigma : tuple of float
        Prior mean and variance of log sigma.
    first_sigma : float
        A guess to begin with.
    least_error : float
        The least error, but no less than a floor may be.
    ceiling : float
        Predicted errors count as no more.
    slopes : Slopes
        The law of the problem with its derivatives.
    """

    problem: Problem
    prior_mean: Array
    prior_precision: Array
    own_precision: Array
    pooling: Array
    observed: Array
    known_variance: Array
    weight: Array
    log_sigma: tuple[float, float]
    first_sigma: float
    least_error: float
    ceiling: float
    slopes: Slopes

    @property
    def scalars(self) -> int:
        """The length of x."""
        return self.prior_mean.size

    @property
    def floor_start(self) -> int:
        """The place in x of the first floor; all other parameters come before it."""
        return self.problem.given_floor[-1].stop


def penalised(problem: Problem, prior: Mapping[str, Array]) -> LeastSquares:
    """The least squares of a problem.

    Parameters
    ----------
    problem : Problem
    prior : mapping of str to array, shape (draw, ...)
        Prior draws of the random parameters.
    """
    fields, size = problem.fields, problem.fields[-1].stop
    mean, own = np.empty(size), np.empty(size)
    covariance, pooling = np.zeros((size, size)), np.zeros((size, size))
    for field in fields:
        here = field.place
        centre, variance, shared = _prior_moments(field, prior)
        mean[here], own[here] = centre.ravel(), 1 / variance.ravel()
        covariance[here, here] = np.diag(variance.ravel()) + shared
        pooling[here, here] = shared @ np.linalg.inv(covariance[here, here])
    observed = problem.runs["error"].to_numpy()
    lowest_floor = problem.floor.prior.support[0] if problem.floor else 0.0
    sigma = problem.spec.likelihood.parameters["sigma"]
    log_sigma = np.log(prior["sigma"] if isinstance(sigma, Prior) else [sigma])
    highest_ceiling = MAX_CEILING_RATIO * float(observed.max())
    squares = LeastSquares(
        problem=problem,
        prior_mean=mean,
        prior_precision=np.linalg.inv(covariance),
        own_precision=own,
        pooling=pooling,
        observed=observed,
        known_variance=known_variance(problem.runs),
        weight=independent_weights(problem.runs, problem.typical_noise(prior)),
        log_sigma=(log_sigma.mean(), max(log_sigma.var(), MIN_LOG_SIGMA_VARIANCE)),
        first_sigma=max(FIRST_SIGMA[0] * observed.std(), FIRST_SIGMA[1] * observed.mean()),
        least_error=max(float(observed.min()), MAX_FLOOR_RATIO * lowest_floor),
        ceiling=highest_ceiling,
        slopes=Slopes(problem),
    )
    at_mean = float(errors_and_slopes(squares, mean[None])[0].max())
    ceiling = min(MAX_ERROR_RATIO * max(float(observed.max()), at_mean), highest_ceiling)
    return replace(squares, ceiling=ceiling)


def _prior_moments(field: Field, prior: Mapping[str, Array]) -> tuple[Array, Array, Array]:
    """The prior mean of a field and the variance about it, alone and shared.

    Returns
    -------
    mean : array, shape (...)
    variance : array, shape (...)
        Of each scalar about the mean that it is pooled with.
    shared : array, shape (scalar, scalar)
        The covariance that scalars have by the mean above them.
    """
    draws = field.scale.free(prior[field.name])
    above = np.zeros_like(draws)
    shared = np.zeros((field.size, field.size))
    nested = field.prior.pooled
    if nested:
        axes = [slice(None) if dim in nested.over else None for dim in field.prior.over]
        above += prior[f"{field.name}_mu"][(slice(None), *axes)]
        flat = (above - above.mean(axis=0)).reshape(len(draws), -1)
        # Scalars with the same mean above them have it in common draw by draw: correlation 1.
        same = np.isclose(np.corrcoef(flat.T).reshape(shared.shape), 1)
        shared = flat.var() * same
    return draws.mean(axis=0), (draws - above).var(axis=0), shared


def run_variance(squares: LeastSquares, sigma: float | Array) -> Array:
    """The variance of each run about its curve under one sigma or several, shape (..., run)."""
    variance: Array = np.square(sigma)[..., None] / squares.weight + squares.known_variance
    return variance


def floors(squares: LeastSquares, x: Array) -> Array:
    """The floors at a point or several, shape (..., floor)."""
    with np.errstate(divide="ignore"):  # a floor at the end of its support
        found: Array = squares.problem.fields[-1].scale.bound(x[..., squares.floor_start :], np)[0]
    return found


def errors_and_slopes(squares: LeastSquares, points: Array) -> tuple[Array, Array]:
    """The errors of the runs at several points and their derivatives by the scalars.

    Returns
    -------
    errors : array, shape (point, run)
    slopes : array, shape (point, run, scalar)
        0 where an error is cut off at the ceiling.
    """
    with np.errstate(all="ignore"):  # far from the data a law may overflow
        errors, slopes = squares.slopes.at(points)
        cut = ~(errors < squares.ceiling)  # no number counts as too large
    slopes[cut] = 0.0
    # Where a power overflows in a slope but not in its error, the error is at its floor: flat.
    return np.where(cut, squares.ceiling, errors), np.nan_to_num(slopes, posinf=0.0, neginf=0.0)


def precision(squares: LeastSquares, jacobian: Array) -> Array:
    """``P = J'J + Q`` of the scalars of a Jacobian, the first of x, shape (..., scalar, scalar)."""
    free = jacobian.shape[-1]
    found: Array = jacobian.mT @ jacobian + squares.prior_precision[:free, :free]
    return found


def pooled_means(squares: LeastSquares, x: Array) -> Array:
    """The expected mean that each scalar is pooled with, given all scalars, shape (..., scalar)."""
    offset = np.nan_to_num(x, neginf=0) - squares.prior_mean  # a floor may be at 0: its log is -inf
    means: Array = squares.prior_mean + offset @ squares.pooling.T
    return means
