"""A decision about a fit: what it compares, what it marks, and what it refuses."""

import re
import subprocess
import sys

import made
import numpy as np
import pytest
import xarray as xr

from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.decide import decide
from qqt_bayes.decisions.judge import judge
from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.posterior.prediction import predict

BUDGETS = [64e6, 320e6, 776e6, 1.28e9, 5e9]


@pytest.mark.parametrize("model", ["utility", "cherti"])
def test_groups_are_decided_one_by_one(model):
    fit = made.fit(groups=2, model=model, draws=20)
    together = decide(fit, made.levels(), BUDGETS)
    for group in ("arch 1", "arch 2"):
        alone = decide(fit, made.levels(), BUDGETS, group=group)
        assert "group" not in alone.dims
        xr.testing.assert_allclose(alone, together.sel(group=group))
        assert alone.attrs == together.attrs


def test_a_fit_of_one_group_has_no_group():
    assert "group" not in decide(made.fit(draws=5), made.levels(), BUDGETS).coords


def test_a_decision_compares_predictions():
    fit = made.fit(draws=20)
    decision = decide(fit, made.levels(), BUDGETS, margin=0.01)
    error = predict(fit, made.levels(), BUDGETS)
    expected = judge(error, Criteria(margin=0.01))
    for name, variable in expected.items():
        xr.testing.assert_allclose(decision[name], variable.transpose(*decision[name].dims))
    assert decision["error"].dims == ("level", "budget", "quantile")
    assert decision["choice"].dims == ("budget",)
    expected = {
        "probability": 0.9,
        "margin": 0.01,
        "interval": 0.9,
        "rule": "expected",
        "cvar_level": 0.9,
        "draws": 40,
        "discrepancy": 1,
        "of": "mean over runs",
        "kind": "error",
        "measure": "error",
        "unit": "samples",
        "law": "utility",
        "model": "utility",
        "models": ["utility"],
        "weights": [1.0],
        "method": "nuts",
        "gate_passed": 1,
        "forced": 0,
    }
    assert decision.attrs == expected


def test_budgets_outside_the_data_are_marked():
    """The runs saw 64M to 1.28B samples, the smallest training set 12.8M of them 100 times."""
    decision = decide(made.fit(draws=5), made.levels(), [32e6, 64e6, 1e9, 1.28e9, 5.12e9])
    np.testing.assert_allclose(decision["extrapolation"], [0.5, 1, 1, 1, 4])
    assert decision["most_trained"] == 1.28e9
    assert decision["least_trained"] == 64e6
    np.testing.assert_allclose(
        decision["repetitions"].sel(level="top 2"), [1.25, 2.5, 39.0625, 50, 200]
    )
    assert decision["most_repetitions"] == 100
    assert decision["extrapolated_epochs"].sum("level").values.tolist() == [0, 0, 0, 0, 3]


def test_budgets_between_trained_ones_and_levels_beyond_the_pools_are_marked():
    """The runs saw 64M, 128M, 320M and 1.28B samples; the pools have 12.8M each."""
    twice = made.levels() * [[0.5], [1], [2]]
    decision = decide(made.fit(draws=5), twice, [32e6, 64e6, 200e6, 1e9, 1.28e9, 2e9])
    np.testing.assert_allclose(decision["gap"], [1, 1, 2.5, 4, 1, 1])
    np.testing.assert_allclose(decision["pool_multiple"], [0.5, 1, 2])


@pytest.mark.parametrize("other", ["fit.nc", None, xr.Dataset(), xr.DataTree()])
def test_what_is_no_fit(other):
    with pytest.raises(InputError, match="expected a fit, as qqt_bayes"):
        decide(other, made.levels(), 1e9)
    with pytest.raises(InputError, match="expected a fit, as qqt_bayes"):
        predict(other, made.levels(), 1e9)


def test_each_group_has_its_own_range():
    fit = made.fit(groups=2, draws=5)
    keep = (fit["constant_data"]["group_index"] == 0) | (fit["constant_data"]["samples_seen"] < 2e8)
    for name in ("constant_data", "observed_data"):
        fit[name] = fit[name].to_dataset().isel(run=keep.values)
    decision = decide(fit, made.levels(), [128e6, 1.28e9])
    assert decision["extrapolation"].values.tolist() == [[1, 1], [1, 10]]
    between = decide(fit, made.levels(), [100e6, 1e9])["gap"]
    assert between.transpose("group", "budget").values.tolist() == [[2, 4], [2, 1]]
    assert decision["most_repetitions"].values.tolist() == [100, 10]
    assert decision["extrapolated_epochs"].sum("level").values.tolist() == [[0, 0], [0, 3]]
    alone = decide(fit, made.levels(), [128e6, 1.28e9], group="arch 2")
    assert alone["extrapolation"].values.tolist() == [1, 10]


def test_order_of_budgets_is_kept():
    fit = made.fit(draws=20)
    decision = decide(fit, made.levels(), BUDGETS[::-1])
    assert decision["budget"].values.tolist() == BUDGETS[::-1]
    xr.testing.assert_allclose(
        decision, decide(fit, made.levels(), BUDGETS).isel(budget=slice(None, None, -1))
    )


