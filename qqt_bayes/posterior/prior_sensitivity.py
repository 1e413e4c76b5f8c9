r"""What a fit has learned: how far each parameter left its prior, and how far it depends on it.

- contraction: ``1 - var(z)``, with ``z = Phi^-1(F(x))`` over the posterior and F the distribution
  function of the prior: 0 is the prior again, 1 is known, below 0 is wider than the prior.  In z
  heavy tails do no harm, and no monotone change of x's scale matters.
- power-scaling sensitivity to prior and likelihood: how fast the marginal posterior moves when the
  one or the other is raised to a power near 1
  (`qqt_bayes.posterior.diagnostics.power_scaling`).  Of the priors those are scaled that are
  declared by numbers alone, all together.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from itertools import product

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy import special

from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.priors import log_prior
from qqt_bayes.model.problem import Problem
from qqt_bayes.posterior.diagnostics.convergence import by_scalar
from qqt_bayes.posterior.diagnostics.power_scaling import sensitivity
from qqt_bayes.posterior.fit import AnyFit, Fit

LEAST_CONTRACTION = 0.2
"""Contraction below which a parameter is left to its prior: its standard deviation stays above
about 0.9 of the prior's. Estimated from draws (1,000 of the prior, 400 effective ones of the
posterior), a contraction of 0 comes out as large in fewer than one case of a hundred."""

LEAST_SENSITIVITY = 0.05
"""Power-scaling sensitivity from which on a prior matters: the bar of its authors."""

Array = NDArray[np.float64]


def learned(fit: AnyFit) -> pd.DataFrame:
    """What a fit has learned of each of its parameters; nothing is sampled.

    Parameters
    ----------
    fit : DataTree

    Returns
    -------
    DataFrame
        A row for each scalar that has a prior, of the law and of its noise; what pooled ones are
        drawn about is left out. Columns `parameter`, `of` (its group and pool),
        `contraction`, `prior_sensitivity`, `likelihood_sensitivity`, and `verdict`: "prior" (the
        contraction is below 0.2: the runs say little), "prior_matters" (the prior's sensitivity is
        0.05 or more: another prior, another answer), or "runs".

    Raises
    ------
    InputError
        If it is no fit.

    Examples
    --------
    The runs say of each half-life what the prior did not:

    >>> import qqt_bayes as qqt
    >>> table = qqt.learned(qqt.load("fit.nc"))
    >>> bool((table.query("parameter == 'tau'")["contraction"] > 0.5).all())
    True
    """
    fit = Fit.of(fit)
    declared = {**fit.spec.parameters, **fit.spec.noise}
    drawn = [name for name, value in declared.items() if isinstance(value, Prior)]
    draws, before = (scalars(fit.datasets[group], drawn) for group in ("posterior", "prior"))
    frame = pd.DataFrame(_places(fit.posterior, drawn), columns=["parameter", "of"])
    frame["contraction"] = [contraction(*each) for each in zip(draws.T, before.T, strict=True)]
    for part, densities in (
        ("prior", log_prior(Problem(fit.spec, fit.runs).spec, fit.posterior)),
        ("likelihood", _joint_log_likelihood(fit)),
    ):
        density = scalars(densities, densities.data_vars).sum(axis=2)
        frame[f"{part}_sensitivity"] = sensitivity(draws, density)
    matters = frame["prior_sensitivity"] >= LEAST_SENSITIVITY
    frame["verdict"] = np.where(matters, "prior_matters", "runs")
    frame.loc[frame["contraction"] < LEAST_CONTRACTION, "verdict"] = "prior"
    return frame


def _joint_log_likelihood(fit: Fit) -> xr.Dataset:
    """Log density of all runs together; older fits hold one of each run, which are independent."""
    stats = fit.datasets["sample_stats"]
    if "joint_log_likelihood" in stats:
        return stats[["joint_log_likelihood"]]
    return fit.datasets["log_likelihood"]


def scalars(draws: xr.Dataset, names: Iterable[Hashable]) -> Array:
    """All scalars of some variables, shape (chain, draw, scalar)."""
    none = np.empty((draws.sizes["chain"], draws.sizes["draw"], 0))
    return np.concatenate([none, *(by_scalar(draws[name]) for name in names)], axis=2)


def _places(draws: xr.Dataset, names: Iterable[str]) -> list[tuple[str, str]]:
    """The variable, and the group and pool, of each of those scalars."""
    return [
        (name, ", ".join(place))
        for name in names
        for place in product(
            *(draws[dim].values.tolist() for dim in draws[name].dims if dim not in SAMPLE)
        )
    ]


def contraction(after: Array, before: Array) -> float:
    """``1 - var(z)`` of one scalar, z being the normal scores of the posterior in the prior.

    Parameters
    ----------
    after, before : array
        Draws of the posterior and of the prior, of any shape.

    Examples
    --------
    >>> before = np.random.default_rng(0).standard_normal(1000)
    >>> round(contraction(before / 2, before), 2), contraction(before, before) < 0.05
    (0.75, True)
    """
    known = np.sort(before, axis=None)
    scores = special.ndtri((np.arange(known.size) + 0.5) / known.size)
    return float(1 - np.var(np.interp(after, known, scores)))
