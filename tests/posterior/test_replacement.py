"""A fit of runs that drew with replacement, from the table to the decision."""

import json

import numpy as np
import pandas as pd
import pytest
from command import qqt

import qqt_bayes as qqt_
from qqt_bayes.calibration.simulate import simulate_runs
from qqt_bayes.laws.law import LAWS
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.prediction import predict_known
from qqt_bayes.report.decision_text import summary
from qqt_bayes.report.verdict_text import answers
from qqt_bayes.tables.composition import nested_levels
from qqt_bayes.tables.parameters import read_parameters
from qqt_bayes.tables.runs import read_runs

TRUTH = pd.DataFrame(
    {"pool": ["best", "rest"], "a": 0.4, "b": [0.2, 0.14], "tau": 3.0, "d": 0.1}
).assign(unique_samples=[4e6, 8e6])
BUDGETS = [4e6, 12e6, 40e6, 100e6, 250e6]


def design(replacement):
    rows = [
        {"pool": pool, "unique_samples": size, "samples_seen": seen, "error": 0.5}
        for pool, size in zip(TRUTH["pool"], TRUTH["unique_samples"], strict=True)
        for seen in BUDGETS
    ]
    return read_runs(pd.DataFrame(rows), replacement=replacement)


@pytest.fixture(scope="module")
def runs():
    truth = read_parameters(TRUTH, law="utility")
    return simulate_runs(truth, design(True), noise=0.001, seed=3)


@pytest.fixture(scope="module")
def fit(runs):
    return qqt_.fit(runs, "utility", draws=200, tune=300, chains=2, seed=0)


def levels():
    return nested_levels(TRUTH.set_index("pool")["unique_samples"])


def test_a_fit_keeps_how_samples_were_drawn_and_predicts_so(fit, tmp_path):
    qqt_.save(fit, tmp_path / "fit.nc")
    loaded = Fit.of(qqt_.load(tmp_path / "fit.nc"))
    assert Fit.of(fit).replacement
    assert loaded.replacement
    assert loaded.law == LAWS["utility"].drawn(True)
    found, again = (qqt_.predict(x, levels(), BUDGETS) for x in (Fit.of(fit), loaded))
    np.testing.assert_array_equal(found, again)
    truth = predict_known(TRUTH, levels(), BUDGETS, replacement=True)
    without = predict_known(TRUTH, levels(), BUDGETS)
    mean = found.mean(("chain", "draw"))
    at_runs = {"level": "top 1"}
    np.testing.assert_allclose(mean.sel(at_runs), truth.sel(at_runs), atol=4e-3)
    assert abs(truth - without).sel(at_runs).max() > 6e-3


def test_simulated_runs_are_what_the_law_predicts(runs):
    exact = simulate_runs(read_parameters(TRUTH, law="utility"), design(True), noise=0.0)
    truth = predict_known(TRUTH, levels(), BUDGETS, replacement=True)
    np.testing.assert_allclose(exact["error"][:5], truth.sel(level="top 1"), rtol=1e-9)


def test_subsets_of_pools_are_predicted_so_too(fit):
    found = qqt_.best_subsets(fit, BUDGETS, force=True, discrepancy=False)
    alone = qqt_.predict(fit, found["unique_samples"], BUDGETS, law_only=True)
    expected = alone.mean(("chain", "draw")).transpose(*found["error_mean"].dims)
    np.testing.assert_allclose(found["error_mean"], expected, rtol=1e-9)


def test_a_decision_says_how_candidates_are_taken_to_be_drawn(fit):
    decision = qqt_.decide(fit, levels(), BUDGETS, force=True)
    assert decision.attrs["replacement"] == 1
    assert "candidates are taken to be drawn in the same way: one epoch leaves 37 %" in summary(
        decision
    )
    (answer,) = answers(decision)
    assert (
        "a run, drawn with replacement as those of the table were, goes through"
        in answer.bullets[0]
    )
    del decision.attrs["replacement"]
    assert "replacement" not in summary(decision) + "".join(answers(decision)[0].lines)


def test_commands_take_the_option(tmp_path):
    path, parameters = tmp_path / "runs.csv", tmp_path / "parameters.csv"
    rows = design(None)
    frame = pd.DataFrame(
        {
            "pool": rows["pool"].values[rows["data_index"]],
            "unique_samples": np.repeat(TRUTH["unique_samples"], 5),
            "samples_seen": rows["samples_seen"],
            "error": np.linspace(0.9, 0.5, 10),
        }
    )
    frame.to_csv(path, index=False)
    for options in ([], ["--replacement"]):
        seen = json.loads(qqt("check", path, *options, "--format", "json").stdout)
        assert seen["replacement"] == bool(options)
    frame.assign(replacement="true").to_csv(path, index=False)
    said = qqt("check", path).stderr
    assert "Samples were drawn with replacement, as column replacement says." in said
    TRUTH.to_csv(parameters, index=False)
    asked = ["predict", parameters, "--budgets", "40M", "--format", "json"]
    plain, drawn = (
        json.loads(qqt(*asked, *more).stdout)["predictions"] for more in ([], ["--replacement"])
    )
    assert drawn[0]["error"] != plain[0]["error"]
