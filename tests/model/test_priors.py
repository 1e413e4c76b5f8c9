"""The priors in NumPy are those that PyMC declares, and those of SciPy far in their tails."""

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from scipy import stats

from qqt_bayes.model.distributions import DISTRIBUTIONS, Prior
from qqt_bayes.model.priors import (
    LOG_DENSITIES,
    QUANTILES,
    count,
    declared,
    log_density,
    log_prior,
    quantile,
    values_at,
)
from qqt_bayes.model.spec import list_models, load_model

EXAMPLES = {
    "Normal": {"mu": 0.3, "sigma": 2.0},
    "StudentT": {"nu": 3.0, "mu": 0.3, "sigma": 2.0},
    "LogNormal": {"mu": 0.3, "sigma": 0.5},
    "HalfNormal": {"sigma": 2.0},
    "HalfStudentT": {"nu": 3.0, "sigma": 0.5},
    "HalfCauchy": {"beta": 0.5},
    "Exponential": {"lam": 3.0},
    "Gamma": {"alpha": 2.0, "beta": 3.0},
    "InverseGamma": {"alpha": 2.0, "beta": 3.0},
    "Beta": {"alpha": 2.0, "beta": 3.0},
    "Uniform": {"lower": 0.2, "upper": 1.7},
    "TruncatedNormal": {"mu": 0.3, "sigma": 2.0, "lower": 0.1},
}
AT = np.array([0.02, 0.4, 0.97])
Z = stats.norm.ppf(AT)


def test_every_distribution_has_its_example():
    assert set(EXAMPLES) == set(QUANTILES) == set(LOG_DENSITIES) == set(DISTRIBUTIONS)


@pytest.fixture(scope="module")
def of_pymc():
    """PyMC's log density and log distribution function of each, at our quantiles; compiled once."""
    graphs = []
    for name, parameters in EXAMPLES.items():
        about, x = getattr(pm, name).dist(**parameters), quantile(name, Z, parameters)
        if name == "HalfStudentT":  # PyMC has no distribution function of it
            below = 2 * np.e ** pm.logcdf(pm.StudentT.dist(mu=0.0, **parameters), x) - 1
        else:
            below = np.e ** pm.logcdf(about, x)
        graphs += [pm.logp(about, x), below]
    numbers = pm.compile([], graphs, mode="FAST_COMPILE")()
    return dict(zip(EXAMPLES, zip(numbers[::2], numbers[1::2], strict=True), strict=True))


@pytest.mark.parametrize("name", EXAMPLES)
def test_densities_and_quantiles_are_those_of_pymc(name, of_pymc):
    density, below = of_pymc[name]
    x = quantile(name, Z, EXAMPLES[name])
    np.testing.assert_allclose(log_density(name, x, EXAMPLES[name]), density, rtol=1e-6)
    np.testing.assert_allclose(below, AT, rtol=1e-6)


OF_SCIPY = {
    "Normal": stats.norm(0.3, 2.0),
    "StudentT": stats.t(3.0, 0.3, 2.0),
    "LogNormal": stats.lognorm(s=0.5, scale=np.exp(0.3)),
    "HalfNormal": stats.halfnorm(scale=2.0),
    "HalfCauchy": stats.halfcauchy(scale=0.5),
    "Exponential": stats.expon(scale=1 / 3.0),
    "Gamma": stats.gamma(2.0, scale=1 / 3.0),
    "InverseGamma": stats.invgamma(2.0, scale=3.0),
    "Beta": stats.beta(2.0, 3.0),
    "Uniform": stats.uniform(0.2, 1.5),
    "TruncatedNormal": stats.truncnorm((0.1 - 0.3) / 2.0, np.inf, 0.3, 2.0),
}
"""The examples in SciPy's parameters; it has no half t."""


