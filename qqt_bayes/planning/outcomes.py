"""What further runs may show, jointly with the errors that a choice is about.

The value of a run lies in what its outcome says of the errors at the target.  So outcomes and those
errors are drawn together: parameters of the law, and departures of all training sets at all budgets
from it (`qqt_bayes.posterior.departure`).  From the law alone a run would seem to be worth nothing
as soon as the law is sure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.decisions.stack import mix
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.prediction import predict, run_noise

Array = NDArray[np.float64]
LEAST_ERROR = 1e-6
"""Outcomes are regressed on by their logarithm; noise can take a draw of one below 0."""
STREAM = 3
"""Keeps the random numbers of outcomes apart from others of the same seed."""


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Joint draws of the errors at a target and of the outcomes of candidate runs.

    Attributes
    ----------
    loss : DataArray, dims (sample, level)
        Mean error of each level at the target.
    mean : DataArray, dims (sample, data, budget)
        Mean error of each candidate training set at each budget.
    fits : mapping of str to Fit
    shares : array, shape (fit,)
        Shares of the draws that are of each fit.
    loss_of_fit : sequence of DataArray
        Mean errors of the levels at the target under the draws of each fit.
    of_fit : sequence of DataArray
        Mean errors of the candidates under the draws of each fit.
    group : str or None
    seed : int
    """

    loss: xr.DataArray
    mean: xr.DataArray
    fits: Mapping[str, Fit]
    shares: Array
    loss_of_fit: list[xr.DataArray]
    of_fit: list[xr.DataArray]
    group: str | None
    seed: int

    def log_errors(self, replicate: int = 0) -> Array:
        """Log error of one training of each candidate, shape (sample, data, budget).

        Parameters
        ----------
        replicate : int
            Trainings with other numbers have other noise.
        """
        noisy = []
        for number, (fit, mean) in enumerate(zip(self.fits.values(), self.of_fit, strict=True)):
            rng = np.random.default_rng((self.seed, STREAM, replicate, number))
            noise = run_noise(fit, mean, self.group, rng)
            noisy.append(mean + noise + _evaluation(fit, mean, rng))
        errors = _flat(mix(noisy, self.shares))
        found: Array = np.log(errors.values.clip(min=LEAST_ERROR))
        return found


def joint_outcomes(
    fits: Mapping[str, Fit],
    shares: Array,
    levels: xr.DataArray,
    target: float,
    candidates: xr.DataArray,
    budgets: Array,
    *,
    group: str | None = None,
    seed: int = 0,
) -> Outcomes:
    """Draw errors at a target and outcomes of candidate runs together.

    Parameters
    ----------
    fits : mapping of str to Fit
        Of the same runs.
    shares : array, shape (fit,)
        Shares of the draws that are of each fit.
    levels : DataArray, dims (level, pool)
        Unique samples of what is decided between.
    target : float
        The budget that is decided for, samples.
    candidates : DataArray, dims (data, pool)
        Unique samples of training sets that may be run.
    budgets : array, shape (budget,)
        Budgets that they may be run at, samples.
    group : str, optional
        Needed if the fits have several groups.
    seed : int

    Returns
    -------
    Outcomes
    """
    names = [f"level {name}" for name in levels["level"].values]  # random numbers go by names
    others = [f"run {name}" for name in candidates["data"].values]
    both = xr.concat(
        [
            levels.assign_coords(level=names),
            candidates.rename(data="level").assign_coords(level=others),
        ],
        "level",
        join="outer",
        fill_value=0.0,
    )
    every = np.unique([target, *budgets])
    drawn = [predict(fit, both, every, group=group, seed=seed) for fit in fits.values()]
    loss_of_fit = [each.sel(level=names, budget=target) for each in drawn]
    loss = _flat(mix(loss_of_fit, shares))
    of_fit = [each.sel(level=others, budget=budgets) for each in drawn]
    mean = _flat(mix(of_fit, shares)).rename(level="data")
    return Outcomes(
        loss=loss.assign_coords(level=levels["level"].values),
        mean=mean.assign_coords(data=candidates["data"].values),
        fits=fits,
        shares=shares,
        loss_of_fit=loss_of_fit,
        of_fit=of_fit,
        group=group,
        seed=seed,
    )


def _flat(draws: xr.DataArray) -> xr.DataArray:
    """Draws of all chains one after the other, as the first dimension."""
    flat: Any = draws.stack(sample=("chain", "draw")).transpose("sample", ...)
    found: xr.DataArray = flat.drop_vars(["sample", "chain", "draw", "group"], errors="ignore")
    return found


def _evaluation(fit: Fit, mean: xr.DataArray, rng: np.random.Generator) -> xr.DataArray:
    """Noise of an evaluation as large as the runs' own are, by their median; 0 where it is unknown.

    Of error rates it is binomial.
    """
    size = float(np.nanmedian(fit.runs["n_eval"])) if fit.runs["n_eval"].notnull().any() else np.inf
    if fit.kind != "error" or not np.isfinite(size):
        return xr.zeros_like(mean)
    deviation: xr.DataArray = (mean * (1 - mean)).clip(min=0) ** 0.5 / size**0.5
    return deviation * rng.standard_normal(mean.shape)
