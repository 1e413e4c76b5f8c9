"""Which runs figures and pages show beside levels: those of a group, and of each training set."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

SAME = 1e-6
"""Relative difference up to which a training set is a level: sizes in two tables may be rounded."""


def level_of_sets(runs: xr.Dataset, levels: xr.DataArray) -> NDArray[np.intp]:
    """Place of the level that each training set is, -1 if it is none; shape (data,).

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it.
    levels : DataArray, dims (level, pool)
        Unique samples.
    """
    sets, taken = xr.align(
        runs["unique_samples"], levels, join="outer", exclude=("data", "level"), fill_value=0.0
    )
    x, y = sets.transpose("data", "pool").values, taken.transpose("level", "pool").values
    same = (np.abs(x[:, None] - y) <= SAME * y).all(axis=2)
    return np.where(same.any(axis=1), same.argmax(axis=1), -1)


def of_group(runs: xr.Dataset, group: str | None) -> NDArray[np.bool_]:
    """Which runs are of a group, of all if none is named; shape (run,)."""
    index = runs["group_index"].values
    if not group:
        return np.ones(index.size, bool)
    return np.asarray(index == runs["group"].values.tolist().index(group))
