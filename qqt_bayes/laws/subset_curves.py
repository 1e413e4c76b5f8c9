r"""Training sets that take whole pools: a table for each total size, then one matrix product.

A training set S takes all ``N_i`` samples of each of its pools, ``U = sum_{i in S} N_i``.  The laws
see a mixture through means over its pools, ``mean(x) = sum_{i in S} (N_i / U) x_i``, and what they
take means of, ``x_i``, depends on the other pools only through U (the theorem; all laws but
effective-data).  So for each U there is one table ``x_i`` over draws, pools and budgets, and the
means of all training sets of that size are a matrix product.  p equal pools have p sizes U.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.laws.epochs import MAX_BLOCK_NUMBERS, Epochs, collapse, of_one_size
from qqt_bayes.laws.law import Law
from qqt_bayes.laws.means import Mixture
from qqt_bayes.laws.mixture import law_inside, mixture_error

if TYPE_CHECKING:
    from qqt_bayes.laws.compiled.whole_pools import Errors

Array = NDArray[np.float64]
ANY_VALUE = np.ones(1)
"""Stands for parameters and epochs where a law is given its means over the pools beforehand."""
Members = NDArray[np.bool_]
"""Which pools each training set takes, shape (set, pool)."""

MAX_DRAWS_TRANSPOSED = 128
"""How many draws are moved to the last axis at a time, so that they stay in the cache."""
MAX_ERRORS_AT_A_TIME = 256_000
"""How many errors are worked on at a time: two megabytes, which stay in the cache."""


@dataclass(frozen=True)
class WholePools:
    """Pools that a training set takes whole or not at all, under many draws of the parameters.

    Attributes
    ----------
    law : Law
    parameters : dict of array
        As for `qqt_bayes.laws.mixture.mixture_error`: shape (draw, pool) or (draw, 1).
    taken : array, shape (pool,)
        Unique samples ``N_i`` that a training set takes from each of its pools.
    reference : array, shape (pool,)
        Size of each pool at which its half-life is quoted, samples.
    budgets : array, shape (budget,)
        Samples seen.
    """

    law: Law
    parameters: Mapping[str, Array]
    taken: Array
    reference: Array
    budgets: Array

    @property
    def draws(self) -> int:
        """Number of draws."""
        return max(len(x) for x in self.parameters.values())

    @property
    def equal(self) -> bool:
        """Whether all pools have one size, so that U is a number of pools."""
        return bool(np.ptp(self.taken) == 0)

    def at(self, budget: int) -> WholePools:
        """The same at one of the budgets."""
        one = self.budgets[budget : budget + 1]
        return replace(self, budgets=one)

    def at_best(self, least: float, most: float) -> WholePools:
        """The same with the longest half-lives in training sets of ``least <= U <= most``.

        They are those at the largest U, unless the size exponent is negative.
        """
        g = self.parameters["size_exponent"]
        if least == most or (g >= 0).all():
            return self
        tau = self.parameters["tau"] * np.where(g < 0, (least / most) ** g, 1.0)
        return replace(self, parameters={**self.parameters, "tau": tau})

    def compiled_errors(self) -> Errors | None:
        """What computes errors by compiled code; None where that is not right for them.

        It counts whole passes over a training set, and draws with replacement make none.

        Numba takes longer to load than a small decision takes, and so is loaded here.
        """
        if self.law.replacement:
            return None
        from qqt_bayes.laws.compiled.whole_pools import errors_of

        return errors_of(
            self.law.name, self.parameters, self.taken, self.reference, self.budgets, self.draws
        )

    def shares(self, members: Members) -> Array:
        """``N_i / U`` of the pools in each training set, shape (set, pool)."""
        taken = members * self.taken
        shares: Array = taken / taken.sum(axis=1, keepdims=True)
        return shares

    def totals(self, members: Members) -> Array:
        """``U`` of each training set, samples, shape (set,)."""
        totals: Array = (members * self.taken).sum(axis=1)
        return totals

    def table(self, total: float, pools: NDArray[np.intp] | None = None) -> list[Array]:
        """What the law takes means of, ``x_i``, in training sets of one size.

        Parameters
        ----------
        total : float
            ``U``, samples.
        pools : array of int, optional
            Which pools; all of them if it is not given.

        Returns
        -------
        list of array, shape (budget or 1, pool or 1, draw)
            A single pool stands for all where they share the value.
        """
        pools = np.arange(self.taken.size) if pools is None else pools
        epochs = of_one_size(self.budgets, total, replacement=self.law.replacement)
        step = 1 + MAX_BLOCK_NUMBERS // (max(pools.size, self.budgets.size) * epochs.node.size)
        table: list[Array] = []
        for first in range(0, self.draws, step):
            values = self._values(slice(first, first + step), total, pools, epochs)
            table = table or [np.empty((*x.T.shape[:2], self.draws)) for x in values]
            for x, turned in zip(values, table, strict=True):
                for i in range(0, len(x), MAX_DRAWS_TRANSPOSED):
                    some = x[i : i + MAX_DRAWS_TRANSPOSED]
                    turned[..., first + i : first + i + len(some)] = some.T
        return table

    def _values(
        self, draws: slice, total: float, pools: NDArray[np.intp], epochs: Epochs
    ) -> list[Array]:
        """`table` for some draws, shapes (draw, pool or 1, budget or 1)."""
        values: list[Array] = []

        def mean(x: Array) -> Array:
            values.append(x)
            return x[:, 0]  # any value: the law's error is thrown away, only the x_i are kept

        def shared(x: Array) -> Array:
            over_pools = x if x.ndim == 3 else x[None, None]  # of the budgets alone
            return mean(over_pools)

        some = {name: x[draws] for name, x in self.parameters.items()}
        mixture = Mixture(mean, lambda x: x, shared=shared)
        law_inside(self.law, some, pools, total, self.reference, epochs, mixture)
        count = max(len(x) for x in some.values())
        return [np.broadcast_to(x, (count, *x.shape[1:])) for x in values]

    def errors(self, members: Members) -> Array:
        """Errors of any training sets at all budgets, under every draw.

        Parameters
        ----------
        members : array of bool, shape (set, pool)

        Returns
        -------
        array, shape (set, budget, draw)
        """
        error = np.empty((len(members), self.budgets.size, self.draws))
        if not self.law.separable:
            for i, chosen in enumerate(members):
                error[i] = mixture_error(
                    self.law, self.parameters, chosen * self.taken, self.reference, self.budgets
                ).T
            return error
        totals, index = np.unique(self.totals(members), return_inverse=True)
        for i, total in enumerate(totals):
            sets = np.flatnonzero(index == i)
            pools = np.flatnonzero(members[sets].any(axis=0))
            table = self.table(total, pools)
            shares = self.shares(members[sets])[:, pools]
            means = [x if x.shape[1] == 1 else shares @ x for x in table]
            error[sets] = error_of_means(self.law, means).swapaxes(0, 1)
        return error


def best_of_each_draw(pools: WholePools) -> tuple[Array, Array] | None:
    """The least error of all subsets in each draw, where it can be had without a search.

    Let all pools have one size, and let only one of the quantities ``x_i`` whose means the law
    takes differ between them.  Then the mean of m pools is largest, or least, for the m pools with
    the largest, or least, ``x_i``; and the error is monotone in that mean.

    Returns
    -------
    tuple of array, or None
        Shape (budget, draw); and shape (pool, budget): the share of draws in which the best subset
        takes the pool.
    """
    if not (pools.equal and pools.law.separable):
        return None
    count, shape = pools.taken.size, (pools.budgets.size, pools.draws)
    least, included = np.full(shape, np.inf), np.zeros((count, *shape), dtype=bool)
    for size in range(1, count + 1):
        table = pools.table(size * pools.taken[0])
        differing = [i for i, x in enumerate(table) if np.ptp(x, axis=1).any()]
        if len(differing) > 1:
            return None
        which = differing[0] if differing else 0
        order = np.argsort(table[which], axis=1)
        # whether the error falls or rises with the mean is the law's affair: both ends are tried
        for chosen in (order[:, -size:], order[:, :size]):
            means = [x[:, 0] for x in table]
            means[which] = np.take_along_axis(table[which], chosen, axis=1).mean(axis=1)
            error = np.broadcast_to(error_of_means(pools.law, means), shape)
            better = error < least
            least = np.where(better, error, least)
            taken = np.zeros(table[which].shape, dtype=bool)
            np.put_along_axis(taken, chosen, True, axis=1)
            included = np.where(better, taken.swapaxes(0, 1), included)
    return least, included.mean(axis=-1)


@cache
def one_epoch(replacement: bool) -> Epochs:
    """Stands for the epochs of runs where a law is given its means over the pools beforehand."""
    return collapse(ANY_VALUE, ANY_VALUE, replacement=replacement)


def error_of_means(law: Law, means: list[Any]) -> Any:
    """The error that a separable law makes of its means, in the order in which it takes them.

    Parameters
    ----------
    law : Law
    means : list of array
        As many as the law takes, of any one shape.

    Examples
    --------
    >>> from qqt_bayes.laws.law import LAWS
    >>> exponent, floor = -0.5, 0.1
    >>> float(error_of_means(LAWS["utility"], [exponent, floor])), float(np.exp(-0.5) + 0.1)
    (0.70653, 0.70653)
    """
    supply = iter(means)
    mixture = Mixture(mean=lambda x: next(supply), spread=lambda x: x)
    return law.error(
        one_epoch(law.replacement), **dict.fromkeys(law.arguments, ANY_VALUE), mixture=mixture
    )
