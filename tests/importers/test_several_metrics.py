"""Metrics across: each column between commas becomes rows of its own."""

import io
import shlex

import pandas as pd
import pytest
from command import qqt

from qqt_bayes.errors import InputError
from qqt_bayes.importers.needs import NeedsMore
from qqt_bayes.importers.read import import_runs
from qqt_bayes.tables.runs import read_runs

ACROSS = """data,tokens,val_loss,downstream_error
a,3000000000,3.203,0.5847
a,12000000000,,0.5094
b,3000000000,3.289,0.5899
"""
COMPOSITION = "data,pool,unique_samples\na,x,1000000000\nb,x,1000000000\nb,y,1000000000\n"


def across(text=ACROSS):
    return pd.read_csv(io.StringIO(text))


def test_each_column_becomes_rows_of_its_metric():
    runs = import_runs(across(), metric="val_loss,downstream_error", columns="samples_seen=tokens")
    assert runs["metric"].tolist() == ["val_loss"] * 2 + ["downstream_error"] * 3
    assert runs["error"].tolist() == [3.203, 3.289, 0.5847, 0.5094, 0.5899]
    assert runs["samples_seen"].tolist() == [3e9, 3e9, 3e9, 12e9, 3e9]
    assert runs.attrs["kinds"] == {"val_loss": "loss", "downstream_error": "error"}
    assert "Left out, because 'val_loss' holds no number: row 2 (empty)." in runs.attrs["said"]
    assert not any("not read" in sentence for sentence in runs.attrs["said"])


def test_accuracies_beside_losses_become_error_rates():
    table = across(ACROSS.replace("downstream_error", "avg_acc"))
    runs = import_runs(table, metric="avg_acc,val_loss", columns="samples_seen=tokens", kind="loss")
    assert runs["error"].tolist()[:3] == pytest.approx([0.4153, 0.4906, 0.4101])
    assert runs.attrs["kinds"] == {"avg_acc": "error", "val_loss": "loss"}


def test_a_name_with_a_comma_is_one_metric():
    table = across(ACROSS.replace("downstream_error", '"acc,none"'))
    runs = import_runs(table, metric="acc,none", columns="samples_seen=tokens", kind="accuracy")
    assert "metric" not in runs
    both = import_runs(
        table, metric='val_loss,"acc,none"', columns="samples_seen=tokens", kind="accuracy"
    )
    assert set(both["metric"]) == {"val_loss", "acc,none"}


def test_a_metric_that_is_not_there_is_named():
    with pytest.raises(InputError, match="there is no column 'val_los'; did you mean 'val_loss'"):
        import_runs(across(), metric="val_los,downstream_error", columns="samples_seen=tokens")


def test_what_is_needed_keeps_all_metrics_in_the_call():
    with pytest.raises(NeedsMore) as fault:
        import_runs(across(), metric="val_loss,downstream_error")
    assert fault.value.request.arguments["metric"] == "val_loss,downstream_error"


def test_check_and_import_offer_all_columns_that_look_like_metrics(tmp_path):
    path, made = tmp_path / "runs.csv", tmp_path / "composition.csv"
    path.write_text(ACROSS)
    made.write_text(COMPOSITION)
    checked = qqt("check", path, "--composition", made, exit_code=1).stderr
    [line] = [line for line in checked.splitlines() if "qqt import" in line]
    assert "'val_loss' and 'downstream_error' look like metrics" in line
    offered = qqt("import", path, "-o", tmp_path / "long.csv", exit_code=1).stderr
    [other] = [line for line in offered.splitlines() if "--metric" in line]
    for command in (line.partition(": qqt ")[2], other.partition("qqt ")[2]):
        words = [
            str(tmp_path / "out.csv") if ".csv" in word and word != str(path) else word
            for word in shlex.split(command)
        ]
        written = qqt(*words, "--overwrite")
        assert "--metric val_loss --kind loss" in written.stderr
    runs = read_runs(tmp_path / "out.csv", made, metric="downstream_error")
    assert runs.sizes["run"] == 3
