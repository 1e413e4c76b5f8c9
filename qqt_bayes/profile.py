r"""The profile of the floor: the best fit of everything else at some floors, for the coordinates.

At a floor d the other parameters x, on their unconstrained scales, minimise

``C = sum ((y(x, d) - y) / s)^2 / 2 + (x - m)' Q (x - m) / 2``

with ``m`` and ``1 / Q`` the mean and covariance of the prior (what is pooled moves together), and
``s`` the noise that the best fit of all leaves.  ``m0`` of the coordinates is then the mean of each
parameter over what it is pooled with, and ``1 / q0`` the variance about that mean.  By Laplace's
method the density of d is ``exp(-C) / sqrt(det P)``, with ``P`` the precision of x there.  How near
that comes matters to the speed of the sampler only.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.optimize import least_squares

from qqt_bayes.coordinates import NEAR, Coordinates, Field, random_fields
from qqt_bayes.distributions import Prior
from qqt_bayes.floor import fit_line
from qqt_bayes.ingredients import Part, known_variance, repeat, run_errors
from qqt_bayes.law import LAWS
from qqt_bayes.spec import Spec

Array = NDArray[np.float64]
LARGEST = 120
"""Scalars beyond which the search would take longer than it saves."""
STARTS = 4
KNOTS = np.linspace(0, 1, 12) ** 1.5
"""Where along the profile, from end to end."""
RANGE = 8.0
"""The profile goes as far as the log density falls by this."""
PACE, FASTER, TRIES = 0.02, 1.5, 20
"""First step along the profile, as a share of the least error, and how much the next is longer (if
it was too long: by how much squared it is shorter)."""
BENT = 0.35
"""A step is too long, or leads to another mode, if the best fit halfway is off the straight line by
this share of the step."""
BEYOND = 1.05
"""No step goes farther than this above the least error."""
CEILING = 3.0, 1e6
"""Errors count as no more than so many times the largest, seen or where the search starts; and that
as no more than so many times the largest seen."""
STEP = 1e-6
"""Of the forward differences."""
NOTHING = 1e-6
"""What data tell, in units of the prior's precision, where they tell nothing."""
ROUNDS, SETTLED, FALL = 8, 0.05, 4.0
"""The noise is sought at most so often, until its logarithm moves by less; it falls by a factor."""


