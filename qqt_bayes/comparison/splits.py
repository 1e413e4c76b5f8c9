"""Runs split at a budget, and the choices whose outcome the larger budgets reveal."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.errors import InputError, listed
from qqt_bayes.tables.budgets import Positions, rungs
from qqt_bayes.tables.order import hash_runs


@dataclass(frozen=True)
class Question:
    """Which training set to choose at a budget, where several were trained and held out.

    Attributes
    ----------
    group : str
    budget : float
        Samples seen: the median of the runs, whose budgets may differ a little.
    error : Series
        Mean observed error of each candidate's runs, by the training set's name.
    runs : array
        Position of one run of each candidate among the held-out runs.
    counts : array, optional
        How many runs that error of each candidate is the mean of; one each if not given.
    """

    group: str
    budget: float
    error: pd.Series
    runs: Positions
    counts: Positions | None = None

    @property
    def best(self) -> str:
        """The candidate with the least observed error."""
        return str(self.error.idxmin())

    def regret(self, choice: str) -> float:
        """Observed error of a candidate less that of the best.

        Examples
        --------
        >>> error = pd.Series({"top 10%": 0.75, "top 20%": 0.5})
        >>> Question("all", 1e9, error, np.arange(2)).regret("top 10%")
        0.25
        """
        return float(self.error[choice] - self.error.min())


def split(runs: xr.Dataset, share: float = 0.25) -> tuple[xr.Dataset, xr.Dataset]:
    """Split runs at a share of the largest budget: smaller ones to fit, larger ones to predict.

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it.
    share : float
        Of the largest budget in the table.

    Returns
    -------
    early, late : Dataset
        Like `runs`. Late ones have the groups and pools of the early ones; those of other groups
        or pools, about which early runs carry no information, are left out and counted in the
        attribute `excluded`. The sizes of the pools are those of the whole table: a user knows
        them beforehand.

    Raises
    ------
    InputError
        If the share is out of range, or leaves nothing on one side.
    """
    if not 0 < share < 1:
        raise InputError(f"share: expected a number between 0 and 1, got {share!r}")
    seen = runs["samples_seen"].to_numpy()
    first = seen <= share * seen.max()
    if not first.any():
        raise InputError(
            f"share: no run is as small as {share:g} of the largest budget, {seen.max():g} "
            "samples; raise it."
        )
    early = select_runs(runs, first)
    positions, late = comparable_runs(runs, ~first, early)
    if not positions.size:
        raise InputError(
            "held out: no larger run is of a group and of pools that an earlier run has; "
            "raise the share."
        )
    return early, late.assign_attrs(excluded=int((~first).sum()) - positions.size)


def select_runs(runs: xr.Dataset, keep: NDArray[np.bool_]) -> xr.Dataset:
    """A table of some runs with no other training sets, groups and pools than they use.

    Parameters
    ----------
    runs : Dataset
    keep : array of bool, shape (run,)
    """
    some = _drop_unused(runs.isel(run=keep), "data", "group")
    some = some.isel(pool=(some["unique_samples"] > 0).any("data").to_numpy())
    return some.assign_attrs(data_hash=hash_runs(some))


def comparable_runs(
    runs: xr.Dataset, keep: NDArray[np.bool_], early: xr.Dataset
) -> tuple[Positions, xr.Dataset]:
    """Runs whose group and pools all stand in an earlier table, on which a fit can predict them.

    Parameters
    ----------
    runs : Dataset
    keep : array of bool, shape (run,)
        The runs to select from.
    early : Dataset

    Returns
    -------
    positions : array
        Of the runs, in `runs`.
    table : Dataset
        The runs, with groups and pools in the order of `early`.
    """
    foreign = runs["unique_samples"].drop_sel(pool=early["pool"]).sum("pool").to_numpy() > 0
    index = early.indexes["group"].get_indexer(runs.indexes["group"])[runs["group_index"]]
    positions = np.flatnonzero(keep & (index >= 0) & ~foreign[runs["data_index"]])
    some = _drop_unused(runs.isel(run=positions).sel(pool=early["pool"]), "data").drop_vars("group")
    group = {"group_index": ("run", index[positions])}
    return positions, some.assign(group).assign_coords(group=early["group"])


def _drop_unused(runs: xr.Dataset, *dims: str) -> xr.Dataset:
    """The table without those names along `dims`, training sets or groups, that no run has."""
    for dim in dims:
        used, index = np.unique(runs[f"{dim}_index"], return_inverse=True)
        if dim in runs.dims:
            runs = runs.isel({dim: used})
        runs = runs.assign({f"{dim}_index": ("run", index)})
    return runs


def questions(late: xr.Dataset, levels: Collection[str] | None = None) -> list[Question]:
    """A question for each group and budget at which two candidates or more were held out.

    Parameters
    ----------
    late : Dataset
        The held-out runs; see `split`.
    levels : collection of str, optional
        The training sets to choose between; all of them if it is not given.

    Raises
    ------
    InputError
        If a level has no run.
    """
    names = late["data"].to_numpy().tolist()
    absent = sorted(set(levels or ()) - set(names))
    if absent:
        raise InputError(f"levels: no larger run was made on {listed(absent)}; leave it out.")
    rows = pd.DataFrame(
        {
            "data": late["data"].to_numpy()[late["data_index"]],
            "group": late["group"].to_numpy()[late["group_index"]],
            "rung": rungs(late["samples_seen"].to_numpy()),
            "budget": late["samples_seen"].to_numpy(),
            "error": late["error"].to_numpy(),
            "run": np.arange(late.sizes["run"]),
        }
    )
    rows = rows[rows["data"].isin(names if levels is None else levels)]
    found = []
    for (group, _), each in rows.groupby(["group", "rung"], sort=False):
        by_level = each.groupby("data", sort=False).agg(
            error=("error", "mean"), run=("run", "first"), count=("run", "size")
        )
        if len(by_level) > 1:
            budget = float(each["budget"].median())
            runs, counts = by_level["run"].to_numpy(), by_level["count"].to_numpy()
            found.append(Question(str(group), budget, by_level["error"], runs, counts))
    return found
