"""Directions that a design leaves open, along which parameters trade against each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qqt_bayes.information import Information
from qqt_bayes.phrases import named

Array = NDArray[np.float64]

TRADE = 1.25
"""Length of a direction, squared, against what it would be without correlation."""
OPEN = 0.5
"""Deviation along a direction, in units of the prior's, from which on it is worth a sentence."""
LOADING = 0.3
"""Share of the largest loading that makes a parameter part of a direction."""


def ridges(told: Information) -> list[dict[str, Any]]:
    """Directions that the runs leave open although they tell others of the same parameters.

    A direction v is one if correlation makes it longer: ``v' C v > 1.25 sum v_i^2 C_ii``, with C
    the posterior covariance in units of the prior's deviations.
    """
    found = []
    lengths, directions = np.linalg.eigh(told.left)
    for square, v in zip(lengths[::-1], directions.T[::-1], strict=True):
        alone = v**2 @ np.diag(told.left)
        parameters = _along(told.scalars, v)
        if np.sqrt(square) > OPEN and square > TRADE * alone and len(parameters) > 1:
            found.append({"parameters": parameters, "left": float(np.sqrt(square))})
    return found


def _along(scalars: tuple[tuple[str, str], ...], direction: Array) -> list[str]:
    """The parameters of a direction; if it is but one, the pools or groups that trade."""
    share = pd.Series(direction**2).groupby([name for name, _ in scalars], sort=False).sum()
    names: list[str] = share.index[share > LOADING**2 * share.max()].tolist()
    if len(names) > 1:
        return names
    large = abs(direction) > LOADING * abs(direction).max()
    sides = [
        [scalar for scalar, yes in zip(scalars, large & side, strict=True) if yes]
        for side in (direction > 0, direction < 0)
    ]
    return [named(side) for side in sides if side]
