"""What a study finds: fits of several laws to one table, their joint decision, and each law's own.

Numbers only: `qqt_bayes.studies` carries studies out, `qqt_bayes.report.study_text` says what they
come to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.decisions.moved import Moved
from qqt_bayes.decisions.stack import as_shares
from qqt_bayes.errors import InputError
from qqt_bayes.posterior.fit import AnyFit, Fit, opened
from qqt_bayes.posterior.gate import Gate
from qqt_bayes.posterior.levels import Levels


@dataclass(frozen=True, eq=False, repr=False)
class Study:
    """Several laws fitted to one table of runs, and the decision that rests on them.

    Attributes
    ----------
    fits : mapping of str to Fit
        By the names of their models: the laws of the joint decision and, last, the theorem.
    theorem : str or None
        The model of the theorem, if it was fitted beside the laws of the joint decision.
    laws : sequence of str
        The laws that were to decide, whether or not their fits passed; without those for which
        another form stands in.
    weights : mapping of str to float
        Shares of the draws of the joint decision, of the laws that take part in it.
    levels : DataArray, dims (level, pool)
        Unique samples.
    decision : Dataset
        The joint one, see `qqt_bayes.decide`.
    alone : mapping of str to Dataset
        Each law's own decision, and the theorem's, of those fits that may be used.
    comparison : Dataset
        What `qqt_bayes.compare_laws` finds of the laws of the joint decision.
    exponents : DataFrame
        What their runs say of the combination theorem, see
        `qqt_bayes.comparison.theorem.size_exponents`.
    moved : Moved or None
        How the decision moved since the study before it in the same folder, if there is one.

    Examples
    --------
    ``qqt.study(runs, levels, [1e9]).decision["choice"]``
    """

    fits: Mapping[str, Fit]
    theorem: str | None
    laws: Sequence[str]
    weights: Mapping[str, float]
    levels: xr.DataArray
    decision: xr.Dataset
    alone: Mapping[str, xr.Dataset]
    comparison: xr.Dataset
    exponents: pd.DataFrame
    moved: Moved | None = None

    def __repr__(self) -> str:
        laws = ", ".join(f"{name} {weight:.2f}" for name, weight in self.weights.items())
        sizes, runs = self.decision.sizes, next(iter(self.fits.values())).runs.sizes["run"]
        asked = f"{sizes['level']} levels at {sizes['budget']} budgets"
        return f"<Study of {runs} runs: {asked}, under {laws}>"

    @property
    def deciding(self) -> dict[str, xr.Dataset]:
        """The own decisions of the laws that take part in the joint one."""
        return {name: self.alone[name] for name in self.weights}

    @property
    def refused_laws(self) -> list[str]:
        """Laws of the joint decision that take no part because their fits did not pass."""
        return [name for name in self.laws if name in self.refused]

    @property
    def refused(self) -> dict[str, Gate]:
        """Gates of the fits that take no part because they did not pass."""
        return {name: fit.gate for name, fit in self.fits.items() if name not in self.alone}


def fits_that_decide(
    study: Study | AnyFit | Sequence[AnyFit] | Mapping[str, AnyFit],
    weights: ArrayLike | None = None,
    force: bool = False,
) -> tuple[dict[str, Fit], NDArray[np.float64]]:
    """The fits of a study that decide together, or fits as given, and their shares of the draws.

    Parameters
    ----------
    study : Study, DataTree or Fit, or several fits
    weights : array_like, optional
        Shares of the draws; those of the study, or else equal ones, if not given.
    force : bool
        Take fits, too, that did not pass their gates.

    Raises
    ------
    InputError
        If what is given are no fits of the same runs, or no weights of them.
    InadequateFit
        If a fit did not pass the gate and `force` is not given.
    """
    if isinstance(study, Study):
        fits = {name: study.fits[name] for name in study.weights}
        weights = list(study.weights.values()) if weights is None else weights
    else:
        fits = opened(study)
    shares = as_shares(weights, len(fits))
    for fit in fits.values():
        fit.require_passed(force)
    return fits, shares


def levels_of(study: object, levels: Levels | None) -> Levels:
    """The levels that are given, or else a study's own.

    Raises
    ------
    InputError
        If there are none.
    """
    if levels is None and isinstance(study, Study):
        return study.levels
    if levels is None:
        raise InputError("levels: expected what is decided between; only a study has its own")
    return levels


def budgets_of(study: object, budgets: ArrayLike | str | None) -> ArrayLike | str:
    """The budgets that are given, or else those of a study's decision.

    Raises
    ------
    InputError
        If there are none.
    """
    if budgets is None and isinstance(study, Study):
        return np.asarray(study.decision["budget"].values)
    if budgets is None:
        raise InputError("budgets: expected samples seen, such as 5B; only a study has its own")
    return budgets


def choices(decision: xr.Dataset, other: xr.Dataset) -> pd.DataFrame:
    """What one decision chooses at each budget, and what that costs by another one.

    Parameters
    ----------
    decision, other : Dataset
        Between the same levels at the same budgets, of one group.

    Returns
    -------
    DataFrame
        Columns `budget`, `choice`, `probability_best` (by the first), `choice_of_other`, and
        `regret_by_other`, the expected regret of the first's choice under the other's draws.
    """
    own, at = decision.sortby("budget"), other.sortby("budget")
    mine = own["level"] == own["choice"]
    columns = {
        "budget": own["budget"],
        "choice": own["choice"],
        "probability_best": own["probability_best"].where(mine).max("level"),
        "choice_of_other": at["choice"],
        "regret_by_other": at["regret"].where(mine).max("level"),
    }
    return pd.DataFrame({name: np.asarray(column) for name, column in columns.items()})


def in_each_group(decisions: Sequence[xr.Dataset]) -> list[tuple[str, list[xr.Dataset]]]:
    """Decisions group by group, each with the group's name; with one group, without a name."""
    if "group" not in decisions[0].dims:
        return [("", list(decisions))]
    names = decisions[0]["group"].values.tolist()
    return [(name, [each.sel(group=name) for each in decisions]) for name in names]
