"""The sum over epochs, collapsed onto a few nodes.

Every law of the registry is a sum over epochs ``k = 0, 1, ...`` of a smooth function of ``k`` times
the growth of some quantity ``G(samples)`` within the epoch.  Real plans repeat a small pool up to a
million times, so the sum is never written out:

- epochs below `EXACT` stand for themselves;
- the epochs of a block ``[2^m, 2^(m+1))`` are represented by `POINTS` Chebyshev nodes ``x_j``.
  With the Lagrange basis ``l_j`` of the block, ``sum_k h(k) = sum_j h(x_j) sum_k l_j(k)``.

The node positions are shared by all runs; only the counts differ.  So it is with training sets
that are drawn from with replacement, whose samples are seen more or less often: there ``k`` counts
how often a sample was seen before (`qqt_bayes.laws.sights`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.laws.interpolation import EXACT, FIRST_INTEGRATED, POINTS, basis, positions
from qqt_bayes.laws.sights import expected_sums, integral, log_fresh_growth, nodes_of_mean

MAX_BLOCK_NUMBERS = 250_000
"""How many numbers an intermediate array over draws, pools, budgets and nodes holds at most, but
for those of one draw: 2 MB, which stay in a core's own cache."""
UNIT = 1e5
"""Samples are counted in units of 100,000, as the published values of `a` do."""

Array = NDArray[np.float64]


def log_samples(samples: Any) -> Any:
    """``log n``; 0 before the first sample, so that the growth in epoch 0 is log(min(n, U))."""
    return np.log(np.where(samples > 0, samples, 1.0))


@dataclass(frozen=True)
class Epochs:
    """Runs described by the nodes of their sum over epochs.

    Attributes
    ----------
    samples_seen, unique_samples : array, shape (..., )
        ``n`` and ``U`` of each run, in units of 100,000 samples.
    node : array, shape (node,)
        Position ``x_j`` of each node, in epochs.
    count : array, shape (..., node)
        How many complete epochs the node stands for.
    last : array, shape (..., node)
        Interpolation weights of the last, incomplete epoch.
    rows : tuple of Epochs and index, optional
        The runs these were taken from by `at`, to compute once what repeats.
    log_growth_drawn : array, shape (..., node), optional
        Growth of `log_samples` by samples that were seen so often before, of runs that draw with
        replacement; then `count` are the epochs' worth of such sights that are expected.
    """

    samples_seen: Array
    unique_samples: Array
    node: Array
    count: Array
    last: Array
    rows: tuple[Epochs, Any] | None = None
    log_growth_drawn: Array | None = None

    @property
    def replacement(self) -> bool:
        """Whether the runs draw with replacement."""
        return self.log_growth_drawn is not None

    def sights(self) -> tuple[Array, Array]:
        """How often what is seen is seen in all, and the weight of each number, shape (..., node).

        They are nodes of a mean: of runs that draw with replacement, see `qqt_bayes.laws.sights`;
        without, all samples are seen as often as there are epochs.
        """
        epochs = self.samples_seen / self.unique_samples
        if not self.replacement:
            return epochs[..., None], np.ones((*epochs.shape, 1))
        before, weight = nodes_of_mean(epochs)
        return 1 + before, weight

    def integrated(self) -> Epochs:
        """Runs that draw with replacement, by the nodes of an integral over their draws.

        `count` are its weights, ``dx`` in epochs: for a quantity whose growth is no number.
        """
        if self.rows is not None:
            runs, index = self.rows
            return runs.integrated().at(index)
        node, count = integral(self.samples_seen / self.unique_samples)
        growth = count / np.where(node > 0, node, 1.0)
        growth[..., 0] = log_samples(self.unique_samples * count[..., 0])
        last = np.zeros_like(count)
        return Epochs(
            self.samples_seen, self.unique_samples, node, count, last, log_growth_drawn=growth
        )

    @property
    def complete(self) -> Array:
        """Number ``K`` of complete epochs, shape (...,)."""
        return np.floor(self.samples_seen / self.unique_samples)

    def growth(self, quantity: Callable[[Any], Any], *, shared: bool = False) -> Any:
        """Growth of ``quantity(samples)`` in the epochs of each node.

        ``count_j (G(U (x_j + 1)) - G(U x_j)) + last_j (G(n) - G(U K))``

        Parameters
        ----------
        quantity : callable
            ``G``, a function of samples seen (units of 100,000, 0 included); its argument has a
            last axis for the nodes.
        shared : bool
            Whether `quantity` is the same for all, so that repeated runs need it once.

        Returns
        -------
        array, shape (..., node)
        """
        if self.log_growth_drawn is not None:
            if quantity is not log_samples:
                raise NotImplementedError("with replacement the growth of log n alone is known")
            return self.log_growth_drawn
        if shared and self.rows is not None:
            runs, index = self.rows
            return runs.growth(quantity)[index]
        whole, rest = self._steps(quantity)
        return self.count * whole + self.last * rest

    def total_growth(self, quantity: Callable[[Any], Any], weight: Array) -> Array:
        """Growth over all epochs of training sets of one size, those of each node by its weight.

        ``sum_j weight_j growth_j`` of runs that differ in the samples seen alone: two matrix
        products, without the growth of each run under each draw in an array of its own.

        Parameters
        ----------
        quantity : callable
            As for `growth`.
        weight : array, shape (..., 1, node)
            The same for all runs.

        Returns
        -------
        array, shape (..., run)

        Examples
        --------
        The first epoch counts in full, each later one half as much as that before it:

        >>> epochs = of_one_size([10.0, 25.0], 10.0)
        >>> 1e5 * epochs.total_growth(lambda samples: samples, 0.5 ** epochs.node[None])
        array([10.  , 16.25])
        """
        whole, rest = self._steps(quantity)
        total: Array = (weight * whole)[..., 0, :] @ self.count.T
        total += (weight[..., 0, :] @ self.last.T) * rest[..., 0]
        return total

    def _steps(self, quantity: Callable[[Any], Any]) -> tuple[Any, Any]:
        """What `quantity` gains in an epoch at each node, and in the last, incomplete one."""
        unique = self.unique_samples[..., None]
        whole = quantity(unique * (self.node + 1)) - quantity(unique * self.node)
        rest = quantity(self.samples_seen[..., None]) - quantity(unique * self.complete[..., None])
        return whole, rest

    def at(self, index: Any) -> Epochs:
        """Epochs of the runs chosen by `index` (any index of the run axes)."""
        drawn = self.log_growth_drawn
        return Epochs(
            self.samples_seen[index],
            self.unique_samples[index],
            self.node,
            self.count[index],
            self.last[index],
            (self, index),
            None if drawn is None else drawn[index],
        )


