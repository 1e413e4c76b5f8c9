r"""Training sets that take any part of each pool, at one size: errors, slopes, and a lower bound.

A training set takes ``u_i <= N_i`` unique samples of pool i, ``U = sum u_i``,
``w_i = u_i / U``.  At a fixed U a separable law sees the shares through means alone,
``m_j = sum_i w_i x_ij(U)``, and what it takes means of is a table
(`qqt_bayes.laws.subset_curves`).  So the error and its slopes with respect to all shares cost a
product of matrices.

Lower bound.  For the laws below the error at a fixed U is convex in the shares, and at fixed shares
it falls with U.  So for every training set with ``U_1 <= U <= U_2`` the error lies above that of
its shares at ``U_2``, a convex function of shares with ``w_i <= N_i / U_1``; and that lies above
each of its tangents, whose least value over such shares is found by a sort.

- The laws of utility are convex in their means (`Law.convex`); with a negative size exponent the
  half-lives are those at ``U_1``, the longest.
- Of the law of effective reuse, ``D = n q x / (x^k + e^k)^(1/k)`` with ``x = 1 + R_S`` is, at
  ``rho_S = 0``, a concave function of the two means ``q`` and ``q R``: a power mean of exponent
  ``-k``, in perspective.  The power ``1 - rho_S`` of a concave function is concave, too, where
  rho_S is a constant between 0 and 1, and the error is convex and falling in D.  As constant the
  bound takes the largest rho_S that any such shares have in the draw.  Terms for errors that rise
  again and for a slow start only raise the error, and the bound leaves them out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from qqt_bayes.laws.effective_reuse import MAX_RHO
from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.mixture import mixture_error
from qqt_bayes.laws.subset_curves import Array, WholePools, error_of_means

STEP = 1e-5
"""Relative step of central differences: errors are smooth, their rounding is some 1e-15."""


@dataclass(frozen=True)
class AtSize:
    """A law at one budget, in training sets of one size, as a function of the shares.

    Attributes
    ----------
    pools : WholePools
        With one budget.
    total : float
        ``U``, samples.
    table : list of array, shape (pool or 1, draw)
        What the law takes means of; empty for a law that is not separable.
    """

    pools: WholePools
    total: float
    table: list[Array]

    @classmethod
    def of(cls, pools: WholePools, total: float) -> AtSize:
        """The law in training sets of `total` unique samples."""
        table = [x[0] for x in pools.table(total)] if pools.law.separable else []
        return cls(pools, total, table)

    def error(self, shares: Array) -> Array:
        """Error under every draw, shape (draw,)."""
        if not self.table:
            return self._error_of(shares)
        error = error_of_means(self.pools.law, self._means(shares))
        found: Array = np.broadcast_to(error, (self.pools.draws,))
        return found

    def error_and_slopes(self, shares: Array) -> tuple[Array, Callable[[Array], Array]]:
        """Error, and what makes weights of draws into slopes of the weighted error, shape (pool,).

        Slopes are along changes of the shares that keep their sum: all may be off by one constant.
        """
        if not self.table:
            return self.error(shares), lambda weight: self._differences(shares, weight)
        means = self._means(shares)
        varying = [j for j, x in enumerate(self.table) if len(x) > 1]
        steps = [STEP * np.maximum(np.abs(means[j]), STEP) for j in varying]
        # the error itself, then a step up and one down for each mean: one call for all
        rows = np.arange(1 + 2 * len(varying))[:, None]
        stepped = list(means)
        for i, (j, step) in enumerate(zip(varying, steps, strict=True)):
            signs = (rows == 1 + 2 * i).astype(float) - (rows == 2 + 2 * i)
            stepped[j] = means[j] + signs * step
        found = error_of_means(self.pools.law, stepped)
        error, *moved = np.broadcast_to(found, (len(rows), self.pools.draws))

        def slopes(weight: Array) -> Array:
            total = np.zeros(shares.size)
            for i, (j, step) in enumerate(zip(varying, steps, strict=True)):
                total += self.table[j] @ (weight * (moved[2 * i] - moved[2 * i + 1]) / (2 * step))
            return total

        return error, slopes

    def _means(self, shares: Array) -> list[Array]:
        return [shares @ x if len(x) > 1 else x[0] for x in self.table]

    def _error_of(self, shares: Array) -> Array:
        """Error by the law as a whole, which sees more of a mixture than means."""
        taken, pools = shares * self.total, self.pools
        return mixture_error(pools.law, pools.parameters, taken, pools.reference, pools.budgets)[
            :, 0
        ]

    def _differences(self, shares: Array, weight: Array) -> Array:
        """Slopes on the way from the shares to each pool alone: one-sided, shares stay shares."""
        base = weight @ self._error_of(shares)
        found = np.empty(shares.size)
        for i, pool in enumerate(np.eye(shares.size)):
            stepped = shares + STEP * (pool - shares)
            found[i] = (weight @ self._error_of(stepped) - base) / STEP
        return found


def below(pools: WholePools, least: float, most: float, high: Array) -> WholePools | None:
    """Pools whose error at size `most` is convex in the shares and below that of each size between.

    Parameters
    ----------
    pools : WholePools
        With one budget.
    least, most : float
        ``U_1`` and ``U_2``.
    high : array, shape (pool,)
        The largest shares.

    Returns
    -------
    WholePools or None
        None for laws of which no such bound is known.
    """
    if pools.law.centred:
        return _reuse_below(pools, least, most, high)
    return pools.at_best(least, most) if pools.law.separable and pools.law.convex else None


def _reuse_below(pools: WholePools, least: float, most: float, high: Array) -> WholePools:
    """`below` of the laws of effective reuse."""
    draws = dict(pools.parameters)
    quality = np.exp(draws["Q"])
    ends = [mean_at_most(sign * quality, high) * sign for sign in (1, -1)]
    log_fresh = np.where(draws["z2"] > 0, *(np.log(x)[:, None] for x in ends))
    draws["rho"] = np.clip(draws["rho"] + draws["z2"] * log_fresh, 0.0, MAX_RHO)
    draws["z2"] = np.zeros_like(draws["z2"])
    g = draws["g"]
    draws["R"] = draws["R"] * np.where(g < 0, (least / most) ** g, 1.0)
    law = LAWS["effective-reuse"].drawn(pools.law.replacement)
    return replace(pools, law=law, parameters={name: draws[name] for name in law.arguments})


def mean_at_most(values: Array, high: Array) -> Array:
    """The largest mean of values of pools that shares of at most `high` can have, shape (draw,).

    Examples
    --------
    >>> mean_at_most(np.array([[1.0, 3.0, 2.0]]), np.array([1.0, 0.5, 0.3]))
    array([2.3])
    """
    values = np.broadcast_to(values, (len(values), high.size))
    order = np.argsort(-values, axis=1)
    filled = np.minimum(np.cumsum(high[order], axis=1), 1.0)
    shares = np.diff(filled, axis=1, prepend=0.0)
    mean: Array = (shares * np.take_along_axis(values, order, axis=1)).sum(axis=1)
    return mean
