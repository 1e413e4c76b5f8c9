"""Errors that were printed: the density of the noise averaged over what was rounded to them."""

from functools import cache

import made
import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
import xarray as xr
from scipy import stats

from qqt_bayes.model.build import build
from qqt_bayes.model.draws import prior_draws, replicate
from qqt_bayes.model.likelihood import log_density
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.sampling.inference import labelled
from qqt_bayes.tables.runs import read_runs

SEEN = np.array([0.0, 0.3, -2.7, 9.0, -30.0, 99.5, 100.0, 100.5, -150.0, 1e3])
"""Distances from the mean, in deviations."""
SHAPES = {
    "Normal": {},
    "StudentT, nu 1": {"nu": 1.0},
    "StudentT, nu 5": {"nu": 5.0},
    "StudentT, nu 30": {"nu": 30.0},
}
SIGMA = 0.004


@cache
def compiled_density(name, is_rounded):
    """Log densities of what is seen, and their derivatives by mu, sigma and the rest of each."""
    names = ["mu", "sigma", *SHAPES[name]]
    about = {each: pt.dvector(each) for each in names}
    seen, rounding = pt.dvector("seen"), pt.dvector("rounding")
    density = log_density(
        name.split(",")[0], seen, rounding=rounding if is_rounded else None, **about
    )
    slopes = pytensor.grad(density.sum(), list(about.values()))
    return pytensor.function(
        [seen, rounding, *about.values()],
        [density, *slopes],
        mode="FAST_COMPILE",
        on_unused_input="ignore",
    )


def evaluated(name, rounding, *, sigma=SIGMA, seen=SEEN):
    """Log densities about 0, and their derivatives by mu, sigma and nu, as PyTensor has them."""
    one = np.ones(seen.size)
    about = [x * one for x in (0.0, sigma, *SHAPES[name].values())]
    is_rounded = rounding is not None
    return compiled_density(name, is_rounded)(seen * sigma, (rounding or 0.0) * one, *about)


def tails(name, x):
    """Log density and log survival function of a standard variable."""
    frozen = stats.t(**{"df": SHAPES[name]["nu"]}) if SHAPES[name] else stats.norm()
    return frozen.logpdf(x), frozen.logsf(x)


def differences(name, half):
    """The log of the mean density from SciPy's distribution functions, and its slopes.

    In units of sigma: by mu, and by log sigma.
    """
    z = abs(SEEN)
    a, b = z - half, z + half
    (log_fa, log_sa), (log_fb, log_sb) = tails(name, a), tails(name, b)
    log_mass = log_sa + np.log1p(-np.exp(log_sb - log_sa))
    fa, fb = np.exp(log_fa - log_mass), np.exp(log_fb - log_mass)
    return log_mass - np.log(2 * half), np.sign(SEEN) * (fa - fb), fa * a - fb * b


