"""Sequential Monte Carlo on densities that are known: the weight of modes, and the evidence."""

import numpy as np
import pytest

from qqt_bayes.sampling.smc import Student, broad, temper

WEIGHTS = np.array([0.3, 0.7])
APART = 10.0
"""Of the two modes, in standard deviations."""
EVIDENCE = 2.5
"""Log of the integral of the density."""
STARTS = np.random.default_rng(0).uniform(-2, 2, (8, 2))


def two(x):
    """Two normal densities of known weights, side by side."""
    centres = np.array([[-APART / 2, 0.0], [APART / 2, 0.0]])
    parts = np.log(WEIGHTS) - ((x - centres) ** 2).sum(axis=1) / 2 - np.log(2 * np.pi)
    value = np.logaddexp(*parts)
    return value + EVIDENCE, np.exp(parts - value) @ (centres - x)


@pytest.fixture(scope="module")
def runs():
    rngs = np.random.default_rng(1).spawn(3)
    reference = broad(two, STARTS, np.random.default_rng(1))
    return [temper(two, reference, 500, rng) for rng in rngs]


def test_modes_get_their_weights(runs):
    shares = [(run.draws[:, 0] > 0).mean() for run in runs]
    assert np.mean(shares) == pytest.approx(WEIGHTS[1], abs=0.07)
    assert np.std(shares) < 0.1


def test_each_mode_has_its_spread(runs):
    draws = np.concatenate([run.draws for run in runs])
    for sign in (-1, 1):
        mode = draws[sign * draws[:, 0] > 0]
        np.testing.assert_allclose(mode.std(axis=0), 1, atol=0.1)
        np.testing.assert_allclose(mode.mean(axis=0), [sign * APART / 2, 0], atol=0.2)


def test_the_evidence(runs):
    assert np.mean([run.log_evidence for run in runs]) == pytest.approx(EVIDENCE, abs=0.15)


def test_what_is_said_of_the_draws(runs):
    np.testing.assert_allclose(runs[0].lp, [two(x)[0] for x in runs[0].draws])
    assert runs[0].stages > 1


def test_the_reference_is_a_density():
    """In two dimensions its integral is 1, and its gradient that of its logarithm."""
    student = Student.of(np.array([1.0, 2.0]), np.array([[1.0, 0.5], [0.5, 4.25]]))
    line = np.linspace(-120, 120, 1201)
    places = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    density, _ = student(places)
    assert np.exp(density).sum() * 0.2**2 == pytest.approx(1, abs=1e-3)
    here, step = np.array([[0.3, -1.0]]), np.array([[1e-5, 0.0]])
    difference = (student(here + step)[0] - student(here - step)[0]) / 2e-5
    assert student(here)[1][0, 0] == pytest.approx(difference[0], abs=1e-6)
