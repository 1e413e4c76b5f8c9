"""a, b, d, tau of each pool by least squares with SciPy, and a bootstrap of its residuals.

As a practitioner writes it who wants error bars without a sampler: each pool by itself.
"""

import numpy as np
from scipy.optimize import least_squares
from written import Runs

RESAMPLES = 200
START = np.array([np.log(0.02), np.log(0.15), 0.1, np.log(5.0)])
BOUNDS = np.log([1e-5, 1e-3, 1.0, 0.2]), np.log([10.0, 2.0, np.e, 100.0])
"""For log a, log b, d and log tau; d is between 0 and 1.  Without bounds most resamples run off
along the ridge on which a and d make up for b."""


def estimate(runs: Runs) -> np.ndarray:
    """Parameters of each pool, fitted and resampled: shape (pool, 1 + resample, 4)."""
    of = [runs.pool == pool for pool in range(runs.pools)]
    return np.array([pool_fits(runs.growth[mine], runs.error[mine]) for mine in of])


def pool_fits(growth: np.ndarray, error: np.ndarray) -> list[np.ndarray]:
    """The best fit of one pool, then those of its resamples."""
    best = fit(growth, error, START)
    curve = errors(best, growth)
    # The residuals of a fit are smaller than the noise: it took a degree of freedom a parameter.
    noise = (error - curve) * np.sqrt(error.size / max(error.size - best.size, 1))
    rng = np.random.default_rng(1)
    resampled = (curve + rng.choice(noise, error.size) for _ in range(RESAMPLES))
    return [best, *(fit(growth, each, best) for each in resampled)]


def fit(growth: np.ndarray, error: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Parameters with the least sum of squares that is found from a start."""
    return least_squares(lambda x: errors(x, growth) - error, start, bounds=BOUNDS).x


def errors(x: np.ndarray, growth: np.ndarray) -> np.ndarray:
    """Errors of the runs of a pool, every epoch a term of the sum."""
    log_a, log_b, d, log_tau = x
    left = 2.0 ** (-np.arange(growth.shape[1]) / np.exp(log_tau))
    return np.exp(-np.exp(log_b) * (log_a + growth @ left)) + d
