r"""The profile of the floor: the best fit of everything else at some floors, for the coordinates.

At a floor d the other parameters x minimise the ``C`` of `qqt_bayes.sampling.best_fit`, under the
noise ``s`` of the best fit of all.  ``m0`` of the coordinates is then the mean of each parameter
over what it is pooled with, and ``1 / q0`` the variance about that mean.  By Laplace's method the
density of d is ``exp(-C) / sqrt(det P)``.  How near that comes matters to the speed of the sampler
only.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.model.coordinates import Coordinates
from qqt_bayes.model.floor import fit_line
from qqt_bayes.model.problem import Problem
from qqt_bayes.sampling.best_fit import BEYOND, NOTHING, BestFit

Array = NDArray[np.float64]
KNOTS = 48, 12
"""How many best fits along the profile of a single floor, and of each of several. Where a handful
of runs is fitted closely, the ridge is so narrow that 12 miss it in between."""
RANGE = 8.0
"""The profile goes as far as the log density falls by this."""
PACE, FASTER, TRIES = 0.02, 1.5, 20
"""First step along the profile, as a share of the least error, and how much the next is longer (if
it was too long: by how much squared it is shorter)."""
BENT = 0.35
"""A step is too long, or leads to another mode, if the best fit halfway is off the straight line by
this share of the step."""


def find_coordinates(problem: Problem, prior: Mapping[str, Array]) -> Coordinates | None:
    """Fit the law by penalised least squares at some floors and lay the coordinates around.

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
    if not BestFit.serves(problem):
        return None
    search = BestFit(problem, prior)
    fields, floor = problem.fields, problem.floor
    optima = search.optima()
    best = optima[0].x
    column = _column(search, best)
    straight, curved, knots, units, lines = [], [], [], [], []
    middle, floors = best, best.size - search.size
    along = np.linspace(0, 1, KNOTS[floors > 1]) ** 1.5
    noise = float(np.sqrt(search.variance[search.error.argmin()]))
    for place in range(search.size, best.size):
        points, costs = _profile(search, best, place, along)
        tried = np.array([search.floors(x)[place - search.size] for x in points])
        units.append(np.ptp(tried))
        knots.append(tried / units[-1])
        lines.append(fit_line(tried, costs, search.least, noise, fields[-1].prior.support))
        change = np.array([_column(search, x) for x in points]) - _column(search, best)
        constant, slope, *cubes = _spline(knots[-1], change)
        column = column + constant
        straight.append(slope)
        curved += cubes
        if floors == 1:
            middle = points[along.size // 2]
    shape = fields[-1].shape if floor else ()
    gain, pull = _step(search, middle)
    return Coordinates(
        given_floor=problem.given_floor,
        optima=np.array([each.x for each in optima]),
        floor=floor,
        knots=np.array(knots).reshape(floors, along.size),
        unit=np.array(units),
        highest=np.maximum(search.least / np.array(units), [each[-1] for each in knots]),
        table=np.array([column, *straight, *curved]).T.copy(),
        gain=gain,
        pull=pull,
        prior=search.prior[: search.size],
        variance=search.variance,
        line=np.array(lines).T.reshape(-1, *shape),
        aim=_aim(search, best).reshape(2, *shape) if floor else np.empty(0),
    )


def _profile(search: BestFit, best: Array, place: int, along: Array) -> tuple[list[Array], Array]:
    """Best fits along one floor, as far as it is likely, and minus their log density.

    `along` says where they are wanted, 0 being the low end and 1 the high one.
    """
    scale = search.fields[-1].scale

    def at(floor: float, start: Array) -> tuple[Array, float]:
        x = start.copy()
        with np.errstate(divide="ignore"):
            x[place] = scale.free(np.float64(floor))
        x, cost = search.solve(x, search.size)
        return x, cost + np.linalg.slogdet(search.precision(x, search.size))[1] / 2

    here = float(search.floors(best)[place - search.size])
    highest = min(BEYOND * search.least, scale.upper)
    found = {here: at(here, best)}
    ends = []
    for way in (-1, 1):
        inside, step = here, PACE * float(search.least)
        for _ in range(TRIES):
            floor = min(max(inside + way * step, scale.lower), highest)
            start = found[inside][0]
            x, cost = at(floor, start)
            middle, _ = at((inside + floor) / 2, start)
            bend = np.linalg.norm((middle - (x + start) / 2)[: search.size])
            smooth = bend < BENT * np.linalg.norm((x - start)[: search.size])
            if smooth and cost < min(each for _, each in found.values()) + RANGE:
                found[floor] = x, cost
                inside, step = floor, step * FASTER
                if floor in (scale.lower, highest):
                    break
            else:
                step /= FASTER**2
        ends.append(inside)
    low, high = ends
    if low == high:  # no step was smooth, or noise put an error below the floor: then not far
        step = PACE * max(here, float(search.least))
        low = max(here - step, scale.lower)
        high = min(low + 2 * step, scale.upper)
    tried = np.array(sorted(found))
    knots = low + (high - low) * along
    points = [at(each, found[tried[abs(tried - each).argmin()]][0]) for each in knots]
    return [x for x, _ in points], np.array([cost for _, cost in points])


def _column(search: BestFit, x: Array) -> Array:
    """What the table holds for a best fit."""
    prior, means = search.prior[: search.size], search.means(x)[: search.size]
    slope = search.slope(x, search.size)
    covariance = np.linalg.inv(slope.T @ slope + np.diag(prior))
    rows: list[Array] = []
    for field in search.given_floor:
        here, before = field.place, slice(0, field.start)
        answer = np.linalg.solve(covariance[before, before], covariance[before, here]).T
        left = np.diag(covariance[here, here] - answer @ covariance[before, here])
        told = np.maximum(1 / left - prior[here], NOTHING * prior[here])
        rows += [x[here], means[here], np.log(told), answer.ravel()]
    return np.concatenate(rows)


def _step(search: BestFit, x: Array) -> tuple[Array, Array]:
    """The matrices of a Gauss-Newton step of the last field at a best fit."""
    here = search.given_floor[-1].place
    own, prior = search.slope(x, search.size)[:, here], np.diag(search.prior[here])
    precision = own.T @ own + prior
    gain = np.linalg.solve(precision, own.T / np.sqrt(search.variance))
    return gain, np.linalg.solve(precision, prior)


def _aim(search: BestFit, best: Array) -> Array:
    """What the runs want of the floors, whatever the rest: precision times place, precision."""
    floor = slice(search.size, best.size)
    slope = search.slope(best, best.size)
    variance = np.diag(np.linalg.inv(slope.T @ slope + np.diag(search.prior)))[floor]
    prior, mean = search.prior[floor], search.means(best)[floor]
    told = np.maximum(1 / variance - prior, NOTHING * prior)
    return np.array([(told + prior) * best[floor] - prior * mean, told])


def _spline(knots: Array, values: Array) -> Array:
    """Weights of natural cubic splines, shape (feature, row): 1, the place, its cubed distances."""
    n = knots.size
    system = np.zeros((n + 2, n + 2))
    system[:n, 0], system[:n, 1] = 1, knots
    system[:n, 2:] = abs(knots[:, None] - knots) ** 3
    system[n, 2:], system[n + 1, 2:] = 1, knots
    weights: Array = np.linalg.solve(system, np.vstack([values, np.zeros((2, values.shape[1]))]))
    return weights
