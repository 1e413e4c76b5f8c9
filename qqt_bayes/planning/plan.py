"""What is proposed to run next, and what runs cost: numbers only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.decisions.criteria import Criteria

Array = NDArray[np.float64]


class Pricing(Protocol):
    """What runs cost, and what an error is worth; `qqt_bayes.planning.costs.Costs` is one."""

    @property
    def unit(self) -> str:
        """What is counted, such as "samples" or "EUR"."""

    def in_group(self, group: str) -> Pricing:
        """The same for runs of one group."""

    def worth_between(self, low: float, high: float) -> float:
        """What an error that is smaller by 1 is worth between two errors; 0 if nobody says."""

    def of_runs(self, sets: xr.DataArray, budgets: Array) -> Array:
        """Cost of a run on each training set, dims (data, pool), at each budget: its compute."""

    def of_data(self, samples: xr.DataArray, trained: xr.DataArray) -> xr.DataArray:
        """Cost of the unique samples, dims (level, pool), beside pools of given sizes (pool)."""


@dataclass(frozen=True)
class Compute:
    """Costs of runs as the samples that they see."""

    unit: str = "samples"
    worth: float = 0.0

    def in_group(self, group: str) -> Compute:
        """The same: samples are samples in every group."""
        return self

    def worth_between(self, low: float, high: float) -> float:
        """What an error that is smaller by 1 is worth, whatever it is."""
        return self.worth

    def of_runs(self, sets: xr.DataArray, budgets: Array) -> Array:
        """The samples seen, shape (set, budget)."""
        return np.tile(budgets, (sets.sizes["data"], 1))

    def of_data(self, samples: xr.DataArray, trained: xr.DataArray) -> xr.DataArray:
        """Nothing: data take no compute."""
        return xr.zeros_like(samples.isel(pool=0, drop=True), float)


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """What a decision may gain from further runs, and which to make.

    Attributes
    ----------
    runs : DataFrame
        The batch, a row for each run in the order in which they are worth making: `data`,
        `unique_samples`, `samples_seen`, `epochs`, `training` (which one of its set at its budget,
        those made before included), `cost` (with the data that no run above it needs, too),
        `total_cost`, and `expected_regret`, what the best choice is expected to cost once it and
        those above it are known. Empty if no run is worth its price.
    candidates : DataFrame
        Every run that could be afforded, alone: `data`, `samples_seen`, `cost`, `value`.
    parameters : DataFrame
        What it would be worth to know one parameter: `model`, `parameter`, `value`.
    levels, sets : DataArray
        Unique samples of what is decided between, dims (level, pool), and of the training sets that
        could be run, dims (data, pool).
    target : float
        The budget that is decided for, samples.
    choice : str
        What would be chosen today.
    expected_regret : float
        What that is expected to cost, which is the value of perfect information (EVPI).
    value : float
        What the batch is worth (EVSI): by how much it lowers the expected regret.
    chosen_after : Series
        How probable it is that each level is chosen once the batch is known.
    allowance : float
    cheapest_run : float
        What the cheapest run costs, with its data.
    least_allowance : float
        Where no run is proposed, about the least allowance for which some are worth making:
        infinite if none is at any price, NaN where runs are proposed.
    unit : str
        What costs are counted in.
    worth : float
        What an error that is smaller by 1 is worth, in that unit; 0 if nobody said.
    counted : str
        What is seen and taken, such as "samples" or "tokens".
    group : str
        Of the runs.
    known : Dataset or None
        The runs that are known; None if none was made yet.
    prior : bool
        Whether no run was made yet, so that all of it rests on the prior.
    data_owned : bool
        Whether costs are of a file without prices of pools, so that all data are taken to be paid
        for.
    measure : str
        What regrets are differences of: "error", "accuracy" or "loss".
    unsafe : bool
        Whether a few draws rule what runs are said to be worth: one in a hundred holds most of the
        squared differences between levels, or choosing by the runs saves less than half of their
        value under the draws that did not choose.
    margin : float
        Difference that is none in practice, as the decision was asked.

    Examples
    --------
    ``qqt.design(study, allowance="2B").runs``
    """

    runs: pd.DataFrame
    candidates: pd.DataFrame
    parameters: pd.DataFrame
    levels: xr.DataArray
    sets: xr.DataArray
    target: float
    choice: str
    expected_regret: float
    value: float
    chosen_after: pd.Series
    allowance: float
    cheapest_run: float
    least_allowance: float
    unit: str
    worth: float
    counted: str
    group: str
    known: xr.Dataset | None
    prior: bool
    data_owned: bool = False
    measure: str = "error"
    unsafe: bool = False
    margin: float = Criteria.margin

    def __repr__(self) -> str:
        left = self.expected_regret - self.value
        return (
            f"<Plan of {len(self.runs)} runs for {self.target:g} {self.counted}: expected regret "
            f"{self.expected_regret:.2g}, {left:.2g} after them>"
        )
