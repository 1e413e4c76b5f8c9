"""Tables of evaluated training runs: read, checked once, turned into named arrays with units.

Runs that are checkpoints of one training share a name in the column `training`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import PurePath

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.errors import InputError, alternatives
from qqt_bayes.phrases import format_samples
from qqt_bayes.tables.budgets import parse_budgets
from qqt_bayes.tables.cells import WRONG, names_in
from qqt_bayes.tables.composition import read_recipes, read_sizes
from qqt_bayes.tables.evaluations import evaluations
from qqt_bayes.tables.formats import Source, read_table
from qqt_bayes.tables.intake.columns import (
    Columns,
    columns_beside,
    columns_of,
    for_runs,
    kind_of,
    measure_of,
    rename,
    unit_of,
)
from qqt_bayes.tables.intake.gaps import judge_gaps, judge_states
from qqt_bayes.tables.intake.needed import above_runs
from qqt_bayes.tables.intake.proposal import propose
from qqt_bayes.tables.intake.repeats import best_of
from qqt_bayes.tables.intake.replacement import draws_of
from qqt_bayes.tables.intake.synonyms import means
from qqt_bayes.tables.limits import check_composition
from qqt_bayes.tables.order import hash_runs
from qqt_bayes.tables.reading import record_of
from qqt_bayes.tables.rows import COLUMNS, ERROR, Rows, read_rows
from qqt_bayes.tables.table import Table, check_all
from qqt_bayes.tables.training_sets import combine, sizes_of

NEEDED = ("error", "samples_seen", "unique_samples")
"""Columns of numbers without which a row is no run."""


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
    columns: Columns | None = None,
    unit: str | None = None,
    drop_missing: bool = False,
    human_numbers: bool = False,
    best: bool = False,
    least_budget: float | str | None = None,
    replacement: bool | None = None,
    skip_rows: int | None = None,
) -> xr.Dataset:
    """Evaluated training runs, checked.

    Parameters
    ----------
    source : path or DataFrame
        A row for each run. Columns `samples_seen`, `error` and either `data` (a name in the
        composition table) or `pool` with `unique_samples` (a run on one pool). Optional: `run`,
        `metric`, `group`, `seed`, `n_eval` (size of the evaluation set), `rounding` (half-width of
        the printed error), `weight`, `training` (a name that checkpoints of one training share),
        `replacement` (true or false, the same in all rows).
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
    columns : mapping of str to str, or str, optional
        What the columns are called in the table, such as `{"error": "val_loss", "pool": "source"}`
        or "error=val_loss,pool=source". Other keys are arithmetic: `accuracy` (error = 1 - it),
        `accuracy%`, `error%`, `epochs` (samples_seen = it x unique_samples), `steps`
        ("step*1024": samples_seen = it x 1024; or times a column, "step*batch_tokens"),
        `loss_bits` (error = it x log 2), `ppl` (error = log of it); the last two make the kind
        "loss". `rounding` stays in the unit of `error`.
        Without it, the table [columns] of the TOML file beside the runs (runs.toml for runs.csv),
        if there is one. Pairs of `data`, `pool` and `unique_samples` hold for the composition, too,
        where it lacks such a column and has the one that is named; "composition.data" and the like
        are for it alone.
    unit : str, optional
        What is counted: "samples", "tokens", "pairs" or another word. If not given: tokens where
        a mapped column's name says so, else samples.
    drop_missing : bool
        Leave out rows that lack a number they need (empty, nan, "(partial)").
    human_numbers : bool
        Read numbers as people write them, too, such as 12.8M or 1,000,000, where they can mean one
        thing only.
    best : bool
        Of runs with the same training set, samples_seen, group and seed keep the one of least
        error.
    least_budget : number or str, optional
        Leave out runs of fewer samples seen, such as 1e9 or "1B": before training has begun in
        earnest, losses bend away from every law here.
    replacement : bool, optional
        Whether samples, or shards of them, were drawn with replacement, as DataComp and OpenCLIP
        do: then "one epoch" leaves 37 % of a set unseen, and laws count how often samples are
        expected to be seen. Without it as the column `replacement` says, else no.
    skip_rows : int, optional
        Lines above the header of a CSV, or rows of a sheet, such as a title. Without it the first
        row that names samples_seen and error, or what stands for them, is the header.

    Returns
    -------
    Dataset
        Over `run`: `samples_seen`, `error`, `data_index`, `group_index`, `n_eval` (NaN: unknown),
        `rounding`, `weight`, `seed` (NaN: none), and `training` ("": none) if there are any. Over
        `data` and `pool`: `unique_samples`; over
        `pool`: `pool_size`. Coordinate `group` names the groups. Training sets and pools that no
        run uses are left out. The attributes say what was left out, and `kind`, `metric`, `measure`
        ("error", "accuracy" or "loss": what the user measured) and `unit`. If it is given,
        `chance_error` over nothing, and `replacement` if samples were drawn so.

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
    named, beside = (columns_of(columns), "") if columns is not None else columns_beside(source)
    kind, measure, unit = kind_of(named, kind), measure_of(named, kind), unit_of(named, unit)
    if chance_error is not None:
        _check_chance(chance_error, kind)
    if group is not None and named.get("group", group) != group:
        other = named["group"]
        raise InputError(f"group: {group!r}, but columns give it as {other!r}; leave one out")
    human: list[str] = []
    sizes = None if pools is None else read_sizes(pools, human_numbers, human)
    made = None if composition is None else read_recipes(composition, sizes, human_numbers, named)
    table = (
        read_table(source, "runs", above_runs(named, skip_rows))
        if mapping is None
        else evaluations(source, mapping, metric)
    )
    table.human_numbers = human_numbers
    of_sets = {} if made is None else made.columns
    rename(table, for_runs(named, table, of_sets), {} if made is None else made.totals)
    recipes = pd.DataFrame() if made is None else made.beside(table)
    metric, other_metrics = _choose_metric(table, metric)
    table.require("samples_seen", "error")
    dropped = judge_gaps(table, NEEDED, drop_missing)
    parse = partial(read_rows, recipes=recipes, sizes=sizes, kind=kind, group=group)
    least, early = _leave_early(table, parse, least_budget)
    beaten = _keep_best(table, parse) if best else []
    judge_states(table)
    parsed = parse(table)
    with_replacement = draws_of(table, replacement)
    tables = [table] if made is None else [made.table, table]
    if any(each.missing for each in tables):
        propose(table, kind, set(recipes.index), None if made is None else made.table)
    check_all(*tables)
    for each in tables:
        human += each.read_as_written()

    half_width = replace(COLUMNS["rounding"], units=ERROR[kind].units)
    numbers = {"error": ERROR[kind], **COLUMNS, "rounding": half_width}
    check_composition(table.name, *sizes_of(parsed.found, recipes))
    data, unique_samples = combine(parsed.found, recipes)
    largest = pd.concat([recipes, unique_samples]).max()
    pool_size = pd.Series(sizes or largest).reindex(unique_samples.columns)
    pool = unique_samples.columns
    names = {"run": parsed.run, "data": unique_samples.index, "pool": pool, "group": parsed.groups}
    runs = xr.Dataset(
        {
            **{
                name: ("run", x, {"units": numbers[name].units})
                for name, x in parsed.values.items()
            },
            **{name: ("run", x.astype(str)) for name, x in parsed.training.items()},
            "data_index": ("run", unique_samples.index.get_indexer(data)),
            "group_index": ("run", parsed.group_index),
            "unique_samples": (("data", "pool"), unique_samples.to_numpy(), {"units": "samples"}),
            "pool_size": ("pool", pool_size.to_numpy(dtype=float), {"units": "samples"}),
        },
        coords={dim: np.array(labels, dtype=str) for dim, labels in names.items()},
    )
    if chance_error is not None:
        runs["chance_error"] = ((), float(chance_error), {"units": numbers["error"].units})
    if with_replacement:
        runs["replacement"] = ((), 1)
    if stated := _epochs_stated(table, runs):
        runs.attrs["epochs_stated"] = json.dumps(stated)
    known = pd.Index(list(sizes or recipes))
    left_out = {
        "skipped_rows": _skipped(tables),
        "commented_rows": table.comments,
        "dropped_rows": dropped,
        "beaten_rows": beaten,
        "early_rows": early,
        "other_metrics": other_metrics,
        "unused_columns": table.unused,
        "unused_data": recipes.index.difference(data, sort=False).tolist(),
        "unused_pools": known.difference(pool, sort=False).tolist(),
    }
    runs.attrs |= {"kind": kind, "metric": metric}
    return runs.assign_attrs(
        measure=measure,
        unit=unit,
        source=os.fsencode(PurePath(table.name).name).decode(errors="replace"),
        data_hash=hash_runs(runs),
        pools_given=int(sizes is not None),
        used_columns=json.dumps([name for name in table.columns if name in table.used]),
        columns=json.dumps(named),
        columns_from=beside,
        **{name: json.dumps(each) for name, each in left_out.items()},
        read_as_written=json.dumps(human),
        reading=record_of(
            named if group is None else named | {"group": group}, beside, left_out, least, human
        ),
    )


