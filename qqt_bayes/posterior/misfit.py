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

Array = NDArray[np.float64]

LEAST_SETS = 3
"""Training sets at a budget from which on what they have in common is told from each one's own."""


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
          sets that were trained there, on the scale of the amplitude; only where
          `LEAST_SETS` share a budget;
        - `misfit_run`: of the mean error of a training set at a budget given all others, the most
          deviations from what was expected; of that set at that budget.
    """
    data = problem.seen
    mean, sigma, _ = located(problem, draws, curve)
    amplitude = amplitude_of(problem, draws)
    given = condition(data, amplitude, mean, printed(problem, sigma), problem.turn)
    found = {"amplitude": (float(np.median(amplitude)) / problem.of_error, "")}
    common = common_misfit(data, given.of_cell.mean(axis=0))
    if common is not None:
        found["misfit_common"] = common / problem.of_error, ""
    precision = given.precision
    distance = precision.times(given.of_cell) / np.sqrt(precision.diagonal())
    far = np.abs(distance.mean(axis=0))
    run = int(np.flatnonzero(data.cell == far.argmax())[0])
    name = problem.runs["data"].values[problem.runs["data_index"].values[run]]
    budget = format_samples(problem.runs["samples_seen"].values[run])
    return found | {"misfit_run": (float(far.max()), f"{name} at {budget}")}


def common_misfit(data: Seen, residual: Array) -> float | None:
    """Root mean square of the residuals' means by budget; None where too few sets share one.

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
    if not shared.any():
        return None
    return float(np.sqrt(np.average(means[shared] ** 2, weights=count[shared])))
