"""The compute frontier of a fit, beside the decision, closed forms and a search over draws."""

import made
import numpy as np
import pytest
import xarray as xr
from scipy.optimize import brentq
from scipy.stats import norm

import qqt_bayes as qqt
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.frontier import frontier, grid_about
from qqt_bayes.decisions.judge import judge
from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.posterior.prediction import predict

BUDGETS = [64e6, 320e6, 1.28e9, 5e9]
FIELDS = ("frontier", "frontier_mean", "evpi", "probability_reached", "budget_to_target")


@pytest.fixture(name="fit", scope="module")
def fits():
    return made.fit(draws=200, spread=0.03)


def test_without_targets_it_is_the_decision(fit):
    found = frontier(fit, made.levels(), BUDGETS)
    decision = qqt.decide(fit, made.levels(), BUDGETS)
    for name in set(decision) & set(found):
        xr.testing.assert_allclose(found[name], decision[name])
    assert set(decision) - set(found) == {
        *("crossover", "crossover_probability", "crossover_below")
    }
    assert found.attrs == decision.attrs
    chosen = decision["choice"]
    at = {"level": chosen.drop_vars("budget").values.tolist()}
    for i, name in enumerate(at["level"]):
        np.testing.assert_array_equal(found["frontier"][i], decision["error"].sel(level=name)[i])
    np.testing.assert_allclose(found["evpi"], decision["choice_regret"])
    assert "budget_to_target" not in found


@pytest.mark.parametrize("rule", ["cvar", "minimax-regret", "all"])
def test_the_value_of_information_is_that_of_the_expected_error(fit, rule):
    found = frontier(fit, made.levels(), BUDGETS, rule=rule)
    error = predict(fit, made.levels(), BUDGETS)
    known = error.mean(("chain", "draw")).min("level") - error.min("level").mean(("chain", "draw"))
    np.testing.assert_allclose(found["evpi"], known, atol=1e-12)
    assert (found["evpi"] >= 0).all()


def test_the_value_of_information_has_a_closed_form_for_two_arms():
    """One arm is known, the other normal around it plus delta: s phi(delta/s) - delta Phi(-..)."""
    delta, s = 0.01, 0.02
    other = 0.5 + delta + s * norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    error = xr.DataArray(
        np.column_stack([np.full(20_000, 0.5), other])[None, :, :, None],
        {"level": ["known", "other"], "budget": [1e9]},
        ("chain", "draw", "level", "budget"),
    )
    closed = s * norm.pdf(delta / s) - delta * norm.cdf(-delta / s)
    found = judge(error, Criteria())["regret"].min("level").item()
    assert found == pytest.approx(closed, rel=1e-3)


def test_budgets_to_targets_are_those_of_the_curves_of_draws(fit):
    """Of the law alone every draw's curve falls: its own budget is a root, and p a quantile."""
    asked = [0.68, 0.64]
    found = frontier(fit, made.levels(), [64e6, 5e9], asked, discrepancy=False)
    levels = made.levels()

    def roots(level, target):
        grid = np.geomspace(64e6, 5e9, 400)
        error = predict(fit, levels.sel(level=[level]), grid, law_only=True)
        curves = error.stack(sample=("chain", "draw")).squeeze("level").transpose("sample", ...)
        at = np.log(grid)
        return [
            np.exp(brentq(lambda x, y=y: np.interp(x, at, y) - target, at[0], at[-1]))
            for y in curves.values
        ]

    for target in asked:
        own = np.sort(roots("top 2", target))
        for share in (0.5, 0.9, 0.95):
            exact = own[int(np.ceil(share * own.size - 1e-9)) - 1]
            at = {"target": target, "probability": share, "level": "top 2"}
            budget = found["budget_to_target"].sel(at).item()
            assert budget == pytest.approx(exact, rel=0.01)
            assert found["reach"].sel(at) == "reached"


