"""Costs, net benefits and cheapest plans, counted by hand from draws that are given."""

from dataclasses import replace

import made
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import norm

import qqt_bayes as qqt
from qqt_bayes.decisions.study import Study
from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.planning.benefit import Priced, cheapest, net_benefit, priced
from qqt_bayes.planning.costs import Costs, PoolPrice, TrainingPrice
from qqt_bayes.planning.purchases import pool_purchases
from qqt_bayes.posterior.fit import Fit

COSTS = Costs("EUR", TrainingPrice(1e-6, per_run=2.0), worth=10.0)
"""EUR 1 for a million samples, EUR 2 for a run; an error smaller by 0.01 is worth EUR 10."""


def hand(costs=COSTS, data=(0.0, 3.0)):
    """The three draws of `made.HAND`, whose level b needs data for EUR 3."""
    return Priced(
        error=made.HAND,
        of_training=xr.DataArray([3.0, 12.0], {"budget": [1e6, 1e7]}, ("budget",)),
        of_data=xr.DataArray(list(data), {"level": ["a", "b"]}, ("level",)),
        costs=costs,
        kind="error",
        measure="error",
        counted="samples",
    )


def test_net_benefits_are_counted_by_hand():
    """At 1e6 level a has errors 0.30, 0.31, 0.50 for EUR 3, the cheapest; b 0.40, 0.30, 0.32."""
    found = net_benefit(hand())
    at = {"level": "b", "budget": 1e6}
    assert found["cost"].sel(at) == 6
    assert found.attrs["baseline_level"] == "a"
    assert found.attrs["baseline_budget"] == 1e6
    assert found.attrs["baseline_error"] == pytest.approx(0.37)
    gains = np.array([-100.0, 10.0, 180.0]) - 3
    assert found["net_benefit_mean"].sel(at) == pytest.approx(gains.mean())
    assert found["net_benefit"].sel(at).sel(quantile=0.5) == pytest.approx(7)
    assert found["probability_of_benefit"].sel(at) == pytest.approx(2 / 3)
    base = found.sel(level="a", budget=1e6)
    assert base["net_benefit"].values == pytest.approx([0, 0, 0])
    assert base["probability_of_benefit"] == 0


def test_the_choice_is_of_the_greatest_expected_net_benefit():
    """At 1e7 errors of a are 0.2, 0.2, 0.5, for EUR 9 more; those of b 0.6, 0.2, 0.2, for 12."""
    found = net_benefit(hand())
    gains = np.array([[100, 110, 0], [-300, 110, 300]]).mean(axis=1) - [9, 12]
    assert found["net_benefit_mean"].sel(budget=1e7).values == pytest.approx(gains)
    assert found["best_level"].values.tolist() == ["b", "a"]
    assert (found.attrs["best_level"], found.attrs["best_budget"]) == ("a", 1e7)


def test_against_an_error_that_is_there_the_whole_price_counts():
    found = net_benefit(hand(), baseline_error=0.4)
    gains = np.array([0.1, 0.09, -0.1]) * 1000 - 3
    assert found["net_benefit_mean"].sel(level="a", budget=1e6) == pytest.approx(gains.mean())
    assert found.attrs["baseline_cost"] == 0
    assert found.attrs["baseline_level"] == ""


def test_without_a_worth_there_are_costs_alone():
    found = net_benefit(hand(replace(COSTS, worth=0.0)))
    assert set(found) == {"cost", "cost_of_training", "cost_of_data"}


def test_a_table_of_worth_counts():
    """Errors of at most 0.3 are worth EUR 50, those from 0.5 on nothing."""
    costs = replace(COSTS, worth=0.0, worth_of_errors=((0.3, 50.0), (0.5, 0.0)))
    found = net_benefit(hand(costs), baseline_error=0.5)
    gains = np.array([50, 47.5, 0]) - 3
    assert found["net_benefit_mean"].sel(level="a", budget=1e6) == pytest.approx(gains.mean())


