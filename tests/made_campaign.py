"""A campaign of made fits: the same question asked again as runs come in.

>>> runs = runs_of(4)
>>> infer(runs, load_model("utility"))["observed_data"].sizes["run"]
4
"""

import made
import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.model.spec import load_model
from qqt_bayes.tables.order import hash_runs
from qqt_bayes.tables.runs import read_runs

OVER_RUN = "observed_data", "constant_data", "log_likelihood", "posterior_predictive"
OPTIONS = {"models": "utility", "theorem": False}


def runs_of(count, **changes):
    """The first rows of the made table, all training sets at one budget after the other."""
    table, composition = made.tables()
    table = table.sort_values(["samples_seen", "data"], ignore_index=True).iloc[:count]
    return read_runs(table.assign(**changes), composition)


def infer(runs, spec, **_):
    """A made fit that is of some runs: its draws, wide as they are, depend on how many."""
    spec = load_model(spec) if isinstance(spec, str) else spec
    full = made.fit(model=spec, seed=runs.sizes["run"], spread=0.02)
    table = full["constant_data"].to_dataset()
    found = pd.MultiIndex.from_arrays([_names(table), table["samples_seen"].values])
    asked = pd.MultiIndex.from_arrays([_names(runs), runs["samples_seen"].values])
    places = found.get_indexer(asked)
    assert (places >= 0).all()
    groups = {name: each.to_dataset(inherit=False) for name, each in full.children.items()}
    for name in ("log_likelihood", "posterior_predictive", "prior_predictive"):
        groups[name] = groups[name].isel(run=places).assign_coords(run=runs["run"].values)
    return of_runs(full, groups, runs)


def of_runs(full, groups, runs):
    """A fit of some runs, with the attributes of another and groups that were made for it."""
    groups["constant_data"] = runs.drop_vars("error").drop_attrs(deep=False)
    groups["observed_data"] = runs[["error"]].drop_attrs(deep=False)
    tree = xr.DataTree.from_dict({"/": xr.Dataset(attrs=full.attrs), **groups})
    tree.attrs |= {**runs.attrs, "data_hash": hash_runs(runs)}
    return tree


def without_passing(tree, spec):
    """A fit that says that it did not pass its gate."""
    tree.attrs["gate"] = made.fit(model=spec, passed=False).attrs["gate"]
    return tree


def refused(runs, spec, **_):
    """The same of a fit that did not pass its gate."""
    return without_passing(infer(runs, spec), spec)


def _names(table):
    return np.asarray(table["data"].values)[table["data_index"].values]
