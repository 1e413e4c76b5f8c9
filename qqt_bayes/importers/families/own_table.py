"""A table of runs under names of its own, metrics across: a row for each run."""

from __future__ import annotations

from qqt_bayes.importers.draft import Options
from qqt_bayes.importers.meanings import MEASURES, measure_of
from qqt_bayes.importers.sheet import RUN, Sheet, distinct_names, is_numeric
from qqt_bayes.importers.sources import Found
from qqt_bayes.tables.cells import name_in
from qqt_bayes.tables.table import Table

READS = "a table with a row for each run, under names of its own, one or many metrics across"
NAMES = ("run", "run_name", "name", "model_fullname", "model_name", "id", "uuid", "model")
"""Columns that name a run, in small letters."""


def recognise(found: Found, options: Options) -> Sheet | None:
    """A table in which a column measures runs, by its name or because the user says so."""
    table = found.table
    if table is None or not (_is_told(options) or any(_measures(table))):
        return None
    columns = {RUN: run_names(table), **{n: c for n, c in table.columns.items() if n != RUN}}
    return Sheet("a table of runs", Table(table.name, columns, table.places))


def _is_told(options: Options) -> bool:
    return bool(options.metric or set(options.columns) & set(MEASURES))


def _measures(table: Table) -> list[str]:
    """Columns that say by their name that they measure something, and hold numbers."""
    return [n for n, c in table.columns.items() if measure_of(n) and is_numeric(c)]


def run_names(table: Table) -> list[object]:
    """What each run is called: by the first column of names, else by its row."""
    lower = {name.lower(): name for name in reversed(table.columns)}
    for name in NAMES:
        if name in lower:
            names = [name_in(cell) for cell in table.columns[lower[name]]]
            if name == RUN:
                return [*names]
            return [*distinct_names(names, table.places)]
    return [*table.places]
