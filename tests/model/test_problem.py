"""A problem knows where each random parameter is in a vector, and knows no PyMC."""

import subprocess
import sys
from dataclasses import replace

import made
import numpy as np
import pytest

from qqt_bayes.model.problem import Problem, Scale
from qqt_bayes.model.spec import load_model
from qqt_bayes.tables.runs import read_runs


@pytest.fixture(scope="module")
def runs():
    return read_runs(*made.tables())


@pytest.mark.parametrize(
    ("name", "fixed", "fields"),
    [
        ("utility", {}, {"a": 1, "tau": 3, "b": 3, "d": 1}),
        ("utility", {"d": 0.1}, {"a": 1, "tau": 3, "b": 3}),
        ("utility", {"a": 0.02, "tau": 5.0, "b": 0.1}, {"d": 1}),
        ("utility-free-size", {}, {"size_exponent": 1, "a": 1, "tau": 3, "b": 3, "d": 1}),
    ],
)
def test_fields_fill_a_vector_with_the_floor_last(runs, name, fixed, fields):
    spec = load_model(name)
    problem = Problem(replace(spec, parameters=spec.parameters | fixed), runs)
    assert {field.name: field.size for field in problem.fields} == fields
    places = [place for field in problem.fields for place in range(field.start, field.stop)]
    assert places == list(range(sum(fields.values())))
    assert [field.name for field in problem.given_floor] == [x for x in fields if x != "d"]
    assert (problem.floor is None) == ("d" in fixed)
    assert fixed.items() <= problem.fixed.items()
    assert set(problem.fixed) | set(fields) == set(spec.parameters)


def test_the_entries_are_made_once(runs):
    problem = Problem(load_model("utility"), runs)
    assert problem.entries is problem.entries
    assert problem.fields is problem.fields


@pytest.mark.parametrize("support", [(-np.inf, np.inf), (0.2, np.inf), (0.2, 3.0)])
def test_a_scale_leads_there_and_back(support):
    """And the log derivative is that of central differences."""
    scale, u = Scale(*support), np.linspace(-3, 3, 7)
    x, log_derivative = scale.bound(u, np)
    assert ((support[0] < x) & (x < support[1])).all()
    np.testing.assert_allclose(scale.free(x), u, atol=1e-12)
    up, down = (scale.bound(u + step, np)[0] for step in (1e-5, -1e-5))
    np.testing.assert_allclose(np.exp(log_derivative), (up - down) / 2e-5, rtol=1e-8)


def test_a_problem_imports_no_pymc():
    code = (
        "import sys, qqt_bayes.model.problem\n"
        "print(*sorted({'nutpie', 'pymc', 'pytensor'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
