"""The least budget that meets a target, beside a search over very many budgets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from qqt_bayes.decisions.reach import least_budgets, path_of, path_of_choice

SHARES = [0.3, 0.5, 0.9, 1.0]


def searched(log_budget, error, target, shares, count=20_000):
    """The first of very many budgets at which enough draws meet the target."""
    at = np.linspace(log_budget[0], log_budget[-1], count)
    met = np.mean([np.interp(at, log_budget, own) <= target + 1e-12 for own in error.T], axis=0)
    enough = met >= np.array(shares)[:, None] - 1e-9
    return np.where(enough.any(axis=1), at[enough.argmax(axis=1)], np.nan)


@given(
    arrays(float, st.tuples(st.integers(2, 5), st.integers(1, 9)), elements=st.floats(0.1, 0.9)),
    st.floats(0.15, 0.85),
)
@settings(max_examples=150)
def test_it_is_the_first_of_very_many_budgets(error, target):
    """Errors may rise and fall as they like."""
    log_budget = np.linspace(10, 14, len(error))
    found = np.log(least_budgets(path_of(log_budget, error), target, SHARES))
    expected = searched(log_budget, error, target, SHARES)
    known = ~np.isnan(expected)
    assert not np.isnan(found[known]).any()
    assert (found[known] <= expected[known] + 1e-9).all()
    # a search can miss what holds between two of its budgets only, and is late by a step
    late = np.isnan(expected) & ~np.isnan(found) | (expected - found > 4 / 19_999 + 1e-9)
    for share, place in zip(np.array(SHARES)[late], found[late], strict=True):
        met = np.mean([np.interp(place, log_budget, own) <= target + 1e-9 for own in error.T])
        assert met >= share - 1e-9


def test_where_errors_fall_it_is_a_quantile_over_draws():
    """Of lines in the logarithm each draw's own budget is known in closed form."""
    rng = np.random.default_rng(0)
    slope, log_budget = rng.uniform(0.05, 0.2, 199), np.linspace(0, 8, 9)
    error = 1 - slope * log_budget[:, None]
    own = np.sort(np.exp(0.3 / slope))
    shares = np.array([0.5, 0.9, 0.95])
    found = least_budgets(path_of(log_budget, error), 0.7, shares)
    np.testing.assert_allclose(found, own[np.ceil(shares * 199).astype(int) - 1])


def test_errors_that_rise_again_are_asked_about_at_each_budget():
    """Both draws meet 0.3, one after the other: never both, and one at a time from e^0.5 on."""
    error = np.array([[0.4, 0.9], [0.2, 0.9], [0.9, 0.2]])
    path = path_of(np.arange(3.0), error)
    np.testing.assert_allclose(least_budgets(path, 0.3, [0.5, 1.0]), [np.exp(0.5), np.nan])


def test_more_may_meet_a_target_between_two_budgets_than_at_either():
    error = np.array([[0.1, 0.5], [0.4, 0.1]])
    path = path_of(np.array([0.0, 1.0]), error)
    np.testing.assert_allclose(least_budgets(path, 0.3, [0.5, 1.0]), [1.0, np.exp(0.5)])


def test_one_budget_alone():
    path = path_of(np.log([100.0]), np.array([[0.2, 0.4]]))
    np.testing.assert_allclose(least_budgets(path, 0.3, [0.5, 0.9]), [100, np.nan])


def test_a_policy_passes_to_the_other_level_where_their_scores_are_equal():
    """Two levels of one draw, which meet at e^0.25; the second then falls to 0.3 at e^0.75."""
    error = np.array([[[0.5], [0.5]], [[0.6], [0.2]]])
    score = error[..., 0]
    path = path_of_choice(np.array([0.0, 1.0]), error, score, np.array([0, 1]))
    np.testing.assert_allclose(path.start, [0, 0.25])
    np.testing.assert_allclose(path.left[:, 0], [0.5, 0.5])
    np.testing.assert_allclose(path.right[:, 0], [0.5, 0.2])
    np.testing.assert_allclose(least_budgets(path, 0.3, [1.0]), np.exp(0.75))


@pytest.mark.parametrize("choice", [[0, 0, 0], [1, 1, 1]])
def test_a_policy_of_one_level_is_that_level(choice):
    error = np.random.default_rng(1).uniform(0.2, 0.8, (2, 3, 40))
    log_budget = np.arange(3.0)
    found = path_of_choice(log_budget, error, error.mean(axis=2), np.array(choice))
    alone = path_of(log_budget, error[choice[0]])
    for one, other in zip(found, alone, strict=True):
        np.testing.assert_allclose(one, other)
