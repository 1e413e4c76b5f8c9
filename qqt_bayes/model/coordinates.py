r"""Coordinates that follow the data.

In the parameters themselves the posterior is a thin curved sheet: any floor d fits, if the scale,
the half-lives and the utilities follow.  So the sampler moves the floor, and ``x``, the vector of
all others on their unconstrained scales, in coordinates ``u`` that measure how far x is from where
the floor and the data put it, in units of its spread there.  Parameter after parameter,

``x = (r ((t + q0) e - q0 m0) + q m) / (r t + q) + u / sqrt(r t + q)``.

``e`` is where x fits best under a prior of mean ``m0`` and precision ``q0``, given the floor and
the parameters that come before: ``e = e(d) + A(d) (x' - e(d)')``.  ``t`` is the precision that the
runs add under the noise of the search, ``r`` the variance of that noise over the present one,
averaged over the runs.  The bracket thus takes the prior of the search out again, and ``m`` and
``q``, those of the present prior, come in: for ``t >> q`` this is the centred form of a hierarchy,
for ``t << q`` the other one.  The mean of a pooled parameter follows in the same way.

``e(d)``, ``m0(d)``, ``log t(d)`` and ``A(d)`` are cubic splines through the best fits at some
floors, found by `qqt_bayes.sampling.profile`.  The last parameter in the row, b as a rule, is not
linear in those before it, so it takes two Gauss-Newton steps under their present values, with the
matrices of one fit in the middle of the profile: ``e <- e + G (y - y(e)) - H (e - m0)``.  (With
those of the best fit, draws at the far end of the profile diverge.)

Everything on the right depends on what was set before, so the log determinant is
``-sum log(r t + q) / 2``.  The declared priors stay what they are (`qqt_bayes.model.build` adds
their densities); the data shape the coordinates only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.model.problem import Field

Array = NDArray[np.float64]
STEPS = 2
"""Gauss-Newton steps of the last."""
ARRAYS = (
    "knots",
    "floor_unit",
    "highest_floor",
    "splines",
    "gain",
    "shrinkage",
    "search_precision",
    "search_variance",
    "line",
    "pooled_floor",
)
"""What differs between tables of the same trainings."""


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
        The best fits, the weightiest first, the floor's scalars last: chains start from them.
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
        """All that is random in the law, in the order of the scalars of `optima`."""
        return (*self.given_floor, self.floor) if self.floor else self.given_floor

    def map(self, f: Callable[[str, Any], Any]) -> Coordinates:
        """The same with ``f(name, array)`` in place of each array that the runs shape."""
        return replace(self, **{name: f(name, x) for name, x in self.arrays().items()})

    def arrays(self) -> dict[str, Array]:
        """Each array that the runs shape, by its name."""
        return {name: getattr(self, name) for name in ARRAYS}

    def at(self, floor: Any, pt: ModuleType) -> list[list[Any]]:
        """What the table says at given floors, field by field: ``e``, ``m0``, ``log t``, ..."""
        flat = pt.minimum(floor.reshape((-1,)) / self.floor_unit, self.highest_floor)
        row = times(self.splines, features(flat, self.knots, pt))
        shapes = [self.shapes(field) for field in self.given_floor]
        sizes = [math.prod(shape) for each in shapes for shape in each]
        pieces = iter(pt.split(row, splits_size=sizes))
        return [[next(pieces).reshape(shape) for shape in each] for each in shapes]

    def shapes(self, field: Field) -> list[tuple[int, ...]]:
        """Of what the table says of a field."""
        size = field.size
        answer = [(size, field.start)] if field.start else []
        return [(size,), (size,), (size,), *answer]

    def wanted(
        self,
        field: Field,
        told: list[Any],
        moved: Any,
        lack: Callable[[Any], Any],
        ratio: Any,
        pt: ModuleType,
    ) -> tuple[Any, Any]:
        """What the runs want of a field: ``r ((t + q0) e - q0 m0)`` and ``r t``, shape (scalar,).

        Parameters
        ----------
        field : Field
        told : list of array
            What `at` returns for it.
        moved : array, shape (scalar,)
            ``x' - e'`` of the fields before it.
        lack : callable
            ``y - y(e)``, shape (run,), given the scalars of the field.
        ratio : float
            ``r``.
        pt : module
            PyTensor's tensor module: `qqt_bayes.model.build` alone knows it.
        """
        expected, mean, log_precision, *answer = told
        precision, prior = pt.exp(log_precision), self.search_precision[field.place]
        if field.start:
            expected = expected + times(answer[0], moved)
        if field == self.given_floor[-1]:
            for _ in range(STEPS):
                step = times(self.gain, lack(expected)) - times(self.shrinkage, expected - mean)
                expected = expected + step
        return ratio * ((precision + prior) * expected - prior * mean), ratio * precision


def features(floor: Any, knots: Any, pt: ModuleType) -> Any:
    """What the splines are linear in: 1, each floor, and its cubed distances from its knots."""
    cubes = abs(floor.reshape((-1, 1)) - knots) ** 3
    return pt.concatenate([np.ones(1), floor, cubes.reshape((-1,))])


def times(matrix: Any, vector: Any) -> Any:
    """Their product, shape (row,): as a sum it compiles in a tenth of the time."""
    return (matrix * vector).sum(-1)
