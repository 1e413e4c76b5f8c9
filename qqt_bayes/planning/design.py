"""Facts about a design, from its budgets and compositions alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.tables.budgets import is_one_budget

Array = NDArray[np.float64]

ROUNDING = 1e-6
"""Relative difference below which two shares, or sizes, are the same but for rounding."""


def most_epochs(runs: xr.Dataset) -> pd.Series:
    """The most epochs for which any run sees the samples of each pool.

    Examples
    --------
    >>> from qqt_bayes.tables.runs import read_runs
    >>> table = pd.DataFrame({"pool": ["a", "a", "b"], "unique_samples": 1e7,
    ...                       "samples_seen": [5e6, 4e7, 1e7], "error": 0.7})
    >>> most_epochs(read_runs(table)).to_dict()
    {'a': 4.0, 'b': 1.0}
    """
    taken, passes = _each_run(runs)
    most = np.where(taken > 0, passes[:, None], 0.0).max(axis=0)
    return pd.Series(most, runs["pool"].values.tolist())


def inseparable(runs: xr.Dataset) -> list[list[str]]:
    """Groups of pools whose utilities the runs identify only in fixed combinations.

    A pool's utility is identified if its unit vector is in the row space of the shares that
    training sets take from each pool: then the projection on that space leaves it as it is. All
    other pools are one group, or several if each is always taken in the same proportions.

    Examples
    --------
    >>> from qqt_bayes.tables.runs import read_runs
    >>> sets = pd.DataFrame({"data": ["x", "x", "y"], "pool": ["a", "b", "c"],
    ...                      "unique_samples": 1e6})
    >>> table = pd.DataFrame({"data": ["x", "y"], "samples_seen": 1e6, "error": 0.7})
    >>> inseparable(read_runs(table, composition=sets))
    [['a', 'b']]
    """
    taken, _ = _each_run(runs)
    share = taken / taken.sum(axis=1, keepdims=True)
    kept = np.diag(np.linalg.pinv(share, rcond=ROUNDING) @ share)  # of each unit vector
    lost = np.flatnonzero(kept < 1 - ROUNDING)
    columns = share[:, lost] / np.linalg.norm(share[:, lost], axis=0)
    parallel = columns.T @ columns > 1 - ROUNDING
    names = runs["pool"].values[lost]
    groups: list[list[str]] = [names[row].tolist() for row in np.unique(parallel, axis=0)[::-1]]
    return groups if all(len(group) > 1 for group in groups) else [names.tolist()]


def sizes_differ(runs: xr.Dataset, by_pool: bool, size_reference: float | None) -> bool:
    """Whether repeated training sets differ in size beside the reference of the half-life.

    Parameters
    ----------
    runs : Dataset
    by_pool : bool
        Whether each pool has a half-life of its own, so that it must be repeated in sets of
        different sizes itself.
    size_reference : float or None
        As in `Spec`.
    """
    taken, passes = _each_run(runs)
    again = taken[passes > 1]
    if not again.size:
        return False
    reference = runs["pool_size"].values if size_reference is None else size_reference
    ratio = np.where(again > 0, np.log(again.sum(axis=1, keepdims=True) / reference), np.nan)
    columns = ratio.T if by_pool else [ratio.ravel()]
    return any(np.ptp(c[~np.isnan(c)], axis=0) > ROUNDING for c in columns if (~np.isnan(c)).any())


def single_budget_groups(runs: xr.Dataset) -> list[str]:
    """Groups whose runs are all at one budget."""
    seen, index = runs["samples_seen"].values, runs["group_index"].values
    return [
        str(name) for i, name in enumerate(runs["group"].values) if is_one_budget(seen[index == i])
    ]


def largest_rise(runs: xr.Dataset) -> pd.DataFrame:
    """The two cells of a training set between which its error rises most, relative to itself.

    Returns
    -------
    DataFrame
        Columns `data`, `group`, `samples_seen` and `error`, a mean over the runs there. The first
        row is the least error of a training set, the second its highest at a larger budget; no rows
        if no error rises.

    Examples
    --------
    >>> from qqt_bayes.tables.runs import read_runs
    >>> table = pd.DataFrame({"pool": "a", "unique_samples": 1e7, "error": [0.6, 0.5, 0.55, 0.54],
    ...                       "samples_seen": [1e7, 1e8, 4e8, 1e9]})
    >>> largest_rise(read_runs(table))["error"].tolist()
    [0.5, 0.55]
    """
    names = {dim: runs[dim].values[runs[f"{dim}_index"].values] for dim in ("data", "group")}
    seen, error = runs["samples_seen"].values, runs["error"].values
    table = pd.DataFrame({**names, "samples_seen": seen, "error": error})
    cells = table.groupby(["data", "group", "samples_seen"], as_index=False).mean()
    most, found = 0.0, cells.iloc[:0]
    for _, each in cells.groupby(["data", "group"]):
        least = each["error"].idxmin()
        highest = each.loc[least:, "error"].idxmax()
        rise = each["error"][highest] / each["error"][least] - 1
        if rise > most:
            most, found = rise, each.loc[[least, highest]]
    return found


def best_covered(runs: xr.Dataset) -> int:
    """The last run of that training set (in a group) which says most about errors at other budgets.

    It is the one with most budgets; of several, with most runs, then with most unique samples.
    """
    keys = ["group_index", "data_index"]
    table = runs[[*keys, "samples_seen"]].to_dataframe().reset_index(drop=True)
    cells = table.groupby(keys)["samples_seen"].agg(["nunique", "size", "max"])
    cells["unique"] = runs["unique_samples"].sum("pool").values[cells.index.get_level_values(1)]
    best = cells.sort_values(["nunique", "size", "unique", "max"]).index[-1]
    mine = (table[keys] == list(best)).all(axis=1)
    return int(table.loc[mine, "samples_seen"].idxmax())


def _each_run(runs: xr.Dataset) -> tuple[Array, Array]:
    """Samples that each run takes from each pool, shape (run, pool), and its epochs, (run,)."""
    taken = runs["unique_samples"].values[runs["data_index"].values]
    passes: Array = runs["samples_seen"].values / taken.sum(axis=1)
    return taken, passes
