r"""Coordinates that follow the data.

In the parameters themselves the posterior is a thin curved sheet: any floor d fits, if the scale,
the half-lives and the utilities follow.  So the sampler moves the floor, and ``x``, the vector of
all others on their unconstrained scales, in coordinates ``u`` that measure how far x is from where
the floor and the data put it, in units of its spread there.  Parameter after parameter,

``x = (r ((t + q0) e - q0 m0) + q m) / (r t + q) + u / sqrt(r t + q)``,

a precision-weighted mean and an offset from it.  ``e`` is where x fits best under a prior of mean
``m0`` and precision ``q0``, given the floor and the parameters that come before:
``e = e(d) + A(d) (x' - e(d)')``.  ``t`` is the precision that the runs add under the noise of the
search, ``r`` the variance of that noise over the present one, averaged over the runs.  The bracket
thus takes the prior of the search out again, and ``m`` and ``q``, those of the present prior, come
in: for ``t >> q`` this is the centred form of a hierarchy, for ``t << q`` the other one.  The mean
of a pooled parameter follows in the same way.

``e(d)``, ``m0(d)``, ``log t(d)`` and ``A(d)`` are cubic splines through the best fits at some
floors, found by `qqt_bayes.sampling.search.profile`.  The last parameter in the row, b as a rule,
is not linear in those before it, so it takes two Gauss-Newton steps under their present values,
with the matrices of one fit in the middle of the profile: ``e <- e + G (y - y(e)) - H (e - m0)``.
(With those of the best fit, draws at the far end of the profile diverge.)

Everything on the right depends on what was set before, so the log determinant is
``-sum log(r t + q) / 2``.  The declared priors stay what they are (`qqt_bayes.model.build` adds
their densities); the data shape the coordinates only.

Examples
--------
Two pools have the log utilities x1 and x2, pooled about mu: both are ``N(mu, 1)``, so ``q = 1``,
and mu is ``N(0, 2^2)``.  The runs say ``x1 = 2`` with the precision 3, and nothing of x2.

>>> e, t, q = np.array([2.0, 0.0]), np.array([3.0, 0.0]), 1.0

Of mu they say ``t e / (1 + t / q) = 6 / 4`` with the precision ``t / (1 + t / q) = 3 / 4``.  With
the ``1 / 4`` of its own prior its precision is 1, and its mean ``1.5``:

>>> def place(u):
...     mu = 1.5 + u[0]
...     return mu, (t * e + q * mu) / (t + q) + u[1:] / np.sqrt(t + q)

In the middle x1 is near what the runs say, ``(3 * 2 + 1.5) / 4``, and x2 at mu.  A unit of u1 moves
x1 by ``1 / 2``, and x2 is mu and an offset in deviations of its prior:

>>> mu, x = place(np.zeros(3))
>>> print(mu, x)
1.5 [1.875 1.5  ]

The log determinant of all three is ``-(log 1 + log 4 + log 1) / 2 = -log 2``, wherever one is; so
the density in u is that of mu and x times a constant.  Everything is normal here, and so u is
exactly standard normal: at ``u = (1, -2, 3)`` the log density is lower by ``(1 + 4 + 9) / 2``.

>>> def log_density(u):
...     mu, x = place(u)
...     return -(mu**2 / 4 + np.sum((x - mu) ** 2) + np.sum(t * (x - e) ** 2)) / 2
>>> print(round(log_density(np.array([1.0, -2.0, 3.0])) - log_density(np.zeros(3)), 9))
-7.0
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.model.problem import UTILITY, Field

Array = NDArray[np.float64]
GAUSS_NEWTON_STEPS = 2
"""How many Gauss-Newton steps b takes, where it is not fixed: the last field then."""


@dataclass(frozen=True)
class Expected:
    """Where the best fits put a field, given the floor and the fields before it.

    Attributes
    ----------
    value : array, shape (scalar,)
        ``e``.
    prior_mean : array, shape (scalar,)
        ``m0``.
    log_precision : array, shape (scalar,)
        ``log t``.
    regression : array, shape (scalar, scalar before), or None
        ``A``; None for the first field.
    """

    value: Any
    prior_mean: Any
    log_precision: Any
    regression: Any = None


@dataclass(frozen=True)
class Coordinates:
    """Where parameters are expected, and how closely, given the floor and those before them.

    Attributes
    ----------
    given_floor : tuple of Field
        The parts of x, in order.
    floor : Field or None
        The floor, if it is random.
    optima : array, shape (optimum, scalar)
        The best fits, the one of largest weight first, the floor's scalars last: chains start from
        them.
    knots : array, shape (floor, knot)
        Floors at which the best fit was sought, in units of `floor_unit`.
    floor_unit : array, shape (floor,)
    highest_floor : array, shape (floor,)
        In units of `floor_unit`. Above it the splines are held: no fit follows a floor that is
        above the errors.
    splines : array, shape (row, feature)
        Weights of the splines: of ``e``, ``m0``, ``log t`` and, but for the first, ``A`` of each
        field.
    gain : array, shape (scalar of the last field, run)
        ``G``.
    shrinkage : array, shape (scalar of the last field, scalar of the last field)
        ``H``.
    search_precision : array, shape (scalar,)
        ``q0``.
    search_variance : array, shape (run,)
        Of each run about its curve, in the search.
    line : array, shape (6, ...)
        Where each floor is sampled, see `qqt_bayes.model.floor`.
    pooled_floor : array, shape (2, ...)
        For floors that are pooled: ``(t + q0) e - q0 m0`` and ``t`` of their own.
    """

    given_floor: tuple[Field, ...]
    floor: Field | None
    optima: Array
    knots: Array
    floor_unit: Array
    highest_floor: Array
    splines: Array
    gain: Array
    shrinkage: Array
    search_precision: Array
    search_variance: Array
    line: Array
    pooled_floor: Array

    @property
    def fields(self) -> tuple[Field, ...]:
        """All random parameters of the law, in the order of the scalars of `optima`."""
        return (*self.given_floor, self.floor) if self.floor else self.given_floor

    def expected(self, floor: Any, pt: ModuleType) -> list[Expected]:
        """What the splines say of each field at given floors.

        Parameters
        ----------
        floor : tensor
            Of any shape; empty if the floor is fixed.
        pt : module
            PyTensor's tensor module: `qqt_bayes.model.build` alone knows it.
        """
        flat = pt.minimum(floor.reshape((-1,)) / self.floor_unit, self.highest_floor)
        row = times(self.splines, spline_features(flat, self.knots, pt))
        shapes = [_shapes(field) for field in self.given_floor]
        sizes = [math.prod(shape) for each in shapes for shape in each]
        pieces = iter(pt.split(row, splits_size=sizes))
        return [Expected(*(next(pieces).reshape(shape) for shape in each)) for each in shapes]

    def weighted_mean(
        self,
        field: Field,
        expected: Expected,
        offsets: Any,
        residual: Callable[[Any], Any],
        noise_ratio: Any,
        pt: ModuleType,
    ) -> tuple[Any, Any]:
        """What the runs alone say of a field: precision times mean, and precision.

        Parameters
        ----------
        field : Field
        expected : Expected
        offsets : array, shape (scalar before,)
            ``x' - e(d)'`` of the fields before it.
        residual : callable
            ``y - y(e)``, shape (run,), given the scalars of the field.
        noise_ratio : float
            ``r``.
        pt : module
            PyTensor's tensor module.

        Returns
        -------
        tuple of array, shape (scalar,)
            ``r ((t + q0) e - q0 m0)`` and ``r t``.
        """
        best, mean = expected.value, expected.prior_mean
        precision, prior = pt.exp(expected.log_precision), self.search_precision[field.place]
        if expected.regression is not None:
            best = best + times(expected.regression, offsets)
        if field.name == UTILITY:
            for _ in range(GAUSS_NEWTON_STEPS):
                step = times(self.gain, residual(best)) - times(self.shrinkage, best - mean)
                best = best + step
        return noise_ratio * ((precision + prior) * best - prior * mean), noise_ratio * precision


def _shapes(field: Field) -> list[tuple[int, ...]]:
    """The shapes of what the splines say of a field, in the order of `Expected`."""
    vectors: list[tuple[int, ...]] = [(field.size,)] * 3
    return [*vectors, (field.size, field.start)] if field.start else vectors


def spline_features(floor: Any, knots: Any, pt: ModuleType) -> Any:
    """What the splines are linear in: 1, each floor, and its cubed distances from its knots."""
    cubes = abs(floor.reshape((-1, 1)) - knots) ** 3
    return pt.concatenate([np.ones(1), floor, cubes.reshape((-1,))])


def times(matrix: Any, vector: Any) -> Any:
    """The product of a matrix and a vector: as a sum it compiles in a tenth of the time."""
    return (matrix * vector).sum(-1)
