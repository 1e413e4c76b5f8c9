"""Whether errors are accuracies: a legal mistake that turns every decision upside down."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.model.draws import errors_again, prior_draws
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import DEFAULT_MODEL, load_model
from qqt_bayes.planning.findings import LEAST_RISE
from qqt_bayes.planning.question import Question
from qqt_bayes.tables.budgets import RUNG_WIDTH, is_one_budget, rungs

LEAST_RISING = 0.5
"""Share of training sets, of which more must rise: hardly any errors do, nearly all accuracies."""
FULL_EPOCHS = 4.0
"""Epochs of which each is worth nearly as much as the first: here no error rises but by noise.
Beyond, repetition may turn it, so that more epochs are looked at only for want of others."""
EXPECTED = (0.1, 0.9)
"""Quantiles of the prior between which an error is expected. Asking costs a word, so these are
nearer than those of a finding about the priors (`qqt_bayes.planning.findings`)."""
PRIOR_DRAWS, MAX_RUNS = 400, 50
"""Draws, and runs, that the priors are asked with: milliseconds, and quantiles to a hundredth."""
SCATTER = 0.034
"""Standard deviation of a cell's errors: twice the largest noise that the priors expect (0.017, two
standard deviations out)."""
GAP = 0.3
"""Gap between the errors of two training sets at one budget, without any between: what a far better
filter gains is less (in small worlds, whose first steps gain most, up to 0.27)."""


def accuracies(runs: xr.Dataset, table: pd.DataFrame) -> Iterator[Question]:
    """Whether errors are accuracies, by the first sign of it: they rise, stand apart, or are low.

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it.
    table : DataFrame
        A row for each run: `data`, `group`, `samples_seen`, `error`, `epochs`.
    """
    by_sign = (_rising(table), _apart(runs, table), _unexpected(runs, table))
    yield from islice((question for found in by_sign for question in found), 1)


def _rising(table: pd.DataFrame) -> Iterator[Question]:
    """Whether errors rise with the budget: of most training sets, or of some clearly."""
    before, after = _over_budgets(table[table["epochs"] <= FULL_EPOCHS])
    clearly = after > before + SCATTER
    if before.empty:
        before, after = _over_budgets(table)
    if before.empty:
        return
    rises = after > before
    most = rises.mean() > LEAST_RISING and after.mean() > (1 + LEAST_RISE) * before.mean()
    if most or clearly.any():
        which = rises if most else clearly
        count = {"rising": float(which.sum()), "sets": float(before.size)}
        ends = {"lower": float(before[which].mean()), "upper": float(after[which].mean())}
        names = dict.fromkeys(str(data) for data, _ in before[which].index)
        yield Question("accuracies", tuple(names), count | ends)


def _over_budgets(table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Errors of each training set (and group) at the least and largest of several budgets."""
    cells = table.groupby(["data", "group", "samples_seen"], as_index=False)["error"].mean()
    ends = cells.groupby(["data", "group"])  # keeps the order of the budgets
    seen, error = ends["samples_seen"], ends["error"]
    several = seen.max() > RUNG_WIDTH * seen.min()
    return error.first()[several], error.last()[several]


def _apart(runs: xr.Dataset, table: pd.DataFrame) -> Iterator[Question]:
    """Whether errors at one budget are in two parts, and one minus those of the one fits the other.

    So they are where some training sets come from a table of accuracies. Those that fall with the
    budget are errors, however far they stand apart.
    """
    if runs.attrs["kind"] != "error":
        return
    falls = _falls(table)
    rung = rungs(table["samples_seen"].values)
    for _, cell in table.groupby(["group", rung]):
        error = cell.groupby("data")["error"].mean().sort_values()
        step = error.diff().fillna(0.0)
        place = int(step.argmax())
        gap, low, high = float(step.iloc[place]), error.iloc[:place], error.iloc[place:]
        fits = gap > GAP and abs(1 - low.mean() - high.mean()) < gap / 2
        if fits and not all(_are_errors(side.index, falls) for side in (low, high)):
            ends = {"lower": float(low.max()), "upper": float(high.min())}
            at = {"samples_seen": float(cell["samples_seen"].min())}
            yield Question("accuracies", tuple(map(str, low.index)), {**ends, **at, "bar": GAP})


def _falls(table: pd.DataFrame) -> pd.Series:
    """Whether each training set that has several budgets falls clearly from the least on."""
    cells = table.groupby(["data", "group", "samples_seen"], as_index=False)["error"].mean()
    error = cells.groupby(["data", "group"])["error"]  # keeps the order of the budgets
    falls = error.min() < error.first() - SCATTER
    return falls[error.size() > 1].groupby("data").mean() > 1 / 2


def _are_errors(sets: pd.Index, falls: pd.Series) -> bool:
    """Whether most of those training sets fall with the budget of which that is known."""
    known = falls.reindex(sets).dropna().astype(float)
    return bool(known.mean() > 1 / 2)


def _unexpected(runs: xr.Dataset, table: pd.DataFrame) -> Iterator[Question]:
    """Whether the priors expect one minus the errors of several training sets, and not these.

    That is asked where no training set has two budgets: errors that fall are errors.
    """
    if runs.attrs["kind"] != "error" or runs.sizes["data"] < 2:
        return  # between one training set nobody chooses
    before, _ = _over_budgets(table)
    budget = np.log(table["samples_seen"])
    falls = np.sum((budget - budget.mean()) * table["error"]) < 0
    if not before.empty or (falls and not is_one_budget(table["samples_seen"].values)):
        return
    runs = runs.isel(run=slice(MAX_RUNS))
    problem = Problem(load_model(DEFAULT_MODEL), runs)
    drawn = errors_again(problem, prior_draws(problem, 0, PRIOR_DRAWS), 0)
    low, high = np.quantile(drawn, EXPECTED, axis=0)
    error = runs["error"].values
    accuracy = (low <= 1 - error) & (1 - error <= high)
    if np.mean((error < low) & accuracy) > 1 / 2:
        expected = {"lower": float(np.median(low)), "upper": float(np.median(high))}
        found = {"least": float(error.min()), "most": float(error.max())}
        yield Question("accuracies", (), {**expected, **found})
