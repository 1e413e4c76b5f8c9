"""Errors of training sets by the shares of their pools: slopes, and what bounds them from below."""

from dataclasses import replace

import numpy as np
import pytest

from qqt_bayes.decisions.share_search import cheapest
from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.mixture import mixture_error
from qqt_bayes.laws.share_curves import AtSize, below, mean_at_most
from qqt_bayes.laws.subset_curves import WholePools

SIZES = np.array([2e6, 5e6, 1e6, 8e6])
BUDGETS = {"fresh": 3e6, "some epochs": 4e7, "many epochs": 2e9}
UNBOUNDED = "effective-data", "utility-released"


def pools(law, budget, seed=0, draws=30, **fixed):
    """Four pools under draws that differ widely, at one budget."""
    rng = np.random.default_rng(seed)

    def about(value, spread=0.4):
        return value * np.exp(spread * rng.standard_normal((draws, np.size(value))))

    def normal(mean, sd, count=1):
        return mean + sd * rng.standard_normal((draws, count))

    parameters = {
        "a": about(0.025),
        "b": about(np.geomspace(0.18, 0.06, 4)),
        "d": about(0.1),
        "tau": about(np.geomspace(3, 8, 4)),
        "size_exponent": normal(0.0, 1.5),
        "kappa": about(0.05),
        "Q": normal(0, 0.7, 4),
        "r": normal(0, 0.3, 4),
        "R": about(5.0),
        "zeta": normal(0.6, 0.4),
        "g": normal(0, 0.4),
        "k": about(3.0),
        "rho": normal(0.05, 0.2),
        "z2": normal(0.1, 0.3),
        "alpha": about(0.4),
        "A": 0.3 * np.ones((draws, 1)),
        "reference": 1e7 * np.ones((draws, 1)),
        "typical_size": 3e6 * np.ones((draws, 1)),
        "chance_error": np.ones((draws, 1)),
        "omega": about(1.0),
        "memory": about(3.0),
        "B": 0.5 * np.ones((draws, 1)),
        "onset": about(0.3),
        "stretch": about(1.2),
    }
    if LAWS[law].centred:
        parameters["d"] = np.minimum(parameters["d"], 0.3)
        for name in ("Q", "r"):
            parameters[name] -= parameters[name].mean(axis=1, keepdims=True)
    parameters |= {name: x * np.ones((draws, 1)) for name, x in fixed.items()}
    return WholePools(LAWS[law], parameters, SIZES, SIZES, np.array([budget]))


@pytest.mark.parametrize("replacement", [False, True])
@pytest.mark.parametrize("law", LAWS)
def test_errors_and_slopes_are_those_of_the_law(law, replacement):
    own = pools(law, BUDGETS["some epochs"])
    own = replace(own, law=own.law.drawn(replacement))
    shares, total = np.array([0.4, 0.3, 0.1, 0.2]), 4e6
    weight = np.random.default_rng(1).dirichlet(np.ones(own.draws))

    def score(w):
        found = mixture_error(own.law, own.parameters, w * total, own.reference, own.budgets)
        return weight @ found[:, 0]

    at = AtSize.of(own, total)
    error, slopes = at.error_and_slopes(shares)
    np.testing.assert_allclose(weight @ error, score(shares), rtol=1e-9)
    np.testing.assert_allclose(weight @ at.error(shares), score(shares), rtol=1e-9)
    # slopes count along changes that keep the sum
    found, step = slopes(weight), 1e-4
    for i, j in ((0, 1), (2, 3), (3, 0)):
        way = step * (np.eye(4)[i] - np.eye(4)[j])
        expected = (score(shares + way) - score(shares - way)) / (2 * step)
        np.testing.assert_allclose(found[i] - found[j], expected, rtol=1e-3, atol=1e-6)


def shares_of(rng, total):
    """Shares that pools of these sizes can have, some of them at their limits."""
    caps = np.minimum(SIZES / total, 1.0)
    shares = cheapest(rng.standard_normal(4), np.zeros(4), caps)
    return shares + rng.choice([0, rng.uniform()]) * (caps / caps.sum() - shares)


@pytest.mark.parametrize("replacement", [False, True])
@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("law", [name for name in LAWS if name not in UNBOUNDED])
def test_the_bound_is_convex_and_below_the_law_in_every_draw(law, budget, replacement):
    """Which together make every tangent a bound, whatever the weights of draws are."""
    own = pools(law, BUDGETS[budget], seed=2)
    own = replace(own, law=own.law.drawn(replacement))
    rng = np.random.default_rng(3)
    for least, most in ((2e6, 2.02e6), (1e7, 1.001e7), (1.5e7, 1.6e7), (5e5, 1.6e7)):
        high = np.minimum(SIZES / least, 1.0)
        relaxed = AtSize.of(below(own, least, most, high), most)
        for _ in range(8):
            total = rng.choice([least, most, rng.uniform(least, most)])
            one, other = shares_of(rng, total), shares_of(rng, least)
            assert (relaxed.error(one) <= AtSize.of(own, total).error(one) + 1e-9).all()
            between = relaxed.error((one + other) / 2)
            assert (between <= (relaxed.error(one) + relaxed.error(other)) / 2 + 1e-9).all()


def test_the_bound_touches_the_law_where_nothing_is_relaxed():
    """At one size, and with a share of worth that does not depend on the mixture."""
    for law, fixed in (("utility", {}), ("effective-reuse", {"z2": 0.0, "rho": 0.1})):
        own = pools(law, BUDGETS["some epochs"], **fixed)
        shares, total = np.array([0.4, 0.3, 0.1, 0.2]), 4e6
        high = np.minimum(SIZES / total, 1.0)
        relaxed = AtSize.of(below(own, total, total, high), total)
        np.testing.assert_allclose(
            relaxed.error(shares), AtSize.of(own, total).error(shares), rtol=1e-12
        )


@pytest.mark.parametrize("law", UNBOUNDED)
def test_a_law_that_is_not_separable_or_does_not_fall_with_size_has_no_bound(law):
    assert below(pools(law, 4e7), 1e6, 2e6, np.ones(4)) is None


def test_means_of_the_best_pools_are_filled_up_to_their_shares():
    values, high = np.array([[1.0, 3.0, 2.0], [5.0, 1.0, 1.0]]), np.array([0.6, 0.5, 0.3])
    expected = [0.5 * 3 + 0.3 * 2 + 0.2 * 1, 0.6 * 5 + 0.4 * 1]
    np.testing.assert_allclose(mean_at_most(values, high), expected)
