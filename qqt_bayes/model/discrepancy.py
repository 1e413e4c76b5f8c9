r"""What the law cannot describe: a departure of log error, inside the likelihood.

The mean error of a training set at n samples is ``y(n) exp(delta(log n))`` with the law's curve y.
The departure delta is a Gaussian process. Of the training sets s and t at the log budgets x and x',

``Cov(delta_s(x), delta_t(x')) = s^2 C(s, t) (1 + k(u, v))``,
``C(s, t) = (1 + cos(w_s, w_t) + exp(-|f_s - f_t|^2 / (2 l^2))) / 3``, ``f = (log U, 2 w)``,
``k(u, v) = G(u) + G(v) - G(u - v)``, ``G(x) = |x| - 1 + exp(-|x|)``, u = x - c, v = x' - c.

A third of its variance is common to all training sets, a third belongs to the pools that they take
from (shares w), and a third to sets that are alike in size U and shares. It changes smoothly from
one set to another: what is said of a set does not depend on which others are asked about, and of
one that lies between two trained ones both say most. (In ``2 sqrt(w)`` it was steep where a share
begins: to ask about 11 levels instead of the two ends cost up to twice the regret, now an eighth.)
Between groups all of it is halved. Along log budget it has a level at the centre c of the trained
budgets, and a slope that is forgotten: an Ornstein-Uhlenbeck process whose correlation falls by e
with every factor e in budget, and k is the covariance of its integral. (A trend that is damped; one
that goes on for ever forecast worse, see Gardner and McKenzie 1985, doi:10.1287/mnsc.31.10.1237.)
Runs pin the departure down where they are, to their noise; beyond them it grows.

The amplitude s is a parameter like the others, with a prior in the section ``[discrepancy]`` of the
specification, and the departure is integrated out (Kennedy and O'Hagan 2001,
doi:10.1111/1467-9868.00294): the log errors of the runs, ``x_i = log m + (e_i - m) / m`` with m the
mean of their cell (one training set at one budget), are jointly normal about the log of the curves,

``x ~ N(log y, s^2 K + diag(v / m^2))``,

v being the variances of `qqt_bayes.model.noise`, rounding's included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.laws.run_curves import replicates

Array = NDArray[np.float64]
Index = NDArray[np.intp]

AMPLITUDE = "amplitude"
"""Name of the amplitude ``s``."""
TREND = 1.0
"""Amplitude of the trend by that of the level: a factor e in budget changes a departure by as much
as it is. Where one budget is seen nothing else says how far slopes are off: at 2, 90 % intervals
for differences between levels of DataComp held nearly all, at 1 they hold 95 %, and forecasts are
better. Runs at several budgets say it themselves: six worlds are forecast alike at 1 and 2."""
LENGTH = 1.0
"""``l``: sets a factor e apart in size depart alike by 0.61 in the third that is their own, and a
pool and its union with another of its size, 1.6 apart, by 0.29. (0.35, 0.6 and 1 were tried on six
worlds and DataComp: forecasts of five worlds are alike, the sixth is one that the law misses, those
of DataComp are better the longer it is, and so P(best) depends the less on how finely levels are
gridded between two that were trained.)"""
OF_LOSS = 1 / 3
"""Amplitude of the log of a loss by that of the log of an error rate. Losses have a floor that is
most of them (of language models two thirds at the sizes that are published), and departures are of
the rest."""
BETWEEN_GROUPS = 0.5
"""Share of a departure's covariance that is left between groups."""


@dataclass(frozen=True)
class Cells:
    """Training sets at budgets.

    Attributes
    ----------
    taken : array, shape (set, pool)
        Unique samples that each training set takes from each pool.
    group : array of int, shape (set,)
        A training set that is trained in two groups is there twice.
    budget : array, shape (budget,)
        Samples.
    of_set, of_budget : array of int, shape (cell,)
        The set and the budget of each cell.
    """

    taken: Array
    group: Index
    budget: Array
    of_set: Index
    of_budget: Index

    def at(self, centre: float) -> Array:
        """Log budgets from a centre, shape (budget,)."""
        x: Array = np.log(self.budget) - centre
        return x


def between_sets(one: Cells, other: Cells) -> Array:
    """``C``, halved between groups; shape (set, set of the other).

    Examples
    --------
    One pool whole, and half of it:

    >>> index = np.array([0, 0])
    >>> sets = Cells(np.array([[2e6], [1e6]]), index, np.array([1e6]), index, index)
    >>> between_sets(sets, sets)[0].round(3)
    array([1.   , 0.929])
    """
    shares = [each.taken / each.taken.sum(axis=1, keepdims=True) for each in (one, other)]
    unit = [w / np.linalg.norm(w, axis=1, keepdims=True) for w in shares]
    sizes = [np.log(each.taken.sum(axis=1, keepdims=True)) for each in (one, other)]
    first, second = (np.hstack([u, 2 * w]) for u, w in zip(sizes, shares, strict=True))
    apart = ((first[:, None] - second) ** 2).sum(axis=2)
    alike: Array = (1 + unit[0] @ unit[1].T + np.exp(-apart / (2 * LENGTH**2))) / 3
    return alike * np.where(one.group[:, None] == other.group, 1.0, BETWEEN_GROUPS)


