"""What lies at a path: a table of cells, a JSON document, or a folder of files."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from qqt_bayes.errors import InputError, fault_list
from qqt_bayes.files import content_of
from qqt_bayes.importers.needs import GIVEN
from qqt_bayes.progress import track
from qqt_bayes.tables.cells import is_text
from qqt_bayes.tables.dialects.above import Above
from qqt_bayes.tables.formats import Source, read_table, require_rows_above
from qqt_bayes.tables.limits import check_cells
from qqt_bayes.tables.table import Table

JSON = (".json", ".jsonl", ".ndjson")
"""Ends of the names of files that may hold a JSON document."""
DECIMAL = re.compile(r"\s*[+-]?\d+,\d+(e[+-]?\d+)?\s*", re.ASCII | re.IGNORECASE)
"""A number with a decimal comma, in a table that has these."""
MOST_FILES = 10_000
"""Documents of a folder that are read."""
LARGEST_FILE = 500_000_000
"""Bytes of a file that is read: results are smaller, checkpoints and shards larger."""
DEEPEST = 12
"""Levels of nesting that are read; what lies deeper is left as one cell."""
MOST_FIELDS = 5000
"""Fields of one record that are read: beyond it a document is data, not a description of a run."""


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


def find(source: str | PathLike[str] | pd.DataFrame, skip_rows: int | None = None) -> Found:
    """Read what lies at a path.

    Parameters
    ----------
    source : path or DataFrame
    skip_rows : int, optional
        Rows above the header of a table, which are left out.

    Raises
    ------
    InputError
        If nothing is there, or it is damaged: with the row where that shows; or if rows are to be
        left out of what is no text and no sheet.
    """
    above = Above(skip_rows, lambda _: False)  # of a foreign table no name is known
    if isinstance(source, pd.DataFrame):
        return _table(source, GIVEN, above)
    if not isinstance(source, str | PathLike):
        kind = type(source).__name__
        raise InputError(f"source: expected a path or a DataFrame, got {kind}")
    path = Path(source)
    try:
        if path.is_dir():
            require_rows_above(str(path), above)
            return Found(str(path), folder=path)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise InputError(f"{str(path)!r}: cannot be read: {error}") from None
    if path.suffix.lower() in JSON:
        require_rows_above(str(path), above)
        return _json(path)
    return _table(path, str(path), above)


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
    return _table(path, str(path))


def _table(source: Source, name: str, above: Above | None = None) -> Found:
    """A table, with what of its form has to be said."""
    table = read_table(source, "given", above)
    said = []
    if table.skipped:
        said.append(f"Rows above the header, left out: {'; '.join(table.skipped)}.")
    if table.decimal_commas:
        said.append("Decimals stand behind commas.")
        table = replace(table, columns=_with_points(table.columns), decimal_commas=False)
    return Found(name, table=checked(table), said=tuple(said))


def _with_points(columns: Mapping[str, Sequence[object]]) -> dict[str, list[object]]:
    """Cells with a decimal point where they have a decimal comma.

    Examples
    --------
    >>> _with_points({"error": ["0,769", "1", "a,b", None]})
    {'error': ['0.769', '1', 'a,b', None]}
    """
    return {
        name: [
            cell.replace(",", ".") if isinstance(cell, str) and DECIMAL.fullmatch(cell) else cell
            for cell in cells
        ]
        for name, cells in columns.items()
    }


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
    paths = [path for path in sorted(folder.glob(pattern)) if path.is_file()]
    if len(paths) > MOST_FILES:
        raise InputError(f"{folder}: expected at most {MOST_FILES:,} files, got {len(paths):,}")
    for path in track(paths, "Reading documents"):
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
        text = content_of(path, LARGEST_FILE).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; save the file as UTF-8") from None
    if not text.strip():
        raise InputError(f"{path}: the file is empty")
    return text


def flat(record: Mapping[Any, object]) -> dict[str, object]:
    """A nested record as one level of cells; of lists only records and single words are kept.

    Examples
    --------
    >>> flat({"name": "a", "hyper": {"lr": 0.1, "tags": ["x"]}, "results": [{"loss": 3.2}]})
    {'name': 'a', 'hyper.lr': 0.1, 'hyper.tags': 'x', 'results[0].loss': 3.2}
    """
    cells: dict[str, object] = {}
    todo: list[tuple[str, object, int]] = [("", record, 0)]
    while todo and len(cells) < MOST_FIELDS:
        name, value, depth = todo.pop()
        if isinstance(value, Mapping) and depth < DEEPEST:
            items = [(f"{name}.{key}" if name else str(key), inner) for key, inner in value.items()]
        elif isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
            cells[name] = value[0] if is_text(value[0]) else None
            continue
        elif isinstance(value, list) and depth < DEEPEST:
            items = [
                (f"{name}[{i}]", inner)
                for i, inner in enumerate(value)
                if isinstance(inner, Mapping)
            ]
        else:
            cells[name] = value if is_plain(value) else None
            continue
        todo += [(inner_name, inner, depth + 1) for inner_name, inner in reversed(items)]
    return cells


def is_plain(value: object) -> bool:
    """Whether a value can be a cell: a number, a text that any file can hold, or nothing."""
    if isinstance(value, str):
        return is_text(value)
    return value is None or isinstance(value, bool | int | float)


def parsed(cell: object) -> object:
    """A cell that is a record written as text, as JSON or as Python prints it, else the cell.

    Examples
    --------
    >>> parsed('{"lr": 0.1}'), parsed("{'lr': 0.1, 'x': None}"), parsed("{broken")
    ({'lr': 0.1}, {'lr': 0.1, 'x': None}, '{broken')
    """
    if not isinstance(cell, str) or not cell.strip().startswith("{"):
        return cell
    for read in (json.loads, ast.literal_eval):
        try:
            record = read(cell.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        if isinstance(record, Mapping):
            return record
    return cell


def columns_of(records: Sequence[Mapping[str, object]]) -> dict[str, list[object]]:
    """Records as columns, in order of appearance; what a record does not have is empty.

    Raises
    ------
    InputError
        If nearly all cells would be empty, as each record has keys of its own.
    """
    names = dict.fromkeys(name for record in records for name in record)
    check_cells("the records", len(records), len(names), filled=sum(map(len, records)))
    return {name: [record.get(name) for record in records] for name in names}
