"""Pareto-smoothed importance sampling, held against ArviZ's and against known tails."""

import arviz  # noqa: F401 it gives arrays the accessor below
import numpy as np
import pytest
import xarray as xr

from qqt_bayes.posterior.diagnostics.importance import generalised_pareto, smooth

KINDS = {
    "normal": lambda rng, count: rng.standard_normal(count),
    "wide": lambda rng, count: 300 * rng.standard_normal(count),
    "narrow": lambda rng, count: 1e-9 * rng.standard_normal(count),
    "heavy": lambda rng, count: 3 * rng.standard_t(2, count),
    "bounded": lambda rng, count: -rng.exponential(size=count),
    "no density": lambda rng, count: np.append(rng.standard_normal(count - 1), -np.inf),
    "a quarter tied": lambda rng, count: np.maximum(rng.standard_normal(count), 1.0),
}


@pytest.mark.parametrize("count", [25, 26, 99, 225, 226, 4000])
@pytest.mark.parametrize("kind", KINDS)
def test_weights_and_shape_are_those_of_arviz(kind, count):
    log_weights = KINDS[kind](np.random.default_rng(0), count)
    expected, k = (-xr.DataArray(log_weights, dims="sample")).azstats.psislw(dim="sample")
    found, shape = smooth(log_weights)
    # which of those that are the same gets which smoothed weight is left to the sorting
    np.testing.assert_allclose(np.sort(found), np.sort(expected), rtol=1e-11)
    # where nothing can be fitted, ArviZ has NaN for one reason and infinity for another
    np.testing.assert_allclose(shape, np.nan_to_num(k, nan=np.inf), rtol=1e-10)


@pytest.mark.parametrize(
    "log_weights",
    [np.zeros(1000), np.arange(24.0), np.array([1.0]), np.repeat([0.0, 1.0], 500)],
    ids=["all the same", "too few", "one", "a tail of equals"],
)
def test_where_nothing_can_be_fitted_the_weights_stay(log_weights):
    """ArviZ raises an error, which says nothing of what is to be done."""
    found, shape = smooth(log_weights)
    assert shape == np.inf
    np.testing.assert_allclose(np.exp(found), np.exp(log_weights) / np.exp(log_weights).sum())


def test_weights_that_are_no_numbers():
    with np.errstate(invalid="ignore"):
        found, shape = smooth(np.append(np.arange(99.0), np.nan))
    assert shape == np.inf
    assert np.isnan(found).all()


@pytest.mark.parametrize("k", [-0.5, 0.2, 0.7, 1.2])
def test_shape_and_scale_of_a_generalised_pareto_distribution(k):
    p = np.random.default_rng(0).uniform(size=20_000)
    shape, sigma = generalised_pareto(np.sort(2 * ((1 - p) ** -k - 1) / k))
    assert shape == pytest.approx(k, abs=0.03)
    assert sigma == pytest.approx(2, rel=0.03)


def test_smoothed_weights_estimate_a_mean_that_is_known():
    """Draws of N(0, 1) weighed for N(1, 1)."""
    x = np.random.default_rng(0).standard_normal(20_000)
    weights = np.exp(smooth(x)[0])
    assert weights.sum() == pytest.approx(1)
    assert weights @ x == pytest.approx(1, abs=0.05)
