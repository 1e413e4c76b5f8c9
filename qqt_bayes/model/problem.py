"""A specification and the runs that it is fitted to, as the law sees them.

`fit` makes one `Problem` for each table of runs and hands it to everything that builds, searches or
samples.  It is NumPy and xarray only: PyMC's model (`qqt_bayes.model.build`) is one reader of it
among others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.laws.effective_reuse import CONSTANTS, typical_size
from qqt_bayes.laws.law import LAWS, Law
from qqt_bayes.laws.run_curves import Part, draws_with_replacement, ingredients
from qqt_bayes.model.conditioning import (
    MOST_CELLS,
    TYPICAL_SIGMA,
    UNSEEN,
    Rotation,
    noise_of_cells,
)
from qqt_bayes.model.discrepancy import OF_LOSS, Seen, seen
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.noise import known_variance, reference_budget, run_variance, typical
from qqt_bayes.model.spec import Spec

Array = NDArray[np.float64]
FLOOR = "d"
"""Name of the irreducible error, which the coordinates treat apart from all other parameters."""
UTILITY = "b"
"""Name of the utilities: in them the log of how far an error is above its floor is linear."""
GIVEN_FLOOR = ("size_exponent", "a", "kappa", "tau", "b")
"""The other parameters of the laws in the order in which they are sampled: each is placed by the
floor and by those before it.  The utilities b come last, where the errors are least linear in what
came before."""


@dataclass(frozen=True)
class Scale:
    """The unconstrained scale of a parameter: itself, its logarithm or its logit, by its support.

    Below an upper bound alone it is minus the logarithm of the distance: it always increases.

    Examples
    --------
    >>> print(Scale(0.0, np.inf).free(0.5).round(4), Scale(0.0, 1.0).free(0.5))
    -0.6931 0.0
    """

    lower: float
    upper: float

    def free(self, x: Any, xp: ModuleType = np) -> Any:
        """Turn values of the parameter into values on the unconstrained scale."""
        if np.isinf(self.lower):
            return x if np.isinf(self.upper) else -xp.log(self.upper - x)
        if np.isinf(self.upper):
            return xp.log(x - self.lower)
        return xp.log(x - self.lower) - xp.log(self.upper - x)

    def bound(self, u: Any, xp: ModuleType) -> tuple[Any, Any]:
        """Turn unconstrained values into the parameter, with the log of its derivative there."""
        if np.isinf(self.lower):
            return (u, 0 * u) if np.isinf(self.upper) else (self.upper - xp.exp(-u), -u)
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
        One length for each dimension of the prior: () for a shared parameter.
    start : int
        Place of its first scalar in the vector.
    """

    name: str
    prior: Prior
    shape: tuple[int, ...]
    start: int = 0

    @property
    def scale(self) -> Scale:
        """The unconstrained scale of the parameter."""
        return Scale(*self.prior.support)

    @property
    def size(self) -> int:
        """The number of its scalars."""
        return math.prod(self.shape)

    @property
    def stop(self) -> int:
        """The place behind its last scalar."""
        return self.start + self.size

    @property
    def place(self) -> slice:
        """Where its scalars are in the vector."""
        return slice(self.start, self.stop)


def constants_of(law: Law, runs: xr.Dataset) -> dict[str, float]:
    """What the design and the metric of a table of runs say to the law of effective reuse.

    Error rates fall from 1, unless the table has a `chance_error`. To other laws they say nothing.
    """
    if law.derive is None:
        return {}
    chance = 1.0 if runs.attrs["kind"] == "error" else np.inf
    if "chance_error" in runs:
        chance = runs["chance_error"].item()
    found = reference_budget(runs), typical_size(runs["pool_size"]), chance
    return dict(zip(CONSTANTS, found, strict=True))


