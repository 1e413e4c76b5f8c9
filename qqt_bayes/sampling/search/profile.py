r"""The profile of the floor: the best fit of everything else at some floors, for the coordinates.

At a floor d the other parameters x minimise the ``C`` of `qqt_bayes.sampling.search.least_squares`,
under the noise ``s`` of the best fit of all.  ``m0`` of the coordinates is then the mean of each
parameter over what it is pooled with, and ``1 / q0`` the variance about that mean.  By Laplace's
method the density of d is ``exp(-C) / sqrt(det P)``.  How near that comes matters to the speed of
the sampler only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.model.coordinates import Coordinates
from qqt_bayes.model.floor import fit_line
from qqt_bayes.model.problem import Problem
from qqt_bayes.sampling.search.best_fit import can_search, find_optima
from qqt_bayes.sampling.search.least_squares import (
    MAX_FLOOR_RATIO,
    LeastSquares,
    floors,
    penalised,
    pooled_means,
    precision,
    run_variance,
)
from qqt_bayes.sampling.search.minimise import Fits, evaluate, minimise

Array = NDArray[np.float64]
KNOTS, KNOTS_OF_EACH = 48, 12
"""How many best fits along the profile of a single floor, and along that of each of several.  Where
a handful of runs is fitted closely, the ridge is so narrow that 12 miss it in between."""
KNOT_POWER = 1.5
"""Knots lie at ``linspace(0, 1)`` to this power: closer together towards the low end."""
MAX_COST_RISE = 16.0
"""The profile goes as far as the log density of the floor falls by this: beyond it splines are
held, and draws that get there diverge: at half of it 8 to 18 of 4,000 on 12 runs of a language
model, at this none."""
FIRST_STEP, STEP_GROWTH, MAX_STEPS = 0.02, 1.5, 20
"""The first step along the profile is this share of the least error.  After a step that is smooth
the next is longer by the factor, after one that is not it is shorter by its square; after so many
steps in one direction the profile ends."""
MIN_STEP = 0.01
"""The profile ends where a further step would be less than this share of its length."""
MAX_BEND = 0.35
"""A step is too long, or leads to another mode, if the best fit halfway is off the straight line by
this share of the step."""
MIN_RELATIVE_PRECISION = 1e-6
"""The runs count as adding at least this share of the prior's precision to a scalar: the table
holds its logarithm, and rounding may leave a difference below 0 where they add nothing."""


def find_coordinates(problem: Problem, prior: Mapping[str, Array]) -> Coordinates | None:
    """Find the best fits at some floors and lay the coordinates through them.

    Parameters
    ----------
    problem : Problem
    prior : mapping of str to array, shape (draw, ...)
        Prior draws of the random parameters.

    Returns
    -------
    Coordinates or None
        None where nothing but the floor is random, or there are too many parameters.
    """
    if not can_search(problem):
        return None
    squares = penalised(problem, prior)
    optima = find_optima(squares)
    best, sigma, first = optima[0].x, optima[0].sigma, squares.floor_start
    places = range(first, best.size)
    shares = np.linspace(0, 1, KNOTS_OF_EACH if len(places) > 1 else KNOTS) ** KNOT_POWER
    at_best = evaluate(squares, best[None], sigma, best.size)
    row = _rows(squares, at_best)[0]
    along = [_along_floor(squares, sigma, best, row, place, shares) for place in places]
    units = np.array([each.unit for each in along])
    # Several floors add up: each spline is what its floor changes of the row at the best fit.
    constant = sum((each.spline[0] for each in along), start=row)
    slopes = [each.spline[1] for each in along]
    cubics = [cubic for each in along for cubic in each.spline[2:]]
    middle = along[0].middle if len(along) == 1 else at_best.jacobian[0]
    gain, shrinkage = _gauss_newton(squares, sigma, middle)
    shape = problem.floor.shape if problem.floor else ()
    return Coordinates(
        given_floor=problem.given_floor,
        floor=problem.floor,
        optima=np.array([each.x for each in optima]),
        knots=np.array([each.knots for each in along]).reshape(len(along), shares.size),
        floor_unit=units,
        highest_floor=np.maximum(squares.least_error / units, [each.knots[-1] for each in along]),
        splines=np.array([constant, *slopes, *cubics]).T.copy(),
        gain=gain,
        shrinkage=shrinkage,
        search_precision=squares.own_precision[:first],
        search_variance=run_variance(squares, sigma),
        line=np.array([each.line for each in along]).T.reshape(-1, *shape),
        pooled_floor=_pooled_floor(squares, at_best).reshape(2, *shape)
        if problem.floor
        else np.empty(0),
    )


@dataclass(frozen=True)
class _Along:
    """What the coordinates take from the profile of one floor.

    Attributes
    ----------
    unit : float
        How far the profile reaches.
    knots : array, shape (knot,)
        Its floors, in units of that.
    line : array, shape (6,)
        Where the floor is sampled.
    spline : array, shape (feature, row)
        How the row of the best fit changes along it.
    middle : array, shape (run, scalar)
        The Jacobian of the best fit halfway.
    """

    unit: float
    knots: Array
    line: Array
    spline: Array
    middle: Array


def _along_floor(
    squares: LeastSquares, sigma: float, best: Array, row: Array, place: int, shares: Array
) -> _Along:
    """Lay the line and the splines of one floor through its profile.

    Parameters
    ----------
    row : array, shape (row,)
        Of the best fit.
    squares, sigma, best, place, shares
        As for `_profile`.
    """
    fits, costs = _profile(squares, sigma, best, place, shares)
    at = floors(squares, fits.x)[:, place - squares.floor_start]
    unit = np.ptp(at)
    noise = float(np.sqrt(run_variance(squares, sigma)[squares.observed.argmin()]))
    support = squares.problem.fields[-1].prior.support
    return _Along(
        unit=float(unit),
        knots=at / unit,
        line=fit_line(at, costs, squares.least_error, noise, support),
        spline=_natural_spline(at / unit, _rows(squares, fits) - row),
        middle=fits.jacobian[shares.size // 2],
    )


def _profile(
    squares: LeastSquares, sigma: float, best: Array, place: int, shares: Array
) -> tuple[Fits, Array]:
    """The best fits along one floor, as far as it is likely, and minus its log density there.

    Parameters
    ----------
    squares, sigma
    best : array, shape (scalar,)
        The best fit of all.
    place : int
        Of the floor in x.
    shares : array, shape (knot,)
        Where best fits are wanted: 0 is the low end of the profile and 1 the high one.
    """
    scale, first = squares.problem.fields[-1].scale, squares.floor_start

    def fits_at(at: Array, starts: Array) -> tuple[Fits, Array]:
        x = starts.copy()
        with np.errstate(divide="ignore"):  # at the lower end of its support
            x[:, place] = scale.free(at)
        fits = minimise(squares, x, sigma, first)
        own = precision(squares, fits.jacobian[..., :first])
        return fits, fits.cost + np.linalg.slogdet(own)[1] / 2

    here = float(floors(squares, best)[place - first])
    limits = scale.lower, min(MAX_FLOOR_RATIO * squares.least_error, scale.upper)
    fit, cost = fits_at(np.array([here]), best[None])
    found = {here: (fit.x[0], float(cost[0]))}
    step = FIRST_STEP * squares.least_error
    low, high = (_walk(fits_at, found, here, way * step, limits, first) for way in (-1, 1))
    if low == high:  # no step was smooth, or noise put an error below the floor: then not far
        step = FIRST_STEP * max(here, squares.least_error)
        low = max(here - step, scale.lower)
        high = min(low + 2 * step, scale.upper)
    knots = low + (high - low) * shares
    tried = np.array(sorted(found))
    fitted = np.array([found[each][0] for each in tried])
    starts = np.array([np.interp(knots, tried, each) for each in fitted.T]).T
    return fits_at(knots, starts)


def _walk(
    fits_at: Callable[[Array, Array], tuple[Fits, Array]],
    found: dict[float, tuple[Array, float]],
    start: float,
    step: float,
    limits: tuple[float, float],
    size: int,
) -> float:
    """Follow the best fit from a floor as far as it is likely and smooth; the last floor.

    Each step begins where the one before it points to.  Fits on the way are put into `found`; the
    first `size` scalars say whether a step is smooth.
    """
    lowest, highest = limits
    origin, slope = start, np.zeros(size)
    for _ in range(MAX_STEPS):
        floor = min(max(start + step, lowest), highest)
        before = found[start][0]
        at = np.array([floor, (start + floor) / 2])
        starts = np.array([before, before])
        starts[:, :size] += (at - start)[:, None] * slope
        fits, costs = fits_at(at, starts)
        (x, halfway), cost = fits.x[:, :size], costs[0]
        bend = np.linalg.norm(halfway - (x + before[:size]) / 2)
        smooth = bend < MAX_BEND * np.linalg.norm(x - before[:size])
        if smooth and cost < min(each for _, each in found.values()) + MAX_COST_RISE:
            found |= {at[i]: (fits.x[i], costs[i]) for i in range(2)}
            slope = (x - halfway) / (at[0] - at[1])
            start, step = floor, step * STEP_GROWTH
            if floor in limits:
                break
        else:
            step /= STEP_GROWTH**2
            if abs(step) < MIN_STEP * abs(start - origin):
                break
    return start


def _rows(squares: LeastSquares, fits: Fits) -> Array:
    """What splines go through at best fits: ``e``, ``m0``, ``log t`` and ``A``, field by field.

    ``A`` and ``t`` are the regression of a field on those before it under the covariance of the
    fit, and the precision that this leaves beside the prior's own.

    Returns
    -------
    array, shape (fit, row)
    """
    size, count = squares.floor_start, len(fits.x)
    prior, means = squares.own_precision[:size], pooled_means(squares, fits.x)
    covariance = np.linalg.inv(_precision_given_means(squares, fits.jacobian[..., :size]))
    rows: list[Array] = []
    for field in squares.problem.given_floor:
        here, before = field.place, slice(0, field.start)
        across = covariance[:, before, here]
        regression = np.linalg.solve(covariance[:, before, before], across).mT
        left = np.diagonal(covariance[:, here, here] - regression @ across, axis1=1, axis2=2)
        added = _added_precision(left, prior[here])
        rows += [fits.x[:, here], means[:, here], np.log(added), regression.reshape(count, -1)]
    return np.concatenate(rows, axis=1)


def _precision_given_means(squares: LeastSquares, jacobian: Array) -> Array:
    """``J'J + diag(q0)``: the precision about what each scalar is pooled with."""
    own = np.diag(squares.own_precision[: jacobian.shape[-1]])
    found: Array = jacobian.mT @ jacobian + own
    return found


