"""How levels are judged: a posterior small enough to count by hand, and identities."""

import re

import made
import numpy as np
import pytest
import xarray as xr

from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.judge import judge
from qqt_bayes.decisions.rules import RULES
from qqt_bayes.errors import InputError
from qqt_bayes.posterior.prediction import predict

BUDGETS = [64e6, 320e6, 776e6, 1.28e9, 5e9]


def at(decision, name, budget=1e6):
    return decision[name].sel(budget=budget).values


def test_counted_by_hand():
    """At 1e6: best are a, b, b; the excess of a is 0, 0.01, 0.18 and of b 0.1, 0, 0."""
    decision = judge(made.HAND, Criteria(margin=0.01, interval=0.5, probability=0.6))
    np.testing.assert_allclose(at(decision, "probability_best"), [1 / 3, 2 / 3])
    np.testing.assert_allclose(at(decision, "probability_within_margin"), [2 / 3, 2 / 3])
    np.testing.assert_allclose(at(decision, "regret"), [0.19 / 3, 0.1 / 3])
    np.testing.assert_allclose(at(decision, "error_mean"), [0.37, 0.34])
    np.testing.assert_allclose(at(decision, "score"), [0.37, 0.34])
    quartiles = decision["error"].sel(level="a", budget=1e6)
    np.testing.assert_allclose(quartiles, [0.305, 0.31, 0.405])
    assert quartiles["quantile"].values.tolist() == [0.25, 0.5, 0.75]
    assert at(decision, "choice") == at(decision, "leader") == "b"
    np.testing.assert_allclose(at(decision, "choice_regret"), 0.1 / 3)


def test_ties_share_equally():
    """At 1e7 a is best in draw 0, both in draw 1, b in draw 2: one and a half each."""
    decision = judge(made.HAND, Criteria(probability=0.5, margin=0))
    np.testing.assert_allclose(at(decision, "probability_best", 1e7), [0.5, 0.5])
    np.testing.assert_allclose(at(decision, "probability_within_margin", 1e7), [2 / 3, 2 / 3])
    np.testing.assert_allclose(at(decision, "regret", 1e7), [0.1, 0.4 / 3])
    assert at(decision, "choice", 1e7) == "a"


@pytest.mark.parametrize(
    ("probability", "leader"), [(2 / 3, "b"), (0.67, "undecided"), (1.0, "undecided")]
)
def test_a_leader_must_reach_the_probability(probability, leader):
    assert at(judge(made.HAND, Criteria(probability=probability)), "leader") == leader


@pytest.fixture(name="error", scope="module")
def errors():
    """Errors of three levels that are close enough for all to be best in some draws."""
    return predict(made.fit(draws=200, spread=0.03), made.levels(), BUDGETS)


EACH_RULE = pytest.mark.parametrize(
    "criteria",
    [Criteria(rule=rule, target=0.62 if rule == "target" else None) for rule in [*RULES, "all"]],
    ids=[*RULES, "all"],
)


def test_probabilities_sum_to_one(error):
    decision = judge(error, Criteria())
    assert ((decision["probability_best"] > 0).sum("level") > 1).any()
    np.testing.assert_allclose(decision["probability_best"].sum("level"), 1.0)
    assert (decision["probability_within_margin"] >= decision["probability_best"] - 1e-12).all()
    regret = (error - error.min("level")).mean(("chain", "draw"))
    xr.testing.assert_allclose(decision["regret"], regret, atol=1e-15)


@EACH_RULE
def test_a_single_level_is_best_and_costs_nothing(error, criteria):
    decision = judge(error[:, :, [1]], criteria)
    assert (decision["probability_best"] == 1).all()
    assert (decision["regret"] == 0).all()
    assert (decision["choice"] == "top 2").all()
    assert (decision["leader"] == "top 2").all()


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
    of_others = {name: error["level"].values for name in ("level", "other") if name in without.dims}
    xr.testing.assert_allclose(decision.sel(of_others), without)
    assert (decision["probability_best"].sel(level="worse") == 0).all()
    assert (decision["regret"].sel(level="worse") >= 0.5).all()


@EACH_RULE
def test_permuting_levels_permutes_the_decision(error, criteria):
    order = [2, 0, 1]
    expected = judge(error, criteria)
    permuted = expected.isel(level=order)
    if "other" in permuted.dims:
        permuted = permuted.isel(other=order)
    xr.testing.assert_allclose(judge(error.isel(level=order), criteria), permuted)


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


def test_errors_that_are_not_finite_are_refused():
    with pytest.raises(
        InputError, match=re.escape("a share of 0.5 of the predicted errors is not")
    ):
        judge(made.HAND.where(made.HAND["level"] == "a", np.inf), Criteria())
