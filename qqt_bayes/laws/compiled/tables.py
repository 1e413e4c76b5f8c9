"""What the compiled laws read of training sets, budgets and draws."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Integers = NDArray[np.int64]


class Sets(NamedTuple):
    """Which pools each training set takes.

    Attributes
    ----------
    start : array, shape (set + 1,)
        Where the entries of each set begin.
    pool : array, shape (entry,)
    share : array, shape (entry,)
        ``w_i``.
    log_ratio : array, shape (entry,)
        ``log(U / N_i)``.
    unique : array, shape (set,)
        ``U``, in units of 100,000.
    """

    start: Integers
    pool: Integers
    share: Reals
    log_ratio: Reals
    unique: Reals


class Steps(NamedTuple):
    """The budgets, from the least to the largest, and their sums over epochs.

    Attributes
    ----------
    seen : array, shape (budget,)
        ``n``, in units of 100,000.
    row : array, shape (budget,)
        Where the errors of each go.
    node : array, shape (node,)
        ``x_j``.
    whole : array, shape (node,)
        How many epochs each node stands for once all those of its block are complete.
    nodes : array, shape (set,)
        How many nodes the largest budget needs.
    complete : array, shape (set, budget)
        ``K``.
    first, own : array, shape (set, budget)
        The first of the nodes of the block in which the budget ends, and how many these are.
    counts, lasts : array, shape (set, budget, POINTS)
        `count` and `last` of `qqt_bayes.laws.epochs.Epochs` at these.
    """

    seen: Reals
    row: Integers
    node: Reals
    whole: Reals
    nodes: Integers
    complete: Reals
    first: Integers
    own: Integers
    counts: Reals
    lasts: Reals


class Values(NamedTuple):
    """Draws of what the law takes means of, shape (pool, draw), and of the size exponent.

    Attributes
    ----------
    rate : array, shape (pool, draw)
        ``log(2) / tau``.
    scale : array, shape (pool or 1, draw)
        ``a``.
    known : array, shape (pool or 1, budget, draw)
        ``log(1 + a n)``, where the law takes it.
    weight, offset, slope, floor : array, shape (pool, draw)
        ``v`` and the terms of E; ``d``.
    exponent : array, shape (draw,)
        ``g``.
    least_rate : float
        The least rate of decay.
    least_share : float
        What is left of a sample at the least.
    """

    rate: Reals
    scale: Reals
    known: Reals
    weight: Reals
    offset: Reals
    slope: Reals
    floor: Reals
    exponent: Reals
    least_rate: float
    least_share: float
