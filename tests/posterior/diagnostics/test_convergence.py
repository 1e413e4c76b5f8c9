"""R-hat and effective draws, held against ArviZ's, and against chains whose answer is known."""

import arviz as az
import numpy as np
import pytest
import xarray as xr

from qqt_bayes.posterior.diagnostics.convergence import by_scalar, ess_bulk, ess_tail, rhat

SHAPES = [(4, 1000), (4, 999), (1, 400), (2, 3), (1, 1), *[(3, n) for n in range(4, 13)]]
"""Chains and draws: ordinary, odd, one chain, too few, and so few that each lag counts."""


def autoregressive(rng, shape, coefficient):
    x = rng.standard_normal(shape)
    for t in range(1, shape[1]):
        x[:, t] += coefficient * x[:, t - 1]
    return x


def stuck(rng, shape):
    """One chain at a place of its own."""
    x = rng.standard_normal(shape)
    x[0] = 1.0
    return x


def with_a_gap(rng, shape):
    """A draw in the middle that is NaN, which halves of an odd chain would leave out."""
    x = rng.standard_normal(shape)
    x[-1, shape[1] // 2, 0] = np.nan
    return x


KINDS = {
    "independent": lambda rng, shape: rng.standard_normal(shape),
    "slow": lambda rng, shape: autoregressive(rng, shape, 0.95),
    "antithetic": lambda rng, shape: autoregressive(rng, shape, -0.8),
    "walk": lambda rng, shape: autoregressive(rng, shape, 1.0),
    "heavy": lambda rng, shape: rng.standard_cauchy(shape),
    "shifted": lambda rng, shape: rng.standard_normal(shape) + np.arange(shape[0])[:, None, None],
    "scaled": lambda rng, shape: (
        rng.standard_normal(shape) * 4.0 ** np.arange(shape[0])[:, None, None]
    ),
    "ties": lambda rng, shape: rng.integers(0, 5, shape).astype(float),
    "signs": lambda rng, shape: rng.choice([-1.0, 1.0], shape),
    "stuck": stuck,
    "all stuck": lambda rng, shape: (
        0.0 * rng.standard_normal(shape) + np.arange(shape[0])[:, None, None]
    ),
    "constant": lambda rng, shape: np.full(shape, 2.5),
    "gap": with_a_gap,
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_all_numbers_are_those_of_arviz(kind, shape):
    draws = KINDS[kind](np.random.default_rng(0), (*shape, 3))
    named = xr.DataArray(draws, dims=("chain", "draw", "scalar"))
    with np.errstate(divide="ignore", invalid="ignore"):  # what ArviZ divides by 0
        expected = az.rhat(named), az.ess(named, method="bulk"), az.ess(named, method="tail")
    for found, theirs in zip(
        (rhat(draws), ess_bulk(draws), ess_tail(draws)), expected, strict=True
    ):
        np.testing.assert_allclose(found, theirs, rtol=1e-11)


def test_effective_draws_of_a_process_that_is_known():
    """Autoregression of first order has the autocorrelation time (1 + r) / (1 - r)."""
    draws = autoregressive(np.random.default_rng(0), (4, 20_000, 1), 0.5)
    assert ess_bulk(draws).item() == pytest.approx(80_000 / 3, rel=0.05)


def test_chains_that_agree_and_others():
    rng = np.random.default_rng(0)
    assert rhat(rng.standard_normal((4, 1000, 1))).item() < 1.01
    for kind in ("shifted", "scaled", "walk", "stuck"):
        assert rhat(KINDS[kind](rng, (4, 1000, 1))).item() > 1.05, kind
    assert rhat(KINDS["all stuck"](rng, (4, 1000, 1))).item() == np.inf


def test_each_scalar_is_measured_alone():
    draws = np.concatenate(
        [KINDS[kind](np.random.default_rng(0), (2, 50, 2)) for kind in ("gap", "slow")], axis=2
    )
    for measure in (rhat, ess_bulk, ess_tail):
        alone = [measure(draws[..., i : i + 1]).item() for i in range(4)]
        np.testing.assert_array_equal(measure(draws), alone)
        assert np.isnan(alone).tolist() == [True, False, False, False]


def test_scalars_of_a_variable_stand_in_the_order_of_its_dimensions():
    variable = xr.DataArray(np.arange(24.0).reshape(2, 3, 4), dims=("pool", "draw", "chain"))
    np.testing.assert_array_equal(by_scalar(variable)[1, 2], [9, 21])
    assert by_scalar(variable.isel(pool=0)).shape == (4, 3, 1)
