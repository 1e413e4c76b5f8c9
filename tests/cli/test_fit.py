"""`qqt fit`: what it hands to the sampler, saves and reports, and its exit codes."""

import json
from pathlib import Path
from types import SimpleNamespace

import made
import pandas as pd
import pytest
from click.testing import Result
from command import qqt

from qqt_bayes.posterior import fit_file
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.methods import METHODS
from qqt_bayes.sampling import inference, many


def fit_with(
    files: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, *options: str, exit_code: int = 0, **of
) -> tuple[Result, Path, dict]:
    """`qqt fit` with a fit that is made instead of sampled."""
    asked = {}

    def infer(runs, spec, **settings):
        asked.update(settings, runs=runs.sizes["run"], model=spec.name)
        return made.fit(**of)

    monkeypatch.setattr(inference, "fit", infer)
    path = files.folder / "new.nc"
    path.unlink(missing_ok=True)
    tables = ("fit", files.runs, "--composition", files.composition, "-o", path)
    return qqt(*tables, *options, exit_code=exit_code), path, asked


def test_fit_saves_and_reports(files: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("--model", "utility-free-size", "--draws", "7", "--chains", "2", "--seed", "5")
    result, path, asked = fit_with(files, monkeypatch, *options, "--format", "json")
    assert asked == {
        "runs": 12,
        "model": "utility-free-size",
        "draws": 7,
        "tune": 1000,
        "chains": 2,
        "seed": 5,
        "method": "nuts",
        "low_rank": False,
        "progress": True,
    }
    said = json.loads(result.stdout)
    assert said["fit"] == str(path)
    assert said["passed"] is True
    assert said["checks"][0]["id"] == "rhat"
    assert {"parameter", "of", "contraction", "verdict"} <= set(said["learned"][0])
    assert "The fit passed its gate" in result.stderr
    assert Fit.of(fit_file.load(path)).gate.passed


def test_a_fit_for_each_metric(
    files: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.read_csv(files.runs)
    both = [table.assign(metric=name) for name in ("imagenet", "mean of 38")]
    pd.concat(both).to_csv(tmp_path / "runs.csv", index=False)
    asked: list[str] = []

    def infer(tables, spec, **sampler):
        for each in tables:
            asked.append(each.attrs["metric"])
            yield made.fit(passed=each.attrs["metric"] == "imagenet")

    monkeypatch.setattr(many, "fit_many", infer)
    options = ("--composition", files.composition, "--by", "metric", "-o", tmp_path / "fit.nc")
    result = qqt("fit", tmp_path / "runs.csv", *options, "--format", "json", exit_code=3)
    assert asked == ["imagenet", "mean of 38"]
    paths = [tmp_path / "fit-imagenet.nc", tmp_path / "fit-mean-of-38.nc"]
    content = json.loads(result.stdout)["fits"]
    assert [each["fit"] for each in content] == list(map(str, paths))
    assert [each["passed"] for each in content] == [True, False]
    assert [Fit.of(fit_file.load(path)).gate.passed for path in paths] == [True, False]
    assert f"{paths[1]} is saved all the same." in result.stderr
    refused = qqt("fit", tmp_path / "runs.csv", *options, "--metric", "imagenet", exit_code=2)
    assert "no --metric" in refused.output
    none = qqt("fit", files.runs, *options, exit_code=1)
    assert "metric" in none.output


def test_a_fit_that_fails_is_saved_and_exits_with_3(
    files: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, path, _ = fit_with(files, monkeypatch, exit_code=3, passed=False)
    assert " FAILED: the chains disagree: sample longer (--draws 150 " in result.stderr
    assert f"{path} is saved all the same." in result.stderr
    assert not Fit.of(fit_file.load(path)).gate.passed
    fit_with(files, monkeypatch, "--force", exit_code=0, passed=False)


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_fit_is_marked_in_every_form(tmp_path, monkeypatch, form):
    runs, composition = made.tables()
    runs.to_csv(tmp_path / "runs.csv", index=False)
    composition.to_csv(tmp_path / "composition.csv", index=False)
    monkeypatch.setattr(inference, "fit", lambda *_, method, **__: made.fit(method=method))
    tables = (tmp_path / "runs.csv", "--composition", tmp_path / "composition.csv")
    found = qqt("fit", *tables, "-o", tmp_path / "fit.nc", "--method", "laplace", "--format", form)
    assert made.LAPLACE_REMARK in found.stderr
    assert "laplace" in found.stdout


@pytest.mark.parametrize("method", [name for name in METHODS if name != "nuts"])
@pytest.mark.parametrize(
    "option", [("--tune", "1000"), ("--target-accept", "0.9"), ("--low-rank",)]
)
def test_options_of_nuts_are_refused(tmp_path, method, option):
    asked = ("fit", tmp_path / "runs.csv", "-o", tmp_path / "fit.nc", "--method", method, *option)
    assert f"{option[0]} is for --method nuts, not for {method}" in qqt(*asked, exit_code=2).stderr


def test_an_unknown_method_is_wrong_usage(tmp_path):
    asked = ("fit", tmp_path / "runs.csv", "-o", tmp_path / "fit.nc", "--method", "advi")
    assert "'advi' is not one of 'nuts', 'laplace'" in qqt(*asked, exit_code=2).stderr
