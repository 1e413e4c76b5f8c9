r"""The best fits of a law to a table of runs under the prior, and what each of them weighs.

They are minima of the cost ``C`` of `qqt_bayes.sampling.search.least_squares` under the noise that
each of them leaves.  There may be several.  By Laplace's method the weight of one is
``exp(-C) / (prod s sqrt(det P))`` times the prior density of the noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.model.problem import UTILITY, Problem
from qqt_bayes.sampling.search.least_squares import LeastSquares, precision, run_variance
from qqt_bayes.sampling.search.minimise import Fits, evaluate, minimise

Array = NDArray[np.float64]
MAX_SCALARS = 250
"""No search with more random numbers in the law.  With 242 of them (120 pools, 480 runs) it takes
four seconds and saves the sampler seven in eight of its steps; its cost grows as their cube."""
MAX_SLOPES = 500_000
"""No search with more slopes, runs times random numbers: those of all knots stand in memory."""
SEARCH_STARTS = 8
"""The search sets out from so many points, one prior standard deviation about the prior's mean."""
ROUGH_TOLERANCE = 1e-4
"""The `FALL_TOLERANCE` while it is only asked which starts lead to one minimum: each is sought
again under its own noise."""
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
    deviation : array, shape (scalar,)
        The standard deviation of each scalar about it.
    """

    x: Array
    sigma: float
    log_weight: float
    deviation: Array


def can_search(problem: Problem) -> bool:
    """Whether a best fit is sought: of a law of utility, where some but not too much is random.

    The formula of a law from user code is not asked for the derivatives that a search takes.
    """
    if UTILITY not in problem.law.parameters or problem.law.own or not problem.given_floor:
        return False
    scalars = problem.fields[-1].stop
    return scalars <= MAX_SCALARS and scalars * problem.runs.sizes["run"] <= MAX_SLOPES


def find_optima(squares: LeastSquares) -> list[Optimum]:
    """The minima that several starts lead to, the one of largest weight first."""
    sigma = squares.first_sigma
    found = with_own_noise(squares, _places(squares, sigma), sigma)
    found.sort(key=lambda each: -each.log_weight)
    least = found[0].log_weight - MAX_LOG_WEIGHT_GAP
    optima: list[Optimum] = []
    for each in found:  # under a noise of their own two of them may meet
        known = any(same_minimum(each.x, other.x, each.deviation) for other in optima)
        if each.log_weight > least and not known:
            optima.append(each)
    return optima


def _places(squares: LeastSquares, sigma: float) -> Array:
    """Roughly the minima that several starts lead to under one noise, shape (place, scalar)."""
    rng = np.random.default_rng(0)
    spread = np.sqrt(np.diag(squares.prior_precision))
    starts = squares.prior_mean + rng.standard_normal((SEARCH_STARTS, squares.scalars)) / spread
    starts[0] = squares.prior_mean
    fits = minimise(squares, starts, sigma, squares.scalars, ROUGH_TOLERANCE)
    places: list[Array] = []
    for x, deviation in zip(fits.x, deviations(squares, fits.jacobian), strict=True):
        if not any(same_minimum(x, place, deviation) for place in places):
            places.append(x)
    return np.array(places)


def deviations(squares: LeastSquares, jacobian: Array) -> Array:
    """The standard deviations of the scalars at some points, shape (..., scalar)."""
    covariance = np.linalg.inv(precision(squares, jacobian))
    found: Array = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    return found


def same_minimum(x: Array, other: Array, deviation: Array) -> bool:
    """Whether two minima are taken for one: no scalar is farther apart than its spread."""
    return bool(np.all(abs(x - other) < MIN_SEPARATION * deviation))


def with_own_noise(squares: LeastSquares, places: Array, sigma: float) -> list[Optimum]:
    """The minimum near each place, with the noise that it leaves, sought from `sigma` on.

    Parameters
    ----------
    squares : LeastSquares
    places : array, shape (place, scalar)
    sigma : float
    """
    size, sigmas = squares.scalars, np.full(len(places), sigma)
    fits = evaluate(squares, places, sigmas, size)
    for _ in range(MAX_SIGMA_ROUNDS):
        before = sigmas
        sigmas = np.maximum(_probable_sigma(squares, fits), before / MAX_SIGMA_FALL)
        fits = minimise(squares, fits.x, sigmas, size)
        if np.all(abs(np.log(sigmas / before)) < SIGMA_TOLERANCE):
            break
    mean, variance = squares.log_sigma
    log_weight = -fits.cost - np.log(run_variance(squares, sigmas)).sum(axis=-1) / 2
    log_weight -= np.linalg.slogdet(precision(squares, fits.jacobian))[1] / 2
    log_weight -= (np.log(sigmas) - mean) ** 2 / variance / 2
    each = fits.x, sigmas.tolist(), log_weight.tolist(), deviations(squares, fits.jacobian)
    return [Optimum(*values) for values in zip(*each, strict=True)]


def _probable_sigma(squares: LeastSquares, fits: Fits) -> Array:
    """The most probable sigma, given the residuals at points that were fitted under others.

    Each run counts as less than one, since the fit has used up some degrees of freedom: the trace
    of ``J'J / P``, which is the number of scalars where the prior says nothing.

    Returns
    -------
    array, shape (point,)
    """
    own = fits.jacobian.mT @ fits.jacobian
    used = np.trace(np.linalg.solve(precision(squares, fits.jacobian), own), axis1=1, axis2=2)
    left = np.maximum(1 - used / squares.observed.size, 0)[:, None, None]
    square = (fits.errors - squares.observed)[:, None] ** 2
    lowest, highest = MIN_SIGMA * squares.observed.mean(), squares.observed.max()
    log_sigma = np.linspace(np.log(lowest), np.log(highest), SIGMA_GRID)
    variance = run_variance(squares, np.exp(log_sigma))
    log_density = -(left * np.log(variance) + square / variance).sum(axis=-1) / 2
    mean, spread = squares.log_sigma
    log_density -= (log_sigma - mean) ** 2 / spread / 2
    found: Array = np.exp(log_sigma[log_density.argmax(axis=1)])
    return found
