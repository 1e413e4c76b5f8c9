"""The declared model is the law: its curve, and its density of the runs."""

import made
import numpy as np
import pymc as pm
import pytest
import xarray as xr

from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.run_curves import run_errors
from qqt_bayes.model.build import CURVE, build, build_model
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.draws import prior_draws, replicate
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import load_model
from qqt_bayes.sampling.inference import labelled
from qqt_bayes.tables.runs import read_runs

MODE = "FAST_COMPILE"  # each function is called a few times only


@pytest.fixture(scope="module")
def runs():
    return read_runs(*made.tables())


@pytest.mark.parametrize("name", [*LAWS, "utility-free-size"])
def test_model_is_law(runs, name):
    """The model's curve in PyTensor is the law in NumPy, for parameters from all over the place."""
    spec = load_model(name)
    assert spec.law == name or name not in LAWS
    problem = Problem(spec, runs)
    model = build(problem)
    free = {key: prior for key, prior in spec.parameters.items() if isinstance(prior, Prior)}
    fixed = {
        key: (np.float64(x), ()) for key, x in spec.parameters.items() if not isinstance(x, Prior)
    }
    curve = model.compile_fn(
        model[CURVE], inputs=[model[key] for key in free], point_fn=False, mode=MODE
    )
    rng = np.random.default_rng(3)
    centres = {"a": 0.02, "b": 0.15, "d": 0.1, "tau": 5.0, "size_exponent": 0.7, "kappa": 0.05}
    centres |= {"Q": 0.5, "r": 0.3, "R": 4.0, "zeta": 0.6, "g": 0.2, "k": 3.0, "rho": 0.1}
    centres |= {"z2": 0.1, "alpha": 0.4, "height": 1.0, "floor": 0.3, "omega": 0.8, "memory": 2.0}
    centres |= {"transient": 2.0, "onset": 0.3, "stretch": 1.2}
    for _ in range(3):
        values = {
            key: centres[key]
            * np.exp(0.5 * rng.standard_normal([runs.sizes[dim] for dim in prior.over]))
            for key, prior in free.items()
        }
        with_dims = {key: (np.asarray(values[key]), free[key].over) for key in free}
        known = fixed | with_dims | problem.constants
        expected = run_errors(problem.entries, LAWS[spec.law], known)
        assert np.ptp(expected) > 0.01  # the runs differ, so there is something to compare
        np.testing.assert_allclose(curve(*values.values()), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    "spec",
    [made.law_alone(), made.law_alone("utility-bounded-free-size"), made.heavy_tailed()],
    ids=lambda spec: spec.name,
)
def test_runs_again_are_as_pymc_has_them(runs, spec):
    """Mean errors and log densities of all draws at once, beside PyMC's, one draw at a time."""
    problem = Problem(spec, runs)
    draws = prior_draws(problem, seed=0)
    curve, error, _, density, _ = replicate(problem, draws, 1)
    tree = xr.DataTree.from_dict({"posterior": labelled(problem, draws)})
    with build(problem):
        again = pm.compute_deterministics(tree["posterior"].to_dataset(), progressbar=False)
        pymc = pm.compute_log_likelihood(tree, extend_inferencedata=False, progressbar=False)
    np.testing.assert_allclose(curve, again[CURVE].values.reshape(curve.shape), rtol=1e-9)
    np.testing.assert_allclose(density, pymc["error"].values.reshape(density.shape), rtol=1e-9)
    noise = (error - curve) / draws["sigma"].reshape(len(curve), -1)
    assert abs(np.median(noise)) < 0.03
    assert np.median(abs(noise)) == pytest.approx(0.7, abs=0.1)  # quartile, 0.674 if it is normal


def test_the_model_is_drawn_by_graphviz():
    pytest.importorskip("graphviz", reason="the Python package graphviz is in the extra `docs`")
    drawn = pm.model_to_graphviz(build_model("utility", read_runs(*made.tables()))).source
    assert all(name in drawn for name in ("b_mu", "tau", "amplitude", "curve", "log_error"))
