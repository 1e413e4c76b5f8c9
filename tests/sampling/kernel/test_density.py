"""The compiled log density is that of the PyMC model, point by point."""

import os
import subprocess
import sys
from itertools import cycle

import numpy as np
import pandas as pd
import pytensor
import pytest

from qqt_bayes.laws.law import LAWS
from qqt_bayes.model.build import build
from qqt_bayes.model.priors import count, values_at
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import Spec, list_models, load_model
from qqt_bayes.sampling.kernel.plan import about, covers, lay_out
from qqt_bayes.sampling.nutpie_adapter import Density, from_kernel
from qqt_bayes.sampling.search.profile import find_coordinates
from qqt_bayes.tables.runs import read_runs
from tests import made

POINTS, MANY = 25, 200
"""Points at which densities are compared, and in `make test-slow`."""
LARGEST = 3.0
"""Points are tried up to so far from the middle in each coordinate: in the tails, too."""
CLOSE = 1e-9
"""Of a relative difference: both sum doubles in an order of their own."""
CLOSE_COARSE = 1e-7
"""The same where errors are rounded to several sigmas: PyTensor has the derivative of a quadrature,
the kernel the quadrature of a derivative, and they are as far apart as its error in the tails."""


def single_pools(most=40.5, **columns):
    """Three pools, each alone at three budgets, the last of them of `most` epochs."""
    rng = np.random.default_rng(3)
    rows = [
        {"pool": pool, "unique_samples": 12.8e6, "samples_seen": epochs * 12.8e6}
        for pool in ("x", "y", "z")
        for epochs in (1, 4, most)
    ]
    errors = [0.93, 0.8, 0.6, 0.94, 0.83, 0.66, 0.95, 0.86, 0.7]
    frame = pd.DataFrame(rows).assign(error=errors + 0.003 * rng.standard_normal(9))
    return read_runs(frame.assign(**columns))


def mixtures(groups=1):
    """Every level of three pools at every budget, with two runs of one training."""
    return read_runs(*made.tables(3, groups, seed=1))


DESIGNS = {"single": single_pools, "mixed": mixtures, "groups": lambda: mixtures(2)}


def oracle(problem, coordinates):
    """PyMC's own log density and gradient: its graph as it is, which Python goes through."""
    as_it_is = pytensor.compile.mode.Mode("py", None)  # to compile would take longer than to run
    density = build(problem, coordinates).logp_dlogp_function(ravel_inputs=True, mode=as_it_is)
    density.set_extra_values({})
    return density


def coordinates_of(problem):
    sizes = problem.runs.sizes
    z = np.random.default_rng(0).standard_normal((500, count(problem.spec, sizes)))
    return find_coordinates(problem, values_at(problem.spec, sizes, z))


def compiled(problem, coordinates):
    return from_kernel(lay_out(problem, coordinates))


def assert_same(spec, runs, *, declared=False, largest=LARGEST, points=POINTS, close=CLOSE):
    """Compare at points about the middle, ever farther from it."""
    problem = Problem(spec, runs)
    declared = declared or "b" not in spec.parameters  # which has no coordinates of its own
    coordinates = None if declared else coordinates_of(problem)
    assert (coordinates is None) == declared
    ours, theirs = Density(compiled(problem, coordinates)), oracle(problem, coordinates)
    middle = lay_out(problem, coordinates).middle
    rng = np.random.default_rng(7)
    found = []
    for distance in np.linspace(0.05, largest, points):
        u = middle + distance * rng.uniform(-1, 1, middle.size)
        with np.errstate(all="ignore"):  # far from the data PyMC's density may overflow
            expected, expected_gradient = theirs(u)
        value, gradient = ours(u)
        if np.isfinite(expected) and np.isfinite(expected_gradient).all():
            scale = max(1.0, np.abs(expected_gradient).max())
            np.testing.assert_allclose(gradient / scale, expected_gradient / scale, atol=close)
            found.append((value, expected))
    assert len(found) > points / 2
    value, expected = np.array(found).T
    constant = value[0] - expected[0]
    scale = np.maximum(1.0, np.abs(expected))
    np.testing.assert_allclose((value - constant) / scale, expected / scale, atol=CLOSE)


