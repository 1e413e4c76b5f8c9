"""Several best fits: both scales of DataComp in one set of parameters, which no law follows."""

import numpy as np
import pytest
import xarray as xr
from places import TESTS

from qqt_bayes.model.draws import prior_draws
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import load_model
from qqt_bayes.sampling.search import modes
from qqt_bayes.sampling.search.best_fit import find_optima, same_minimum
from qqt_bayes.sampling.search.least_squares import penalised
from qqt_bayes.sampling.search.minimise import minimise
from qqt_bayes.sampling.search.modes import find_modes
from qqt_bayes.tables.runs import read_runs

DATA = TESTS / "benchmarks" / "data"


@pytest.fixture(scope="module")
def study():
    """A problem and prior draws."""
    spec = load_model("utility-free-size")
    runs = read_runs(DATA / "datacomp_runs.csv", DATA / "datacomp_composition.csv")
    problem = Problem(spec, runs)
    return problem, prior_draws(problem, seed=0)


@pytest.fixture(scope="module")
def squares(study):
    return penalised(*study)


@pytest.fixture(scope="module")
def optima(squares):
    return find_optima(squares)


def test_best_fits_are_stationary_and_apart(squares, optima):
    sigma = optima[0].sigma
    assert len(optima) == 2
    assert not same_minimum(optima[0].x, optima[1].x, optima[0].deviation)
    starts = np.array([each.x + 1e-3 for each in optima])
    fits = minimise(squares, starts, sigma, squares.scalars)
    for each, again in zip(optima, fits.x, strict=True):
        assert same_minimum(again, each.x, each.deviation)
    assert optima[0].log_weight > optima[1].log_weight
    sizes = [each.x[0] for each in optima]  # far apart in the size exponent
    assert sizes == pytest.approx([2.05, -0.2], abs=0.1)


def posterior_about(squares, places):
    """Draws scattered a little about the given places, one chain for each."""
    rng = np.random.default_rng(0)
    points = np.array([x + 0.01 * rng.standard_normal((10, x.size)) for x in places])
    return xr.Dataset(
        {
            f.name: (
                ("chain", "draw", *f.prior.over),
                f.scale.bound(points[..., f.place].reshape(*points.shape[:2], *f.shape), np)[0],
            )
            for f in squares.problem.fields
        }
    )


def test_draws_are_told_apart_by_where_they_lead(study, squares, optima, monkeypatch):
    monkeypatch.setattr(modes, "DRAWS", 9)
    first, second = (each.x for each in optima)
    found = find_modes(*study, posterior_about(squares, [first, second, first]))
    assert [mode.shares for mode in found] == [(1.0, 0.0, 1.0), (0.0, 1.0, 0.0)]
    assert [(mode.parameter, mode.of) for mode in found] == [("size_exponent", "")] * 2
    np.testing.assert_allclose([mode.value for mode in found], [2.08, -0.21], atol=0.02)
    assert sum(mode.weight for mode in found) == pytest.approx(1)
    assert found[0].weight > 0.9
