"""Interpolation within a block of epochs ``[2^m, 2^(m+1))``: the nodes and their Lagrange basis."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

EXACT = 16
"""How many first epochs are summed one by one: a power of two, where the blocks begin."""
POINTS = 12
"""Chebyshev nodes in each block of epochs: with `EXACT`, errors of a sum stay below 1e-9."""
FIRST_INTEGRATED = 2**16
"""First epoch of the blocks that are integrated instead of summed (error below 1e-10): their
running sums would be tables of as many rows as they have epochs."""

Array = NDArray[np.float64]


@lru_cache
def positions(points: int) -> Array:
    """Chebyshev points of the first kind on [0, 1]."""
    return (1 - np.cos(np.pi * (np.arange(points) + 0.5) / points)) / 2


def basis(points: int, t: Array) -> Array:
    """Lagrange basis ``l_j(t)`` on [0, 1] at the Chebyshev points, shape t.shape + (points,)."""
    angle = np.pi * (np.arange(points) + 0.5) / points
    weight = (-1.0) ** np.arange(points) * np.sin(angle)
    distance = t[..., None] - positions(points)
    hit = distance == 0  # at a node the formula is 0/0 and the basis is 1 there, 0 elsewhere
    ratio = weight / np.where(hit, 1.0, distance)
    values = ratio / ratio.sum(axis=-1, keepdims=True)
    return np.where(hit.any(axis=-1, keepdims=True), hit.astype(float), values)
