"""Tables of evaluated training runs: read, checked once, turned into named arrays with units.

Runs that are checkpoints of one training share a name in the column `training`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from math import nan
from os import PathLike
from pathlib import PurePath

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.errors import InputError, alternatives
from qqt_bayes.tables.cells import COUNT, Number, above, at_least
from qqt_bayes.tables.composition import composition_of, read_sizes
from qqt_bayes.tables.evaluations import evaluations
from qqt_bayes.tables.formats import Source, read_table
from qqt_bayes.tables.table import Array, Names, Table
from qqt_bayes.tables.training_sets import combine, origins

ERROR = {
    "error": Number(
        "an error rate in (0, 1]",
        lambda error: (error > 0) & (error <= 1),
        units="error rate",
        advice='; divide percentages by 100, read losses with kind "loss"',
    ),
    "loss": Number("a loss above 0", above(0.0), units="loss"),
}
"""What the column `error` may hold, by the kind of table."""
HIGHEST = {"error": 1.0, "loss": np.inf}
"""Largest error that a table may hold, by the kind of table."""

COLUMNS = {
    "samples_seen": COUNT,
    "n_eval": replace(COUNT, default=nan),
    "rounding": Number("a half-width of at least 0", at_least(0.0), default=0.0, units="as error"),
    # the noise's variance is divided by it: a thousand times the deviation, or a thousandth
    "weight": Number("a weight from 1e-6 to 1e6", lambda x: (x >= 1e-6) & (x <= 1e6), default=1.0),
    "seed": Number("a number", np.isfinite, default=nan),
}
"""What the other columns of numbers may hold, one value a run."""

OPTIONAL = {"run", "metric", "group", "training", *COLUMNS}
"""Columns that a table of runs may have beside those that say what was trained on."""

REPLICATES = (
    " (same training set, samples_seen, group and seed);"
    " add a column run, or seed, if they are replicates"
)
CHECKPOINTS = " (same training and samples_seen); a training has one checkpoint at each budget"
"""Ends of the sentences about a row that repeats another."""


def read_runs(
    source: Source | PathLike[str],
    composition: Source | None = None,
    pools: Source | None = None,
    *,
    metric: str | None = None,
    kind: str = "error",
    chance_error: float | None = None,
    group: str | None = None,
    mapping: Source | None = None,
) -> xr.Dataset:
    """Evaluated training runs, checked.

    Parameters
    ----------
    source : path or DataFrame
        A row for each run. Columns `samples_seen`, `error` and either `data` (a name in the
        composition table) or `pool` with `unique_samples` (a run on one pool). Optional: `run`,
        `metric`, `group`, `seed`, `n_eval` (size of the evaluation set), `rounding` (half-width of
        the printed error), `weight`, `training` (a name that checkpoints of one training share).
        With `mapping`, a glob of evaluation files.
    composition : path or DataFrame, optional
        What each training set takes from each pool, see `read_composition`.
    pools : path or DataFrame, optional
        Columns `pool` and `unique_samples`: all pools, each with its size. Without it a pool's size
        is the largest number of samples that any training set takes from it.
    metric : str, optional
        The rows to read by column `metric`; may be left out if there is only one.
    kind : {"error", "loss"}
        Whether `error` is an error rate in (0, 1] or any positive number.
    chance_error : float, optional
        Error rate of guessing, such as 0.9 with ten classes; without it 1, which many classes come
        near. Law effective-reuse lets errors fall from there.
    group : str, optional
        Column that holds the group (architecture, scale); "group" if the table has it.
    mapping : path or DataFrame, optional
        What the evaluation files do not say, see `read_evaluations`.

    Returns
    -------
    Dataset
        Over `run`: `samples_seen`, `error`, `data_index`, `group_index`, `n_eval` (NaN: unknown),
        `rounding`, `weight`, `seed` (NaN: none), and `training` ("": none) if there are any. Over
        `data` and `pool`: `unique_samples`; over
        `pool`: `pool_size`. Coordinate `group` names the groups. Training sets and pools that no
        run uses are left out. The attributes say what was left out, too. If it is given,
        `chance_error` over nothing.

    Raises
    ------
    InputError
        With all faults of a table, each with its row and column.

    Examples
    --------
    >>> table = pd.DataFrame({"pool": ["0-10%", "10-20%"], "unique_samples": [12.8e6, 12.8e6],
    ...                       "samples_seen": [128e6, 128e6], "error": [0.71, 0.75]})
    >>> runs = read_runs(table)
    >>> dict(runs.sizes), runs["error"].values, runs.attrs["kind"]
    ({'run': 2, 'data': 2, 'pool': 2, 'group': 1}, array([0.71, 0.75]), 'error')
    """
    if kind not in ERROR:
        raise InputError(f"unknown kind {kind!r}{alternatives(kind, ERROR)}")
    if chance_error is not None:
        _check_chance(chance_error, kind)
    sizes = None if pools is None else read_sizes(pools)
    recipes = pd.DataFrame()
    if composition is not None:
        recipes = composition_of(composition, "data", sizes).to_pandas()
    table = read_table(source, "runs") if mapping is None else evaluations(source, mapping, metric)
    metric = _choose_metric(table, metric)
    table.require("samples_seen", "error")
    columns = {"error": ERROR[kind], **COLUMNS}
    values = {name: table.numbers(name, number) for name, number in columns.items()}
    group_index, groups = _groups(table, group)
    found = origins(table, recipes, sizes)
    common = {**found.identity(), "group": group_index, "seed": values["seed"]}
    training = trainings(table, values["samples_seen"], common)
    # `distinct` skips rows with an empty name, but runs of no training are to be compared, too
    filled = {name: np.where(x == "", " ", x) for name, x in training.items()}
    run = _runs(table, {**common, **filled, "samples_seen": values["samples_seen"]})
    table.check()

    data, unique_samples = combine(found, recipes)
    largest = pd.concat([recipes, unique_samples]).max()
    pool_size = pd.Series(sizes or largest).reindex(unique_samples.columns)
    pool = unique_samples.columns
    names = {"run": run, "data": unique_samples.index, "pool": pool, "group": groups}
    runs = xr.Dataset(
        {
            **{name: ("run", values[name], {"units": columns[name].units}) for name in columns},
            **{name: ("run", x.astype(str)) for name, x in training.items()},
            "data_index": ("run", unique_samples.index.get_indexer(data)),
            "group_index": ("run", group_index),
            "unique_samples": (("data", "pool"), unique_samples.to_numpy(), {"units": "samples"}),
            "pool_size": ("pool", pool_size.to_numpy(dtype=float), {"units": "samples"}),
        },
        coords={dim: np.array(labels, dtype=str) for dim, labels in names.items()},
    )
    if chance_error is not None:
        runs["chance_error"] = ((), float(chance_error), {"units": columns["error"].units})
    known = pd.Index(list(sizes or recipes))
    return runs.assign_attrs(
        kind=kind,
        metric=metric,
        source=os.fsencode(PurePath(table.name).name).decode(errors="replace"),
        data_hash=hash_runs(runs, kind, metric),
        pools_given=int(sizes is not None),
        unused_columns=json.dumps(table.unused),
        unused_data=json.dumps(recipes.index.difference(data, sort=False).tolist()),
        unused_pools=json.dumps(known.difference(pool, sort=False).tolist()),
    )


def _check_chance(chance_error: object, kind: str) -> None:
    """Refuse what is no error rate of guessing, and one for losses, which have none."""
    if kind != "error":
        raise InputError(f"chance_error is for error rates, but the table is read as {kind}")
    if isinstance(chance_error, bool) or not isinstance(chance_error, int | float):
        raise InputError(f"chance_error: expected a number, got {chance_error!r}")
    if not 0 < chance_error <= 1:
        raise InputError(
            f"chance_error: expected an error rate in (0, 1], got {chance_error:g}; that of ten "
            "classes is 0.9"
        )


def metrics(source: Source) -> list[str]:
    """Names in the column `metric` of a table of runs, in order of appearance.

    Raises
    ------
    InputError
        If there is no such column, or a cell of it is empty.
    """
    table = read_table(source, "runs")
    table.require("metric")
    names = table.names("metric")
    table.check()
    return list(dict.fromkeys(names.tolist()))


def _choose_metric(table: Table, metric: str | None) -> str:
    if metric is None and "metric" not in table.columns:
        return ""
    table.require("metric")
    return table.choose("metric", metric, "metric")


def _groups(table: Table, column: str | None) -> tuple[NDArray[np.int64], list[str]]:
    """Index of each run's group, and the groups in order of appearance."""
    if column is None and "group" not in table.columns:
        return np.zeros(len(table), np.int64), ["all"]
    column = "group" if column is None else column
    table.require(column)
    index, groups = pd.factorize(table.names(column))
    return index, groups.tolist()


