r"""Minima of the penalised least squares from several starts at once: Levenberg and Marquardt.

At a point x with the gradient g of the cost C and the precision P the step is
``-(P + damping Q)^-1 g``.  While C falls as far as its quadratic model promises, the damping
goes down and the steps become those of Gauss and Newton; where C rises instead, the step is not
taken and the damping goes up.  All starts are evaluated in one call of the law and solved in one
call of the linear algebra; those that have arrived are left out.

Source: H. B. Nielsen 1999, Damping parameter in Marquardt's method, IMM-REP-1999-05.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.sampling.search.least_squares import (
    LeastSquares,
    errors_and_slopes,
    precision,
    run_variance,
)

Array = NDArray[np.float64]
MAX_EVALUATIONS = 100
"""The search from one start evaluates the law at no more points."""
FALL_TOLERANCE = 1e-7
"""A search has arrived where the next step would lower the cost by less than this share of it, or
by this: twice the fall is the squared distance to the minimum in standard deviations."""
FIRST_DAMPING, FIRST_GROWTH, MIN_SHRINK = 0.1, 2.0, 1 / 3
"""Damping starts low, since the prior alone bounds the first steps.  After a step that is not taken
it grows by a factor, which doubles each time in a row; it shrinks by no more than the last."""


@dataclass(frozen=True)
class Fits:
    """Where searches arrived.

    Attributes
    ----------
    x : array, shape (start, scalar)
    cost : array, shape (start,)
        ``C``.
    gradient : array, shape (start, free)
        Its derivatives by the scalars that were free.
    errors : array, shape (start, run)
        The errors of the runs there.
    jacobian : array, shape (start, run, scalar)
        The derivatives of standardised errors, ``y(x) / s``, by all scalars.
    """

    x: Array
    cost: Array
    gradient: Array
    errors: Array
    jacobian: Array

    def replace(self, places: NDArray[np.intp], others: Fits, chosen: NDArray[np.bool_]) -> None:
        """Put the chosen ones of others in some places."""
        for name, value in vars(self).items():
            value[places] = vars(others)[name][chosen]


def evaluate(squares: LeastSquares, x: Array, sigma: float | Array, free: int) -> Fits:
    """The cost and the derivatives at several points.

    Parameters
    ----------
    squares : LeastSquares
    x : array, shape (point, scalar)
    sigma : float or array, shape (point,)
    free : int
        The prior of the first so many scalars counts in the cost.
    """
    errors, slopes = errors_and_slopes(squares, x)
    noise = np.sqrt(run_variance(squares, sigma))
    away = x[:, :free] - squares.prior_mean[:free]
    pull = away @ squares.prior_precision[:free, :free]
    misfit, jacobian = (errors - squares.observed) / noise, slopes / noise[..., None]
    cost = (np.vecdot(misfit, misfit) + np.vecdot(away, pull)) / 2
    gradient = np.vecmat(misfit, jacobian[..., :free]) + pull
    return Fits(x, cost, gradient, errors, jacobian)


def minimise(
    squares: LeastSquares,
    starts: Array,
    sigma: float | Array,
    free: int,
    tolerance: float = FALL_TOLERANCE,
) -> Fits:
    """The minima over the first `free` scalars near several starts.

    The other scalars, floors, keep the values that they have at the start.

    Parameters
    ----------
    squares : LeastSquares
    starts : array, shape (start, scalar)
    sigma : float or array, shape (start,)
    free : int
    tolerance : float
        See `FALL_TOLERANCE`.
    """
    sigma = np.broadcast_to(sigma, len(starts))
    prior = squares.prior_precision[:free, :free]
    found = evaluate(squares, starts.copy(), sigma, free)
    damping = np.full(len(starts), FIRST_DAMPING)
    growth = np.full(len(starts), FIRST_GROWTH)
    going = np.arange(len(starts))
    for _ in range(MAX_EVALUATIONS - 1):
        own = precision(squares, found.jacobian[going, :, :free])
        damped = own + damping[going, None, None] * prior
        step = -np.linalg.solve(damped, found.gradient[going, :, None])[..., 0]
        damped_fall = damping[going] * np.vecdot(step, step @ prior)
        expected = (damped_fall - np.vecdot(step, found.gradient[going])) / 2
        far = expected > tolerance * (1 + found.cost[going])
        going, step, expected = going[far], step[far], expected[far]
        if not going.size:
            break
        x = found.x[going]
        x[:, :free] += step
        tried = evaluate(squares, x, sigma[going], free)
        gain = (found.cost[going] - tried.cost) / expected
        better = gain > 0
        found.replace(going[better], tried, better)
        shrink = np.maximum(MIN_SHRINK, 1 - (2 * gain - 1) ** 3)
        damping[going] *= np.where(better, shrink, growth[going])
        growth[going] = np.where(better, FIRST_GROWTH, 2 * growth[going])
    return found
