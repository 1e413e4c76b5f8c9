"""One order for tables of runs, so that a fit says the same however its table was written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

import pandas as pd
import xarray as xr

INDEX = {"data": "data_index", "group": "group_index"}
"""Which variable of the runs holds positions along a dimension."""


def canonical(runs: xr.Dataset) -> xr.Dataset:
    """The same runs in an order that depends on what they say, not on how they were written.

    Training sets, pools and groups go by their names; runs by training set, group, samples seen and
    error, and then by what else is known of them.  The names of the runs, which are numbers of rows
    as a rule, move with them and decide nothing.

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it.

    Examples
    --------
    >>> from qqt_bayes.tables.runs import read_runs
    >>> table = pd.DataFrame({"pool": ["B", "A"], "unique_samples": 1e6, "samples_seen": 1e6,
    ...                       "error": [0.5, 0.4]})
    >>> found = canonical(read_runs(table))
    >>> found["pool"].values.tolist(), found["error"].values, found["run"].values.tolist()
    (['A', 'B'], array([0.4, 0.5]), ['run 2', 'run 1'])
    """
    names = {dim: sorted(runs[dim].values.tolist()) for dim in ("data", "pool", "group")}
    runs = in_order(runs, names)
    first = ["data_index", "group_index", "samples_seen", "error"]
    over_runs = [str(name) for name, x in runs.data_vars.items() if x.dims == ("run",)]
    known = [*first, *sorted(set(over_runs) - set(first))]
    keys = pd.DataFrame({name: runs[name].values for name in known})
    return runs.isel(run=keys.sort_values(known, kind="stable").index.to_numpy())


def in_order[Labelled: xr.Dataset](runs: Labelled, names: Mapping[str, Sequence[str]]) -> Labelled:
    """What is labelled by training sets, pools or groups, with these in another order.

    Parameters
    ----------
    runs : Dataset
        Runs, or anything else over some of these dimensions.
    names : mapping of str to sequence of str
        All names along a dimension, in the order wanted.
    """
    moved = {
        index: pd.Index(names[dim]).get_indexer(runs[dim].values)[runs[index].values]
        for dim, index in INDEX.items()
        if index in runs and dim in names
    }
    runs = runs.sel({dim: list(each) for dim, each in names.items() if dim in runs.dims})
    return runs.assign({name: runs[name].copy(data=x) for name, x in moved.items()})


def hash_runs(runs: xr.Dataset) -> str:
    """SHA-256 of everything in a table of runs that a fit depends on, in whatever order it is."""
    return hash_as_written(canonical(runs).drop_vars("run"))


def hash_as_written(runs: xr.Dataset) -> str:
    """The same of the order that the table is in, as fits before version 0.2 hold it."""
    digest = sha256(json.dumps([runs.attrs["kind"], runs.attrs["metric"]]).encode())
    for name, variable in sorted(runs.variables.items()):
        digest.update(json.dumps([name, variable.dims, variable.shape]).encode())
        numeric = variable.dtype.kind in "fi"
        values = variable.values
        digest.update(values.tobytes() if numeric else json.dumps(values.tolist()).encode())
    return digest.hexdigest()
