"""What is left of samples' use when they are repeated, summed over epochs and over pools."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np

from qqt_bayes.laws.epochs import Epochs
from qqt_bayes.laws.means import Mixture


def remaining(epochs: Epochs, tau: Any, xp: ModuleType) -> Any:
    """Share of a sample's use that is left in each epoch, ``2^(-k/tau)``, shape (..., node)."""
    halvings = -epochs.node / tau[..., None]
    return np.exp2(halvings, out=halvings) if xp is np else xp.exp2(halvings)


def pools_first(epochs: Epochs, a: Any, b: Any, tau: Any, mixture: Mixture) -> Any:
    """``mean(b 2^(-k/tau))``, shape (..., 1, node); None unless the pools can be summed first.

    They can where growth is the same in each: samples of one size, and one scale a for all.
    """
    if mixture.over_pools is None:
        return None
    if epochs.unique_samples.shape != (1,) or a.shape[-2:] != (1, 1):
        return None
    return mixture.over_pools(b, remaining(epochs, tau, np))


def over_nodes(left: Any, growth: Any, xp: ModuleType) -> Any:
    """Sum of their products over the nodes; in NumPy without an array of the products."""
    if xp is not np:
        return (left * growth).sum(-1)
    if left.shape[-2:-1] == (1,) and growth.ndim == 2:  # the same for all: a matrix product
        return left[..., 0, :] @ growth.T
    return np.vecdot(left, growth)


def bounded_use_drawn(draws: Epochs, a: Any, tau: Any, xp: ModuleType) -> Any:
    """The integral of the law `utility-bounded` over draws with replacement, shape (...).

    ``integral exp(-x (1 - 2^(-1/tau))) a U / (1 + a U x) dx`` from 0 to ``n / U``.
    """
    scale = (a * draws.unique_samples)[..., None]
    left = xp.exp(draws.node[1:] * xp.expm1(-math.log(2) / tau)[..., None])
    grows = scale / (1 + scale * draws.node[1:])
    first = xp.log1p(a * draws.unique_samples * draws.count[..., 0])
    return first + over_nodes(left * grows, draws.count[..., 1:], xp)


def effective_use_drawn(draws: Epochs, decay: Any, mixture: Mixture, xp: ModuleType) -> Any:
    """The sum over epochs of the law `effective-data` over draws with replacement, shape (...).

    ``integral e^(-s x) / mean((1 - e^(-s x)) / s) dx`` with ``s = 1 - e^-decay``, and the logarithm
    of the first samples.

    Parameters
    ----------
    decay : array, shape (..., 1)
        ``log(2) / tau``.
    """
    at, speed = draws.node[1:], -xp.expm1(-decay)
    before = mixture.mean(-xp.expm1(-speed * at) / speed)
    grows = xp.exp(-speed * at) * mixture.spread(1 / before)
    first = np.log(draws.unique_samples * draws.count[..., 0])
    return first + over_nodes(grows, draws.count[..., 1:], xp)
