"""A mapping table: what an export cannot know of its runs, joined to them by name."""

from __future__ import annotations

from itertools import compress

from qqt_bayes.errors import InputError, suggest
from qqt_bayes.importers.sheet import some
from qqt_bayes.tables.cells import name_in
from qqt_bayes.tables.formats import Source, read_table
from qqt_bayes.tables.table import Table


def joined(table: Table, mapping: Source, key: str) -> tuple[Table, list[str]]:
    """A table with the columns of a mapping beside its own, and sentences about what was left out.

    Rows are matched by the column `key` or, where the mapping has none, by all columns that both
    have. Runs without a row of the mapping are left out and named.

    Raises
    ------
    InputError
        If there is nothing to match by, a row of the mapping matches no run, or two match one.

    Examples
    --------
    >>> import pandas as pd
    >>> runs = Table("runs", {"run": ["a", "b"]}, ["row 1", "row 2"])
    >>> whole, said = joined(runs, pd.DataFrame({"run": ["a"], "pool": ["top"]}), "run")
    >>> whole.columns, said
    ({'run': ['a'], 'pool': ['top']}, ['Left out, because the mapping has no row for them: b.'])
    """
    rows = read_table(mapping, "mapping")
    by = [key] if key in rows.columns else [name for name in rows.columns if name in table.columns]
    if not by:
        raise InputError(
            f"{rows.name}: expected a column {key!r} that names the runs, got {some(rows.columns)}"
        )
    for name in rows.columns:
        if name not in by and name in table.columns:
            rows.note(f"column {name!r} is in {table.name}, too; leave it out or rename it")
    rows.distinct("", {name: rows.names(name) for name in by})
    known = dict.fromkeys(_keys(table, by))
    for i, names in enumerate(_keys(rows, by)):
        if names not in known:
            near = suggest(", ".join(names), map(", ".join, known))
            rows.note(f"{rows.places[i]}: no run is called {', '.join(names)!r}{near}")
    rows.check()
    return _beside(table, rows, by)


def _beside(table: Table, rows: Table, by: list[str]) -> tuple[Table, list[str]]:
    position = {names: i for i, names in enumerate(_keys(rows, by))}
    found = [position.get(names, -1) for names in _keys(table, by)]
    kept = [i >= 0 for i in found]
    columns = {name: list(compress(cells, kept)) for name, cells in table.columns.items()}
    for name, cells in rows.columns.items():
        if name not in by:
            columns[name] = [cells[i] for i in found if i >= 0]
    whole = Table(table.name, columns, list(compress(table.places, kept)))
    whole.used.update(by)
    missing = dict.fromkeys(
        ", ".join(names) for names, i in zip(_keys(table, by), found, strict=True) if i < 0
    )
    words = "Left out, because the mapping has no row for them"
    return whole, [f"{words}: {some(missing)}."] if missing else []


def _keys(table: Table, by: list[str]) -> list[tuple[str, ...]]:
    return list(zip(*(map(name_in, table.columns[name]) for name in by), strict=True))
