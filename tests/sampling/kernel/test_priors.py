"""Priors of the compiled log density are those of SciPy, with their derivatives."""

import numba
import numpy as np
import pytest

from qqt_bayes.model.distributions import DISTRIBUTIONS, Prior
from qqt_bayes.model.priors import log_density
from qqt_bayes.sampling.kernel.priors import CODES, log_prior

ARGUMENTS = {
    "Normal": {"mu": 0.3, "sigma": 0.7},
    "StudentT": {"nu": 3.5, "mu": 0.3, "sigma": 0.7},
    "LogNormal": {"mu": 0.3, "sigma": 0.7},
    "HalfNormal": {"sigma": 0.7},
    "HalfStudentT": {"nu": 3.5, "sigma": 0.7},
    "HalfCauchy": {"beta": 0.7},
    "Exponential": {"lam": 1.7},
    "Gamma": {"alpha": 1.7, "beta": 2.3},
    "InverseGamma": {"alpha": 1.7, "beta": 2.3},
    "Beta": {"alpha": 1.7, "beta": 2.3},
    "Uniform": {"lower": -0.2, "upper": 1.9},
    "TruncatedNormal": {"mu": 0.3, "sigma": 0.7, "lower": 0.1, "upper": 2.0},
}


@numba.njit(error_model="numpy")
def prior_for_python(distribution, x, first, second, third, lower, upper):
    return log_prior(distribution, x, first, second, third, lower, upper)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("x", [0.15, 0.9])
def test_priors_are_scipys(name, x):
    given = ARGUMENTS[name]
    free = [key for key in DISTRIBUTIONS[name].required if key not in ("lower", "upper")]
    bounds = Prior(name, given).support

    def ours(x, *values):
        padded = [*values, 0.0, 0.0, 0.0][:3]
        return prior_for_python(CODES[name], x, *padded, *bounds)

    at = [x, *(given[key] for key in free)]
    density, *slopes = ours(*at)
    assert density == pytest.approx(log_density(name, x, given), rel=1e-12, abs=1e-12)
    for i in range(len(at)):
        step = 1e-5 * np.eye(len(at))[i]
        rise = ours(*(at + step))[0] - ours(*(at - step))[0]
        assert slopes[i] == pytest.approx(rise / 2e-5, rel=1e-7, abs=1e-7)
