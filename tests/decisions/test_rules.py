"""Properties of the rules, of all of them side by side, and of dominance, on any errors."""

import made
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.dominance import MAX_LEVELS_IN_PAIRS, dominance
from qqt_bayes.decisions.judge import judge
from qqt_bayes.decisions.rules import RULES
from qqt_bayes.errors import InputError

NAMES = list("abcdefg")


@st.composite
def errors(draw, most=5):
    """Errors of some levels at two budgets under some draws; few values, so that many tie."""
    shape = 1, draw(st.integers(1, 12)), draw(st.integers(1, most)), 2
    values = draw(arrays(float, shape, elements=st.sampled_from([0.1, 0.2, 0.25, 0.4, 0.7])))
    coords = {"level": NAMES[: shape[2]], "budget": [1e6, 2e6]}
    return xr.DataArray(values, coords, ("chain", "draw", "level", "budget"))


TAILS = st.sampled_from([0.0, 0.5, 0.8, 0.9, 0.99])


@given(errors(), TAILS, st.randoms())
@settings(max_examples=40)
def test_no_rule_depends_on_the_order_of_levels_or_draws(error, tail, random):
    order, draws = list(range(error.sizes["level"])), list(range(error.sizes["draw"]))
    random.shuffle(order)
    random.shuffle(draws)
    shuffled = error.isel(level=order, draw=draws)
    one = judge(error, Criteria(rule="all", cvar_level=tail, target=0.25))
    other = judge(shuffled, Criteria(rule="all", cvar_level=tail, target=0.25))
    xr.testing.assert_allclose(other, one.isel(level=order, other=order), atol=1e-12)
    assert one["rule"].values.tolist() == list(RULES)
    for name in ("choice", "leader", "choice_by_rule"):
        xr.testing.assert_equal(one[name], other[name])


@given(errors(), TAILS)
@settings(max_examples=40)
def test_all_rules_side_by_side_are_the_rules_one_by_one(error, tail):
    together = judge(error, Criteria(rule="all", cvar_level=tail, target=0.25))
    xr.testing.assert_equal(
        together["choice"], together["choice_by_rule"].sel(rule="expected", drop=True)
    )
    for rule in RULES:
        target = 0.25 if rule == "target" else None
        alone = judge(error, Criteria(rule=rule, cvar_level=tail, target=target))
        xr.testing.assert_equal(
            together["choice_by_rule"].sel(rule=rule, drop=True), alone["choice"]
        )
        xr.testing.assert_allclose(
            together["score_by_rule"].sel(rule=rule, drop=True), alone["score"], atol=1e-12
        )


@given(errors(), TAILS)
@settings(max_examples=40)
def test_how_scores_of_rules_are_related(error, tail):
    """A mean is at most that of the worst draws, and a bound at most the mean beyond it."""
    decision = judge(error, Criteria(rule="all", cvar_level=tail))
    score = {
        str(rule): decision["score_by_rule"].sel(rule=rule) for rule in decision["rule"].values
    }
    assert "target" not in score
    np.testing.assert_allclose(score["regret"], decision["regret"], atol=1e-12)
    least = error.min("level").mean(("chain", "draw"))
    np.testing.assert_allclose(score["regret"], score["expected"] - least, atol=1e-12)
    for lower, upper in (
        ("expected", "cvar"),
        ("regret", "cvar-regret"),
        ("minimax-regret", "cvar-regret"),
    ):
        assert (score[lower] <= score[upper] + 1e-12).all()
    choice = decision["choice_by_rule"]
    xr.testing.assert_equal(
        choice.sel(rule="regret", drop=True), choice.sel(rule="expected", drop=True)
    )


