"""Candidates on request: nested unions by quality, pools of another size, other size exponents."""

import made
import numpy as np
import pytest
import xarray as xr

from qqt_bayes.decisions.candidates import (
    EXPONENTS,
    by_size_exponent,
    nested_by_quality,
    scaled,
    with_exponent,
)
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.decide import decide
from qqt_bayes.errors import InputError
from qqt_bayes.posterior.fit import Fit


@pytest.fixture
def fit():
    return made.fit(model="utility-free-size", draws=30)


def with_utilities_in_another_order(fit, order):
    utility = fit["posterior"]["b"]
    fit["posterior"]["b"] = utility.copy(data=utility.values[..., order])
    return fit


def test_unions_are_of_the_pools_of_the_same_runs():
    fits = {"a": Fit.of(made.fit(draws=5)), "b": Fit.of(made.fit(draws=5, groups=2))}
    with pytest.raises(InputError, match="a and b are fits of different runs"):
        nested_by_quality(fits, np.array([0.5, 0.5]))


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_unions_begin_with_the_pool_that_the_posterior_has_as_the_best(fit, order):
    """The made fit's pools are in order of utility; whatever their order, the best comes first."""
    pools = Fit.of(fit).pools
    ranked = [pools[order.index(place)] for place in range(3)]
    levels = nested_by_quality({"one": Fit.of(with_utilities_in_another_order(fit, order))}, [1.0])
    assert levels["level"].values.tolist() == [
        ranked[0],
        " + ".join(ranked[:2]),
        " + ".join(ranked),
    ]
    sizes = Fit.of(fit).runs["pool_size"]
    for count in (1, 2, 3):
        expected = sizes.where(sizes["pool"].isin(ranked[:count]), 0)
        xr.testing.assert_equal(
            levels.isel(level=count - 1, drop=True).sortby("pool"),
            expected.sortby("pool").astype(float).drop_vars("level", errors="ignore"),
        )


def test_a_factor_and_sizes_say_the_same(fit):
    sizes = Fit.of(fit).runs["pool_size"]
    larger = scaled(
        made.levels(), sizes, {name: 20 * size for name, size in sizes.to_series().items()}
    )
    xr.testing.assert_allclose(scaled(made.levels(), sizes, 20.0), larger)
    once = decide(fit, made.levels(), [1e9], target_pools=20.0)
    xr.testing.assert_identical(once, decide(fit, larger, [1e9]))
    np.testing.assert_allclose(once["pool_multiple"], 20)
    assert once["winner"].values.tolist() == ["undecided"]  # never trained at that size


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (0.0, "scale: expected a number above 0, such as 20, got 0"),
        (float("nan"), "got nan"),
        ({"0-10%": 1e9}, "no size for pool '10-20%', which levels take from"),
    ],
)
def test_sizes_that_are_none(fit, target, sentence):
    with pytest.raises(InputError, match=sentence):
        decide(fit, made.levels(), [1e9], target_pools=target)


def test_choices_under_other_exponents_are_those_of_fits_with_them(fit):
    """Of draws whose exponent is that one number already, nothing changes."""
    opened, budgets = Fit.of(fit), np.array([1e9, 5e9])
    levels = scaled(made.levels(), opened.runs["pool_size"], 20.0)
    found = by_size_exponent({"free": opened}, levels, budgets, Criteria(), None)
    assert found["exponent"].values.tolist() == list(EXPONENTS)
    for exponent in EXPONENTS:
        alone = decide(with_exponent(opened, exponent), levels, budgets, discrepancy=False)
        at = found.sel(law="free", exponent=exponent)
        assert at["choice_by_exponent"].values.tolist() == alone["choice"].values.tolist()
        np.testing.assert_allclose(at["regret_by_exponent"], alone["choice_regret"])
    asked = decide(fit, levels, budgets)
    xr.testing.assert_equal(
        asked["choice_by_exponent"].drop_vars("law"),
        found["choice_by_exponent"].drop_vars("law"),
    )
    assert "choice_by_exponent" not in decide(fit, made.levels(), budgets)
