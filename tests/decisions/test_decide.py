"""Decisions: a posterior small enough to count by hand, identities, and what came of the data."""

import re
import subprocess
import sys

import made
import numpy as np
import pytest
import xarray as xr

from qqt_bayes.decisions.criteria import RULES, Criteria
from qqt_bayes.decisions.crossover import first_crossing, summarise_crossing
from qqt_bayes.decisions.decide import decide
from qqt_bayes.decisions.judge import judge
from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.posterior.prediction import predict

BUDGETS = [64e6, 320e6, 776e6, 1.28e9, 5e9]

HAND = xr.DataArray(
    # budget 1e6            budget 1e7
    [
        [[0.30, 0.40], [0.20, 0.60]],  # draw 0: levels a, b; then budgets
        [[0.31, 0.30], [0.20, 0.20]],  # draw 1
        [[0.50, 0.32], [0.50, 0.20]],  # draw 2
    ],
    {"draw": range(3), "budget": [1e6, 1e7], "level": ["a", "b"]},
    ("draw", "budget", "level"),
).expand_dims(chain=[0])
"""Three draws of the errors of two levels at two budgets."""


def at(decision, name, budget=1e6):
    return decision[name].sel(budget=budget).values


def test_counted_by_hand():
    """At 1e6: best are a, b, b; the excess of a is 0, 0.01, 0.18 and of b 0.1, 0, 0."""
    decision = judge(HAND, Criteria(margin=0.01, interval=0.5, probability=0.6))
    np.testing.assert_allclose(at(decision, "probability_best"), [1 / 3, 2 / 3])
    np.testing.assert_allclose(at(decision, "probability_within_margin"), [2 / 3, 2 / 3])
    np.testing.assert_allclose(at(decision, "regret"), [0.19 / 3, 0.1 / 3])
    np.testing.assert_allclose(at(decision, "error_mean"), [0.37, 0.34])
    np.testing.assert_allclose(at(decision, "score"), [0.37, 0.34])
    quartiles = decision["error"].sel(level="a", budget=1e6)
    np.testing.assert_allclose(quartiles, [0.305, 0.31, 0.405])
    assert quartiles["quantile"].values.tolist() == [0.25, 0.5, 0.75]
    assert at(decision, "choice") == at(decision, "winner") == "b"
    np.testing.assert_allclose(at(decision, "choice_regret"), 0.1 / 3)


def test_ties_share_equally():
    """At 1e7 a is best in draw 0, both in draw 1, b in draw 2: one and a half each."""
    decision = judge(HAND, Criteria(probability=0.5, margin=0))
    np.testing.assert_allclose(at(decision, "probability_best", 1e7), [0.5, 0.5])
    np.testing.assert_allclose(at(decision, "probability_within_margin", 1e7), [2 / 3, 2 / 3])
    np.testing.assert_allclose(at(decision, "regret", 1e7), [0.1, 0.4 / 3])
    assert at(decision, "choice", 1e7) == "a"


@pytest.mark.parametrize(
    ("probability", "winner"), [(2 / 3, "b"), (0.67, "undecided"), (1.0, "undecided")]
)
def test_a_winner_must_reach_the_probability(probability, winner):
    assert at(judge(HAND, Criteria(probability=probability)), "winner") == winner


@pytest.mark.parametrize(
    ("options", "score", "choice"),
    [
        ({"rule": "expected"}, [0.37, 0.34], "b"),
        ({"rule": "cvar", "cvar_level": 0.0}, [0.37, 0.34], "b"),
        ({"rule": "cvar", "cvar_level": 2 / 3}, [0.50, 0.40], "b"),  # the worst draw
        ({"rule": "cvar", "cvar_level": 0.99}, [0.50, 0.40], "b"),  # part of the worst draw
        ({"rule": "cvar", "cvar_level": 0.5}, [(0.50 + 0.31 / 2) / 1.5, 0.56 / 1.5], "b"),
        ({"rule": "target", "target": 0.31}, [-2 / 3, -1 / 3], "a"),
        ({"rule": "target", "target": 0.35}, [-2 / 3, -2 / 3], "b"),  # the smaller mean decides
        ({"rule": "target", "target": 0.10}, [0.0, 0.0], "b"),
        ({"rule": "target", "target": 0.45}, [-2 / 3, -1.0], "b"),
    ],
)
def test_rules_counted_by_hand(options, score, choice):
    decision = judge(HAND, Criteria(**options))
    np.testing.assert_allclose(at(decision, "score"), score, atol=1e-15)
    assert at(decision, "choice") == choice
    assert decision.attrs["rule"] == options["rule"]