@pytest.mark.parametrize("name", OF_SCIPY)
def test_far_in_the_tails_quantiles_keep_their_digits(name):
    """A probability of 1e-15 below or above: there `1 - p` has lost them."""
    z, scipy = np.array([-8.0, -5.0, 5.0, 8.0]), OF_SCIPY[name]
    x = quantile(name, z, EXAMPLES[name])
    lower, upper = scipy.support()
    if lower in (0.0, -np.inf):  # values near another bound have no digits left for it
        np.testing.assert_allclose(scipy.logcdf(x[:2]), stats.norm.logcdf(z[:2]), rtol=1e-8)
    if upper == np.inf:
        np.testing.assert_allclose(scipy.logsf(x[2:]), stats.norm.logsf(z[2:]), rtol=1e-8)
    np.testing.assert_allclose(log_density(name, x, EXAMPLES[name]), scipy.logpdf(x), rtol=1e-9)


@pytest.mark.parametrize("bounds", [(9.0, np.inf), (-np.inf, -9.0), (8.0, 8.5), (-0.5, 0.2)])
def test_a_normal_is_truncated_far_from_its_mean(bounds):
    parameters = {"mu": 0.3, "sigma": 0.8, "lower": bounds[0], "upper": bounds[1]}
    z, edges = np.array([-4.0, -1.0, 0.0, 2.0]), (np.array(bounds) - 0.3) / 0.8
    x, scipy = quantile("TruncatedNormal", z, parameters), stats.truncnorm(*edges, 0.3, 0.8)
    np.testing.assert_allclose(x, scipy.ppf(stats.norm.cdf(z)), rtol=1e-9)
    found = log_density("TruncatedNormal", x, parameters)
    np.testing.assert_allclose(found, scipy.logpdf(x), rtol=1e-9)


@pytest.mark.parametrize("model", list_models())
def test_values_have_the_shapes_of_the_model(model):
    spec, sizes = load_model(model), {"group": 2, "pool": 3}
    z = np.random.default_rng(0).standard_normal((5, count(spec, sizes)))
    values = values_at(spec, sizes, z)
    for name, prior in declared(spec):
        lower, upper = prior.support
        assert values[name].shape == (5, *(sizes[dim] for dim in prior.over))
        assert np.all((values[name] >= lower) & (values[name] <= upper))


def test_a_pooled_value_follows_its_mean_and_spread():
    """b over group and pool; its mean over group; its spread shared."""
    spec, sizes = load_model("cherti"), {"group": 2, "pool": 3}
    z = np.random.default_rng(0).standard_normal((4, count(spec, sizes)))
    values = values_at(spec, sizes, z)
    first = next(i for i, (name, _) in enumerate(declared(spec)) if name == "b")
    start = sum(
        np.prod([sizes[d] for d in p.over], dtype=int) for _, p in list(declared(spec))[:first]
    )
    own = z[:, start : start + 6].reshape(4, 2, 3)
    expected = values["b_mu"][:, :, None] + values["b_sigma"][:, None, None] * own
    np.testing.assert_allclose(np.log(values["b"]), expected, rtol=1e-7)


def test_the_log_prior_leaves_out_what_is_pooled():
    spec = load_model("utility")
    shape = {"chain": 2, "draw": 3}
    draws = xr.Dataset(
        {
            name: (("chain", "draw", *prior.over), np.full((2, 3, *([4] * len(prior.over))), 0.3))
            for name, prior in declared(spec)
        }
    )
    found = log_prior(spec, draws)
    assert set(found) == {"a", "b_mu", "b_sigma", "tau_mu", "tau_sigma", "d", "sigma", "amplitude"}
    assert all(dict(x.sizes) == shape for x in found.values())


def test_the_log_prior_sums_what_is_not_pooled():
    spec = load_model("utility-unpooled")
    draws = xr.Dataset(
        {
            name: (("chain", "draw", *prior.over), np.full((1, 1, *([4] * len(prior.over))), 0.3))
            for name, prior in declared(spec)
        }
    )
    prior = spec.parameters["b"]
    assert isinstance(prior, Prior)
    each = pm.logp(pm.LogNormal.dist(**prior.parameters), 0.3).eval(mode="FAST_COMPILE")
    np.testing.assert_allclose(log_prior(spec, draws)["b"], 4 * each)