def _added_precision(variance: Array, prior: Array) -> Array:
    """The precision ``t`` that the runs add to a prior, given the variance with both."""
    added: Array = np.maximum(1 / variance - prior, MIN_RELATIVE_PRECISION * prior)
    return added


def _gauss_newton(squares: LeastSquares, sigma: float, jacobian: Array) -> tuple[Array, Array]:
    """The matrices ``G`` and ``H`` of a Gauss-Newton step of the last field at a best fit."""
    here = squares.problem.given_floor[-1].place
    own, prior = jacobian[:, here], np.diag(squares.own_precision[here])
    both = own.T @ own + prior
    gain = np.linalg.solve(both, own.T / np.sqrt(run_variance(squares, sigma)))
    return gain, np.linalg.solve(both, prior)


def _pooled_floor(squares: LeastSquares, best: Fits) -> Array:
    """The precision-weighted means of the floors as the runs give them, and their precisions."""
    floor = slice(squares.floor_start, squares.scalars)
    covariance = np.linalg.inv(_precision_given_means(squares, best.jacobian[0]))
    prior, mean = squares.own_precision[floor], pooled_means(squares, best.x[0])[floor]
    added = _added_precision(np.diag(covariance)[floor], prior)
    return np.array([(added + prior) * best.x[0, floor] - prior * mean, added])


def _natural_spline(knots: Array, values: Array) -> Array:
    """The weights of natural cubic splines through values at knots, shape (feature, row).

    Features are 1, the place, and its cubed distances from the knots; outside the knots such a
    spline is straight, since the weights of the cubes and their first moments sum to 0.
    """
    n = knots.size
    system = np.zeros((n + 2, n + 2))
    system[:n, 0], system[:n, 1] = 1, knots
    system[:n, 2:] = abs(knots[:, None] - knots) ** 3
    system[n, 2:], system[n + 1, 2:] = 1, knots
    weights: Array = np.linalg.solve(system, np.vstack([values, np.zeros((2, values.shape[1]))]))
    return weights
