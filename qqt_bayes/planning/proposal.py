"""Which runs to make next for a decision: their value, what they cost, and when to stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.decisions.candidates import scaled
from qqt_bayes.decisions.stack import as_shares
from qqt_bayes.decisions.study import Study
from qqt_bayes.decisions.trained import LEAST_PROBABILITY
from qqt_bayes.errors import InputError
from qqt_bayes.laws.level_curves import require_finite
from qqt_bayes.planning.batch import Batch, Search, best_batch
from qqt_bayes.planning.outcomes import Outcomes, joint_outcomes
from qqt_bayes.planning.parameter_value import parameter_values
from qqt_bayes.planning.value import (
    Expectations,
    curved,
    value_of_perfect_information,
)
from qqt_bayes.posterior.fit import AnyFit, Fit, opened
from qqt_bayes.posterior.levels import Levels, as_budgets, as_levels, require_affordable

Array = NDArray[np.float64]
SHARES = tuple(2.0**-k for k in range(6, 0, -1))
"""Shares of the target at which runs are proposed: 1/64 to 1/2."""
DEGREE = 2
"""Powers of the log outcomes that losses are regressed on."""
AGAIN = 1
"""Added to the seed for the draws that say what a batch is worth which others have chosen."""


class Costs(Protocol):
    """What runs cost, and what an error is worth."""

    @property
    def unit(self) -> str:
        """What is counted, such as "samples" or "EUR"."""

    @property
    def worth(self) -> float:
        """What an error that is smaller by 1 is worth, in that unit; 0 if nobody says."""

    def of_runs(self, sets: xr.DataArray, budgets: Array) -> Array:
        """Cost of a run on each training set, dims (data, pool), at each budget."""


@dataclass(frozen=True)
class Compute:
    """Costs of runs as the samples that they see."""

    unit: str = "samples"
    worth: float = 0.0

    def of_runs(self, sets: xr.DataArray, budgets: Array) -> Array:
        """The samples seen, shape (set, budget)."""
        return np.tile(budgets, (sets.sizes["data"], 1))


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """What a decision may gain from further runs, and which to make.

    Attributes
    ----------
    runs : DataFrame
        The batch, a row for each run in the order in which they are worth making: `data`,
        `unique_samples`, `samples_seen`, `epochs`, `replicate`, `cost`, `total_cost`, and
        `expected_regret`, what the best choice is expected to cost once it and those above it are
        known. Empty if no run is worth its price.
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
    unit : str
        What costs are counted in.
    worth : float
        What an error that is smaller by 1 is worth, in that unit; 0 if nobody said.
    counted : str
        What is seen and taken, such as "samples" or "tokens".
    prior : bool
        Whether no run was made yet, so that all of it rests on the prior.

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
    unit: str
    worth: float
    counted: str
    prior: bool

    def __repr__(self) -> str:
        left = self.expected_regret - self.value
        return (
            f"<Plan of {len(self.runs)} runs for {self.target:g} {self.counted}: expected regret "
            f"{self.expected_regret:.2g}, {left:.2g} after them>"
        )


