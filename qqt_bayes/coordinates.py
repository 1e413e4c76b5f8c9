r"""Coordinates that follow the data.

In the parameters themselves the posterior is a thin curved sheet: any scale a and floor d fit, if
the utilities and half-lives follow.  So the sampler moves ``x``, the vector of log b and log tau,
in coordinates ``u`` that measure how far x is from where all other parameters put it, in units of
its spread there:

``x = (t e + q m) / (t + q) + u / sqrt(t + q)``.

``e`` is where the data want x, given a, d and the size exponent: from the best fit ``x*``, once or
twice ``e <- e + K r(e) - H (e - x*)``.  ``r`` is what the log exponent of each run lacks, ``K``
the linear answer of x to it about the best fit, and ``H`` the pull of the prior.  ``t`` is the
precision with which the data tell x under the current floor and noise.  ``m`` and ``q`` are the
mean and precision of the prior: for ``t >> q`` this is the centred form of a hierarchy, for
``t << q`` the other one.  The mean of a pooled parameter follows in the same way: the data tell it
the mean of e with precision ``sum 1 / (1 / t + 1 / q)``.

Everything on the right depends on other parameters alone, so the log determinant is
``-sum log(t + q) / 2``.  The declared priors stay what they are (`qqt_bayes.model` adds their
densities); the data shape the coordinates only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, least_squares

from qqt_bayes.distributions import Prior
from qqt_bayes.ingredients import Part, run_errors
from qqt_bayes.law import FLOOR, LAWS, Law
from qqt_bayes.spec import Spec

Array = NDArray[np.float64]
Values = dict[str, tuple[Any, tuple[str, ...]]]
FAR = ("a", "d", "size_exponent")
NEAR = ("b", "tau")
STEPS = 2
"""Gauss-Newton steps: one may lose the far ends of the ridge, three cost more than they save."""
CLOSE = 0.5
"""In units of the spread of x, what a second step must move in a tenth of the ridge to be taken."""
STARTS = 4
RIDGE = 100
"""Points along the ridge at which the steps are tried."""
LARGEST = 120
"""Scalars beyond which the least-squares search would take longer than it saves."""
ARRAYS = ("best", "gain", "pull", "share", "prior", "fitted", "amplitude")
"""What differs between tables of the same trainings."""
NOTHING = 1e-6
"""What data tell, in units of the prior's precision, where they tell nothing."""


@dataclass(frozen=True)
class Scale:
    """The unconstrained scale of a parameter with a given support."""

    lower: float
    upper: float

    def free(self, x: Any) -> Any:
        """Parameter to unconstrained scale."""
        if np.isinf(self.lower):
            return x
        if np.isinf(self.upper):
            return np.log(x - self.lower)
        return np.log(x - self.lower) - np.log(self.upper - x)

    def bound(self, u: Any, xp: ModuleType) -> tuple[Any, Any]:
        """Parameter and log of its derivative at an unconstrained value."""
        if np.isinf(self.lower):
            return u, 0 * u
        if np.isinf(self.upper):
            return self.lower + xp.exp(u), u
        x = 1 / (1 + xp.exp(-u))
        width = self.upper - self.lower
        return self.lower + width * x, np.log(width) + xp.log(x) + xp.log(1 - x)


@dataclass(frozen=True)
class Field:
    """A random parameter of the law and its place in a vector of unconstrained values.

    Attributes
    ----------
    name : str
    prior : Prior
    shape : tuple of int
    start : int
        Place of its first scalar.
    """

    name: str
    prior: Prior
    shape: tuple[int, ...]
    start: int = 0

    @property
    def scale(self) -> Scale:
        """Its unconstrained scale."""
        return Scale(*self.prior.support)

    @property
    def stop(self) -> int:
        """Place behind its last scalar."""
        return self.start + math.prod(self.shape)

    @property
    def place(self) -> slice:
        """Its scalars in the vector."""
        return slice(self.start, self.stop)


