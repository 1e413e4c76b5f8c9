"""Power-scaling sensitivity, held against ArviZ's and against distances that are known."""

import arviz as az
import numpy as np
import pytest
import xarray as xr

from qqt_bayes.posterior.diagnostics.power_scaling import (
    jensen_shannon,
    scaled_weights,
    sensitivity,
)


def by_arviz(draws, density, group="prior"):
    """Of draws (chain, draw, scalar), under a density that is the sum of several parts."""
    parts = np.stack([density / 3, 2 * density / 3], axis=2)
    tree = {
        "posterior": xr.Dataset({"x": (("chain", "draw", "scalar"), draws)}),
        f"log_{group}": xr.Dataset({"x": (("chain", "draw", "part"), parts)}),
    }
    return az.psense(xr.DataTree.from_dict(tree), group=group)["x"]


def normal(rng, shape):
    draws = rng.standard_normal(shape) + 0.3
    return draws, -(draws**2).sum(axis=2) / 2


def stuck(rng, shape):
    """A chain that stays where it is, in all its scalars and so in the density."""
    draws, _ = normal(rng, shape)
    draws[0] = draws[0, 0]
    return draws, -(draws**2).sum(axis=2) / 2


def ties(rng, shape):
    draws, density = normal(rng, shape)
    return draws.round(), density


def heavy(rng, shape):
    draws = rng.standard_cauchy(shape)
    return draws, -np.log1p(draws**2).sum(axis=2)


def constant(rng, shape):
    draws, density = normal(rng, shape)
    draws[..., 1] = 2.5
    return draws, density


@pytest.mark.filterwarnings("ignore:Number of tail draws:UserWarning")
@pytest.mark.parametrize("group", ["prior", "likelihood"])
@pytest.mark.parametrize("shape", [(4, 1000), (3, 333), (1, 100), (2, 15), (1, 7), (1, 6)], ids=str)
@pytest.mark.parametrize("make", [normal, ties, heavy, constant])
def test_all_numbers_are_those_of_arviz(make, shape, group):
    draws, density = make(np.random.default_rng(0), (*shape, 3))
    with np.errstate(invalid="ignore"):  # what ArviZ divides by 0
        expected = by_arviz(draws, density, group)
    np.testing.assert_allclose(sensitivity(draws, density), expected, rtol=1e-9)


def test_a_chain_that_does_not_move():
    draws, density = stuck(np.random.default_rng(0), (4, 1000, 3))
    np.testing.assert_allclose(sensitivity(draws, density), by_arviz(draws, density), rtol=1e-9)


def test_a_chain_that_is_stuck_where_the_density_is_least_is_no_fault():
    """All of the tail is one value, of which ArviZ complains: the gate speaks of such chains."""
    draws, density = normal(np.random.default_rng(0), (4, 1000, 3))
    draws[0], density[0] = 9.0, -100.0
    with pytest.raises(ValueError, match="All tail values are the same"):
        by_arviz(draws, density)
    assert np.isfinite(sensitivity(draws, density)).all()


def test_a_weak_density_moves_draws_in_proportion():
    """So far down, ArviZ's sums are rounded by more than they differ."""
    draws, density = normal(np.random.default_rng(0), (4, 1000, 3))
    some, weak = sensitivity(draws, density / 10), sensitivity(draws, density / 1000)
    np.testing.assert_allclose(weak, some / 100, rtol=1e-3)
    np.testing.assert_allclose(weak, by_arviz(draws, density / 1000), atol=1e-8)


@pytest.mark.parametrize("draws", [1, 4, 5])
def test_a_handful_of_draws_is_no_fault(draws):
    x, density = normal(np.random.default_rng(0), (1, draws, 2))
    assert sensitivity(x, density).shape == (2,)


def test_a_flat_density_moves_nothing():
    x, density = normal(np.random.default_rng(0), (4, 100, 2))
    assert sensitivity(x, np.full_like(density, 3.0)).tolist() == [0, 0]


def test_a_density_that_is_no_number_gives_none():
    x, density = normal(np.random.default_rng(0), (4, 100, 2))
    density[1, 3] = np.nan
    assert np.isnan(sensitivity(x, density)).all()


def test_weights_are_powers_of_the_density():
    """But for the tail, they are proportional to density to the power less 1."""
    density = np.random.default_rng(0).standard_normal(1000)
    weights = scaled_weights(density, 1.01)
    assert weights.sum() == pytest.approx(1)
    centre = np.argsort(density)[:500]
    np.testing.assert_allclose(
        np.ptp(np.log(weights[centre]) - 0.01 * density[centre]), 0, atol=1e-9
    )


def test_distance_of_equal_weights_is_none():
    widths = np.random.default_rng(0).uniform(size=(2, 99))
    np.testing.assert_allclose(jensen_shannon(widths, np.full((2, 100), 0.01)), 0, atol=1e-8)


def test_distance_does_not_depend_on_units():
    rng = np.random.default_rng(0)
    widths, weights = rng.uniform(size=(1, 99)), rng.uniform(size=(1, 100))
    found = jensen_shannon(widths, weights)
    np.testing.assert_allclose(jensen_shannon(1e6 * widths, weights / 7), found)
    assert 0 < found.item() < 1