def design(
    study: Study | AnyFit | Sequence[AnyFit] | Mapping[str, AnyFit],
    allowance: ArrayLike | str,
    budget: ArrayLike | str | None = None,
    levels: Levels | None = None,
    *,
    candidates: Levels | None = None,
    at: ArrayLike | str | None = None,
    costs: Costs | None = None,
    weights: ArrayLike | None = None,
    target_pools: float | Mapping[str, float] | None = None,
    group: str | None = None,
    seed: int = 0,
    force: bool = False,
) -> Plan:
    """Propose the runs that lower the expected regret of a decision most under an allowance.

    The value of a run is by how much its outcome is expected to lower the regret of the choice, the
    departures from the law included, and given what the other runs of the batch tell. It is found
    by regression over joint draws of outcomes and errors, see `qqt_bayes.planning.value`.

    Parameters
    ----------
    study : Study, DataTree or Fit, or several fits
        What is known.
    allowance : number or str
        What the runs may cost together: samples seen, such as "2B", or in the unit of `costs`.
    budget : number or str, optional
        The budget that is decided for; the largest of the study if not given.
    levels : DataArray, path or DataFrame, optional
        What is decided between; those of the study, or else the training sets of the runs.
    candidates : DataArray, path or DataFrame, optional
        Training sets that may be run, as a composition; the training sets of the runs and every
        pool alone if not given.
    at : number, array_like or str, optional
        Budgets that they may be run at; 1/64 to 1/2 of the target if not given.
    costs : Costs, optional
        What runs cost and an error is worth; samples seen if not given.
    weights : array_like, optional
        Shares of the draws that are of each fit; those of the study, or else equal ones.
    target_pools : float or mapping of str to float, optional
        As for `qqt_bayes.decide`: sizes of the pools that are decided about.
    group : str, optional
        Needed if the fits have several groups.
    seed : int
        Of departures and noise.
    force : bool
        Use fits that did not pass their gates.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        If an argument is not what it should be.
    InadequateFit
        If a fit did not pass the gate and `force` is not given.

    Examples
    --------
    ``design(study, allowance="2B", budget="5B").runs``
    """
    fits, shares = _fits_of(study, weights)
    for fit in fits.values():
        fit.require_passed(force)
    first = next(iter(fits.values()))
    if isinstance(study, Study):
        levels = study.levels if levels is None else levels
        budget = study.decision["budget"].values.max() if budget is None else budget
    if budget is None:
        raise InputError("budget: expected the budget that is decided for, such as 5B")
    compared = as_levels(
        first.runs["unique_samples"].rename(data="level") if levels is None else levels, first.pools
    )
    sets = candidate_sets(first.runs) if candidates is None else _sets(candidates, first.pools)
    if target_pools is not None:
        compared = scaled(compared, first.runs["pool_size"], target_pools)
    return propose(
        fits,
        shares,
        compared,
        _one(budget, "budget"),
        _one(allowance, "allowance"),
        sets,
        at=at,
        costs=costs,
        group=group,
        seed=seed,
    )


def propose(
    fits: Mapping[str, Fit],
    shares: Array,
    levels: xr.DataArray,
    target: float,
    allowance: float,
    sets: xr.DataArray,
    *,
    at: ArrayLike | str | None = None,
    costs: Costs | None = None,
    group: str | None = None,
    seed: int = 0,
) -> Plan:
    """Propose runs from fits that were opened: what `design` does once its arguments are read."""
    first = next(iter(fits.values()))
    one = first.one_group(group)
    if one is None:
        names = ", ".join(first.groups)
        raise InputError(f"group: the fit has several, {names}; runs are proposed for one of them")
    budgets = np.sort(target * np.array(SHARES) if at is None else as_budgets(at))
    pricing: Costs = Compute(first.unit) if costs is None else costs
    require_affordable(
        levels.sizes["level"] + sets.sizes["data"],
        budgets.size + 1,
        max(f.draws for f in fits.values()),
    )
    drawn = [
        joint_outcomes(fits, shares, levels, target, sets, budgets, group=one, seed=seed + more)
        for more in (0, AGAIN)
    ]
    for each in drawn:
        require_finite(each.loss)
    price = _checked(pricing.of_runs(sets, budgets), sets, budgets)
    loss = drawn[0].loss.values
    before = Expectations.before(loss)
    features = cache(lambda replicate: curved(drawn[0].log_errors(replicate), DEGREE))
    worth = 1 / pricing.worth if pricing.worth else 0.0
    search = Search(before, features, price, allowance, _likely(loss, levels, sets), worth)
    batch = best_batch(search)
    alone = before.values(features(0).reshape(len(loss), -1, DEGREE)).reshape(price.shape)
    runs, value, after = _worth_making(batch, drawn[1], sets, budgets, price)
    mean = loss.mean(axis=0)
    return Plan(
        runs=runs,
        candidates=_each_alone(alone, price, allowance, sets, budgets),
        parameters=parameter_values(fits, levels, target, one, seed),
        levels=levels,
        sets=sets,
        target=target,
        choice=str(levels["level"].values[mean.argmin()]),
        expected_regret=float(value_of_perfect_information(loss)),
        value=value,
        chosen_after=pd.Series(after, levels["level"].values, name="probability"),
        allowance=allowance,
        unit=pricing.unit,
        worth=pricing.worth,
        counted=first.unit,
        prior=first.method == "prior",
    )


