"""What is asked about: levels to choose between and budgets to choose at, checked at the door."""

from __future__ import annotations

from collections.abc import Collection
from os import PathLike

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.errors import InputError, alternatives, fault_list, listed
from qqt_bayes.phrases import format_samples
from qqt_bayes.tables.budgets import parse_budgets
from qqt_bayes.tables.cells import LARGEST
from qqt_bayes.tables.composition import read_composition

UNDECIDED = "undecided"
"""Winner where no level is sure enough to be the best."""

MAX_LEVELS, MAX_BUDGETS = 2_000, 2_000
"""Levels, and budgets, of one question. How far departures at two of them agree is a table of each
against each, of which a root is taken: seconds for so many, hours for ten times as many."""
MAX_ERRORS = 100_000_000
"""Errors of one question: levels times budgets times draws (times groups). Five or six arrays of so
many are held at once, about 4 GiB."""

type Levels = xr.DataArray | str | PathLike[str] | pd.DataFrame
"""Unique samples by level and pool, or the composition table that has them."""


def as_levels(levels: Levels, pools: Collection[str], known: str = "the fit") -> xr.DataArray:
    """Levels as an array over the pools that they use.

    Parameters
    ----------
    levels : DataArray, path or DataFrame
        As `read_composition` or `nested_levels` return it, or a composition table.
    pools : collection of str
        The pools about which something is known.
    known : str
        What a message calls that which knows them.

    Returns
    -------
    DataArray, dims (level, pool)
        Unique samples; pools from which no level takes anything are left out.

    Raises
    ------
    InputError
        With all faults of the levels.

    Examples
    --------
    >>> table = pd.DataFrame({"data": ["top 10%"], "pool": ["0-10 %"], "unique_samples": 5e6})
    >>> as_levels(table, pools=["0-10%", "10-20%"])
    Traceback (most recent call last):
    qqt_bayes.errors.InputError: levels: 1 fault
      unknown pool '0-10 %' (not in the fit); did you mean '0-10%'?
    """
    if not isinstance(levels, xr.DataArray | pd.DataFrame | str | PathLike):
        raise InputError(
            "levels: expected a DataArray as read_composition or nested_levels return it, or a "
            f"composition table (its path or a DataFrame), got {type(levels).__name__}; to take "
            "some levels of a DataArray, select them: levels.sel(level=['top 10%', 'top 20%'])"
        )
    if not isinstance(levels, xr.DataArray):
        levels = read_composition(levels)
    if {*levels.dims} != {"level", "pool"} or not {"level", "pool"} <= {*levels.coords}:
        raise InputError(
            f"levels: expected unique samples over named level and pool, got {_described(levels)}; "
            "use read_composition or nested_levels"
        )
    levels = levels.transpose("level", "pool")
    faults = [
        f"{dim} {name!r} stands there twice"
        for dim in levels.dims
        for name in levels.indexes[dim][levels.indexes[dim].duplicated()]
    ]
    try:
        levels = levels.astype(float)
    except (TypeError, ValueError):
        raise InputError("levels: expected numbers of unique samples, got other things") from None
    wrong = ~(np.isfinite(levels.values) & (levels.values >= 0))
    faults += [
        f"level {levels['level'].values[i]!s:.60}, pool {levels['pool'].values[j]!s:.60}: "
        f"expected a number of unique samples, got {levels.values[i, j]:g}"
        for i, j in np.argwhere(wrong)
    ]
    few = ~wrong.any(axis=1) & ~(levels.values.sum(axis=1) >= 1)
    faults += [
        f"level {str(name)!r} takes no sample from any pool" for name in levels["level"].values[few]
    ]
    levels = levels[:, (levels.values != 0).any(axis=0)]
    faults += [
        f"unknown pool {str(name)!r} (not in {known}){alternatives(str(name), pools)}"
        for name in levels["pool"].values
        if name not in pools
    ]
    if UNDECIDED in levels["level"].values:
        faults.append(f"a level cannot be called {UNDECIDED!r}: that is what no winner is called")
    if not levels.sizes["level"]:
        faults.append("there is no level")
    if faults:
        raise InputError(fault_list("levels", faults, total=len(faults)))
    return levels.rename("unique_samples").assign_attrs(units="samples")


