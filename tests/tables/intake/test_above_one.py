"""Columns of errors that hold percentages, accuracies or losses: asked once, for the column."""

import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.tables.runs import read_runs

PERCENT = {"columns": {"error%": "error"}}
ACCURACY = {"columns": {"accuracy%": "error"}}
PERPLEXITY = {"columns": {"ppl": "error"}}
LOSS = {"kind": "loss"}


def runs(*errors, name="error"):
    seen = [1e8 * 2**i for i in range(len(errors))]
    return pd.DataFrame({"pool": "a", "unique_samples": 1e7, "samples_seen": seen, name: errors})


def refused(table, **how):
    with pytest.raises(InputError) as caught:
        read_runs(table, **how)
    return caught.value


@pytest.mark.parametrize(
    ("errors", "proposed"),
    [
        ([63.1, 66.9, 67.5, 65.6], [PERCENT, ACCURACY]),
        ([3.2, 2.9, 2.7], [LOSS, PERCENT, ACCURACY]),
        ([900.0, 41.0], [LOSS, PERPLEXITY]),
        ([63.1, 66.9, 0.7], [PERCENT, ACCURACY]),
    ],
)
def test_the_column_is_asked_about_once_and_each_answer_is_read(errors, proposed):
    error = refused(runs(*errors))
    assert "1 fault\n" in str(error)
    assert "divide" not in str(error).splitlines()[1]
    assert [advice.arguments for advice in error.advice] == proposed
    for advice in error.advice:
        assert read_runs(runs(*errors), **advice.arguments).sizes["run"] == len(errors)


def test_the_users_own_columns_are_kept_in_what_is_proposed():
    table = runs(63.1, 66.9, name="top1").rename(columns={"pool": "source"})
    error = refused(table, columns="error=top1,pool=source")
    assert "column top1: expected error rates in (0, 1], got 2 numbers above 1" in str(error)
    assert error.advice[0].arguments == {"columns": {"pool": "source", "error%": "top1"}}
    error = refused(runs(3.1, 2.9, name="top1"), columns="error=top1")
    assert error.advice[0].arguments == {"columns": {"error": "top1"}, "kind": "loss"}


@pytest.mark.parametrize("errors", [[50.0, 0.5, 0.4, 0.3], [50.0]])
def test_of_single_cells_the_row_is_named(errors):
    assert "row 1, column error: expected an error rate in (0, 1], got 50" in str(
        refused(runs(*errors))
    )


def test_other_faults_of_the_column_are_told_beside_it():
    message = str(refused(runs(63.1, 66.9, -1.0, 62.0)))
    assert "2 faults" in message
    assert "row 3, column error: expected an error rate in (0, 1], got -1" in message


def test_accuracies_in_per_cent_are_asked_about_once():
    table = runs(63.1, 66.9, 100.0, name="top1").rename(columns={"pool": "source"})
    error = refused(table.iloc[:2], columns="accuracy=top1,pool=source")
    assert "1 fault\n  column top1: expected accuracies in [0, 1), got 2 numbers" in str(error)
    (advice,) = error.advice
    assert advice.arguments == {"columns": {"pool": "source", "accuracy%": "top1"}}
    assert read_runs(table.iloc[:2], **advice.arguments)["error"].values[0] == pytest.approx(0.369)