def collapse(
    samples_seen: ArrayLike,
    unique_samples: ArrayLike,
    *,
    exact: int = EXACT,
    points: int = POINTS,
    replacement: bool = False,
) -> Epochs:
    """Collapse the epochs of runs onto nodes.

    Parameters
    ----------
    samples_seen, unique_samples : array_like, broadcast to shape (...,)
        Samples.
    exact : int
        Epochs that keep a node of their own; rounded up to a power of two.
    points : int
        Nodes in each block of later epochs.
    replacement : bool
        Whether samples are drawn with replacement.

    Returns
    -------
    Epochs

    Examples
    --------
    A pool of 10 samples seen 3.5 times:

    >>> epochs = collapse(35.0, 10.0)
    >>> epochs.node, epochs.count, epochs.last
    (array([0., 1., 2., 3.]), array([1., 1., 1., 0.]), array([0., 0., 0., 1.]))

    A million epochs need few nodes:

    >>> collapse(1e9, 1e3).node.size
    208
    """
    seen, unique = np.broadcast_arrays(
        np.asarray(samples_seen, float) / UNIT, np.asarray(unique_samples, float) / UNIT
    )
    exact = 1 << (exact - 1).bit_length()
    if replacement:
        return _drawn(seen, unique, exact, points)
    complete = np.floor(seen / unique)
    most = complete.max(initial=0.0)

    single = np.arange(min(exact, most + 1))
    nodes = [single]
    counts = [(single < complete[..., None]).astype(float)]
    lasts = [(single == complete[..., None]).astype(float)]
    first = exact
    while first <= most:
        within = np.clip(complete - first, 0, first)
        nodes.append(first * (1 + positions(points)))
        counts.append(_counts(first, points, within))
        inside = (complete >= first) & (complete < 2 * first)
        lasts.append(basis(points, within / first) * inside[..., None])
        first *= 2
    return Epochs(
        seen,
        unique,
        np.concatenate(nodes),
        np.concatenate(counts, axis=-1),
        np.concatenate(lasts, axis=-1),
    )


def of_one_size(
    samples_seen: ArrayLike,
    unique_samples: float,
    *,
    exact: int = EXACT,
    replacement: bool = False,
) -> Epochs:
    """The same for training sets of one size: what does not depend on the budget stands there once.

    Parameters
    ----------
    samples_seen : array_like, shape (budget,)
        Samples.
    unique_samples : float
        Samples.
    exact, replacement
        As for `collapse`.
    """
    epochs = collapse(samples_seen, unique_samples, exact=exact, replacement=replacement)
    return replace(epochs, unique_samples=epochs.unique_samples[:1])


def _drawn(seen: Array, unique: Array, exact: int, points: int) -> Epochs:
    """`collapse` of runs that draw with replacement."""
    epochs, index = np.unique(seen / unique, return_inverse=True)
    sums = [expected_sums(float(x), exact, points) for x in epochs]
    node = max((of for of, _ in sums), key=len, default=np.zeros(1))
    each = np.zeros((epochs.size, 2, node.size))
    for row, (_, found) in zip(each, sums, strict=True):
        row[:, : found.shape[1]] = found
    each = each[index].reshape(*seen.shape, 2, node.size)
    growth = each[..., 1, :].copy()
    growth[..., 0] = log_fresh_growth(seen, unique)
    count = each[..., 0, :]
    return Epochs(seen, unique, node, count, np.zeros_like(count), log_growth_drawn=growth)


def _counts(first: int, points: int, within: Array) -> Array:
    """``sum_k l_j(k)`` over the first `within` epochs of the block that starts at `first`."""
    if first < FIRST_INTEGRATED:
        counts: Array = _running_counts(first, points)[within.astype(int)]
        return counts
    # sum_{k=A}^{B-1} h(k) = integral of h over [A - 1/2, B - 1/2] up to h'/24, below 1e-10 here
    x, w = np.polynomial.legendre.leggauss(points // 2 + 1)
    nodes = (within[..., None] * (x + 1) / 2 - 0.5) / first
    return (within[..., None, None] / 2 * w[:, None] * basis(points, nodes)).sum(axis=-2)


@lru_cache
def _running_counts(first: int, points: int) -> Array:
    """``sum_{k < c} l_j(k)`` for c = 0, ..., first, shape (first + 1, points)."""
    rows = basis(points, np.arange(first) / first)
    return np.vstack([np.zeros(points), np.cumsum(rows, axis=0)])
