"""Minima of the penalised least squares are as good as SciPy's."""

import made
import numpy as np
import pytest
from places import TESTS
from scipy.optimize import least_squares

from qqt_bayes.model.priors import count, values_at
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import load_model
from qqt_bayes.sampling.search.least_squares import errors_and_slopes, penalised
from qqt_bayes.sampling.search.minimise import FALL_TOLERANCE, evaluate, minimise
from qqt_bayes.tables.runs import read_runs

DATA = TESTS / "benchmarks" / "data"
SIGMA = 0.01
STUDIES = {
    "made": ("utility", made.tables()),
    "DataComp": (
        "utility-free-size",
        (DATA / "datacomp_runs.csv", DATA / "datacomp_composition.csv"),
    ),
}


@pytest.fixture(scope="module", params=STUDIES)
def squares(request):
    name, tables = STUDIES[request.param]
    spec, runs = load_model(name), read_runs(*tables)
    z = np.random.default_rng(0).standard_normal((500, count(spec, runs.sizes)))
    return penalised(Problem(spec, runs), values_at(spec, runs.sizes, z))


def residuals(squares, free, held):
    """The residuals whose squares are twice the cost, as a function of the free scalars."""
    root = np.linalg.cholesky(squares.prior_precision[:free, :free]).T
    noise = np.sqrt(SIGMA**2 / squares.weight + squares.known_variance)

    def at(x):
        errors = errors_and_slopes(squares, np.append(x, held)[None])[0][0]
        misfit = (errors - squares.observed) / noise
        return np.append(misfit, root @ (x - squares.prior_mean[:free]))

    return at


@pytest.mark.parametrize("floor", ["free", "held"])
def test_minima_are_as_low_as_those_of_scipy(squares, floor):
    free = squares.scalars if floor == "free" else squares.floor_start
    rng = np.random.default_rng(1)
    starts = squares.prior_mean + 0.3 * rng.standard_normal((3, squares.scalars))
    found = minimise(squares, starts, SIGMA, free)
    np.testing.assert_array_equal(found.x[:, free:], starts[:, free:])
    for start, x, cost in zip(starts, found.x, found.cost, strict=True):
        theirs = residuals(squares, free, start[free:])
        assert cost == pytest.approx((theirs(x[:free]) ** 2).sum() / 2)
        # SciPy goes on from there and finds hardly anything lower: neither stopped on the way.
        best = least_squares(theirs, x[:free], xtol=1e-12, ftol=1e-12)
        assert cost < best.cost * (1 + 1e-5)


def test_starts_are_independent(squares):
    """Several starts, each with a noise of its own, arrive where each alone does."""
    rng = np.random.default_rng(2)
    starts = squares.prior_mean + 0.1 * rng.standard_normal((4, squares.scalars))
    sigmas = np.array([0.005, 0.01, 0.02, 0.04])
    together = minimise(squares, starts, sigmas, squares.scalars)
    for i, sigma in enumerate(sigmas):
        alone = minimise(squares, starts[[i]], sigma, squares.scalars)
        np.testing.assert_allclose(together.cost[i], alone.cost[0], rtol=10 * FALL_TOLERANCE)


def test_what_was_found_is_what_is_there(squares):
    """Errors, gradient and Jacobian belong to the point that is returned with them."""
    found = minimise(squares, squares.prior_mean[None], SIGMA, squares.scalars)
    again = evaluate(squares, found.x, SIGMA, squares.scalars)
    for name, value in vars(found).items():
        np.testing.assert_array_equal(value, vars(again)[name])
    start = evaluate(squares, squares.prior_mean[None], SIGMA, squares.scalars)
    assert abs(found.gradient).max() < 0.01 * abs(start.gradient).max()


@pytest.mark.parametrize("far", [-1e3, -40.0, 40.0, 1e3])
def test_far_from_the_data_everything_is_a_number(squares, far):
    """Where a law overflows its error is the ceiling, and flat."""
    x = squares.prior_mean + far
    errors, slopes = errors_and_slopes(squares, x[None])
    assert np.isfinite(errors).all()
    assert np.isfinite(slopes).all()
    assert (errors <= squares.ceiling).all()
    assert not slopes[errors == squares.ceiling].any()
