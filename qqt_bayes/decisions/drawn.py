"""What is asked of one or several fits, checked at the door, and the errors by draw that answer it.

`qqt_bayes.decide` and `qqt_bayes.frontier` ask the same; they differ in what they make of the
errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.decisions.candidates import scaled
from qqt_bayes.decisions.stack import mix
from qqt_bayes.decisions.study import Study, budgets_of, fits_that_decide, levels_of
from qqt_bayes.posterior.departure import depart
from qqt_bayes.posterior.fit import AnyFit, Fit
from qqt_bayes.posterior.levels import Levels, as_budgets, as_levels, require_affordable
from qqt_bayes.posterior.prediction import MEAN, ONE_RUN, of_one_run, predict


class Asked(NamedTuple):
    """Fits that may be used, and what is asked of them.

    Attributes
    ----------
    fits : dict of str to Fit
        By their names, all of the same runs.
    weights : array, shape (fit,)
        Shares of the draws that are of each.
    levels : DataArray, dims (level, pool)
        Unique samples.
    budgets : array
    group : str or None
    forced : bool
        Whether the user wants fits to be used that did not pass their gates.
    """

    fits: dict[str, Fit]
    weights: NDArray[np.float64]
    levels: xr.DataArray
    budgets: NDArray[np.float64]
    group: str | None
    forced: bool

    @property
    def first(self) -> Fit:
        """The first fit, for what is alike in all of them: the runs."""
        return next(iter(self.fits.values()))

    @property
    def errors_at_a_budget(self) -> int:
        """Errors that are held for each budget."""
        one = self.first.one_group(self.group)
        groups = 1 if one is not None else len(self.first.groups)
        draws = sum(fit.draws for fit in self.fits.values())
        return self.levels.sizes["level"] * draws * groups


def asked_of(
    fit: Study | AnyFit | Sequence[AnyFit] | Mapping[str, AnyFit],
    levels: Levels | None,
    budgets: ArrayLike | str | None,
    weights: ArrayLike | None,
    target_pools: float | Mapping[str, float] | None,
    group: str | None,
    force: bool,
) -> Asked:
    """What is asked of fits, or of a study's, with arguments as those of `qqt_bayes.decide`.

    Raises
    ------
    InputError
        If a level, a budget, a group or an option is not one; if several fits are of different
        runs.
    InadequateFit
        If a fit did not pass the gate and `force` is not given.
    """
    named, shares = fits_that_decide(fit, weights, force)
    first = next(iter(named.values()))
    taken = as_levels(levels_of(fit, levels), first.pools)
    seen = as_budgets(budgets_of(fit, budgets))
    groups = 1 if first.one_group(group) is not None else len(first.groups)
    draws = sum(each.draws for each in named.values())
    require_affordable(taken.sizes["level"], seen.size, draws, groups)
    if target_pools is not None:
        taken = scaled(taken, first.runs["pool_size"], target_pools)
    return Asked(named, shares, taken, seen, group, force)


def how_judged(question: Asked, discrepancy: bool, new_run: bool) -> dict[str, int | str]:
    """What a decision says of how it was made, as attributes."""
    departs = discrepancy and any(fit.spec.discrepancy for fit in question.fits.values())
    return {
        "forced": int(question.forced),
        "discrepancy": int(departs),
        "of": ONE_RUN if new_run else MEAN,
    }


class Errors(NamedTuple):
    """Errors of levels under the draws of one or several laws.

    Attributes
    ----------
    of_law : DataArray
        By the laws alone.
    mean : DataArray
        The mean over trainings, which may depart from them.
    error : DataArray
        What is judged: that mean, or one new training.
    """

    of_law: xr.DataArray
    mean: xr.DataArray
    error: xr.DataArray


def errors_of(
    question: Asked,
    budgets: NDArray[np.float64],
    discrepancy: bool,
    new_run: bool,
    *,
    along_budgets: bool = False,
) -> Errors:
    """Errors of levels at budgets under as many draws of each fit as its weight says.

    Parameters
    ----------
    question : Asked
    budgets : array
        Those of the question, or others beside them.
    discrepancy, new_run
        As for `qqt_bayes.decide`.
    along_budgets : bool
        As for `qqt_bayes.posterior.prediction.of_one_run`.
    """
    group, one = question.group, question.first.one_group(question.group)
    order = sorted(question.fits)  # each law has luck of its own, in whatever order they are given
    of_laws, means, errors = [], [], []
    for name, fit in question.fits.items():
        curve = predict(fit, question.levels, budgets, group=group, law_only=True)
        mean = depart(curve, fit, question.levels, one) if discrepancy else curve
        of_laws.append(curve)
        means.append(mean)
        if new_run:
            seed = order.index(name)
            errors.append(of_one_run(mean, fit, one, seed, along_budgets=along_budgets))
    of_law, mean = mix(of_laws, question.weights), mix(means, question.weights)
    return Errors(of_law, mean, mix(errors, question.weights) if new_run else mean)
