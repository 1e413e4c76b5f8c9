"""The search for coordinates comes to numbers wherever the errors are."""

import made
import numpy as np
import pytest

from qqt_bayes.model.draws import prior_draws
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import load_model
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
    assert all(np.isfinite(each).all() for each in coordinates.arrays().values())
    assert coordinates.floor_unit > 0.001