def candidate_sets(runs: xr.Dataset) -> xr.DataArray:
    """The training sets of some runs, and every pool alone and whole; dims (data, pool)."""
    sets = runs["unique_samples"]
    alone = xr.DataArray(
        np.diag(runs["pool_size"].values),
        {"data": runs["pool"].values, "pool": runs["pool"].values},
        ("data", "pool"),
    )
    names = set(sets["data"].values.tolist())
    known = sets.transpose("data", "pool").values
    new = [
        i
        for i, row in enumerate(alone.values)
        if alone["data"].values[i] not in names and not np.isclose(known, row).all(axis=1).any()
    ]
    both = xr.concat([sets, alone.isel(data=new)], "data")
    return both.transpose("data", "pool").drop_attrs()


def _worth_making(
    batch: Batch, drawn: Outcomes, sets: xr.DataArray, budgets: Array, price: Array
) -> tuple[pd.DataFrame, float, Array]:
    """The rows of a batch, its value and what is chosen after it, by draws that did not choose."""
    loss = drawn.loss.values
    known = Expectations.before(loss)
    left = float(value_of_perfect_information(loss))
    features = cache(lambda replicate: curved(drawn.log_errors(replicate), DEGREE))
    size = sets.sum("pool").values
    rows, spent = [], 0.0
    for i, j, replicate in batch.picks:
        known = known.given(features(replicate)[:, i, j])
        spent += price[i, j]
        rows.append(
            {
                "data": str(sets["data"].values[i]),
                "unique_samples": size[i],
                "samples_seen": budgets[j],
                "epochs": budgets[j] / size[i],
                "replicate": replicate + 1,
                "cost": price[i, j],
                "total_cost": spent,
                "expected_regret": left - known.value,
            }
        )
    columns = ["data", "unique_samples", "samples_seen", "epochs", "replicate", "cost"]
    columns += ["total_cost", "expected_regret"]
    return pd.DataFrame(rows, columns=columns), known.value, known.chosen


def _each_alone(
    value: Array, price: Array, allowance: float, sets: xr.DataArray, budgets: Array
) -> pd.DataFrame:
    """What each run that can be afforded is worth without any other."""
    index = pd.MultiIndex.from_product(
        [sets["data"].values, budgets], names=["data", "samples_seen"]
    )
    table = pd.DataFrame({"cost": price.ravel(), "value": value.ravel()}, index).reset_index()
    return table[table["cost"] <= allowance].reset_index(drop=True)


def _likely(loss: Array, levels: xr.DataArray, sets: xr.DataArray) -> list[int]:
    """Positions of the training sets that are levels that may be best, by their names."""
    best = np.bincount(loss.argmin(axis=1), minlength=loss.shape[1]) / len(loss)
    names = levels["level"].values[best >= LEAST_PROBABILITY].tolist()
    return [i for i, name in enumerate(sets["data"].values.tolist()) if name in names]


def _fits_of(
    study: Study | AnyFit | Sequence[AnyFit] | Mapping[str, AnyFit], weights: ArrayLike | None
) -> tuple[dict[str, Fit], Array]:
    """The fits that decide together, and their shares of the draws."""
    if isinstance(study, Study):
        fits = {name: study.fits[name] for name in study.weights}
        given = list(study.weights.values()) if weights is None else weights
        return fits, as_shares(given, len(fits))
    fits = opened(study)
    return fits, as_shares(weights, len(fits))


def _sets(candidates: Levels, pools: Sequence[str]) -> xr.DataArray:
    return as_levels(candidates, pools).rename(level="data")


def _one(value: ArrayLike | str, name: str) -> float:
    """One number of samples, or of another unit.

    Raises
    ------
    InputError
        If it is none, or several.
    """
    found = as_budgets(value)
    if found.size != 1:
        raise InputError(f"{name}: expected one number, got {found.size}")
    return float(found[0])


def _checked(price: ArrayLike, sets: xr.DataArray, budgets: Array) -> Array:
    """Costs of runs as they should be.

    Raises
    ------
    InputError
        With the first run whose cost is no number of at least 0.
    """
    found = np.asarray(price, float)
    if found.shape != (sets.sizes["data"], budgets.size):
        raise InputError(
            f"costs: expected one for each of {sets.sizes['data']} training sets at "
            f"{budgets.size} budgets, got shape {found.shape}"
        )
    for i, j in np.argwhere(~(found > 0)):
        raise InputError(
            f"costs: a run on {sets['data'].values[i]} of {budgets[j]:g} samples costs "
            f"{found[i, j]:g}; expected a number above 0"
        )
    return found