ROUNDINGS = {"exact": 0.0, "rounded": 0.001, "coarse": 0.02}


def design(name, rounding):
    runs = DESIGNS[name]()
    return runs.assign(rounding=0 * runs["rounding"] + ROUNDINGS[rounding])


CASES = list(zip(list_models(), cycle(DESIGNS), cycle(["exact", "rounded"]), strict=False))
"""Every shipped model once, on one of the designs; `make test-slow` has all of all."""


@pytest.mark.parametrize(("model", "name", "rounding"), CASES)
def test_is_that_of_the_model_in_coordinates(model, name, rounding):
    assert_same(load_model(model), design(name, rounding))


@pytest.mark.parametrize(
    ("spec", "name", "rounding"),
    [
        (made.law_alone(), "mixed", "rounded"),
        (made.law_alone("utility-bounded-free-size"), "single", "exact"),
        (made.law_alone("effective-reuse"), "groups", "coarse"),
        (made.heavy_tailed(), "groups", "rounded"),
    ],
    ids=lambda x: getattr(x, "name", x),
)
def test_is_that_of_the_model_without_a_discrepancy(spec, name, rounding):
    close = CLOSE_COARSE if rounding == "coarse" else CLOSE
    assert_same(spec, design(name, rounding), close=close)


OF_LAWS = {load_model(model).law: model for model in list_models()}
"""A model of each law."""


@pytest.mark.parametrize(
    ("model", "name"), list(zip(OF_LAWS.values(), cycle(DESIGNS), strict=False)), ids=str
)
def test_is_that_of_the_model_with_replacement(model, name):
    assert_same(load_model(model), DESIGNS[name]().assign(replacement=1))


@pytest.mark.parametrize("model", ["utility", "utility-bounded-free-size"])
def test_keeps_its_digits_over_a_million_epochs(model):
    """Where most is multiplied up from few exponentials."""
    assert_same(load_model(model), single_pools(1e6 + 0.5))


@pytest.mark.slow
@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("model", list_models())
def test_is_that_of_every_model_on_every_design(model, name, rounding):
    close = CLOSE_COARSE if rounding == "coarse" else CLOSE
    assert_same(load_model(model), design(name, rounding), points=MANY, close=close)


@pytest.mark.parametrize(
    ("model", "rounding"), [("utility-bounded", "exact"), ("effective-data", "coarse")]
)
def test_is_that_of_the_model_as_declared(model, rounding):
    assert_same(load_model(model), design("mixed", rounding), declared=True)


@pytest.mark.parametrize("name", ["mixed", "groups"])
def test_a_point_is_sampled_along_axes_and_by_its_levels(name):
    """At the mode the axes are those that were asked for, and the density has its Jacobian."""
    runs = design(name, "exact")
    problem = Problem(load_model("effective-reuse"), runs)
    layout = lay_out(problem, None)
    rng = np.random.default_rng(0)
    mode, size = layout.middle + 0.1, layout.middle.size
    axes = np.tril(0.1 * rng.standard_normal((size, size)) + np.eye(size))
    around = about(problem, layout, mode, axes)
    plain, moved = (Density(from_kernel(each)) for each in (layout, around))

    def point(z):
        return with_heights(around, layout.variables, mode, z)

    def jacobian(z):
        return np.array([point(z + h) - point(z - h) for h in 1e-5 * np.eye(size)]).T / 2e-5

    np.testing.assert_allclose(point(np.zeros(size)), mode, atol=1e-12)
    np.testing.assert_allclose(jacobian(np.zeros(size)), axes, atol=1e-7)
    volume = np.linalg.slogdet(axes)[1] - moved(np.zeros(size))[0] + plain(mode)[0]
    for z in 0.5 * rng.standard_normal((3, size)):
        (value, gradient), expected = moved(z), plain(point(z))[0]
        expected += np.linalg.slogdet(jacobian(z))[1] - volume
        assert value == pytest.approx(expected, rel=1e-8)
        numeric = [moved(z + h)[0] - moved(z - h)[0] for h in 1e-5 * np.eye(size)]
        np.testing.assert_allclose(gradient, np.array(numeric) / 2e-5, rtol=1e-5, atol=1e-4)
        ours, theirs = (
            each.variables(x[None, None]) for each, x in ((moved, z), (plain, point(z)))
        )
        np.testing.assert_allclose(ours["height"], theirs["height"], rtol=1e-12)


