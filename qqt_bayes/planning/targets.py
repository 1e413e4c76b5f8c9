"""Whether what is asked of runs, budgets and levels, is far from what was trained."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.planning.question import Question

Array = NDArray[np.float64]

BELOW = 100.0
"""How far below the least run a budget is asked on purpose; a forgotten M or B is far beyond."""
PROXY_FACTOR = 10.0
"""How far sizes are from those trained where a proxy is likely: subsamples are made by tens."""
ROUNDING = 1e-6
"""Relative difference below which sizes are the same but for rounding."""
CLEARLY = 0.05
"""Difference of two errors, relative to them, from which on one pool is said to be the better:
beyond what other seeds make of small runs."""


def questions_of_targets(
    runs: xr.Dataset, budgets: Array | None = None, levels: xr.DataArray | None = None
) -> tuple[Question, ...]:
    """What a decision adds to the questions about its runs.

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it.
    budgets : array, optional
    levels : DataArray, dims (level, pool), optional
        Unique samples, of the pools of the runs.
    """
    found = [*_budgets(runs, budgets)]
    if levels is not None:
        levels = levels.reindex(pool=runs["pool"].values, fill_value=0.0)
        found += [*_levels(runs, levels), *_order(runs, levels)]
    return tuple(found)


def _budgets(runs: xr.Dataset, budgets: Array | None) -> Iterator[Question]:
    """Budgets so far below all runs that an ending was forgotten."""
    least = float(runs["samples_seen"].min())
    if budgets is not None and np.min(budgets) < least / BELOW:
        yield Question(
            "budgets", (), {"least": float(np.min(budgets)), "least_trained": least, "bar": BELOW}
        )


def questions_of_pools(runs: xr.Dataset) -> Iterator[Question]:
    """The pool whose given size is farthest from what training sets take of it, if it is far."""
    if not runs.attrs.get("pools_given"):
        return  # sizes are those of the composition, of which some sets may not be trained yet
    factor = (runs["pool_size"] / runs["unique_samples"].max("data")).values
    place = int(abs(np.log(factor)).argmax())
    if _is_far(float(factor[place])):
        of = (str(runs["pool"].values[place]),)
        size = {"size": float(runs["pool_size"][place])}
        yield Question("proxy", of, {"factor": float(factor[place]), **size, "bar": PROXY_FACTOR})


def _levels(runs: xr.Dataset, levels: xr.DataArray) -> Iterator[Question]:
    """The level that takes of a pool most beyond what was trained; or all levels, if far below."""
    size = runs["unique_samples"].max("data")
    take = (levels / size).max("pool").values
    place = int(take.argmax())
    largest = float(take[place])
    if _is_far(largest):  # where the largest is far below what was trained, all are
        of = (str(levels["level"].values[place]),)
        yield Question("proxy", of, {"factor": largest, "bar": PROXY_FACTOR})


def _is_far(factor: float) -> bool:
    """Whether a size is ten times another, or a tenth."""
    bar = PROXY_FACTOR * (1 - ROUNDING)
    return factor >= bar or factor <= 1 / bar


def _order(runs: xr.Dataset, levels: xr.DataArray) -> Iterator[Question]:
    """Levels that add one pool after the other, of which a later one is better than an earlier."""
    taken = levels.transpose("level", "pool").values > 0
    grows = (taken[1:] >= taken[:-1]).all() and (np.diff(taken.sum(axis=1)) > 0).all()
    if not grows or len(taken) < 2 or taken[0].sum() > 1:
        return
    order = taken.argmax(axis=0)
    pools = np.argsort(order, kind="stable")
    pools = pools[taken.any(axis=0)[pools]]
    # the ends, which differ most, then neighbours: all pairs of 500 pools would take minutes
    for first, second in [(pools[0], pools[-1]), *pairwise(pools)]:
        if order[first] < order[second] and (better := _compared(runs, first, second)):
            of = (str(runs["pool"].values[first]), str(runs["pool"].values[second]))
            yield Question("order", of, better)
            return


def _compared(runs: xr.Dataset, first: int, second: int) -> dict[str, float]:
    """Errors where the second of two pools is better, if it is at every budget that both have.

    Pools are compared where the first is not repeated more often than the second: repetition would
    make a good pool look bad.
    """
    taken = runs["unique_samples"].values
    single = (taken > 0).sum(axis=1) == 1
    alone = [np.flatnonzero(single & (taken[:, pool] > 0)) for pool in (first, second)]
    data, seen = runs["data_index"].values, runs["samples_seen"].values
    epochs = seen / taken.sum(axis=1)[data]
    rows = [np.flatnonzero(np.isin(data, sets)) for sets in alone]
    group, error = runs["group_index"].values, runs["error"].values
    found: dict[str, float] = {}
    for one in rows[0]:
        same = rows[1][(seen[rows[1]] == seen[one]) & (group[rows[1]] == group[one])]
        same = same[epochs[one] <= np.maximum(epochs[same], 1)]
        if not same.size:
            continue
        other = float(error[same].mean())
        if error[one] < (1 + CLEARLY) * other:
            return {}
        found = {"first": float(error[one]), "second": other, "samples_seen": float(seen[one])}
    return found