@pytest.fixture(name="error", scope="module")
def errors():
    """Errors of three levels that are close enough for all to be best in some draws."""
    return predict(made.fit(draws=200, spread=0.03), made.levels(), BUDGETS)


EACH_RULE = pytest.mark.parametrize(
    "criteria",
    [Criteria(), Criteria(rule="cvar"), Criteria(rule="target", target=0.62)],
    ids=list(RULES),
)
BY_LEVEL = ["error", "error_mean", "probability_best", "probability_within_margin", "regret"]


def test_probabilities_sum_to_one(error):
    decision = judge(error, Criteria())
    assert ((decision["probability_best"] > 0).sum("level") > 1).any()
    np.testing.assert_allclose(decision["probability_best"].sum("level"), 1.0)
    assert (decision["probability_within_margin"] >= decision["probability_best"] - 1e-12).all()
    assert (decision["regret"] >= 0).all()


@EACH_RULE
def test_a_single_level_is_best_and_costs_nothing(error, criteria):
    decision = judge(error[:, :, [1]], criteria)
    assert (decision["probability_best"] == 1).all()
    assert (decision["regret"] == 0).all()
    assert (decision["choice"] == "top 2").all()
    assert (decision["winner"] == "top 2").all()


@EACH_RULE
def test_identical_levels_share_equally(error, criteria):
    twins = xr.concat([error, error.assign_coords(level=error["level"] + " again")], "level")
    decision, single = judge(twins, criteria), judge(error, criteria)
    for name in ("top 1", "top 2", "top 3"):
        pair = decision["probability_best"].sel(level=[name, f"{name} again"])
        half = single["probability_best"].sel(level=name, drop=True) / 2
        xr.testing.assert_allclose(pair, half.broadcast_like(pair))
    xr.testing.assert_equal(decision["choice"], single["choice"])


@EACH_RULE
def test_a_dominated_level_changes_nothing_for_the_others(error, criteria):
    worse = error.isel(level=[0]).assign_coords(level=["worse"]) + 0.5
    decision, without = (
        judge(xr.concat([error, worse], "level"), criteria),
        judge(error, criteria),
    )
    xr.testing.assert_allclose(decision.sel(level=error["level"]), without)
    assert (decision["probability_best"].sel(level="worse") == 0).all()
    assert (decision["regret"].sel(level="worse") >= 0.5).all()


@EACH_RULE
def test_permuting_levels_permutes_the_decision(error, criteria):
    order = [2, 0, 1]
    expected = judge(error, criteria)
    xr.testing.assert_allclose(judge(error.isel(level=order), criteria), expected.isel(level=order))


@EACH_RULE
def test_draws_may_lie_in_any_order(error, criteria):
    expected = judge(error, criteria)
    xr.testing.assert_allclose(judge(error.isel(draw=slice(None, None, -1)), criteria), expected)
    flat = error.values.reshape(1, -1, *error.shape[2:])
    one_chain = xr.DataArray(flat, {d: error[d] for d in ("level", "budget")}, error.dims)
    xr.testing.assert_allclose(judge(one_chain, criteria), expected)


def test_a_common_shift_of_a_draw_changes_no_comparison(error):
    """Draws are paired: what is uncertain about all levels alike cancels."""
    rng = np.random.default_rng(0)
    shift = xr.zeros_like(error[:, :, 0, 0]) + rng.normal(0, 0.1, error.shape[:2])
    shifted, expected = judge(error + shift, Criteria()), judge(error, Criteria())
    for name in ("probability_best", "probability_within_margin", "regret"):
        xr.testing.assert_allclose(shifted[name], expected[name])


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
    error = predict(fit, made.levels(), BUDGETS, discrepancy=True)
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
        "kind": "error",
        "law": "utility",
        "model": "utility",
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


