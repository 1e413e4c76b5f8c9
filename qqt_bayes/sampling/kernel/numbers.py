"""The numbers of a model, one by one: slots for their values, places for their coordinates.

The order of the coordinates in the vector that is sampled is that of the random variables of
`qqt_bayes.model.build.build`, so that the two densities can be compared point by point.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.model.distributions import DISTRIBUTIONS, GAUSSIAN, Prior

Array = NDArray[np.float64]
Slots = NDArray[np.int64]
NO_ARGUMENT = 0
"""What a prior with fewer than three arguments points to: a slot whose value does not matter."""


class Row(NamedTuple):
    """A random scalar, with all that any of the tables says of it."""

    slot: int
    place: int
    distribution: str
    arguments: tuple[int, int, int]
    lower: float
    upper: float
    parent: int = -1
    other_precision: float = 0.0

    @property
    def is_gaussian(self) -> bool:
        """Whether its prior is Gaussian on the unconstrained scale."""
        return self.distribution in GAUSSIAN


@dataclass
class Numbers:
    """Hands out slots in the vector of values and places in the vector that is sampled.

    Attributes
    ----------
    sizes : dict of str to int
        Of the dimensions.
    fixed : list of float
        The values so far; 0 for what is random.
    places : int
        How many places are taken so far.
    variables : dict of str to (array of int, tuple of str)
        Slots and dimensions of every random parameter by name.
    declared, placed : list of Row
        What is sampled on its unconstrained scale, and what about where the runs put it.
    """

    sizes: dict[str, int]
    fixed: list[float] = field(default_factory=list)
    places: int = 0
    variables: dict[str, tuple[Slots, tuple[str, ...]]] = field(default_factory=dict)
    declared: list[Row] = field(default_factory=list)
    placed: list[Row] = field(default_factory=list)

    def constant(self, value: float) -> Slots:
        """The slot of a fixed number, shape ()."""
        self.fixed.append(float(value))
        return np.array(len(self.fixed) - 1)

    def random(self, name: str, over: tuple[str, ...]) -> Slots:
        """Slots of a random parameter, along its dimensions."""
        shape = tuple(self.sizes[dim] for dim in over)
        start = len(self.fixed)
        self.fixed += [0.0] * math.prod(shape)
        slots = np.arange(start, len(self.fixed)).reshape(shape)
        self.variables[name] = slots, over
        return slots

    def take(self, count: int) -> range:
        """The next places of the vector that is sampled."""
        self.places += count
        return range(self.places - count, self.places)

    def number(self, name: str, value: float | Prior) -> Slots:
        """Slots of a parameter that is fixed or sampled on its unconstrained scale."""
        if not isinstance(value, Prior):
            return self.constant(value)
        arguments = self.arguments(name, value)
        slots = self.random(name, value.over)
        self.declared += self.rows(value, slots, self.take(slots.size), arguments)
        return slots

    def arguments(self, name: str, prior: Prior, but: str = "") -> dict[str, Slots]:
        """Slots of the arguments of a prior, all `but` one, along its own dimensions."""
        return {
            key: self.aligned(self.number(f"{name}_{key}", value), value, prior.over)
            for key, value in prior.parameters.items()
            if key not in ("lower", "upper", but)  # bounds are fixed, see `Prior.support`
        }

    def aligned(self, slots: Slots, value: float | Prior, over: tuple[str, ...]) -> Slots:
        """Give slots the dimensions of the prior in which their parameter is an argument."""
        inner = value.over if isinstance(value, Prior) else ()
        kept = tuple(self.sizes[dim] if dim in inner else 1 for dim in over)
        return np.broadcast_to(slots.reshape(kept), tuple(self.sizes[dim] for dim in over))

    def rows(
        self, prior: Prior, slots: Slots, places: range, arguments: Mapping[str, Slots]
    ) -> list[Row]:
        """A row for each scalar of a random parameter."""
        order = [key for key in DISTRIBUTIONS[prior.distribution].required if key in arguments]
        columns = [arguments[key].ravel().tolist() for key in order]
        columns += [[NO_ARGUMENT] * slots.size] * (3 - len(order))
        return [
            Row(slot, place, prior.distribution, each, *prior.support)
            for slot, place, each in zip(
                slots.ravel().tolist(), places, zip(*columns, strict=True), strict=True
            )
        ]

    def place(self, name: str, prior: Prior, other_precision: Array | None = None) -> Slots:
        """Slots of a parameter that is sampled about where the runs put it, its means before it."""
        nested = prior.pooled
        arguments = self.arguments(name, prior, but="mu" if nested else "")
        row_of = {}
        if nested:
            before = len(self.placed)
            arguments["mu"] = self.aligned(self.place(f"{name}_mu", nested), nested, prior.over)
            row_of = {row.slot: before + i for i, row in enumerate(self.placed[before:])}
        slots = self.random(name, prior.over)
        other = np.zeros(slots.size) if other_precision is None else other_precision
        for row, extra in zip(
            self.rows(prior, slots, self.take(slots.size), arguments), other, strict=True
        ):
            parent = row_of.get(row.arguments[0], -1)  # the first argument is mu, if it is pooled
            self.placed.append(row._replace(parent=parent, other_precision=extra))
        return slots