@given(errors())
@settings(max_examples=40)
def test_what_dominance_means(error):
    """Beside a count by definition, over every target and every share of worst draws."""
    found = dominance(error)
    first, second = found["dominates_first"], found["dominates_second"]
    shares = np.arange(error.sizes["draw"]) / error.sizes["draw"]
    cvar = xr.concat(
        [RULES["cvar"].score(error, error, Criteria(cvar_level=share)) for share in shares], "share"
    )
    targets = xr.DataArray(np.unique(error), dims="target")
    missed = -(error <= targets).mean(("chain", "draw"))
    for name, by_share in ((first, missed), (second, cvar)):
        dim = "target" if "target" in by_share.dims else "share"
        other = by_share.rename(level="other")
        gap = (other - by_share).transpose(dim, "level", "other", "budget")
        expected = (gap >= -1e-9).all(dim) & (gap > 1e-9).any(dim)
        np.testing.assert_array_equal(name, expected)
    assert (second | ~first).all()  # the first order implies the second
    assert not (first & first.rename(level="other", other="level")).any()


def test_the_worst_few_draws_do_not_decide_what_the_greatest_regret_is():
    """One draw in 1,000 with a regret of 0.5: the greatest regret would see that draw alone."""
    rng = np.random.default_rng(0)
    values = np.column_stack([0.3 + 0.001 * rng.random(1000), np.full(1000, 0.31)])
    values[0, 0] = 0.81
    error = xr.DataArray(values[None], {"level": ["a", "b"]}, ("chain", "draw", "level"))
    decision = judge(error, Criteria(rule="minimax-regret", cvar_level=0.99))
    assert decision["choice"].item() == "a"
    assert decision["score"].sel(level="a").item() == 0.0
    whole = judge(error, Criteria(rule="minimax-regret", cvar_level=0.9999))
    assert whole["choice"].item() == "b"


def test_rules_that_disagree_counted_by_hand():
    """`a` is better by 0.02 in nine draws and worse by 0.1 in one, where all errors are high."""
    values = [[0.30, 0.32]] * 9 + [[0.60, 0.50]]
    error = xr.DataArray([values], {"level": ["a", "b"]}, ("chain", "draw", "level"))
    decision = judge(error, Criteria(rule="all", cvar_level=0.9, target=0.31))
    score = decision["score_by_rule"].transpose("rule", "level").to_pandas()
    by_hand = {
        "expected": [0.33, 0.338],
        "cvar": [0.6, 0.5],
        "target": [-0.9, 0.0],
        "regret": [0.01, 0.018],
        "minimax-regret": [0.0, 0.02],
        "cvar-regret": [0.1, 0.02],
    }
    for rule, scores in by_hand.items():
        np.testing.assert_allclose(score.loc[rule], scores, atol=1e-12, err_msg=rule)
    choice = dict(zip(decision["rule"].values, decision["choice_by_rule"].values, strict=True))
    assert choice == dict.fromkeys(RULES, "a") | {"cvar": "b", "cvar-regret": "b"}
    assert not decision["dominates_first"].any()
    assert not decision["dominates_second"].any()


def test_levels_that_tie_in_everything_are_known_by_their_names():
    twins = made.HAND.isel(level=[1, 1]).assign_coords(level=["z", "b"])
    for order in ([0, 1], [1, 0]):
        decision = judge(twins.isel(level=order), Criteria(rule="all", probability=0.5))
        assert set(decision["choice_by_rule"].values.ravel()) == {"b"}
        assert set(decision["leader"].values.ravel()) == {"b"}


def test_too_many_levels_for_pairs():
    error = xr.DataArray(
        np.zeros((1, 1, MAX_LEVELS_IN_PAIRS + 1)),
        {"level": range(MAX_LEVELS_IN_PAIRS + 1)},
        ("chain", "draw", "level"),
    )
    with pytest.raises(InputError, match="at most 200 levels are taken, got 201; leave out those"):
        judge(error, Criteria(rule="all"))


def test_a_rule_that_is_none_and_a_target_that_is_none():
    with pytest.raises(InputError, match="unknown rule 'minmax-regret'; did you mean 'minimax-r"):
        Criteria(rule="minmax-regret")
    with pytest.raises(InputError, match="target: expected a number above 0, got -1"):
        Criteria(rule="all", target=-1)
    with pytest.raises(InputError, match="only rule 'target' uses it, got rule 'regret'"):
        Criteria(rule="regret", target=0.5)
