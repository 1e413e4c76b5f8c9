"""The modes of a posterior: how many there are, where they differ, how the chains share them.

From each of some draws the nearest minimum of the penalised least squares
(`qqt_bayes.sampling.best_fit`) is sought: draws that lead to one minimum are of one mode.  Chains
seldom cross from mode to mode, so their shares say where they were, not what the modes weigh; the
weight by Laplace's method is rough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.laws.run_curves import Part
from qqt_bayes.model.spec import Spec
from qqt_bayes.sampling.best_fit import BestFit, Optimum

Array = NDArray[np.float64]
DRAWS = 40
"""From so many draws, of all chains together, a minimum is sought."""
FARTHEST = 50.0
"""No search starts farther out than this, on the unconstrained scales."""
CLEAR = 3.0
"""Modes are told apart by a parameter that they have in common, if it differs by so many standard
deviations."""


@dataclass(frozen=True)
class Mode:
    """A mode of a posterior.

    Attributes
    ----------
    name : str
        A parameter and its value there, such as "size_exponent 0.41".
    weight : float
        By Laplace's method.
    shares : tuple of float
        Of the draws of each chain.
    """

    name: str
    weight: float
    shares: tuple[float, ...]

    def __str__(self) -> str:
        each = ", ".join(f"{100 * share:.0f}" for share in self.shares)
        return (
            f"{self.name} ({100 * np.mean(self.shares):.0f} % of the draws, chain by chain {each}; "
            f"weight by Laplace's method about {self.weight:.2g})"
        )


def find_modes(
    spec: Spec,
    runs: xr.Dataset,
    parts: list[Part],
    prior: Mapping[str, Array],
    posterior: xr.Dataset,
) -> list[Mode]:
    """The modes that a search or the chains found, the one with most draws first.

    Parameters
    ----------
    spec, runs, parts, prior
        As for `qqt_bayes.sampling.profile.find_coordinates`.
    posterior : Dataset
        Draws of the parameters.

    Returns
    -------
    list of Mode
        Empty where no best fit is sought.
    """
    if not BestFit.serves(spec, runs):
        return []
    search = BestFit(spec, runs, parts, prior)
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
    names = _names(search, optima, runs)
    modes = [
        Mode(name, float(w), tuple(s.tolist()))
        for name, w, s in zip(names, weight / weight.sum(), shares.T, strict=True)
    ]
    return sorted(modes, key=lambda mode: -np.mean(mode.shares))


def _names(search: BestFit, optima: list[Optimum], runs: xr.Dataset) -> list[str]:
    """The parameter in which the first two differ most, and its value in each."""
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
    name = " ".join([field.name, *(["of", *labels] if labels else [])])
    values = [field.scale.bound(optimum.x[place], np)[0] for optimum in optima]
    return [f"{name} {value:.3g}" for value in values]


def sentence(modes: list[Mode], method: str) -> str:
    """What to say of several modes; empty of one.

    Examples
    --------
    >>> print(sentence([Mode("d 0.1", 0.1, (1.0, 0.5)), Mode("d 0.4", 0.9, (0.0, 0.5))], "smc"))
    The posterior has 2 modes: d 0.1 (75 % of the draws, chain by chain 100, 50; weight by Laplace's
    method about 0.1) and d 0.4 (25 % of the draws, chain by chain 0, 50; weight by Laplace's method
    about 0.9).
    """
    if len(modes) < 2:
        return ""
    *most, last = map(str, modes)
    words = f"The posterior has {len(modes)} modes: {', '.join(most)} and {last}."
    if method == "nuts":
        words += " Chains seldom cross, so their shares are no weights: --method smc weighs modes."
    return words
