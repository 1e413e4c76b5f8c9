"""Weights of laws by how well their mixture predicts left-out runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize

from qqt_bayes.decisions.stack import Array
from qqt_bayes.errors import InputError


def stacking_weights(elpd: ArrayLike) -> Array:
    r"""Weights under which the mixture of laws predicts left-out runs best.

    ``w = argmax sum_i log sum_k w_k exp(elpd_ik)``, ``w_k >= 0``, ``sum_k w_k = 1``: a concave
    problem (Yao, Vehtari, Simpson and Gelman 2018, Bayesian Analysis 13(3), arXiv:1704.02030).

    `arviz_stats.compare` solves the same problem to about 3e-5, but exponentiates elpd as it is:
    where a run's log densities are beyond about 700, as under a law that is far off, that is 0 or
    infinite, and it returns equal weights.  Here the largest of each run is taken off first, which
    moves the objective by a constant.

    Parameters
    ----------
    elpd : array_like, shape (run, law)
        Log predictive density of each left-out run under each law.

    Returns
    -------
    array, shape (law,)

    Raises
    ------
    InputError
        If a run has no finite density under any law.

    Examples
    --------
    Each law is e times as good as the other for some runs: two for the first, one for the other.

    >>> stacking_weights([[1, 0], [1, 0], [0, 1]]).round(3)
    array([0.861, 0.139])
    """
    each = np.asarray(elpd, float)
    if each.ndim != 2 or not each.size:
        raise InputError(f"elpd: expected shape (run, law), got {each.shape}")
    largest = each.max(axis=1, keepdims=True)
    if not np.isfinite(largest).all():
        run = np.flatnonzero(~np.isfinite(largest))[0]
        raise InputError(
            f"elpd: expected numbers below infinity, for each run a finite one, but run {run} (the "
            f"first is 0) has {each[run].tolist()}: leave it out, or the law that says so"
        )
    density = np.exp(each - largest)
    laws = density.shape[1]
    found = minimize(
        lambda w: -np.log(density @ w).mean(),
        np.full(laws, 1 / laws),
        jac=lambda w: -(density / (density @ w)[:, None]).mean(axis=0),
        method="SLSQP",
        bounds=[(0, 1)] * laws,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like},
        # The optimum is flat: SciPy's default, 1e-6, leaves errors near 1e-3 in the weights.
        options={"ftol": 1e-12, "maxiter": 1000},
    )
    weights: Array = np.clip(found.x, 0, 1)  # SLSQP meets bounds and constraint to rounding only
    return weights / weights.sum()
