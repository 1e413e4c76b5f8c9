"""Larger budgets are held out whole, and what is asked of them."""

import made
import pytest
import xarray as xr
from designs import runs_of

from qqt_bayes.comparison.splits import questions, split
from qqt_bayes.errors import InputError
from qqt_bayes.tables.runs import read_runs


def test_early_runs_are_the_table_that_had_no_others():
    """A fit of them knows nothing of what is held out, but the sizes of the pools."""
    runs, composition = made.tables(groups=2)
    early, late = split(read_runs(runs, composition), share=0.3)
    alone = read_runs(runs[runs["samples_seen"] <= 320e6], composition)
    alone = alone.assign_coords(run=early["run"])
    xr.testing.assert_equal(early, alone)
    assert (early["samples_seen"].max(), late["samples_seen"].min()) == (320e6, 1280e6)
    assert early.sizes["run"] + late.sizes["run"] == len(runs)
    assert (
        early.attrs["data_hash"] != split(read_runs(runs, composition), 0.2)[0].attrs["data_hash"]
    )


def test_runs_that_early_runs_cannot_predict_are_counted():
    runs = runs_of(
        ("seen", 1e6, 1e6, 0.5, "small"),
        ("seen", 1e6, 9e6, 0.4, "small"),
        ("seen", 1e6, 9e6, 0.3, "large"),
        ("new", 1e6, 9e6, 0.4, "small"),
    )
    early, late = split(runs)
    assert early["pool"].values.tolist() == late["pool"].values.tolist() == ["seen"]
    assert early["group"].values.tolist() == late["group"].values.tolist() == ["small"]
    assert (late["error"].values.tolist(), late.attrs["excluded"]) == ([0.4], 2)


@pytest.mark.parametrize(
    ("share", "words"),
    [(1.0, "between 0 and 1"), (0.01, "no run is as small"), (0.5, "no larger run is of a group")],
)
def test_splits_that_leave_nothing_are_refused(share, words):
    runs = runs_of(("a", 1e6, 1e6, 0.5, "g"), ("b", 1e6, 9e6, 0.4, "g"))
    with pytest.raises(InputError, match=words):
        split(runs, share)


def test_there_is_a_question_where_two_candidates_were_trained():
    runs = runs_of(
        *((pool, 1e6, 1e6, 0.5, "g") for pool in "abc"),
        ("a", 1e6, 10.0e6, 0.40, "g"),
        ("a", 1e6, 10.0e6, 0.44, "g"),
        ("b", 1e6, 10.4e6, 0.41, "g"),
        ("c", 1e6, 10.4e6, 0.30, "g"),
        ("a", 1e6, 30e6, 0.2, "g"),
    )
    late = split(runs)[1]
    (one,) = questions(late, ["a", "b"])
    assert (one.error.round(6).to_dict(), one.best, one.budget) == (
        {"a": 0.42, "b": 0.41},
        "b",
        10.0e6,
    )
    assert late["error"].values[one.runs].tolist() == [0.40, 0.41]
    assert questions(late)[0].best == "c"
    with pytest.raises(InputError, match="no larger run was made on 'd'"):
        questions(late, ["a", "d"])
