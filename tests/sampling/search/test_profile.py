"""The search for coordinates comes to numbers wherever the errors are."""

import made
import numpy as np
import pytest

from qqt_bayes.model.draws import prior_draws
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import load_model
from qqt_bayes.sampling.search import best_fit
from qqt_bayes.sampling.search.profile import find_coordinates
from qqt_bayes.tables.runs import read_runs


@pytest.fixture(scope="module")
def runs():
    return read_runs(*made.tables())


def some_draws(problem):
    """Prior draws of a specification."""
    return prior_draws(problem, seed=0)


def test_errors_far_below_what_the_prior_expects_have_coordinates(runs):
    """The search starts where the law is far above all errors, and must see a slope there."""
    spec = load_model("utility")
    low = runs.assign(error=0.01 + 0.1 * (runs["error"] - runs["error"].min()))
    problem = Problem(spec, low)
    coordinates = find_coordinates(problem, some_draws(problem))
    arrays = [each for each in vars(coordinates).values() if isinstance(each, np.ndarray)]
    assert all(np.isfinite(each).all() for each in arrays)
    assert coordinates.floor_unit > 0.001


@pytest.mark.parametrize("limit", ["MAX_SCALARS", "MAX_SLOPES"])
def test_no_search_for_too_much(runs, monkeypatch, limit):
    """What is too large is sampled in the parameters as declared."""
    problem = Problem(load_model("utility"), runs)
    assert best_fit.can_search(problem)
    scalars = problem.fields[-1].stop
    largest = scalars if limit == "MAX_SCALARS" else scalars * runs.sizes["run"]
    monkeypatch.setattr(best_fit, limit, largest)
    assert best_fit.can_search(problem)
    monkeypatch.setattr(best_fit, limit, largest - 1)
    assert not best_fit.can_search(problem)
    assert find_coordinates(problem, {}) is None
