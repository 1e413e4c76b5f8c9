"""What lies at a path: a table of cells, a JSON document, or a folder of files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import pandas as pd

from qqt_bayes.errors import InputError, fault_list, suggest
from qqt_bayes.importers.nested import columns_of, flat, parsed
from qqt_bayes.tables.formats import read_table
from qqt_bayes.tables.table import Table

JSON = (".json", ".jsonl", ".ndjson")
"""Ends of the names of files that may hold a JSON document."""
LARGEST_FILE = 500_000_000
"""Bytes of a file that is read: results are smaller, checkpoints and shards larger."""


@dataclass(frozen=True)
class Found:
    """What lies at a path; exactly one of table, documents and folder is there.

    Parameters
    ----------
    name : str
        The path, as messages call it.
    table : Table, optional
        Cells of a table whose faults of form have been raised.
    documents : mapping of Path to object
        JSON documents by file: one for a file, those of a folder.
    folder : Path, optional
    said : list of str
    """

    name: str
    table: Table | None = None
    documents: dict[Path, object] = field(default_factory=dict)
    folder: Path | None = None
    said: tuple[str, ...] = ()


def find(source: str | PathLike[str] | pd.DataFrame) -> Found:
    """Read what lies at a path.

    Raises
    ------
    InputError
        If nothing is there, or it is damaged: with the row where that shows.
    """
    if isinstance(source, pd.DataFrame):
        return Found("table", table=checked(read_table(source, "given")))
    if not isinstance(source, str | PathLike):
        kind = type(source).__name__
        raise InputError(f"source: expected a path or a DataFrame, got {kind}")
    path = Path(source)
    try:
        if path.is_dir():
            return Found(str(path), folder=path)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise InputError(f"{str(path)!r}: cannot be read: {error}") from None
    if path.suffix.lower() in JSON:
        return _json(path)
    return Found(str(path), table=checked(read_table(path, "given")))


def _json(path: Path) -> Found:
    """A JSON file: a document, whatever its name says, or else lines of records."""
    content = text_of(path)
    document = _loaded(content)
    if document is not None:
        lines = path.suffix.lower() != ".json" and "\n" in content.strip()
        said = (f"{path} is one JSON document, not JSON Lines as its name says.",) if lines else ()
        return Found(str(path), documents={path: document}, said=said)
    if path.suffix.lower() == ".json":
        return Found(str(path), documents={path: read_json(path)})
    return Found(str(path), table=checked(read_table(path, "given")))


def checked(table: Table) -> Table:
    """A table after its faults of form have been raised, records in its cells laid flat."""
    table.check()
    columns = {name: [parsed(cell) for cell in cells] for name, cells in table.columns.items()}
    if not any(isinstance(cell, dict | list) for cells in columns.values() for cell in cells):
        return table
    records = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return Table(table.name, columns_of([flat(record) for record in records]), table.places)


def _loaded(content: str) -> object:
    try:
        document: object = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict | list) else None


def documents_in(folder: Path, pattern: str) -> dict[Path, object]:
    """The JSON documents of a folder, and of those in it.

    Raises
    ------
    InputError
        With all files that are damaged.
    """
    documents: dict[Path, object] = {}
    faults = []
    for path in sorted(folder.glob(pattern)):
        if not path.is_file():
            continue
        try:
            documents[path] = read_json(path)
        except InputError as error:
            faults.append(str(error))
    if faults:
        raise InputError(fault_list(str(folder), faults, len(faults)))
    return documents


def read_json(path: Path) -> object:
    """One JSON document.

    Raises
    ------
    InputError
        If the file cannot be read or is no JSON, with the row where that shows.
    """
    content = text_of(path)
    try:
        document: object = json.loads(content)
    except json.JSONDecodeError as error:
        where = f"row {error.lineno}, character {error.colno}"
        raise InputError(f"{path}: {where}: not valid JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:  # endless digits or brackets
        raise InputError(f"{path}: not valid JSON: {error}") from None
    return document


def text_of(path: Path) -> str:
    """Text of a file.

    Raises
    ------
    InputError
        If it cannot be read, is empty, or is no text.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise OSError(f"it has more than {LARGEST_FILE:,} bytes, too many for results")
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        near = suggest(path.name, [other.name for other in path.parent.glob("*")])
        raise InputError(f"{path}: no such file{near}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; save the file as UTF-8") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read: {reason}") from None
    if not text.strip():
        raise InputError(f"{path}: the file is empty")
    return text
