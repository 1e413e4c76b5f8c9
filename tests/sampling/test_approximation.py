"""Quick looks at densities that are known: what they follow, and that they say if they cannot."""

import numpy as np
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.posterior.checks import LARGEST_PARETO_K
from qqt_bayes.sampling.approximation import laplace, pathfinder

DRAWS = 4000
MEAN = np.array([1.0, -2.0, 0.5])
DEVIATION = np.array([0.5, 1.0, 2.0])
CORRELATION = np.array([[1.0, 0.6, 0.0], [0.6, 1.0, -0.3], [0.0, -0.3, 1.0]])
COVARIANCE = DEVIATION[:, None] * CORRELATION * DEVIATION
STARTS = np.random.default_rng(0).uniform(-2, 2, (8, 3))


def gaussian(x):
    pull = np.linalg.solve(COVARIANCE, x - MEAN)
    return -(x - MEAN) @ pull / 2, -pull


def heavy(x):
    """Cauchy tails, which no normal density has."""
    return -np.log1p(x**2).sum(), -2 * x / (1 + x**2)


def half(x):
    """A Gaussian whose upper half is missing, so that the maximum is an edge."""
    return (-np.inf, np.zeros(3)) if x[0] > 0 else (x[0] - (x**2).sum() / 2, [1, 0, 0] - x)


def saddle(x):
    return (x[0] ** 2 - x[1] ** 2 - x[2] ** 2) / 2, np.array([x[0], -x[1], -x[2]])


@pytest.mark.parametrize("method", [laplace, pathfinder])
def test_a_gaussian_is_found(method):
    found = method(gaussian, STARTS, DRAWS, seed=1)
    assert found.draws.shape == (DRAWS, 3)
    assert found.pareto_k < 0.5
    error = DEVIATION / np.sqrt(DRAWS)
    np.testing.assert_array_less(abs(found.draws.mean(axis=0) - MEAN), 4 * error)
    np.testing.assert_allclose(np.cov(found.draws.T), COVARIANCE, atol=0.05 * 4)
    np.testing.assert_allclose(found.lp, [gaussian(x)[0] for x in found.draws])


def test_laplace_is_exact_on_a_gaussian():
    """Its density is the target's, to the digit, but for the constant that the target lacks."""
    found = laplace(gaussian, STARTS, DRAWS, seed=1)
    constant = np.linalg.slogdet(2 * np.pi * COVARIANCE)[1] / 2
    np.testing.assert_allclose(found.lp - found.lq, constant, atol=1e-5)


@pytest.mark.parametrize("method", [laplace, pathfinder])
def test_the_same_seed_gives_the_same_draws(method):
    one, again, other = (method(gaussian, STARTS, 100, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.draws, again.draws)
    assert not np.array_equal(one.draws, other.draws)


@pytest.mark.parametrize("method", [laplace, pathfinder])
def test_what_a_normal_density_cannot_follow(method):
    assert method(heavy, STARTS, DRAWS, seed=1).pareto_k > LARGEST_PARETO_K


def test_too_few_draws_to_say_how_far_off_they_are():
    found = laplace(gaussian, STARTS, 4, seed=1)
    assert found.draws.shape == (4, 3)
    assert found.pareto_k == np.inf


def test_a_maximum_without_curvature():
    with pytest.raises(InputError, match=r"laplace found no maximum .* take method pathfinder"):
        laplace(saddle, np.zeros((1, 3)), DRAWS, seed=1)


@pytest.mark.parametrize("method", [laplace, pathfinder])
def test_nowhere_to_go(method):
    with pytest.raises(InputError, match="take method"):
        method(lambda x: (-np.inf, np.zeros(3)), STARTS, DRAWS, seed=1)