def test_a_normal_net_benefit_has_its_quantiles():
    """Error normal about 0.3 with standard deviation 0.01: net benefit about 97, with 10."""
    draws = norm(0.3, 0.01).ppf((np.arange(4000) + 0.5) / 4000)
    error = xr.DataArray(draws[None, :, None, None], dims=("chain", "draw", "level", "budget"))
    error = error.assign_coords(level=["a"], budget=[1e6])
    plans = replace(
        hand(),
        error=error,
        of_training=xr.DataArray([3.0], {"budget": [1e6]}, ("budget",)),
        of_data=xr.DataArray([0.0], {"level": ["a"]}, ("level",)),
    )
    found = net_benefit(plans, baseline_error=0.4, interval=0.8).isel(level=0, budget=0)
    exact = norm(97, 10)
    assert found["net_benefit"].values == pytest.approx(exact.ppf([0.1, 0.5, 0.9]), abs=0.05)
    lower = net_benefit(plans, baseline_error=0.305).isel(level=0, budget=0)
    assert lower["probability_of_benefit"] == pytest.approx(norm(2, 10).sf(0), abs=0.001)


def test_the_cheapest_plan_that_reaches_a_target():
    """Of errors at most 0.32: a at 1e6 in 2 of 3 draws for EUR 3, and so is b for EUR 6."""
    found = cheapest(hand(), 0.32, (0.5, 0.7))
    first, second = found.to_dict("records")
    assert (first["reached"], first["level"], first["budget"], first["cost"]) == (True, "a", 1e6, 3)
    assert first["probability_reached"] == pytest.approx(2 / 3)
    assert not second["reached"]
    assert second["probability_reached"] == pytest.approx(2 / 3)


def test_a_cheaper_plan_wins_wherever_it_stands():
    costly = hand(data=(20.0, 3.0))
    assert cheapest(costly, 0.32, (0.5,))["level"].tolist() == ["b"]
    assert cheapest(costly, 0.20, (0.5,))[["level", "budget"]].values.tolist() == [["b", 1e7]]


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: net_benefit(hand(), baseline_error=-1), "baseline_error: expected an error rate"),
        (lambda: cheapest(hand(), 1.5), "target_error: expected an error rate above 0, up to 1"),
        (lambda: cheapest(hand(), float("nan")), "target_error: expected an error rate"),
        (lambda: cheapest(replace(hand(), kind="loss"), -1), "expected a loss above 0, got -1"),
        (lambda: cheapest(hand(), 0.5, (0.9, 1.0)), "probabilities: expected numbers above 0"),
        (lambda: cheapest(hand(), 0.5, ()), "probabilities: expected numbers above 0"),
    ],
)
def test_faults_are_named(ask, words):
    with pytest.raises(InputError, match=words):
        ask()


@pytest.fixture(scope="module")
def fit():
    return Fit.of(made.fit(draws=200, spread=0.03))


def test_errors_are_those_of_the_decision(fit):
    budgets = [6.4e7, 1.28e9]
    plans = priced(fit, COSTS, made.levels(), budgets)
    decision = qqt.decide(fit, made.levels(), budgets)
    mean = plans.error.mean(["chain", "draw"]).transpose(*decision["error_mean"].dims)
    assert mean.values == pytest.approx(decision["error_mean"].values, abs=1e-12)
    assert plans.cost.sel(budget=1.28e9).values == pytest.approx([1282] * 3)


def test_a_study_knows_its_levels_and_budgets(fit):
    decision = qqt.decide(fit, made.levels(), [6.4e7, 1.28e9])
    study = Study(
        fits={"utility": fit},
        theorem=None,
        laws=["utility"],
        weights={"utility": 1.0},
        levels=made.levels(),
        decision=decision,
        alone={"utility": decision},
        comparison=xr.Dataset(),
        exponents=pd.DataFrame(),
    )
    own, given = priced(study, COSTS), priced(fit, COSTS, made.levels(), [6.4e7, 1.28e9])
    xr.testing.assert_identical(own.error, given.error)
    assert pool_purchases(study, BOUGHT, multiples=[2]).attrs["budget"] == 1.28e9


def test_the_order_of_levels_changes_nothing(fit):
    plans = priced(fit, COSTS, made.levels(), [6.4e7, 1.28e9])
    turned = replace(
        plans, error=plans.error[..., ::-1, :], of_data=plans.of_data[::-1], costs=plans.costs
    )
    one, other = net_benefit(plans), net_benefit(turned)
    assert one.attrs == other.attrs
    assert one["best_level"].values.tolist() == other["best_level"].values.tolist()
    assert cheapest(plans, 0.65).equals(cheapest(turned, 0.65))


