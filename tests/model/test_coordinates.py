"""Coordinates change the variables of a model, and nothing of its density."""

from dataclasses import replace

import made
import numpy as np
import pytest

from qqt_bayes.model.build import build
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.draws import prior_draws
from qqt_bayes.model.likelihood import COORDINATE
from qqt_bayes.model.noise import SCATTER
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import load_model
from qqt_bayes.sampling.search.profile import find_coordinates
from qqt_bayes.tables.runs import read_runs

MODE = "FAST_COMPILE"  # each function is called a few times only


@pytest.fixture(scope="module")
def runs():
    return read_runs(*made.tables())


def some_draws(problem):
    """Prior draws of a specification."""
    return prior_draws(problem, seed=0)


FIXED_FLOOR = {"d": 0.1}
OTHER_FLOOR = {"d": Prior("Uniform", {"lower": 0.05, "upper": 3.0})}
CHECKPOINTS = {
    "common": Prior("Beta", {"alpha": 2.0, "beta": 2.0}),
    "budget_exponent": Prior("Normal", {"mu": 0.0, "sigma": 0.25}),
}
OTHER_SCALE = {"a": Prior("InverseGamma", {"alpha": 3.0, "beta": 0.1})}


@pytest.mark.parametrize(
    ("name", "others", "given_floor"),
    [
        ("utility", {}, ("a", "tau", "b")),
        ("utility", FIXED_FLOOR, ("a", "tau", "b")),
        ("utility", OTHER_FLOOR | {"b": 0.15}, ("a", "tau")),
        ("utility", OTHER_SCALE, ("a", "tau", "b")),
        ("utility-unpooled", {}, ("a", "tau", "b")),
        ("utility-bounded-free-size", {}, ("size_exponent", "a", "tau", "b")),
        ("utility-overfit", {}, ("size_exponent", "a", "kappa", "tau", "b")),
        ("power-law", {}, ("a", "b")),
        ("cherti", {}, ("a", "tau", "b")),
        ("utility", CHECKPOINTS, ("a", "tau", "b")),
        ("cherti", CHECKPOINTS, ("a", "tau", "b")),
    ],
)
def test_coordinates_change_the_variables_only(runs, name, others, given_floor):
    """In coordinates u the log density gains log |dv / du|, and nothing else.

    ``v`` are the parameters on PyMC's own unconstrained scales; the determinant comes from central
    differences of u -> v, through all levels of a hierarchy.
    """
    spec = load_model(name)
    scatter = {key: others[key] for key in others if key in SCATTER}
    rest = {key: others[key] for key in others if key not in SCATTER}
    likelihood = replace(spec.likelihood, parameters=spec.likelihood.parameters | scatter)
    spec = replace(spec, parameters=spec.parameters | rest, likelihood=likelihood)
    if "common" in scatter:
        names = np.array(["x"] * 4 + ["y"] * 4 + ["z"] + [""] * 3)
        runs = runs.assign(training=("run", names), rounding=0 * runs["rounding"] + 0.002)
    problem = Problem(spec, runs)
    coordinates = find_coordinates(problem, some_draws(problem))
    assert tuple(f.name for f in coordinates.given_floor) == given_floor

    declared, moved = build(problem), build(problem, coordinates)
    coordinate = [v.name for v in moved.value_vars if v.name.endswith(COORDINATE)]
    moving = [name.removesuffix(COORDINATE) for name in coordinate]
    assert {"d", *given_floor} - {"d" if not isinstance(spec.parameters["d"], Prior) else ""} <= {
        *moving
    }
    there_names = {}
    unconstrained = []
    for key in moving:
        rv = declared[key]
        transform = declared.rvs_to_transforms[rv]
        there_names[key] = declared.rvs_to_values[rv].name
        moved_value = moved.replace_rvs_by_values([moved[key]])[0]
        inputs = rv.owner.inputs
        unconstrained.append(transform.forward(moved_value, *inputs) if transform else moved_value)
    parameters = moved.compile_fn(
        unconstrained, inputs=moved.value_vars, on_unused_input="ignore", mode=MODE
    )
    declared_density, moved_density = (m.compile_logp(mode=MODE) for m in (declared, moved))

    def vector(point):
        return np.concatenate([np.ravel(each) for each in parameters(point)])

    rng = np.random.default_rng(4)
    for _ in range(2):
        point = {
            key: np.asarray(x + 0.3 * rng.standard_normal(np.shape(x)))
            for key, x in moved.initial_point().items()
        }
        there = {key: x for key, x in point.items() if not key.endswith(COORDINATE)}
        there |= dict(zip(there_names.values(), parameters(point), strict=True))
        assert set(there) == set(declared.initial_point())
        columns = []
        for key in coordinate:
            for i in np.ndindex(point[key].shape):
                step = np.zeros_like(point[key])
                step[i] = 1e-4
                up, down = (vector(point | {key: point[key] + sign * step}) for sign in (1, -1))
                columns.append((up - down) / 2e-4)
        _, log_determinant = np.linalg.slogdet(np.stack(columns, axis=1))
        gain = moved_density(point) - declared_density(there)
        assert gain == pytest.approx(log_determinant, abs=1e-4)
