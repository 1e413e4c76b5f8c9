"""Tables of text, as the command prints them: with the digits that people read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

import numpy as np
import pandas as pd

from qqt_bayes.errors import printable
from qqt_bayes.phrases import LINE, format_epochs, format_samples, in_lines

Show = Callable[[Any], str]


def plain(value: object) -> str:
    """Text as it is, yes or no for what is true or false, five digits of a number.

    Examples
    --------
    >>> plain("all"), plain(True), plain(0.1234567), plain(3), plain(float("nan")), plain(None)
    ('all', 'yes', '0.12346', '3', '', '')
    """
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def times(ratio: float) -> str:
    """A factor as text; nothing for a factor of 1.

    Examples
    --------
    >>> times(3.90625), times(0.5), times(1.0)
    ('3.9x', '0.5x', '')
    """
    return "" if ratio == 1 else f"{ratio:.2g}x" if ratio < 100 else f"{ratio:.0f}x"


def probability(value: float) -> str:
    """A probability with two digits; nothing where there is none.

    Examples
    --------
    >>> probability(0.978), probability(float("nan"))
    ('0.98', '')
    """
    return "" if np.isnan(value) else f"{value:.2f}"


GAP = 3
"""Columns of a terminal between two of a table."""
SHOWN: dict[str, Show] = {
    "budget": format_samples,
    "epochs": format_epochs,
    "P": probability,
    "regret": "{:.4f}".format,
    "gain": "{:.4f}".format,
    "gap": "{:.4f}".format,
    "EVPI": "{:.4f}".format,
    "extrapolated": times,
}
"""How a table writes a column, by its heading up to a bracket; others as `plain` does."""


def show_of(heading: str) -> Show:
    """How a table writes the cells of a column: what is counted, whatever it is, as people say it.

    Examples
    --------
    >>> show_of("unique tokens")(3.84e7), show_of("tokens seen")(1.28e9), show_of("error")(0.5)
    ('38.4M', '1.28B', '0.5')
    """
    if heading.startswith("unique ") or heading.endswith(" seen"):
        return format_samples
    return SHOWN.get(heading.partition("(")[0], plain)


def texts(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The cells of a table as people read them, by the headings of their columns.

    Examples
    --------
    >>> texts(pd.DataFrame({"budget": [1.28e9], "P(best)": [0.978]}))
    {'budget': ['1.28B'], 'P(best)': ['0.98']}
    """
    return {
        str(heading): [show_of(str(heading))(cell) for cell in cells]
        for heading, cells in frame.items()
    }


def is_number(cells: pd.Series[Any]) -> bool:
    """Whether a column holds numbers, which stand below each other by their last digits."""
    types = pd.api.types
    return bool(types.is_numeric_dtype(cells) and not types.is_bool_dtype(cells))


def wrapped(text: str, width: int | None = None) -> str:
    """Words, broken into lines no longer than a paragraph's, or than a terminal is wide."""
    return in_lines(printable(text), min(LINE, width or LINE))


def write_table(frame: pd.DataFrame, file: TextIO, width: int | None = None) -> None:
    """Write a table for people, as wide as a terminal; without one, as wide as it needs.

    Numbers and words are never broken: where the terminal is too narrow for that, each row becomes
    lines of its own.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    columns = {str(name).replace("_", " "): cells for name, cells in frame.items()}
    said = texts(pd.DataFrame(columns))
    shown = {heading: list(map(printable, cells)) for heading, cells in said.items()}
    room = (width or 10_000) - GAP * (len(shown) - 1)
    widths = _widths(shown, room)
    if sum(widths.values()) > room:
        _write_rows(shown, room + GAP * (len(shown) - 1), file)
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading, cells in columns.items():
        table.add_column(
            heading,
            justify="right" if is_number(cells) else "left",
            overflow="fold",
            width=widths[heading],
        )
    for row in zip(*shown.values(), strict=True):
        table.add_row(*row)
    console = Console(
        file=file,
        width=width or 10_000,
        highlight=False,
        markup=False,
        force_jupyter=False,  # which shows a table below a cell instead of writing it
        force_terminal=None if file is sys.stdout else False,  # FORCE_COLOR is about a terminal
    )
    console.print(table)


def _widths(shown: Mapping[str, Sequence[str]], room: int) -> dict[str, int]:
    """How wide to make each column: none breaks a word, and headings break sooner than cells.

    Of cells, and then of headings, those that lack least break no line.
    """
    from rich.cells import cell_len

    def widest(texts: Sequence[str], cut: Callable[[str], list[str]]) -> int:
        return max((cell_len(part) for text in texts for part in cut(text)), default=1)

    widths = {name: widest([name, *cells], str.split) for name, cells in shown.items()}
    whole_cells = {name: widest(cells, str.splitlines) for name, cells in shown.items()}
    left = room - sum(widths.values())
    for needed in (whole_cells, {name: cell_len(name) for name in shown}):
        lacking = {name: max(0, needed[name] - widths[name]) for name in shown}
        for name in sorted(shown, key=lacking.__getitem__):
            more = max(0, min(left, lacking[name]))
            widths[name] += more
            left -= more
    return widths


def _write_rows(shown: Mapping[str, Sequence[str]], width: int, file: TextIO) -> None:
    """Write each row of a table as lines, one for each of its cells."""
    for row in zip(*shown.values(), strict=True):
        for heading, cell in zip(shown, row, strict=True):
            if cell:
                file.write(in_lines(f"{heading}: {cell}", width))
        file.write("\n")
