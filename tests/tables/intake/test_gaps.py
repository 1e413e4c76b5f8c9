"""Rows that lack a number they need."""

import json

import numpy as np
import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.tables.intake.gaps import is_gap
from qqt_bayes.tables.runs import read_runs

TABLE = pd.DataFrame(
    {
        "pool": ["top 10%", "top 20%", "top 30%", "top 10%", "top 20%"],
        "unique_samples": [12.8e6, 25.6e6, 38.4e6, 12.8e6, 25.6e6],
        "samples_seen": [128e6, 128e6, 128e6, 1.28e9, 1.28e9],
        "error": ["0.769", "0.721", "0.715", "nan", ""],
    },
    dtype=object,
)


@pytest.mark.parametrize(
    "cell",
    [
        *("", " ", None, np.nan, "nan", "NaN", "N/A", "#N/A", "NA", "null", "None", "-", "\u2014"),
        *("?", "(partial)", "(still running)", "failed", "OOM", "TBD", "...", "#DIV/0!"),
    ],
)
def test_what_is_a_gap(cell):
    assert is_gap(cell)


@pytest.mark.parametrize("cell", ["0", "12M", "(3.2)", "3.2 (partial)", "x", "inf", 0, "-1", True])
def test_what_is_no_gap(cell):
    assert not is_gap(cell)


def test_they_are_left_out_on_request_and_named():
    runs = read_runs(TABLE, drop_missing=True)
    assert runs.sizes["run"] == 3
    dropped = json.loads(runs.attrs["dropped_rows"])
    assert dropped == ["row 4 (error: 'nan')", "row 5 (error: empty)"]
    partial = TABLE.assign(error=["0.7", "0.6", "(partial)", "0.5", "0.4"])
    assert read_runs(partial, drop_missing=True).sizes["run"] == 4


def test_otherwise_the_message_says_that_they_can_be():
    with pytest.raises(InputError) as caught:
        read_runs(TABLE)
    assert str(caught.value).splitlines() == [
        "runs table: 2 faults",
        "  row 4, column error: expected an error rate in (0, 1], got 'nan'",
        "  row 5, column error: expected an error rate in (0, 1], got an empty cell",
        "  2 rows lack a number that is needed: drop_missing=True leaves such rows out and names "
        "them",
    ]


@pytest.mark.parametrize(
    ("column", "place"),
    [("samples_seen", "row 1 (seen: '-')"), ("unique_samples", "row 1 (unique_samples: '-')")],
)
def test_any_number_that_is_needed_counts(column, place):
    table = TABLE.iloc[:3].copy()
    table.loc[0, column] = "-"
    runs = read_runs(
        table.rename(columns={"samples_seen": "seen"}),
        columns={"samples_seen": "seen"},
        drop_missing=True,
    )
    assert json.loads(runs.attrs["dropped_rows"]) == [place]


def test_what_a_row_does_not_need_may_be_empty():
    composition = pd.DataFrame({"data": "both", "pool": ["a", "b"], "unique_samples": 10})
    table = pd.DataFrame({"data": ["both"], "unique_samples": [None], "samples_seen": [100]})
    runs = read_runs(table.assign(error=0.5, seed=None), composition, drop_missing=True)
    assert json.loads(runs.attrs["dropped_rows"]) == []


def test_gaps_of_another_metric_are_not_named():
    table = TABLE.assign(metric=["x", "x", "x", "y", "y"])
    assert read_runs(table, metric="x").sizes["run"] == 3


def test_other_faults_stay():
    table = TABLE.assign(error=["0.769", "7", "0.715", "nan", ""])
    with pytest.raises(InputError, match="1 fault\n  row 2, column error: expected an error rate"):
        read_runs(table, drop_missing=True)


def test_a_table_of_gaps_is_no_table():
    with pytest.raises(InputError, match="no row has all numbers that are needed"):
        read_runs(TABLE.assign(error=""), drop_missing=True)


@pytest.mark.parametrize("column", ["State", "status", "run.state"])
def test_runs_that_crashed_are_a_fault(column):
    states = ["finished", "crashed", "Failed", "running"]
    table = pd.DataFrame(
        {"pool": "a", "unique_samples": 1e7, "samples_seen": [1e7, 2e7, 4e7, 8e7], "error": 0.7}
    ).assign(**{column: states})
    with pytest.raises(InputError, match=r"2 runs .*\(row 2: crashed, row 3: Failed\)") as caught:
        read_runs(table)
    assert f"column {column}: " in str(caught.value)
    assert "`qqt import` leaves them out" in str(caught.value)
    assert read_runs(table.iloc[[0, 3]]).sizes["run"] == 2
    assert read_runs(table.drop(columns=column)).sizes["run"] == 4
    assert read_runs(table, columns={"group": column}).sizes["group"] == 4


def test_runs_that_crashed_and_are_left_out_anyway_are_no_fault():
    table = pd.DataFrame(
        {"pool": "a", "unique_samples": 1e7, "samples_seen": [1e7, 2e7], "error": [0.7, None]}
    ).assign(State=["finished", "crashed"])
    assert read_runs(table, drop_missing=True).sizes["run"] == 1
