"""What is done without a posterior: to be measured beside the forecasts of a fit.

Each is small, and each abstains where it has nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import least_squares

from qqt_bayes.comparison.scores import Forecast
from qqt_bayes.comparison.splits import Question, take, within
from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.run_curves import Part, ingredients, repeat, replicates, run_errors
from qqt_bayes.tables.budgets import rungs

Array = NDArray[np.float64]
LEVELS = np.linspace(0, 1, 1001)[1::2]
"""Quantile levels that stand for a t distribution."""
RESAMPLES = 200
STARTS = 8
EVALUATIONS, PRECISE = 50, 1e-6
"""A search ends after so many evaluations, or when cost or parameters move by less."""
STEP = 1e-6
"""Of the forward differences, in a logarithm."""
FAR = 1e3
"""Errors count as no more than so many times the largest seen."""


def single_scale(early: xr.Dataset, question: Question) -> str | None:
    """The candidate that was best at the largest budget at which all of them were trained.

    Parameters
    ----------
    early : Dataset
        The runs that are seen, see `qqt_bayes.comparison.splits.split`.
    question : Question

    Returns
    -------
    str or None
        None if the candidates were never trained at one budget in that group.
    """
    own = early["group"].to_numpy()[early["group_index"]] == question.group
    data = early["data"].to_numpy()[early["data_index"]]
    rung, error = rungs(early["samples_seen"].to_numpy()), early["error"].to_numpy()
    for each in np.unique(rung)[::-1]:
        here = {name: own & (rung == each) & (data == name) for name in question.error.index}
        if all(runs.any() for runs in here.values()):
            return str(min(here, key=lambda name: error[here[name]].mean()))
    return None


def power_law(early: xr.Dataset, late: xr.Dataset) -> Forecast:
    """A line of its own for each training set, ``log y = alpha + beta log n``, by least squares.

    A new run lies about it as the regression says, in Student's t with as many degrees of freedom
    as there are runs above two.  A training set that was seen at one budget has no line; one whose
    runs leave no degree of freedom has a line and no interval.

    Parameters
    ----------
    early, late : Dataset
        See `qqt_bayes.comparison.splits.split`.

    Returns
    -------
    Forecast
        Its curve is a point. Error rates above 1 count as 1.
    """
    curve, new_run = _nothing(1, late), _nothing(LEVELS.size, late)
    names = early["data"].to_numpy()[early["data_index"]]
    for data, group in {*zip(late["data_index"].values, late["group_index"].values, strict=True)}:
        mine = (names == late["data"].values[data]) & (early["group_index"].values == group)
        asked = (late["data_index"].values == data) & (late["group_index"].values == group)
        x = np.log(early["samples_seen"].values[mine])
        y = np.log(early["error"].values[mine])
        if np.unique(x).size < 2:
            continue
        x0 = np.log(late["samples_seen"].values[asked])
        beta, alpha = np.polyfit(x, y, 1)
        curve[:, asked] = line = np.exp(alpha + beta * x0)
        if x.size > 2:
            around = x - x.mean()
            s = np.sqrt(np.sum((y - alpha - beta * x) ** 2) / (x.size - 2))
            reach = s * np.sqrt(1 + 1 / x.size + (x0 - x.mean()) ** 2 / np.sum(around**2))
            t = stats.t.ppf(LEVELS, x.size - 2)[:, None]
            new_run[:, asked] = line * np.exp(reach * t)
    return Forecast(curve, new_run)


def least_squares_bootstrap(
    early: xr.Dataset, late: xr.Dataset, *, resamples: int = RESAMPLES, seed: int = 0
) -> Forecast:
    """The law `utility` with the theorem by least squares, and a bootstrap of the residuals.

    Each group by itself: a and d for all pools; b and tau for each pool, or else one tau, or else
    one b as well, whatever is the richest that has no more parameters than there are points
    (training sets at a budget) and fewer than there are runs. Residuals are scaled by
    ``sqrt(n / (n - k))``; a new run has one of them on top of its curve.

    Parameters
    ----------
    early, late : Dataset
        See `qqt_bayes.comparison.splits.split`.
    resamples : int
    seed : int
        Of the starts and the resamples.

    Returns
    -------
    Forecast
        NaN for groups with too few runs. Error rates above 1 count as 1.
    """
    curve, new_run = _nothing(resamples, late), _nothing(resamples, late)
    groups = early["group"].to_numpy()
    for index, group in enumerate(groups):
        mine = take(early, early["group_index"].to_numpy() == index)
        own = late["group"].to_numpy()[late["group_index"]] == group
        told, asked = within(late, own, mine)
        pools = _richest(mine)
        if pools is None or not told.size:
            continue
        rng = np.random.default_rng([seed, index])
        fit = _PointFit(mine, *pools)
        x, residuals = fit.best(rng)
        above = LAWS["utility"], ingredients(asked)
        drawn = rng.choice(residuals, (resamples, residuals.size))
        bootstrap = [fit.solve(x, fit.errors(x[None])[0] + r)[0] for r in drawn]
        curve[:, told] = found = fit.errors(np.array(bootstrap), above[1])
        new_run[:, told] = found + rng.choice(residuals, found.shape)
    return Forecast(curve, new_run)


def _richest(runs: xr.Dataset) -> tuple[int, int] | None:
    """How many utilities and half-lives the runs of a group can tell."""
    points, pools = replicates(runs)[0].size, runs.sizes["pool"]
    for b, tau in ((pools, pools), (pools, 1), (1, 1)):
        if 2 + b + tau <= min(points, runs.sizes["run"] - 1):
            return b, tau
    return None


@dataclass
class _PointFit:
    """Least squares for log a, log d, log b and log tau."""

    runs: xr.Dataset
    utilities: int
    half_lives: int

    def __post_init__(self) -> None:
        self.parts = ingredients(self.runs)
        self.error = self.runs["error"].to_numpy()
        least, first = self.error.min(), float(self.runs["samples_seen"].min())
        ends = [np.log(10 * 1e5 / first), np.log(least / 2)]
        self.centre = np.array(
            [*ends, *[np.log(0.3)] * self.utilities, *[np.log(3)] * self.half_lives]
        )
        self.low, self.high = self.centre - 8, self.centre + 8
        self.high[1] = np.log(least)

    def errors(self, points: Array, parts: list[Part] | None = None) -> Array:
        """Errors of runs under several points, shape (point, run)."""
        n, split = len(points), 2 + self.utilities
        a, d, b, tau = np.split(np.exp(points), [1, 2, split], axis=1)
        values: dict[str, tuple[Any, tuple[str, ...]]] = {
            name: (x[:, 0], ("copy",)) if x.shape[1] == 1 else (x, ("copy", "pool"))
            for name, x in {"a": a, "d": d, "b": b, "tau": tau}.items()
        }
        copies = repeat(self.parts if parts is None else parts, n)
        with np.errstate(over="ignore"):
            found: Array = run_errors(copies, LAWS["utility"], values).reshape(n, -1)
        return np.asarray(np.minimum(found, FAR * self.error.max()))

    def solve(self, start: Array, error: Array) -> tuple[Array, float]:
        """The best point for some errors of the runs, and its cost."""

        def residuals(x: Array) -> Array:
            misfit: Array = self.errors(x[None])[0] - error
            return misfit

        def slope(x: Array) -> Array:
            found = self.errors(np.vstack([x, x + STEP * np.eye(x.size)]))
            return np.asarray((found[1:] - found[0]).T / STEP)

        found = least_squares(
            residuals,
            np.clip(start, self.low + 1e-9, self.high - 1e-9),
            jac=slope,
            bounds=(self.low, self.high),
            max_nfev=EVALUATIONS,
            ftol=PRECISE,
            xtol=PRECISE,
        )
        return found.x, float(found.cost)

    def best(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """The best point from several starts, and the residuals that it leaves, scaled."""
        starts = self.centre + rng.normal(size=(STARTS, self.centre.size))
        x, _ = min((self.solve(start, self.error) for start in starts), key=lambda each: each[1])
        n, k = self.error.size, x.size
        return x, (self.error - self.errors(x[None])[0]) * np.sqrt(n / (n - k))


def _nothing(samples: int, late: xr.Dataset) -> Array:
    """NaN for each held-out run."""
    return np.full((samples, late.sizes["run"]), np.nan)


FORECASTS: dict[str, Callable[[xr.Dataset, xr.Dataset], Forecast]] = {
    "least squares": least_squares_bootstrap,
    "power law": power_law,
}
"""The baselines that forecast, by name."""
