"""What the figure of a page shows: the levels that have a colour, and the runs on each."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.decisions.trained import LEAST_PROBABILITY
from qqt_bayes.report.page import svg

MOST_COLOURS = svg.CROSS
"""Levels that are drawn in colour with their bands; others are thin grey lines."""
SAME = 1e-6
"""Relative difference up to which a training set is a level: sizes in two tables may be rounded."""


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


def level_of_runs(runs: xr.Dataset, levels: xr.DataArray) -> NDArray[np.intp]:
    """Place of the level that each training set is, -1 if it is none; shape (data,)."""
    sets, taken = xr.align(
        runs["unique_samples"], levels, join="outer", exclude=("data", "level"), fill_value=0.0
    )
    x, y = sets.transpose("data", "pool").values, taken.transpose("level", "pool").values
    same = (np.abs(x[:, None] - y) <= SAME * y).all(axis=2)
    return np.where(same.any(axis=1), same.argmax(axis=1), -1)


def runs_of(runs: xr.Dataset, group: str) -> NDArray[np.bool_]:
    """Which runs are of a group, of all if it is empty."""
    index = runs["group_index"].values
    names = runs["group"].values.tolist()
    return np.asarray(index == names.index(group) if group else np.ones(index.size, bool))
