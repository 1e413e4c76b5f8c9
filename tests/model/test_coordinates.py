"""Coordinates change the variables of a model, and nothing of its density."""

from dataclasses import replace

import made
import numpy as np
import pytest

from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.draws import prior_draws
from qqt_bayes.model.noise import SCATTER
from qqt_bayes.model.problem import Problem, Scale
from qqt_bayes.model.spec import load_model
from qqt_bayes.sampling.kernel.plan import lay_out
from qqt_bayes.sampling.nutpie_adapter import Density, from_kernel
from qqt_bayes.sampling.search.profile import find_coordinates
from qqt_bayes.tables.runs import read_runs


@pytest.fixture(scope="module")
def runs():
    return read_runs(*made.tables())


FIXED_FLOOR = {"d": 0.1}
OTHER_FLOOR = {"d": Prior("Uniform", {"lower": 0.05, "upper": 3.0})}
CHECKPOINTS = {
    "common": Prior("Beta", {"alpha": 2.0, "beta": 2.0}),
    "budget_exponent": Prior("Normal", {"mu": 0.0, "sigma": 0.25}),
}
UPPER_BOUND = {"size_exponent": Prior("TruncatedNormal", {"mu": 0.5, "sigma": 0.5, "upper": 2.0})}
OTHER_SCALE = {"a": Prior("InverseGamma", {"alpha": 3.0, "beta": 0.1})}


@pytest.mark.parametrize(
    ("name", "others", "given_floor"),
    [
        ("utility", {}, ("a", "tau", "b")),
        ("utility", FIXED_FLOOR, ("a", "tau", "b")),
        ("utility", OTHER_FLOOR | {"b": 0.15}, ("a", "tau")),
        ("utility", OTHER_SCALE, ("a", "tau", "b")),
        ("utility", UPPER_BOUND, ("size_exponent", "a", "tau", "b")),
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

    ``v`` are the parameters on their unconstrained scales, as which the density is that of PyMC's
    model (tests/sampling/kernel); the determinant comes from central differences of u -> v, through
    all levels of a hierarchy.
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
    coordinates = find_coordinates(problem, prior_draws(problem, seed=0))
    assert tuple(f.name for f in coordinates.given_floor) == given_floor

    declared, moved = lay_out(problem, None), lay_out(problem, coordinates)
    declared_density, moved_density = (Density(from_kernel(each)) for each in (declared, moved))

    def unconstrained(u):
        """The point v of the model as declared that has the parameters of u."""
        values = moved_density.variables(u[None, None])
        value = np.array(declared.plan.fixed)
        for key, (slots, _) in declared.variables.items():
            value[slots] = values[key].to_numpy()[0, 0]
        rows, v = declared.plan.declared, np.empty(u.size)
        for slot, place, lower, upper in zip(
            rows.slot, rows.place, rows.lower, rows.upper, strict=True
        ):
            v[place] = Scale(lower, upper).free(value[slot])
        return v

    rng = np.random.default_rng(4)
    for _ in range(10):
        u = moved.middle + 0.3 * rng.standard_normal(moved.middle.size)
        steps = 1e-4 * np.eye(u.size)
        columns = [(unconstrained(u + each) - unconstrained(u - each)) / 2e-4 for each in steps]
        _, log_determinant = np.linalg.slogdet(np.stack(columns, axis=1))
        gain = moved_density(u)[0] - declared_density(unconstrained(u))[0]
        assert gain == pytest.approx(log_determinant, abs=1e-4)
