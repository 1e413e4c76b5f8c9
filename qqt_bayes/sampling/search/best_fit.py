r"""The best fits of a law to a table of runs under the prior, and what each of them weighs.

They are minima of the cost ``C`` of `qqt_bayes.sampling.search.least_squares` under the noise that
each of them leaves.  There may be several.  By Laplace's method the weight of one is
``exp(-C) / (prod s sqrt(det P))`` times the prior density of the noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from qqt_bayes.model.problem import Problem
from qqt_bayes.sampling.search.least_squares import (
    LeastSquares,
    errors_and_jacobian,
    jacobian,
    precision,
    predicted,
    run_variance,
)

Array = NDArray[np.float64]
MAX_SCALARS = 120
"""With more random numbers in the law the search would take longer than it saves the sampler."""
SEARCH_STARTS = 8
"""The search sets out from so many points, one prior standard deviation about the prior's mean."""
MAX_EVALUATIONS = 100
"""The search from one start evaluates the law at no more points."""
MIN_SIGMA, SIGMA_GRID = 1e-4, 1000
"""Sigma is sought on a grid of so many values from this share of the mean error to the largest."""
MAX_SIGMA_ROUNDS, SIGMA_TOLERANCE, MAX_SIGMA_FALL = 8, 0.05, 4.0
"""Sigma and x are sought in turn until log sigma changes by less than the tolerance, at most so
often.  It falls by no more than a factor each time: a fit that is still far off must not be taken
for one with hardly any noise."""
MIN_SEPARATION = 1.0
"""Two minima are taken for one if no scalar differs by as many standard deviations."""
MAX_LOG_WEIGHT_GAP = np.log(1e3)
"""Minima whose log weight is farther below the best are left out: no draw would be near them."""


@dataclass(frozen=True)
class Optimum:
    """A minimum of the least squares.

    Attributes
    ----------
    x : array, shape (scalar,)
        Where it is.
    sigma : float
        The run-to-run noise that the fit leaves there.
    log_weight : float
        The log of its weight by Laplace's method, up to a constant.
    """

    x: Array
    sigma: float
    log_weight: float


def can_search(problem: Problem) -> bool:
    """Whether a best fit is sought: something but the floor is random, and not too much."""
    return bool(problem.given_floor) and problem.fields[-1].stop <= MAX_SCALARS


def minimise(squares: LeastSquares, start: Array, sigma: float, free: int) -> tuple[Array, float]:
    """The minimum over the first `free` scalars near a start, and its cost ``C``.

    The other scalars, floors, keep the values that they have at the start.
    """
    noise = np.sqrt(run_variance(squares, sigma))
    root = np.linalg.cholesky(squares.prior_precision[:free, :free]).T  # root' root = Q

    def point(x: Array) -> Array:
        return np.concatenate([x, start[free:]])

    @lru_cache(maxsize=1)  # SciPy asks for the Jacobian where it last asked for residuals
    def evaluated(x: bytes) -> tuple[Array, Array]:
        return errors_and_jacobian(squares, point(np.frombuffer(x)), sigma, free)

    def residuals(x: Array) -> Array:
        errors, _ = evaluated(x.tobytes())
        misfit = (errors - squares.observed) / noise
        return np.concatenate([misfit, root @ (x - squares.prior_mean[:free])])

    def slope(x: Array) -> Array:
        return np.concatenate([evaluated(x.tobytes())[1], root])

    found = least_squares(residuals, start[:free], jac=slope, max_nfev=MAX_EVALUATIONS)
    return point(found.x), float(found.cost)


def find_optima(squares: LeastSquares) -> list[Optimum]:
    """The minima that several starts lead to, the one of largest weight first."""
    sigma, size = squares.first_sigma, squares.scalars
    rng = np.random.default_rng(0)
    spread = np.sqrt(np.diag(squares.prior_precision))
    starts = squares.prior_mean + rng.standard_normal((SEARCH_STARTS, size)) / spread
    starts[0] = squares.prior_mean
    places: list[Array] = []
    for start in starts:
        x, _ = minimise(squares, start, sigma, size)
        if not any(same_minimum(squares, x, place, sigma) for place in places):
            places.append(x)
    optima: list[Optimum] = []
    for place in places:  # under a noise of their own two of them may meet
        found = with_own_noise(squares, place, sigma)
        if not any(same_minimum(squares, found.x, other.x, sigma) for other in optima):
            optima.append(found)
    optima.sort(key=lambda each: -each.log_weight)
    least = optima[0].log_weight - MAX_LOG_WEIGHT_GAP
    return [each for each in optima if each.log_weight > least]


def same_minimum(squares: LeastSquares, x: Array, other: Array, sigma: float) -> bool:
    """Whether two minima are taken for one: no scalar is farther apart than its spread."""
    deviation = np.sqrt(np.diag(np.linalg.inv(precision(squares, x, sigma, x.size))))
    return bool(np.all(abs(x - other) < MIN_SEPARATION * deviation))


def with_own_noise(squares: LeastSquares, x: Array, sigma: float) -> Optimum:
    """The minimum near a place, with the noise that it leaves, sought from `sigma` on."""
    for _ in range(MAX_SIGMA_ROUNDS):
        before = sigma
        sigma = max(_probable_sigma(squares, x, before), before / MAX_SIGMA_FALL)
        x, cost = minimise(squares, x, sigma, x.size)
        if abs(np.log(sigma / before)) < SIGMA_TOLERANCE:
            break
    log_weight = -cost - np.log(run_variance(squares, sigma)).sum() / 2
    log_weight -= np.linalg.slogdet(precision(squares, x, sigma, x.size))[1] / 2
    mean, variance = squares.log_sigma
    log_weight -= (np.log(sigma) - mean) ** 2 / variance / 2
    return Optimum(x, sigma, float(log_weight))


def _probable_sigma(squares: LeastSquares, x: Array, sigma: float) -> float:
    """The most probable sigma, given the residuals at a point that was fitted under another.

    Each run counts as less than one, since the fit has used up some degrees of freedom: the trace
    of ``J'J / P``, which is the number of scalars where the prior says nothing.
    """
    slope = jacobian(squares, x, sigma, x.size)
    own = precision(squares, x, sigma, x.size)
    used = np.trace(np.linalg.solve(own, slope.T @ slope))
    left = max(1 - used / squares.observed.size, 0)
    square = (predicted(squares, x[None])[0] - squares.observed) ** 2
    lowest, highest = MIN_SIGMA * squares.observed.mean(), squares.observed.max()
    log_sigma = np.linspace(np.log(lowest), np.log(highest), SIGMA_GRID)
    variance = np.exp(2 * log_sigma)[:, None] / squares.weight + squares.known_variance
    log_density = -(left * np.log(variance) + square / variance).sum(axis=1) / 2
    mean, spread = squares.log_sigma
    log_density -= (log_sigma - mean) ** 2 / spread / 2
    return float(np.exp(log_sigma[log_density.argmax()]))
