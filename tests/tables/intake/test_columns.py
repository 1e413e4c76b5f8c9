"""Columns by the names of the user's tooling, and those that hold another quantity."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.tables.intake.columns import columns_of
from qqt_bayes.tables.runs import metrics, read_runs

REPEATED = pd.DataFrame(
    {
        "source": "repeat",
        "size": ["60m", "60m", "30m"],
        "D_tokens": [300_000_000, 600_000_000, 300_000_000],
        "epochs": [2, 4, 2],
        "tokens_trained": [600_000_000, 2_400_000_000, 600_000_000],
        "val_loss": [5.7035, 4.0728, 5.6401],
        "val_loss_pred": [5.226449, 4.104852, 5.508422],
    }
)
NAMED = {
    "error": "val_loss",
    "samples_seen": "tokens_trained",
    "unique_samples": "D_tokens",
    "pool": "source",
    "group": "size",
}
TEXT = "error=val_loss,samples_seen=tokens_trained,unique_samples=D_tokens,pool=source,group=size"

PLAIN = pd.DataFrame(
    {"pool": "a", "unique_samples": [10, 10], "samples_seen": [20, 40], "error": [0.7, 0.6]}
)


@pytest.mark.parametrize("columns", [NAMED, TEXT])
def test_a_table_under_its_own_names(columns):
    runs = read_runs(REPEATED, columns=columns, kind="loss")
    assert runs["error"].values.tolist() == [5.7035, 4.0728, 5.6401]
    assert runs["samples_seen"].values.tolist() == [6e8, 2.4e9, 6e8]
    assert runs["unique_samples"].values.tolist() == [[3e8], [6e8]]
    assert runs["group"].values.tolist() == ["60m", "30m"]
    assert runs.attrs["unused_columns"] == '["epochs", "val_loss_pred"]'
    assert (runs.attrs["unit"], runs.attrs["measure"], runs.attrs["kind"]) == (
        "tokens",
        "loss",
        "loss",
    )


@pytest.mark.parametrize(
    ("columns", "cells", "expected", "measure"),
    [
        ({"accuracy": "x"}, [0.25, 0.4], {"error": [0.75, 0.6]}, "accuracy"),
        ({"accuracy%": "x"}, [25, "40"], {"error": [0.75, 0.6]}, "accuracy"),
        ({"error%": "x"}, [75, 60], {"error": [0.75, 0.6]}, "error"),
        ({"loss_bits": "x"}, [2, 1], {"error": [2 * math.log(2), math.log(2)]}, "loss"),
        ({"ppl": "x"}, [math.e**3, math.e**2], {"error": [3, 2]}, "loss"),
        ({"epochs": "x"}, [2, 0.5], {"samples_seen": [20, 5]}, "error"),
        ({"steps": "x*1024"}, [1, 3], {"samples_seen": [1024, 3072]}, "error"),
        ({"steps": "x * 1e6"}, [1, 3], {"samples_seen": [1e6, 3e6]}, "error"),
        ({"samples_seen": "x*1e9"}, [0.5, 2], {"samples_seen": [5e8, 2e9]}, "error"),
        ({"error": "x"}, [0.1, 0.2], {"error": [0.1, 0.2]}, "error"),
        ({"rounding": "x"}, [0.1, None], {"rounding": [0.1, 0]}, "error"),
    ],
)
def test_each_form_has_its_arithmetic(columns, cells, expected, measure):
    table = PLAIN.astype(object).assign(x=pd.Series(cells, dtype=object))
    runs = read_runs(table, columns=columns)
    for name, values in expected.items():
        np.testing.assert_allclose(runs[name], values, rtol=1e-14)
    assert (runs.attrs["measure"], runs.attrs["unit"]) == (measure, "samples")
    assert runs.attrs["kind"] == ("loss" if measure == "loss" else "error")


def test_forms_take_a_column_that_is_named_as_what_they_give():
    runs = read_runs(PLAIN.assign(error=[0.3, 0.4]), columns={"accuracy": "error"})
    np.testing.assert_allclose(runs["error"], [0.7, 0.6])
    swapped = PLAIN.rename(columns={"unique_samples": "samples_seen", "samples_seen": "seen"})
    columns = {"unique_samples": "samples_seen", "samples_seen": "seen"}
    assert (
        read_runs(swapped, columns=columns).attrs["data_hash"]
        == (read_runs(PLAIN).attrs["data_hash"])
    )


def test_forms_work_together_and_say_what_they_replaced():
    table = pd.DataFrame({"pool": ["a"], "D": ["3"], "ep": ["4"], "top1": ["75"], "error": [0.9]})
    columns = "accuracy%=top1,unique_samples=D*1e6,epochs=ep"
    runs = read_runs(table, columns=columns)
    assert runs["samples_seen"].item() == 12e6
    assert runs["error"].item() == 0.25
    assert runs.attrs["unused_columns"] == '["error"]'


def test_epochs_of_training_sets_are_counted_by_the_composition():
    composition = pd.DataFrame({"data": "both", "pool": ["a", "b"], "unique_samples": [10, 30]})
    table = pd.DataFrame(
        {"data": ["both", None], "pool": [None, "a"], "unique_samples": [None, 5]}, dtype=object
    ).assign(ep=[2, 4], error=0.5)
    runs = read_runs(table, composition, columns={"epochs": "ep"})
    assert runs["samples_seen"].values.tolist() == [80, 20]


def test_metrics_may_be_called_otherwise():
    table = PLAIN.assign(task=["x", "y"])
    assert metrics(table, {"metric": "task"}) == ["x", "y"]
    assert read_runs(table, columns={"metric": "task"}, metric="y").sizes["run"] == 1


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("error=a b, pool=c", {"error": "a b", "pool": "c"}),
        ('"accuracy=a, b",pool=c', {"accuracy": "a, b", "pool": "c"}),
        ('pool=c,accuracy="a, b"', {"pool": "c", "accuracy": "a, b"}),
        ('"accuracy=a ""b"""', {"accuracy": 'a "b"'}),
        ("error=a=b", {"error": "a=b"}),
        ("accuracy%=x", {"accuracy%": "x"}),
    ],
)
def test_pairs_as_text(text, pairs):
    assert columns_of(text) == pairs


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ("val_loss", "expected pairs such as error=val_loss,pool=source, got 'val_loss'"),
        ("", "columns: expected pairs"),
        ("error=", "columns: expected pairs"),
        ("error=a,error=b", "columns: 'error' is given twice"),
        ("eror=a", "columns: unknown key 'eror'; did you mean 'error'"),
        ("val_loss=error", "unknown key 'val_loss'; the other way round: error=val_loss"),
        ("error=a,accuracy=b", "'error' and 'accuracy' both give error; leave one out"),
        ("steps=a*2,epochs=b", "'steps' and 'epochs' both give samples_seen; leave one out"),
        ({"error": 3}, "columns: expected names as text, got 'error' and 3"),
        ("error=eror", "runs table: 1 fault\n  no column 'eror' for error; did you mean 'error'?"),
        ("steps=step", "steps=step: how many samples is a step? write steps=step*1024 or so"),
        ("steps=step*BATCH", "expected a number or a column behind *, such as step*1024"),
        ("accuracy=top", "column top: expected accuracies in [0, 1), got 2 numbers above 1, from"),
        ("accuracy=step", 'got 1; accuracies in per cent are "accuracy%"'),
        ("ppl=low", "row 1, column low (error): expected a perplexity above 1, got 0.5"),
        ("samples_seen=low", "row 1, column low (samples_seen): expected a number of at least 1"),
        ("epochs=low*3", "no column 'low*3' for epochs"),
        ("steps=low*1", "column low (samples_seen): gives 0.5; expected a number of at least 1"),
    ],
)
def test_what_no_mapping_is(columns, sentence):
    table = PLAIN.assign(step=[1, 2], top=[70, 60], low=0.5)
    with pytest.raises(InputError) as caught:
        read_runs(table, columns=columns)
    assert sentence in str(caught.value)