@dataclass(frozen=True)
class Coordinates:
    """Where b and tau are expected, and how closely, given the other parameters of the law.

    Attributes
    ----------
    near : tuple of Field
        The random ones of b and tau; the parts of x.
    best : array, shape (scalar,)
        ``x*``.
    gain : array, shape (scalar, run)
        ``K``.
    pull : array, shape (scalar, scalar)
        ``H``.
    share : array, shape (scalar, run)
        Precision of each scalar for a unit precision of each run's log exponent.
    prior : array, shape (scalar,)
        Precision of the prior draws, for parameters that are not pooled.
    fitted : array, shape (run,)
        Errors under the best fit.
    amplitude : float
        Error above the floor at which an exponent is 0.
    start : dict of array
        Best fit of the other parameters.
    steps : int
        Gauss-Newton steps from ``x*`` to ``e``.
    """

    near: tuple[Field, ...]
    best: Array
    gain: Array
    pull: Array
    share: Array
    prior: Array
    fitted: Array
    amplitude: float
    start: dict[str, Array]
    steps: int = STEPS

    def map(self, f: Callable[[str, Any], Any]) -> Coordinates:
        """The same with ``f(name, array)`` in place of each array that the runs shape."""
        return replace(self, **{name: f(name, getattr(self, name)) for name in ARRAYS})

    def expected(
        self, errors: Callable[[Values], Any], floor: Any, law: Law, xp: ModuleType
    ) -> Any:
        """``e``, shape (scalar,), from the errors under given b and tau, and the runs' floors."""
        top = self.top(floor, law)
        need = _log_exponent(self.fitted - floor, top, xp)
        x = self.best
        for _ in range(self.steps):
            have = _log_exponent(errors(_values(self.near, x, xp)) - floor, top, xp)
            x = x + times(self.gain, need - have) - times(self.pull, x - self.best)
        return x

    def top(self, floor: Any, law: Law) -> Any:
        """What the exponent counts from."""
        return 1 - floor if law.bounded else self.amplitude

    def told(self, floor: Any, variance: Any, law: Law, xp: ModuleType) -> Any:
        """``t``, shape (scalar,), for the floor and the variance of each run."""
        worth = _sensitivity(self.fitted - floor, self.top(floor, law), xp) ** 2 / variance
        return times(self.share, worth) + NOTHING * self.prior


def times(matrix: Any, vector: Any) -> Any:
    """Their product, shape (row,): as a sum it compiles in a tenth of the time."""
    return (matrix * vector).sum(-1)


def _log_exponent(above: Any, top: Any, xp: ModuleType) -> Any:
    """``log(-log(above / top))`` of errors above the floor, finite everywhere."""
    return xp.log(_soft(-xp.log(_soft(above, 100.0, xp) / top), 10.0, xp))


def _sensitivity(above: Any, top: Any, xp: ModuleType) -> Any:
    """Derivative of the error by the log exponent."""
    return _soft(above, 100.0, xp) * xp.exp(_log_exponent(above, top, xp))


def _soft(x: Any, sharpness: float, xp: ModuleType) -> Any:
    """``x`` where it is well above 0, and above 0 everywhere: ``log(1 + exp(s x)) / s``."""
    return (xp.maximum(x, 0) + xp.log1p(xp.exp(-abs(sharpness * x))) / sharpness) + 1e-12


def _values(fields: tuple[Field, ...], x: Any, xp: ModuleType = np) -> Values:
    return {
        f.name: (f.scale.bound(x[f.place], xp)[0].reshape(f.shape), f.prior.over) for f in fields
    }


def _fields(names: tuple[str, ...], spec: Spec, runs: xr.Dataset) -> tuple[Field, ...]:
    """The random ones of some parameters of a specification's law on a table of runs."""
    fields: list[Field] = []
    for name in names:
        prior = spec.parameters.get(name)
        if isinstance(prior, Prior):
            shape = tuple(runs.sizes[dim] for dim in prior.over)
            fields.append(Field(name, prior, shape, fields[-1].stop if fields else 0))
    return tuple(fields)