def find_coordinates(
    spec: Spec, runs: xr.Dataset, parts: list[Part], prior: Mapping[str, Array]
) -> Coordinates | None:
    """Fit the law by penalised least squares at some floors and lay the coordinates around.

    Parameters
    ----------
    spec : Spec
    runs : Dataset
    parts : list of Part
        The ingredients of the runs.
    prior : mapping of str to array, shape (draw, ...)
        Prior draws of the random parameters.

    Returns
    -------
    Coordinates or None
        None where nothing but the floor is random, or there are too many parameters.
    """
    near, fields = random_fields(NEAR, spec, runs), random_fields((*NEAR, "d"), spec, runs)
    if not near or fields[-1].stop > LARGEST:
        return None
    floor = fields[-1] if fields[-1].name == "d" else None
    search = _Search(spec, fields, near, parts, runs, prior)
    best = search.optimum()
    column = search.column(best)
    straight, curved, knots, units, lines = [], [], [], [], []
    middle = best
    for place in range(search.size, best.size):
        points, costs = search.profile(best, place)
        floors = np.array([search.floors(x)[place - search.size] for x in points])
        units.append(np.ptp(floors))
        knots.append(floors / units[-1])
        lines.append(fit_line(floors, costs, search.least, fields[-1].prior.support))
        change = np.array([search.column(x) for x in points]) - search.column(best)
        constant, slope, *cubes = _spline(knots[-1], change)
        column = column + constant
        straight.append(slope)
        curved += cubes
        if best.size == search.size + 1:
            middle = points[KNOTS.size // 2]
    shape = fields[-1].shape if floor else ()
    gain, pull = search.step(middle)
    return Coordinates(
        near=near,
        floor=floor,
        knots=np.array(knots).reshape(len(units), KNOTS.size),
        unit=np.array(units),
        highest=np.maximum(search.least / np.array(units), [each[-1] for each in knots]),
        table=np.array([column, *straight, *curved]).T.copy(),
        gain=gain,
        pull=pull,
        prior=search.prior[: search.size],
        variance=search.variance,
        line=np.array(lines).T.reshape(-1, *shape),
        aim=search.aim(best).reshape(2, *shape) if floor else np.empty(0),
    )


class _Search:
    """Least squares for the unconstrained parameters, the floor last."""

    def __init__(
        self,
        spec: Spec,
        fields: tuple[Field, ...],
        near: tuple[Field, ...],
        parts: list[Part],
        runs: xr.Dataset,
        prior: Mapping[str, Array],
    ) -> None:
        self.law, self.fields, self.near, self.parts = LAWS[spec.law], fields, near, parts
        self.size, whole = near[-1].stop, fields[-1].stop
        self.mean, self.prior = np.empty(whole), np.empty(whole)
        covariance = np.zeros((whole, whole))
        self.above = np.zeros((whole, whole))
        for f in fields:
            mean, variance, shared = _spread(f, prior)
            self.mean[f.place], self.prior[f.place] = mean.ravel(), 1 / variance.ravel()
            covariance[f.place, f.place] = np.diag(variance.ravel()) + shared
            inner = np.linalg.inv(covariance[f.place, f.place])
            self.above[f.place, f.place] = shared @ inner
        self.joint = np.linalg.inv(covariance)
        self.error = runs["error"].to_numpy()
        lower = fields[-1].prior.support[0] if fields[-1].name == "d" else 0.0
        self.least = max(float(self.error.min()), BEYOND * lower)
        self.fixed = {
            name: (np.float64(value), ())
            for name, value in spec.parameters.items()
            if not isinstance(value, Prior)
        }
        self.copies: dict[int, list[Part]] = {}
        self.known, self.weight = known_variance(runs), runs["weight"].to_numpy()
        sigma = spec.likelihood.parameters["sigma"]
        self.likely = np.log(prior["sigma"] if isinstance(sigma, Prior) else [sigma])
        self.sigma: float = max(0.05 * self.error.std(), 1e-3 * self.error.mean())
        self.ceiling = largest = CEILING[1] * float(self.error.max())
        start = float(self.errors(self.mean[None]).max())  # there the search must see a slope
        self.ceiling = min(CEILING[0] * max(float(self.error.max()), start), largest)

    @property
    def variance(self) -> Array:
        """Of each run about its curve, shape (run,)."""
        return self.sigma**2 / self.weight + self.known

    def floors(self, x: Array) -> Array:
        """The floors of a point, flat."""
        with np.errstate(divide="ignore"):  # a floor at the end of its support
            floor: Array = self.fields[-1].scale.bound(x[self.size :], np)[0]
        return floor

    def errors(self, points: Array) -> Array:
        """Errors of the runs under several points, shape (point, run)."""
        n = len(points)
        if n not in self.copies:
            self.copies[n] = repeat(self.parts, n)
        with np.errstate(all="ignore"):  # far from the data a law may overflow
            values = {
                f.name: (
                    f.scale.bound(points[:, f.place].reshape(n, *f.shape), np)[0],
                    ("copy", *f.prior.over),
                )
                for f in self.fields
            }
            fitted = run_errors(self.copies[n], self.law, self.fixed | values).reshape(n, -1)
        finite: Array = np.nan_to_num(np.minimum(fitted, self.ceiling), nan=self.ceiling)
        return finite

    def slope(self, x: Array, free: int) -> Array:
        """Derivative of each run's error by each free scalar, in units of its noise."""
        errors = self.errors(np.vstack([x, x + STEP * np.eye(x.size)[:free]]))
        slope: Array = (errors[1:] - errors[0]).T / STEP / np.sqrt(self.variance)[:, None]
        return slope

    def precision(self, x: Array, free: int) -> Array:
        """Of the free scalars about a best fit, shape (scalar, scalar)."""
        slope = self.slope(x, free)
        precision: Array = slope.T @ slope + self.joint[:free, :free]
        return precision

    def means(self, x: Array) -> Array:
        """Of what each scalar is pooled with, as the scalars tell them: ``m0``."""
        means: Array = self.mean + self.above @ (np.nan_to_num(x, neginf=0) - self.mean)
        return means

    def solve(self, start: Array, free: int) -> tuple[Array, float]:
        """The point of the best values of the first `free` scalars, and its cost."""
        noise = np.sqrt(self.variance)
        weight = np.linalg.cholesky(self.joint[:free, :free]).T

        def point(x: Array) -> Array:
            return np.concatenate([x, start[free:]])

        def residuals(x: Array) -> Array:
            misfit = (self.errors(point(x)[None])[0] - self.error) / noise
            return np.concatenate([misfit, weight @ (x - self.mean[:free])])

        def slope(x: Array) -> Array:
            return np.concatenate([self.slope(point(x), free), weight])

        found = least_squares(residuals, start[:free], jac=slope, max_nfev=100)
        return point(found.x), float(found.cost)

    def optimum(self) -> Array:
        """The best fit of all; with it comes the noise."""
        rng = np.random.default_rng(0)
        n = self.mean.size
        starts = self.mean + rng.standard_normal((STARTS, n)) * 0.5 / np.sqrt(np.diag(self.joint))
        starts[0] = self.mean
        x, _ = min((self.solve(start, n) for start in starts), key=lambda each: each[1])
        for _ in range(ROUNDS):
            before = self.sigma
            self.sigma = max(self._noise(x), before / FALL)
            x, _ = self.solve(x, n)
            if abs(np.log(self.sigma / before)) < SETTLED:
                break
        return x

    def _noise(self, x: Array) -> float:
        """Most probable run-to-run noise about a fit that has used up some freedom."""
        slope = self.slope(x, x.size)
        fitted = np.trace(np.linalg.solve(self.precision(x, x.size), slope.T @ slope))
        freedom = max(1 - fitted / self.error.size, 0)
        rest = (self.errors(x[None])[0] - self.error) ** 2
        log_sigma = np.linspace(np.log(1e-4 * self.error.mean()), np.log(self.error.max()), 1000)
        variance = np.exp(2 * log_sigma)[:, None] / self.weight + self.known
        log_density = -(freedom * np.log(variance) + rest / variance).sum(axis=1) / 2
        spread = max(self.likely.var(), NOTHING)
        log_density -= (log_sigma - self.likely.mean()) ** 2 / spread / 2
        return float(np.exp(log_sigma[log_density.argmax()]))

    def profile(self, best: Array, place: int) -> tuple[list[Array], Array]:
        """Best fits along one floor, as far as it is likely, and minus their log density."""
        scale = self.fields[-1].scale

        def at(floor: float, start: Array) -> tuple[Array, float]:
            x = start.copy()
            with np.errstate(divide="ignore"):
                x[place] = scale.free(np.float64(floor))
            x, cost = self.solve(x, self.size)
            return x, cost + np.linalg.slogdet(self.precision(x, self.size))[1] / 2

        here = float(self.floors(best)[place - self.size])
        highest = min(BEYOND * self.least, scale.upper)
        found = {here: at(here, best)}
        ends = []
        for way in (-1, 1):
            inside, step = here, PACE * float(self.least)
            for _ in range(TRIES):
                floor = min(max(inside + way * step, scale.lower), highest)
                start = found[inside][0]
                x, cost = at(floor, start)
                middle, _ = at((inside + floor) / 2, start)
                bend = np.linalg.norm((middle - (x + start) / 2)[: self.size])
                smooth = bend < BENT * np.linalg.norm((x - start)[: self.size])
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
            step = PACE * max(here, float(self.least))
            low = max(here - step, scale.lower)
            high = min(low + 2 * step, scale.upper)
        tried = np.array(sorted(found))
        knots = low + (high - low) * KNOTS
        points = [at(each, found[tried[abs(tried - each).argmin()]][0]) for each in knots]
        return [x for x, _ in points], np.array([cost for _, cost in points])

    def column(self, x: Array) -> Array:
        """What the table holds for a best fit."""
        prior, means = self.prior[: self.size], self.means(x)[: self.size]
        slope = self.slope(x, self.size)
        covariance = np.linalg.inv(slope.T @ slope + np.diag(prior))
        rows: list[Array] = []
        for field in self.near:
            here, before = field.place, slice(0, field.start)
            answer = np.linalg.solve(covariance[before, before], covariance[before, here]).T
            left = np.diag(covariance[here, here] - answer @ covariance[before, here])
            told = np.maximum(1 / left - prior[here], NOTHING * prior[here])
            rows += [x[here], means[here], np.log(told), answer.ravel()]
        return np.concatenate(rows)

    def step(self, x: Array) -> tuple[Array, Array]:
        """The matrices of a Gauss-Newton step of the last field at a best fit."""
        here = self.near[-1].place
        own, prior = self.slope(x, self.size)[:, here], np.diag(self.prior[here])
        precision = own.T @ own + prior
        gain = np.linalg.solve(precision, own.T / np.sqrt(self.variance))
        return gain, np.linalg.solve(precision, prior)

    def aim(self, best: Array) -> Array:
        """What the runs want of the floors, whatever the rest: precision times place, precision."""
        floor = slice(self.size, best.size)
        slope = self.slope(best, best.size)
        variance = np.diag(np.linalg.inv(slope.T @ slope + np.diag(self.prior)))[floor]
        prior, mean = self.prior[floor], self.means(best)[floor]
        told = np.maximum(1 / variance - prior, NOTHING * prior)
        return np.array([(told + prior) * best[floor] - prior * mean, told])


def _spread(field: Field, prior: Mapping[str, Array]) -> tuple[Array, Array, Array]:
    """Mean of a field's prior, variance about what it is pooled with, covariance by that."""
    draws = field.scale.free(prior[field.name])
    above = np.zeros_like(draws)
    shared = np.zeros((field.size, field.size))
    nested = field.prior.pooled
    if nested:
        axes = [slice(None) if dim in nested.over else None for dim in field.prior.over]
        above += prior[f"{field.name}_mu"][(slice(None), *axes)]
        flat = (above - above.mean(axis=0)).reshape(len(draws), -1)
        same = np.isclose(np.corrcoef(flat.T).reshape(shared.shape), 1)
        shared = flat.var() * same
    return draws.mean(axis=0), (draws - above).var(axis=0), shared


def _spline(knots: Array, values: Array) -> Array:
    """Weights of natural cubic splines, shape (feature, row): 1, the place, its cubed distances."""
    n = knots.size
    system = np.zeros((n + 2, n + 2))
    system[:n, 0], system[:n, 1] = 1, knots
    system[:n, 2:] = abs(knots[:, None] - knots) ** 3
    system[n, 2:], system[n + 1, 2:] = 1, knots
    weights: Array = np.linalg.solve(system, np.vstack([values, np.zeros((2, values.shape[1]))]))
    return weights
