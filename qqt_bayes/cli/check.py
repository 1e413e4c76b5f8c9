"""A table of runs as a fit would see it, and what it can teach: what `qqt check` says."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.cli.output import emit, note
from qqt_bayes.errors import suggest
from qqt_bayes.model.spec import Spec
from qqt_bayes.report.identifiability_text import identifiability
from qqt_bayes.tables.runs import OPTIONAL

UNUSED = {
    "unused_columns": "Columns that are not used",
    "unused_data": "Training sets that no run is on",
    "unused_pools": "Pools that no run takes from",
}
"""What `read_runs` leaves out, in words."""


def report(runs: xr.Dataset, spec: Spec, form: str) -> None:
    """Print the training sets on stdout, what they can teach on stderr; JSON holds both.

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it.
    spec : Spec
    form : {"table", "json", "csv"}
    """
    table, found = training_sets(runs), identifiability(runs, spec)
    left_out = {name: json.loads(runs.attrs[name]) for name in UNUSED}
    content = {
        "runs": runs.sizes["run"],
        "kind": runs.attrs["kind"],
        "metric": runs.attrs["metric"],
        "groups": runs["group"].values.tolist(),
        "pools": runs["pool"].values.tolist(),
        "training_sets": table.to_dict("records"),
        **left_out,
        "identifiability": found.to_dict(),
    }
    emit(table, form, content)
    count, data, pools = (runs.sizes[dim] for dim in ("run", "data", "pool"))
    note(f"{count} runs of {data} training sets from {pools} pools.")
    for name, words in UNUSED.items():
        if left_out[name]:
            note(f"{words}: {', '.join(left_out[name])}.")
    for name in left_out["unused_columns"]:
        if near := suggest(name, sorted(OPTIONAL - set(left_out["unused_columns"]))):
            note(f"Column {name} is not read{near}")
    note(f"What a fit of model {found.model} can learn from them:")
    for sentence in found.findings.values():
        note(f"- {sentence}")


def training_sets(runs: xr.Dataset) -> pd.DataFrame:
    """What a fit would see: a row for each training set and budget (and group).

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it.

    Returns
    -------
    DataFrame
        Columns `group` (if there are several), `data`, `unique_samples`, `pools`, `samples_seen`,
        `epochs`, `runs` (how many) and `error` (their mean).
    """
    index = runs["data_index"].values
    taken = runs["unique_samples"].values[index]
    table = pd.DataFrame(
        {
            "group": runs["group"].values[runs["group_index"].values],
            "data": runs["data"].values[index],
            "unique_samples": taken.sum(axis=1),
            "pools": (taken > 0).sum(axis=1),
            "samples_seen": runs["samples_seen"].values,
            "error": runs["error"].values,
        }
    )
    keys = ["group", "data", "unique_samples", "pools", "samples_seen"]
    order = np.lexsort((runs["samples_seen"], index, runs["group_index"]))
    rows = table.iloc[order].groupby(keys, sort=False)["error"].agg(["size", "mean"]).reset_index()
    rows = rows.rename(columns={"size": "runs", "mean": "error"})
    rows.insert(5, "epochs", rows["samples_seen"] / rows["unique_samples"])
    return rows if runs.sizes["group"] > 1 else rows.drop(columns="group")
