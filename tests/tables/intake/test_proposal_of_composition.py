"""A composition under other names: what is said of it, beside the runs, and what reaches it."""

import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.tables.composition import read_composition, read_sizes
from qqt_bayes.tables.runs import read_runs

SETS = {"data": ["x", "y", "y"], "pool": ["a", "a", "b"], "unique_samples": [5, 5, 6]}
RUNS = {"data": ["x", "y"], "samples_seen": [9, 90], "error": [0.5, 0.4]}
OTHER = {"data": "training_set", "pool": "bucket", "unique_samples": "docs"}


def tables(of_runs=None, of_sets=None):
    """The runs and their composition, with some columns under other names."""
    return (
        pd.DataFrame(RUNS).rename(columns=of_runs or {}),
        pd.DataFrame(SETS).rename(columns=of_sets or {}),
    )


def refused(runs, composition, **options) -> InputError:
    with pytest.raises(InputError) as caught:
        read_runs(runs, composition, **options)
    return caught.value


def proposed(error: InputError) -> dict[str, object]:
    (advice,) = [each for each in error.advice if "columns" in each.arguments]
    return dict(advice.arguments)


def test_a_composition_under_other_names_gets_the_same_help_as_runs():
    said = str(refused(*tables(of_sets=OTHER)))
    assert said.splitlines() == [
        "composition table: 3 faults",
        "  missing column 'data'",
        "  missing column 'pool'",
        "  missing column 'unique_samples'",
        "  the columns are 'training_set', 'bucket', 'docs'",
        "  data: 'training_set' looks like it",
        "  pool: 'bucket' looks like it",
        "  unique_samples: 'docs' looks like it",
        f"  if these are right, columns={OTHER} says so",
    ]


@pytest.mark.parametrize(
    ("of_runs", "of_sets", "mapping"),
    [
        ({}, OTHER, OTHER),
        ({}, {"data": "mix", "pool": "source", "unique_samples": "tokens"}, None),
        ({}, {"data": "Data", "pool": "Pool", "unique_samples": "Unique Samples"}, None),
        (
            {"data": "training_set", "samples_seen": "seen", "error": "Err"},
            OTHER,
            {"error": "Err", "samples_seen": "seen", **OTHER},
        ),
        (
            {"data": "mix", "error": "val_err"},
            {"data": "training_set"},
            {"error": "val_err", "data": "mix", "composition.data": "training_set"},
        ),
    ],
)
def test_one_mapping_for_both_is_proposed_and_works_as_it_stands(of_runs, of_sets, mapping):
    given = tables(of_runs, of_sets)
    arguments = proposed(refused(*given))
    if mapping is not None:
        assert arguments == {"columns": mapping}
    runs = read_runs(*given, **arguments)
    assert runs.attrs["data_hash"] == read_runs(*tables()).attrs["data_hash"]


def test_a_pair_reaches_the_table_that_has_the_column():
    """A pair is no fault of the other table, which has the column under its own name."""
    for given in (tables(of_sets=OTHER), tables({"data": "training_set"}, OTHER)):
        runs = read_runs(*given, columns=OTHER)
        assert runs["data"].values.tolist() == ["x", "y"]
    pool = pd.DataFrame({"src": ["a"], "D": [5], "samples_seen": 9, "error": 0.5})
    alone = read_runs(pool, pd.DataFrame(SETS), columns={"pool": "src", "unique_samples": "D"})
    assert alone["pool"].values.tolist() == ["a"]


def test_a_pair_for_the_composition_alone():
    """It has both columns, and only what is said to be for it takes another than its own."""
    composition = pd.DataFrame(SETS).assign(thousands=[5, 5, 6])
    columns = {"composition.unique_samples": "thousands*1000"}
    for given in (columns, {"composition": {"unique_samples": "thousands*1000"}}):
        runs = read_runs(pd.DataFrame(RUNS), composition, columns=given)
        assert runs["unique_samples"].sum("pool").values.tolist() == [5000, 11000]
    shared = {"unique_samples": "thousands*1000"}
    said = str(refused(pd.DataFrame(RUNS), composition, columns=shared))
    assert "no column 'thousands' for unique_samples" in said


def test_a_column_for_the_composition_that_is_not_there():
    said = str(refused(*tables(of_sets=OTHER), columns={"composition.data": "training_sets"}))
    assert "no column 'training_sets' for data; did you mean 'training_set'?" in said


def test_faults_of_both_tables_come_in_one_message():
    runs, composition = tables({"error": "val_err"})
    runs.loc[0, "samples_seen"] = -9
    composition["unique_samples"] = ["5", "many", "6"]
    said = str(refused(runs, composition))
    assert "composition table: 1 fault\n  row 2, column unique_samples: expected" in said
    assert "runs table: 2 faults\n  missing column 'error'" in said
    assert "row 1, column samples_seen: expected a number of at least 1, got -9" in said


@pytest.mark.parametrize("damage", ["rename", "empty"])
def test_names_that_a_composition_at_fault_does_not_tell_are_no_faults_of_the_runs(damage):
    runs, composition = tables()
    if damage == "rename":
        composition = composition.rename(columns={"data": "zzz", "pool": "yyy"})
    else:
        composition.loc[0, "data"] = ""
    said = str(refused(runs, composition))
    assert "composition table: " in said
    assert "runs table" not in said


def test_an_unknown_training_set_is_a_fault_beside_one_of_the_composition():
    runs, composition = tables()
    runs.loc[1, "data"] = "z"
    composition["unique_samples"] = ["5", "many", "6"]
    assert "unknown training set 'z'; expected one of 'x', 'y'" in str(refused(runs, composition))


def test_epochs_are_offered_where_the_composition_knows_the_sizes():
    runs = pd.DataFrame({"data": ["x", "y"], "epochs": [2, 4], "error": [0.5, 0.4]})
    arguments = proposed(refused(runs, pd.DataFrame(SETS)))
    assert arguments == {"columns": {"epochs": "epochs"}}
    assert read_runs(runs, pd.DataFrame(SETS), **arguments)["samples_seen"].values.tolist() == [
        10,
        44,
    ]


def test_epochs_are_offered_where_sizes_have_to_be_added():
    runs = pd.DataFrame({"pool": ["a"], "epochs": [2], "error": [0.5]})
    with pytest.raises(InputError, match=r"says so; unique_samples has to be added") as caught:
        read_runs(runs)
    assert proposed(caught.value) == {"columns": {"epochs": "epochs"}}


def test_a_table_of_pools_under_other_names_is_told_what_to_call_them():
    frame = pd.DataFrame({"bucket": ["a", "b"], "docs": [5, 6]})
    with pytest.raises(InputError, match=r"if these are right, call them pool and unique_samples"):
        read_sizes(frame)


def test_levels_under_other_names_are_told_what_to_call():
    """No option names the columns of levels."""
    with pytest.raises(InputError) as caught:
        read_composition(tables(of_sets=OTHER)[1])
    assert str(caught.value).splitlines()[-1] == (
        "  if these are right, call them data, pool and unique_samples"
    )
