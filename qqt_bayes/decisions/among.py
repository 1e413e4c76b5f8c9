"""A decision between those levels alone that keep to constraints, which may differ by budget."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.judge import judge
from qqt_bayes.posterior.levels import UNDECIDED

NONE = "none_admissible"
"""The choice where no level keeps to all constraints; "none" may be the
name of a level that filters nothing."""


def among(
    error: xr.DataArray, allowed: xr.DataArray, whole: xr.Dataset, criteria: Criteria
) -> xr.Dataset:
    """A decision between those levels that are allowed at each budget.

    Parameters
    ----------
    error : DataArray, dims (chain, draw, level, budget, ...)
    allowed : DataArray of bool, dims (level, budget, ...)
    whole : Dataset
        What `qqt_bayes.decisions.judge.judge` finds of all of them.
    criteria : Criteria

    Returns
    -------
    Dataset
        The same, where other levels have probability 0 and no regret or score; `choice` is `NONE`
        where none is allowed.
    """
    if allowed.all():
        return whole
    if "group" in allowed.dims:
        one = ({"group": name, "drop": True} for name in allowed["group"].values)
        parts = [among(error.sel(**at), allowed.sel(**at), whole.sel(**at), criteria) for at in one]
        return xr.concat(parts, allowed["group"]).assign_attrs(whole.attrs)
    patterns: dict[tuple[bool, ...], list[int]] = {}
    for place, row in enumerate(allowed.transpose("budget", "level").values.tolist()):
        patterns.setdefault(tuple(row), []).append(place)
    parts = [
        _judged(error, np.flatnonzero(row), whole, places, criteria)
        for row, places in patterns.items()
    ]
    return xr.concat(parts, "budget").sel(budget=whole["budget"]).assign_attrs(whole.attrs)


def _judged(
    error: xr.DataArray,
    levels: NDArray[np.intp],
    whole: xr.Dataset,
    budgets: list[int],
    criteria: Criteria,
) -> xr.Dataset:
    """The decision between some levels at some budgets, spread over all levels."""
    all_of = whole.isel(budget=budgets)
    own = all_of.isel(level=[])
    if levels.size:
        own = judge(error.isel(level=levels, budget=budgets), criteria)
    else:
        own = own.assign({name: _no_choice(str(name), x) for name, x in own.data_vars.items()})
    fill = {name: _absent(str(name), x) for name, x in own.data_vars.items() if "level" in x.dims}
    named = {dim: whole[dim] for dim in ("level", "other") if dim in own.dims}
    own = own.reindex(named, fill_value=fill)
    return own.assign(error=all_of["error"], error_mean=all_of["error_mean"])


def _absent(name: str, values: xr.DataArray) -> float | bool:
    """What stands for a level that is not among the rivals."""
    if values.dtype == bool:
        return False
    return 0.0 if name.startswith("probability_") else np.nan


def _no_choice(name: str, values: xr.DataArray) -> xr.DataArray:
    """What is told of a budget at which no level is allowed."""
    if "level" in values.dims:
        return values
    if values.dtype.kind == "f":
        return xr.full_like(values, np.nan)
    word = UNDECIDED if name == "leader" else NONE
    return xr.full_like(values, word, dtype=f"<U{len(word)}")
