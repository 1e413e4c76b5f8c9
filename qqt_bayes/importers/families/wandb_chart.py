"""A chart exported from Weights & Biases: a column for each run, a row for each step."""

from __future__ import annotations

import re
from itertools import pairwise

from qqt_bayes.importers.draft import Options
from qqt_bayes.importers.sheet import METRIC, RUN, VALUE, Sheet, counted, some
from qqt_bayes.importers.sources import Found
from qqt_bayes.tables.cells import is_empty, number_in
from qqt_bayes.tables.table import Table

READS = "a chart exported from Weights & Biases as CSV (Step, 'RUN - metric', __MIN, __MAX)"
ENDS = ("__MIN", "__MAX")
"""Ends of the two columns that the export puts beside each run's own."""


def recognise(found: Found, options: Options) -> Sheet | None:
    """A chart: of each run the last value, and the step at which it was reached."""
    table = found.table
    if table is None:
        return None
    curves = {name: _run_and_metric(name) for name in table.columns if _is_curve(name, table)}
    if not curves:
        return None
    axis = next(iter(table.columns))
    rows = [_last(table, axis, name, *curves[name]) for name in curves]
    ended = [row for row in rows if row is not None]
    said = [_last_values(ended, axis)]
    if empty := [name for name, row in zip(curves, rows, strict=True) if row is None]:
        said.append(f"Left out, because the column is empty: {some(empty)}.")
    if re.search(r"time", axis, re.IGNORECASE):
        said.append(f"The axis {axis!r} counts no samples: export the chart over Step instead.")
    names = (RUN, METRIC, VALUE, axis)
    columns = {name: [row[i] for row in ended] for i, name in enumerate(names)}
    places = [str(row[4]) for row in ended]
    is_step = re.search(r"step|iter", axis, re.IGNORECASE)
    return Sheet(
        "a chart exported from Weights & Biases",
        Table(table.name, columns, places),
        said,
        {"steps": axis} if is_step else {},
    )


def _is_curve(name: str, table: Table) -> bool:
    return (
        " - " in name
        and all(name + end in table.columns for end in ENDS)
        and not re.search(r" - _\w+$", name)
    )


def _run_and_metric(name: str) -> tuple[str, str]:
    run, _, metric = name.rpartition(" - ")
    return run.strip(), metric.strip()


def _last(
    table: Table, axis: str, name: str, run: str, metric: str
) -> tuple[str, str, object, object, str] | None:
    """The last cell of a curve that is not empty, with where it stands on the axis."""
    cells = table.columns[name]
    for i in range(len(cells) - 1, -1, -1):
        if not is_empty(cells[i]):
            return run, metric, cells[i], table.columns[axis][i], table.places[i]
    return None


def _last_values(rows: list[tuple[str, str, object, object, str]], axis: str) -> str:
    """Which values are taken, and where runs ended apart."""
    ends = sorted({number_in(row[3]) for row in rows})
    said = f"Of each run the last value is taken, for {counted(len(rows), 'curve')}"
    if any(first < second for first, second in pairwise(ends)):
        return f"{said}; they end at {axis} {ends[0]:.15g} to {ends[-1]:.15g}."
    return f"{said}, at {axis} {ends[0]:.15g}." if ends else f"{said}."