def along(u: Array, v: Array) -> Array:
    """``1 + k(u, v)``, shape (budget, budget of the other), at log budgets from the centre.

    Examples
    --------
    At the centre, and at ten times it:

    >>> x = np.log([1.0, 10.0])
    >>> along(x, x).round(2)
    array([[1.  , 1.  ],
           [1.  , 3.81]])
    """
    k: Array = 1 + TREND**2 * (_grown(u)[:, None] + _grown(v) - _grown(u[:, None] - v))
    return k


def _grown(x: Array) -> Array:
    """``G(x)``, half the variance of what a slope that is forgotten adds over a distance x."""
    distance: Array = abs(x)
    return distance + np.expm1(-distance)


def covariance(one: Cells, other: Cells, centre: float) -> Array:
    """``K`` at amplitude 1, shape (cell, cell of the other)."""
    sets = between_sets(one, other)[np.ix_(one.of_set, other.of_set)]
    k = along(one.at(centre), other.at(centre))[np.ix_(one.of_budget, other.of_budget)]
    return sets * k


def variances(cells: Cells, centre: float) -> Array:
    """The diagonal of ``K``, shape (cell,): of one training set ``C`` is 1."""
    found: Array = (1 + 2 * TREND**2 * _grown(cells.at(centre)))[cells.of_budget]
    return found


@dataclass(frozen=True)
class Seen:
    """The runs of a table as the likelihood with a discrepancy takes them.

    Attributes
    ----------
    cells : Cells
    centre : float
        ``c``.
    cell : array of int, shape (run,)
    mean : array, shape (run,)
        ``m``: of the errors of its cell, by their weights.
    log_error : array, shape (run,)
        ``x``.
    covariance : array, shape (cell, cell)
        ``K``.
    """

    cells: Cells
    centre: float
    cell: Index
    mean: Array
    log_error: Array
    covariance: Array

    @property
    def alone(self) -> Array:
        """Variance of each run's error at amplitude 1, were the runs independent; shape (run,).

        All runs of a cell depart together, so each of m has m times the variance of the cell.
        """
        size = np.bincount(self.cell)[self.cell]
        found: Array = size * np.diag(self.covariance)[self.cell] * self.mean**2
        return found


def seen(runs: xr.Dataset) -> Seen:
    """Take the runs of a table by their cells.

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it.
    """
    names = ("group_index", "data_index", "samples_seen")
    group, data, budget = (runs[name].to_numpy() for name in names)
    first, cell = replicates(runs)
    sets, of_set = np.unique(np.stack([group, data])[:, first], axis=1, return_inverse=True)
    budgets, of_budget = np.unique(budget[first], return_inverse=True)
    taken = runs["unique_samples"].transpose("data", "pool").to_numpy()
    cells = Cells(taken[sets[1]], sets[0], budgets, of_set.ravel(), of_budget)
    centre = float(np.log(budgets[cells.of_budget]).mean())
    error, weight = runs["error"].to_numpy(), runs["weight"].to_numpy()
    mean = (np.bincount(cell, weight * error) / np.bincount(cell, weight))[cell]
    log_error = np.log(mean) + (error - mean) / mean
    return Seen(cells, centre, cell, mean, log_error, covariance(cells, cells, centre))


def root(matrix: Array) -> Array:
    """A square root of a covariance, which may be singular: ``root root' = matrix``."""
    scale, turn = np.linalg.eigh(matrix)
    found: Array = turn * np.sqrt(scale.clip(0))
    return found


def joined(one: Cells, other: Cells) -> Cells:
    """The cells of both, one after the other, each set and each budget once."""
    taken, group, of_set = _once(one, other)
    budgets, of_budget = np.unique(
        np.concatenate([each.budget[each.of_budget] for each in (one, other)]),
        return_inverse=True,
    )
    return Cells(taken, group, budgets, of_set, of_budget)


def _once(one: Cells, other: Cells) -> tuple[Array, Index, Index]:
    rows = np.concatenate(
        [np.column_stack([each.group, each.taken])[each.of_set] for each in (one, other)]
    )
    found, place = np.unique(rows, axis=0, return_inverse=True)
    return found[:, 1:], found[:, 0].astype(np.intp), place.ravel()


def prior_departures(cells: Cells, centre: float, draws: int, rng: np.random.Generator) -> Array:
    """Departures at cells before any run is seen, at amplitude 1; shape (draw, cell)."""
    return drawn_from(roots(cells, centre), cells, draws, rng)


def roots(cells: Cells, centre: float) -> tuple[Array, Array]:
    """Roots of the covariance between training sets, and along budgets: once for all draws."""
    return root(between_sets(cells, cells)), root(along(*[cells.at(centre)] * 2))


def drawn_from(
    of_both: tuple[Array, Array], cells: Cells, draws: int, rng: np.random.Generator
) -> Array:
    """`prior_departures`, where the `roots` of its covariances are known; shape (draw, cell)."""
    sets, budgets = of_both
    z = rng.standard_normal((draws, len(sets), len(budgets)))
    everywhere = sets @ (z @ budgets.T)
    found: Array = everywhere[:, cells.of_set, cells.of_budget]
    return found
