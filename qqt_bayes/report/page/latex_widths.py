"""How wide and high a table of LaTeX is, and which environment, size and columns it needs to fit.

Widths are those of Computer Modern, to a few hundredths: it is wider than the Times of most
conferences. A table that fits the columns of `article` fits those of other classes, too.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import ceil, inf
from typing import NamedTuple

from qqt_bayes.report.page.content import Table

COLUMN, PAGE = 221.0, 345.0
"""Points of one of two columns of `article` on A4, and of its page where it has one column."""
SIZES = (("small", 0.925, 4.0), ("footnotesize", 0.85, 3.0), ("footnotesize", 0.85, 2.0))
"""Sizes of type, widths of letters relative to those at 10 points, and points beside columns."""
WIDTHS = {
    **dict.fromkeys("ijl.,:;'!|[]I", 2.8),
    **dict.fromkeys("f- ", 3.3),
    **dict.fromkeys("rst()", 3.95),
    **dict.fromkeys("cez", 4.45),
    **dict.fromkeys("0123456789aog/*?", 5.0),
    **dict.fromkeys("kqvxy", 5.3),
    **dict.fromkeys("w<>=+~_&ABCDEFGHKLNOPQRTUVXYZ", 7.7),
    **dict.fromkeys("m%@MW", 8.9),
}
"""Points of letters at 10 points."""
LETTER, FOREIGN = 5.6, 10.0
"""Points of other letters, and of those outside ASCII."""
BOLD = 1.16
"""Width of bold letters relative to others."""
LEAST = 55.0
"""Points of a column of many lines, at the least: as wide as a word that is not broken."""
HIGHEST = 45
"""Lines of a table on a page of `article`, with its caption."""


class Layout(NamedTuple):
    """How a table is set.

    Attributes
    ----------
    environment, size : str
    separation : float
        Points to either side of each column.
    sides : tuple of str
        The kind of each column, as `tabular` takes it.
    rooms : tuple of float
        Points at 10 points that a line of each column has; infinite where a cell is one line.
    ends : list of int
        Where each table ends of those that the rows are parted into, so that each fits a page.
    fits : bool
        Whether it is no wider than its place.
    """

    environment: str
    size: str
    separation: float
    sides: tuple[str, ...]
    rooms: tuple[float, ...]
    ends: list[int]
    fits: bool = True


def in_parts(content: Table, keys: int) -> list[Table]:
    """A table as those of fewer columns that fit a page, without what has room on screens alone.

    Parameters
    ----------
    content : Table
    keys : int
        How many columns name the rows, and stand in every part.
    """
    columns = [i for i in range(len(content.headings)) if i not in content.wide]
    return _in_parts(_of_columns(content, columns), keys)


def _in_parts(content: Table, keys: int) -> list[Table]:
    """The same of a table of which every column is shown, halved until each part fits."""
    count = len(content.headings)
    if count <= keys + 1 or fitting(content, [True] * len(content.rows)).fits:
        return [content]
    named, middle = list(range(keys)), (keys + count + 1) // 2
    halves = range(keys, middle), range(middle, count)
    each = [_of_columns(content, [*named, *half]) for half in halves]
    return [part for half in each for part in _in_parts(half, keys)]


def _of_columns(content: Table, columns: list[int]) -> Table:
    """Some columns of a table, in their order."""
    return replace(
        content,
        headings=tuple(content.headings[i] for i in columns),
        rows=[tuple(row[i] for i in columns) for row in content.rows],
        numbers=frozenset(place for place, i in enumerate(columns) if i in content.numbers),
        wide=frozenset(),
    )


def fitting(content: Table, bold: list[bool]) -> Layout:
    """The largest type in the narrowest place that a table fits; at last, columns of many lines."""
    count = len(content.headings)
    rows = [(content.headings, False), *zip(content.rows, bold, strict=True)]
    widths = [max(width(row[i], heavy) for row, heavy in rows) for i in range(count)]
    height = HIGHEST - _lines(width(content.caption), PAGE)
    sides = tuple("r" if i in content.numbers else "l" for i in range(count))
    for environment, room in (("table", COLUMN), ("table*", PAGE)):
        for size, scale, between in SIZES:
            if scale * sum(widths) + 2 * (count - 1) * between <= room:
                ends = _ends([1] * len(content.rows), height)
                return Layout(environment, size, between, sides, (inf,) * count, ends)
    long = [i for i in range(count) if i not in content.numbers]
    for size, scale, between in SIZES:  # noqa: B007 - what is found last is used below
        free = PAGE - 2 * (count - 1) * between
        given, fits = _shared([scale * x for x in widths], long, free)
        if fits:
            break
    sides = tuple(
        rf"p{{{given[i] / PAGE:.3f}\linewidth}}" if i in given else side
        for i, side in enumerate(sides)
    )
    lines = [
        max([_lines(scale * width(row[i], heavy), given[i]) for i in given], default=1)
        for row, heavy in rows[1:]
    ]
    rooms = tuple(given[i] / scale if i in given else inf for i in range(count))
    return Layout("table*", size, between, sides, rooms, _ends(lines, height), fits)


def width(words: str, heavy: bool = False) -> float:
    """Points that words take at 10 points.

    Examples
    --------
    >>> round(width("top 30%")), round(width("top 30%", heavy=True))
    (37, 43)
    """
    plain = sum(WIDTHS.get(x, LETTER if x.isascii() else FOREIGN) for x in words)
    return plain * (BOLD if heavy else 1)


def _shared(widths: list[float], long: list[int], free: float) -> tuple[dict[int, float], bool]:
    """Widths of the columns that need many lines, and whether all fit.

    They share equally what the others leave, the widest first.
    """
    given: dict[int, float] = {}
    fits = False
    for i in sorted(long, key=lambda i: -widths[i]):
        given[i] = 0.0
        rest = free - sum(x for j, x in enumerate(widths) if j not in given)
        share = max(rest / len(given), LEAST)
        given = dict.fromkeys(given, share)
        fits = share * len(given) <= rest
        if fits:
            break
    return given, fits


def _lines(words: float, room: float) -> int:
    """Lines that words take, each of which may lack half a part of a word at its end."""
    return 1 if words <= room else ceil(words / (room - LEAST / 2))


def _ends(lines: list[int], most: int) -> list[int]:
    """Where rows of so many lines are parted, so that no part has more than `most`."""
    starts, height = [0], 0
    for i, each in enumerate(lines):
        if height + each > most and height:
            starts.append(i)
            height = 0
        height += each
    return [end for _, end in pairwise([*starts, len(lines)])]
