"""A title above the header: the row of the header is named, and nothing is offered of the title."""

import re

import openpyxl
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.importers.read import import_runs
from qqt_bayes.tables.formats import read_table
from qqt_bayes.tables.runs import read_runs

ROWS = [
    ["Run", "Dataset", "Tokens", "Epochs", "acc"],
    ["r1", "x", 1e9, 2, 0.5],
    ["r2", "y", 2e9, 2, 0.6],
]
SEEMS = re.escape("the header seems to be row 3 ('Run', 'Dataset', 'Tokens'")


def workbook(path):
    book = openpyxl.Workbook()
    for row in (["Ablations May 2026"], [], *ROWS):
        book.active.append(row)
    book.save(path)
    return path


def text(path, mark, title):
    rows = [mark.join(map(str, row)) for row in ROWS]
    path.write_text("\n".join([title, mark * title.count(mark), *rows]) + "\n")
    return path


@pytest.mark.parametrize("read", [read_runs, import_runs])
def test_the_row_of_the_header_is_named(tmp_path, read):
    paths = [
        workbook(tmp_path / "t.xlsx"),
        text(tmp_path / "cells.csv", ",", "Ablations May 2026,,,,"),
        text(tmp_path / "line.csv", ";", "Ablations May 2026"),
        text(tmp_path / "comma.csv", ",", "Ablations"),
        text(tmp_path / "commas.csv", ",", "Ablations, exported 2026-03-01"),
        text(tmp_path / "other.csv", "\t", "Ablations, exported 2026-03-01"),
        text(tmp_path / "two-cells.csv", ",", "Ablations,May 2026,,,"),
    ]
    for path in paths:
        with pytest.raises(InputError, match=SEEMS) as fault:
            read(path)
        assert "skip_rows=2 leaves out the rows above it" in str(fault.value)
        assert "looks like it" not in str(fault.value)


@pytest.mark.parametrize(
    "content",
    ["x\na\nb\n", "x\n1,5\n2,5\n", ",,data\nrow a,b 1,c\n1,2,3\n"[1:], "names\nx y\nz w\n"],
)
def test_a_table_of_one_column_or_of_numbers_has_no_title(tmp_path, content):
    path = tmp_path / "t.csv"
    path.write_text(content)
    try:
        read_table(path, "runs")
    except InputError as error:
        assert "the header seems" not in str(error)
