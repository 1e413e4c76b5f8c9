"""Stochastic dominance between levels: preferences that need no attitude to risk, or only dislike.

Of the errors of two levels under the posterior draws, each taken by itself:

- the first dominates the second in *first* order if its error is at most x with at least as high a
  probability for every x: whoever prefers less error takes it, whatever the target;
- in *second* order if its mean over the worst draws (CVaR) is at most the other's for every share
  of draws: whoever dislikes risk takes it, too (Hadar and Russell 1969; of errors, which are bad,
  this is the increasing convex order).

First order implies second, and second a lower or equal expected error.  Which levels go together in
a draw does not matter here: regret knows that.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.decisions.rules import TIE
from qqt_bayes.errors import InputError
from qqt_bayes.laws.level_curves import SAMPLE

MAX_LEVELS_IN_PAIRS = 200
"""Levels each of which is compared with each other one: 40,000 pairs at every budget."""


def dominance(error: xr.DataArray) -> xr.Dataset:
    """Which levels dominate which others.

    Parameters
    ----------
    error : DataArray, dims (chain, draw, level, ...)

    Returns
    -------
    Dataset
        `dominates_first` and `dominates_second` (level, other, ...): whether the level dominates
        the other. Of two levels with the same distribution neither does.

    Raises
    ------
    InputError
        If there are more than `MAX_LEVELS_IN_PAIRS` levels.

    Examples
    --------
    The first is always better; the third has the mean of the second, but is less sure:

    >>> error = xr.DataArray([[[0.1, 0.3, 0.2], [0.2, 0.3, 0.4]]],
    ...                      {"level": ["a", "b", "c"]}, (*SAMPLE, "level"))
    >>> found = dominance(error)
    >>> found["dominates_first"].values.astype(int)
    array([[0, 1, 1],
           [0, 0, 0],
           [0, 0, 0]])
    >>> found["dominates_second"].values.astype(int)
    array([[0, 1, 1],
           [0, 0, 1],
           [0, 0, 0]])
    """
    count = error.sizes["level"]
    if count > MAX_LEVELS_IN_PAIRS:
        raise InputError(
            f"rule 'all' compares each level with each other: at most {MAX_LEVELS_IN_PAIRS} levels "
            f"are taken, got {count:,}; leave out those that are not in question, or ask for one "
            "rule"
        )
    rest = [dim for dim in error.dims if dim not in (*SAMPLE, "level")]
    values = error.transpose("level", *rest, *SAMPLE).values
    falling = -np.sort(-values.reshape(*values.shape[:-2], -1), axis=-1)
    worst = np.cumsum(falling, axis=-1) / np.arange(1, falling.shape[-1] + 1)
    level = error["level"].values
    coords = {"level": level, "other": level, **{d: error[d] for d in rest if d in error.coords}}
    return xr.Dataset(
        {
            "dominates_first": (("level", "other", *rest), _in_pairs(falling)),
            "dominates_second": (("level", "other", *rest), _in_pairs(worst)),
        },
        coords,
    )


def _in_pairs(curves: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each curve lies nowhere above each other one and somewhere below, (level, ..., n)."""
    found = []
    for own in curves:
        below = curves - own
        found.append((below >= -TIE).all(axis=-1) & (below > TIE).any(axis=-1))
    return np.array(found)
