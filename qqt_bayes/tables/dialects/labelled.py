"""A table from its header and its columns, whatever file they stood in."""

from collections.abc import Iterable

from qqt_bayes.tables.cells import is_name, name_in, odd_name
from qqt_bayes.tables.table import Table


def table_of(
    name: str, header: Iterable[object], columns: Iterable[Iterable[object]], places: list[str]
) -> Table:
    """A table from its header and columns; a fault if it has no rows.

    Of columns with one name the first is kept.

    Examples
    --------
    >>> table_of("runs.csv", ["pool", "", "pool"], [["a"], ["b"], ["c"]], ["row 2"]).columns
    {'pool': ['a'], 'column 2': ['b']}
    """
    table = Table(name, {}, places)
    for i, (column, cells) in enumerate(zip(header, columns, strict=True), start=1):
        label = " ".join(name_in(column).split()) or f"column {i}"  # workbooks break lines there
        if not is_name(label):
            table.note(f"column {i}: expected a name, got {odd_name(label)}")
        if label in table.columns:
            table.repeated.add(label)
        else:
            table.columns[label] = list(cells)
    if table.columns and not places:
        table.note("has columns but no rows")
    return table
