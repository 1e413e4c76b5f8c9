"""a, b, d, tau of each pool by least squares with SciPy, and a bootstrap of its residuals.

As a practitioner writes it who wants error bars without a sampler: each pool by itself.
"""

import numpy as np
from scipy.optimize import least_squares
from written import Runs

RESAMPLES = 200
START = np.array([0.02, 0.15, 0.1, 5.0])
BOUNDS = [1e-5, 1e-3, 0.0, 0.1], [10.0, 2.0, 0.9, 100.0]


def estimate(runs: Runs) -> np.ndarray:
    """Parameters of each pool, fitted and resampled: shape (pool, 1 + resample, 4)."""
    return np.array(
        [
            pool_fits(runs.growth[runs.pool == i], runs.error[runs.pool == i])
            for i in range(runs.pools)
        ]
    )


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
    found = least_squares(
        lambda theta: errors(theta, growth) - error, start, bounds=BOUNDS, x_scale="jac"
    )
    return found.x


def errors(theta: np.ndarray, growth: np.ndarray) -> np.ndarray:
    """Errors of the runs of a pool, every epoch a term of the sum."""
    a, b, d, tau = theta
    left = 2.0 ** (-np.arange(growth.shape[1]) / tau)
    return np.exp(-b * (np.log(a) + growth @ left)) + d
