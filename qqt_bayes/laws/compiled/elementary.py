r"""Exponentials and logarithms of a row of numbers, several at a time.

The C library's take one number at a time, which would be most of what an error costs.  These have
no branches, so that the compiler works on as many numbers as fit a register; they are right to the
last digit or two.  For normal numbers only: ``exp`` is at least 1e-304, ``log`` knows no zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import numba
import numpy as np

ROUNDING = 1.5 * 2.0**52
"""Added to a number and taken away again, it rounds that to an integer; in between the low bits
hold the integer."""
ROUNDING_BITS = int(np.float64(ROUNDING).view(np.int64))
LOG_2_HIGH = float.fromhex("0x1.62e42fee00000p-1")
"""The first digits of log 2, of which small multiples are exact."""
LOG_2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
"""The others."""
PER_LOG_2 = 1 / math.log(2)
BIAS = 1023
"""What the exponent of a number is stored with."""
MANTISSA = 52
"""Bits of a number below its exponent."""
ROOT_HALF_BITS = int(np.float64(math.sqrt(0.5)).view(np.int64))
LEAST, MOST = -700.0, 709.0
"""Arguments of ``exp`` between which its value is a normal number."""


def kernel[Function: Callable[..., Any]](function: Function) -> Function:
    """Have a function compiled together with what calls it, its sums in the order of writing."""
    options: dict[str, Any] = {
        "no_cpython_wrapper": True,
        "no_cfunc_wrapper": True,
        "fastmath": {"contract"},
    }
    return cast(Function, numba.njit(error_model="numpy", **options)(function))


@kernel
def rest_of_exp(r):
    """``(e^r - 1) / r`` for ``|r| <= log(2) / 2``, a Taylor polynomial.

    Its terms are taken in pairs, and pairs of these: one after the other, each would wait for the
    one before.
    """
    r2 = r * r
    r4 = r2 * r2
    a = (1 + r * (1 / 2)) + r2 * (1 / 6 + r * (1 / 24))
    b = (1 / 120 + r * (1 / 720)) + r2 * (1 / 5040 + r * (1 / 40320))
    c = (1 / 362880 + r * (1 / 3628800)) + r2 * (1 / 39916800 + r * (1 / 479001600))
    return (a + r4 * b) + (r4 * r4) * (c + r4 * (1 / 6227020800))


@kernel
def exp(x):
    """``e^x``; infinite beyond the range of numbers, 1e-304 where it would vanish."""
    within = min(max(x, LEAST), MOST)
    shifted = within * PER_LOG_2 + ROUNDING
    n = shifted - ROUNDING
    r = (within - n * LOG_2_HIGH) - n * LOG_2_LOW
    bits = np.float64(shifted).view(np.int64) - ROUNDING_BITS + BIAS
    power = np.int64(bits << MANTISSA).view(np.float64)
    return np.inf if x > MOST else (1.0 + r * rest_of_exp(r)) * power


@kernel
def expm1(x):
    """``e^x - 1`` to all digits, for x that are not above 700."""
    within = max(x, LEAST)
    shifted = within * PER_LOG_2 + ROUNDING
    n = shifted - ROUNDING
    r = (within - n * LOG_2_HIGH) - n * LOG_2_LOW
    bits = np.float64(shifted).view(np.int64) - ROUNDING_BITS + BIAS
    power = np.int64(bits << MANTISSA).view(np.float64)
    return power * (r * rest_of_exp(r)) + (power - 1.0)


@kernel
def log(x):
    """``log x``: with ``x = 2^e m``, ``log m = 2 artanh((m - 1) / (m + 1))``."""
    bits = np.float64(x).view(np.int64)
    exponent = (bits - ROOT_HALF_BITS) >> MANTISSA
    m = np.int64(bits - (exponent << MANTISSA)).view(np.float64)
    e = np.int64(exponent + ROUNDING_BITS).view(np.float64) - ROUNDING
    f = (m - 1.0) / (m + 1.0)
    q = f * f
    q2 = q * q
    q4 = q2 * q2
    a = (1 / 3 + q * (1 / 5)) + q2 * (1 / 7 + q * (1 / 9))
    b = (1 / 11 + q * (1 / 13)) + q2 * (1 / 15 + q * (1 / 17))
    p = (a + q4 * b) + (q4 * q4) * (1 / 19)
    return (2 * f * (p * q) + e * LOG_2_LOW) + 2 * f + e * LOG_2_HIGH


@kernel
def exp_each(row):
    """Take the exponentials of a row.

    A loop that takes several exponentials or logarithms of a number one after the other is slower
    than as many loops: the processor sees too few numbers ahead.
    """
    for d in range(row.size):
        row[d] = exp(row[d])
