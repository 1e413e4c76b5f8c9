"""Every law on one pool: the formula written out, its limits, and how it behaves in between."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from written_out import ERROR

from qqt_bayes.laws.epochs import collapse
from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.means import ONE_POOL

EPOCHS = [0.3, 1.0, 1.5, 2.0, 15.99, 16.0, 16.01, 33.3, 100.3, 12_345.6, 65_536.0, 2e5 + 0.5, 1e6]
HALF_LIVES = [0.1, 0.3, 1.0, 2.0, 3.5, 7.0, 20.0, 100.0, 1e3, 1e4, 1e5, 1e6, np.inf]
A, B, D, U, KAPPA = 0.02, 0.3, 0.1, 12.8e6, 0.05
EACH_LAW = pytest.mark.parametrize("law", ERROR)


def error(law, samples_seen, tau=5.0, unique=U, a=A, b=B, d=D, kappa=KAPPA):
    """Errors of one pool at some budgets."""
    seen = np.atleast_1d(np.asarray(samples_seen, dtype=float))
    theta = {"a": a, "b": b, "d": d, "tau": tau, "kappa": kappa}
    each = {name: np.full(seen.shape, theta[name]) for name in LAWS[law].arguments}
    return LAWS[law].error(collapse(seen, unique), **each, mixture=ONE_POOL)


@EACH_LAW
@pytest.mark.parametrize("tau", HALF_LIVES)
def test_law_is_the_formula_written_out(law, tau):
    theta = {"a": [A], "b": [B], "d": [D], "tau": [tau], "kappa": [KAPPA]}
    expected = [ERROR[law](theta, [U], [U], count * U) for count in EPOCHS]
    found = error(law, np.array(EPOCHS) * U, tau)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


@EACH_LAW
@given(
    tau=st.floats(-1, 6).map(lambda x: 10**x),
    count=st.floats(0.01, 3e3),
    unique=st.floats(1e7, 1e10),
    a=st.floats(0.01, 0.1),
    b=st.floats(0.01, 0.6),
    d=st.floats(0, 0.5),
    kappa=st.floats(0, 0.5),
)
def test_law_is_the_formula_written_out_anywhere(law, tau, count, unique, a, b, d, kappa):
    theta = {"a": [a], "b": [b], "d": [d], "tau": [tau], "kappa": [kappa]}
    expected = ERROR[law](theta, [unique], [unique], count * unique)
    found = error(law, count * unique, tau, unique, a, b, d, kappa)[0]
    assert abs(found - expected) < 1e-9 * max(1, expected)


@pytest.mark.parametrize("law", ["utility", "effective-data", "data-constrained"])
def test_without_decay_repetition_is_a_power_law(law):
    budgets = np.array(EPOCHS) * U
    expected = error("power-law", budgets)
    np.testing.assert_allclose(error(law, budgets, np.inf), expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(expected, (A * budgets / 1e5) ** -B + D, rtol=1e-12)


def test_without_decay_the_other_laws_have_closed_forms_too():
    budgets = np.array(EPOCHS) * U
    bounded = (1 - D) * (1 + A * budgets / 1e5) ** -B + D
    np.testing.assert_allclose(error("utility-bounded", budgets, np.inf), bounded, atol=1e-9)
    fresh, rest = np.minimum(budgets, U), np.maximum(budgets / U, 1)
    released = ((A * fresh / 1e5) ** -B + D) * rest**-B
    np.testing.assert_allclose(error("utility-released", budgets, np.inf), released, atol=1e-9)


def test_on_one_pool_effective_data_is_a_power_of_the_effective_samples():
    left = 2.0 ** (-np.arange(20) / 5.0)
    effective = U * (left[:19].sum() + 0.25 * left[19])
    expected = (A * effective / 1e5) ** -B + D
    np.testing.assert_allclose(error("effective-data", 19.25 * U), expected, atol=1e-9)


@pytest.mark.parametrize("law", sorted(set(ERROR) - {"utility-bounded"}))
def test_below_one_epoch_every_law_is_the_power_law(law):
    budgets = np.array([1.0, 100.0, 1e5, 0.5 * U, U])
    found = error(law, budgets, tau=0.5)
    np.testing.assert_allclose(found, error("power-law", budgets), rtol=1e-12)


def test_the_bounded_law_starts_at_an_error_of_one():
    assert error("utility-bounded", 1.0, a=1e-3)[0] == pytest.approx(1.0, abs=1e-8)
    assert (error("utility-bounded", np.geomspace(1, 1e12, 50)) < 1).all()


@pytest.mark.parametrize("law", sorted(set(ERROR) - {"utility-overfit"}))
@pytest.mark.parametrize("tau", [0.3, 5.0, 1e4])
def test_error_falls_with_budget(law, tau):
    budgets = np.unique(np.append(np.geomspace(1e3, 1e12, 500), np.arange(1, 70) * U))
    steps = np.diff(error(law, budgets, tau))
    assert (steps <= 1e-10).all()
    early = budgets[1:] < 5 * tau * U
    assert (steps[early] < 0).all()


@pytest.mark.parametrize("tau", HALF_LIVES)
def test_utility_that_turns_nowhere_is_the_utility(tau):
    budgets = np.array(EPOCHS) * U
    found = error("utility-overfit", budgets, tau, kappa=0.0)
    np.testing.assert_array_equal(found, error("utility", budgets, tau))


@pytest.mark.parametrize("tau", [0.3, 2.0, 5.0])
@pytest.mark.parametrize("kappa", [1e-3, 0.05, 0.9])
def test_error_falls_until_the_utility_is_spent_and_rises_then(tau, kappa):
    spent = tau * np.log2((1 + kappa) / kappa)
    least = np.ceil(spent)  # epoch k, from k to k + 1 passes, has the utility of k repetitions
    before = error("utility-overfit", np.linspace(1 / 8, least, 200) * U, tau, kappa=kappa)
    after = error("utility-overfit", np.geomspace(least, 300 * least, 200) * U, tau, kappa=kappa)
    assert (np.diff(before) < 0).all()
    assert (np.diff(after) > 0).all()


def test_error_that_rises_grows_as_a_power_in_the_end():
    early, late = error("utility-overfit", np.array([1e4, 1e6]) * U, 2.0, kappa=0.1) - D
    assert late / early == pytest.approx(100 ** (0.1 * B), rel=1e-9)


@EACH_LAW
@pytest.mark.parametrize("count", [1, 2, 3, 15, 16, 17, 31, 32, 64, 1000, 65_536, 131_072])
def test_error_is_continuous_where_epochs_begin(law, count):
    before, at, after = error(law, count * U * np.array([1 - 1e-9, 1, 1 + 1e-9]), tau=3e4)
    assert before == pytest.approx(at, abs=2e-9)
    assert after == pytest.approx(at, abs=2e-9)


@EACH_LAW
@pytest.mark.parametrize("unique", [1e3, U, 1e12])
@pytest.mark.parametrize("tau", [0.1, 5.0, np.inf])
def test_huge_budgets_are_finite(law, unique, tau):
    found = error(law, [1e12, 1e15], tau, unique)
    assert np.isfinite(found).all()
    assert (found > 0).all()


@EACH_LAW
def test_registry_names_each_law_and_its_parameters(law):
    assert LAWS[law].name == law
    repeating = {"tau", "size_exponent"} if law != "power-law" else set()
    turning = {"kappa"} if law == "utility-overfit" else set()
    assert set(LAWS[law].parameters) == {"a", "b", "d"} | repeating | turning
    assert set(LAWS[law].arguments) == {"a", "b", "d", "tau"} | turning
