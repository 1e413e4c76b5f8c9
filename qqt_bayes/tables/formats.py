"""One file, standard input or a DataFrame, as a `Table` of cells, with the faults of its form.

Cells of text are kept as text: a pool may be called "NA". A line that cannot be read is noted, left
out and so refused with the other faults; a file that is no table at all is refused at once.
"""

import gc
import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from os import PathLike
from os.path import isfile
from pathlib import Path

import pandas as pd

from qqt_bayes.errors import InputError
from qqt_bayes.files import LARGEST, content_of
from qqt_bayes.tables import limits
from qqt_bayes.tables.dialects.above import Above
from qqt_bayes.tables.dialects.delimited import read_delimited
from qqt_bayes.tables.dialects.excel import read_excel
from qqt_bayes.tables.dialects.json_files import read_json, read_json_lines
from qqt_bayes.tables.dialects.labelled import table_of
from qqt_bayes.tables.dialects.parquet import read_parquet, rows_from_one
from qqt_bayes.tables.table import Table

type Source = str | PathLike[str] | pd.DataFrame
"""Path of a file that holds a table, "-" for standard input, or a DataFrame."""

PACKED = ".gz"
"""Last ending of a file that is packed; the one before says what it holds."""
GZIP = b"\x1f\x8b"
"""First bytes of such a file."""
STANDARD_INPUT = "-"
"""The path that stands for standard input."""


def read_table(source: Source, role: str, above: Above | None = None) -> Table:
    """Cells of a file or a DataFrame; the faults of single lines are noted in the table.

    Rows are counted from 1; in a text file they are its lines, so a CSV's first row is 2.

    Parameters
    ----------
    source : path or DataFrame
        The end of the name (.csv, .tsv, .parquet, .json, .jsonl, .xlsx) says what a file is; .gz
        may follow. "-" is standard input, whose first bytes say it.
    role : str
        What messages call a DataFrame: "<role> table".
    above : Above, optional
        How the header of a text or a sheet is known that has lines above it.

    Raises
    ------
    InputError
        If the file cannot be read, is empty, or is not what its name says; or if rows are to be
        left out of what has none above its header.

    Examples
    --------
    >>> table = read_table(pd.DataFrame({"pool": ["NA"], "unique_samples": [5]}), "pools")
    >>> table.name, table.places, table.columns
    ('pools table', ['row 1'], {'pool': ['NA'], 'unique_samples': [5]})
    """
    if isinstance(source, pd.DataFrame):
        require_rows_above(f"{role} table", above)
        return _from_frame(source, f"{role} table")
    if not isinstance(source, str | PathLike):
        kind = type(source).__name__
        raise InputError(f"{role} table: expected a path or a DataFrame, got {kind}")
    name, ending, content = _content(source)
    if not content.strip():
        raise InputError(f"{name}: the file is empty")
    with _no_collection():
        if ending in WITH_ROWS_ABOVE:
            table = WITH_ROWS_ABOVE[ending](content, name, above)
        else:
            require_rows_above(name, above)
            table = READERS[ending](content, name)
    if not table.columns and not table.faults:
        raise InputError(f"{name}: the file is empty")
    return table


def require_rows_above(name: str, above: Above | None) -> None:
    """Refuse to leave out rows above the header of what names its columns by itself.

    Raises
    ------
    InputError
        If that is asked for.
    """
    if above is not None and above.skip_rows:
        raise InputError(f"{name}: rows above the header are left out of text and workbooks alone")


@contextmanager
def _no_collection() -> Iterator[None]:
    """Look for no cycles among millions of new cells: it takes as long as making them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _content(source: str | PathLike[str]) -> tuple[str, str, bytes]:
    """Name of a file, the ending that says what it is, and what it holds, unpacked.

    The ending and the kind of a file are checked before anything is read.
    """
    if source == STANDARD_INPUT:
        content, name = sys.stdin.buffer.read(LARGEST + 1), "standard input"
        if len(content) > LARGEST:
            raise InputError(f"{name}: has more than {LARGEST:,} bytes, too many for a table")
        content = _unpacked(content, name, PACKED if content.startswith(GZIP) else "")
        return name, _ending_of(content), content
    path = Path(source)
    *_, before, last = ("", "", *(ending.lower() for ending in path.suffixes))
    kind = before if last == PACKED else last
    if kind not in ENDINGS:
        if not isfile(path):  # then that is what has to be said
            content_of(path)
        expected = ", ".join(ENDINGS)
        raise InputError(
            f"{path}: expected a file whose name ends in {expected}; {PACKED} may follow"
        )
    return str(path), kind, _unpacked(content_of(path), str(path), last)


def _unpacked(content: bytes, name: str, ending: str) -> bytes:
    """Content of a file that is packed with gzip, as its ending or its first bytes say."""
    if ending != PACKED:
        return content
    try:
        with gzip.open(BytesIO(content)) as file:  # no further than the limit: it may hold anything
            unpacked = file.read(limits.MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{name}: not a readable gzip archive: {error}") from None
    limits.check_bytes(name, len(unpacked))
    return unpacked


def _ending_of(content: bytes) -> str:
    """The ending that a file with this content should have."""
    for magic, ending in {b"PAR1": ".parquet", b"PK\x03\x04": ".xlsx"}.items():
        if content.startswith(magic):
            return ending
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return ".json" if start in (b"[", b"{") else ".csv"


def _from_frame(frame: pd.DataFrame, name: str) -> Table:
    if any(label is not None for label in frame.index.names):
        frame = frame.reset_index(allow_duplicates=True)
    limits.check_cells(name, *frame.shape)
    columns = [frame.iloc[:, i].tolist() for i in range(frame.shape[1])]
    return table_of(name, frame.columns, columns, rows_from_one(len(frame)))


WITH_ROWS_ABOVE: dict[str, Callable[[bytes, str, Above | None], Table]] = {
    ".csv": read_delimited,
    ".tsv": partial(read_delimited, usual="\t"),
    ".tab": partial(read_delimited, usual="\t"),
    ".xlsx": read_excel,
    ".xlsm": read_excel,
}
"""What reads a file that may have lines above its header, by the ending of its name."""
READERS: dict[str, Callable[[bytes, str], Table]] = {
    ".parquet": read_parquet,
    ".pq": read_parquet,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_json,
}
"""What reads the others."""
ENDINGS = (
    ".csv",
    ".parquet",
    ".pq",
    ".jsonl",
    ".ndjson",
    ".tsv",
    ".tab",
    ".json",
    ".xlsx",
    ".xlsm",
)
"""All of them, the usual ones first."""
