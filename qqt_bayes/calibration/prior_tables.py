"""Tables of runs drawn from the priors of a specification, each with the truth behind it.

Priors reach tables that nobody could have, with error rates above 1.  A pair of parameters theta
and table y whose table is not legal is dropped, and another pair drawn.  What rests on the joint
distribution stays exact, since y alone decides:
``p(theta | y, kept) = P(kept | y) p(theta, y) / p(y, kept) = p(theta | y)``.  (Drawing y again
under the same theta would bias it.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.errors import InputError
from qqt_bayes.model.draws import errors_again, prior_draws
from qqt_bayes.model.noise import evaluation_variance, hold_evaluation
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import Spec
from qqt_bayes.tables.rows import ERROR

Array = NDArray[np.float64]
MAX_DRAWN_PER_KEPT = 100
"""Tables drawn for each that is needed, at the most: with fewer legal ones the priors are wrong."""
PRIOR_SEEDS, SAMPLER_SEEDS = 0, 1
"""Streams of seeds: of the draws from priors, and of the samplers that fit them."""


@dataclass(frozen=True)
class PriorTables:
    """Legal tables of one design and the parameters that they were drawn from.

    Attributes
    ----------
    design : Dataset
        The runs, without errors of their own.
    values : dict of str to array, shape (table, ...)
        The parameters behind each table.
    errors : array, shape (table, run)
    legal : float
        Share of the drawn tables that was legal.
    """

    design: xr.Dataset
    values: dict[str, Array]
    errors: Array
    legal: float

    def table(self, i: int) -> xr.Dataset:
        """Table `i` as runs that can be fitted."""
        return self.design.assign(error=("run", self.errors[i], self.design["error"].attrs))

    def truth(self, i: int) -> dict[str, Array]:
        """The parameters that table `i` was drawn from."""
        return {name: x[i] for name, x in self.values.items()}


def seed_for(*words: int) -> int:
    """A seed for each sequence of numbers, independent of those for other sequences."""
    return int(np.random.SeedSequence(words).generate_state(1)[0])


def prior_tables(spec: Spec, runs: xr.Dataset, count: int, seed: int) -> PriorTables:
    """Draw legal tables with the design of some runs from the priors of a specification.

    Parameters
    ----------
    spec : Spec
    runs : Dataset
        The design. Its errors are used for the noise of evaluation only, which is held.
    count : int
        Tables that are needed; the last batch may bring some more.
    seed : int

    Returns
    -------
    PriorTables

    Raises
    ------
    InputError
        If `count` is below 1, or next to no table that is drawn from the priors is legal.
    """
    if count < 1:
        raise InputError(f"replications should be at least 1, but got {count}.")
    design = hold_evaluation(runs, evaluation_variance(runs))
    problem = Problem(spec, design)
    truths: list[dict[str, Array]] = []
    tables: list[Array] = []
    drawn = kept = 0
    while kept < count and drawn < MAX_DRAWN_PER_KEPT * count:
        own_seed = seed_for(seed, PRIOR_SEEDS, len(tables))
        values = prior_draws(problem, own_seed)
        errors = errors_again(problem, values, own_seed)
        legal = ERROR[design.attrs["kind"]].holds(errors).all(axis=1)
        truths.append({name: x[legal] for name, x in values.items()})
        tables.append(errors[legal])
        drawn, kept = drawn + legal.size, kept + int(legal.sum())
    if kept < count:
        raise InputError(
            f"Only {kept} of {drawn} tables drawn from the priors of {spec.name} are legal, but "
            f"{count} are wanted. Do the priors expect errors of this kind?"
        )
    joined = {name: np.concatenate([each[name] for each in truths]) for name in truths[0]}
    return PriorTables(design, joined, np.concatenate(tables), kept / drawn)
