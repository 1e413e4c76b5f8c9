"""What reading a table costs, counted: calls for each cell that Python would have to make.

Seconds depend on the machine; how often a function is called for a table does not.
"""

import sys
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qqt_bayes.tables import cells
from qqt_bayes.tables.cells import is_name, name_in, names_in, number_in, numbers_in, odd_names
from qqt_bayes.tables.formats import read_table
from qqt_bayes.tables.runs import read_runs

PLAIN = [
    ["1", "2.5", ".5", "5.", "1e5", "-1E-3", "+7"],
    [" 1 ", "", "2", "\t", "\u00a03"],
    ["nan", "1", "NaN", "inf", "-Infinity", "+inf"],
    [1.5, 2, None, float("nan")],
    [1, 2**53 + 1, -(2**70)],
    [0.1, -0.0],
    [],
    [""],
    [None],
]
"""Columns of plain numbers."""
ODD = [
    ["1", "+nan"],
    ["1_000", "2"],
    ["\u0661", "2"],
    ["12M", "5"],
    ["1", None, 2.0],
    [True, 1],
    [np.float64(0.5), 1],
    [10**400, 1],
    ["1\x00", "2"],
    ["0x10", "1e400"],
    [[1], "1"],
]
"""Columns of which some cell is none, or is of a kind of its own."""
TEXT = st.text(alphabet="0123456789.eE+-_ naifty\u0661\u00a0\t", max_size=6)
CELL = st.one_of(TEXT, st.none(), st.booleans(), st.integers(), st.floats())


def same_as_cell_by_cell(column: Sequence[object]) -> None:
    expected = np.array([number_in(cell) for cell in column], dtype=float)
    np.testing.assert_array_equal(numbers_in(column, counts=False), expected, strict=True)
    names = names_in(column)
    assert names == [name_in(cell) for cell in column]
    assert odd_names(column, names).tolist() == [not is_name(cell) for cell in column]


@pytest.mark.parametrize("column", PLAIN + ODD, ids=repr)
def test_a_column_at_once_is_what_its_cells_are(column):
    same_as_cell_by_cell(column)


@given(st.one_of(st.lists(TEXT), st.lists(CELL), st.lists(st.floats()), st.lists(st.integers())))
def test_any_column_at_once_is_what_its_cells_are(column):
    same_as_cell_by_cell(column)


@pytest.mark.parametrize("column", PLAIN, ids=repr)
def test_plain_numbers_are_never_looked_at_one_by_one(monkeypatch, column):
    monkeypatch.setattr(cells, "number_in", None)
    numbers_in(column, counts=False)


def calls_of(call: Callable[[], object]) -> int:
    """How many functions of this package Python calls, those in its loops over rows among them."""
    counted: Counter[str] = Counter()

    def count(frame, event, _):
        if event == "call" and "qqt_bayes" in frame.f_code.co_filename:
            counted["calls"] += 1

    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(None)
    return counted["calls"]


def table(rows: int) -> pd.DataFrame:
    number = np.arange(rows)
    return pd.DataFrame(
        {
            "run": [f"run {i}" for i in number],
            "pool": [f"pool {i % 10}" for i in number],
            "unique_samples": 12.8e6,
            "samples_seen": (1 + number) * 1e6,
            "error": 0.3 + (number % 50) / 100,
            "note": "x",
        }
    )


CALLS_PER_ROW = {"csv": 5, "csv.gz": 5, "parquet": 2, "frame": 2}
"""Calls for each row of six cells: the line of a CSV file, its record, its place; each cell had
sixteen."""


@pytest.mark.parametrize("kind", CALLS_PER_ROW)
def test_rows_are_read_by_columns(tmp_path, kind):
    """From 1,000 to 3,000 rows calls grow by a few for each, and in proportion."""
    counts = []
    for rows in (1_000, 2_000, 3_000):
        frame, path = table(rows), tmp_path / f"runs-{rows}.{kind}"
        if kind == "parquet":
            frame.to_parquet(path)
        elif kind != "frame":
            frame.to_csv(path, index=False)
        source = frame if kind == "frame" else path
        read_runs(source)  # what is imported or compiled once is not counted
        counts.append(calls_of(lambda source=source: read_runs(source)))
    first, second = np.diff(counts)
    assert first <= 1_000 * CALLS_PER_ROW[kind]
    assert second <= 1.1 * first + 100


def test_where_numbers_are_lacking_only_such_cells_are_looked_at(monkeypatch):
    frame = table(100)
    frame.loc[[3, 7], "error"] = np.nan
    asked = []
    monkeypatch.setattr(
        "qqt_bayes.tables.intake.gaps.is_gap", lambda cell: asked.append(cell) or True
    )
    assert read_runs(frame, drop_missing=True).sizes["run"] == 98
    assert len(asked) == 2


def test_garbage_is_collected_again_after_reading(tmp_path):
    import gc

    path = tmp_path / "a.csv"
    path.write_text("pool\na\n")
    assert gc.isenabled()
    read_table(path, "pools")
    assert gc.isenabled()
    path.write_text('pool\n"')
    with pytest.raises(ValueError, match="not valid CSV"):
        read_table(path, "pools")
    assert gc.isenabled()