def test_predictions_that_are_not_finite_are_refused():
    fit = made.fit(draws=5)
    fit["posterior"]["b"].values[0, 0] = np.nan
    with pytest.raises(InputError, match=r"a share of 0\.1 of the predicted errors is not finite"):
        predict(fit, made.levels(), 1e9)


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


def curves(*errors):
    """Draws of a curve at 1, 10 and 100 samples."""
    budgets = {"budget": [1.0, 10.0, 100.0]}
    return xr.DataArray(np.array([errors]), budgets, ("chain", "draw", "budget"))


@pytest.mark.parametrize(
    ("lead", "budget"),
    [
        ([0.1, -0.1, -0.1], 10**0.5),  # the later level is behind by so much
        ([0.1, 0.1, -0.3], 10**1.25),
        ([0.3, 0.0, -0.1], 10.0),
        ([0.0, 0.1, -0.1], 10**1.5),
        ([0.1, -0.1, 0.1], 10**0.5),
        ([-0.1, 0.1, -0.1], 10**1.5),  # ahead, behind, ahead again
        ([-0.1, -0.1, -0.1], np.nan),
        ([0.1, 0.1, 0.1], np.nan),
        ([-0.1, 0.1, 0.1], np.nan),
        ([0.0, 0.0, 0.0], np.nan),
        ([0.1, 0.0, 0.1], np.nan),
        ([1e-15, -1e-15, -1e-15], np.nan),  # rounding
    ],
)
def test_first_crossing(lead, budget):
    found = first_crossing(curves([0.5, 0.5, 0.5]), curves(0.5 + np.array(lead)))
    np.testing.assert_allclose(found.values, [[budget]], rtol=1e-9)


def test_crossings_are_a_distribution():
    """Of five draws two cross; one is always ahead, one never, one at first."""
    leads = [
        [0.1, -0.1, -0.1],
        [0.1, 0.1, -0.1],
        [-0.1, -0.2, -0.3],
        [0.3, 0.2, 0.1],
        [-0.1, 0.1, 1],
    ]
    found = summarise_crossing(curves(*np.zeros((5, 3))), curves(*leads), [0.0, 0.5, 1.0])
    assert found["crossover_probability"] == 0.4
    assert found["crossover_below"] == 0.2
    np.testing.assert_allclose(found["crossover"][[0, 2]], [10**0.5, 10**1.5])
    assert found["crossover"].attrs["units"] == "samples"
    none = summarise_crossing(curves(*np.zeros((4, 3))), curves(*np.zeros((4, 3))), [0.5])
    assert none["crossover"].isnull().all()
    assert none["crossover_probability"] == none["crossover_below"] == 0


def test_crossovers_are_where_the_curves_cross():
    fit = made.fit(spread=0, draws=2)
    decision = decide(fit, made.levels(), [20e6, 5e9], discrepancy=False)
    assert decision["pair"].values.tolist() == ["top 1 to top 2", "top 2 to top 3"]
    assert decision["later"].values.tolist() == ["top 2", "top 3"]
    np.testing.assert_allclose(decision["crossover_probability"], 1)
    for i, budget in enumerate(decision["crossover"].sel(quantile=0.5).values):
        around = predict(fit, made.levels()[i : i + 2], [budget / 1.01, budget * 1.01])[0, 0]
        lead = around.diff("level").values.ravel()
        assert lead[0] > 0 > lead[1]
    inner = decide(fit, made.levels(), [64e6, 5e9], discrepancy=False)
    np.testing.assert_allclose(inner["crossover_below"], [1, 0])
    assert inner["crossover"].sel(pair="top 1 to top 2").isnull().all()


@pytest.mark.parametrize(("levels", "budgets"), [(1, [64e6, 5e9]), (3, [64e6])])
def test_no_crossovers_without_two_levels_and_two_budgets(levels, budgets):
    assert "crossover" not in decide(made.fit(draws=5), made.levels()[:levels], budgets)


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


def test_errors_that_are_not_finite_are_refused():
    with pytest.raises(
        InputError, match=re.escape("a share of 0.5 of the predicted errors is not")
    ):
        judge(HAND.where(HAND["level"] == "a", np.inf), Criteria())


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
