"""Where one more run would tell two laws apart."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.stats import gaussian_kde

from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.posterior.fit import AnyFit, Fit
from qqt_bayes.posterior.levels import Levels
from qqt_bayes.posterior.prediction import predict

Array = NDArray[np.float64]
MAX_DRAWS = 1000
"""Draws of each law: more would add digits that nobody reads."""
GRID_POINTS = 256
"""Errors at which two predictive densities are compared."""
NEARLY_BEST = 0.02
"""How much lower the probability of a cheaper run may be for it to be preferred."""


def telling_runs(
    one: AnyFit, other: AnyFit, levels: Levels, budgets: ArrayLike | str
) -> xr.Dataset:
    """How well a new run on each level at each budget would tell two laws apart.

    Parameters
    ----------
    one, other : DataTree or Fit
        Fits of two laws to the same runs.
    levels, budgets
        As for `predict`.

    Returns
    -------
    Dataset
        Over level and budget (and group if there are several): `probability_right`, the probability
        that the run points to the right law;
        `expected` (law), the median error of a new run under each. Attributes `level`, `budget`
        (and `group`) name the cheapest run whose probability is within 0.02 of the largest.
    """
    drawn = [
        predict(Fit.of(fit).thinned(MAX_DRAWS), levels, budgets, new_run=True, law_only=True)
        for fit in (one, other)
    ]
    drawn = [each.stack(sample=SAMPLE) for each in drawn]
    first, second = (each.drop_vars(["sample", *SAMPLE]) for each in drawn)
    right = xr.apply_ufunc(
        probability_right,
        first,
        second.rename(sample="sample of other"),
        input_core_dims=[["sample"], ["sample of other"]],
        vectorize=True,
    )
    expected = xr.concat([first.median("sample"), second.median("sample")], "law")
    budget = right["budget"].broadcast_like(right)
    enough = right >= right.max() - NEARLY_BEST
    cheap = enough & (budget == budget.where(enough).min())
    place = np.unravel_index(np.nanargmax(right.where(cheap)), right.shape)
    best = {
        str(dim): right[dim].values[at].item() for dim, at in zip(right.dims, place, strict=True)
    }
    return xr.Dataset({"probability_right": right, "expected": expected}, attrs=best)


def probability_right(one: Array, other: Array) -> float:
    """Probability that one run points to the right law, where either is as likely before it.

    ``integral max(p_1(y), p_2(y)) / 2 dy``: 1/2 where both predict the same, 1 where no error could
    come from both.

    Parameters
    ----------
    one, other : array, shape (draw,)
        A new run's error under each law.

    Examples
    --------
    Normal errors two standard deviations apart: the probability of less than one on the right side.

    >>> from scipy.stats import norm
    >>> quantiles = (np.arange(1000) + 0.5) / 1000
    >>> one, other = norm.ppf(quantiles), norm.ppf(quantiles, loc=2)
    >>> round(probability_right(one, other), 2), round(float(norm.cdf(1)), 2)
    (0.83, 0.84)
    """
    both = np.concatenate([one, other])
    grid = np.linspace(both.min(), both.max(), GRID_POINTS)
    p, q = (gaussian_kde(each)(grid) for each in (one, other))
    return float(np.maximum(p / p.sum(), q / q.sum()).sum() / 2)
