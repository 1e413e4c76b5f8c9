"""Least squares by trying every point of a grid in plain Python, each pool by itself.

What scaling laws of filtered data have been fitted with: a point, no interval.  Two ways to write
it: a pool's runs as a NumPy array, as research code has it; or numbers and `math`, which for five
runs is faster.
"""

import math
from itertools import product

import numpy as np
import xarray as xr

UNIT = 1e5
SCALES = np.geomspace(0.005, 0.5, 10)
UTILITIES = np.linspace(0.01, 0.4, 20)
FLOORS = np.linspace(0.01, 0.3, 10)
HALF_LIVES = np.linspace(1.0, 25.0, 50)
POINTS = SCALES.size * UTILITIES.size * FLOORS.size * HALF_LIVES.size

Point = tuple[float, float, float, float]


def errors_of_arrays(point: Point, seen: np.ndarray, unique: float) -> np.ndarray:
    """Errors after `seen` samples of a pool of `unique`, epoch by epoch."""
    a, b, d, tau = point
    exponent = b * np.log(a * np.minimum(seen, unique) / UNIT)
    for epoch in range(1, math.ceil(seen.max() / unique)):
        before = np.minimum(epoch * unique, seen)
        after = np.minimum((epoch + 1) * unique, seen)
        exponent += b * 2 ** (-epoch / tau) * np.log(after / before)
    return np.exp(-exponent) + d


def errors_of_numbers(point: Point, seen: list[float], unique: float) -> list[float]:
    """The same, one run after the other."""
    a, b, d, tau = point
    errors = []
    for n in seen:
        exponent = b * math.log(a * min(n, unique) / UNIT)
        for epoch in range(1, math.ceil(n / unique)):
            after = min((epoch + 1) * unique, n)
            exponent += b * 2 ** (-epoch / tau) * math.log(after / (epoch * unique))
        errors.append(math.exp(-exponent) + d)
    return errors


def search(runs: xr.Dataset, pool: str, *, arrays: bool) -> Point:
    """The a, b, d, tau of the grid with the least sum of squares on the runs of one pool."""
    sizes = runs["unique_samples"].sel(pool=pool)[runs["data_index"]]
    mine = runs.isel(run=np.flatnonzero(sizes))
    unique = float(sizes.max())
    seen, errors = mine["samples_seen"].values, mine["error"].values
    best, least = (math.nan,) * 4, math.inf
    for point in product(*(axis.tolist() for axis in (SCALES, UTILITIES, FLOORS, HALF_LIVES))):
        if arrays:
            loss = float(np.sum((errors_of_arrays(point, seen, unique) - errors) ** 2))
        else:
            fitted = errors_of_numbers(point, seen.tolist(), unique)
            loss = sum((y - x) ** 2 for x, y in zip(fitted, errors.tolist(), strict=True))
        if loss < least:
            best, least = point, loss
    return best
