"""What the rows of a table of runs hold, column by column, with all their faults noted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import nan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qqt_bayes.tables.cells import COUNT, Floats, Number, above, at_least
from qqt_bayes.tables.intake.above_one import judge_errors
from qqt_bayes.tables.intake.repeats import judge_names, judge_repeats, unlike
from qqt_bayes.tables.table import Array, Names, Table
from qqt_bayes.tables.training_sets import Origins, origins

ERROR = {
    "error": Number(
        "an error rate in (0, 1]",
        lambda error: (error > 0) & (error <= 1),
        units="error rate",
        advice='; is it in per cent, an accuracy, or a loss (kind "loss")?',
    ),
    "loss": Number("a loss above 0", above(0.0), units="loss"),
}
"""What the column `error` may hold, by the kind of table."""
UNNAMED = "run {}"
"""What runs are called, by their number, whose table does not name them."""
UNGROUPED = "all"
"""The group of a table that has none."""
HIGHEST = {"error": 1.0, "loss": np.inf}
"""Largest error that a table may hold, by the kind of table."""

COLUMNS = {
    "samples_seen": COUNT,
    "n_eval": replace(COUNT, default=nan),
    "rounding": Number("a half-width of at least 0", at_least(0.0), default=0.0),
    # the noise's variance is divided by it: a thousand times the deviation, or a thousandth
    "weight": Number("a weight from 1e-6 to 1e6", lambda x: (x >= 1e-6) & (x <= 1e6), default=1.0),
    "seed": Number("a number", np.isfinite, default=nan),
}
"""What the other columns of numbers may hold, one value a run."""

OPTIONAL = {"run", "metric", "group", "training", "replacement", *COLUMNS}
"""Columns that a table of runs may have beside those that say what was trained on."""

CHECKPOINTS = " (same training and samples_seen); a training has one checkpoint at each budget"
"""End of the sentence about a checkpoint that repeats another."""


@dataclass(frozen=True)
class Rows:
    """What the rows of a table of runs hold.

    Parameters
    ----------
    values : dict of array, shape (run,)
        The columns of numbers.
    group_index : array of int, shape (run,)
    groups : list of str
    found : Origins
    training : dict of array
        The names of trainings, if the table has any.
    run : array of str, shape (run,)
    """

    values: dict[str, Floats]
    group_index: NDArray[np.int64]
    groups: list[str]
    found: Origins
    training: dict[str, Names]
    run: Names


def read_rows(
    table: Table,
    recipes: pd.DataFrame,
    sizes: Mapping[str, float] | None,
    kind: str,
    group: str | None,
) -> Rows:
    """The rows of a table of runs, whose faults are noted in it."""
    numbers = {"error": ERROR[kind], **COLUMNS}
    above_one = judge_errors(table) if kind == "error" else None
    values = {
        name: table.numbers(name, number, above_one if name == "error" else None)
        for name, number in numbers.items()
    }
    group_index, groups = _groups(table, group)
    found = origins(table, recipes, sizes)
    common = {**found.identity(), "group": group_index, "seed": values["seed"]}
    training = trainings(table, values["samples_seen"], common)
    # `repeats` skips rows with an empty name, but runs of no training are to be compared, too
    filled = {name: np.where(x == "", " ", x) for name, x in training.items()}
    run = _runs(table, {**common, **filled, "samples_seen": values["samples_seen"]})
    return Rows(values, group_index, groups, found, training, run)


def _groups(table: Table, column: str | None) -> tuple[NDArray[np.int64], list[str]]:
    """Index of each run's group, and the groups in order of appearance."""
    if column is None and "group" not in table.columns:
        return np.zeros(len(table), np.int64), [UNGROUPED]
    column = "group" if column is None else column
    table.require(column)
    index, groups = pd.factorize(table.names(column))
    return index, groups.tolist()


def _runs(table: Table, identity: Mapping[str, Array]) -> Names:
    """Label of each run: by column `run`, where none may repeat, else by number."""
    metrics = table.present("metric")
    if "run" in table.columns:
        run = table.names("run")
        judge_names(table, {"run": run, **metrics}, identity)
        return run
    judge_repeats(table, {**identity, **metrics})
    return np.array([UNNAMED.format(count) for count in range(1, len(table) + 1)], dtype=object)


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
    table.fault(
        unlike(identity, first) & (names != ""),
        "training",
        lambda i: (
            f"{names[i]!r} has another training set, group or seed than {table.places[first[i]]}; "
            "a training has one of each: give the other another name"
        ),
    )
    return {"training": names}
