r"""What the law cannot describe: a departure of log error that grows away from the runs.

The mean error of a training set s at n samples is ``y_s(n) exp(delta_s(log n))`` with the law's
curve ``y_s``. The departure is a Gaussian process with

``Cov(delta_s(x), delta_t(x')) = (1 + cos(w_s, w_t) + [s = t]) / 3 * (level^2 + trend^2 k(u, v))``,
``k(u, v) = G(u) + G(v) - G(u - v)``, ``G(x) = |x| - 1 + exp(-|x|)``, u = x - c, v = x' - c:

a third of it is common to all training sets, a third belongs to the pools that they take from
(shares w), a third is each set's own. Along log budget it has a level at the centre c of the
trained budgets, and a slope that is forgotten: an Ornstein-Uhlenbeck process whose correlation
falls by e with every factor e in budget, and k is the covariance of its integral. (A trend that is
damped; one that goes on for ever forecast worse, see Gardner and McKenzie 1985,
doi:10.1287/mnsc.31.10.1237.) Runs pin the departure down where they are, to their noise; beyond
them it grows, as the root of log budget in the end. Where all runs have one budget, nothing tells
the slope, and it stays open. Half its variance is taken off, so that what nobody knows does not
raise the expected error.

The amplitudes `level` and `trend` are learned from all training sets, by the part of the residuals
that the law's own parameters could not have absorbed (restricted likelihood), under a prior that
keeps them small. The parameters are inferred without the departure, as a posterior that is cut from
its feedback (Plummer 2015, doi:10.1007/s11222-014-9503-z; discrepancy: Kennedy and O'Hagan 2001,
doi:10.1111/1467-9868.00294).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

AMPLITUDE_SCALE, AMPLITUDE_FREEDOM = (0.05, 0.1), 3
"""Scales and degrees of freedom of the half Student-t priors of level and trend: a law may be wrong
by some percent of the error where it was tried, and by a slope of the order of its own (published
fits fall by 0.1 to 0.15 in log error per factor e in budget)."""
AMPLITUDE_GRID = np.geomspace(0.02, 50, 24)
"""Amplitudes that the posterior is evaluated at, in units of their prior's scale."""
AMPLITUDE_STRATA = 32
"""Pairs of amplitudes that departures are drawn with, of equal posterior weight."""
MAX_AMPLITUDE_CELLS = 128
"""Cells that amplitudes are inferred from: of more, as many evenly spaced ones."""
ABSORBED_LEVERAGE = 0.5
"""Leverage above which a direction of the residuals is taken up by the law's parameters, so that it
is no evidence of a departure."""


@dataclass(frozen=True)
class Cells:
    """Training sets at budgets.

    Attributes
    ----------
    share : array, shape (cell, pool)
        ``w``, up to a factor.
    budget : array, shape (cell,)
        Samples.
    own : array of int, shape (cell,)
        Which training set, to tell equal ones from different ones.
    """

    share: Array
    budget: Array
    own: NDArray[np.intp]

    def at(self, centre: float) -> Array:
        """Log budgets from a centre."""
        x: Array = np.log(self.budget) - centre
        return x


def along(u: Array, v: Array) -> Array:
    """``k(u, v)``, element by element: covariance of the integral of a slope that is forgotten."""
    k: Array = _grown(u) + _grown(v) - _grown(u - v)
    return k


def _grown(x: Array) -> Array:
    """``G(x)``, half the variance of what a slope that is forgotten adds over a distance x."""
    distance: Array = abs(x)
    return distance + np.expm1(-distance)


def covariance(one: Cells, other: Cells, centre: float) -> Array:
    """Covariances of levels and of trends at amplitude 1, shape (2, cell, cell of the other).

    Examples
    --------
    One pool at ten times the central budget:

    >>> cell = Cells(np.ones((1, 1)), np.array([1e8]), np.array([0]))
    >>> covariance(cell, cell, centre=np.log(1e7)).ravel().round(3)
    array([1.   , 2.805])
    """
    alike = _unit(one.share) @ _unit(other.share).T
    sets = (1 + alike + (one.own[:, None] == other.own)) / 3
    return np.stack([sets, sets * along(one.at(centre)[:, None], other.at(centre))])


