"""`qqt study --by metric` on tables whose metrics lack trainings, or are of different kinds."""

from types import SimpleNamespace

import made
import pandas as pd
import pytest
from command import qqt

from qqt_bayes.cli import metric_studies
from qqt_bayes.errors import InputError

NAMES = ("val_loss", "downstream_error")


@pytest.fixture(name="stopped")
def of_stopped(monkeypatch):
    """The tables that studies would be of, which end at once."""
    tables = []

    def stop(runs, *_, **__):
        tables.append(runs)
        if len(tables) == len(NAMES):
            raise InputError("stopped by the test")
        return SimpleNamespace(moved=None)

    monkeypatch.setattr(metric_studies, "study", stop)
    return tables


def written(tmp_path, change):
    """A table of two metrics, of one of which the errors are changed, with its composition."""
    runs, composition = made.tables()
    other = made.tables(seed=1)[0]
    tables = [change(runs.assign(metric=NAMES[0])), other.assign(metric=NAMES[1])]
    pd.concat(tables).to_csv(tmp_path / "runs.csv", index=False)
    composition.to_csv(tmp_path / "composition.csv", index=False)
    return tmp_path / "runs.csv", "--composition", tmp_path / "composition.csv"


def studied(tables, *options, exit_code=1):
    out = tables[0].with_name("out")
    result = qqt("study", *tables, "--by", "metric", "-o", out, *options, exit_code=exit_code)
    return " ".join(result.stderr.split())


def first_is_empty(table):
    return table.assign(error=table["error"].where(table.index != table.index[0]))


def test_a_training_that_a_metric_lacks_is_left_out_of_all(tmp_path, stopped):
    said = studied(written(tmp_path, first_is_empty), "--drop-missing")
    assert "Left out of every metric, because val_loss lacks them: 'top 1' at 64M." in said
    one, other = stopped
    whole = len(made.tables()[0])
    assert one.sizes["run"] == other.sizes["run"] == whole - 1


def test_without_the_option_it_is_named(tmp_path):
    tables = written(tmp_path, lambda table: table.iloc[1:])
    said = studied(tables)
    assert "'top 1' at 64M is in the runs of 'downstream_error' alone" in said
    assert "--drop-missing leaves trainings that a metric lacks out of every metric" in said


def test_metrics_without_a_training_in_common_stay_refused(tmp_path):
    tables = written(tmp_path, lambda table: table.assign(samples_seen=table["samples_seen"] + 1))
    said = studied(tables, "--drop-missing")
    assert "are of different trainings" in said
    assert "Left out" not in said


def test_an_error_rate_is_not_added_to_a_loss_unasked(tmp_path, stopped):
    tables = written(tmp_path, lambda table: table.assign(error=table["error"] + 2))
    said = studied(tables, "--kind", "loss")
    assert "looks like an error rate, val_loss (2" in said
    assert "--metric-weights val_loss=NUMBER,downstream_error=NUMBER" in said
    assert not stopped
    weights = "val_loss=1,downstream_error=2"
    said = studied(tables, "--kind", "loss", "--metric-weights", weights)
    assert "stopped by the test" in said
