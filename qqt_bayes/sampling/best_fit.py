r"""The best fit of a law to a table of runs under the prior: penalised least squares.

The parameters x, on their unconstrained scales, minimise

``C = sum ((y(x) - y) / s)^2 / 2 + (x - m)' Q (x - m) / 2``

with ``m`` and ``1 / Q`` the mean and covariance of the prior (what is pooled moves together), and
``s`` the noise that the fit leaves.  There may be several minima.  By Laplace's method the weight
of one is ``exp(-C) / (prod s sqrt(det P))``, with ``P`` the precision of x there, times the prior
density of the noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from qqt_bayes.laws.run_curves import Part, repeat, run_errors
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.noise import independent_weights, known_variance
from qqt_bayes.model.problem import Field, Problem

Array = NDArray[np.float64]
LARGEST = 120
"""Scalars beyond which the search would take longer than it saves."""
STARTS = 8
"""Places from which the best fit is sought, one prior standard deviation about the mean."""
BEYOND = 1.05
"""How far above the least error the law is looked at."""
CEILING = 3.0, 1e6
"""Errors count as no more than so many times the largest, seen or where the search starts; and that
as no more than so many times the largest seen."""
STEP = 1e-6
"""Of the forward differences."""
NOTHING = 1e-6
"""What data tell, in units of the prior's precision, where they tell nothing."""
ROUNDS, SETTLED, FALL = 8, 0.05, 4.0
"""The noise is sought at most so often, until its logarithm moves by less; it falls by a factor."""
SEPARATE = 1.0
"""Minima that are farther apart than this, in standard deviations of some scalar, are two."""
NEGLIGIBLE = np.log(1e3)
"""Minima of log weights so far below the best are left out."""


@dataclass(frozen=True)
class Optimum:
    """A minimum: its place, shape (scalar,), the noise that it leaves, and its log weight."""

    x: Array
    sigma: float
    log_weight: float


class BestFit:
    """Least squares for the unconstrained parameters, the floor last."""

    def __init__(
        self,
        problem: Problem,
        prior: Mapping[str, Array],
    ) -> None:
        spec, runs, fields = problem.spec, problem.runs, problem.fields
        self.law, self.fields, self.parts = problem.law, fields, problem.entries
        self.given_floor = problem.given_floor
        self.size, whole = self.given_floor[-1].stop, fields[-1].stop
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
        self.fixed = {name: (value, ()) for name, value in problem.fixed.items()}
        self.copies: dict[int, list[Part]] = {}
        self.known = known_variance(runs)
        self.weight = independent_weights(runs, problem.typical_noise(prior))
        sigma = spec.likelihood.parameters["sigma"]
        self.likely = np.log(prior["sigma"] if isinstance(sigma, Prior) else [sigma])
        self.sigma: float = max(0.05 * self.error.std(), 1e-3 * self.error.mean())
        self.ceiling = largest = CEILING[1] * float(self.error.max())
        start = float(self.errors(self.mean[None]).max())  # there the search must see a slope
        self.ceiling = min(CEILING[0] * max(float(self.error.max()), start), largest)

    @staticmethod
    def serves(problem: Problem) -> bool:
        """Whether anything but the floor is random, and not too much."""
        return bool(problem.given_floor) and problem.fields[-1].stop <= LARGEST

    @property
    def variance(self) -> Array:
        """Of each run about its curve, shape (run,)."""
        variance: Array = self.sigma**2 / self.weight + self.known
        return variance

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
        return self._with_slope(x, free)[1]

    def _with_slope(self, x: Array, free: int) -> tuple[Array, Array]:
        """Errors of the runs and their `slope`: one evaluation costs hardly less than all."""
        errors = self.errors(np.vstack([x, x + STEP * np.eye(x.size)[:free]]))
        slope: Array = (errors[1:] - errors[0]).T / STEP / np.sqrt(self.variance)[:, None]
        return errors[0], slope

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

        last: dict[bytes, tuple[Array, Array]] = {}

        def point(x: Array) -> Array:
            return np.concatenate([x, start[free:]])

        def at(x: Array) -> tuple[Array, Array]:
            """Errors and slope; the search asks for the slope where it last asked for errors."""
            key = x.tobytes()
            if key not in last:
                last.clear()
                last[key] = self._with_slope(point(x), free)
            return last[key]

        def residuals(x: Array) -> Array:
            return np.concatenate(
                [(at(x)[0] - self.error) / noise, weight @ (x - self.mean[:free])]
            )

        def slope(x: Array) -> Array:
            return np.concatenate([at(x)[1], weight])

        found = least_squares(residuals, start[:free], jac=slope, max_nfev=100)
        return point(found.x), float(found.cost)

    def optima(self) -> list[Optimum]:
        """The minima from several starts, the weightiest first; the noise is then that of it."""
        rng = np.random.default_rng(0)
        n = self.mean.size
        starts = self.mean + rng.standard_normal((STARTS, n)) / np.sqrt(np.diag(self.joint))
        starts[0] = self.mean
        places: list[Array] = []
        for start in starts:
            x, _ = self.solve(start, n)
            if not any(self.same(x, y) for y in places):
                places.append(x)
        found: list[Optimum] = []
        for each in map(self.settled, places):
            if not any(self.same(each.x, other.x) for other in found):
                found.append(each)
        found.sort(key=lambda each: -each.log_weight)
        self.sigma = found[0].sigma
        return [each for each in found if each.log_weight > found[0].log_weight - NEGLIGIBLE]

    def same(self, x: Array, y: Array) -> bool:
        """Whether two minima are one."""
        deviation = np.sqrt(np.diag(np.linalg.inv(self.precision(x, x.size))))
        return bool(np.all(abs(x - y) < SEPARATE * deviation))

    def settled(self, x: Array) -> Optimum:
        """The minimum near a place, with the noise that it leaves."""
        first = self.sigma
        for _ in range(ROUNDS):
            before = self.sigma
            self.sigma = max(self._noise(x), before / FALL)
            x, cost = self.solve(x, x.size)
            if abs(np.log(self.sigma / before)) < SETTLED:
                break
        log_weight = -cost - np.log(self.variance).sum() / 2
        log_weight -= np.linalg.slogdet(self.precision(x, x.size))[1] / 2
        unlikely = (np.log(self.sigma) - self.likely.mean()) ** 2 / max(self.likely.var(), NOTHING)
        sigma, self.sigma = self.sigma, first
        return Optimum(x, sigma, float(log_weight - unlikely / 2))

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
