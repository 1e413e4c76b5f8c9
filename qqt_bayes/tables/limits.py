"""How large a table may be that is read: a small file must not ask for all memory, or for hours.

Packed text, repeated cells and rows with keys of their own can all claim far more than their file
holds.  What is beyond a limit is refused with what was found, the limit and what can be done.
"""

from __future__ import annotations

from qqt_bayes.errors import InputError

MAX_BYTES = 2**29
"""Bytes that a packed file may hold, and text that repeated cells may stand for: a million rows
have 50 to 400 million."""
MAX_CELLS = 50_000_000
"""Cells of one table, empty ones counted: a million rows of fifty columns. Each takes some 60 bytes
of memory."""
MAX_COLUMNS = 20_000
"""Columns of one table; a sheet of Excel has at most 16,384."""
DENSE_CELLS, LEAST_FILLED = 5_000_000, 0.01
"""Of a table with more cells such a share must be filled: rows with a key of their own each
would take the square of their number."""
MAX_COMPOSITION = 25_000_000
"""Training sets times pools: 5,000 of each."""
MAX_DEPTH = 100
"""Lists and objects in each other in one JSON value; no table has any, tools' records up to ten."""

TOO_DEEP = f"lists or objects stand in each other more than {MAX_DEPTH} deep"
"""What a JSON value is that is nested further than anything that describes a run."""


def check_bytes(name: str, size: int, what: str = "unpacked it holds") -> None:
    """Refuse a file that holds more bytes than a table should.

    Parameters
    ----------
    name : str
        What the message calls the file.
    size : int
        Bytes, or one more than the limit where nobody counted further.
    what : str
        How the bytes come about, as the start of the sentence.

    Examples
    --------
    >>> check_bytes("runs.csv.gz", 2**40)
    Traceback (most recent call last):
        ...
    qqt_bayes.errors.InputError: runs.csv.gz: unpacked it holds more than 512 MiB, the most that \
is read; leave out columns that are not needed, or write it as several tables
    """
    if size > MAX_BYTES:
        raise InputError(
            f"{name}: {what} more than {_in_mib(MAX_BYTES)}, the most that is read; leave out "
            "columns that are not needed, or write it as several tables"
        )


def check_cells(name: str, rows: int, columns: int, filled: int | None = None) -> None:
    """Refuse a table of too many cells, before they are made.

    Parameters
    ----------
    name : str
        What the message calls the table.
    rows, columns : int
    filled : int, optional
        Cells that hold something, where the others would be made for them.

    Examples
    --------
    >>> check_cells("runs.jsonl", 15_000, 15_000, filled=30_000)
    Traceback (most recent call last):
        ...
    qqt_bayes.errors.InputError: runs.jsonl: has 15,000 rows and 15,000 columns, of whose \
225,000,000 cells 30,000 hold anything: expected rows that share their columns; leave out columns \
that are not needed, or name what differs in one column
    """
    size = f"has {rows:,} rows and {columns:,} columns"
    less = "leave out columns that are not needed, or"
    if columns > MAX_COLUMNS:
        raise InputError(
            f"{name}: {size}; the most columns that are read are {MAX_COLUMNS:,}: {less} write a "
            "row for each run instead of a column"
        )
    cells = rows * columns
    if filled is not None and cells > DENSE_CELLS and filled < LEAST_FILLED * cells:
        raise InputError(
            f"{name}: {size}, of whose {cells:,} cells {filled:,} hold anything: expected rows "
            f"that share their columns; {less} name what differs in one column"
        )
    if cells > MAX_CELLS:
        raise InputError(
            f"{name}: {size}, so {cells:,} cells; the most that are read are {MAX_CELLS:,}: {less} "
            "write it as several tables"
        )


def check_composition(name: str, sets: int, pools: int) -> None:
    """Refuse training sets and pools of which no table of one against the other can be held.

    Examples
    --------
    >>> check_composition("runs.csv", 10**6, 10**6)
    Traceback (most recent call last):
        ...
    qqt_bayes.errors.InputError: runs.csv: names 1,000,000 training sets and 1,000,000 pools; one \
times the other may be at most 25,000,000: is the column of pools (or data) one of names that \
differ from run to run?
    """
    if sets * pools > MAX_COMPOSITION:
        raise InputError(
            f"{name}: names {sets:,} training sets and {pools:,} pools; one times the other may be "
            f"at most {MAX_COMPOSITION:,}: is the column of pools (or data) one of names that "
            "differ from run to run?"
        )


def is_too_deep(value: object) -> bool:
    """Whether a JSON value is nested further than `MAX_DEPTH`; counted without recursion.

    Examples
    --------
    >>> is_too_deep({"a": [1, {"b": 2}]})
    False
    """
    layer = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        inside = [each.values() if isinstance(each, dict) else each for each in layer]
        layer = [part for group in inside for part in group if isinstance(part, dict | list)]
        if not layer:
            return False
    return True


def _in_mib(size: int) -> str:
    """Bytes in words."""
    return f"{size / 2**20:.6g} MiB"
