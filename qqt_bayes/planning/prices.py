"""What a pricing says of runs and data, checked where it enters the search for a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from numbers import Real
from os import PathLike

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.errors import InputError, listed
from qqt_bayes.planning.costs import CostFile, Costs, as_costs
from qqt_bayes.planning.plan import Pricing

Array = NDArray[np.float64]
METHODS = ("unit", "in_group", "worth_between", "of_runs", "of_data")
"""What a pricing has."""


def as_pricing(
    costs: Pricing | CostFile, group: str, runs: xr.Dataset, sets: xr.DataArray
) -> Pricing:
    """What a user gives as costs, for runs of one group.

    Parameters
    ----------
    costs : Pricing, path or mapping
        A file of costs, or what it holds, is read.
    group : str
    runs : Dataset
        Those that are known.
    sets : DataArray, dims (data, pool)
        Unique samples of the training sets that may be run.

    Raises
    ------
    InputError
        If it is none of them, or has faults.
    """
    if isinstance(costs, str | PathLike | Mapping | Costs):
        costs = as_costs(costs, runs, sets)
    if lacking := [name for name in METHODS if not hasattr(costs, name)]:
        raise InputError(
            "costs: expected a cost file, what it holds, or an object with "
            f"{', '.join(METHODS)}; {type(costs).__name__} has no {lacking[0]}"
        )
    return costs.in_group(group)


def purchases(
    pricing: Pricing, sets: xr.DataArray, pool_sizes: xr.DataArray
) -> Callable[[frozenset[int]], float]:
    """What the data cost that some of the training sets need together, by their positions.

    Of each pool they need as much as the one that takes most of it.
    """

    @cache
    def price(positions: frozenset[int]) -> float:
        if not positions:
            return 0.0
        together = sets.isel(data=sorted(positions)).max("data").expand_dims(level=["all"])
        found = float(pricing.of_data(together, pool_sizes).item())
        if not 0 <= found < np.inf:
            names = listed(map(str, sets["data"].values[sorted(positions)]))
            raise InputError(
                f"costs: the data of {names} cost {found:g}; expected a number of at least 0"
            )
        return found

    return price


def checked_worth(worth: float) -> float:
    """What an error is worth, as it should be.

    Raises
    ------
    InputError
        If it is no number of at least 0.
    """
    if not (isinstance(worth, Real) and 0 <= worth < np.inf):
        raise InputError(f"costs: an error is worth {worth!r}; expected a number of at least 0")
    return float(worth)


def checked_prices(price: ArrayLike, sets: xr.DataArray, budgets: Array) -> Array:
    """Costs of runs as they should be.

    Raises
    ------
    InputError
        With the first run whose cost is no number of at least 0.
    """
    try:
        found = np.asarray(price, float)
    except (TypeError, ValueError):
        raise InputError(f"costs: expected numbers, got {price!r:.60}") from None
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