@dataclass(frozen=True, eq=False)
class Problem:
    """A specification and the runs that it is fitted to, with what both together determine.

    Parameters
    ----------
    declared : Spec
        As it was written.
    runs : Dataset
        As `read_runs` returns it.
    design : Dataset, optional
        The runs whose design sets the law's constants, if it is not these.

    Examples
    --------
    >>> import pandas as pd
    >>> from qqt_bayes.model.spec import load_model
    >>> from qqt_bayes.tables.runs import read_runs
    >>> rows = dict(pool=["best"], unique_samples=[1e6], samples_seen=[4e6], error=[0.5])
    >>> problem = Problem(load_model("utility"), read_runs(pd.DataFrame(rows)))
    >>> [(field.name, field.shape, field.start) for field in problem.fields]
    [('a', (), 0), ('tau', (1,), 1), ('b', (1,), 2), ('d', (), 3)]
    """

    declared: Spec
    runs: xr.Dataset
    design: xr.Dataset | None = None

    @cached_property
    def spec(self) -> Spec:
        """The specification with every prior of the parameter itself, by the design's budgets."""
        return self.declared.at(reference_budget(self.of_design))

    @property
    def of_design(self) -> xr.Dataset:
        """The runs whose design sets what depends on one."""
        return self.runs if self.design is None else self.design

    @property
    def law(self) -> Law:
        """The law of the specification."""
        return LAWS[self.declared.law].drawn(draws_with_replacement(self.runs))

    @cached_property
    def entries(self) -> list[Part]:
        """The runs as the law takes them: an entry for each pool that a training set takes from."""
        return ingredients(self.runs, self.spec.size_reference)

    @property
    def of_error(self) -> float:
        """A departure of amplitude 1 by the log error."""
        return 1.0 if self.runs.attrs["kind"] == "error" else OF_LOSS

    @cached_property
    def turn(self) -> Rotation | None:
        """The turn that serves all draws of a model with a discrepancy, where there is one."""
        return self.rotation()

    def rotation(self, fold: NDArray[np.intp] | None = None) -> Rotation | None:
        """The same where nothing is learned of some runs.

        Parameters
        ----------
        fold : array of int, optional
            Runs of which nothing is learned.
        """
        data, noise = self.seen, self.spec.likelihood.parameters
        known = known_variance(self.runs)
        is_one_number = not known.any() and list(noise) == ["sigma"]
        is_one_number &= not getattr(noise["sigma"], "over", ())
        if len(data.covariance) <= MOST_CELLS and not is_one_number:
            return None
        variance = run_variance(self.runs, {"sigma": TYPICAL_SIGMA}, known) / data.mean**2
        if fold is not None:
            variance[fold] = UNSEEN
        return Rotation.of(data.covariance, noise_of_cells(data, variance[None])[0])

    @cached_property
    def seen(self) -> Seen:
        """The runs by their cells, as a likelihood with a discrepancy takes them."""
        return seen(self.runs)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The random parameters of the law in a vector of unconstrained values, the floor last."""
        fields: list[Field] = []
        for name in dict.fromkeys((*GIVEN_FLOOR, FLOOR, *self.law.parameters)):
            prior = self.spec.parameters.get(name)
            if isinstance(prior, Prior):
                shape = tuple(self.runs.sizes[dim] for dim in prior.over)
                fields.append(Field(name, prior, shape, fields[-1].stop if fields else 0))
        return tuple(fields)

    @property
    def given_floor(self) -> tuple[Field, ...]:
        """The random parameters other than the floor."""
        return tuple(field for field in self.fields if field.name != FLOOR)

    @property
    def floor(self) -> Field | None:
        """The irreducible error, if it is random."""
        return next((field for field in self.fields if field.name == FLOOR), None)

    @property
    def fixed(self) -> dict[str, np.float64]:
        """The parameters of the law that the specification sets to a number."""
        return {
            name: np.float64(value)
            for name, value in self.spec.parameters.items()
            if not isinstance(value, Prior)
        }

    @property
    def constants(self) -> dict[str, tuple[np.float64, tuple[str, ...]]]:
        """What the design and the metric say to the law, as `run_errors` takes values."""
        found = constants_of(self.law, self.of_design)
        return {name: (np.float64(value), ()) for name, value in found.items()}

    def typical_noise(self, draws: Mapping[str, Array]) -> dict[str, float]:
        """The parameters of the likelihood as a number each: the medians of some draws."""
        return typical(self.spec.likelihood.parameters, draws)