def _runs(table: Table, identity: Mapping[str, Array]) -> Names:
    """Label of each run: by column `run`, where none may repeat, else by number."""
    metrics = table.present("metric")
    if "run" in table.columns:
        run = table.names("run")
        table.distinct("run", {"run": run, **metrics})
        return run
    table.distinct("", {**identity, **metrics}, REPLICATES)
    return np.array([f"run {count}" for count in range(1, len(table) + 1)], dtype=object)


def hash_runs(runs: xr.Dataset, kind: str, metric: str) -> str:
    """SHA-256 of everything in a table of runs that a fit depends on."""
    digest = sha256(json.dumps([kind, metric]).encode())
    for name, variable in sorted(runs.variables.items()):
        digest.update(json.dumps([name, variable.dims, variable.shape]).encode())
        numeric = variable.dtype.kind in "fi"
        values = variable.values
        digest.update(values.tobytes() if numeric else json.dumps(values.tolist()).encode())
    return digest.hexdigest()


def trainings(table: Table, seen: Array, identity: Mapping[str, Array]) -> dict[str, Names]:
    """Name of each run's training, or nothing if the table has no column `training`.

    A fault is noted for each checkpoint that repeats another, or that differs from the first of its
    training in anything but its budget.

    Parameters
    ----------
    table : Table
        Runs; it takes the faults.
    seen : array, shape (run,)
        Samples seen.
    identity : mapping of str to array, shape (run,)
        What checkpoints of one training have in common: training set, group, seed (NaN: none).
    """
    if "training" not in table.columns:
        return {}
    names = table.names("training", optional=True)
    metrics = table.present("metric")
    table.distinct("training", {"training": names, "samples_seen": seen, **metrics}, CHECKPOINTS)
    position: dict[str, int] = {}
    first = np.array([position.setdefault(name, i) for i, name in enumerate(names)], dtype=int)
    differs = np.zeros(len(table), dtype=bool)
    for values in identity.values():
        unequal = values != values[first]
        if values.dtype.kind == "f":  # two runs without a seed do not differ in it
            unequal &= ~(np.isnan(values) & np.isnan(values[first]))
        differs |= unequal
    table.fault(
        differs & (names != ""),
        "training",
        lambda i: (
            f"{names[i]!r} has another training set, group or seed than {table.places[first[i]]}; "
            "a training has one of each: give the other another name"
        ),
    )
    return {"training": names}


def require_runs(runs: object) -> None:
    """Refuse what is no table of runs as `read_runs` returns it, such as its path.

    Raises
    ------
    InputError
        Naming what it is.
    """
    if not isinstance(runs, xr.Dataset):
        kind = type(runs).__name__
        raise InputError(f"runs: expected a Dataset, as read_runs returns it, got {kind}.")
