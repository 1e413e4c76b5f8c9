r"""What a fit has learned: how far each parameter left its prior, and how far it depends on it.

- contraction: ``1 - var(z)``, with ``z = Phi^-1(F(x))`` over the posterior and F the distribution
  function of the prior: 0 is the prior again, 1 is known, below 0 is wider than the prior.  In z
  heavy tails do no harm, and no monotone change of x's scale matters.
- power-scaling sensitivity to prior and likelihood: how fast the marginal posterior moves when the
  one or the other is raised to a power near 1 (Kallioinen et al. 2024, Stat Comput 34:57; ArviZ's
  `psense`).  Of the priors those are scaled that are declared by numbers alone, all together.
"""

from __future__ import annotations

import warnings
from itertools import product

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy import special

from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.priors import log_prior
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
    """
    fit = Fit.of(fit)
    spec, all_draws = fit.spec, fit.posterior
    declared = {**spec.parameters, **spec.likelihood.parameters}
    draws = all_draws[[name for name, value in declared.items() if isinstance(value, Prior)]]
    before = fit.datasets["prior"]
    scaled = xr.DataTree.from_dict(
        {
            "posterior": draws,
            "log_likelihood": fit.datasets["log_likelihood"],
            "log_prior": log_prior(spec, all_draws),
        }
    )
    columns = {
        "contraction": _contraction(draws, before),
        "prior_sensitivity": _sensitivity(scaled, "prior"),
        "likelihood_sensitivity": _sensitivity(scaled, "likelihood"),
    }
    rows = [
        {"parameter": name, "of": ", ".join(place)}
        for name, x in columns["contraction"].items()
        for place in product(*(x[dim].values.tolist() for dim in x.dims))
    ]
    frame = pd.DataFrame(rows)
    for column, values in columns.items():
        frame[column] = np.concatenate([x.values.ravel() for x in values.values()])
    matters = frame["prior_sensitivity"] >= LEAST_SENSITIVITY
    frame["verdict"] = np.where(matters, "prior_matters", "runs")
    frame.loc[frame["contraction"] < LEAST_CONTRACTION, "verdict"] = "prior"
    return frame


def _sensitivity(scaled: xr.DataTree, group: str) -> xr.Dataset:
    """Power-scaling sensitivity of each scalar; none where the density is flat, as a uniform is."""
    import arviz as az

    density = scaled[f"log_{group}"].to_dataset().to_stacked_array("part", ["chain", "draw"])
    if np.ptp(density.sum("part").values) == 0:
        return xr.zeros_like(scaled["posterior"].to_dataset().isel(chain=0, draw=0))
    with warnings.catch_warnings():  # of a handful of draws: the gate says that they are too few
        warnings.filterwarnings("ignore", "Number of tail draws", UserWarning)
        sensitivity: xr.Dataset = az.psense(scaled, group=group)
    return sensitivity


def _contraction(draws: xr.Dataset, before: xr.Dataset) -> xr.Dataset:
    """The contraction of each scalar of each variable, over that variable's own dimensions."""
    return xr.Dataset(
        {
            name: xr.apply_ufunc(
                contraction,
                x,
                before[name].rename(chain="prior_chain", draw="prior_draw"),
                input_core_dims=[["chain", "draw"], ["prior_chain", "prior_draw"]],
                vectorize=True,
            )
            for name, x in draws.items()
        }
    )


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
