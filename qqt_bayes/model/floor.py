r"""The line on which a floor is sampled.

A floor d is at least 0, may well be 0, and cannot be far above the least error that was seen.  So
it moves along a line ``u`` whose ends are bent towards both:

``v = c0 + c1 u + c2 (sqrt(1 + u^2) - 1)``, a hyperbola, with one slope on either side;
``y = K log(1 + e^v)``, nearly 0 for v far below 0 and straight above;
``z = y - (1 - s) w log((1 + e^((y - W) / w)) / (1 + e^(-W / w)))``, whose slope falls from 1 to s
at the wall W, the least error: beyond it a unit of u moves the floor by no more than the noise;
``d = lower + z / (1 + z / (upper - lower))``.

The constants come from the profile of the floor, so that u is about normal.  They shape the
coordinate only: u reaches all of d's support.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
SMALL_FLOOR = 0.05
"""``K``: of a floor below it, it hardly matters how far below it is."""
MIN_FLOOR, MIN_FLOOR_SHARE = 1e-4, 0.1
"""Where the line is fitted, floors below this, and below this share of the least error, count as
the smaller of the two: a floor of 0 lies at minus infinity."""
MAX_SHARE = 0.999
"""Floors count as no farther than this share of the way to the upper end, where z is infinite."""
WALL_WIDTH = 0.15
"""``w``, as a share of ``W``."""
DEVIATIONS, POINTS, PROFILE_POINTS = 2.5, 50, 1000
"""The line is fitted at so many points up to so many standard deviations to either side, and the
density of the floor summed at so many."""
MIN_SLOPE = 0.01
"""``c1`` is at least this, so that u always moves the floor up."""
MAX_BEND = 0.9
"""``c2`` is at most this share of ``c1``: with all of it one of the slopes ``c1 +- c2`` were 0."""


def on_line(u: Any, line: Any, support: tuple[float, float], xp: ModuleType) -> tuple[Any, Any]:
    """The floor at ``u`` and the log of its derivative there.

    Parameters
    ----------
    u : array, shape (...,)
    line : array, shape (6, ...)
        ``c0``, ``c1``, ``c2``, ``W``, ``w`` and ``s``, as `fit_line` returns them.
    support : tuple of float
        Lower and upper end of the floor's prior; the upper one may be infinite.
    xp : module
        NumPy, or PyTensor's tensor module.

    Examples
    --------
    >>> line = np.array([0.0, 1.0, 0.5, 0.3, 0.05, 0.15])
    >>> on_line(np.array([-2.0, 0.0, 9.0]), line, (0.0, 1.0), np)[0].round(4)
    array([0.0111, 0.0334, 0.2608])
    """
    c0, c1, c2, wall, width, slow = (line[i] for i in range(6))
    root = xp.sqrt(1 + u**2)
    v = c0 + c1 * u + c2 * (root - 1)
    y = SMALL_FLOOR * _softplus(v, xp)
    beyond = (y - wall) / width
    z = y - (1 - slow) * width * (_softplus(beyond, xp) - _softplus(-wall / width, xp))
    lower, upper = support
    log_derivative = (
        xp.log(c1 + c2 * u / root)  # of v by u
        + np.log(SMALL_FLOOR)
        - _softplus(-v, xp)  # of y by v
        + xp.log(slow + (1 - slow) * xp.exp(-_softplus(beyond, xp)))  # of z by y
        - 2 * xp.log(1 + z / (upper - lower))  # of d by z
    )
    return lower + z / (1 + z / (upper - lower)), log_derivative


def fit_line(
    floor: Array, cost: Array, least: float, noise: float, support: tuple[float, float]
) -> Array:
    """Fit the line on which a floor is about normal.

    Quantiles of the floor's density are to lie at those of the standard normal: v is fitted to them
    by least squares, with weights that fall from the middle to the ends.

    Parameters
    ----------
    floor : array, shape (knot,)
        Increasing.
    cost : array, shape (knot,)
        Minus the log of the floor's density.
    least : float
        Least error; the wall is there.
    noise : float
        Its standard deviation.
    support : tuple of float
        As for `on_line`.

    Returns
    -------
    array, shape (6,)
        ``c0``, ``c1``, ``c2``, ``W``, ``w`` and ``s``.
    """
    lower, upper = support
    fine = np.linspace(floor[0], floor[-1], PROFILE_POINTS)
    density = np.exp(cost.min() - np.interp(fine, floor, cost))
    below = np.cumsum(density) - density / 2
    u = np.linspace(-DEVIATIONS, DEVIATIONS, POINTS)
    quantiles = np.interp(special.ndtr(u), below / density.sum(), fine)
    # From d back to z, y (the wall left out) and v.
    left = 1 - np.minimum((quantiles - lower) / (upper - lower), MAX_SHARE)
    smallest = min(MIN_FLOOR, MIN_FLOOR_SHARE * (least - lower))
    v = _inverse_softplus(np.maximum((quantiles - lower) / left, smallest) / SMALL_FLOOR)
    design = np.stack([np.ones_like(v), u, np.sqrt(1 + u**2) - 1], axis=1)
    weight = np.exp(-(u**2) / 8)
    c = np.linalg.lstsq(design * weight[:, None], v * weight)[0]
    c[1] = max(c[1], MIN_SLOPE)
    c[2] = np.clip(c[2], -MAX_BEND * c[1], MAX_BEND * c[1])
    left = 1 - min((least - lower) / (upper - lower), MAX_SHARE)
    wall = (least - lower) / left
    # Far above the wall a unit of u moves z by K (c1 + c2) s: as much as the noise, in units of z.
    slow = min(1.0, noise / left**2 / (SMALL_FLOOR * (c[1] + c[2])))
    return np.append(c, [wall, WALL_WIDTH * wall, slow])


def _softplus(x: Any, xp: ModuleType) -> Any:
    """``log(1 + e^x)``, without an overflow for large x."""
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-abs(x)))


def _inverse_softplus(y: Array) -> Array:
    """``log(e^y - 1)``."""
    x: Array = y + np.log(-np.expm1(-y))
    return x
