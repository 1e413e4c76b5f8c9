"""How far a law is off, where its model has a discrepancy: what that must not carry unseen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.model.conditioning import condition
from qqt_bayes.model.curves import amplitude_of, located, printed
from qqt_bayes.model.discrepancy import Seen
from qqt_bayes.model.problem import Problem
from qqt_bayes.phrases import format_samples
from qqt_bayes.posterior.checks import EARLY_RUNS, LARGEST_COMMON

Array = NDArray[np.float64]

LEAST_SETS = 3
"""Training sets at a budget from which on what they have in common is told from each one's own."""
LEAST_BUDGETS = 3
"""Budgets from which on a law can have the wrong shape along them: every law has a height, a floor
and an exponent, so what it leaves of one or two budgets is the pull of their priors."""


def misfit(
    problem: Problem, draws: Mapping[str, Array], curve: Array
) -> dict[str, tuple[float, str]]:
    """How far the law is off, by the id of the gate's check.

    Parameters
    ----------
    problem : Problem
        Whose model has a discrepancy.
    draws : mapping of str to array, shape (draw, ...)
        Of the posterior; some hundred will do.
    curve : array, shape (draw, run)
        The mean error of each run under them.

    Returns
    -------
    dict of str to (float, str)
        The value and what it is of:

        - `amplitude`: the median of the discrepancy's;
        - `misfit_common`: root mean square, over budgets, of the mean log residual of all training
          sets that were trained there, on the scale of the amplitude; only where `LEAST_SETS`
          share each of `LEAST_BUDGETS`; of the early runs that bend away, if they do;
        - `misfit_run`: of the mean error of a training set at a budget given all others, the most
          deviations from what was expected; of that set at that budget.
    """
    data = problem.seen
    mean, sigma, _ = located(problem, draws, curve)
    amplitude = amplitude_of(problem, draws)
    given = condition(data, amplitude, mean, printed(problem, sigma), problem.turn)
    found = {"amplitude": (float(np.median(amplitude)) / problem.of_error, "")}
    residual = given.of_cell.mean(axis=0) / problem.of_error
    common = common_misfit(data, residual)
    if common is not None:
        least = first_after_early(problem.runs["samples_seen"].values, residual[data.cell])
        early = "" if least is None else f"{EARLY_RUNS}{format_samples(least)}"
        found["misfit_common"] = common, early
    precision = given.precision
    distance = precision.times(given.of_cell) / np.sqrt(precision.diagonal())
    far = np.abs(distance.mean(axis=0))
    run = int(np.flatnonzero(data.cell == far.argmax())[0])
    name = problem.runs["data"].values[problem.runs["data_index"].values[run]]
    budget = format_samples(problem.runs["samples_seen"].values[run])
    return found | {"misfit_run": (float(far.max()), f"{name} at {budget}")}


def first_after_early(budgets: Array, residual: Array) -> float | None:
    """The least budget after those at which runs bend away from the law that all others follow.

    Early runs bend away if at the least budgets, up to half of all of them, the mean residual has
    one sign and exceeds the gate's bar.  The bend ends after the last of these budgets at which it
    exceeds half of the largest there.

    Parameters
    ----------
    budgets, residual : array, shape (run,)
        Samples seen, and log residual on the scale of the amplitude.

    Returns
    -------
    float or None
        None where no early runs do, or more than half of the budgets would go.

    Examples
    --------
    >>> seen = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    >>> first_after_early(seen, np.array([0.3, 0.2, 0.1, -0.1, -0.1, -0.1]))
    3.0
    >>> first_after_early(seen, np.array([0.0, 0.2, 0.1, -0.1, -0.1, -0.1])) is None
    True
    """
    at, place = np.unique(budgets, return_inverse=True)
    mean = np.bincount(place, residual) / np.bincount(place)
    bends = (np.abs(mean) > LARGEST_COMMON) & (np.sign(mean) == np.sign(mean[0]))
    stretch = int(np.argmin(np.append(bends, False)))
    if not stretch:
        return None
    largest = np.abs(mean[:stretch]).max()
    last = int(np.flatnonzero(np.abs(mean[:stretch]) > largest / 2)[-1])
    return None if 2 * (last + 1) > at.size else float(at[last + 1])


def common_misfit(data: Seen, residual: Array) -> float | None:
    """Root mean square of the residuals' means by budget; None where too few sets share too few.

    Parameters
    ----------
    data : Seen
    residual : array, shape (cell,)
        Mean log residual of each cell.
    """
    cells = data.cells
    at = cells.group[cells.of_set] * cells.budget.size + cells.of_budget
    count = np.bincount(at)
    means = np.bincount(at, residual) / np.maximum(count, 1)
    shared = count >= LEAST_SETS
    if np.unique(np.flatnonzero(shared) % cells.budget.size).size < LEAST_BUDGETS:
        return None
    return float(np.sqrt(np.average(means[shared] ** 2, weights=count[shared])))
