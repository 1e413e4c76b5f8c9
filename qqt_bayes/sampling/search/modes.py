"""The modes of a posterior: how many there are, where they differ, how the chains share them.

From each of some draws the nearest minimum of the penalised least squares
(`qqt_bayes.sampling.search.best_fit`) is sought: draws that lead to one minimum are of one mode.
Where chains seldom cross from mode to mode, their shares say where they were, not what the modes
weigh; the weight by Laplace's method is rough.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.model.problem import Problem
from qqt_bayes.phrases import placed
from qqt_bayes.posterior.gate import Mode
from qqt_bayes.sampling.search.best_fit import (
    Optimum,
    can_search,
    find_optima,
    same_minimum,
    with_own_noise,
)
from qqt_bayes.sampling.search.least_squares import LeastSquares, penalised
from qqt_bayes.sampling.search.minimise import minimise

Array = NDArray[np.float64]
DRAWS = 40
"""A minimum is sought from so many draws, of all chains together."""
MAX_START = 50.0
"""No search starts farther out than this on the unconstrained scales, where a law overflows."""
MIN_CLEAR_DIFFERENCE = 3.0
"""Modes are named by a shared parameter if one differs by more standard deviations than this:
otherwise by the scalar that differs most, which may be a single pool's."""


def find_modes(problem: Problem, prior: Mapping[str, Array], posterior: xr.Dataset) -> list[Mode]:
    """Find the modes of a posterior, by a search and from draws, the one with most draws first.

    Parameters
    ----------
    problem, prior
        As for `qqt_bayes.sampling.search.profile.find_coordinates`.
    posterior : Dataset
        Draws of the parameters over (chain, draw, ...).

    Returns
    -------
    list of Mode
        Empty where no best fit is sought.
    """
    if not can_search(problem):
        return []
    squares = penalised(problem, prior)
    optima = find_optima(squares)
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    each = max(1, min(draws, DRAWS // chains))
    draw = (2 * np.arange(each) + 1) * draws // (2 * each)  # evenly along each chain
    some = posterior.isel(draw=draw)
    values = [f.scale.free(some[f.name].to_numpy()) for f in problem.fields]
    starts = np.concatenate([x.reshape(chains * each, -1) for x in values], axis=1)
    fits = minimise(squares, starts.clip(-MAX_START, MAX_START), optima[0].sigma, squares.scalars)
    member = np.empty(chains * each, int)
    for i, x in enumerate(fits.x):
        alike = [k for k, other in enumerate(optima) if same_minimum(x, other.x, other.deviation)]
        if not alike:
            optima += with_own_noise(squares, x[None], optima[0].sigma)
        member[i] = alike[0] if alike else len(optima) - 1
    shares = (member.reshape(chains, each, 1) == np.arange(len(optima))).mean(axis=1)
    log_weight = np.array([optimum.log_weight for optimum in optima])
    weight = np.exp(log_weight - log_weight.max())
    parameter, of, there = _names(squares, optima)
    modes = [
        Mode(parameter, of, value, float(w), tuple(s.tolist()))
        for value, w, s in zip(there, weight / weight.sum(), shares.T, strict=True)
    ]
    return sorted(modes, key=lambda mode: -np.mean(mode.shares))


def _names(squares: LeastSquares, optima: list[Optimum]) -> tuple[str, str, list[float]]:
    """The parameter in which the first two differ most, its group and pool, its value in each."""
    scalars = [
        (field, index, field.start + i)
        for field in squares.problem.fields
        for i, index in enumerate(np.ndindex(field.shape))
    ]
    first, second = optima[0], optima[min(1, len(optima) - 1)]
    apart = abs(first.x - second.x) / first.deviation
    shared = np.array([not index for _, index, _ in scalars])
    clear = shared & (apart > MIN_CLEAR_DIFFERENCE)
    field, index, place = scalars[int(np.argmax(np.where(clear, np.inf, apart)))]
    runs = squares.problem.runs
    labels = [str(runs[dim].values[i]) for dim, i in zip(field.prior.over, index, strict=True)]
    values = [float(field.scale.bound(optimum.x[place], np)[0]) for optimum in optima]
    return field.name, placed(labels), values
