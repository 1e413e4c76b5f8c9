r"""Coordinates that follow the data.

In the parameters themselves the posterior is a thin curved sheet: any scale a and floor d fit, if
the utilities and half-lives follow.  So the sampler moves b and tau in coordinates ``u`` that
measure how far they are from where a, d and the size exponent push them:

``log b = log b* + K r(a, d, g) + u``,    ``r = log E*(d) - log E(a, g)``.

``E`` is each run's exponent under the best fit ``b*, tau*`` and the current a and g, ``E*`` the
exponent that its fitted error needs under the current d, and K the linear answer of
``(log b, log tau)`` to r about the best fit.  The shift depends on other parameters alone, so its
determinant is one.

A partially pooled parameter of which the data say a share c moves between centred (c = 1) and
non-centred (c = 0): ``log b = c (log b* + K r) + (1 - c) mu + sigma^(1 - c) u``.  The declared
priors stay what they are (`qqt_bayes.model` adds the log determinant); the data shape the
coordinates only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.optimize import least_squares

from qqt_bayes.distributions import Prior
from qqt_bayes.ingredients import Part, run_errors
from qqt_bayes.law import LAWS, Law
from qqt_bayes.spec import Spec

Array = NDArray[np.float64]
Values = dict[str, tuple[Any, tuple[str, ...]]]
FAR = ("a", "d", "size_exponent")
NEAR = ("b", "tau")
STARTS = 4
LARGEST = 120
"""Scalars beyond which the least-squares search would take longer than it saves."""


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
    """A random parameter of the law and its place in the vector of coordinates."""

    name: str
    over: tuple[str, ...]
    shape: tuple[int, ...]
    place: slice
    scale: Scale
    pooled: bool


@dataclass(frozen=True)
class Coordinates:
    """Where b and tau are expected, given the other parameters of the law.

    Attributes
    ----------
    near : tuple of Field
        The random ones of b and tau; their places are within the arrays below.
    best : array, shape (near scalar,)
        Best fit on the unconstrained scale.
    known : array, shape (near scalar,)
        Share c that the data tell.
    gain : array, shape (near scalar, run)
        ``K``.
    fitted : array, shape (run,)
        Errors under the best fit.
    start : dict of array
        Best fit of the other parameters.
    """

    near: tuple[Field, ...]
    best: Array
    known: Array
    gain: Array
    fitted: Array
    start: dict[str, Array]

    def best_values(self) -> Values:
        """``b*`` and ``tau*``."""
        return _values(self.near, self.best)

    def push(self, error: Any, floor: Any, law: Law, xp: ModuleType) -> Any:
        """``K r``, shape (near scalar,), from each run's error under ``b*, tau*`` and its floor."""
        amplitude = 1 - floor if law.bounded else 1.0
        need, have = (
            _soft(-xp.log(_soft(y - floor, 100.0, xp) / amplitude), 10.0, xp)
            for y in (self.fitted, error)
        )
        return xp.dot(self.gain, xp.log(need) - xp.log(have))


def _soft(x: Any, sharpness: float, xp: ModuleType) -> Any:
    """``x`` where it is well above 0, and above 0 everywhere: ``log(1 + exp(s x)) / s``."""
    return (xp.maximum(x, 0) + xp.log1p(xp.exp(-abs(sharpness * x))) / sharpness) + 1e-12


def _values(fields: tuple[Field, ...], free: Array) -> Values:
    return {f.name: (f.scale.bound(free[f.place], np)[0].reshape(f.shape), f.over) for f in fields}


