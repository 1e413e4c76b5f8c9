"""Excel workbooks as a `Table` of cells, by an optional package."""

from io import BytesIO

from qqt_bayes.errors import InputError
from qqt_bayes.tables.cells import is_empty
from qqt_bayes.tables.table import Table, table_of

NO_EXCEL = (
    "{}: to read Excel workbooks, install the package openpyxl (it comes with the extra "
    "qqt_bayes[excel]), or save the sheet as CSV"
)
"""What to do where the optional package is not there."""


def read_excel(content: bytes, name: str) -> Table:
    """The first sheet of a workbook; its first row that is not empty is the header."""
    try:
        import openpyxl
    except ImportError:
        raise InputError(NO_EXCEL.format(name)) from None
    import warnings

    try:
        with warnings.catch_warnings():  # about drop-down lists and styles, which hold no cells
            warnings.simplefilter("ignore")
            sheet = openpyxl.load_workbook(BytesIO(content), data_only=True).worksheets[0]
            rows = list(enumerate(sheet.iter_rows(values_only=True), start=1))
    except Exception as error:  # a damaged workbook can make openpyxl raise anything
        reason = str(error).partition("\n")[0]
        raise InputError(f"{name}: not a readable Excel workbook: {reason}") from None
    whole = [(row, cells) for row, cells in rows if not all(map(is_empty, cells))]
    _, header = whole.pop(0) if whole else (0, ())
    columns = zip(*(cells for _, cells in whole), strict=True) if whole else [[] for _ in header]
    filled = [
        (label, cells)
        for label, cells in zip(header, map(list, columns), strict=True)
        if not is_empty(label) or not all(map(is_empty, cells))
    ]
    labels, kept = [label for label, _ in filled], [cells for _, cells in filled]
    return table_of(name, labels, kept, [f"row {row}" for row, _ in whole])
