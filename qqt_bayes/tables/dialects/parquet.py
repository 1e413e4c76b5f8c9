"""Parquet files as a `Table` of cells, after a look at what their columns would unpack to.

Parquet writes a value that repeats once, with how often it does: a file of some hundred bytes can
stand for more than any memory holds.
"""

from __future__ import annotations

from typing import Any

from qqt_bayes.errors import InputError
from qqt_bayes.tables.limits import check_bytes, check_cells
from qqt_bayes.tables.table import Table, table_of


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
    """The table as Arrow holds it, repeated texts once, after all that it claims is in limits."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = pa.BufferReader(content)
    claims = pq.ParquetFile(buffer).metadata
    leaves = [claims.schema.column(i) for i in range(claims.num_columns)]
    _check_claims(claims, name)
    texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
    arrow = pq.ParquetFile(buffer, read_dictionary=texts).read()
    check_bytes(name, sum(_text_bytes(column) for column in arrow.columns))
    return arrow


def _check_claims(claims: Any, name: str) -> None:
    """Refuse a file by what its end says of its rows, values and bytes."""
    groups = [claims.row_group(i) for i in range(claims.num_row_groups)]
    chunks = [group.column(i) for group in groups for i in range(claims.num_columns)]
    check_cells(name, claims.num_rows, claims.num_columns)
    # a list in one row can have any number of values
    check_cells(name, sum(chunk.num_values for chunk in chunks), 1)
    check_bytes(name, sum(chunk.total_uncompressed_size for chunk in chunks))


def _text_bytes(column: Any) -> int:
    """Bytes of the texts in a column, each counted as often as it occurs."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, pa.ChunkedArray):
        return sum(map(_text_bytes, column.chunks))
    if pa.types.is_dictionary(column.type):
        lengths = pc.binary_length(column.dictionary).cast(pa.int64())
        return pc.sum(lengths.take(column.indices)).as_py() or 0
    if pa.types.is_map(column.type):
        return _text_bytes(column.keys) + _text_bytes(column.items)
    if pa.types.is_struct(column.type):
        return sum(map(_text_bytes, column.flatten()))
    if pa.types.is_nested(column.type):  # lists of any kind
        return _text_bytes(column.flatten())
    return 0  # numbers and the like, of which the values were counted


def rows_from_one(count: int) -> list[str]:
    """What messages call rows that are no lines of a file.

    Examples
    --------
    >>> rows_from_one(2)
    ['row 1', 'row 2']
    """
    return [f"row {row}" for row in range(1, count + 1)]
