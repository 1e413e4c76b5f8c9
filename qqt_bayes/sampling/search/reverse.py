r"""Exact derivatives of a law in NumPy, by the chain rule backwards along its own formula.

The laws of `qqt_bayes.laws.law` take the module that holds exp, log and the like as `xp`.  Given
this one, and parameters that are `Traced`, a law leaves behind how each intermediate array came
from others.  `gradient` then goes back from the result: what an array passes on to each of its
sources is the derivative of the result by that array, its adjoint, times the array's own derivative
by the source.  So a formula stands in one place only, and all derivatives of a sum cost a few times
as much as the sum, however many there are.

Source: A. Griewank and A. Walther 2008, Evaluating Derivatives, chapter 3.

Examples
--------
``y = x exp(2 x)`` has the derivative ``(1 + 2 x) exp(2 x)``:

>>> x = Traced(np.array([0.0, 0.5]))
>>> (slope,) = gradient(x * exp(2 * x), [x])
>>> print(slope, (1 + 2 * x.value) * np.exp(2 * x.value))
[1.         5.43656366] [1.         5.43656366]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Pull = Callable[[Array], Array]
"""From the adjoint of an array to what it adds to that of a source."""


class Traced:
    """An array that knows which arrays it was computed from.

    Parameters
    ----------
    value : array
    *sources : tuple of (Traced, callable)
        What it was computed from, and the way back to each; none for a parameter.
    """

    __array_ufunc__ = None  # so that NumPy's arrays leave sums and products with it to it

    def __init__(self, value: Array, *sources: tuple[Traced, Pull]) -> None:
        self.value = value
        self.sources = sources

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.value.ndim

    def __add__(self, other: Any) -> Traced:
        if isinstance(other, Traced):
            value = self.value + other.value
            return Traced(value, (self, lambda adjoint: adjoint), (other, lambda adjoint: adjoint))
        return Traced(self.value + other, (self, lambda adjoint: adjoint))

    def __mul__(self, other: Any) -> Traced:
        if isinstance(other, Traced):
            return Traced(
                self.value * other.value,
                (self, lambda adjoint: adjoint * other.value),
                (other, lambda adjoint: adjoint * self.value),
            )
        return Traced(self.value * other, (self, lambda adjoint: adjoint * other))

    def __neg__(self) -> Traced:
        return Traced(-self.value, (self, lambda adjoint: -adjoint))

    def __sub__(self, other: Any) -> Traced:
        return self.__add__(-other)

    def __rsub__(self, other: Any) -> Traced:
        return (-self).__add__(other)

    def __rtruediv__(self, other: Any) -> Traced:
        inverse = 1 / self.value
        reciprocal = Traced(inverse, (self, lambda adjoint: -adjoint * inverse**2))
        return reciprocal.__mul__(other)

    def __truediv__(self, other: Any) -> Traced:
        return self.__mul__(1 / other)

    def __rpow__(self, base: Any) -> Traced:
        return exp(self * np.log(base))

    __radd__, __rmul__ = __add__, __mul__

    def __getitem__(self, index: Any) -> Traced:
        """A slice; each element is in it no more than once."""

        def pull(adjoint: Array) -> Array:
            back = np.zeros_like(self.value)
            back[index] = adjoint
            return back

        return Traced(self.value[index], (self, pull))

    def sum(self, axis: int) -> Traced:
        """The sum over an axis."""

        def pull(adjoint: Array) -> Array:
            return np.broadcast_to(np.expand_dims(adjoint, axis), self.value.shape)

        return Traced(self.value.sum(axis), (self, pull))


def exp(x: Traced) -> Traced:
    """The exponential of each element."""
    y = np.exp(x.value)
    return Traced(y, (x, lambda adjoint: adjoint * y))


def exp2(x: Traced) -> Traced:
    """Two to the power of each element."""
    y = np.exp2(x.value)
    return Traced(y, (x, lambda adjoint: adjoint * (math.log(2) * y)))


def expm1(x: Traced) -> Traced:
    """``exp(x) - 1`` of each element, precise for a small one."""
    y = np.expm1(x.value)
    return Traced(y, (x, lambda adjoint: adjoint * (y + 1)))


def log(x: Traced) -> Traced:
    """The logarithm of each element."""
    return Traced(np.log(x.value), (x, lambda adjoint: adjoint / x.value))


def log1p(x: Traced) -> Traced:
    """``log(1 + x)`` of each element, precise for a small one."""
    return Traced(np.log1p(x.value), (x, lambda adjoint: adjoint / (1 + x.value)))


def maximum(x: Traced, bound: float) -> Traced:
    """Each element, or the bound where that is larger."""
    return Traced(np.maximum(x.value, bound), (x, lambda adjoint: adjoint * (x.value > bound)))


def gradient(result: Traced, parameters: list[Traced]) -> list[Array]:
    """The derivatives of the sum of a result by parameters.

    Returns
    -------
    list of array
        Of the shape of each parameter.
    """
    adjoint = {id(result): np.ones_like(result.value)}
    for node in reversed(_in_order(result)):
        for source, pull in node.sources:
            passed = _summed_to(pull(adjoint[id(node)]), source.value.shape)
            known = adjoint.get(id(source))
            adjoint[id(source)] = passed if known is None else known + passed
    return [adjoint.get(id(each), np.zeros_like(each.value)) for each in parameters]


def _in_order(result: Traced) -> list[Traced]:
    """The arrays that a result was computed from, each behind its sources."""
    seen: set[int] = set()
    order: list[Traced] = []

    def visit(node: Traced) -> None:
        if id(node) not in seen:
            seen.add(id(node))
            for source, _ in node.sources:
                visit(source)
            order.append(node)

    visit(result)
    return order


def _summed_to(adjoint: Array, shape: tuple[int, ...]) -> Array:
    """Sum over the axes along which an array of some shape was repeated."""
    if adjoint.shape == shape:
        return adjoint
    ahead = adjoint.ndim - len(shape)
    repeated = [ahead + i for i, n in enumerate(shape) if n == 1 and adjoint.shape[ahead + i] > 1]
    summed: Array = adjoint.sum(axis=(*range(ahead), *repeated), keepdims=True)
    return summed.reshape(shape)
