"""The modes of a posterior: how many there are, where they differ, how the chains share them.

From each of some draws the nearest minimum of the penalised least squares
(`qqt_bayes.sampling.best_fit`) is sought: draws that lead to one minimum are of one mode.  Chains
seldom cross from mode to mode, so their shares say where they were, not what the modes weigh; the
weight by Laplace's method is rough.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.model.problem import Problem
from qqt_bayes.posterior.gate import Mode
from qqt_bayes.sampling.best_fit import BestFit, Optimum

Array = NDArray[np.float64]
DRAWS = 40
"""From so many draws, of all chains together, a minimum is sought."""
FARTHEST = 50.0
"""No search starts farther out than this, on the unconstrained scales."""
CLEAR = 3.0
"""Modes are told apart by a parameter that they have in common, if it differs by so many standard
deviations."""


def find_modes(problem: Problem, prior: Mapping[str, Array], posterior: xr.Dataset) -> list[Mode]:
    """The modes that a search or the chains found, the one with most draws first.

    Parameters
    ----------
    problem, prior
        As for `qqt_bayes.sampling.profile.find_coordinates`.
    posterior : Dataset
        Draws of the parameters.

    Returns
    -------
    list of Mode
        Empty where no best fit is sought.
    """
    if not BestFit.serves(problem):
        return []
    search = BestFit(problem, prior)
    optima = search.optima()
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    each = max(1, min(draws, DRAWS // chains))
    member = np.empty((chains, each), int)
    for chain, draw in np.ndindex(chains, each):
        values = posterior.isel(chain=chain, draw=(2 * draw + 1) * draws // (2 * each))
        start = [np.ravel(f.scale.free(values[f.name].to_numpy())) for f in search.fields]
        near = np.clip(np.concatenate(start), -FARTHEST, FARTHEST)
        found, _ = search.solve(near, search.mean.size)
        alike = [i for i, known in enumerate(optima) if search.same(known.x, found)]
        if not alike:
            optima.append(search.settled(found))
        member[chain, draw] = alike[0] if alike else len(optima) - 1
    shares = (member[..., None] == np.arange(len(optima))).mean(axis=1)
    log_weight = np.array([optimum.log_weight for optimum in optima])
    weight = np.exp(log_weight - log_weight.max())
    parameter, of, there = _names(search, optima, problem.runs)
    modes = [
        Mode(parameter, of, value, float(w), tuple(s.tolist()))
        for value, w, s in zip(there, weight / weight.sum(), shares.T, strict=True)
    ]
    return sorted(modes, key=lambda mode: -np.mean(mode.shares))


def _names(
    search: BestFit, optima: list[Optimum], runs: xr.Dataset
) -> tuple[str, str, list[float]]:
    """The parameter in which the first two differ most, its group and pool, its value in each."""
    scalars = [
        (field, index, field.start + i)
        for field in search.fields
        for i, index in enumerate(np.ndindex(field.shape))
    ]
    first, second = optima[0].x, optima[min(1, len(optima) - 1)].x
    deviation = np.sqrt(np.diag(np.linalg.inv(search.precision(first, first.size))))
    apart = abs(first - second) / deviation
    shared = np.array([not index for _, index, _ in scalars])
    clear = shared & (apart > CLEAR)
    field, index, place = scalars[int(np.argmax(np.where(clear, np.inf, apart)))]
    labels = [str(runs[dim].values[i]) for dim, i in zip(field.prior.over, index, strict=True)]
    values = [float(field.scale.bound(optimum.x[place], np)[0]) for optimum in optima]
    return field.name, ", ".join(labels), values