def test_the_policy_is_what_it_chooses(fit):
    """It reaches a target where the chosen level does; with one level it is that level."""
    found = frontier(fit, made.levels(), BUDGETS, [0.68, 0.62, 0.55])
    best = found["probability_reached"].where(found["level"] == found["choice"]).max("level")
    xr.testing.assert_allclose(found["probability_reached_by_choice"], best)
    one = frontier(fit, made.levels().sel(level=["top 2"]), BUDGETS, [0.68, 0.62])
    np.testing.assert_allclose(
        one["budget_to_target_by_choice"], one["budget_to_target"].sel(level="top 2")
    )
    assert (one["reach_by_choice"] == one["reach"].sel(level="top 2")).all()
    assert (one["evpi"] == 0).all()


def test_what_is_said_of_a_budget_holds_at_it(fit):
    """At the budget that reaches a target the probability is the one asked for, and not before."""
    found = frontier(fit, made.levels(), BUDGETS, [0.65])
    budget = found["budget_to_target"].sel(level="top 2", target=0.65, probability=0.9).item()
    around = frontier(fit, made.levels(), [0.93 * budget, 1.07 * budget], [0.65])
    before, after = around["probability_reached"].sel(level="top 2", target=0.65).values
    assert before < 0.9 < after


def test_why_a_target_is_never_reached(fit):
    """0.3 is below what the law reaches on these sets; 0.62 only beyond the budgets asked about."""
    found = frontier(fit, made.levels(), [64e6, 320e6], [0.3, 0.62, 0.9])
    assert (found["reach_by_choice"].sel(target=0.3) == "floor").all()
    assert (found["reach_by_choice"].sel(target=0.62) == "beyond").all()
    assert found["budget_to_target_by_choice"].sel(target=[0.3, 0.62]).isnull().all()
    assert (found["reach"].sel(target=0.9) == "at once").all()
    assert (found["budget_to_target"].sel(target=0.9) == 64e6).all()
    assert (found["reach"].sel(target=0.62, level="top 1") == "floor").all()


def test_a_law_without_a_floor_reaches_any_target_at_some_budget():
    """Repetition costs nothing by a power law, and so only its constant forbids a target."""
    fit = made.fit(model="power-law", draws=20)
    found = frontier(fit, made.levels(), [64e6, 320e6], [0.09, 0.11, 0.3])
    assert found["reach_by_choice"].isel(probability=0).values.tolist() == [
        *("floor", "beyond", "beyond")
    ]


def test_errors_that_rise_again_are_followed():
    """By the law with overfitting a level is best at some budget, and its frontier may rise."""
    fit = made.fit(model="utility-overfit", draws=50)
    one = made.levels().sel(level=["top 1"])
    curve = predict(fit, one, np.geomspace(64e6, 2e10, 41), law_only=True).mean(("chain", "draw"))
    lowest = curve.min().item()
    assert curve[0, -1] > lowest + 0.01
    found = frontier(fit, one, [64e6, 2e10], [lowest + 0.003, lowest - 0.02], discrepancy=False)
    budget = found["budget_to_target_by_choice"].isel(target=0, probability=0).item()
    assert budget < curve["budget"][curve.argmin("budget").item()]
    assert (found["reach_by_choice"].isel(target=1) == "floor").all()
    assert found["frontier_mean"][-1] > lowest + 0.01


def test_accuracies_are_asked_for_as_accuracies(fit):
    accurate = fit.copy(deep=True)
    accurate.attrs["measure"] = "accuracy"
    found = frontier(accurate, made.levels(), BUDGETS, "0.35, 0.38")
    other = frontier(fit, made.levels(), BUDGETS, [0.65, 0.62])
    assert found["target"].values.tolist() == [0.35, 0.38]
    np.testing.assert_allclose(found["target_error"], [0.65, 0.62])
    np.testing.assert_allclose(found["budget_to_target"], other["budget_to_target"])


def test_one_new_training_reaches_a_target_later_with_a_high_probability(fit):
    mean, one = (
        frontier(fit, made.levels(), BUDGETS, [0.65], new_run=new_run) for new_run in (False, True)
    )
    assert one.attrs["of"] == "one new run"
    gap = (one["budget_to_target"] - mean["budget_to_target"]).sel(level="top 2", target=0.65)
    assert gap.sel(probability=0.95) > 0
    # what could be known are the means: luck is not
    xr.testing.assert_allclose(one["evpi"], mean["evpi"])


