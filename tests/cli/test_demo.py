from pathlib import Path

import made
import pytest
from command import qqt

from qqt_bayes.sampling import inference


def test_demo_writes_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = {}

    def infer(runs, model, **settings):
        asked.update(settings)
        return _fit_of_the_demo(runs, model)

    monkeypatch.setattr(inference, "fit", infer)
    folder = tmp_path / "demo"
    result = qqt("demo", "-o", folder, "--draws", "9")
    assert asked["draws"] == 9
    assert asked["tune"] > 100
    names = {path.name for path in folder.iterdir()}
    assert {"fit.nc", "decision.csv", "decision.json", "summary.txt"} <= names
    assert {"scaling_curves.png", "probability_best.svg", "utility_curves.png"} <= names
    assert len(result.stdout.split("\n\n")[0].splitlines()) == 2 + 14
    words = " ".join((folder / "summary.txt").read_text().split())
    assert "Combination theorem" in words
    assert words in " ".join(result.stdout.split())
    assert [line[:3] for line in result.stderr.splitlines() if line[1:3] == "/4"] == [
        "1/4",
        "2/4",
        "3/4",
        "4/4",
    ]
    assert str(folder) in result.stderr


def test_demo_keeps_a_fit_that_failed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        inference, "fit", lambda runs, model, **_: _fit_of_the_demo(runs, model, passed=False)
    )
    result = qqt("demo", "-o", tmp_path, exit_code=3)
    assert "nothing was decided" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["fit.nc"]


def _fit_of_the_demo(runs, model, *, passed=True):
    """A made fit with the demo's runs in place of its own."""
    fit = made.fit(pools=runs.sizes["pool"], model=model, passed=passed)
    for part in ("posterior", "prior"):
        fit[part] = fit[part].to_dataset().assign_coords(pool=runs["pool"])
    fit["constant_data"] = runs.drop_vars("error").drop_attrs(deep=False)
    fit["observed_data"] = runs[["error"]]
    for part in ("posterior_predictive", "prior_predictive", "log_likelihood"):
        del fit[part]
    return fit