def test_losses_are_not_made_of_accuracies():
    with pytest.raises(InputError, match='give error rates, but the kind is "loss"'):
        read_runs(PLAIN, columns="accuracy=error", kind="loss")


@pytest.mark.parametrize(
    ("columns", "unit", "expected"),
    [
        (None, None, "samples"),
        ("samples_seen=train_tokens", None, "tokens"),
        ("unique_samples=n-tok", None, "tokens"),
        ("samples_seen=stokens_x", None, "tokens"),
        ("samples_seen=stock", None, "samples"),
        ("samples_seen=train_tokens", "pairs", "pairs"),
    ],
)
def test_the_unit_is_what_a_mapped_name_or_the_user_says(columns, unit, expected):
    table = PLAIN.assign(**dict.fromkeys(["train_tokens", "stokens_x", "stock", "n-tok"], 20))
    table = table.assign(pool=["a", "b"])
    assert read_runs(table, columns=columns, unit=unit).attrs["unit"] == expected


@pytest.mark.parametrize("unit", ["", "12", 5, "a\nb", "x" * 40])
def test_what_is_no_unit(unit):
    with pytest.raises(InputError, match="unit: expected a word such as samples or tokens, got"):
        read_runs(PLAIN, unit=unit)


def test_a_file_beside_the_runs_names_the_columns(tmp_path):
    REPEATED.to_csv(tmp_path / "runs.csv", index=False)
    REPEATED.to_csv(tmp_path / "runs.csv.gz", index=False)
    lines = [f'{key} = "{name}"' for key, name in NAMED.items()]
    (tmp_path / "runs.toml").write_text("\n".join(["[columns]", *lines]))
    for name in ("runs.csv", "runs.csv.gz"):
        runs = read_runs(tmp_path / name, kind="loss")
        assert runs.attrs["columns_from"] == "runs.toml"
        assert runs["error"].values.tolist() == [5.7035, 4.0728, 5.6401]
    given = read_runs(
        tmp_path / "runs.csv", kind="loss", columns=NAMED | {"error": "val_loss_pred"}
    )
    assert given["error"].values[0] == 5.226449
    assert given.attrs["columns_from"] == ""


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[columns]\nerror = ", r"runs\.toml: not valid TOML, which may name the columns"),
        ("[columns]\neror = 'x'", r"runs\.toml: columns: unknown key 'eror'"),
        ("[columns]\nerror = 3", r"runs\.toml: columns: expected names as text"),
    ],
)
def test_faults_of_the_file_beside_the_runs(tmp_path, content, sentence):
    PLAIN.to_csv(tmp_path / "runs.csv", index=False)
    (tmp_path / "runs.toml").write_text(content)
    with pytest.raises(InputError, match=sentence):
        read_runs(tmp_path / "runs.csv")