def test_several_laws_and_groups():
    fits = {"a": made.fit(draws=50), "b": made.fit(model="utility-free-size", draws=50)}
    both = frontier(fits, made.levels(), BUDGETS, [0.65], weights=[0.3, 0.7])
    assert both.attrs["models"] == ["a", "b"]
    assert (both["reach_by_choice"] == "reached").all()
    groups = made.fit(groups=2, model="cherti", draws=50)
    found = frontier(groups, made.levels(), BUDGETS, [0.65, 0.5])
    assert found["budget_to_target"].dims == ("group", "target", "probability", "level")
    alone = frontier(groups, made.levels(), BUDGETS, [0.65, 0.5], group="arch 2")
    for name in FIELDS:
        own = found[name].sel(group="arch 2", drop=True)
        xr.testing.assert_allclose(alone[name].drop_vars("group", errors="ignore"), own)
    assert (alone["reach"] == found["reach"].sel(group="arch 2")).all()


def test_the_order_of_levels_and_budgets_changes_nothing(fit):
    asked = [0.65, 0.3]
    one = frontier(fit, made.levels(), BUDGETS, asked)
    other = frontier(fit, made.levels()[::-1], BUDGETS[::-1], asked)
    other = other.isel(level=slice(None, None, -1), budget=slice(None, None, -1))
    for name in FIELDS:
        xr.testing.assert_allclose(one[name], other[name])
    for name in ("choice", "reach", "reach_by_choice"):
        xr.testing.assert_equal(one[name], other[name])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"targets": [55]}, "targets: expected error rates above 0 and below 1, such as 0.55"),
        ({"targets": "0.5,,"}, "targets: expected error rates"),
        (
            {"targets": [[0.5]]},
            "targets: expected error rates above 0 and below 1, such as 0.55, g",
        ),
        ({"targets": [0.5, 0.5]}, "targets: expected each once, got '0.5' more than once"),
        ({"targets": [0.5, np.nan]}, "got 'nan'"),
        ({"probabilities": [1.0]}, "probabilities: expected numbers above 0 and below"),
        (
            {"probabilities": []},
            "probabilities: expected numbers above 0 and below 1, such as 0.9,",
        ),
        ({"rule": "cvr"}, "unknown rule 'cvr'"),
        ({"group": "B"}, "unknown group 'B'"),
        ({"budgets": []}, "budgets: expected one or more numbers"),
    ],
)
def test_faults(fit, options, sentence):
    asked = {"targets": [0.5], "budgets": BUDGETS, **options}
    with pytest.raises(InputError) as fault:
        frontier(fit, made.levels(), asked.pop("budgets"), asked.pop("targets"), **asked)
    assert sentence in str(fault.value)


def test_a_fit_that_did_not_pass_must_be_forced():
    fit = made.fit(passed=False, draws=5)
    with pytest.raises(InadequateFit):
        frontier(fit, made.levels(), BUDGETS)
    assert frontier(fit, made.levels(), BUDGETS, force=True).attrs["forced"] == 1


def test_it_asks_before_it_answers(fit):
    with pytest.warns(qqt.PlausibilityWarning, match="budget"):
        qqt.frontier(fit, made.levels(), [64.0, 64e6])


def test_the_grid_holds_what_is_asked_about_and_no_more_than_fits():
    asked = np.array([1e9, 64e6, 5e9])
    grid = grid_about(asked, 1000)
    assert set(asked) <= set(grid)
    assert (np.diff(np.log(grid)) > 0).all()
    assert np.exp(np.diff(np.log(grid)).max()) <= 1.15 + 1e-9
    few = grid_about(asked, 20_000_000)
    assert few.size <= 5
    np.testing.assert_array_equal(grid_about(asked, 50_000_000), np.sort(asked))
    assert grid_about(np.array([1.0, 1e18]), 1).size > 200
