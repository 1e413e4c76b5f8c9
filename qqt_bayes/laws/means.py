"""How a law makes values of pools into values of the training sets that are mixed from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mixture:
    """How values of pools become values of a training set.

    Attributes
    ----------
    mean : callable
        Weighted mean over the pools of each training set: values of pools in, values of training
        sets out.
    spread : callable
        The way back: hands each pool the value of its training set.
    over_pools : callable, optional
        ``mean(b x)`` of b, shape (..., pool, 1), and x, shape (..., pool, 1, node), as one product
        of matrices, shape (..., 1, node): where it is given, the pools are summed before the nodes.
    shared : callable, optional
        What all pools of a training set have in common, as its own value: their mean, unless that
        is given.
    """

    mean: Callable[[Any], Any]
    spread: Callable[[Any], Any]
    over_pools: Callable[[Any, Any], Any] | None = None
    shared: Callable[[Any], Any] | None = None

    def own(self, x: Any) -> Any:
        """The value of a training set that all of its pools share."""
        return self.mean(x) if self.shared is None else self.shared(x)


ONE_POOL = Mixture(mean=lambda x: x, spread=lambda x: x)
