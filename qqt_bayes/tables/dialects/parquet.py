"""Parquet files as a `Table` of cells, after a look at what their columns would unpack to.

Parquet writes a value that repeats once, with how often it does: a file of some hundred bytes can
stand for more than any memory holds.
"""

from __future__ import annotations

from typing import Any

from qqt_bayes.errors import InputError
from qqt_bayes.tables.dialects.labelled import table_of
from qqt_bayes.tables.limits import check_bytes, check_cells
from qqt_bayes.tables.table import Table

UNREAD = ["..."]
"""Stands for the cells of lists, which no column that is needed may hold."""


def read_parquet(content: bytes, name: str) -> Table:
    """Cells of a Parquet file.

    Raises
    ------
    InputError
        If it cannot be read, or would unpack to more than a table should hold.
    """
    try:
        arrow = _arrow(content, name)
        columns = [column.to_pylist() for column in arrow.columns]
    except InputError:
        raise
    except Exception as error:  # a damaged file can make pyarrow raise anything
        reason = str(error).partition("\n")[0]
        raise InputError(f"{name}: not a readable Parquet file: {reason}") from None
    return table_of(name, arrow.column_names, columns, rows_from_one(arrow.num_rows))


def _arrow(content: bytes, name: str) -> Any:
    """The table as Arrow holds it, repeated texts once, after all that it claims is in limits.

    Lists are not read: one row of them can stand for any number of values.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = pa.BufferReader(content)
    claims = pq.ParquetFile(buffer)
    _check_claims(claims.metadata, name)
    leaves = [claims.metadata.schema.column(i) for i in range(claims.metadata.num_columns)]
    texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
    file = pq.ParquetFile(buffer, read_dictionary=texts)
    fields = list(file.schema_arrow)
    flat = [field.name for field in fields if not _repeats(field.type)]
    read = file.read() if len(flat) == len(fields) else file.read(columns=flat)
    check_bytes(name, sum(_text_bytes(column) for column in read.columns))
    if len(flat) == len(fields):
        return read
    columns = iter(read.columns)
    unread = pa.array([UNREAD] * claims.metadata.num_rows, pa.list_(pa.string()))
    found = [unread if _repeats(field.type) else next(columns) for field in fields]
    return pa.table(found, names=[field.name for field in fields])


def _repeats(kind: Any) -> bool:
    """Whether one row of a type can hold any number of values."""
    import pyarrow as pa

    if pa.types.is_struct(kind):
        return any(_repeats(field.type) for field in kind)
    return bool(pa.types.is_nested(kind))


def _check_claims(claims: Any, name: str) -> None:
    """Refuse a file by what its end says of its rows and bytes.

    What it says of single columns is not asked for: where that is damaged, pyarrow ends the whole
    process.
    """
    check_cells(name, claims.num_rows, claims.num_columns)
    groups = [claims.row_group(i) for i in range(claims.num_row_groups)]
    check_bytes(name, sum(group.total_byte_size for group in groups))


def _text_bytes(column: Any) -> int:
    """Bytes of the texts in a column, each counted as often as it occurs."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, pa.ChunkedArray):
        return sum(map(_text_bytes, column.chunks))
    if pa.types.is_dictionary(column.type):
        lengths = pc.binary_length(column.dictionary).cast(pa.int64())
        return pc.sum(lengths.take(column.indices)).as_py() or 0
    if pa.types.is_struct(column.type):
        return sum(map(_text_bytes, column.flatten()))
    return 0  # numbers and the like, of which the values were counted


def rows_from_one(count: int) -> list[str]:
    """What messages call rows that are no lines of a file.

    Examples
    --------
    >>> rows_from_one(2)
    ['row 1', 'row 2']
    """
    return [f"row {row}" for row in range(1, count + 1)]
