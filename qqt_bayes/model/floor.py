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
from scipy import stats

Array = NDArray[np.float64]
NEGLIGIBLE = 0.05
"""``K``: a floor below which it hardly matters how far below."""
LEAST, SHARE = 1e-4, 0.1
"""Floors below this, or below this share of the least error, count as this."""
FULL = 0.999
"""Floors nearer to the upper end than this share of the way count as this."""
WIDTH = 0.15
"""``w``, as a share of ``W``."""
REACH = 2.5
"""The line is fitted to so many standard deviations to either side."""
FLATTEST = 0.01
"""``c1`` at the least."""
STEEPEST = 0.9
"""``c2`` at the most, as a share of ``c1``."""


def on_line(u: Any, line: Any, support: tuple[float, float], xp: ModuleType) -> tuple[Any, Any]:
    """The floor at ``u`` and the log of its derivative.

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
    y = NEGLIGIBLE * _softplus(v, xp)
    beyond = (y - wall) / width
    z = y - (1 - slow) * width * (_softplus(beyond, xp) - _softplus(-wall / width, xp))
    lower, upper = support
    log_derivative = (
        xp.log(c1 + c2 * u / root)
        + np.log(NEGLIGIBLE)
        - _softplus(-v, xp)
        + xp.log(slow + (1 - slow) * xp.exp(-_softplus(beyond, xp)))
        - 2 * xp.log(1 + z / (upper - lower))
    )
    return lower + z / (1 + z / (upper - lower)), log_derivative


def fit_line(
    floor: Array, cost: Array, least: float, noise: float, support: tuple[float, float]
) -> Array:
    """The line on which a floor is about normal.

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
    """
    lower, upper = support
    fine = np.linspace(floor[0], floor[-1], 1000)
    density = np.exp(cost.min() - np.interp(fine, floor, cost))
    below = np.cumsum(density) - density / 2
    u = np.linspace(-REACH, REACH, 50)
    at = np.interp(stats.norm.cdf(u), below / density.sum(), fine)
    left = 1 - np.minimum((at - lower) / (upper - lower), FULL)
    smallest = min(LEAST, SHARE * (least - lower))
    z = np.maximum((at - lower) / left, smallest) / NEGLIGIBLE
    v = z + np.log(-np.expm1(-z))
    weight = np.exp(-(u**2) / 8)
    shape = np.stack([np.ones_like(v), u, np.sqrt(1 + u**2) - 1], axis=1)
    c = np.linalg.lstsq(shape * weight[:, None], v * weight)[0]
    c[1] = max(c[1], FLATTEST)
    c[2] = np.clip(c[2], -STEEPEST * c[1], STEEPEST * c[1])
    left = 1 - min((least - lower) / (upper - lower), FULL)
    wall = (least - lower) / left
    slow = min(1.0, noise / left**2 / (NEGLIGIBLE * (c[1] + c[2])))
    return np.append(c, [wall, WIDTH * wall, slow])


def _softplus(x: Any, xp: ModuleType) -> Any:
    """``log(1 + e^x)``."""
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-abs(x)))