def test_a_fit_that_did_not_pass_must_be_forced():
    fit = made.fit(passed=False, draws=5)
    with pytest.raises(InadequateFit, match=r"R-hat|pass"):
        decide(fit, made.levels(), BUDGETS)
    decision = decide(fit, made.levels(), BUDGETS, force=True)
    assert (decision.attrs["gate_passed"], decision.attrs["forced"]) == (0, 1)
    assert decision["tried"].any()
    assert not decision["proven"].any()
    assert set(decision["winner"].values.tolist()) == {"undecided"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"probability": 0}, "probability: expected a number above 0 and at most 1, got 0"),
        ({"probability": 1.5}, "probability: expected a number above 0 and at most 1, got 1.5"),
        ({"probability": np.nan}, "probability: expected a number above 0 and at most 1, got nan"),
        ({"margin": -0.1}, "margin: expected a number of at least 0, got -0.1"),
        ({"margin": "0.1"}, "margin: expected a number of at least 0, got '0.1'"),
        ({"margin": np.inf}, "margin: expected a number of at least 0, got inf"),
        ({"interval": 1}, "interval: expected a number between 0 and 1, got 1"),
        ({"cvar_level": 1.0}, "cvar_level: expected a number of at least 0 and below 1, got 1.0"),
        ({"rule": "cvr"}, "unknown rule 'cvr'; did you mean 'cvar'?"),
        ({"rule": "target"}, "target: rule 'target' needs a number above 0, got None"),
        ({"rule": "target", "target": -1}, "target: rule 'target' needs a number above 0, got -1"),
        ({"target": 0.3}, "target: only rule 'target' uses it, got rule 'expected'"),
        ({"group": "B"}, "unknown group 'B'; expected one of 'all'"),
        ({"margin": -1, "rule": "x"}, "criteria: 2 faults"),
        ({"budgets": []}, "budgets: expected one or more numbers, got shape (0,)"),
        ({"levels": made.levels(4)}, "levels: 1 fault\n  unknown pool '30-40%' (not in the fit)"),
    ],
)
def test_faults(options, sentence):
    asked = {"levels": made.levels(), "budgets": BUDGETS, **options}
    with pytest.raises(InputError, match=re.escape(sentence)):
        decide(made.fit(draws=2), **asked)


def test_a_decision_can_be_saved(tmp_path):
    decision = decide(made.fit(groups=2, draws=5), made.levels(), BUDGETS)
    decision.to_netcdf(tmp_path / "decision.nc")
    xr.testing.assert_equal(xr.load_dataset(tmp_path / "decision.nc"), decision)


def test_deciding_imports_neither_samplers_nor_figures():
    script = (
        "import sys, qqt_bayes; qqt_bayes.decide, qqt_bayes.predict, qqt_bayes.predict_known;"
        "print(*{'arviz', 'matplotlib', 'nutpie', 'pymc', 'pytensor'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_decide_says_how_much_of_the_interval_is_misfit():
    fit, budgets = made.fit(draws=200), [128e6, 128e9]
    fit["posterior"]["amplitude"].values[:] = 0.03
    decision = decide(fit, made.levels(), budgets)
    assert (decision["misfit"].sel(budget=128e9) > 0.5).all()
    own = decide(fit, made.levels(), budgets, discrepancy=False)
    assert (own["misfit"] == 0).all()
    best = [each["probability_best"].sel(budget=128e9).max() for each in (decision, own)]
    assert best[0] < best[1]


def test_one_new_training_is_judged_with_its_noise():
    """As `predict` draws it; of several laws each has luck of its own."""
    fit = made.fit(draws=200, spread=0.001)
    mean = decide(fit, made.levels(), BUDGETS)
    one = decide(fit, made.levels(), BUDGETS, new_run=True)
    assert (mean.attrs["of"], one.attrs["of"]) == ("mean over runs", "one new run")
    expected = judge(predict(fit, made.levels(), BUDGETS, new_run=True), Criteria())
    for name, variable in expected.items():
        xr.testing.assert_allclose(one[name], variable.transpose(*one[name].dims))
    width = [(each["error"][..., -1] - each["error"][..., 0]).mean() for each in (mean, one)]
    assert width[1] > 1.5 * width[0]
    assert one["error"].attrs["of"] == "one new run"
    xr.testing.assert_allclose(one["misfit"], mean["misfit"])
    xr.testing.assert_allclose(one["crossover"], mean["crossover"])
    both = {"b": fit, "a": made.fit(draws=200, spread=0.001)}
    stacked = decide(both, made.levels(), BUDGETS, new_run=True)
    assert stacked.attrs["of"] == "one new run"
    other = decide(dict(sorted(both.items())), made.levels(), BUDGETS, new_run=True)
    xr.testing.assert_allclose(stacked["error"], other["error"], atol=1e-3)


def test_all_rules_are_judged_on_a_fit_and_its_groups():
    fit = made.fit(groups=2, model="cherti", draws=20)
    decision = decide(fit, made.levels(), BUDGETS, rule="all", target=0.6)
    assert decision["choice_by_rule"].dims == ("group", "rule", "budget")
    assert decision["score_by_rule"].dims == ("group", "rule", "level", "budget")
    assert decision["dominates_second"].dims == ("group", "level", "other", "budget")
    alone = decide(fit, made.levels(), BUDGETS, rule="cvar", group="arch 2")
    chosen = decision["choice_by_rule"].sel(group="arch 2", rule="cvar")
    assert chosen.values.tolist() == alone["choice"].values.tolist()
