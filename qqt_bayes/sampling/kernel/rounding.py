r"""The density of a printed error in the compiled log density.

The mathematics is that of `qqt_bayes.model.rounding`: with the residual z in units of sigma and
the rounding h in the same units, the density is the average of that of the noise over z - h to
z + h.  Derivatives of the average are averages of derivatives, under the same weights.
"""

from __future__ import annotations

import math

import numpy as np

from qqt_bayes.model.priors import HALF_LOG_2_PI, LOG_PI
from qqt_bayes.model.rounding import MAX_LOG_FALL, MIN_HALF_WIDTH, NODES, WEIGHTS
from qqt_bayes.sampling.kernel.memory import kernel
from qqt_bayes.sampling.kernel.priors import digamma

FEW_NODES, FEW_WEIGHTS = np.polynomial.legendre.leggauss(10)
"""Enough, to 1e-12, for an interval in which the density hardly changes."""
NARROW, NARROW_FALL = 0.5, 2.0
"""That is one of at most this half-width in units of sigma (and of sqrt(nu), if that is less), in
which the log density changes by at most so much to either side."""


@kernel
def log_noise(x, nu):
    """Log density of noise of unit scale, up to a constant in x."""
    if math.isinf(nu):
        return -x * x / 2
    return -(nu + 1) / 2 * math.log1p(x * x / nu)


@kernel
def pull_of_noise(x, nu):
    """Minus the derivative of `log_noise` by x."""
    if math.isinf(nu):
        return x
    return (nu + 1) * x / (nu + x * x)


@kernel
def averages(z, half, nu):
    """Averages over an interval, of what the density and its derivatives are made of.

    Parameters
    ----------
    z : float
        Middle of the interval, at least 0.
    half : float
        Half its width, above 0.
    nu : float

    Returns
    -------
    tuple of float
        Log of the averaged density, up to the constant of `log_noise`; and, averaged under the
        density: the pull, x times the pull, and ``log(1 + x^2 / nu)``.
    """
    narrow = half <= NARROW * min(1.0, math.sqrt(nu)) and half * pull_of_noise(z, nu) <= NARROW_FALL
    inside = z < half
    edge = 0.0 if inside else z - half  # where the density is largest
    highest = log_noise(edge, nu)
    if math.isinf(nu):
        more = 2 * MAX_LOG_FALL
    else:
        more = (edge * edge + nu) * math.expm1(2 * MAX_LOG_FALL / (nu + 1))
    gap = more / (math.sqrt(edge * edge + more) + edge)
    below = math.asinh(min(half - z, gap)) if inside else 0.0
    far = edge + min(half + z if inside else 2 * half, gap)
    start = math.asinh(edge) - below
    # arcsinh(far) - arcsinh(edge) without taking a difference
    both = far * math.sqrt(1 + edge * edge) + edge * math.sqrt(1 + far * far)
    length = below + math.asinh((far - edge) * (edge + far) / both if both > 0 else 0.0)
    total, pull, turn, tail = 0.0, 0.0, 0.0, 0.0
    for j in range(FEW_NODES.size if narrow else NODES.size):
        if narrow:
            x = z + half * FEW_NODES[j]
            weight = FEW_WEIGHTS[j]
        else:
            x = math.sinh(start + length * (1 + NODES[j]) / 2)
            weight = WEIGHTS[j] * math.sqrt(1 + x * x)
        weight *= math.exp(log_noise(x, nu) - highest) / 2
        slope = pull_of_noise(x, nu)
        total += weight
        pull += weight * slope
        turn += weight * slope * x
        if not math.isinf(nu):
            tail += weight * math.log1p(x * x / nu)
    wide = 0.0 if narrow else math.log(length / (2 * half))
    return highest + math.log(total) + wide, pull / total, turn / total, tail / total


@kernel
def printed(residual, half, nu):
    """Log density of a printed error in units of sigma; derivatives of that of the error itself.

    Those are by the residual, by log sigma and by nu; the density itself has ``- log(sigma)`` more.

    Parameters
    ----------
    residual, half : float
        The residual and its rounding, in units of sigma.
    nu : float
        Infinite for normal noise.
    """
    z = abs(residual)
    if half < MIN_HALF_WIDTH:
        density, pull = log_noise(z, nu), pull_of_noise(z, nu)
        turn = z * pull
        tail = 0.0 if math.isinf(nu) else math.log1p(z * z / nu)
    else:
        density, pull, turn, tail = averages(z, half, nu)
    by_residual, by_log_sigma = math.copysign(pull, -residual), turn - 1
    if math.isinf(nu):
        return density - HALF_LOG_2_PI, by_residual, by_log_sigma, 0.0
    density += math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - (math.log(nu) + LOG_PI) / 2
    by_nu = digamma((nu + 1) / 2) - digamma(nu / 2) - 1 / nu - tail + turn / nu
    return density, by_residual, by_log_sigma, by_nu / 2
