"""The value of information against closed forms, and what must hold of it whatever the draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from qqt_bayes.planning.value import (
    Expectations,
    curved,
    held_by_few,
    value_of_information,
    value_of_perfect_information,
)

DRAWS = 40_000


def unit_loss(mean, deviation):
    """What it is worth to know a normal difference exactly: of two actions, one is at 0."""
    ratio = abs(mean) / deviation
    return deviation * (norm.pdf(ratio) - ratio * norm.sf(ratio))


def two_actions(mean, deviation, seed=0, draws=DRAWS):
    """Losses of two actions that differ by a normal number, and that number."""
    difference = mean + deviation * np.random.default_rng(seed).standard_normal(draws)
    return np.column_stack([difference, np.zeros(draws)]), difference


@pytest.mark.parametrize(("mean", "deviation"), [(0, 1), (0.5, 1), (-1, 0.5), (0.01, 0.02)])
def test_perfect_information_of_a_normal_difference(mean, deviation):
    loss, _ = two_actions(mean, deviation)
    exact = unit_loss(mean, deviation)
    assert value_of_perfect_information(loss) == pytest.approx(exact, abs=0.015 * deviation)


@pytest.mark.parametrize("noise", [0.25, 1.0, 3.0])
@pytest.mark.parametrize("mean", [0.0, 0.4])
def test_a_sample_of_a_normal_difference(mean, noise):
    loss, difference = two_actions(mean, 1.0)
    seen = difference + noise * np.random.default_rng(1).standard_normal(DRAWS)
    exact = unit_loss(mean, 1 / np.hypot(1, noise))
    assert value_of_information(loss, seen[:, None]) == pytest.approx(exact, rel=0.03, abs=0.005)


def test_several_samples_of_a_normal_difference():
    """Four samples with noise 1 are one with noise 1/2."""
    loss, difference = two_actions(0.3, 1.0)
    noise = np.random.default_rng(1).standard_normal((DRAWS, 4))
    exact = unit_loss(0.3, 1 / np.hypot(1, 0.5))
    assert value_of_information(loss, difference[:, None] + noise) == pytest.approx(exact, rel=0.03)


def test_the_worked_example_of_the_package_voi():
    """A treatment with the net benefit p1 - p2 against none; p1 ~ N(1, 1), p2 ~ N(0, 2).

    The overview of the R package voi (C. Jackson, vignettes/voi.Rmd) computes its EVPI exactly, by
    the mean of a truncated normal distribution; its EVPPI are those of N(1, 1) and of N(1, 2).
    """
    rng = np.random.default_rng(0)
    p1, p2 = 1 + rng.standard_normal(DRAWS), 2 * rng.standard_normal(DRAWS)
    loss = np.column_stack([np.zeros(DRAWS), p2 - p1])
    below = norm.cdf(0, 1, 5**0.5)
    truncated = 1 + 5**0.5 * norm.pdf(-1 / 5**0.5) / (1 - below)
    assert value_of_perfect_information(loss) == pytest.approx(
        truncated * (1 - below) - 1, abs=0.02
    )
    for known, deviation in ((p1, 1.0), (p2, 2.0)):
        found = value_of_information(loss, curved(known, 3))
        assert found == pytest.approx(unit_loss(1.0, deviation), rel=0.05)


def test_noise_is_worth_nothing():
    """Where the same draws choose and evaluate, 20 columns of noise are worth 0.04."""
    found = []
    for seed in range(10):
        loss, _ = two_actions(0.0, 1.0, seed, draws=2000)
        noise = np.random.default_rng(100 + seed).standard_normal((2000, 20))
        found.append(value_of_information(loss - loss.mean(axis=0), noise))
    assert np.mean(found) < 0.015  # it is not 0 only because values below 0 are said to be 0


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), actions=st.integers(2, 6), scale=st.floats(1e-4, 10))
def test_values_lie_between_nothing_and_perfect_information(seed, actions, scale):
    rng = np.random.default_rng(seed)
    loss = scale * rng.standard_normal((400, actions))
    seen = loss @ rng.standard_normal((actions, 2)) + scale * rng.standard_normal((400, 2))
    found = value_of_information(loss, seen)
    assert 0 <= found <= value_of_perfect_information(loss)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_actions_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    loss = rng.standard_normal((400, 4))
    seen = loss[:, :2] + rng.standard_normal((400, 2))
    order = rng.permutation(4)
    assert value_of_information(loss[:, order], seen) == pytest.approx(
        value_of_information(loss, seen), rel=1e-9, abs=1e-12
    )


def test_one_by_one_is_all_together():
    loss, difference = two_actions(0.2, 1.0, draws=2000)
    seen = difference[:, None] + np.random.default_rng(1).standard_normal((2000, 3))
    before = Expectations.before(loss)
    after = before.given(seen[:, :1]).given(seen[:, 1:])
    assert after.value == pytest.approx(before.given(seen).value, rel=1e-9)
    assert after.value == pytest.approx(before.values(seen, [range(3)])[0], rel=1e-5)
    assert after.chosen.sum() == pytest.approx(1)


def test_a_column_seen_again_adds_nothing():
    loss, difference = two_actions(0.2, 1.0, draws=2000)
    known = Expectations.before(loss).given(difference[:, None])
    assert known.given(2 + 3 * difference[:, None]).value == pytest.approx(known.value, rel=1e-9)
    assert known.given(np.ones((2000, 1))).value == pytest.approx(known.value, rel=1e-9)


def test_what_was_saved_is_about_the_value_where_regressions_hold():
    rng = np.random.default_rng(0)
    difference = rng.standard_normal(4000)
    loss = np.column_stack([difference, np.zeros(4000)])
    after = Expectations.before(loss).given(curved(difference + 0.5 * rng.standard_normal(4000)))
    assert after.value < after.saved_at_most < 1.15 * after.value
    assert Expectations.before(loss).saved_at_most == 0
    assert held_by_few(loss) < 0.12


def test_tails_that_bend_the_regressions_are_found():
    """A level whose loss explodes where what is seen is high, and is a little less elsewhere."""
    rng = np.random.default_rng(0)
    seen = rng.standard_normal(4000)
    loss = np.column_stack([np.exp(4 * seen) - 1, np.zeros(4000)])
    after = Expectations.before(loss).given(curved(seen))
    assert after.value > 0
    assert after.saved_at_most < 0.1 * after.value
    assert held_by_few(loss) > 0.9


def test_equal_losses_are_held_by_nobody():
    assert held_by_few(np.ones((200, 3))) == 0