def _skipped(tables: list[Table]) -> list[str]:
    """The lines above the headers of the runs and of their composition, which is then named."""
    *before, runs = tables
    of = PurePath
    return [f"{of(each.name).name}, {row}" for each in before for row in each.skipped or []] + (
        runs.skipped or []
    )


def _epochs_stated(table: Table, runs: xr.Dataset) -> dict[str, dict[str, float | str]]:
    """What columns called epochs, of which nothing was asked, state of the middle run.

    Beside the epochs of a run stands `factor`: how many times as many its samples are of its set.
    """
    found: dict[str, dict[str, float | str]] = {}
    of_sets = runs["unique_samples"].sum("pool").values
    epochs = runs["samples_seen"].values / of_sets[runs["data_index"].values]
    for name, cells in table.columns.items():
        if name not in table.used and means(name, "epochs") is not None:
            stated = table.read(cells, counts=False)
            known = np.flatnonzero((stated > 0) & np.isfinite(stated))
            if known.size:
                factor = epochs[known] / stated[known]
                middle = np.argsort(factor, kind="stable")[known.size // 2]
                run = int(known[middle])
                numbers = {"stated": float(stated[run]), "factor": float(factor[middle])}
                found[name] = {"run": str(runs["run"].values[run]), **numbers}
    return found


def _leave_early(
    table: Table, parse: Callable[[Table], Rows], least_budget: float | str | None
) -> tuple[float | None, list[str]]:
    """Leave out the rows of runs that saw fewer samples; the budget, and which rows they are.

    A row whose samples seen are a fault stays, to be named with all others.
    """
    if least_budget is None:
        return None, []
    [least] = parse_budgets(str(least_budget)).tolist()
    seen = parse(table.copy()).values["samples_seen"]
    kept = ~(seen < least) | (seen == WRONG)
    if not kept.any():
        raise InputError(
            f"runs of fewer than {format_samples(least)} samples are to be left out, but none saw "
            "as many; name a lower budget"
        )
    return least, table.keep(kept)


def _keep_best(table: Table, parse: Callable[[Table], Rows]) -> list[str]:
    """Keep the run of least error of each cell; the rows that are left out.

    Nothing is left out of a table with faults: which run is best would depend on them.
    """
    trial = table.copy()
    parsed = parse(trial)
    cell = {**parsed.found.identity(), "group": parsed.group_index, "seed": parsed.values["seed"]}
    cell |= {"samples_seen": parsed.values["samples_seen"], **table.present("metric")}
    kept = best_of(trial.repeats(cell), parsed.values["error"])
    if (parsed.values["error"] == WRONG).any():
        return []
    return table.keep(kept)


def _check_chance(chance_error: object, kind: str) -> None:
    """Refuse what is no error rate of guessing, and one for losses, which have none."""
    if kind != "error":
        raise InputError(
            f"an error rate of guessing is for error rates, but the table is read as {kind}"
        )
    if isinstance(chance_error, bool) or not isinstance(chance_error, int | float):
        raise InputError(f"error rate of guessing: expected a number, got {chance_error!r}")
    if not 0 < chance_error <= 1:
        raise InputError(
            f"error rate of guessing: expected a number in (0, 1], got {chance_error:g}; that of "
            "ten classes is 0.9"
        )


def metrics(
    source: Source, columns: Columns | None = None, skip_rows: int | None = None
) -> list[str]:
    """Names in the column `metric` of a table of runs, in order of appearance.

    Parameters
    ----------
    source : path or DataFrame
    columns, skip_rows
        As for `read_runs`.

    Raises
    ------
    InputError
        If there is no such column, or a cell of it is empty.
    """
    named = columns_of(columns) if columns is not None else columns_beside(source)[0]
    table = read_table(source, "runs", above_runs(named, skip_rows))
    rename(table, {key: name for key, name in named.items() if key == "metric"}, {})
    table.require("metric")
    names = table.names("metric")
    table.check()
    return list(dict.fromkeys(names.tolist()))


def _choose_metric(table: Table, metric: str | None) -> tuple[str, list[str]]:
    """Keep the rows of one metric; its name, and those of the others."""
    if metric is None and "metric" not in table.columns:
        return "", []
    table.require("metric")
    if "metric" not in table.columns:  # that is all there is to say
        return metric or "", []
    known = dict.fromkeys(names_in(table.columns["metric"]))
    chosen = table.choose("metric", metric, "metric")
    return chosen, [name for name in known if name not in ("", chosen)]


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
