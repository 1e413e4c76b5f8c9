"""One file, or one DataFrame, as a `Table` of cells, with the faults of its form.

CSV cells are kept as text: a pool may be called "NA". A line that cannot be read is noted, left out
and so refused with the other faults; a file that is no table at all is refused at once.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path
from reprlib import repr as shown

import pandas as pd

from qqt_bayes.errors import InputError, suggest
from qqt_bayes.tables.cells import is_empty, is_text, name_in
from qqt_bayes.tables.table import Table

type Source = str | PathLike[str] | pd.DataFrame
"""Path of a CSV, Parquet or JSON Lines file, or a DataFrame."""

DISGUISED = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
}
"""First bytes of binary files that come under the name of a text file, with what they are."""

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
"""What other programs put between the cells of a line, in words."""


def read_table(source: Source, role: str) -> Table:
    """Cells of a file or a DataFrame; the faults of single lines are noted in the table.

    Rows are counted from 1; in a text file they are its lines, so a CSV's first row is 2.

    Parameters
    ----------
    source : path or DataFrame
        The end of the name (.csv, .parquet, .pq, .jsonl, .ndjson) says what a file is.
    role : str
        What messages call a DataFrame: "<role> table".

    Raises
    ------
    InputError
        If the file cannot be read, is empty, or is not what its name says.

    Examples
    --------
    >>> table = read_table(pd.DataFrame({"pool": ["NA"], "unique_samples": [5]}), "pools")
    >>> table.name, table.places, table.columns
    ('pools table', ['row 1'], {'pool': ['NA'], 'unique_samples': [5]})
    """
    if isinstance(source, pd.DataFrame):
        return _from_frame(source, f"{role} table")
    if not isinstance(source, str | PathLike):
        kind = type(source).__name__
        raise InputError(f"{role} table: expected a path or a DataFrame, got {kind}")
    path = Path(source)
    content = _bytes(path)
    if path.suffix.lower() not in READERS:
        expected = ", ".join(READERS)
        raise InputError(f"{path}: expected a file whose name ends in {expected}")
    if not content.strip():
        raise InputError(f"{path}: the file is empty")
    table = READERS[path.suffix.lower()](content, str(path))
    if not table.columns and not table.faults:
        raise InputError(f"{path}: the file is empty")
    return table


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        near = suggest(path.name, [other.name for other in path.parent.glob("*")])
        raise InputError(f"{path}: no such file{near}") from None
    except IsADirectoryError:
        raise InputError(f"{path}: expected a file, got a folder") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read: {reason}") from None


def _text(content: bytes, name: str) -> str:
    for magic, kind in DISGUISED.items():
        if content.startswith(magic):
            raise InputError(f"{name}: expected text, got {kind}")
    try:
        text = content.decode("utf-8-sig")
        wrong = text.find("\0")
    except UnicodeDecodeError as error:
        wrong = error.start
    if wrong >= 0:
        row = content.count(b"\n", 0, wrong) + 1
        raise InputError(f"{name}: row {row} is not UTF-8 text; save the file as UTF-8")
    return text


def _table(
    name: str, header: Iterable[object], columns: Iterable[Iterable[object]], places: list[str]
) -> Table:
    table = Table(name, {}, places)
    for i, (column, cells) in enumerate(zip(header, columns, strict=True), start=1):
        label = name_in(column) or f"column {i}"
        if label in table.columns:
            table.note(f"column {label!r} occurs more than once")
        else:
            table.columns[label] = list(cells)
    if table.columns and not places:
        table.note("has columns but no rows")
    return table


def _from_csv(content: bytes, name: str) -> Table:
    lines = csv.reader(io.StringIO(_text(content, name), newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    row = 1
    try:
        for cells in lines:
            if len(cells) > 1 or not is_empty("".join(cells)):
                records.append((row, cells))
            row = lines.line_num + 1
    except csv.Error as error:
        raise InputError(f"{name}: row {row} is not valid CSV: {error}") from None
    while records and is_empty("".join(records[-1][1])):  # the empty rows of a spreadsheet
        records.pop()
    _, header = records.pop(0) if records else (0, [])
    for separator, word in SEPARATORS.items():
        if len(header) == 1 and separator in header[0]:
            raise InputError(f"{name}: expected commas between the columns, got {word}")
    whole = [(row, cells) for row, cells in records if len(cells) == len(header)]
    columns = zip(*(cells for _, cells in whole), strict=True) if whole else [[] for _ in header]
    table = _table(name, header, columns, [f"row {row}" for row, _ in whole])
    for row, cells in records:
        if len(cells) != len(header):
            expected = f"expected {len(header)} cells as in the header, got {len(cells)}"
            table.note(f"row {row}: {expected}; a cell with a comma in it needs quotes")
    return table


def _from_json_lines(content: bytes, name: str) -> Table:
    records: dict[str, dict[str, object]] = {}
    faults = []
    for row, line in enumerate(_text(content, name).split("\n"), start=1):
        if is_empty(line):
            continue
        try:
            record = json.loads(line, object_pairs_hook=_distinct_keys)
        except json.JSONDecodeError as error:
            faults.append(f"row {row}: not valid JSON: {error.msg} (character {error.colno})")
            continue
        except (ValueError, RecursionError) as error:  # repeated keys, endless digits or brackets
            faults.append(f"row {row}: not valid JSON: {error}")
            continue
        if not isinstance(record, dict):
            faults.append(f"row {row}: expected a JSON object, got {shown(record)}")
        elif not is_text(json.dumps(record, ensure_ascii=False)):
            faults.append(f"row {row}: not valid JSON: half of a surrogate pair")
        else:
            records[f"row {row}"] = record
    header = list(dict.fromkeys(key for record in records.values() for key in record))
    columns = ([record.get(key) for record in records.values()] for key in header)
    table = _table(name, header, columns, list(records))
    for fault in faults:
        table.note(fault)
    return table


def _distinct_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = dict(pairs)
    if len(keys) < len(pairs):
        raise ValueError("a key occurs more than once")
    return keys


def _from_parquet(content: bytes, name: str) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        arrow = pq.ParquetFile(pa.BufferReader(content)).read()
        columns = [column.to_pylist() for column in arrow.columns]
    except Exception as error:  # a damaged file can make pyarrow raise anything
        reason = str(error).partition("\n")[0]
        raise InputError(f"{name}: not a readable Parquet file: {reason}") from None
    return _table(name, arrow.column_names, columns, _count(arrow.num_rows))


def _from_frame(frame: pd.DataFrame, name: str) -> Table:
    if any(label is not None for label in frame.index.names):
        frame = frame.reset_index(allow_duplicates=True)
    columns = [frame.iloc[:, i].tolist() for i in range(frame.shape[1])]
    return _table(name, frame.columns, columns, _count(len(frame)))


def _count(rows: int) -> list[str]:
    return [f"row {row}" for row in range(1, rows + 1)]


READERS: dict[str, Callable[[bytes, str], Table]] = {
    ".csv": _from_csv,
    ".parquet": _from_parquet,
    ".pq": _from_parquet,
    ".jsonl": _from_json_lines,
    ".ndjson": _from_json_lines,
}
