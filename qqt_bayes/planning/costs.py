"""What training and data cost and what a smaller error is worth, in money, from a TOML file.

A cost file says all of it in one currency:

.. code-block:: toml

    currency = "EUR"
    worth = 40_000                   # of an error that is smaller by 0.01

    [training]
    price_per_gpu_hour = 2.5
    samples_per_gpu_hour = 5e6       # or price_per_million_samples = 0.5 in place of both
    price_per_run = 50               # whatever the budget: setting up, evaluating

    [training.groups."ViT-L-14"]     # what differs in a group of the runs
    samples_per_gpu_hour = 6e5

    [pools."top 10%"]
    price_per_million_samples = 30   # of acquiring them
    scoring_per_million_samples = 2  # of scoring and filtering, for each sample that is scored
    share_kept = 0.1                 # of the samples that are scored
    price = 1_000                    # once, if anything is bought
    owned = true                     # all of the pool that was trained on; or a number of samples

"Samples" are whatever the runs count: of runs in tokens these are prices of tokens.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.errors import InputError, alternatives, fault_list
from qqt_bayes.files import content_of
from qqt_bayes.planning.costs_reader import read_cost_fields, taken_from, unfitting, unpriced

Array = NDArray[np.float64]

LARGEST_FILE = 1_000_000
"""Bytes of a file that may be a cost file."""
HUNDREDTH = 0.01
"""The step of error whose worth a cost file states."""
ROUNDING = 1e-9
"""Share of a pool by which what is taken may exceed what is owned, and nothing is bought."""


@dataclass(frozen=True)
class TrainingPrice:
    """What a training costs.

    Parameters
    ----------
    per_sample : float
        For each sample that is seen.
    per_run : float
        Whatever the budget.
    """

    per_sample: float
    per_run: float = 0.0


@dataclass(frozen=True)
class PoolPrice:
    """What unique samples of a pool cost.

    Parameters
    ----------
    per_sample : float
        Of acquiring, scoring and filtering, for each sample that is kept.
    once : float
        If any sample is bought.
    owned : float
        Samples that are paid for already.
    owns_trained : bool
        Whether all samples that the pool had when it was trained on are paid for already.
    """

    per_sample: float = 0.0
    once: float = 0.0
    owned: float = 0.0
    owns_trained: bool = False

    def of(self, samples: Array, trained: float) -> Array:
        """What some numbers of unique samples cost beyond those that are owned.

        Examples
        --------
        >>> PoolPrice(per_sample=2.0, once=5.0, owned=10.0).of(np.array([0.0, 10.0, 13.0]), 0.0)
        array([ 0.,  0., 11.])
        """
        owned = max(self.owned, trained if self.owns_trained else 0.0)
        bought = np.where(samples > owned * (1 + ROUNDING), samples - owned, 0.0)
        found: Array = bought * self.per_sample + self.once * (bought > 0)
        return found


@dataclass(frozen=True)
class Costs:
    """Prices of training and of data, and what a smaller error is worth, in one currency.

    Parameters
    ----------
    currency : str
    training : TrainingPrice or None
        In groups that have no own one; None if there is no such price.
    groups : mapping of str to TrainingPrice
    pools : mapping of str to PoolPrice
        Empty if all data are paid for already.
    worth : float
        What an error that is smaller by 0.01 is worth; 0 if nobody says.
    worth_of_errors : tuple of (float, float)
        In place of one number: errors, ascending, and what reaching each is worth; linear between
        them and constant beyond.

    Examples
    --------
    >>> costs = Costs("EUR", TrainingPrice(1e-6, per_run=50.0), worth=1000.0)
    >>> costs.of_training([1e6, 1e9])
    array([  51., 1050.])
    """

    currency: str
    training: TrainingPrice | None
    groups: Mapping[str, TrainingPrice] = field(default_factory=dict)
    pools: Mapping[str, PoolPrice] = field(default_factory=dict)
    worth: float = 0.0
    worth_of_errors: tuple[tuple[float, float], ...] = ()

    @property
    def unit(self) -> str:
        """What costs are counted in: the currency."""
        return self.currency

    @property
    def knows_worth(self) -> bool:
        """Whether it says what an error is worth."""
        return bool(self.worth or self.worth_of_errors)

    def in_group(self, group: str) -> Costs:
        """The same costs with the price of training in one group of the runs.

        Raises
        ------
        InputError
            If there is none.
        """
        price = self.groups.get(group, self.training)
        if price is None:
            raise InputError(
                f"costs: training: no price for group {group!r}{alternatives(group, self.groups)}"
            )
        return replace(self, training=price)

    def require_fitting(self, runs: xr.Dataset, samples: xr.DataArray) -> None:
        """Refuse prices that are not those of some runs, and of what is taken from their pools.

        Parameters
        ----------
        runs, samples
            As for `read_costs`.

        Raises
        ------
        InputError
            With all faults.
        """
        _require("costs", [*unfitting(self.pools, self.groups, runs, samples)])

    def of_training(self, budgets: ArrayLike) -> Array:
        """What one training costs at each budget, without its data.

        Raises
        ------
        InputError
            If only groups have a price, and none was chosen.
        """
        if self.training is None:
            raise InputError("costs: training: prices are by group; choose one of the groups")
        seen = np.asarray(budgets, float)
        found: Array = seen * self.training.per_sample + self.training.per_run
        return found

    def of_runs(self, sets: xr.DataArray, budgets: Array) -> Array:
        """What a run on each training set costs at each budget, without its data."""
        return np.tile(self.of_training(budgets), (sets.sizes["data"], 1))

    def of_data(self, samples: xr.DataArray, trained: xr.DataArray) -> xr.DataArray:
        """What the unique samples of levels cost that are not owned, dims (level).

        Parameters
        ----------
        samples : DataArray, dims (level, pool)
            Unique samples.
        trained : DataArray, dims (pool)
            Sizes of the pools that were trained on.

        Raises
        ------
        InputError
            If some pools have prices, but not one that is taken from.
        """
        taken = samples.transpose("level", "pool")
        total = xr.zeros_like(taken.isel(pool=0, drop=True), float).drop_attrs()
        if not self.pools:
            return total
        _require("costs", [*unpriced(self.pools, taken)])
        for name in taken_from(taken):
            size = trained.sel(pool=name).item()
            total = total + self.pools[name].of(taken.sel(pool=name).values, size)
        return total

    def of_levels(
        self, samples: xr.DataArray, trained: xr.DataArray, budgets: Array
    ) -> tuple[xr.DataArray, xr.DataArray]:
        """What training costs, dims (budget), and the data of levels, dims (level).

        Parameters
        ----------
        samples, trained
            As for `of_data`.
        budgets : array, shape (budget,)
        """
        training = xr.DataArray(self.of_training(budgets), {"budget": budgets}, ("budget",))
        return training, self.of_data(samples, trained)

    def value_of(self, error: xr.DataArray) -> xr.DataArray:
        """What errors are worth, up to a constant that all of them share.

        Examples
        --------
        >>> costs = Costs("EUR", None, worth_of_errors=((0.4, 900.0), (0.5, 100.0)))
        >>> costs.value_of(xr.DataArray([0.3, 0.45, 0.6])).values
        array([900., 500., 100.])
        """
        if not self.worth_of_errors:
            return -error * self.worth / HUNDREDTH
        errors, values = zip(*self.worth_of_errors, strict=True)
        found: xr.DataArray = xr.apply_ufunc(lambda x: np.interp(x, errors, values), error)
        return found

    def worth_between(self, low: float, high: float) -> float:
        """What an error that is smaller by 1 is worth, on average between two errors.

        Raises
        ------
        InputError
            If errors have a worth, but all of these the same.
        """
        if not self.worth_of_errors:
            return self.worth / HUNDREDTH
        ends = xr.DataArray([low, max(high, low + ROUNDING)])
        best, worst = self.value_of(ends).values
        if best <= worst:
            raise InputError(
                f"costs: worth: by its table all errors from {low:.3g} to {high:.3g}, which are "
                "expected here, are worth the same, so nothing is worth finding out; extend it"
            )
        return float((best - worst) / (ends[1] - ends[0]))


type CostFile = str | PathLike[str] | Mapping[str, Any]
"""A cost file, or what it holds."""


def as_costs(costs: Costs | CostFile, runs: xr.Dataset, samples: xr.DataArray) -> Costs:
    """Costs as they are, or read, that fit some runs and what is taken from their pools.

    Raises
    ------
    InputError
        With all faults.
    """
    if not isinstance(costs, Costs):
        return read_costs(costs, runs, samples)
    costs.require_fitting(runs, samples)
    return costs


def read_costs(
    source: CostFile, runs: xr.Dataset | None = None, samples: xr.DataArray | None = None
) -> Costs:
    """Read what training and data cost, and what a smaller error is worth.

    Parameters
    ----------
    source : path or mapping
        A TOML file, see `qqt_bayes.planning.costs`, or what it holds.
    runs : Dataset, optional
        As `read_runs` returns it: prices of pools and groups that it does not have are faults, too.
    samples : DataArray, dims (..., pool), optional
        Unique samples that levels or training sets take: so are pools without a price, if any pool
        has one.

    Returns
    -------
    Costs

    Raises
    ------
    InputError
        If it cannot be read, or with all its faults, each under its key.

    Examples
    --------
    >>> gpus = {"price_per_gpu_hour": 2.5, "samples_per_gpu_hour": 5e6}
    >>> read_costs({"currency": "EUR", "training": gpus}).of_training([1e9])
    array([500.])
    """
    if isinstance(source, Mapping):
        name, table = "costs", source
    elif isinstance(source, str | PathLike):
        name, table = str(source), _toml(Path(source))
    else:
        raise InputError(f"costs: expected a path or a mapping, got {type(source).__name__}")
    found, faults = read_cost_fields(table)
    faults += unfitting(found["pools"], found["groups"], runs, samples)
    _require(name, faults)
    return Costs(
        currency=found["currency"],
        training=None if found["training"] is None else TrainingPrice(*found["training"]),
        groups={group: TrainingPrice(*price) for group, price in found["groups"].items()},
        pools={pool: PoolPrice(**price) for pool, price in found["pools"].items()},
        worth=found["worth"],
        worth_of_errors=found["worth_of_errors"],
    )


def _require(title: str, faults: list[str]) -> None:
    """Refuse what has faults, all of them in one message.

    Raises
    ------
    InputError
    """
    if faults:
        raise InputError(fault_list(title, faults, total=len(faults)))


def _toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file."""
    try:
        return tomllib.loads(content_of(path, LARGEST_FILE).decode("utf-8-sig"))
    except InputError as error:
        raise InputError(f"the costs cannot be read: {error}") from None
    except ValueError as error:  # not UTF-8, or not TOML: then the message says in which line
        raise InputError(f"{path}: expected a TOML file: {error}") from None
    except RecursionError:
        raise InputError(f"{path}: expected a TOML file, but its values nest too deeply") from None
