"""JSON documents: one that describes a run, or many; or a folder of them, one for each run."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from qqt_bayes.errors import MAX_SHOWN
from qqt_bayes.importers.draft import Options
from qqt_bayes.importers.families.own_table import run_names
from qqt_bayes.importers.sheet import RUN, Sheet, counted
from qqt_bayes.importers.sources import Found, columns_of, documents_in, flat
from qqt_bayes.tables.table import Table

READS = "a JSON document of one run or of many, or a folder of such documents"
ELEMENT = re.compile(r"(?P<element>(?P<list>[^\[\]]+)\[\d+\])\.(?P<field>[^\[\]]+)")
"""Name of a field of an element of a list, laid flat."""
ROWS = ("runs", "rows", "records", "experiments", "trainings", "models", "data")
"""Keys of a document under which its runs may lie as a list."""


def recognise(found: Found, options: Options) -> Sheet | None:
    """Records with all that is nested in them laid flat, one for each run."""
    documents = found.documents
    if found.folder is not None:
        documents = documents_in(found.folder, "**/*.json")
    records = [
        (name, place, flat(record))
        for path, document in documents.items()
        for name, place, record in _records(path, document)
    ]
    if not any(cells for _, _, cells in records):
        return None
    columns = columns_of([cells for _, _, cells in records])
    columns = {name: c for name, c in columns.items() if any(cell is not None for cell in c)}
    places = [place for _, place, _ in records]
    names = run_names(Table(found.name, columns, [name for name, _, _ in records]))
    table = Table(found.name, {RUN: names} | {n: c for n, c in columns.items() if n != RUN}, places)
    files = counted(len(documents), "JSON document")
    said = _told_apart(records[0][2])
    return Sheet(files if len(documents) > 1 else "a JSON document", table, said)


def _told_apart(record: Mapping[str, object]) -> list[str]:
    """What the elements of each list in a record are of, so that one can be chosen.

    Examples
    --------
    >>> _told_apart({"results[0].loss": 3, "results[0].on": "c4", "results[1].on": "pile"})
    ["By 'on', results[0] is of 'c4', results[1] of 'pile'."]
    """
    fields: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for name, value in record.items():
        match = ELEMENT.fullmatch(name)
        if match and isinstance(value, str):
            fields[match["list"], match["field"]][match["element"]] = value
    said: dict[str, str] = {}
    for (of_list, field), values in fields.items():
        if of_list not in said and 1 < len(values) == len(set(values.values())):
            first, *others = values.items()
            words = [f"{first[0]} is of {first[1]!r}", *(f"{n} of {v!r}" for n, v in others)]
            said[of_list] = f"By {field!r}, {', '.join(words[:MAX_SHOWN])}."
    return list(said.values())


def _records(path: Path, document: object) -> list[tuple[str, str, Mapping[str, object]]]:
    """The runs that a document describes: name, place in words, and record."""
    if isinstance(document, Mapping):
        if table := _columnar(document):
            return [(f"{path.stem} {i}", f"record {i}", row) for i, row in enumerate(table, 1)]
        for key in ROWS:
            rows = document.get(key)
            if isinstance(rows, list) and rows and all(isinstance(r, Mapping) for r in rows):
                return _records(path, rows)
        if _are_runs(document):
            return [
                (str(k), f"record {k!r}", {"name": str(k)} | dict(v)) for k, v in document.items()
            ]
        return [(path.stem, path.name, document)]
    if isinstance(document, list):
        return [
            (f"{path.stem} {i}", f"record {i}", record)
            for i, record in enumerate(document, start=1)
            if isinstance(record, Mapping)
        ]
    return []


def _are_runs(document: Mapping[str, object]) -> bool:
    """Whether a document holds records of one form by the names of runs, and nothing else."""
    records = [value for value in document.values() if isinstance(value, Mapping)]
    if len(records) < max(2, len(document)):
        return False
    common = set(records[0]).intersection(*records[1:])
    return 2 * len(common) > max(map(len, records))


def _columnar(document: Mapping[str, object]) -> list[dict[str, object]]:
    """Rows of a document that holds columns, as pandas writes them in two of its forms."""
    names, data = document.get("columns"), document.get("data")
    if isinstance(names, list) and isinstance(data, list):
        rows = [row for row in data if isinstance(row, list) and len(row) == len(names)]
        return [dict(zip(map(str, names), row, strict=True)) for row in rows]
    columns = {str(k): v for k, v in document.items() if isinstance(v, Mapping)}
    if not columns or len(columns) < len(document):
        return []
    keys = [list(column) for column in columns.values()]
    if (
        not keys[0]
        or any(k != keys[0] for k in keys)
        or not all(map(str.isdigit, map(str, keys[0])))
    ):
        return []
    return [{name: column[key] for name, column in columns.items()} for key in keys[0]]
