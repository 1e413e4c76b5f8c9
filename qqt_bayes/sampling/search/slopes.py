r"""The errors of the runs and their derivatives by the parameters, at several points at once.

The training set of a run is mixed from pools: each run has an entry for each of its pools
(`qqt_bayes.laws.run_curves`).  If every entry has parameters of its own, then the derivative of the
sum of all errors by those of an entry is that of its run's error alone.  So one way back along the
law (`qqt_bayes.sampling.search.reverse`) finds the derivatives of all runs; those by a parameter
that several entries of a run share add up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.laws.epochs import MAX_BLOCK_NUMBERS, Epochs, log_samples
from qqt_bayes.laws.law import Law
from qqt_bayes.laws.means import ONE_POOL, Mixture
from qqt_bayes.laws.mixture import half_life
from qqt_bayes.laws.run_curves import Part
from qqt_bayes.model.problem import Field, Problem
from qqt_bayes.sampling.search import reverse
from qqt_bayes.sampling.search.reverse import Traced, gradient

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
BLOCK_NUMBERS = MAX_BLOCK_NUMBERS // 8
"""Points are taken together as long as an array over points, entries and nodes holds no more
numbers: the way back goes through several such arrays, which stay in the cache."""


class _Growing(Epochs):
    """Epochs that remember how the logarithm of the samples grows, which no parameter changes."""

    @cached_property
    def log_growth(self) -> Array:
        """The growth of the logarithm, shape (entry, node)."""
        found: Array = super().growth(log_samples)
        return found

    def growth(self, quantity: Callable[[Any], Any], *, shared: bool = False) -> Any:
        """As for `Epochs`."""
        if quantity is log_samples:
            return self.log_growth
        return super().growth(quantity, shared=shared)


@dataclass(frozen=True)
class _Place:
    """Where the derivatives of a part's entries by one field are added up.

    Attributes
    ----------
    field : Field
    scalar : array, shape (entry,)
        The place in x of each entry's parameter.
    order, start : array
        Puts entries of one row and scalar side by side, and says where each such group starts.
    row, column : array, shape (group,)
        The row and the scalar of each group.
    """

    field: Field
    scalar: Indices
    order: Indices
    start: Indices
    row: Indices
    column: Indices


@dataclass(frozen=True, eq=False)
class Slopes:
    """The law of a problem, ready to be evaluated with its derivatives.

    Parameters
    ----------
    problem : Problem
    """

    problem: Problem

    @property
    def scalars(self) -> int:
        """The length of a point."""
        return self.problem.fields[-1].stop

    @cached_property
    def parts(self) -> list[Part]:
        """The entries of the runs."""
        return [replace(p, epochs=_Growing(**vars(p.epochs))) for p in self.problem.entries]

    @cached_property
    def places(self) -> list[list[_Place]]:
        """For each part of the entries the fields that its law takes."""
        fields = [f for f in self.problem.fields if f.name in self.problem.law.parameters]
        return [[self._place(part, field) for field in fields] for part in self.parts]

    def _place(self, part: Part, field: Field) -> _Place:
        position = {"group": part.group, "pool": part.pool}
        scalar = np.full(part.row.size, field.start)
        if field.shape:
            over = tuple(position[dim] for dim in field.prior.over)
            scalar += np.ravel_multi_index(over, field.shape)
        key = part.row * self.scalars + scalar
        order = np.argsort(key, kind="stable")
        groups, start = np.unique(key[order], return_index=True)
        return _Place(field, scalar, order, start, groups // self.scalars, groups % self.scalars)

    def at(self, points: Array) -> tuple[Array, Array]:
        """Evaluate the law.

        Parameters
        ----------
        points : array, shape (point, scalar)
            On the unconstrained scales.

        Returns
        -------
        errors : array, shape (point, run)
        slopes : array, shape (point, run, scalar)
            Far from the data either may be infinite or no number.
        """
        runs = self.problem.runs.sizes["run"]
        errors = np.empty((len(points), runs))
        slopes = np.empty((len(points), runs, self.scalars))
        for part, places in zip(self.parts, self.places, strict=True):
            step = max(1, BLOCK_NUMBERS // part.epochs.count.size)
            for first in range(0, len(points), step):
                block = slice(first, first + step)
                rows, by_scalar = self._part(part, places, points[block])
                errors[block, part.runs] = rows[:, part.cell]
                slopes[block, part.runs] = by_scalar[:, part.cell]
        return errors, slopes

    def _part(self, part: Part, places: list[_Place], points: Array) -> tuple[Array, Array]:
        """Errors of the rows of a part, (point, row), and their slopes, (point, row, scalar)."""
        values, log_derivatives = {}, []
        for place in places:
            here = place.field.place
            value, log_derivative = place.field.scale.bound(points[:, here], np)
            values[place.field.name] = Traced(value[:, place.scalar - here.start])
            log_derivatives.append(log_derivative[:, place.column - here.start])
        random = list(values.values())
        for name, fixed in self.problem.fixed.items():
            if name in self.problem.law.parameters:
                values[name] = Traced(np.full((len(points), part.row.size), fixed))
        error = _errors(self.problem.law, part, values)
        slopes = np.zeros((*error.value.shape, self.scalars))
        by_entry = gradient(error, random)
        for place, slope, log_derivative in zip(places, by_entry, log_derivatives, strict=True):
            summed = np.add.reduceat(slope[:, place.order], place.start, axis=1)
            slopes[:, place.row, place.column] = summed * np.exp(log_derivative)
        return error.value, slopes


def _errors(law: Law, part: Part, values: dict[str, Traced]) -> Traced:
    """The errors of the rows of a part, given its parameters over (point, entry)."""
    start = part.first

    def weighted(x: Array) -> Array:
        return part.share.reshape(-1, *(1,) * (x.ndim - 2)) * x  # an axis of nodes may come behind

    def added(x: Array) -> Array:
        found: Array = np.add.reduceat(x, start, axis=1)
        return found

    def handed(x: Array) -> Array:
        return x[:, part.row]

    def mean(x: Traced) -> Traced:
        return Traced(added(weighted(x.value)), (x, lambda adjoint: weighted(handed(adjoint))))

    def spread(x: Traced) -> Traced:
        return Traced(handed(x.value), (x, added))

    tau = values.pop("tau", Traced(np.full((1, 1), np.inf)))
    exponent = values.pop("size_exponent", Traced(np.ones((1, 1))))
    single = part.row.size == part.rows  # each on one pool: a mean is the value itself
    errors: Traced = law.error(
        part.epochs,
        **values,
        tau=half_life(tau, part.total, part.pool_size, exponent),
        mixture=ONE_POOL if single else Mixture(mean, spread),
        xp=reverse,
    )
    return errors
