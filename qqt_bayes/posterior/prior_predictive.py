"""What a model expects of runs before it sees an error: its priors carried through to errors."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.errors import InputError
from qqt_bayes.model.draws import PRIOR_DRAWS, errors_again, labelled, prior_draws
from qqt_bayes.model.noise import TRAINING
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import DEFAULT_MODEL, Spec, load_model, require_kind
from qqt_bayes.posterior.levels import as_budgets, require_affordable
from qqt_bayes.posterior.meanings import described
from qqt_bayes.tables.order import canonical, hash_runs
from qqt_bayes.tables.rows import ERROR
from qqt_bayes.tables.runs import require_runs

Array = NDArray[np.float64]
BEYOND = 4.0
"""The largest budget that is looked at where none are given, in units of the largest run."""
LEGAL = "legal_draws"
"""Attribute: the share of prior draws under which every run has an error that a table may hold."""


def prior_predictive(
    runs: xr.Dataset,
    spec: Spec | str = DEFAULT_MODEL,
    budgets: ArrayLike | str | None = None,
    *,
    draws: int = PRIOR_DRAWS,
    seed: int = 0,
) -> xr.DataTree:
    """Draw the errors that a model expects of a design, from its priors alone; nothing is sampled.

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it. Its errors are carried along to be compared.
    spec : Spec or str
        A specification, or the name or path of one.
    budgets : number, array_like or str, optional
        Samples seen, at which every training set is looked at as well; the least and the largest
        of the runs, and four times that, if not given.
    draws, seed : int
        Of the priors; the parameters are those that a fit with this seed holds in its `prior`.

    Returns
    -------
    DataTree
        Groups of ArviZ: `prior` (every parameter), `prior_predictive` (`error` of one training,
        over chain, draw and run), `observed_data` and `constant_data`; and `prior_at_budgets`, the
        `error` of one training on each training set, over chain, draw, set and budget, in which
        `data` and `group` name the set.  Departures from the law and the noise of runs are part of
        each.  Attribute `legal_draws`: the share of draws under which every run has an error that a
        table may hold.

    Raises
    ------
    InputError
        If the specification has a fault, is for another kind of errors or leaves nothing random, or
        a number is out of range.

    Examples
    --------
    >>> import pandas as pd
    >>> from qqt_bayes.tables.runs import read_runs
    >>> rows = dict(pool=["x", "x"], unique_samples=1e7, samples_seen=[1e7, 4e7], error=[0.9, 0.8])
    >>> found = prior_predictive(read_runs(pd.DataFrame(rows)), "utility", "1B", draws=200)
    >>> dict(found["prior_at_budgets"].sizes)
    {'chain': 1, 'draw': 200, 'set': 1, 'budget': 1}
    >>> bool(0 < found.attrs["legal_draws"] < 1)
    True
    """
    if draws < 1:
        raise InputError(f"draws should be at least 1, but got {draws}.")
    require_runs(runs)
    spec = load_model(spec)
    require_kind(spec, runs.attrs["kind"])
    runs = canonical(runs)
    problem = Problem(spec, runs)
    values = prior_draws(problem, seed, draws)
    if not values:
        raise InputError(f"model {spec.name} sets every parameter to a number: it has no prior")
    seen = _default_budgets(runs) if budgets is None else as_budgets(budgets)
    every = _at_budgets(runs, seen)
    require_affordable(every.sizes["run"] // seen.size, seen.size, draws)
    of_sets = {name: x for name, x in values.items() if name != TRAINING}
    with np.errstate(all="ignore"):  # far from any data a law may overflow
        error = errors_again(problem, values, seed)
        ahead = errors_again(Problem(spec, every, design=runs), of_sets, seed)
    first = every.isel(run=slice(None, None, seen.size))
    at_budgets = xr.Dataset(
        {"error": (("chain", "draw", "set", "budget"), ahead.reshape(1, draws, -1, seen.size))},
        {
            "chain": [0],
            "draw": np.arange(draws),
            "budget": ("budget", seen, {"units": str(runs.attrs.get("unit", "samples"))}),
            "data": ("set", runs["data"].values[first["data_index"].values]),
            "group": ("set", runs["group"].values[first["group_index"].values]),
        },
    )
    tree = xr.DataTree.from_dict(
        {
            "/": xr.Dataset(),
            "prior": labelled(problem, values),
            "prior_predictive": labelled(problem, {"error": error}),
            "prior_at_budgets": at_budgets,
            "observed_data": runs[["error"]].drop_vars(["data", "pool", "group"], errors="ignore"),
            "constant_data": runs.drop_vars("error").drop_attrs(deep=False),
        }
    )
    tree.attrs = {
        "spec": json.dumps(spec.to_dict()),
        "spec_hash": spec.hash,
        "data_hash": hash_runs(runs),
        "seed": seed,
        LEGAL: float(ERROR[runs.attrs["kind"]].holds(error).all(axis=1).mean()),
        **{
            name: runs.attrs[name]
            for name in ("kind", "metric", "source", "measure", "unit")
            if name in runs.attrs
        },
    }
    return described(tree, spec)


def _default_budgets(runs: xr.Dataset) -> Array:
    seen = runs["samples_seen"].values
    return np.unique([seen.min(), seen.max(), BEYOND * seen.max()])


def _at_budgets(runs: xr.Dataset, budgets: Array) -> xr.Dataset:
    """A run on each training set in each group that has one, at each budget; sets come first."""
    cells = np.stack([runs["data_index"].values, runs["group_index"].values])
    _, first = np.unique(cells, axis=1, return_index=True)
    table = runs.isel(run=np.repeat(np.sort(first), budgets.size)).drop_vars(
        "training", errors="ignore"
    )
    seen = np.tile(budgets, first.size)
    names = np.array([f"cell {i}" for i in range(seen.size)])
    return table.assign(samples_seen=("run", seen)).assign_coords(run=names)
