r"""The density of a printed error: that of the noise averaged over what was rounded to it.

An error y with rounding r is ``mu + noise + e`` with e uniform on (-r, r), so its density is that
of the noise averaged over an interval,

``p(y) = integral_{y - r}^{y + r} f(x) dx / (2 r) = (F(y + r) - F(y - r)) / (2 r)``.

A difference of distribution functions loses all digits where r is small, or y far from mu.  With
``x = mu + s sinh(v)`` the average is an integral over v of a function whose width is about 1 at any
r; Gauss and Legendre's nodes find it, from where the density is largest in the interval to where it
has fallen by `MAX_LOG_FALL`, in logarithms.  So r may be anything, 0 included, and its derivatives
are as good as its values.

The functions take NumPy's arrays or PyTensor's tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

NODES, WEIGHTS = np.polynomial.legendre.leggauss(32)
MAX_LOG_FALL = 36.0
"""The average is taken as far as the density falls to e^-36 of its largest in the interval.  With
32 nodes the log density is then right to 1e-10 for normal noise, and to 1e-5 for Student's t with
``nu >= 1`` and ``r <= 100 s``."""
MIN_HALF_WIDTH = 1e-9
"""Roundings count as at least so many deviations: less is as good as none, and 0 has no logarithm.
"""


def averaged(
    log_noise: Callable[[Any], Any],
    residual: Any,
    sigma: Any,
    rounding: Any,
    nu: Any,
    xp: ModuleType,
) -> Any:
    """The log density of printed errors, shape (..., run).

    Parameters
    ----------
    log_noise : callable
        The log density of noise of unit scale, given values of shape (..., run, node).
    residual, sigma, rounding : array, shape (..., run)
        How far each error lies from its mean, the scale of its noise, and half the width of what
        was rounded to it.
    nu : array, shape (..., run), or None
        Degrees of freedom of the noise; None for normal noise.
    xp : module
        NumPy, or PyTensor's tensor module.
    """
    half = xp.maximum(rounding / sigma, MIN_HALF_WIDTH)
    log_length, x = _interval(abs(residual) / sigma, half, nu, xp)
    each = log_noise(x) + xp.log1p(x**2) / 2 + np.log(WEIGHTS / 2)  # dx / dv = sqrt(1 + x^2)
    most = each.max(axis=-1)  # taken out of the sum of exponentials, which else may underflow
    mean = most + xp.log(xp.exp(each - most[..., None]).sum(axis=-1))
    return mean + log_length - xp.log(2 * half) - xp.log(sigma)


def _interval(z: Any, half: Any, nu: Any, xp: ModuleType) -> tuple[Any, Any]:
    """The log of the interval's length in v, (..., run), and its nodes in x, (..., run, node).

    It covers what matters of the density on either side of ``edge``, where that is largest: there
    ``log f`` is down by `MAX_LOG_FALL` at ``edge + gap``.
    """
    inside = z < half
    edge = xp.where(inside, 0.0, z - half)
    # `more` is (edge + gap)^2 - edge^2; solved for the gap without a difference of large numbers.
    more = (
        2 * MAX_LOG_FALL if nu is None else (edge**2 + nu) * xp.expm1(2 * MAX_LOG_FALL / (nu + 1))
    )
    gap = more / (xp.sqrt(edge**2 + more) + edge)
    below = xp.minimum(xp.where(inside, half - z, 0.0), gap)
    above = xp.minimum(half + xp.where(inside, z, half), gap)
    far = edge + above
    # arcsinh(far) - arcsinh(edge) without taking a difference
    ratio = (edge + far) / (far * xp.sqrt(1 + edge**2) + edge * xp.sqrt(1 + far**2))
    length = xp.arcsinh(below) + xp.arcsinh(above * ratio)
    start = xp.arcsinh(edge) - xp.arcsinh(below)
    v = start[..., None] + length[..., None] * (1 + NODES) / 2
    return xp.log(length), xp.sinh(v)
