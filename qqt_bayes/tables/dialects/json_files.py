"""JSON Lines and JSON documents as a `Table` of cells.

A document is read where it plainly is a table: a list of records, or columns as pandas writes
them. Lines that cannot be read are noted, so that they are refused with the other faults.
"""

import json
from reprlib import repr as shown
from typing import Any

from qqt_bayes.errors import InputError
from qqt_bayes.tables.cells import is_empty, is_text
from qqt_bayes.tables.dialects.delimited import text_of
from qqt_bayes.tables.dialects.labelled import table_of
from qqt_bayes.tables.limits import TOO_DEEP, check_cells, is_too_deep
from qqt_bayes.tables.table import Table

NESTED = (
    "one JSON document, not {}: name the fields of each run in a table with one row a run; "
    "`qqt import` makes that of documents it knows"
)
"""What a document is that is no table."""


def read_json_lines(content: bytes, name: str) -> Table:
    """Cells of a file with an object on each line.

    Examples
    --------
    >>> read_json_lines(b'{"pool": "a"}', "pools.jsonl").columns
    {'pool': ['a']}
    """
    text = text_of(content, name)
    records: dict[str, dict[str, object]] = {}
    faults = []
    for row, line in enumerate(text.split("\n"), start=1):
        if is_empty(line):
            continue
        try:
            record = json.loads(line, object_pairs_hook=_distinct_keys)
        except (ValueError, RecursionError) as error:
            faults.append(f"row {row}: not valid JSON: {_reason(error)}")
            continue
        if is_too_deep(record):
            faults.append(f"row {row}: {TOO_DEEP}")
        elif not isinstance(record, dict):
            faults.append(f"row {row}: expected a JSON object, got {shown(record)}")
        elif not is_text(json.dumps(record, ensure_ascii=False)):
            faults.append(f"row {row}: not valid JSON: half of a surrogate pair")
        else:
            records[f"row {row}"] = record
    if len(faults) > 1 and _is_document(text):
        raise InputError(f"{name}: {NESTED.format('JSON Lines')}")
    table = _table(name, list(records.values()), list(records))
    for fault in faults:
        table.note(fault)
    return table


def read_json(content: bytes, name: str) -> Table:
    """Cells of a JSON document that is a table, or of JSON Lines under its name.

    Raises
    ------
    InputError
        If it is not JSON, or a document of another form.

    Examples
    --------
    >>> read_json(b'[{"pool": "a", "error": 0.5}, {"pool": "b"}]', "runs.json").columns
    {'pool': ['a', 'b'], 'error': [0.5, None]}
    """
    text = text_of(content, name)
    try:
        document = json.loads(text, object_pairs_hook=_distinct_keys)
    except (ValueError, RecursionError) as error:
        if _first_is_object(text):
            return read_json_lines(content, name)
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(f"{name}: not valid JSON: {_reason(error)}{where}") from None
    if is_too_deep(document):
        raise InputError(f"{name}: {TOO_DEEP}")
    if not is_text(json.dumps(document, ensure_ascii=False)):
        raise InputError(f"{name}: not valid JSON: half of a surrogate pair, or a zero character")
    records = _records(document)
    if records is None:
        raise InputError(f"{name}: {NESTED.format('a table')}")
    return _table(name, records, [f"row {row}" for row in range(1, len(records) + 1)])


def _records(document: Any) -> list[dict[str, object]] | None:
    """Records of a list of objects, of columns as lists or objects, or of pandas' "split"."""
    if isinstance(document, list):
        whole = bool(document) and all(isinstance(record, dict) for record in document)
        return document if whole else None
    if not isinstance(document, dict):
        return None
    if len(document) == 1 or document.keys() == {"schema", "data"}:  # pandas' "table"
        inner = list(document.values())[-1]
        return _records(inner) if isinstance(inner, list) else None
    if document.keys() >= {"columns", "data"} and isinstance(document["data"], list):
        return _rows(document["columns"], document["data"])
    return _columns(document)


def _columns(document: dict[str, Any]) -> list[dict[str, object]] | None:
    """Records of columns that are lists of one length, or objects with the same keys."""
    columns = list(document.values())
    if columns and all(isinstance(cells, dict) and cells for cells in columns):
        index = [list(cells) for cells in columns]
        columns = [list(cells.values()) for cells in columns]
    elif columns and all(isinstance(cells, list) and cells for cells in columns):
        index = [[len(cells)] for cells in columns]
    else:
        return None
    nested = any(isinstance(cell, dict | list) for cells in columns for cell in cells)
    if nested or any(keys != index[0] for keys in index):
        return None
    return [dict(zip(document, row, strict=True)) for row in zip(*columns, strict=True)]


def _rows(header: Any, rows: list[Any]) -> list[dict[str, object]] | None:
    """Records of rows without names, if all are as long as the header."""
    names = isinstance(header, list) and all(isinstance(name, str) for name in header)
    if not names or not all(isinstance(row, list) and len(row) == len(header) for row in rows):
        return None
    return [dict(zip(header, row, strict=True)) for row in rows]


def _table(name: str, records: list[dict[str, object]], places: list[str]) -> Table:
    header = list(dict.fromkeys(key for record in records for key in record))
    check_cells(name, len(records), len(header), filled=sum(map(len, records)))
    return table_of(
        name, header, ([record.get(key) for record in records] for key in header), places
    )


def _is_document(text: str) -> bool:
    """Whether all of a text together is JSON, with more than one line to a value."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _first_is_object(text: str) -> bool:
    """Whether the first line is an object of its own, so that others may follow."""
    try:
        return isinstance(json.loads(text.strip().partition("\n")[0]), dict)
    except (ValueError, RecursionError):
        return False


def _reason(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (character {error.colno})"
    if isinstance(error, RecursionError):
        return TOO_DEEP
    return str(error)  # repeated keys, endless digits


def _distinct_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = dict(pairs)
    if len(keys) < len(pairs):
        raise ValueError("a key occurs more than once")
    return keys
