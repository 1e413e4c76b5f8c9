"""Compositions, nested levels and known parameters."""

import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from qqt_bayes.errors import InputError
from qqt_bayes.tables.composition import nested_levels, read_composition
from qqt_bayes.tables.parameters import read_parameters

LEVELS = """data,pool,unique_samples
top 20%,10-20%,20
top 20%,0-10%,10
top 10%,0-10%,10
"""
POOLS = "pool,unique_samples\n0-10%,10\n10-20%,20\n"
PARAMETERS = """fit,pool,a,b,tau,d,unique_samples
utility,0-10%,0.02,0.16,6.5,0.1,10
utility,10-20%,0.03,0.12,,0,20
rival,0-10%,0.02,0.18,inf,0.1,10
"""


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


def test_parameters_of_one_fit(tmp_path):
    parameters = read_parameters(text(tmp_path, PARAMETERS), fit="utility")
    assert parameters["pool"].values.tolist() == ["0-10%", "10-20%"]
    values = {name: variable.values.tolist() for name, variable in parameters.items()}
    assert values == {
        "a": [0.02, 0.03],
        "b": [0.16, 0.12],
        "tau": [6.5, np.inf],
        "d": [0.1, 0.0],
        "kappa": [0.0, 0.0],
        "pool_size": [10.0, 20.0],
    }
    assert {name: x.attrs["units"] for name, x in parameters.items()}["tau"] == "epochs"


def test_parameters_without_half_life(tmp_path):
    table = pd.DataFrame({"pool": ["x"], "a": 1.0, "b": 1.0, "d": 0.0, "unique_samples": 5})
    assert read_parameters(table)["tau"].item() == np.inf


def test_parameters_that_overfit():
    table = pd.DataFrame({"pool": ["x", "y"], "a": 1.0, "b": 1.0, "d": 0.0, "unique_samples": 5})
    assert read_parameters(table.assign(kappa=["0.1", ""]))["kappa"].values.tolist() == [0.1, 0.0]
    with pytest.raises(InputError, match="row 1, column kappa: expected a kappa of at least 0, go"):
        read_parameters(table.assign(kappa=-0.1))


@pytest.mark.parametrize(
    ("old", "new", "fit", "sentence"),
    [
        ("", "", None, "1 fault\n  column fit: holds 2 fits; choose one of 'utility', 'rival'"),
        ("", "", "utilty", "1 fault\n  column fit: unknown fit 'utilty'; did you mean 'utility'?"),
        ("fit,", "law,", "utility", "missing column 'fit'"),
        (
            "0.16",
            "-0.16",
            "utility",
            "row 2, column b: expected a utility above 0, got -0.16; write exp",
        ),
        ("6.5", "0", "utility", "row 2, column tau: expected a half-life above 0, got 0"),
        ("0.02", "", "utility", "row 2, column a: expected a scale above 0, got an empty cell"),
        ("0.02", "inf", "utility", "row 2, column a: expected a scale above 0, got 'inf'"),
        ("10-20%", "0-10%", "utility", "row 3, column pool: repeats row 2"),
        ("a,b,tau,d", "a,beta,tau,d", "utility", "missing column 'b'"),
    ],
)
def test_faults_of_parameters(tmp_path, old, new, fit, sentence):
    with pytest.raises(InputError, match=re.escape(sentence)):
        read_parameters(text(tmp_path, PARAMETERS.replace(old, new, 1)), fit=fit)
