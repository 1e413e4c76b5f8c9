"""Forecasts and choices without a posterior, against which those of a fit are measured.

Each abstains (NaN, or no choice) where the runs do not determine it.
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
from qqt_bayes.comparison.splits import Question, comparable_runs, select_runs
from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.run_curves import Part, ingredients, repeat, replicates, run_errors
from qqt_bayes.tables.budgets import rungs

Array = NDArray[np.float64]
STUDENT_LEVELS = np.linspace(0, 1, 1001)[1::2]
"""Levels of the 500 equally probable quantiles that stand for a t distribution."""
RESAMPLES = 200
"""Bootstrap samples."""
STARTS = 8
"""Starting points of the search; the sum of squares has several minima."""
MAX_EVALUATIONS = 50
"""Evaluations of the law after which a search from one start ends."""
TOLERANCE = 1e-6
"""Relative change of cost or parameters below which a search ends."""
FORWARD_STEP = 1e-6
"""Step of forward differences, in the logarithm of a parameter."""
MAX_ERROR_RATIO = 1e3
"""Predicted errors in units of the largest observed one, at the most: the law may overflow."""
REACH = 8
"""Bounds of the search about its centre, in the logarithm of a parameter: a factor of 3000."""


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
    """Predict each training set by a line of its own, ``log y = alpha + beta log n``.

    By least squares.  A new run has the regression's predictive distribution, Student's t with two
    degrees of freedom fewer than there are runs.  A training set that was seen at one budget has no
    line; one whose runs leave no degree of freedom has a line and no interval.

    Parameters
    ----------
    early, late : Dataset
        See `qqt_bayes.comparison.splits.split`.

    Returns
    -------
    Forecast
        Its curve is a single draw.
    """
    curve, new_run = no_forecast(1, late), no_forecast(STUDENT_LEVELS.size, late)
    names = early["data"].to_numpy()[early["data_index"]]
    for data, group in {*zip(late["data_index"].values, late["group_index"].values, strict=True)}:
        mine = (names == late["data"].values[data]) & (early["group_index"].values == group)
        target = (late["data_index"].values == data) & (late["group_index"].values == group)
        x = np.log(early["samples_seen"].values[mine])
        y = np.log(early["error"].values[mine])
        if np.unique(x).size < 2:
            continue
        x0 = np.log(late["samples_seen"].values[target])
        beta, alpha = np.polyfit(x, y, 1)
        curve[:, target] = line = np.exp(alpha + beta * x0)
        if x.size > 2:
            around = x - x.mean()
            s = np.sqrt(np.sum((y - alpha - beta * x) ** 2) / (x.size - 2))
            spread = s * np.sqrt(1 + 1 / x.size + (x0 - x.mean()) ** 2 / np.sum(around**2))
            t = stats.t.ppf(STUDENT_LEVELS, x.size - 2)[:, None]
            new_run[:, target] = line * np.exp(spread * t)
    return Forecast(curve, new_run)


def least_squares_bootstrap(
    early: xr.Dataset, late: xr.Dataset, *, resamples: int = RESAMPLES, seed: int = 0
) -> Forecast:
    """Predict by the law `utility` with the theorem: least squares, residuals bootstrapped.

    Each group by itself: a and d for all pools; b and tau for each pool, or else one tau, or else
    one b as well: the richest of these that has no more parameters than there are points
    (training sets at a budget) and fewer than there are runs. Residuals are scaled by
    ``sqrt(n / (n - k))``, for n runs and k parameters; a new run adds one of them to its curve.

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
        NaN for groups with too few runs.
    """
    curve, new_run = no_forecast(resamples, late), no_forecast(resamples, late)
    groups = early["group"].to_numpy()
    for index, group in enumerate(groups):
        mine = select_runs(early, early["group_index"].to_numpy() == index)
        own = late["group"].to_numpy()[late["group_index"]] == group
        positions, targets = comparable_runs(late, own, mine)
        counts = _richest(mine)
        if counts is None or not positions.size:
            continue
        rng = np.random.default_rng([seed, index])
        fit = _LeastSquares(mine, *counts)
        best, residuals = fit.best(rng)
        drawn = rng.choice(residuals, (resamples, residuals.size))
        bootstrap = [fit.solve(best, fit.errors(best[None])[0] + r)[0] for r in drawn]
        curve[:, positions] = found = fit.errors(np.array(bootstrap), ingredients(targets))
        new_run[:, positions] = found + rng.choice(residuals, found.shape)
    return Forecast(curve, new_run)


def _richest(runs: xr.Dataset) -> tuple[int, int] | None:
    """Most utilities and half-lives that the runs of a group determine; None if not one each."""
    points, pools = replicates(runs)[0].size, runs.sizes["pool"]
    for b, tau in ((pools, pools), (pools, 1), (1, 1)):
        if 2 + b + tau <= min(points, runs.sizes["run"] - 1):
            return b, tau
    return None


@dataclass
class _LeastSquares:
    """Least squares in the point x = (log a, log d, log b, log tau).

    Attributes
    ----------
    runs : Dataset
        Of one group.
    utilities, half_lives : int
        Numbers of b and tau: one for each pool, or one for all.
    """

    runs: xr.Dataset
    utilities: int
    half_lives: int

    def __post_init__(self) -> None:
        self.parts = ingredients(self.runs)
        self.error = self.runs["error"].to_numpy()
        least, first = self.error.min(), float(self.runs["samples_seen"].min())
        # Starts lie about ordinary values: with this a the least budget is ten of the law's units
        # (of 100,000 samples by 1 / a), and the irreducible error is half of the least error seen.
        log_a, log_d = np.log(10 * 1e5 / first), np.log(least / 2)
        self.centre = np.array(
            [log_a, log_d, *[np.log(0.3)] * self.utilities, *[np.log(3)] * self.half_lives]
        )
        self.low, self.high = self.centre - REACH, self.centre + REACH
        self.high[1] = np.log(least)  # d is below all errors

    def errors(self, points: Array, parts: list[Part] | None = None) -> Array:
        """Errors of runs under several points, shape (point, run); of the fitted ones by default.

        Parameters
        ----------
        points : array, shape (point, parameter)
        parts : list of Part, optional
            The ingredients of other runs.
        """
        n, split = len(points), 2 + self.utilities
        a, d, b, tau = np.split(np.exp(points), [1, 2, split], axis=1)
        values: dict[str, tuple[Any, tuple[str, ...]]] = {
            name: (x[:, 0], ("copy",)) if x.shape[1] == 1 else (x, ("copy", "pool"))
            for name, x in {"a": a, "d": d, "b": b, "tau": tau}.items()
        }
        copies = repeat(self.parts if parts is None else parts, n)
        with np.errstate(over="ignore"):
            found: Array = run_errors(copies, LAWS["utility"], values).reshape(n, -1)
        return np.asarray(np.minimum(found, MAX_ERROR_RATIO * self.error.max()))

    def solve(self, start: Array, error: Array) -> tuple[Array, float]:
        """The point that fits some errors of the runs best, and half its sum of squares."""

        def residuals(x: Array) -> Array:
            residual: Array = self.errors(x[None])[0] - error
            return residual

        def jacobian(x: Array) -> Array:
            """By forward differences: all points in one evaluation of the law."""
            found = self.errors(np.vstack([x, x + FORWARD_STEP * np.eye(x.size)]))
            return np.asarray((found[1:] - found[0]).T / FORWARD_STEP)

        found = least_squares(
            residuals,
            # A start must be between the bounds; a bootstrap's, the best fit, may be on one.
            np.clip(start, self.low + 1e-9, self.high - 1e-9),
            jac=jacobian,
            bounds=(self.low, self.high),
            max_nfev=MAX_EVALUATIONS,
            ftol=TOLERANCE,
            xtol=TOLERANCE,
        )
        return found.x, float(found.cost)

    def best(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """The best point from several starts, and the residuals that it leaves, scaled."""
        starts = self.centre + rng.normal(size=(STARTS, self.centre.size))
        x, _ = min((self.solve(start, self.error) for start in starts), key=lambda each: each[1])
        n, k = self.error.size, x.size
        return x, (self.error - self.errors(x[None])[0]) * np.sqrt(n / (n - k))


def no_forecast(samples: int, late: xr.Dataset) -> Array:
    """NaN for each held-out run, shape (sample, run): where a baseline abstains."""
    return np.full((samples, late.sizes["run"]), np.nan)


FORECASTS: dict[str, Callable[[xr.Dataset, xr.Dataset], Forecast]] = {
    "least squares": least_squares_bootstrap,
    "power law": power_law,
}
"""The baselines that predict errors, by name; `single_scale` only chooses."""
