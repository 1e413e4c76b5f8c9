"""The table of runs that Weights & Biases or MLflow exports: a row for each run, all it logged."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

import numpy as np

from qqt_bayes.importers.draft import Options
from qqt_bayes.importers.sheet import RUN, Sheet, distinct_names, some
from qqt_bayes.importers.sources import Found
from qqt_bayes.tables.cells import name_in
from qqt_bayes.tables.table import Table

READS = "a table of runs exported from Weights & Biases (Name, State) or MLflow (run_id, status)"
WANDB = {"state", "notes", "user", "tags", "created", "runtime", "sweep", "id", "hostname", "group"}
"""Columns that Weights & Biases puts beside the name of a run, in small letters."""
MLFLOW = {"run id", "run_id"}
LOGGED = ("metrics.", "params.", "tags.", "config.", "summary.", "summary_metrics.")
"""Beginnings of the names of columns that hold what a run logged."""
DONE = {"finished", "completed", "complete", "succeeded", "success", "done"}
"""States of runs that came to their end."""
NAMES = (
    "tags.mlflow.runname",
    "run name",
    "run_name",
    "name",
    "display_name",
    "run id",
    "run_id",
    "id",
)
"""Columns that name a run, the most readable first."""


def recognise(found: Found, options: Options) -> Sheet | None:
    """A table of runs without those that did not finish, which are named."""
    table = found.table
    if table is None or not (tool := _tool(table)):
        return None
    names = _names(table)
    columns: dict[str, list[object]] = {RUN: [*names]}
    columns |= {name: c for name, c in table.columns.items() if name != RUN}
    sheet = Table(table.name, columns, table.places)
    said = _leave_out(sheet, names)
    return Sheet(f"a table of runs exported from {tool}", sheet, said, read=_asked(table))


def _tool(table: Table) -> str:
    columns = {name.lower() for name in table.columns}
    logged = any(name.startswith(LOGGED) for name in columns)
    if columns & MLFLOW and ("status" in columns or logged):
        return "MLflow"
    if columns & {"name", "display_name"} and (
        len(columns & WANDB) >= 2 or ("state" in columns) or logged
    ):
        return "Weights & Biases"
    return ""


def _asked(table: Table) -> list[str]:
    """Columns that say what a run is called and how it ended."""
    lower = {name.lower(): name for name in reversed(table.columns)}
    named = [lower[name] for name in NAMES if name in lower]
    return named[:1] + [name for name in table.columns if name.lower() in ("state", "status")]


def _names(table: Table) -> list[str]:
    """A name for each run: the first column of names that repeats none, else name and row."""
    lower = {name.lower(): name for name in reversed(table.columns)}
    known = [
        [name_in(cell) for cell in table.columns[lower[name]]] for name in NAMES if name in lower
    ]
    for names in known:
        if all(names) and len(set(names)) == len(names):
            return names
    return distinct_names(known[0], table.places)


def _leave_out(table: Table, names: Sequence[str]) -> list[str]:
    """Leave out runs whose state is not that of a finished one, and say which."""
    state = next((name for name in table.columns if name.lower() in ("state", "status")), None)
    if state is None:
        return []
    states = [name_in(cell) for cell in table.columns[state]]
    failed = [word.lower() not in DONE for word in states]
    left_out = [
        f"{name} ({word.lower() or 'no state'})"
        for name, word in compress(zip(names, states, strict=True), failed)
    ]
    table.keep(~np.array(failed, dtype=bool))
    return [f"Left out, because they did not finish: {some(left_out)}."] if left_out else []