def with_heights(layout, variables, mode, z):
    """The map written out: odds of the level less those of the floor make the height's."""
    place = dict(zip(layout.plan.declared.slot, layout.plan.declared.place, strict=True))
    at = {name: [place[s] for s in slots.ravel()] for name, (slots, _) in variables.items()}
    u = layout.plan.affine.centre + layout.plan.affine.root.reshape(mode.size, mode.size) @ z
    s = np.exp(mode[at["height"]]) * (1 + np.exp(mode[at["floor"]])) / 8
    level, floor = np.exp(u[at["height"]]), np.exp(u[at["floor"]])
    height = s * np.logaddexp(0, (level - floor) / s) / (1 + floor)
    psi = np.log(height / level)
    u[at["height"]] += psi
    u[at["height_mu"]] += psi.mean()
    u[at["alpha"]] -= psi
    u[at["alpha_mu"]] -= psi.mean()
    return u


def losses():
    runs = design("mixed", "exact")
    return runs.assign(error=runs["error"] * 4).assign_attrs(kind="loss")


@pytest.mark.parametrize("model", [name for name in list_models() if "reuse" in name])
def test_is_that_of_the_model_for_losses(model):
    assert_same(load_model(model), losses())


def test_a_transient_of_nothing_is_the_law_without_it():
    """To the last digit, and so are its draws."""
    runs = design("mixed", "exact")
    without, with_none = (
        Density(from_kernel(lay_out(Problem(spec, runs), None)))
        for spec in (load_model("effective-reuse"), without_a_transient())
    )
    for u in np.random.default_rng(5).uniform(-1, 1, (20, without.size)):
        (value, gradient), (expected, by_u) = with_none(u), without(u)
        assert value == expected
        np.testing.assert_array_equal(gradient, by_u)


def without_a_transient():
    return replaced("effective-reuse-onset", transient=0.0, onset=0.3, stretch=1.2)


def test_losses_are_sampled_along_axes_alone():
    runs = losses()
    problem = Problem(load_model("effective-reuse"), runs)
    layout = lay_out(problem, None)
    axes = np.diag(np.linspace(0.5, 2, layout.middle.size))
    plain, moved = (
        Density(from_kernel(each)) for each in (layout, about(problem, layout, layout.middle, axes))
    )
    z = np.linspace(-0.4, 0.4, layout.middle.size)
    (value, gradient), (expected, by_u) = moved(z), plain(layout.middle + axes @ z)
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(gradient, axes @ by_u, rtol=1e-9, atol=1e-9)


def replaced(model, likelihood=None, **parameters):
    """A shipped model with other priors."""
    table = load_model(model).to_dict()
    table["parameters"] |= parameters
    table["likelihood"] = likelihood or table["likelihood"]
    if table["likelihood"]["distribution"] == "StudentT":
        table.pop("discrepancy", None)
    return Spec.from_dict(table)


CHECKPOINTS = {
    "distribution": "Normal",
    "sigma": {"distribution": "Gamma", "alpha": 2.0, "beta": 400.0},
    "budget_exponent": {"distribution": "Normal", "mu": 0.0, "sigma": 0.2},
    "common": {"distribution": "Beta", "alpha": 2.0, "beta": 2.0},
}
TAILED = {
    "distribution": "StudentT",
    "sigma": {"distribution": "HalfCauchy", "beta": 0.01, "over": "group"},
    "nu": {"distribution": "Gamma", "alpha": 3.0, "beta": 0.5},
}


