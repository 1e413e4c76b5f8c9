"""Excel workbooks as a `Table` of cells, by an optional package."""

from io import BytesIO
from zipfile import ZipFile

from qqt_bayes.errors import InputError
from qqt_bayes.tables.cells import is_empty, name_in
from qqt_bayes.tables.dialects.above import Above, nothing_below, titles
from qqt_bayes.tables.dialects.labelled import table_of
from qqt_bayes.tables.limits import check_bytes, check_cells
from qqt_bayes.tables.table import Table

type Row = tuple[int, tuple[object, ...]]
"""Number of a row, and its cells."""

NO_EXCEL = (
    "{}: to read Excel workbooks, install the package openpyxl (it comes with the extra "
    "qqt_bayes[excel]), or save the sheet as CSV"
)
"""What to do where the optional package is not there."""
MAX_SHEET_ROWS = 2**20
"""Rows of a sheet; a damaged one can number them as it likes."""


def read_excel(content: bytes, name: str, above: Above | None = None) -> Table:
    """The first sheet of a workbook; its first row that is not empty is the header, or as said."""
    try:
        import openpyxl  # noqa: F401
    except ImportError:
        raise InputError(NO_EXCEL.format(name)) from None
    try:
        rows = _rows(content, name)
    except InputError:
        raise
    except Exception as error:  # a damaged workbook can make openpyxl raise anything
        reason = str(error).partition("\n")[0]
        raise InputError(f"{name}: not a readable Excel workbook: {reason}") from None
    left_out, rows = _below(rows, above)
    if above is not None and above.skip_rows is not None and left_out and not rows:
        raise nothing_below(name, above.skip_rows)
    width = max((len(cells) for _, cells in rows), default=0)
    check_cells(name, len(rows), width, filled=sum(len(cells) for _, cells in rows))
    whole = [(row, cells + (None,) * (width - len(cells))) for row, cells in rows]
    _, header = whole.pop(0) if whole else (0, ())
    columns = zip(*(cells for _, cells in whole), strict=True) if whole else [[] for _ in header]
    filled = [
        (label, cells)
        for label, cells in zip(header, map(list, columns), strict=True)
        if not is_empty(label) or not all(map(is_empty, cells))
    ]
    labels, kept = [label for label, _ in filled], [cells for _, cells in filled]
    table = table_of(name, labels, kept, [f"row {row}" for row, _ in whole])
    if above is not None:
        table.skipped = titles([(row, ", ".join(map(name_in, cells))) for row, cells in left_out])
    return table


def _below(rows: list[Row], above: Above | None) -> tuple[list[Row], list[Row]]:
    """The rows above the header of a sheet, and all from it on."""
    if above is None:
        return [], rows
    if above.skip_rows is not None:
        places = (i for i, (row, _) in enumerate(rows) if row > above.skip_rows)
        first = next(places, len(rows))
    else:
        first = above.place_of_header(
            [" ".join(name_in(cell).split()) for cell in cells if not is_empty(cell)]
            for _, cells in rows
        )
    return rows[:first], rows[first:]


def _rows(content: bytes, name: str) -> list[Row]:
    """Rows of the first sheet that are not empty, each with its number and up to its last cell."""
    import warnings

    import openpyxl

    with ZipFile(BytesIO(content)) as archive:  # which reads no further than what it declares here
        check_bytes(name, sum(part.file_size for part in archive.infolist()))
    rows: list[Row] = []
    with warnings.catch_warnings():  # about drop-down lists and styles, which hold no cells
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(BytesIO(content), data_only=True, read_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a file says of them may be wrong
        cells = 0
        for row, found in enumerate(sheet.iter_rows(values_only=True), start=1):
            if row > MAX_SHEET_ROWS:
                raise InputError(
                    f"{name}: has more rows than a sheet of Excel ({MAX_SHEET_ROWS:,})"
                )
            cells += len(found)  # one cell far to the right takes a row of empty ones
            check_cells(name, cells, 1)
            if not all(map(is_empty, found)):
                rows.append((row, found))
    return rows
