"""Runs of fewer samples are left out on request, and named."""

import json

import made
import numpy as np
import pytest
from command import qqt

from qqt_bayes.errors import InputError
from qqt_bayes.tables.runs import read_runs


@pytest.mark.parametrize("least", [3e8, "300M", "0.3B"])
def test_early_runs_are_left_out_and_named(least):
    table, composition = made.tables()
    runs = read_runs(table, composition, least_budget=least)
    kept = table["samples_seen"] >= 3e8
    np.testing.assert_array_equal(runs["samples_seen"], table.loc[kept, "samples_seen"])
    assert len(json.loads(runs.attrs["early_rows"])) == (~kept).sum() > 0
    assert runs.attrs["data_hash"] == read_runs(table[kept], composition).attrs["data_hash"]


def test_a_budget_above_all_and_a_faulty_cell():
    table, composition = made.tables()
    with pytest.raises(InputError, match=r"^runs of fewer than 1T samples are to be left out"):
        read_runs(table, composition, least_budget=1e12)
    wrong = table.astype({"samples_seen": object})
    wrong.loc[0, "samples_seen"] = "many"
    with pytest.raises(InputError, match="samples_seen"):
        read_runs(wrong, composition, least_budget=3e8)


def test_the_command_says_what_it_left_out(tmp_path):
    table, composition = made.tables()
    table.to_csv(tmp_path / "runs.csv", index=False)
    composition.to_csv(tmp_path / "composition.csv", index=False)
    result = qqt(
        *("check", tmp_path / "runs.csv", "--composition", tmp_path / "composition.csv"),
        *("--from", "300M"),
    )
    assert "Rows below the budget of --from, left out: " in result.stderr
