"""The combination theorem: identities of mixtures, and every law's mixture written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from written_out import ERROR

from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.mixture import half_life, mixture_error

BUDGETS = [3e5, 2e6, 12.8e6, 64e6, 333_333_333.0, 1.28e9, 2e10]
EACH_LAW = pytest.mark.parametrize("law", ERROR)
THETA = {
    "a": [0.02, 0.025, 0.03],
    "b": [0.3, 0.2, 0.1],
    "d": [0.1, 0.05, 0.15],
    "tau": [3.0, 8.0, 20.0],
    "kappa": [0.1, 0.0, 0.02],
}
TAKEN, SIZES = [12.8e6, 3e6, 20e6], [12.8e6, 6e6, 15e6]


def error(law, theta, taken, sizes, budgets=BUDGETS, size_exponent=1.0):
    draws = {name: [values] for name, values in theta.items()}
    draws["size_exponent"] = [[size_exponent]]
    return mixture_error(LAWS[law], draws, taken, sizes, budgets)[0]


def alike(count, **values):
    """Pools that are alike in everything."""
    return {name: [value] * count for name, value in values.items()}


def log_uniform(low, high):
    return st.floats(low, high).map(lambda x: 10**x)


POOL = st.fixed_dictionaries(
    {
        "a": st.floats(0.01, 0.03),
        "b": st.floats(0.01, 0.3),
        "d": st.floats(0, 0.5),
        "tau": log_uniform(-1, 6),
        "kappa": st.floats(0, 0.3),
        "taken": log_uniform(7, 9),
        "size": log_uniform(6.5, 9.5),
    }
)


@EACH_LAW
@given(
    pools=st.lists(POOL, min_size=1, max_size=4),
    count=log_uniform(-0.5, 3.5),
    size_exponent=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_mixture_is_the_formula_written_out(law, pools, count, size_exponent):
    theta = {name: [pool[name] for pool in pools] for name in THETA}
    taken, sizes = ([pool[name] for pool in pools] for name in ("taken", "size"))
    seen = count * sum(taken)
    expected = ERROR[law](theta, taken, sizes, seen, size_exponent)
    found = error(law, theta, taken, sizes, [seen], size_exponent)[0]
    assert abs(found - expected) < 1e-9


@EACH_LAW
@pytest.mark.parametrize("tau", [0.1, 3.0, 1e3, 1e6])
def test_mixture_of_unlike_pools_over_a_million_epochs(law, tau):
    theta = THETA | {"tau": [tau, tau / 3, tau * 2.5]}
    budgets = np.array([1e3, 1e4 + 0.5, 2e5, 1e6]) * sum(TAKEN)
    expected = [ERROR[law](theta, TAKEN, SIZES, seen) for seen in budgets]
    np.testing.assert_allclose(
        error(law, theta, TAKEN, SIZES, budgets), expected, rtol=0, atol=1e-9
    )


@EACH_LAW
@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("size_exponent", [0.0, 0.5, 1.0])
def test_equal_pools_are_one_large_pool_with_a_longer_half_life(law, count, size_exponent):
    pools = alike(count, a=0.02, b=0.2, d=0.1, tau=4.0, kappa=0.1)
    one = alike(1, a=0.02, b=0.2, d=0.1, tau=4.0 * count**size_exponent, kappa=0.1)
    found = error(law, pools, [1e7] * count, [1e7] * count, size_exponent=size_exponent)
    expected = error(law, one, [1e7 * count], [1e7 * count], size_exponent=size_exponent)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@EACH_LAW
def test_order_of_pools_does_not_matter(law):
    order = [2, 0, 1]
    theta, (taken, sizes) = (
        {name: [values[i] for i in order] for name, values in THETA.items()},
        ([values[i] for i in order] for values in (TAKEN, SIZES)),
    )
    expected = error(law, THETA, TAKEN, SIZES)
    np.testing.assert_allclose(error(law, theta, taken, sizes), expected, rtol=1e-12)


@EACH_LAW
@pytest.mark.parametrize("size_exponent", [0.0, 0.5, 1.0])
def test_splitting_a_pool_into_halves_changes_nothing(law, size_exponent):
    """By the theorem half a pool alone has the half-life ``tau / 2^g``."""
    halves = {name: [*values, values[-1]] for name, values in THETA.items()}
    halves["tau"] = [*THETA["tau"][:2], *[THETA["tau"][2] / 2**size_exponent] * 2]
    found = error(
        law,
        halves,
        [*TAKEN[:2], TAKEN[2] / 2, TAKEN[2] / 2],
        [*SIZES[:2], SIZES[2] / 2, SIZES[2] / 2],
        size_exponent=size_exponent,
    )
    expected = error(law, THETA, TAKEN, SIZES, size_exponent=size_exponent)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@EACH_LAW
@pytest.mark.parametrize("size_exponent", [0.0, 0.5, 1.0])
def test_part_of_a_pool_is_a_smaller_pool_that_is_sooner_exhausted(law, size_exponent):
    one = alike(1, a=0.02, b=0.2, d=0.1, tau=8.0, kappa=0.1)
    part = error(law, one, [1e6], [4e6], BUDGETS, size_exponent)
    whole = error(law, one | {"tau": [8.0 * 0.25**size_exponent]}, [1e6], [1e6])
    np.testing.assert_allclose(part, whole, rtol=1e-12)


@EACH_LAW
def test_pools_from_which_nothing_is_taken_do_not_matter(law):
    found = error(law, THETA, [*TAKEN[:2], 0.0], SIZES)
    two = {name: values[:2] for name, values in THETA.items()}
    np.testing.assert_array_equal(found, error(law, two, TAKEN[:2], SIZES[:2]))


def test_mixture_that_turns_nowhere_is_that_of_the_utility():
    found = error("utility-overfit", THETA | {"kappa": [0.0] * 3}, TAKEN, SIZES)
    np.testing.assert_array_equal(found, error("utility", THETA, TAKEN, SIZES))


@pytest.mark.parametrize("law", ["utility", "effective-data", "data-constrained"])
def test_mixture_without_decay_is_a_power_law(law):
    theta = THETA | {"tau": [np.inf] * 3, "a": [0.02] * 3, "d": [0.1] * 3}
    power = theta["b"] @ np.array(TAKEN) / np.sum(TAKEN)
    expected = (0.02 * np.array(BUDGETS) / 1e5) ** -power + 0.1
    np.testing.assert_allclose(error(law, theta, TAKEN, SIZES), expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(error("power-law", theta, TAKEN, SIZES), expected, rtol=1e-12)


@EACH_LAW
def test_within_the_first_epoch_half_lives_do_not_matter(law):
    budgets = np.array([1e-3, 0.3, 1.0]) * sum(TAKEN)
    forgetful = error(law, THETA | {"tau": [0.1] * 3}, TAKEN, SIZES, budgets)
    np.testing.assert_allclose(forgetful, error(law, THETA, TAKEN, SIZES, budgets), rtol=1e-14)


def test_theorem_as_published():
    """``b_eff(k) = sum_i w_i b_i 2^(-k / (tau_i U / N_i))`` with shared a and d."""
    theta = THETA | {"a": [0.02] * 3, "d": [0.1] * 3}
    w, total = np.array(TAKEN) / np.sum(TAKEN), np.sum(TAKEN)
    growth = [np.log(0.02 * total / 1e5), np.log(2), np.log(2.4 / 2)]  # 2.4 epochs
    exponent = sum(
        np.sum(w * theta["b"] * 2 ** (-k / (np.array(theta["tau"]) * total / SIZES))) * growth[k]
        for k in range(3)
    )
    found = error("utility", theta, TAKEN, SIZES, [2.4 * total])
    np.testing.assert_allclose(found, np.exp(-exponent) + 0.1, rtol=1e-12)


@EACH_LAW
def test_many_draws_are_each_draw_alone(law):
    rng = np.random.default_rng(0)
    draws = {name: np.array(x) * rng.uniform(0.8, 1.2, (5, 3)) for name, x in THETA.items()}
    draws["a"] = draws["a"][:, :1]  # shared by the pools
    draws["size_exponent"] = rng.uniform(0, 1, (5, 1))
    together = mixture_error(LAWS[law], draws, TAKEN, SIZES, BUDGETS)
    assert together.shape == (5, len(BUDGETS))
    for i in range(5):
        alone = {name: x[i : i + 1] for name, x in draws.items()}
        expected = mixture_error(LAWS[law], alone, TAKEN, SIZES, BUDGETS)
        np.testing.assert_allclose(together[i : i + 1], expected, rtol=1e-13)
    repeated = draws | {"a": np.repeat(draws["a"], 3, axis=1)}
    np.testing.assert_allclose(
        mixture_error(LAWS[law], repeated, TAKEN, SIZES, BUDGETS), together, rtol=1e-13
    )


def test_half_life_needs_no_rest_when_the_exponent_is_zero():
    assert half_life(4.0, total=1e9, pool_size=1e6, size_exponent=0.0) == 4.0