def amplitudes(residual: Array, variance: Array, unit: Array) -> Array:
    """Pairs of amplitudes, level and trend, of equal weight in their posterior.

    Parameters
    ----------
    residual : array, shape (draw, cell)
        Log of the measured mean over the law's curve.
    variance : array, shape (cell,)
        Its noise.
    unit : array, shape (2, cell, cell)
        `covariance` of the cells.

    Returns
    -------
    array, shape (`AMPLITUDE_STRATA`, 2)
    """
    white = residual / np.sqrt(variance)
    # how far the draws of the parameters spread along a direction is how far they absorb it
    leverage, direction = np.linalg.eigh(np.atleast_2d(np.cov(white, rowvar=False)))
    free = direction[:, leverage < ABSORBED_LEVERAGE]
    projected = white.mean(axis=0) @ free
    level, trend = free.T @ (unit / np.sqrt(np.outer(variance, variance))) @ free
    half_t = np.log1p(AMPLITUDE_GRID**2 / AMPLITUDE_FREEDOM)
    # of the logarithm of an amplitude, because the grid has equal steps of that
    log_prior = np.log(AMPLITUDE_GRID) - (AMPLITUDE_FREEDOM + 1) / 2 * half_t
    density = np.add.outer(log_prior, log_prior)
    grid = [scale * AMPLITUDE_GRID for scale in AMPLITUDE_SCALE]
    for i, size in enumerate(grid[0]):
        # in units of noise and level together the trend is diagonal: one step serves all its sizes
        root = np.linalg.cholesky(size**2 * level + np.eye(projected.size))
        both = np.linalg.solve(root, np.linalg.solve(root, trend).T)
        scale, turn = np.linalg.eigh(both)
        total = 1 + np.multiply.outer(grid[1] ** 2, scale.clip(0))
        distance = np.sum((turn.T @ np.linalg.solve(root, projected)) ** 2 / total, axis=1)
        log_root = np.log(np.diag(root)).sum() + np.log(total).sum(axis=1) / 2
        density[i] -= log_root + distance / 2
    share = np.exp(density - density.max()).ravel()
    below = np.cumsum(share) / share.sum()
    middle = (np.arange(AMPLITUDE_STRATA) + 0.5) / AMPLITUDE_STRATA
    place = np.searchsorted(below, middle).clip(max=share.size - 1)
    at = np.unravel_index(place, density.shape)
    return np.stack([each[i] for each, i in zip(grid, at, strict=True)], axis=1)


def departures(
    residual: Array, variance: Array, trained: Cells, new: Cells, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draws of the departure at new cells, given the residuals of the trained ones.

    Each draw of the law's parameters is joined by one of the departure: drawn from its prior at all
    cells together and corrected by what the trained ones are off (Matheron's rule).

    Parameters
    ----------
    residual : array, shape (draw, cell)
        Log of the measured mean over the law's curve.
    variance : array, shape (cell,)
        Variance of its noise.
    trained, new : Cells
        Where there are runs, and where errors are to be predicted.
    rng : Generator

    Returns
    -------
    delta : array, shape (draw, new cell)
        Departures of log error, less half their variance.
    amplitude : array, shape (draw, 2)
        Level and trend of each.
    """
    centre = float(np.log(trained.budget).mean())
    unit, cross = (covariance(each, trained, centre) for each in (trained, new))
    at = new.at(centre)
    variances = np.stack([np.ones_like(at), along(at, at)], axis=1)
    some = evenly(len(variance), MAX_AMPLITUDE_CELLS)
    pairs = amplitudes(residual[:, some], variance[some], unit[:, some][:, :, some])
    prior = _Prior(trained, new, centre)
    place = rng.permutation(np.resize(rng.permutation(AMPLITUDE_STRATA), len(residual)))
    delta = np.empty((len(residual), len(new.budget)))
    for i, pair in enumerate(pairs):
        mine = np.flatnonzero(place == i)
        at_trained, at_new = prior.draw(pair, mine.size, rng)
        noise = np.sqrt(variance) * rng.standard_normal(at_trained.shape)
        total = np.tensordot(pair**2, unit, 1) + np.diag(variance)
        between = np.tensordot(pair**2, cross, 1)
        weight = np.linalg.solve(total, between.T)
        remaining = variances @ pair**2 - np.sum(between * weight.T, axis=1)
        # less half the variance, E exp(delta) is exp(E delta): ignorance alone raises no error
        delta[mine] = at_new + (residual[mine] - at_trained - noise) @ weight - remaining / 2
    return delta, pairs[place]


def evenly(count: int, most: int) -> NDArray[np.intp]:
    """At most so many of the numbers below a count, evenly spaced."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.intp))


class _Prior:
    """Departures at trained and new cells before any residual is known."""

    def __init__(self, trained: Cells, new: Cells, centre: float) -> None:
        self.split = len(trained.budget)
        self.share = _unit(np.concatenate([trained.share, new.share]))
        budgets, self.step = np.unique(
            np.concatenate([trained.budget, new.budget]), return_inverse=True
        )
        sets, self.own = np.unique(np.concatenate([trained.own, new.own]), return_inverse=True)
        x = np.log(budgets) - centre
        scale, turn = np.linalg.eigh(along(x[:, None], x))
        self.root = turn * np.sqrt(scale.clip(0))  # singular where a budget is the centre
        self.shape = 1 + self.share.shape[1] + sets.size, budgets.size

    def draw(self, pair: Array, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draws at amplitudes level and trend, of trained and of new cells, shapes (draw, cell)."""
        level = pair[0] * rng.standard_normal((count, self.shape[0], 1))
        trend = pair[1] * rng.standard_normal((count, *self.shape)) @ self.root.T
        common, pool, own = np.split(level + trend, [1, 1 + self.share.shape[1]], axis=1)
        pools = np.einsum("cp,dpc->dc", self.share, pool[:, :, self.step])
        total = (common[:, 0, self.step] + pools + own[:, self.own, self.step]) / np.sqrt(3)
        return total[:, : self.split], total[:, self.split :]


def _unit(share: Array) -> Array:
    """Shares scaled to unit length, so that their products are cosines."""
    unit: Array = share / np.linalg.norm(share, axis=1, keepdims=True)
    return unit
