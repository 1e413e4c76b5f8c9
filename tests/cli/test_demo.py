from pathlib import Path

import made
import numpy as np
import pytest
import xarray as xr
from command import qqt

from qqt_bayes.cli import demo
from qqt_bayes.sampling import inference

MODELS = "utility", "utility-free-size", "utility-bounded"
"""Those that a made fit can be of."""


def test_demo_writes_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = {}
    monkeypatch.setattr(demo, "MODELS", MODELS[:2])

    def infer(runs, model, **settings):
        asked.update(settings)
        return _fit_of_the_demo(runs, model)

    monkeypatch.setattr(inference, "fit", infer)
    folder = tmp_path / "demo"
    result = qqt("demo", "-o", folder, "--draws", "9")
    assert asked["draws"] == 9
    assert asked["tune"] > 100
    names = {path.name for path in folder.iterdir()}
    assert {f"{model}.nc" for model in MODELS} <= names
    assert {"decision.csv", "decision.json", "study.json", "summary.txt"} <= names
    assert {"scaling_curves.png", "probability_best.svg", "utility_curves-utility.png"} <= names
    verdict, table, candidates, bullets = result.stdout.split("\n\n")
    assert "At 5B samples " in verdict
    assert len(table.splitlines()) == 2 + 14
    assert candidates.startswith("candidate ")
    assert bullets.startswith("- Why: ")
    words = " ".join((folder / "summary.txt").read_text().split())
    assert "Combination theorem" in words
    assert " ".join(verdict.split()) in words
    steps = [line for line in result.stderr.splitlines() if line.startswith(("Read", "Fit model"))]
    assert steps[1:] == [f"Fit model {name} ..." for name in MODELS]
    assert str(folder) in result.stderr


def test_demo_keeps_fits_that_failed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(demo, "MODELS", MODELS[:2])
    monkeypatch.setattr(
        inference, "fit", lambda runs, model, **_: _fit_of_the_demo(runs, model, passed=False)
    )
    result = qqt("demo", "-o", tmp_path, exit_code=3)
    assert "Nothing was decided." in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["levels.csv", "study.json", *(f"{x}.nc" for x in MODELS)]
    )


def _fit_of_the_demo(runs, model, *, passed=True):
    """A made fit with the demo's runs in place of its own."""
    fit = made.fit(pools=runs.sizes["pool"], model=model, passed=passed)
    for part in ("posterior", "prior"):
        fit[part] = fit[part].to_dataset().assign_coords(pool=runs["pool"])
    fit["constant_data"] = runs.drop_vars("error").drop_attrs(deep=False)
    fit["observed_data"] = runs[["error"]]
    fit.attrs["data_hash"] = runs.attrs["data_hash"]
    del fit["prior_predictive"]
    drawn = fit["posterior"]["sigma"] + 0 * runs["error"]
    rng = np.random.default_rng(0)
    for part in ("posterior_predictive", "log_likelihood"):
        fit[part] = xr.Dataset({"error": drawn.copy(data=rng.uniform(0, 1, drawn.shape))})
    return fit
