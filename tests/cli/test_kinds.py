"""`--kind` of `--by metric`: an accuracy, an error rate or a loss, metric by metric."""

import json

import made
import pandas as pd
import pytest
from command import qqt
from made_study import infer

from qqt_bayes.cli.inputs import runs_of
from qqt_bayes.cli.kinds import kinds_of, readings
from qqt_bayes.cli.options import READING
from qqt_bayes.errors import InputError
from qqt_bayes.report.figures import files as figures
from qqt_bayes.sampling import inference

KINDS = "imagenet=accuracy,val_loss=loss"
WEIGHTS = ("--metric-weights", "imagenet=1,val_loss=0.1")
READS = dict.fromkeys(READING) | {
    "kind": "error",
    "drop_missing": False,
    "human_numbers": False,
    "best": False,
}
"""How a command reads RUNS of which nothing is said."""


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """A table of accuracies of one metric and losses of another, under the heading `value`, too."""
    folder = tmp_path_factory.mktemp("kinds")
    runs, composition = made.tables()
    both = pd.concat(
        [
            runs.assign(metric="imagenet", error=1 - runs["error"]),
            runs.assign(metric="val_loss", error=1 + 3 * runs["error"]),
        ]
    )
    both.to_csv(folder / "runs.csv", index=False)
    both.rename(columns={"error": "value"}).to_csv(folder / "value.csv", index=False)
    composition.to_csv(folder / "composition.csv", index=False)
    return folder


@pytest.fixture
def studied(tables, tmp_path, monkeypatch):
    """A function that carries the studies out with made fits, and what they were fitted to."""
    seen = []

    def fit(runs, spec, **sampler):
        seen.append(runs)
        return infer(runs, spec, shift=len(seen), **sampler)

    monkeypatch.setattr(inference, "fit", fit)
    monkeypatch.setattr(figures, "write_figures", lambda *_: [])

    def carry_out(name, *options, exit_code=0):
        line = ("study", tables / name, "--composition", tables / "composition.csv")
        asked = ("--by", "metric", "--models", "utility", "--budgets", "64M,1.28B", "--yes")
        out = tmp_path / "study"
        return seen, out, qqt(*line, *asked, "-o", out, *options, exit_code=exit_code)

    return carry_out


@pytest.mark.parametrize(
    ("name", "options"),
    [("runs.csv", ()), ("value.csv", ("--columns", "error=value"))],
)
def test_each_metric_is_read_as_what_it_is(studied, name, options):
    seen, out, done = studied(name, "--kind", KINDS, *WEIGHTS, *options)
    by_metric = {runs.attrs["metric"]: runs for runs in seen}
    truth = made.tables()[0]["error"].to_numpy()
    accuracies, losses = by_metric["imagenet"], by_metric["val_loss"]
    assert (accuracies.attrs["kind"], accuracies.attrs["measure"]) == ("error", "accuracy")
    assert (losses.attrs["kind"], losses.attrs["measure"]) == ("loss", "loss")
    assert sorted(accuracies["error"].values) == pytest.approx(sorted(truth))
    assert sorted(losses["error"].values) == pytest.approx(sorted(1 + 3 * truth))
    assert "Errors and losses of the mean curves are added" in " ".join(done.stdout.split())
    said = json.loads(qqt("decide", out, "--format", "json").stdout)
    assert [(each["metric"], each["measure"]) for each in said["metrics"]] == [
        ("imagenet", "accuracy"),
        ("val_loss", "loss"),
    ]


def test_a_metric_without_a_kind_has_error_rates(studied):
    seen, _, _ = studied("runs.csv", "--kind", "val_loss=loss", *WEIGHTS)
    assert {runs.attrs["metric"]: runs.attrs["measure"] for runs in seen} == {
        "imagenet": "error",
        "val_loss": "loss",
    }


def test_columns_beside_the_runs_hold_for_each(tables):
    (tables / "value.toml").write_text('[columns]\nerror = "value"\n')
    each = readings(str(tables / "value.csv"), READS | {"kind": KINDS})
    (tables / "value.toml").unlink()
    assert {name: reading["columns"] for name, reading in each.items()} == {
        "imagenet": {"accuracy": "value"},
        "val_loss": {"error": "value"},
    }


def test_the_error_of_guessing_is_of_error_rates_alone(tables):
    asked = READS | {"kind": KINDS, "chance_error": 0.9}
    asked["composition"] = str(tables / "composition.csv")
    path = str(tables / "runs.csv")
    each = readings(path, asked)
    runs = {name: runs_of(path, reading) for name, reading in each.items()}
    assert runs["imagenet"]["chance_error"].item() == 0.9
    assert "chance_error" not in runs["val_loss"]


def test_one_kind_is_of_every_metric(tables):
    each = readings(str(tables / "runs.csv"), READS | {"kind": "loss"})
    assert {reading["kind"] for reading in each.values()} == {"loss"}
    assert {reading["columns"] for reading in each.values()} == {None}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "losses? --kind val_loss=loss reads them so"),
        (("--kind", "imagenet=accuracy"), "--kind imagenet=accuracy,val_loss=loss reads them so"),
        (
            ("--kind", KINDS),
            "say with --metric-weights imagenet=1,val_loss=0.1 or the like what one of a loss",
        ),
        (("--kind", "loss"), "each as its kind: --kind imagenet=error,val_loss=loss"),
        (("--kind", "imagnet=loss"), "there is no metric 'imagnet'; did you mean 'imagenet'?"),
        (("--kind", "imagenet=acuracy"), "unknown kind 'acuracy'; did you mean 'accuracy'?"),
        (("--kind", "imagenet=error,loss"), "such as imagenet=accuracy,val_loss=loss, got 'loss'"),
        (("--kind", "imagenet=error,imagenet=loss"), "kind: 'imagenet' stands there twice"),
    ],
)
def test_faults_name_what_to_do(studied, options, sentence):
    seen, out, done = studied("runs.csv", *options, exit_code=1)
    assert sentence in done.stderr
    assert done.stdout == ""
    assert not seen
    assert not out.exists()


def test_fits_by_metric_take_kinds_too(tables, tmp_path):
    line = ("fit", tables / "runs.csv", "--composition", tables / "composition.csv")
    done = qqt(*line, "--by", "metric", "-o", tmp_path / "fit.nc", exit_code=1)
    assert "--kind val_loss=loss reads them so" in done.stderr
    done = qqt(*line, "--by", "metric", "--kind", KINDS, "-o", "none/fit.nc", exit_code=1)
    assert "none/fit-imagenet.nc cannot be written" in done.stderr


@pytest.mark.parametrize("command", ["check", "fit", "study"])
def test_the_kinds_of_several_metrics_are_none_of_one(tables, tmp_path, command):
    out = () if command == "check" else ("-o", tmp_path / "out.nc")
    line = (tables / "runs.csv", "--composition", tables / "composition.csv", *out)
    done = qqt(command, *line, "--metric", "imagenet", "--kind", KINDS, exit_code=1)
    assert "what each of several metrics is, for --by metric" in done.stderr


def test_names_with_commas_stand_in_quotes():
    names = ["mean, of 38", "a=b"]
    assert kinds_of('"mean, of 38=loss",a=b=ppl', names) == {"mean, of 38": "loss", "a=b": "ppl"}
    with pytest.raises(InputError, match="expected one for all metrics"):
        kinds_of("loss", ["a"])