def find_coordinates(
    spec: Spec, runs: xr.Dataset, parts: list[Part], prior: Mapping[str, Array]
) -> Coordinates | None:
    """Fit the law by penalised least squares and lay the coordinates around the optimum.

    Parameters
    ----------
    spec : Spec
    runs : Dataset
    parts : list of Part
        The ingredients of the runs.
    prior : mapping of str to array, shape (draw, ...)
        Prior draws of the random parameters of the law.

    Returns
    -------
    Coordinates or None
        None where neither b nor tau is random, or there are too many parameters.
    """
    near, fields = _fields(NEAR, spec, runs), _fields(NEAR + FAR, spec, runs)
    if not near or fields[-1].stop > LARGEST:
        return None
    search = _Search(spec, fields, parts, runs, prior)
    found = search.optimum()
    best: Array = found.x
    here = slice(near[-1].stop)

    slope = search.log_exponent_slope(best)[:, here]
    worth = (_sensitivity(search.fitted(best), search.amplitude, np) / search.noise) ** 2
    penalty = np.diag(search.sd[here] ** -2)
    precision = slope.T @ (worth[:, None] * slope) + penalty
    told = 1 / np.diag(np.linalg.inv(precision)) - np.diag(penalty)
    each = slope.T**2
    coordinates = Coordinates(
        near=near,
        best=best[here],
        gain=np.linalg.solve(precision, slope.T * worth),
        pull=np.linalg.solve(precision, penalty),
        share=each * (np.maximum(told, 0) / np.maximum(each @ worth, np.diag(penalty)))[:, None],
        prior=np.diag(penalty),
        fitted=search.fitted(best),
        amplitude=search.amplitude,
        start={name: value for name, (value, _) in _values(fields, best).items() if name in FAR},
    )
    ridge = np.random.default_rng(0).multivariate_normal(
        best, np.linalg.inv(found.jac.T @ found.jac), size=RIDGE
    )
    moved = np.quantile([search.second_step(x, coordinates) for x in ridge], 0.9)
    return replace(coordinates, steps=1) if moved < CLOSE else coordinates


class _Search:
    """Least squares for the unconstrained parameters, with the prior as penalty."""

    def __init__(
        self,
        spec: Spec,
        fields: tuple[Field, ...],
        parts: list[Part],
        runs: xr.Dataset,
        prior: Mapping[str, Array],
    ) -> None:
        draws = np.concatenate(
            [f.scale.free(prior[f.name]).reshape(len(prior[f.name]), -1) for f in fields], axis=1
        )
        self.law, self.fields, self.parts = LAWS[spec.law], fields, parts
        self.mean, self.sd = draws.mean(axis=0), draws.std(axis=0)
        self.error = runs["error"].to_numpy()
        self.fixed = {
            name: (np.float64(value), ())
            for name, value in spec.parameters.items()
            if not isinstance(value, Prior)
        }
        highest = float(self.error.max())
        self.amplitude = 1.0 if highest <= 1 else math.e * highest  # losses may be anything
        self.noise = max(0.05 * self.error.std(), 1e-3 * self.error.mean())

    def fitted(self, x: Array, **changed: tuple[Any, tuple[str, ...]]) -> Array:
        """Errors of the runs, shape (run,)."""
        with np.errstate(all="ignore"):  # far from the data a law may overflow
            values = {**self.fixed, **_values(self.fields, x), **changed}
            fitted = run_errors(self.parts, self.law, values)
        ceiling = 3 * self.error.max()
        finite: Array = np.nan_to_num(np.minimum(fitted, ceiling), nan=ceiling)
        return finite

    def optimum(self) -> OptimizeResult:
        """The best of several starts."""
        rng = np.random.default_rng(0)
        jitter = rng.standard_normal((STARTS, self.mean.size)) * 0.5 * self.sd
        jitter[0] = 0
        found = [least_squares(self._residuals, self.mean + each, max_nfev=100) for each in jitter]
        return min(found, key=lambda each: each.cost)

    def _residuals(self, x: Array) -> Array:
        misfit = (self.fitted(x) - self.error) / self.noise
        return np.concatenate([misfit, (x - self.mean) / self.sd])

    def second_step(self, x: Array, coordinates: Coordinates) -> float:
        """How far it moves ``e`` at most, in units of its spread, given the rest of x."""
        values = self.fixed | _values(self.fields, x)
        floor = run_errors(self.parts, FLOOR, {"d": values["d"]})
        once, twice = (
            replace(coordinates, steps=steps).expected(
                lambda near: self.fitted(x, **near), floor, self.law, np
            )
            for steps in (1, 2)
        )
        told = coordinates.told(floor, self.noise**2, self.law, np)
        return float((abs(twice - once) * np.sqrt(told + coordinates.prior)).max())

    def log_exponent_slope(self, x: Array) -> Array:
        """Derivative of each run's log exponent, at a floor of 0, by each scalar of x."""
        steps = 1e-5 * np.eye(x.size)
        no_floor = {"d": (np.float64(0), ())}

        def log_exponent(x: Array) -> Array:
            found: Array = _log_exponent(self.fitted(x, **no_floor), self.amplitude, np)
            return found

        return np.stack([(log_exponent(x + h) - log_exponent(x - h)) / 2e-5 for h in steps], axis=1)
