"""The runs with every epoch written out, and the laws as plain sums over them.

What a user without `qqt_bayes` would write.  NumPy only: peers are timed with their imports.
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import xarray as xr

UNIT = 1e5
"""Samples are counted in it."""


@dataclass(frozen=True)
class Runs:
    """Plain arrays.

    Attributes
    ----------
    error, known_variance : array, shape (run,)
    before, after : array, shape (run, epoch)
        Samples seen before and after each epoch, in units of 100,000; equal behind the last one.
    share : array, shape (run, pool)
        What part of each run's training set is from each pool.
    size_ratio : array, shape (run, pool)
        Unique samples of the training set over those of the pool.
    pool : array, shape (run,), or None
        The one pool of each run, if no run mixes.
    pools : int
    """

    error: np.ndarray
    known_variance: np.ndarray
    before: np.ndarray
    after: np.ndarray
    share: np.ndarray
    size_ratio: np.ndarray
    pool: np.ndarray | None
    pools: int

    @property
    def epoch(self) -> np.ndarray:
        """The numbers of the epochs, 0 first."""
        return np.arange(self.before.shape[1])

    @property
    def growth(self) -> np.ndarray:
        """Log of the samples seen after each epoch over those before it, shape (run, epoch).

        Before the first epoch is one unit; an epoch that a run does not have adds 0.
        """
        before, after = (np.where(n > 0, n, 1) for n in (self.before, self.after))
        return np.log(after / before)


def write_out(runs: xr.Dataset) -> Runs:
    """Every epoch of every run."""
    taken = runs["unique_samples"].values[runs["data_index"].values]
    total = taken.sum(axis=1)
    seen = runs["samples_seen"].values
    epochs = np.arange(np.ceil(seen / total).max())
    before = np.minimum(epochs * total[:, None], seen[:, None])
    after = np.minimum((epochs + 1) * total[:, None], seen[:, None])
    alone = (taken > 0).sum(axis=1).max() == 1
    count, error = runs["n_eval"].values, runs["error"].values
    rate = (error * count + 0.5) / (count + 1)
    return Runs(
        error=error,
        known_variance=np.nan_to_num(rate * (1 - rate) / count) + runs["rounding"].values ** 2 / 3,
        before=before / UNIT,
        after=after / UNIT,
        share=taken / total[:, None],
        size_ratio=total[:, None] / runs["pool_size"].values,
        pool=taken.argmax(axis=1) if alone else None,
        pools=runs.sizes["pool"],
    )


def utility(runs: Runs, a: Any, b: Any, d: Any, tau: Any, xp: ModuleType) -> Any:
    """Error of each run on its one pool, shape (run,); `xp` is PyTensor's or JAX's NumPy."""
    left = 2.0 ** (-runs.epoch / tau[runs.pool][:, None])
    summed = (left * runs.growth).sum(-1)
    return xp.exp(-b[runs.pool] * (xp.log(a) + summed)) + d


def utility_bounded(
    runs: Runs, a: Any, b: Any, d: Any, tau: Any, size_exponent: Any, xp: ModuleType
) -> Any:
    """Error of each run on its mixture of pools, 1 before training, shape (run,).

    Only the epochs that a run has are summed, of the pools that it takes from: were all runs padded
    to the longest, DataComp's two scales would take 14 times as long.
    """
    row, epoch = np.nonzero(runs.after > runs.before)
    term, pool = np.nonzero(runs.share[row] > 0)
    count = np.searchsorted(row, np.arange(len(runs.error) + 1))
    half_life = tau * runs.size_ratio**size_exponent
    left = 2.0 ** (-epoch[term] / half_life[row[term], pool])
    worth = xp.zeros(row.size)[term].inc(runs.share[row[term], pool] * b[pool] * left)
    growth = xp.log((1 + a * runs.after[row, epoch]) / (1 + a * runs.before[row, epoch]))
    running = xp.concatenate([xp.zeros(1), xp.cumsum(worth * growth)])
    exponent = running[count[1:]] - running[count[:-1]]
    return (1 - d) * xp.exp(-exponent) + d