@pytest.mark.parametrize("half", [0.01, 0.3, 1.0, 3.0, 10.0, 100.0])
@pytest.mark.parametrize("name", SHAPES)
def test_it_is_a_difference_of_distribution_functions(name, half):
    value, by_mu, by_sigma, *_ = evaluated(name, half * SIGMA)
    expected, score, stretch = differences(name, half)
    np.testing.assert_allclose(value, expected - np.log(SIGMA), rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(by_mu * SIGMA, score, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(by_sigma * SIGMA, stretch, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("half", [0.0, 1e-12, 1e-9, 1e-6])
@pytest.mark.parametrize("name", SHAPES)
def test_what_is_hardly_rounded_has_the_density_of_the_noise(name, half):
    """Values and derivatives, to ten digits, where a difference would have lost all of them."""
    for found, known in zip(evaluated(name, half * SIGMA), evaluated(name, None), strict=True):
        np.testing.assert_allclose(found, known, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("half", [0.3, 3.0, 30.0])
def test_its_slope_by_nu(half):
    up, down = (tails_at(5 + step, half) for step in (1e-4, -1e-4))
    found = evaluated("StudentT, nu 5", half * SIGMA)[3]
    np.testing.assert_allclose(found, (up - down) / 2e-4, rtol=1e-4, atol=2e-5)


def tails_at(nu, half):
    """`differences` of Student's t, whatever its nu."""
    low, high = (stats.t(nu).logsf(abs(SEEN) + side * half) for side in (-1, 1))
    return low + np.log1p(-np.exp(high - low))


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("sigma", [1e-12, 1e-4, 1e3])
@pytest.mark.parametrize("rounding", [0.0, 1e-15, 0.0005, 1.0, 1e3])
def test_whatever_the_numbers_it_is_one(name, sigma, rounding):
    seen = np.array([0.0, 1e-12, 0.0005, 0.5, 1.0]) / sigma
    assert all(np.isfinite(x).all() for x in evaluated(name, rounding, sigma=sigma, seen=seen))


@pytest.mark.parametrize("half", [0.2, 5.0])
@pytest.mark.parametrize("name", ["Normal", "StudentT, nu 5"])
def test_errors_drawn_again_are_rounded(name, half):
    """Their distribution is the integral of the density, which is that of differences."""
    table, composition = made.tables()
    runs = read_runs(table.assign(rounding=half * SIGMA), composition)
    likelihood = {"distribution": name.split(",")[0], "sigma": SIGMA, **SHAPES[name]}
    spec = Spec.from_dict(made.law_alone().to_dict() | {"likelihood": likelihood}, source="")
    problem = Problem(spec, runs)
    first = {key: np.repeat(x[:1], 2000, axis=0) for key, x in prior_draws(problem, 0).items()}
    curve, error, *_ = replicate(problem, first, 1)
    edge = np.linspace(-half - 40, half + 40, 20_001)
    cdf = np.cumsum(density_of(name, edge, half)) * (edge[1] - edge[0])
    assert cdf[-1] == pytest.approx(1, abs=1e-3)
    for column in ((error - curve) / SIGMA).T[:2]:
        assert stats.kstest(column, lambda x: np.interp(x, edge, cdf)).pvalue > 0.01


def density_of(name, x, half):
    """The density of printed noise of unit scale."""
    noise = stats.t(SHAPES[name]["nu"]) if SHAPES[name] else stats.norm()
    return (noise.cdf(x + half) - noise.cdf(x - half)) / (2 * half)


@pytest.mark.parametrize("spec", [made.law_alone(), made.heavy_tailed()], ids=["normal", "t"])
def test_the_model_and_the_runs_again_have_one_density(spec):
    table, composition = made.tables()
    half = np.resize([0.0, 0.0005, 0.02], len(table))
    runs = read_runs(table.assign(rounding=half), composition)
    problem = Problem(spec, runs)
    draws = prior_draws(problem, seed=0)
    few = {name: x[:20] for name, x in draws.items()}
    density = replicate(problem, few, 1).log_density
    tree = xr.DataTree.from_dict({"posterior": labelled(problem, few)})
    with build(problem):
        pymc = pm.compute_log_likelihood(tree, extend_inferencedata=False, progressbar=False)
    np.testing.assert_allclose(density, pymc["error"].values.reshape(density.shape), rtol=1e-9)
    curve, error, *_ = replicate(problem, draws, 1)
    inside = np.median(abs(error - curve), axis=0)
    assert inside[half == 0.02].min() > inside[half == 0].max()


def test_a_table_that_is_not_rounded_has_no_such_density():
    """Its model is the one that it always was."""
    runs = read_runs(*made.tables())
    model = build(Problem(made.law_alone(), runs))
    assert "rounding" not in model
    assert isinstance(model["error"].owner.op, pm.Normal.rv_type)
    assert Spec.from_dict(load_model("utility").to_dict()).hash == load_model("utility").hash
