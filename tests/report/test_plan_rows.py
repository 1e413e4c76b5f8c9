"""Rows to fill in: under the runs that they belong to, they are a table that can be read."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_plan import plan

import qqt_bayes as qqt
from qqt_bayes.report.plan_rows import runs_to_fill

COMPOSITION = pd.DataFrame(
    {"data": ["a", "b", "b"], "pool": ["x", "x", "y"], "unique_samples": [1e7, 1e7, 3e7]}
)
PLAIN = pd.DataFrame(
    {"data": ["a", "b", "b"], "samples_seen": [1e8, 1e8, 2e8], "error": [0.5, 0.6, 0.4]}
)
NAMED = PLAIN.assign(
    run=["a, 100M", "other", "third"], metric="imagenet", n_eval=50000, rounding=0.0005
)


def proposed(runs, *picks):
    """A plan beside some runs: training sets with a budget and the number of the training."""
    data, seen, training = zip(*picks, strict=True)
    unique = runs["unique_samples"].sum("pool").to_series()
    rows = pd.DataFrame({"data": data, "samples_seen": seen, "training": training})
    rows["unique_samples"] = rows["data"].map(unique)
    return replace(plan(), runs=rows, known=runs, sets=runs["unique_samples"], group="ViT")


def added(table, rows, **options):
    """The runs with the rows filled in, read again."""
    both = pd.concat([table, rows.replace({"error": {"": 0.5}, "accuracy": {"": 0.5}})])
    return qqt.read_runs(both, **options)


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (PLAIN, ["data", "samples_seen", "error", "seed"]),
        (NAMED, ["run", "data", "samples_seen", "error", "metric", "n_eval", "rounding", "seed"]),
        (
            PLAIN.assign(group=["ViT", "RN", "RN"]),
            ["data", "samples_seen", "error", "group", "seed"],
        ),
        (PLAIN.assign(n_eval=[1e4, 5e4, np.nan]), ["data", "samples_seen", "error", "seed"]),
    ],
)
def test_rows_have_the_columns_of_the_table(table, columns):
    runs = qqt.read_runs(table, composition=COMPOSITION)
    rows = runs_to_fill(proposed(runs, ("a", 1e8, 2), ("b", 4e8, 1), ("b", 4e8, 2)))
    assert rows.columns.tolist() == columns
    assert rows["seed"].tolist() == [2, 1, 2]
    found = added(table, rows, composition=COMPOSITION)
    assert found.sizes["run"] == 6
    assert found.attrs["metric"] == runs.attrs["metric"]
    assert found["data"].values.tolist() == runs["data"].values.tolist()
    assert set(found["group"].values) == set(runs["group"].values)


def test_where_nothing_repeats_there_is_no_seed():
    runs = qqt.read_runs(PLAIN, composition=COMPOSITION)
    assert "seed" not in runs_to_fill(proposed(runs, ("a", 4e8, 1)))


def test_seeds_go_on_from_those_of_the_table():
    table = PLAIN.assign(seed=[11, 11, 12])
    runs = qqt.read_runs(table, composition=COMPOSITION)
    rows = runs_to_fill(proposed(runs, ("a", 1e8, 2), ("a", 1e8, 3), ("b", 2e8, 2), ("b", 4e8, 1)))
    assert rows["seed"].tolist() == [12, 13, 11, 11]
    assert added(table, rows, composition=COMPOSITION).sizes["run"] == 7


def test_names_of_runs_are_new():
    runs = qqt.read_runs(NAMED, composition=COMPOSITION)
    rows = runs_to_fill(proposed(runs, ("a", 1e8, 2), ("a", 1e8, 3)))
    assert rows["run"].tolist() == ["a, 100M (2)", "a, 100M (3)"]


def test_runs_on_pools_are_named_as_such():
    table = PLAIN.rename(columns={"data": "pool"}).assign(unique_samples=[1e7, 2e7, 2e7])
    runs = qqt.read_runs(table)
    rows = runs_to_fill(proposed(runs, ("a", 4e8, 1)))
    assert rows.columns.tolist() == ["pool", "unique_samples", "samples_seen", "error"]
    found = added(table, rows)
    assert (found.sizes["run"], found.sizes["data"]) == (4, 2)


def test_accuracies_are_asked_for_where_they_were_given():
    table = PLAIN.rename(columns={"error": "accuracy"})
    options = {"composition": COMPOSITION, "columns": "accuracy=accuracy"}
    runs = qqt.read_runs(table, **options)
    rows = runs_to_fill(proposed(runs, ("a", 4e8, 1)))
    assert rows.columns.tolist() == ["data", "samples_seen", "accuracy"]
    assert added(table, rows, **options).sizes["run"] == 4


def test_before_any_run_rows_are_those_of_a_new_table():
    assert runs_to_fill(replace(plan(), known=None)).columns.tolist() == [
        "data",
        "samples_seen",
        "error",
        "seed",
    ]
