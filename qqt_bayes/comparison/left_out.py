"""Runs that are left out of a fit, and predictions of them by the law fitted to the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.errors import InputError, alternatives
from qqt_bayes.model.draws import replicate
from qqt_bayes.model.noise import evaluation_variance, hold_evaluation
from qqt_bayes.model.problem import Problem
from qqt_bayes.posterior.fit import Fit, by_draw
from qqt_bayes.progress import track

Array = NDArray[np.float64]
Fold = NDArray[np.intp]
UNSEEN_VARIANCE = 1e3**2 / 3
"""Evaluation variance of a run that is left out: so large that its error carries no information,
while runs, training sets and pools keep their places in the table."""


def by_run(runs: xr.Dataset) -> list[Fold]:
    """Folds of one run each."""
    return list(np.arange(runs.sizes["run"])[:, None])


def by_training_set(runs: xr.Dataset) -> list[Fold]:
    """Folds of all runs of a training set."""
    index = runs["data_index"].to_numpy()
    return [np.flatnonzero(index == each) for each in np.unique(index)]


def largest_budget(runs: xr.Dataset) -> list[Fold]:
    """One fold: the runs at the largest budget of their group."""
    seen, group = runs["samples_seen"].to_numpy(), runs["group_index"].to_numpy()
    most = np.zeros(runs.sizes["group"])
    np.maximum.at(most, group, seen)
    return [np.flatnonzero(seen == most[group])]


LEAVE_OUT = {
    "run": by_run,
    "training-set": by_training_set,
    "largest-budget": largest_budget,
}
"""Ways to leave runs out, by the name that a user gives."""


def folds(runs: xr.Dataset, leave_out: str) -> list[Fold]:
    """Positions of the runs that are left out together.

    Raises
    ------
    InputError
        If there is no such way, or nothing would be left.
    """
    if leave_out not in LEAVE_OUT:
        raise InputError(f"unknown leave_out {leave_out!r}{alternatives(leave_out, LEAVE_OUT)}")
    found = LEAVE_OUT[leave_out](runs)
    if max(map(len, found)) == runs.sizes["run"]:
        raise InputError(
            f"leaving out the {leave_out.replace('-', ' ')} leaves no run: the table has one only"
        )
    return found


def refits(fit: Fit, left_out: Sequence[Fold]) -> Iterator[tuple[Array, Array, bool]]:
    """What the law of a fit predicts of runs that it did not see: it is fitted again without them.

    Yields
    ------
    tuple
        For each fold the log density of its runs, and predicted errors, both of shape (draw, run);
        and whether the chains of the refit agree.
    """
    if not left_out:
        return
    from qqt_bayes.sampling.many import fit_many

    spec, runs = fit.spec, fit.runs
    problem = Problem(spec, runs)
    sizes = fit.posterior.sizes
    settings: dict[str, Any] = {"draws": sizes["draw"], "chains": sizes["chain"]}
    settings |= {"method": fit.method, "seed": fit.seed}
    tables = (without(runs, each) for each in left_out)
    asked = track(left_out, "Fitting again without some runs")
    for each, again in zip(asked, fit_many(tables, spec, **settings), strict=True):
        refit = Fit.of(again)
        draws = by_draw(refit.posterior)
        runs_again = replicate(problem, draws, settings["seed"], each)
        density, predicted = runs_again.log_density, runs_again.predicted
        yield density[:, each], predicted[:, each], refit.gate.chains_agree


def without(runs: xr.Dataset, fold: Fold) -> xr.Dataset:
    """The table in which some runs have so much noise that they carry no information."""
    variance = evaluation_variance(runs).copy()
    variance[fold] += UNSEEN_VARIANCE
    return hold_evaluation(runs, variance)
