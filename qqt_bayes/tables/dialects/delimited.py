"""Delimited text, whatever program wrote it, as a `Table` of cells.

UTF-8, or UTF-16 with its mark; commas, semicolons or tabs, by the header or a first line `sep=;`;
lines that start with # are comments. Cells stay text: a pool may be called "NA". In a file whose
decimals stand behind commas these are read so, unless a comma stands between the columns.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from qqt_bayes.errors import Advice, InputError
from qqt_bayes.tables.cells import (
    DECIMAL_COMMA,
    DECIMAL_POINT,
    PLAIN,
    is_empty,
    unguarded,
)
from qqt_bayes.tables.dialects.above import MOST_LINES, Above, nothing_below, titles
from qqt_bayes.tables.dialects.labelled import table_of
from qqt_bayes.tables.intake.headers import title_above
from qqt_bayes.tables.limits import MAX_COLUMNS, check_cells
from qqt_bayes.tables.table import Table

DISGUISED = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
}
"""First bytes of binary files that come under the name of a text file, with what they are."""

MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""First bytes of text in other encodings than UTF-8; the longer marks first."""

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
"""What may stand between the cells of a line, in words."""
NOT_READ = {"|": "bars", " ": "spaces"}
"""What stands between the cells of tables for people, which have lines that are no rows."""
SEP = re.compile(r'"?sep=([^\w\s"#]|\t)"?[ ,;\t]*(\r\n|\r|\n)', re.IGNORECASE)
"""First line by which a spreadsheet is told what stands between the cells."""
COMMENT = re.compile(r"#(?!\s*[,;\t])")
"""What a line that is no row starts with; a column may be called #, too."""
RANK = re.compile(r"#\s*\d+\s*", re.ASCII)
"""First cell that looks like a comment and may be a name, such as #1."""
COMPARED = 50
"""Lines whose cells are counted where two delimiters could be meant."""


def text_of(content: bytes, name: str) -> str:
    """Text of a file, by its mark or as UTF-8.

    Raises
    ------
    InputError
        If it is binary, or in another encoding.

    Examples
    --------
    >>> text_of("pool".encode("utf-16"), "pools.csv")
    'pool'
    """
    for magic, kind in DISGUISED.items():
        if content.startswith(magic):
            raise InputError(f"{name}: expected text, got {kind}")
    marked = [encoding for mark, encoding in MARKS.items() if content.startswith(mark)]
    encoding = marked[0] if marked else "utf-8-sig"
    try:
        text = content.decode(encoding)
        wrong = text.find("\0")
        row = text.count("\n", 0, wrong) + 1
    except UnicodeDecodeError as error:
        wrong = error.start
        row = content[:wrong].decode(encoding, "ignore").count("\n") + 1
    if wrong >= 0:
        word = encoding.upper().removesuffix("-SIG")
        raise InputError(f"{name}: row {row} is not {word} text; save the file as UTF-8")
    return text


@dataclass
class _Lines:
    """Lines of a text for the CSV reader, without the comments between its records.

    `fresh` is to be set after each record: a line inside of a quoted cell is never a comment.
    """

    text: str
    row: int = 0
    start: int = 1
    fresh: bool = True
    comments: list[tuple[int, str]] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        for line in io.StringIO(self.text, newline=""):
            self.row += 1
            if self.fresh:
                if line[0] == "#" and COMMENT.match(line):
                    self.comments.append((self.row, line))
                    continue
                self.start, self.fresh = self.row, False
            yield line


def read_delimited(
    content: bytes, name: str, above: Above | None = None, usual: str = ","
) -> Table:
    r"""Cells of delimited text.

    Parameters
    ----------
    content : bytes
    name : str
        What messages call the file.
    above : Above, optional
        How its header is known; if not given, it is the first line.
    usual : str
        The delimiter where the text does not show another.

    Raises
    ------
    InputError
        If it is no text, no valid CSV, or has bars or spaces between its columns.

    Examples
    --------
    >>> table = read_delimited(b"# ours\npool;error\na;0,5\n", "runs.csv")
    >>> table.columns, table.places, table.read(table.columns["error"], counts=False)
    ({'pool': ['a'], 'error': ['0,5']}, ['row 3'], array([0.5]))
    """
    text = text_of(content, name)
    first = SEP.match(text)
    body, start = (text[first.end() :], 1) if first else (text, 0)
    count = 0 if above is None else _lines_above(body, above, start, usual)
    lines_above = list(islice(io.StringIO(body, newline=""), count))
    body = body[sum(map(len, lines_above)) :]
    delimiter = first[1] if first else _delimiter(body, usual)
    _check_width(body, delimiter, name)
    lines = _Lines(body, row=start + count)
    records = _records(lines, delimiter, name)
    if count and not records:
        raise nothing_below(name, start + count)
    _refuse_title(body, start + count, name, (delimiter, *DELIMITERS), above is not None)
    _, header = records.pop(0) if records else (0, [])
    for mark, words in NOT_READ.items():
        if len(header) == 1 and mark in header[0].strip():
            raise InputError(f"{name}: expected commas between the columns, got {words}")
    whole = [(row, cells) for row, cells in records if len(cells) == len(header)]
    columns = zip(*(cells for _, cells in whole), strict=True) if whole else [[] for _ in header]
    check_cells(name, len(whole), len(header))
    if "'" in body:
        header, columns = list(map(unguarded, header)), [list(map(unguarded, x)) for x in columns]
    table = table_of(name, header, columns, [f"row {row}" for row, _ in whole])
    if above is not None:
        numbered = enumerate(lines_above, start=start + 1)
        table.skipped = titles([each for each in numbered if not COMMENT.match(each[1])])
    word = DELIMITERS.get(delimiter, repr(delimiter))
    for row, cells in records:
        if len(cells) != len(header):
            expected = f"expected {len(header)} cells as in the header, got {len(cells)}"
            table.note(f"row {row}: {expected}; a cell with a {word} in it needs quotes")
    _judge_comments(table, lines.comments, header, delimiter)
    if delimiter != ",":
        _judge_decimals(table)
    return table


