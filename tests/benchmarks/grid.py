"""a, b, d, tau of each pool by trying every point of a grid, in plain Python.

What scaling laws of filtered data have been fitted with: a point, no interval.
"""

import math
from itertools import product

import numpy as np
from written import Runs

SCALES = np.geomspace(0.005, 0.5, 10)
UTILITIES = np.linspace(0.01, 0.4, 20)
FLOORS = np.linspace(0.01, 0.3, 10)
HALF_LIVES = np.linspace(1.0, 25.0, 50)
AXES = [axis.tolist() for axis in (SCALES, UTILITIES, FLOORS, HALF_LIVES)]

Point = tuple[float, ...]


def estimate(runs: Runs) -> list[Point]:
    """The point with the least sum of squares on the runs of each pool."""
    return [
        best(runs.growth[runs.pool == i], runs.error[runs.pool == i]) for i in range(runs.pools)
    ]


def best(growth: np.ndarray, error: np.ndarray) -> Point:
    """The best point for one pool."""
    runs = list(zip(growth.tolist(), error.tolist(), strict=True))
    return min(product(*AXES), key=lambda point: loss(point, runs))


def loss(point: Point, runs: list[tuple[list[float], float]]) -> float:
    """The sum of squares; numbers and `math` are faster than NumPy for five runs."""
    a, b, d, tau = point
    total = 0.0
    for growth, error in runs:
        exponent = math.log(a) + sum(2 ** (-k / tau) * each for k, each in enumerate(growth))
        total += (math.exp(-b * exponent) + d - error) ** 2
    return total
