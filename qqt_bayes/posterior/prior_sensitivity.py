r"""What a fit has learned: how far each parameter left its prior, and how far it depends on it.

- contraction: ``1 - var(z)``, with ``z = Phi^-1(F(x))`` over the posterior and F the distribution
  function of the prior: 0 is the prior again, 1 is known, below 0 is wider than the prior.  In z
  heavy tails do no harm, and no monotone change of x's scale matters.
- shift: the median of z: how far the middle of the posterior is from the prior's, in standard
  deviations of the prior.
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
from qqt_bayes.phrases import placed
from qqt_bayes.posterior.diagnostics.convergence import by_scalar
from qqt_bayes.posterior.diagnostics.power_scaling import sensitivity
from qqt_bayes.posterior.fit import AnyFit, Fit

LEAST_CONTRACTION = 0.2
"""Contraction below which a parameter is left to its prior: its standard deviation stays above
about 0.9 of the prior's. Estimated from draws (1,000 of the prior, 400 effective ones of the
posterior), a contraction of 0 comes out as large in fewer than one case of a hundred."""

LEAST_SHIFT = 0.5
"""Shift from which on the runs have said something, however wide they left the parameter. By
chance, of as many draws, it comes out below 0.2; runs that contract the prior by the bar above move
its middle by 0.45 as a rule, the square root of that, in the one direction or the other."""

CONFLICT = 2.58
"""Shift from which on the prior and the runs disagree: the middle of the posterior is then outside
the central 99 % of the prior, where one parameter of a hundred is if priors are right."""

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
        `contraction`, `shift` (in standard deviations of the prior), `prior_sensitivity`,
        `likelihood_sensitivity`, and `verdict`: "prior" (the contraction is below 0.2 and the shift
        within 0.5: the runs say little), "disagree" (the shift is 2.58 or more: the middle of the
        posterior is outside the central 99 % of the prior), "prior_matters" (the prior's
        sensitivity is 0.05 or more: another prior, another answer), or "runs".

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
    scores = [normal_scores(*each) for each in zip(draws.T, before.T, strict=True)]
    frame["contraction"] = [1 - np.var(each) for each in scores]
    frame["shift"] = [np.median(each) for each in scores]
    for part, densities in (
        ("prior", log_prior(Problem(fit.spec, fit.runs).spec, fit.posterior)),
        ("likelihood", _joint_log_likelihood(fit)),
    ):
        density = scalars(densities, densities.data_vars).sum(axis=2)
        frame[f"{part}_sensitivity"] = sensitivity(draws, density)
    matters = frame["prior_sensitivity"] >= LEAST_SENSITIVITY
    frame["verdict"] = np.where(matters, "prior_matters", "runs")
    moved = frame["shift"].abs()
    frame.loc[moved >= CONFLICT, "verdict"] = "disagree"
    left = (frame["contraction"] < LEAST_CONTRACTION) & (moved < LEAST_SHIFT)
    frame.loc[left, "verdict"] = "prior"
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
        (name, placed(place))
        for name in names
        for place in product(
            *(draws[dim].values.tolist() for dim in draws[name].dims if dim not in SAMPLE)
        )
    ]


def normal_scores(after: Array, before: Array) -> Array:
    """Draws of the posterior as normal scores in the prior, of one scalar.

    Parameters
    ----------
    after, before : array
        Draws of the posterior and of the prior, of any shape.

    Examples
    --------
    >>> before = np.random.default_rng(0).standard_normal(1000)
    >>> scores = normal_scores(before / 2 + 1, before)
    >>> bool(0.2 < np.var(scores) < 0.3), round(np.median(scores))
    (True, 1)
    """
    known = np.sort(before, axis=None)
    scores = special.ndtri((np.arange(known.size) + 0.5) / known.size)
    found: Array = np.interp(after, known, scores)
    return found
