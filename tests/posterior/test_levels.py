"""Levels and budgets: what passes, and every fault in a sentence."""

import re

import made
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from qqt_bayes.errors import InputError
from qqt_bayes.posterior.levels import as_budgets, as_levels

POOLS = ["0-10%", "10-20%", "20-30%"]


def levels(values, level=("x", "y"), pool=("0-10%", "10-20%")):
    return xr.DataArray(values, {"level": list(level), "pool": list(pool)}, ("level", "pool"))


def test_levels_come_as_an_array_a_table_or_a_path(tmp_path):
    expected = made.levels(2)
    table = expected.to_series().loc[lambda taken: taken > 0].reset_index()
    table = table.rename(columns={"level": "data"})
    table.to_csv(tmp_path / "levels.csv", index=False)
    for each in (expected, expected.T, table, tmp_path / "levels.csv"):
        xr.testing.assert_equal(as_levels(each, POOLS), expected)


def test_pools_that_no_level_uses_are_left_out():
    found = as_levels(levels([[5, 0], [3, 0]], pool=("0-10%", "unknown")), POOLS)
    assert found["pool"].values.tolist() == ["0-10%"]


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (levels([[5, 0], [-3, 2]]), "level y, pool 0-10%: expected a number of unique samples, go"),
        (levels([[5, 0], [np.nan, 2]]), "expected a number of unique samples, got nan"),
        (levels([[5, 0], [np.inf, 2]]), "expected a number of unique samples, got inf"),
        (levels([[5, 0], [0, 0]]), "levels: 1 fault\n  level 'y' takes no sample from any pool"),
        (levels([[5, 0], [0.5, 0]]), "level 'y' takes no sample from any pool"),
        (levels([[5, 1], [1, 0]], level=("x", "x")), "level 'x' stands there twice"),
        (levels([[5, 1], [1, 0]], pool=("0-10%",) * 2), "pool '0-10%' stands there twice"),
        (
            levels([[5, 1], [1, 0]], pool=("0-10%", "10-20 %")),
            "unknown pool '10-20 %' (not in the fit); did you mean '10-20%'?",
        ),
        (levels([["a", "b"], ["c", "d"]]), "levels: expected numbers of unique samples"),
        (levels(np.zeros((0, 2)), level=()), "there is no level"),
        (
            levels([[5, 0], [0, 5]], level=("x", "undecided")),
            "a level cannot be called 'undecided'",
        ),
        (made.levels().rename(level="data"), "got dims (data, pool); use read_composition or nes"),
        (made.levels().drop_vars("level"), "got dims (level, pool) without names of level; use"),
        (pd.DataFrame({"data": ["x"]}), "missing column 'pool'"),
        (
            {"x": 5},
            "(its path or a DataFrame), got dict; to take some levels of a DataArray, select",
        ),
        ("levels.csv", "levels.csv: no such file"),
    ],
)
def test_faults_of_levels(bad, sentence):
    with pytest.raises(InputError, match=re.escape(sentence)):
        as_levels(bad, POOLS)


def test_all_faults_of_levels_come_at_once():
    bad = levels([[-5, 1], [0, 0]], pool=("0-10%", "nope"))
    with pytest.raises(InputError, match="levels: 3 faults"):
        as_levels(bad, POOLS)


@pytest.mark.parametrize(
    ("budgets", "samples"),
    [
        (64e6, [64e6]),
        (1, [1]),
        ([2e9, 64e6], [2e9, 64e6]),
        (np.array([1e6]), [1e6]),
        (pd.Series([1e6, 2e6]), [1e6, 2e6]),
        ("1.28B, 64M", [64e6, 1.28e9]),
    ],
)
def test_budgets(budgets, samples):
    assert as_budgets(budgets).tolist() == samples


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ([], "budgets: expected one or more numbers, got shape (0,)"),
        ([[1e6]], "budgets: expected one or more numbers, got shape (1, 1)"),
        ([1e6, 0], "budgets: expected 1 to 1e+18 samples each, got '0'"),
        ([-1e6, 0.5], "budgets: expected 1 to 1e+18 samples each, got '-1e+06', '0.5'"),
        (np.nan, "budgets: expected 1 to 1e+18 samples each, got 'nan'"),
        (np.inf, "budgets: expected 1 to 1e+18 samples each, got 'inf'"),
        ([64e6, 1e6, 64e6], "budgets: expected each once, got '64M' more than once"),
        (["64M"], "budgets: expected numbers of samples, got ['64M']"),
        (None, "budgets: expected 1 to 1e+18 samples each, got 'nan'"),
        ("64X", "budget '64X': expected a number of samples"),
    ],
)
def test_faults_of_budgets(bad, sentence):
    with pytest.raises(InputError, match=re.escape(sentence)):
        as_budgets(bad)
