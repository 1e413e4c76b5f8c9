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
  half-lives are those at ``U_1``, the longest.  The law of the released code does not fall with U,
  and has no bound.
- Of the law of effective reuse, ``D = n q M^(1 - rho_S)`` with ``M = x / (x^k + e^k)^(1/k)`` and
  ``x = 1 + R_S``.  ``q M`` is a concave function of the two means ``q`` and ``q R``: a power mean
  of exponent ``-k``, in perspective.  So is ``q M^(1 - rho_S)`` for a constant rho_S between 0 and
  1; and the error is convex and falling in D.  As constant the bound takes the largest rho_S that
  any such shares have in the draw; where that is below 0 it takes 0, and D times the largest M to
  the power of what is lacking.  The term for errors that rise again enters as the least factor of
  D that any such shares have, and a slow start, which only raises the error, is left out.
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
    law = pools.law
    known = law.separable and law.convex and law.falls_with_size
    return pools.at_best(least, most) if known else None


def _reuse_below(pools: WholePools, least: float, most: float, high: Array) -> WholePools:
    """`below` of the laws of effective reuse."""
    draws = dict(pools.parameters)
    quality = np.exp(draws["Q"])
    ends = [mean_at_most(sign * quality, high) * sign for sign in (1, -1)]
    log_fresh = np.where(draws["z2"] > 0, *(np.log(x)[:, None] for x in ends))
    rho = np.minimum(draws["rho"] + draws["z2"] * log_fresh, MAX_RHO)
    g = draws["g"]
    draws["R"] = draws["R"] * np.where(g < 0, (least / most) ** g, 1.0)
    if not pools.law.replacement:  # there each sample is seen as often as the others
        draws["reference"] = draws["reference"] * np.exp(_least_loss(draws, pools, most, high, rho))
    draws["rho"], draws["z2"] = np.maximum(rho, 0.0), np.zeros_like(draws["z2"])
    law = LAWS["effective-reuse"].drawn(pools.law.replacement)
    return replace(pools, law=law, parameters={name: draws[name] for name in law.arguments})


def _least_loss(
    draws: dict[str, Array], pools: WholePools, most: float, high: Array, rho: Array
) -> Array:
    """The least log factor that D is smaller by than with a rho of at least 0, shape (draw, 1).

    It is the same whether D is divided by a factor or the reference budget is multiplied by it.
    """
    stands = draws["R"] * np.exp(draws["zeta"] * draws["Q"] + draws["r"])
    longest = stands[:, high > 0].max(axis=1, keepdims=True)
    longest = longest * (most / draws["typical_size"]) ** draws["g"]
    log_beyond = np.log(pools.budgets / most) - np.log1p(longest)
    k = draws["k"]
    loss = np.maximum(-rho, 0.0) / k * np.logaddexp(0.0, k * log_beyond)
    if "omega" in pools.law.arguments:
        log_memorised = -np.logaddexp(0.0, -2 * (log_beyond - np.log(draws["memory"])))
        loss = loss + draws["omega"] * np.exp(log_memorised)
    found: Array = loss
    return found


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
