"""How a decision moved since an earlier one: what was chosen then, what now, what the old costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

SAME_BUDGET = 1e-9
"""Relative difference of two budgets below which they are one, written with other digits."""
COLUMNS = (
    *("group", "budget", "choice_before", "choice"),
    *("probability_before", "probability_best", "regret_of_before"),
)


@dataclass(frozen=True, eq=False)
class Moved:
    """A decision beside the one before it, at each budget that both were asked about.

    Attributes
    ----------
    since : str
        When the earlier study was made, in UTC.
    runs : int
        How many runs it had.
    missing : int
        How many of them are not among the runs of the new one, or have another error there.
    laws_before, laws : tuple of str
        The models that decided then, and those that decide now.
    budgets : DataFrame
        Columns `group` (empty if there is one), `budget`, `choice_before`, `choice`,
        `probability_before` and `probability_best`, each of its own choice by its own draws, and
        `regret_of_before`: the expected regret of the earlier choice by today's draws, NaN where
        that level is not decided about, or is of other data by now.
    """

    since: str
    runs: int
    missing: int
    laws_before: tuple[str, ...]
    laws: tuple[str, ...]
    budgets: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        rows = self.budgets.drop(columns=[] if self.budgets["group"].any() else "group")
        return {
            "since": self.since,
            "runs_before": self.runs,
            "runs_missing": self.missing,
            "models_before": list(self.laws_before),
            "models": list(self.laws),
            "budgets": rows.to_dict("records"),
        }


def beside(
    decision: xr.Dataset, levels: xr.DataArray, before: pd.DataFrame, earlier_levels: xr.DataArray
) -> pd.DataFrame:
    """What an earlier decision and a new one choose at each budget asked in both.

    Parameters
    ----------
    decision : Dataset
        The new one, as `qqt_bayes.decide` returns it.
    levels : DataArray, dims (level, pool)
        What it is between.
    before : DataFrame
        Columns `group` (empty if there is one), `budget`, `choice` and `probability_best`.
    earlier_levels : DataArray, dims (level, pool)
        What the earlier decision was between.

    Returns
    -------
    DataFrame
        See `Moved.budgets`.
    """
    same = _contents(levels).items() & _contents(earlier_levels).items()
    kept = {name for name, _ in same}
    rows = []
    for row in before.sort_values("budget", kind="stable").itertuples(index=False):
        own = _of_group(decision, str(row.group))
        if own is None:
            continue
        budgets = own["budget"].values
        (near,) = np.nonzero(np.isclose(budgets, row.budget, rtol=SAME_BUDGET, atol=0))
        if not near.size:
            continue
        at = own.isel(budget=int(near[0]))
        choice = str(at["choice"].item())
        best = at["probability_best"].sel(level=choice).item()
        known = row.choice in kept
        cost = at["regret"].sel(level=row.choice).item() if known else np.nan
        budget = float(budgets[near[0]])
        chances = row.probability_best, best
        rows.append((row.group, budget, row.choice, choice, *chances, cost))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_group(decision: xr.Dataset, group: str) -> xr.Dataset | None:
    """A decision for one group, if it is for that one."""
    if "group" not in decision.dims:
        return decision if not group else None
    return decision.sel(group=group) if group in decision["group"].values else None


def _contents(levels: xr.DataArray) -> dict[str, frozenset[tuple[str, float]]]:
    """What each level takes from each pool, by its name."""
    taken = levels.transpose("level", "pool")
    pools = taken["pool"].values.tolist()
    return {
        str(name): frozenset((pool, u) for pool, u in zip(pools, row, strict=True) if u > 0)
        for name, row in zip(taken["level"].values, taken.values.tolist(), strict=True)
    }
