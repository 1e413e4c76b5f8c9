"""What the figure of a page shows in colour."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qqt_bayes.decisions.trained import LEAST_PROBABILITY
from qqt_bayes.report.page import svg

MOST_COLOURS = svg.CROSS
"""Levels that are drawn in colour with their bands; others are thin grey lines."""


def colours(decision: xr.Dataset) -> list[int]:
    """Places of the levels that matter most, in their own order: chosen somewhere, or likely best.

    Where there are too many, the choice at the largest budget comes first.
    """
    best = decision["probability_best"].max("budget").values
    chosen = (decision["level"] == decision["choice"]).any("budget").values
    matters = np.flatnonzero(chosen | (best >= LEAST_PROBABILITY))
    last = decision["level"].values.tolist().index(decision["choice"].values[-1])
    order = sorted(matters.tolist(), key=lambda i: (i != last, not chosen[i], -best[i]))
    return sorted(order[:MOST_COLOURS])
