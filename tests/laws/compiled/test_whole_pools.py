"""Errors of subsets by compiled code, beside those of one training set at a time."""

from dataclasses import replace

import numpy as np
import pytest
from made_pools import SIZES, some_pools

from qqt_bayes.decisions.enumeration import all_subsets
from qqt_bayes.laws.law import LAWS

BUDGETS = np.array([3e10, 2e6, 4e5, 1e6, 8e7, 3e7, 8e8, 1e12])
"""Not sorted; within one epoch, whole epochs, many, and as many as a million."""
REUSE = {
    "Q": np.array([0.7, 0.1, -0.2, -0.6]),
    "r": np.array([0.2, -0.3, 0.1, 0.0]),
    "R": 4.0,
    "zeta": 0.6,
    "g": 0.1,
    "k": 3.0,
    "rho": 0.05,
    "z2": 0.1,
    "alpha": 0.4,
    "A": 0.5,
    "d": 0.1,
    "reference": 3e8,
    "typical_size": 4e6,
    "chance_error": 0.999,
    "omega": 1.0,
    "memory": 4.0,
}


def some_reuse(law, sizes, **changed):
    rng = np.random.default_rng(2)
    pools = some_pools(4, sizes, draws=150)
    constants = ("reference", "typical_size", "chance_error")
    parameters = {}
    for name, typical in (REUSE | changed).items():
        value = np.atleast_1d(typical)
        spread = 0.0 if name in constants else 0.2
        parameters[name] = value * np.exp(spread * rng.standard_normal((150, value.size)))
    return replace(pools, law=LAWS[law], parameters=parameters, budgets=BUDGETS)


def compiled(pools, members, at_a_time=3):
    found = np.full((len(members), pools.budgets.size, pools.draws), np.nan)
    for some, error in pools.compiled_errors()(members, at_a_time):
        found[some] = error
    return found


SUMMED = [name for name, law in LAWS.items() if not law.centred]
NOT_COMPILED = ("effective-reuse-onset",)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("law", SUMMED)
@pytest.mark.parametrize("exponent", [1.0, 0.0, -0.5])
def test_compiled_errors_are_those_of_the_law(law, sizes, exponent):
    """Under more draws than are worked on at a time; a, d and kappa differ between draws alone."""
    pools = some_pools(4, sizes, law=law, exponent=exponent, draws=150)
    pools = replace(pools, budgets=BUDGETS)
    members = all_subsets(4)
    np.testing.assert_allclose(compiled(pools, members), pools.errors(members), rtol=1e-9)


@pytest.mark.parametrize("law", SUMMED)
def test_pools_may_differ_in_all_parameters(law):
    pools = some_pools(4, "unequal", law=law, draws=20)
    differ = np.array([0.5, 1.0, 1.5, 3.0])
    own = {name: x[:, :1] * differ for name, x in pools.parameters.items()}
    own["size_exponent"] = pools.parameters["size_exponent"]
    pools = replace(pools, parameters=own, budgets=BUDGETS)
    members = all_subsets(4)
    np.testing.assert_allclose(compiled(pools, members), pools.errors(members), rtol=1e-9)


@pytest.mark.parametrize("tau", [np.inf, 1e9, 1e-3])
@pytest.mark.parametrize("law", SUMMED)
def test_half_lives_may_be_without_end_or_very_short(law, tau):
    pools = some_pools(4, "unequal", law=law, draws=5)
    pools = replace(
        pools, parameters=pools.parameters | {"tau": np.full((5, 1), tau)}, budgets=BUDGETS[:-1]
    )
    members = all_subsets(4)
    np.testing.assert_allclose(compiled(pools, members), pools.errors(members), rtol=1e-9)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("chance", [0.999, np.inf])
@pytest.mark.parametrize("law", ["effective-reuse", "effective-reuse-overfit"])
def test_compiled_errors_are_those_of_effective_reuse(law, chance, sizes):
    pools = some_reuse(law, sizes, chance_error=chance)
    if law == "effective-reuse":
        for name in ("omega", "memory"):
            del pools.parameters[name]
    members = all_subsets(4)
    np.testing.assert_allclose(compiled(pools, members), pools.errors(members), rtol=1e-9)


def test_the_code_is_not_used_where_it_would_be_wrong():
    """Powers beyond the range of numbers, and parameters that are no numbers."""
    steep = some_reuse("effective-reuse", "unequal", k=200.0)
    assert steep.compiled_errors() is None
    pools = some_pools(4, law="utility")
    lost = pools.parameters | {"b": pools.parameters["b"] * np.nan}
    assert replace(pools, parameters=lost).compiled_errors() is None
    assert (
        replace(pools, parameters=pools.parameters | {"a": np.zeros((40, 1))}).compiled_errors()
        is None
    )
    assert replace(pools, law=pools.law.drawn(True)).compiled_errors() is None
    for name in NOT_COMPILED:
        assert some_reuse(name, "unequal").compiled_errors() is None