def _lines_above(body: str, above: Above, start: int, usual: str) -> int:
    """How many lines stand above the header: as the user says, or down to the names needed."""
    if above.skip_rows is not None:
        return max(0, above.skip_rows - start)
    lines = list(islice(io.StringIO(body, newline=""), MOST_LINES))
    marks = dict.fromkeys((usual, *DELIMITERS))
    return max(above.place_of_header(_filled(line, mark) for line in lines) for mark in marks)


def _filled(line: str, mark: str) -> list[str]:
    """Cells of a line that hold something, as names; none of a comment, or of what is too long."""
    if COMMENT.match(line) or len(line) > csv.field_size_limit():
        return []
    return [" ".join(cell.split()) for cell in _cells(line, mark) if not is_empty(cell)]


def _refuse_title(text: str, start: int, name: str, marks: Iterable[str], skippable: bool) -> None:
    """Refuse a text whose first lines have fewer cells than all lines from one of names on.

    Such titles may hide which mark stands between the cells, too.
    """
    lines = [
        (row, line)
        for row, line in enumerate(islice(io.StringIO(text, newline=None), COMPARED), start + 1)
        if line.strip() and not COMMENT.match(line)
    ]
    for mark in dict.fromkeys(marks):
        cells = [_cells(line, mark) for _, line in lines]
        count = len(cells[-1]) if cells else 0
        first = next((i for i, each in enumerate(cells) if len(each) == count), 0)
        even = all(len(each) == count for each in cells[first:])
        # a header of an index has no first name; a table has a row below its header
        if not 0 < first < len(cells) - 1 or not even or is_empty(cells[0][0]):
            continue
        if max(map(len, cells[:first])) < count:
            words = title_above(f"row {lines[first][0]}", cells[first], skippable)
            if words:
                advice = [words] if isinstance(words, Advice) else []
                raise InputError(f"{name}: {words}", advice)


def _check_width(text: str, delimiter: str, name: str) -> None:
    """Refuse a line of more columns than are read, before each of them becomes a cell."""
    most = csv.field_size_limit() + MAX_COLUMNS  # one quoted cell may be full of marks
    if max(map(len, io.StringIO(text)), default=0) > most:
        marks = max(line.count(delimiter) for line in io.StringIO(text))
        if marks > most:
            check_cells(name, 1, 1 + marks)


def _records(lines: _Lines, delimiter: str, name: str) -> list[tuple[int, list[str]]]:
    """Records that are not blank, each with the number of its first line."""
    records: list[tuple[int, list[str]]] = []
    try:
        for cells in csv.reader(lines, delimiter=delimiter, strict=True):
            if len(cells) > 1 or not is_empty("".join(cells)):
                records.append((lines.start, cells))
            lines.fresh = True
    except csv.Error as error:
        raise InputError(f"{name}: row {lines.start} is not valid CSV: {error}") from None
    while records and is_empty("".join(records[-1][1])):  # the empty rows of a spreadsheet
        records.pop()
    return records


def _delimiter(text: str, usual: str) -> str:
    """The delimiter that the header shows; of several, the one that all lines have as often."""
    lines = [
        line
        for line in islice(io.StringIO(text, newline=None), COMPARED)
        if line.strip() and not COMMENT.match(line)
    ]
    counts = {mark: [_count_cells(line, mark) for line in lines] for mark in DELIMITERS}
    shown = [mark for mark in (usual, *DELIMITERS) if lines and counts[mark][0] > 1]
    even = [mark for mark in shown if len(set(counts[mark])) == 1]
    if len(even) > 1 and not re.search(r"(?<!\d),|,(?!\d)", lines[0], re.ASCII):
        even = [
            mark for mark in even if mark != ","
        ]  # each comma of the header is a decimal one, as in 1,28B
    return (even or shown or [usual])[0]


def _count_cells(line: str, delimiter: str) -> int:
    return len(_cells(line, delimiter))


def _cells(line: str, delimiter: str) -> list[str]:
    """Cells of a line by itself; none if it is no valid CSV."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _judge_comments(
    table: Table, comments: list[tuple[int, str]], header: list[str], delimiter: str
) -> None:
    """Keep the rows that are commented out, to be said; note what may be no comment."""
    for row, line in comments:
        cells = line.split(delimiter)
        if len(cells) < 2 or len(cells) != len(header):
            continue
        if RANK.fullmatch(cells[0]):
            table.note(f"row {row} starts with #: a comment? delete it; a name? put it into quotes")
        elif any(PLAIN.fullmatch(cell.strip()) for cell in header):
            table.note(f"row {row} starts with #: the header? take the # away")
        else:
            table.comments.append(f"row {row}")


def _judge_decimals(table: Table) -> None:
    """Note in a table whether decimals stand behind commas, or behind commas here, points there."""
    cells = [str(cell).strip() for column in table.columns.values() for cell in column]
    commas = any(DECIMAL_COMMA.fullmatch(cell) for cell in cells)
    points = any(DECIMAL_POINT.fullmatch(cell) for cell in cells)
    table.decimal_commas = commas and not points
    table.both_marks = commas and points