@pytest.mark.parametrize("declared", [False, True])
def test_covers_checkpoints_of_one_training(declared):
    runs = mixtures()
    names = [f"{data}" for data in runs["data_index"].values]
    names[-1] = "alone"
    runs = runs.assign(training=("run", names))
    assert_same(replaced("utility", CHECKPOINTS), runs, declared=declared)


@pytest.mark.parametrize("declared", [False, True])
def test_covers_priors_of_other_shapes(declared):
    spec = replaced(
        "utility-overfit",
        TAILED,
        a={"distribution": "Gamma", "alpha": 2.0, "beta": 50.0, "over": "pool"},
        kappa={"distribution": "Exponential", "lam": 50.0, "over": "group"},
        size_exponent={"distribution": "StudentT", "nu": 4.0, "mu": 0.5, "sigma": 0.5},
        tau={
            "distribution": "InverseGamma",
            "alpha": {"distribution": "Gamma", "alpha": 9.0, "beta": 3.0},
            "beta": {"distribution": "Exponential", "lam": 0.2, "over": "pool"},
            "over": ["group", "pool"],
        },
        b={"distribution": "Uniform", "lower": 0.01, "upper": 0.9, "over": "pool"},
        d={
            "distribution": "TruncatedNormal",
            "lower": 0.0,
            "upper": 0.7,
            "mu": 0.1,  # PyMC's derivatives by these two are right to 1e-8 only
            "sigma": 0.2,
            "over": "group",
        },
    )
    # Farther out b is at a bound to the last digit, and PyMC's log(1 - share) has none left.
    assert_same(spec, mixtures(2), declared=declared, largest=1.0)


FIXED = {"a": 0.02, "b": 0.15, "tau": 5.0, "d": 0.1, "size_exponent": 0.7}


@pytest.mark.parametrize("free", ["a", "b", "d", ""])
def test_covers_models_of_which_all_else_is_fixed(free):
    others = {name: x for name, x in FIXED.items() if name != free}
    assert_same(replaced("utility-free-size", **others), mixtures(), declared=free in ("", "d"))


@pytest.mark.parametrize("fixed", ["b", "d", "tau"])
def test_covers_models_of_which_one_parameter_is_fixed(fixed):
    assert_same(replaced("utility-free-size", **{fixed: FIXED[fixed]}), mixtures(2))


def test_covers_priors_with_an_upper_bound_only():
    """In coordinates; as declared PyMC has the mirror image of the scale."""
    above = {"distribution": "TruncatedNormal", "mu": 0.5, "sigma": 0.5, "upper": 2.0}
    assert_same(replaced("utility", size_exponent=above), mixtures())


def test_covers_every_law():
    assert {load_model(name).law for name in list_models()} == set(LAWS)
    assert all(covers(load_model(name)) for name in list_models())


def test_runs_as_plain_python():
    # Numba reads the variable when it is imported: so in a process of its own.
    code = """
import numpy as np
from tests.sampling.kernel.test_density import *
from qqt_bayes.sampling.kernel.density import log_density, set_values
problem = Problem(load_model("utility-bounded-free-size"), mixtures())
layout = lay_out(problem, coordinates_of(problem))
plan, gradient = layout.plan._replace(set_values=set_values), np.empty(layout.plan.places)
value, adjoint, work = np.empty(plan.slots), np.empty(plan.slots), np.empty(plan.work)
total = log_density(plan, layout.middle, gradient, value, adjoint, work)
print(*[total, *gradient.tolist()])
"""
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    python = np.array(found.stdout.split(), dtype=float)
    problem = Problem(load_model("utility-bounded-free-size"), mixtures())
    coordinates = coordinates_of(problem)
    value, gradient = Density(compiled(problem, coordinates))(lay_out(problem, coordinates).middle)
    np.testing.assert_allclose(python, [value, *gradient], rtol=1e-9, atol=1e-9)