def test_another_file_beside_the_runs_does_no_harm(tmp_path):
    PLAIN.to_csv(tmp_path / "runs.csv", index=False)
    (tmp_path / "runs.toml").write_text("law = 'utility'\n")
    assert read_runs(tmp_path / "runs.csv").attrs["columns_from"] == ""


def test_the_group_is_named_once():
    with pytest.raises(InputError, match="group: 'epochs', but columns give it as 'size'"):
        read_runs(REPEATED, columns=NAMED, group="epochs", kind="loss")
    assert read_runs(REPEATED, columns=NAMED, group="size", kind="loss").sizes["group"] == 2


def test_steps_times_a_column():
    table = PLAIN.drop(columns="samples_seen").assign(step=[100, 200], batch_tokens=[10**6, 2e6])
    runs = read_runs(table, columns="steps=step*batch_tokens")
    assert runs["samples_seen"].values.tolist() == [1e8, 4e8]
    assert runs.attrs["unit"] == "tokens"
    assert json.loads(runs.attrs["unused_columns"]) == []
    starred = table.rename(columns={"step": "step*", "batch_tokens": "a*b"})
    assert read_runs(starred, columns="steps=step**a*b")["samples_seen"].values[1] == 4e8
    left = table.assign(error=[0.5, None])
    left = read_runs(left, columns="steps=step*batch_tokens", drop_missing=True)
    assert left["samples_seen"].values.tolist() == [1e8]


@pytest.mark.parametrize("cell", [None, 0, "many", -5])
def test_each_fault_of_a_column_that_is_multiplied_by_is_named(cell):
    table = PLAIN.drop(columns="samples_seen").assign(step=[100, 200])
    table["batch"] = pd.Series([1e6, cell], dtype=object)
    with pytest.raises(InputError, match="row 2, column batch: expected a number above 0"):
        read_runs(table, columns="steps=step*batch")
