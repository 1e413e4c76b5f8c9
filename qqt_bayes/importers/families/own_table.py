"""A table of runs under names of its own, metrics across: a row for each run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import compress

from qqt_bayes.importers.draft import Options
from qqt_bayes.importers.meanings import MEASURES, likely, measure_of
from qqt_bayes.importers.sheet import RUN, Sheet, distinct_names, fractions_of, is_numeric, some
from qqt_bayes.importers.sources import Found
from qqt_bayes.tables.cells import name_in
from qqt_bayes.tables.intake.gaps import unfinished
from qqt_bayes.tables.table import Table

READS = "a table with a row for each run, under names of its own, one or many metrics across"
NAMES = ("run", "run_name", "name", "model_fullname", "model_name", "id", "uuid", "model")
MIXTURES = ("mix", "mixture", "data", "config", "index", "column 1")
"""Columns that name a mixture, if none of those does."""
"""Columns that name a run, in small letters."""


def recognise(found: Found, options: Options) -> Sheet | None:
    """A table in which a column measures runs, by its name or because the user says so."""
    table = found.table
    if table is None or not (_is_told(options) or _measures(table) or _is_of_runs(table)):
        return None
    columns = {RUN: run_names(table), **{n: c for n, c in table.columns.items() if n != RUN}}
    whole = Table(table.name, columns, table.places)
    named = [name for name in table.columns if name.lower() in NAMES]
    taken = {product.column for product in options.columns.values()}
    said = _leave_out(whole, taken)
    return Sheet("a table with a row for each run", whole, said, read=named[:1])


def _leave_out(table: Table, taken: Collection[str]) -> list[str]:
    """Leave out runs that crashed or were killed, by a column that the user has not taken."""
    said = []
    for column in [name for name in unfinished(table) if name not in taken]:
        failed = unfinished(table).get(column)  # another column may have left rows out by now
        if failed is not None:
            names = compress(map(name_in, table.columns[RUN]), failed)
            said.append(f"Left out, because {column!r} says that they failed: {some(names)}.")
            table.keep(~failed)
    return said


def _is_told(options: Options) -> bool:
    return bool(options.metric or set(options.columns) & set(MEASURES))


def _measures(table: Table) -> list[str]:
    """Columns in the words of a table of runs, and others that mean the same and hold numbers."""
    return [
        name
        for name, cells in table.columns.items()
        if name in MEASURES or (measure_of(name) and is_numeric(cells))
    ]


def _is_of_runs(table: Table) -> bool:
    """Whether a column holds rates, and another says by its name what runs were or saw."""
    told = ("samples_seen", "steps", "epochs", "unique_samples", "pool")
    return bool(fractions_of(table)) and any(likely(table.columns, meaning) for meaning in told)


def run_names(table: Table, names: Sequence[str] = NAMES) -> list[object]:
    """What each run is called: by the first column of names, else by its row."""
    lower = {name.lower(): name for name in reversed(table.columns)}
    for name in names:
        if name in lower:
            found = [name_in(cell) for cell in table.columns[lower[name]]]
            return [*found] if name == RUN else [*distinct_names(found, table.places)]
    return [*table.places]
