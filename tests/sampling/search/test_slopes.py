"""The slopes of the runs' errors are those of the laws, for every law, design and scale."""

from dataclasses import replace

import made
import numpy as np
import pandas as pd
import pytest

from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.run_curves import run_errors
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import load_model
from qqt_bayes.sampling.search.slopes import Slopes
from qqt_bayes.tables.runs import read_runs

STEP = 1e-5
"""Central differences are right to about its square, and to 1e-16 over it."""
VALUES = {
    "a": (0.02, Prior("LogNormal", {"mu": -4.0, "sigma": 0.5})),
    "b": (0.15, Prior("Beta", {"alpha": 2.0, "beta": 9.0})),
    "d": (0.1, Prior("Uniform", {"lower": 0.02, "upper": 0.4})),
    "tau": (5.0, Prior("Gamma", {"alpha": 5.0, "beta": 1.0})),
    "kappa": (0.05, Prior("HalfNormal", {"sigma": 0.1})),
    "size_exponent": (0.7, Prior("Normal", {"mu": 0.7, "sigma": 0.3})),
}
"""Where each parameter is, and a prior: between them of every unconstrained scale."""
OVER = {
    "single": {"b": ("pool",), "tau": ("pool",)},
    "mixed": {"b": ("pool",), "tau": ("pool",), "a": ("pool",)},
    "groups": {"b": ("group", "pool"), "tau": ("pool",), "d": ("group",), "kappa": ("group",)},
    "fixed": {"b": ("pool", "group")},
}
"""Designs, and over what their parameters extend; in the last all others are numbers."""


def some_runs(design):
    """Runs of few and of many epochs, some of them replicates, in no order."""
    table, composition = made.tables(3, 2 if design in ("groups", "fixed") else 1)
    if design == "single":
        rows = [(pool, 12.8e6, k * 12.8e6, 0.5) for pool in "xyz" for k in (0.5, 3, 90.5)]
        return read_runs(
            pd.DataFrame(rows, columns=["pool", "unique_samples", "samples_seen", "error"])
        )
    many = table[table["samples_seen"] == table["samples_seen"].max()].assign(samples_seen=5e9)
    rows = [pd.concat([table, many]).assign(seed=seed) for seed in range(2)]
    return read_runs(pd.concat(rows).sample(frac=1, random_state=1), composition)


def problem_of(law, design, replacement=False):
    over = OVER[design]
    parameters = {}
    for name in LAWS[law].parameters:
        value, prior = VALUES[name]
        fixed = design == "fixed" and name not in over
        parameters[name] = value if fixed else replace(prior, over=over.get(name, ()))
    spec = replace(load_model("utility"), law=law, parameters=parameters)
    runs = some_runs(design)
    return Problem(spec, runs.assign(replacement=1) if replacement else runs)


def point_of(problem, rng):
    """Each scalar near its value."""
    about = [
        field.scale.free(VALUES[field.name][0]) + 0.1 * rng.standard_normal(field.size)
        for field in problem.fields
    ]
    return np.concatenate(about)


def errors_at(problem, x):
    """The errors as everyone else has them."""
    values = {name: (value, ()) for name, value in problem.fixed.items()}
    for field in problem.fields:
        value = field.scale.bound(x[field.place].reshape(field.shape), np)[0]
        values[field.name] = value, field.prior.over
    return run_errors(problem.entries, problem.law, values)


@pytest.mark.parametrize("design", OVER)
@pytest.mark.parametrize("law", sorted(law for law in LAWS if "b" in LAWS[law].parameters))
@pytest.mark.parametrize("replacement", [False, True])
def test_slopes_are_central_differences(law, design, replacement):
    problem = problem_of(law, design, replacement)
    rng = np.random.default_rng(5)
    points = np.array([point_of(problem, rng) for _ in range(3)])
    errors, slopes = Slopes(problem).at(points)
    assert slopes.shape == (*errors.shape, problem.fields[-1].stop)
    for x, error, slope in zip(points, errors, slopes, strict=True):
        np.testing.assert_allclose(error, errors_at(problem, x), rtol=1e-12)
        moves = STEP * np.eye(x.size)
        expected = [
            (errors_at(problem, x + move) - errors_at(problem, x - move)) / (2 * STEP)
            for move in moves
        ]
        np.testing.assert_allclose(slope.T, expected, rtol=1e-6, atol=1e-9)


def test_points_may_be_many(monkeypatch):
    """They are taken block by block."""
    problem = problem_of("effective-data", "mixed")
    points = np.array([point_of(problem, np.random.default_rng(i)) for i in range(7)])
    together = Slopes(problem).at(points)
    monkeypatch.setattr("qqt_bayes.sampling.search.slopes.BLOCK_NUMBERS", 1)
    for one, other in zip(together, Slopes(problem).at(points), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
