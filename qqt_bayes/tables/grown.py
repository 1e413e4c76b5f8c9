"""Whether one table of runs holds all the runs of an earlier one, in whatever order and with more.

A campaign adds runs. A run is known by what it was trained on, its group, its samples seen and its
error; how its row is written, where it stands and what else is known of it may change.
"""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.phrases import format_samples, quoted

CELL = ["group", "composition", "samples_seen"]
"""Columns by which the same training is found in two tables, whatever its error."""


class Lacking(NamedTuple):
    """What a table lacks of an earlier one; all of it is empty if it holds every earlier run.

    Attributes
    ----------
    settings : list of str
        How the two tables are not of the same measure.
    missing : list of str
        Earlier runs that are not in the table.
    changed : list of str
        Earlier runs that are there with another error.
    total : int
        How many runs the earlier table has.
    """

    settings: list[str]
    missing: list[str]
    changed: list[str]
    total: int


def lacking(runs: xr.Dataset, earlier: xr.Dataset) -> Lacking:
    """Which runs of an earlier table are missing in another one, or have another error there.

    Parameters
    ----------
    runs, earlier : Dataset
        As `read_runs` returns them.

    Examples
    --------
    >>> from qqt_bayes.tables.runs import read_runs
    >>> table = pd.DataFrame({"pool": ["A", "B", "B"], "unique_samples": 1e6, "samples_seen": 1e6,
    ...                       "error": [0.5, 0.4, 0.3], "seed": [0, 0, 1]})
    >>> lacking(read_runs(table), read_runs(table.iloc[::-1])).missing
    []
    >>> lacking(read_runs(table.iloc[:2]), read_runs(table)).missing
    ['run 3 (B at 1M samples, error 0.3)']
    >>> lacking(read_runs(table.assign(error=[0.5, 0.4, 0.2])), read_runs(table)).changed
    ['run 3 (B at 1M samples, error 0.3, now 0.2)']
    """
    before, now = _rows(earlier), _rows(runs)
    whole = [*CELL, "error", "repeat"]
    for table in (before, now):
        table["repeat"] = table.groupby([*CELL, "error"]).cumcount()
    kept = before.merge(now[whole], on=whole, how="left", indicator="found")["found"] == "both"
    left = before[~kept.to_numpy()]
    new = now.merge(before[whole], on=whole, how="left", indicator="found")
    others = new[new["found"] == "left_only"].groupby(CELL)["error"].first()
    missing, changed = [], []
    for row in left.itertuples(index=False):
        cell = row.group, row.composition, row.samples_seen
        words = f"{quoted(row.run)} ({row.words}, error {row.error:g}"
        if cell in others.index:
            changed.append(f"{words}, now {others[cell]:g})")
        else:
            missing.append(f"{words})")
    return Lacking(_settings(runs, earlier), missing, changed, len(before))


def _rows(runs: xr.Dataset) -> pd.DataFrame:
    """A row for each run: what it was trained on, its samples seen and its error."""
    pools = runs["pool"].values.tolist()
    made = [
        json.dumps(sorted((pool, u) for pool, u in zip(pools, taken, strict=True) if u > 0))
        for taken in runs["unique_samples"].transpose("data", "pool").values.tolist()
    ]
    index = runs["data_index"].values
    names, groups = runs["data"].values[index], runs["group"].values[runs["group_index"].values]
    of_group = [f"{quoted(group)}, " if runs.sizes["group"] > 1 else "" for group in groups]
    seen, unit = runs["samples_seen"].values, runs.attrs.get("unit", "samples")
    return pd.DataFrame(
        {
            "run": runs["run"].values.astype(str),
            "words": [
                f"{group}{quoted(name)} at {format_samples(n)} {unit}"
                for group, name, n in zip(of_group, names, seen, strict=True)
            ],
            "group": groups.astype(str),
            "composition": np.array(made, dtype=object)[index],
            "samples_seen": seen,
            "error": runs["error"].values,
        }
    )


def _settings(runs: xr.Dataset, earlier: xr.Dataset) -> list[str]:
    """What is measured, and how, where that is not the same in both tables."""
    now, before = (_measure(table) for table in (runs, earlier))
    return [
        f"{name} {now[name] or 'none'} (it was {before[name] or 'none'})"
        for name in now
        if now[name] != before[name]
    ]


def _measure(runs: xr.Dataset) -> dict[str, str]:
    """What is measured in a table: errors of another measure are no errors of the same runs."""
    scalars = {
        words: f"{runs[name].item():g}" if name in runs else ""
        for name, words in (("chance_error", "error of guessing"), ("replacement", "replacement"))
    }
    return {name: str(runs.attrs.get(name, "")) for name in ("kind", "metric")} | scalars