def fields_of(spec: Spec, runs: xr.Dataset) -> tuple[Field, ...]:
    """The random parameters of a specification's law on a table of runs, far ones first."""
    fields, start = [], 0
    for name in (*FAR, *NEAR):
        prior = spec.parameters.get(name)
        if isinstance(prior, Prior):
            shape = tuple(runs.sizes[dim] for dim in prior.over)
            size = int(np.prod(shape))
            lower, upper = prior.support
            pooled = prior.distribution in ("LogNormal", "Normal") and any(
                isinstance(value, Prior) for value in prior.parameters.values()
            )
            fields.append(
                Field(
                    name, prior.over, shape, slice(start, start + size), Scale(lower, upper), pooled
                )
            )
            start += size
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
        Prior draws of the random parameters, and of the scale of pooled ones (``b_sigma``).

    Returns
    -------
    Coordinates or None
        None where there are too many parameters.
    """
    fields = fields_of(spec, runs)
    if not any(f.name in NEAR for f in fields) or fields[-1].place.stop > LARGEST:
        return None
    search = _Search(spec, fields, parts, runs, prior)
    best = search.optimum()
    first = next(f.place.start for f in fields if f.name in NEAR)

    # answer of the near parameters to a change of log exponents
    slope = search.log_exponent_slope(best)[:, first:]
    worth = search.log_exponent_worth(best)
    sd = search.sd[first:]
    precision = slope.T @ (worth[:, None] * slope) + np.diag(sd**-2)
    gain = np.linalg.solve(precision, slope.T * worth)

    within = np.concatenate([_within(f, prior, search.sd) for f in fields])[first:]
    told = 1 / np.diag(np.linalg.inv(precision)) - sd**-2
    near = tuple(
        replace(f, place=slice(f.place.start - first, f.place.stop - first))
        for f in fields
        if f.name in NEAR
    )
    pooled = np.concatenate([np.full(int(np.prod(f.shape)), f.pooled) for f in near])
    return Coordinates(
        near=near,
        best=best[first:],
        known=np.where(pooled, told / (told + within**-2), 1.0),
        gain=gain,
        fitted=search.fitted(best),
        start={name: value for name, (value, _) in _values(fields, best).items() if name in FAR},
    )


def _within(field: Field, prior: Mapping[str, Array], sd: Array) -> Array:
    """Typical scale of a parameter about its pooled mean."""
    scale = prior.get(f"{field.name}_sigma")
    if not field.pooled or scale is None:
        return sd[field.place]
    return np.full(field.place.stop - field.place.start, np.median(scale))


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
            [np.reshape(f.scale.free(prior[f.name]), (len(prior[f.name]), -1)) for f in fields],
            axis=1,
        )
        self.law, self.fields, self.parts = LAWS[spec.law], fields, parts
        self.mean, self.sd = draws.mean(axis=0), draws.std(axis=0)
        self.error = runs["error"].to_numpy()
        self.fixed = {
            name: (np.float64(value), ())
            for name, value in spec.parameters.items()
            if not isinstance(value, Prior)
        }
        self.noise = max(0.05 * self.error.std(), 1e-3 * self.error.mean())

    def fitted(self, x: Array, **changed: tuple[Any, tuple[str, ...]]) -> Array:
        """Errors of the runs, shape (run,)."""
        with np.errstate(all="ignore"):  # far from the data a law may overflow
            values = {**self.fixed, **_values(self.fields, x), **changed}
            fitted = run_errors(self.parts, self.law, values)
        ceiling = 3 * self.error.max()
        finite: Array = np.nan_to_num(np.minimum(fitted, ceiling), nan=ceiling)
        return finite

    def optimum(self) -> Array:
        """The best of several starts."""
        rng = np.random.default_rng(0)
        jitter = rng.standard_normal((STARTS, self.mean.size)) * 0.5 * self.sd
        jitter[0] = 0
        found = [least_squares(self._residuals, self.mean + each, max_nfev=100) for each in jitter]
        best: Array = min(found, key=lambda each: each.cost).x
        return best

    def _residuals(self, x: Array) -> Array:
        misfit = (self.fitted(x) - self.error) / self.noise
        return np.concatenate([misfit, (x - self.mean) / self.sd])

    def log_exponent_slope(self, x: Array) -> Array:
        """Derivative of each run's log exponent by each scalar, shape (run, scalar)."""
        steps = 1e-5 * np.eye(x.size)
        return np.stack(
            [(self._log_exponent(x + h) - self._log_exponent(x - h)) / 2e-5 for h in steps], axis=1
        )

    def log_exponent_worth(self, x: Array) -> Array:
        """Precision with which each run tells its log exponent, shape (run,)."""
        log_exponent = self._log_exponent(x)
        return (np.exp(log_exponent - np.exp(log_exponent)) / self.noise) ** 2

    def _log_exponent(self, x: Array) -> Array:
        """``log(-log(error above the floor))``, at a floor of 0."""
        exponent: Array = _soft(-np.log(self.fitted(x, d=(np.float64(0), ()))), 10.0, np)
        return np.log(exponent)