def test_several_groups_take_one():
    fit = Fit.of(made.fit(groups=2, model="cherti"))
    groups = {"arch 2": TrainingPrice(2e-6)}
    costs = replace(COSTS, groups=groups)
    with pytest.raises(InputError, match="the fit has several groups, 'arch 1', 'arch 2'"):
        priced(fit, costs, made.levels(), 1e9)
    assert priced(fit, costs, made.levels(), 1e9, group="arch 2").of_training.item() == 2000
    assert priced(fit, costs, made.levels(), 1e9, group="arch 1").of_training.item() == 1002


def test_what_is_missing_is_named(fit):
    with pytest.raises(InputError, match="levels: a fit has none of its own"):
        priced(fit, COSTS, budgets=1e9)
    with pytest.raises(InputError, match="budgets: a fit has none of its own"):
        priced(fit, COSTS, made.levels())
    with pytest.raises(InadequateFit):
        priced(made.fit(passed=False), COSTS, made.levels(), 1e9)


OWNED = PoolPrice(owns_trained=True)
BOUGHT = replace(
    COSTS,
    pools={
        "0-10%": PoolPrice(per_sample=1e-6, once=5.0, owns_trained=True),
        "10-20%": OWNED,
        "20-30%": OWNED,
    },
)


def test_a_larger_pool_is_worth_what_its_errors_are(fit):
    """Twice the best pool: the same errors as those of levels that take twice as much of it."""
    found = pool_purchases(fit, BOUGHT, made.levels(), 1.28e9, multiples=[2, 4])
    assert found["pool"].tolist() == ["0-10%"] * 2
    row = found.iloc[0]
    larger = made.levels() * xr.DataArray([2, 1, 1], {"pool": made.levels()["pool"]}, ("pool",))
    today = qqt.predict(fit, made.levels(), 1.28e9).sel(level=found.attrs["level_today"])
    after = qqt.predict(fit, larger, 1.28e9).sel(level=row["level"])
    assert row["extra_cost"] == pytest.approx(12.8 + 5)
    assert row["unique_samples"] == pytest.approx(2 * made.SIZE)
    worth = float((today - after).mean()) * 1000 - 17.8
    assert row["net_benefit_mean"] == pytest.approx(worth, rel=0.1)  # with other departures
    assert found.attrs["exponents"] == {"utility": [1, 1, 1]}  # the made draws' own
    assert row["if_exponent_1"] == pytest.approx(row["net_benefit_mean"], rel=1e-9)
    ends = row[["net_benefit_lower", "net_benefit_mean", "net_benefit_upper"]].tolist()
    assert ends == sorted(ends)


def test_a_pool_at_too_high_a_price_is_not_worth_buying(fit):
    dear = replace(BOUGHT, pools={**BOUGHT.pools, "0-10%": PoolPrice(1.0, owns_trained=True)})
    found = pool_purchases(fit, dear, made.levels(), 1.28e9, multiples=[2])
    assert found["net_benefit_mean"].item() < 0
    assert found["probability_of_benefit"].item() == 0


@pytest.mark.parametrize(
    ("costs", "options", "words"),
    [
        (replace(BOUGHT, worth=0.0), {}, "costs: worth: needed to say what a larger pool is worth"),
        (COSTS, {}, "no pool that levels take from has a price"),
        (BOUGHT, {"multiples": [0.5]}, "multiples: expected numbers above 1"),
        (BOUGHT, {"multiples": range(2, 40)}, "multiples: at most 20 are taken, got 38"),
        (BOUGHT, {"budget": "1B,2B"}, "budget: expected one number, got 2"),
        (BOUGHT, {"budget": None}, "budget: a fit has none of its own"),
    ],
)
def test_faults_of_purchases_are_named(fit, costs, options, words):
    asked = {"budget": 1e9, **options}
    with pytest.raises(InputError, match=words):
        pool_purchases(fit, costs, made.levels(), **asked)
