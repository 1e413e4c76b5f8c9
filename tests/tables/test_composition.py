"""Compositions and nested levels: what sound ones become, and the sentence for each fault."""

import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from qqt_bayes.errors import InputError
from qqt_bayes.tables.composition import nested_levels, read_composition

LEVELS = """data,pool,unique_samples
top 20%,10-20%,20
top 20%,0-10%,10
top 10%,0-10%,10
"""
POOLS = "pool,unique_samples\n0-10%,10\n10-20%,20\n"


def text(tmp_path, content, name="table.csv"):
    path = tmp_path / name
    path.write_text(content)
    return path


def test_composition_keeps_the_order_of_first_appearance(tmp_path):
    levels = read_composition(text(tmp_path, LEVELS), pools=text(tmp_path, POOLS, "pools.csv"))
    expected = xr.DataArray(
        [[20.0, 10.0], [0.0, 10.0]],
        {"level": ["top 20%", "top 10%"], "pool": ["10-20%", "0-10%"]},
        name="unique_samples",
        attrs={"units": "samples"},
    )
    xr.testing.assert_identical(levels, expected)


def test_composition_names_its_dimension(tmp_path):
    assert read_composition(text(tmp_path, LEVELS), dim="data").dims == ("data", "pool")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("data,", "dataset,", "missing column 'data'; did you mean 'dataset'?"),
        ("data,", "dataset,", "\n  the columns are 'dataset', 'pool', 'unique_samples'"),
        ("top 10%,0-10%", "top 20%,0-10%", "row 4: repeats row 3 (same data and pool)"),
        ("top 10%,0-10%", "top 10%,", "row 4, column pool: expected a name, got an empty cell"),
        (
            "10-20%,20",
            "10-20%,0",
            "row 2, column unique_samples: expected a number of at least 1, got 0",
        ),
        (
            "10-20%,20",
            "10-20%,21",
            "row 2, column unique_samples: takes 21 from pool '10-20%', which",
        ),
        ("10-20%,20", "10-20 %,20", "row 2, column pool: unknown pool '10-20 %' (not in the pools"),
    ],
)
def test_faults_of_a_composition(tmp_path, old, new, sentence):
    path = text(tmp_path, LEVELS.replace(old, new, 1))
    with pytest.raises(InputError, match=re.escape(sentence)):
        read_composition(path, pools=text(tmp_path, POOLS, "pools.csv"))


def test_a_pool_may_be_exceeded_by_rounding_only(tmp_path):
    pools = text(tmp_path, POOLS, "pools.csv")
    read_composition(
        text(tmp_path, LEVELS.replace("10-20%,20", "10-20%,20.000000001")), pools=pools
    )


def test_nested_levels_are_unions_of_whole_pools():
    sizes = {"best": 10, "next": 20, "last": 30}
    levels = nested_levels(sizes)
    assert levels["level"].values.tolist() == ["top 1", "top 2", "top 3"]
    np.testing.assert_array_equal(levels.sum("pool"), np.cumsum([10, 20, 30]))
    xr.testing.assert_identical(nested_levels(pd.Series(sizes)), levels)
    dataset = xr.Dataset({"pool_size": ("pool", [10, 20, 30])}, {"pool": list(sizes)})
    xr.testing.assert_identical(nested_levels(dataset), levels)
    xr.testing.assert_identical(nested_levels(xr.DataTree(dataset)), levels)


@pytest.mark.parametrize(
    ("pools", "sentence"),
    [
        ({}, "pools table: 1 fault\n  has columns but no rows"),
        ({"a": 5, "b": 0}, "row 2, column unique_samples: expected a number of at least 1, got 0"),
        (pd.Series([1, 2], ["a", "a"]), "row 2, column pool: repeats row 1"),
        ([1, 2], "expected sizes of pools by name, or pool_size, got list"),
        (xr.Dataset(), "expected sizes of pools by name, or pool_size, got Dataset"),
    ],
)
def test_faults_of_nested_levels(pools, sentence):
    with pytest.raises(InputError, match=re.escape(sentence)):
        nested_levels(pools)
