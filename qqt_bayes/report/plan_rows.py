"""Proposed runs as rows of the table of runs that they belong to, with room for their errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.phrases import format_samples
from qqt_bayes.planning.plan import Plan
from qqt_bayes.report.measures import ACCURACY
from qqt_bayes.tables.rows import UNGROUPED, UNNAMED


def runs_to_fill(plan: Plan) -> pd.DataFrame:
    """The proposed runs as rows of a table of runs, whose errors are yet to be written in.

    Returns
    -------
    DataFrame
        Columns `data` (or `pool` and `unique_samples`, if all runs are on single pools),
        `samples_seen` and `error` (or `accuracy`, if these were given). Of the columns `run`,
        `group`, `metric`, `n_eval` and `rounding` those that the table of runs has, the last two if
        they are the same in all of its rows. Column `seed`, if the table has one, or where a
        training set is run at a budget more than once, or was before: seeds that no run on it has
        there.
    """
    rows = _trained_on(plan)
    rows["samples_seen"] = plan.runs["samples_seen"]
    known = plan.known
    if known is None:
        return _with_seeds(rows.assign(error=""), plan)
    rows[ACCURACY if known.attrs.get("measure") == ACCURACY else "error"] = ""
    if known["run"].values.tolist() != [UNNAMED.format(i + 1) for i in range(known.sizes["run"])]:
        rows.insert(0, "run", _names(plan, {*known["run"].values.tolist()}))
    if known["group"].values.tolist() != [UNGROUPED]:
        rows["group"] = plan.group
    if metric := known.attrs.get("metric"):
        rows["metric"] = metric
    for name, without in (("n_eval", np.nan), ("rounding", 0.0)):
        values = np.unique(known[name])
        if values.size == 1 and not np.isclose(values[0], without, equal_nan=True):
            rows[name] = values[0]
    return _with_seeds(rows, plan)


def _trained_on(plan: Plan) -> pd.DataFrame:
    """What each run is trained on, by the columns that the table of runs has for it."""
    names = plan.runs["data"]
    if plan.known is None or not _are_pools(plan.known["unique_samples"]).all():
        return pd.DataFrame({"data": names})
    alone = _are_pools(plan.sets).sel(data=names.tolist()).values
    pool = plan.sets.idxmax("pool").sel(data=names.tolist()).values
    found = pd.DataFrame(
        {
            "data": names.where(~alone, ""),
            "pool": np.where(alone, pool, ""),
            "unique_samples": plan.runs["unique_samples"].where(alone),
        }
    )
    return found.drop(columns="data") if alone.all() else found


def _are_pools(sets: xr.DataArray) -> xr.DataArray:
    """Whether each training set is of one pool, whose name it bears."""
    one = (sets > 0).sum("pool") == 1
    bears = [
        str(name).startswith(str(pool))
        for name, pool in zip(sets["data"].values, sets.idxmax("pool").values, strict=True)
    ]
    return one & bears


def _names(plan: Plan, taken: set[str]) -> list[str]:
    """A name for each run that no other has."""
    found = []
    for run in plan.runs.itertuples():
        name = stem = f"{run.data}, {format_samples(float(run.samples_seen))}"
        count = 1
        while name in taken:
            count += 1
            name = f"{stem} ({count})"
        taken.add(name)
        found.append(name)
    return found


def _with_seeds(rows: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """The rows with a seed each, where these have to be told apart or the table has seeds."""
    seeds = _seeds(plan.known)
    if not seeds and (plan.runs["training"] == 1).all():
        return rows
    if not seeds:
        return rows.assign(seed=plan.runs["training"])
    least = int(min(map(min, seeds.values())))
    chosen = []
    for run in plan.runs.itertuples():
        taken = seeds.setdefault((run.data, run.samples_seen), set())
        seed = least
        while seed in taken:
            seed += 1
        taken.add(seed)
        chosen.append(seed)
    return rows.assign(seed=chosen)


def _seeds(known: xr.Dataset | None) -> dict[Any, set[float]]:
    """The seeds of the runs on each training set at each budget, of those that have one."""
    found: dict[Any, set[float]] = {}
    if known is None:
        return found
    data = known["data"].values[known["data_index"].values].tolist()
    seen, seeds = (known[name].values.tolist() for name in ("samples_seen", "seed"))
    for name, budget, seed in zip(data, seen, seeds, strict=True):
        if not np.isnan(seed):
            found.setdefault((name, budget), set()).add(seed)
    return found