def require_affordable(levels: int, budgets: int, draws: int = 1, groups: int = 1) -> None:
    """Refuse a question that would take more memory or time than a machine has.

    Parameters
    ----------
    levels, budgets, draws, groups : int
        How many there are of each.

    Raises
    ------
    InputError
        With what is asked, and what can be asked instead.

    Examples
    --------
    >>> require_affordable(1_000, 100, draws=4_000)
    Traceback (most recent call last):
    qqt_bayes.errors.InputError: 1,000 levels at 100 budgets under 4,000 draws are 400,000,000 \
errors, of which at most 100,000,000 are held at once: ask about at most 25 budgets at a time, or \
at most 250 levels
    """
    faults = [
        f"at most {most:,} {what} are taken, got {count:,}: {advice}"
        for what, count, most, advice in (
            ("levels", levels, MAX_LEVELS, "leave out those that are not in question"),
            ("budgets", budgets, MAX_BUDGETS, "ask about some of them at a time"),
        )
        if count > most
    ]
    if faults:
        raise InputError("; ".join(faults))
    errors = levels * budgets * draws * groups
    if errors <= MAX_ERRORS:
        return
    of_groups = f" in {groups:,} groups" if groups > 1 else ""
    instead = [
        f"at most {room:,} {what}"
        for what, count in (("budgets at a time", budgets), ("levels", levels))
        if (room := MAX_ERRORS * count // errors)
    ]
    raise InputError(
        f"{levels:,} levels at {budgets:,} budgets under {draws:,} draws{of_groups} are {errors:,} "
        f"errors, of which at most {MAX_ERRORS:,} are held at once: "
        f"ask about {', or '.join(instead) or 'one group, and fit again with fewer draws'}"
    )


def pool_multiple(levels: xr.DataArray, sizes: xr.DataArray) -> xr.DataArray:
    """The most that each level takes of a pool, as a multiple of the pool.

    Parameters
    ----------
    levels : DataArray, dims (level, pool)
    sizes : DataArray, dims (pool)

    Returns
    -------
    DataArray, dims (level)
    """
    most: xr.DataArray = (levels / sizes).max("pool")
    return most


def as_budgets(budgets: ArrayLike | str) -> NDArray[np.float64]:
    """Budgets as an array, in the order given.

    Parameters
    ----------
    budgets : number, array_like or str
        Samples seen, each at least 1; or text such as "64M, 1.28B", see `parse_budgets`.

    Returns
    -------
    array, shape (budget,)

    Raises
    ------
    InputError
        If there is no budget, or one is no number of samples, or occurs twice.

    Examples
    --------
    >>> as_budgets(64e6), as_budgets("64M, 1.28B")
    (array([64000000.]), array([6.40e+07, 1.28e+09]))
    """
    if isinstance(budgets, str):
        return parse_budgets(budgets)
    try:
        samples = np.atleast_1d(np.asarray(budgets, dtype=float))
    except (TypeError, ValueError):
        raise InputError(f"budgets: expected numbers of samples, got {budgets!r:.60}") from None
    if samples.ndim != 1 or not samples.size:
        raise InputError(f"budgets: expected one or more numbers, got shape {samples.shape}")
    wrong = samples[~((samples >= 1) & (samples <= LARGEST))]
    if wrong.size:
        raise InputError(
            f"budgets: expected 1 to {LARGEST:g} samples each, "
            f"got {listed(f'{x:g}' for x in wrong)}"
        )
    values, counts = np.unique(samples, return_counts=True)
    if (counts > 1).any():
        twice = listed(format_samples(x) for x in values[counts > 1])
        raise InputError(f"budgets: expected each once, got {twice} more than once")
    return samples


def as_number(value: ArrayLike | str, name: str) -> float:
    """One number of samples, or of another unit.

    Parameters
    ----------
    value : number, array_like or str
    name : str
        What it is called where it is none.

    Raises
    ------
    InputError
        If it is none, or several.
    """
    try:
        found = as_budgets(value)
    except InputError:  # which speaks of budgets and samples, whatever this is
        raise InputError(
            f"{name}: expected a number of at least 1, such as 2B or 5000, got {value!r:.60}"
        ) from None
    if found.size != 1:
        raise InputError(f"{name}: expected one number, got {found.size}")
    return float(found[0])


def _described(levels: xr.DataArray) -> str:
    unnamed = [str(dim) for dim in levels.dims if dim not in levels.coords]
    dims = f"dims ({', '.join(map(str, levels.dims))})"
    return dims + (f" without names of {', '.join(unnamed)}" if unnamed else "")
