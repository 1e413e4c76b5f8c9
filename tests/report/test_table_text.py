"""Tables for people: as wide as a terminal, with whole words, and headings broken before cells."""

from io import StringIO

import pandas as pd
import pytest

from qqt_bayes.report.table_text import write_table

FRAME = pd.DataFrame(
    {
        "train on": ["top 10%", "books and web"],
        "unique samples": [12.8e6, 1.234e9],
        "what is left of the regret": ["0.0030", "0.0011"],
    }
)
UNBROKEN = 59
"""Columns in which every line is whole: 13 + 14 + 26, and two gaps."""


def lines(width):
    file = StringIO()
    write_table(FRAME, file, width)
    return [line.rstrip() for line in file.getvalue().splitlines()]


@pytest.mark.parametrize("width", [30, 34, 40, 50, UNBROKEN, 100, None])
def test_no_line_is_wider_than_the_terminal_and_no_word_broken(width):
    written = lines(width)
    assert max(map(len, written)) <= (width or UNBROKEN)
    words = " ".join(written).split()
    for word in ("regret", "unique", "samples", "12.8M", "1.23B", "10%", "books"):
        assert any(word in each for each in words)


@pytest.mark.parametrize("width", [39, 45, 58])
def test_headings_break_before_cells_do(width):
    written = lines(width)
    assert len([line for line in written if "books and web" in line and "1.23B" in line]) == 1
    assert not any("what is left of the regret" in line for line in written)


def test_nothing_breaks_where_there_is_room():
    assert lines(UNBROKEN) == lines(None)
    assert len(lines(None)) == 2 + len(FRAME)
