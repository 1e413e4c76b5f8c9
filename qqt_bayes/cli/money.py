"""Costs and net benefits beside a decision: what `qqt decide --costs` adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from qqt_bayes.cli.inputs import numbers_of
from qqt_bayes.planning.costs import Costs, read_costs
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.progress import shown

if TYPE_CHECKING:
    from qqt_bayes.report.money_text import Money


@dataclass(frozen=True)
class Asked:
    """What is asked about money beside a decision.

    Attributes
    ----------
    costs : Costs or None
        None if nothing is asked.
    baseline_error, target_error : float or None
    multiples : list of float or None
        How many times as large pools are considered.
    """

    costs: Costs | None
    baseline_error: float | None
    target_error: float | None
    multiples: list[float] | None

    @classmethod
    def of(
        cls,
        costs: str | None,
        baseline_error: float | None,
        target_error: float | None,
        enlarge: str | None,
        *,
        runs: xr.Dataset,
        levels: xr.DataArray,
    ) -> Asked:
        """The options of the command, read and checked for what is known and asked about."""
        return cls(
            costs=None if costs is None else read_costs(costs, runs, levels),
            baseline_error=baseline_error,
            target_error=target_error,
            multiples=numbers_of(enlarge, name="enlarge"),
        )

    def about(
        self,
        fits: Mapping[str, Fit],
        decision: xr.Dataset,
        levels: xr.DataArray,
        options: Mapping[str, Any],
        criteria: Mapping[str, Any],
    ) -> tuple[xr.Dataset, Money | None]:
        """A decision with costs and net benefits of all levels, and what they come to.

        Parameters
        ----------
        fits : mapping of str to Fit
        decision : Dataset
        levels : DataArray, dims (level, pool)
        options : mapping
            `weights`, `target_pools` and `group`, as for `qqt_bayes.decide`.
        criteria : mapping
            Of the decision: `interval` and `force` are used.
        """
        if self.costs is None:
            return decision, None
        # a second, which a decision without prices does not take
        from qqt_bayes.planning.benefit import cheapest, net_benefit, priced
        from qqt_bayes.planning.purchases import pool_purchases
        from qqt_bayes.report.money_text import Money

        budgets, interval = decision["budget"].values, criteria["interval"]
        asked = {**options, "force": criteria["force"]}
        target = self.target_error
        with shown("Counting costs"):
            plans = priced(fits, self.costs, levels, budgets, **asked)
            benefit = net_benefit(plans, baseline_error=self.baseline_error, interval=interval)
            reached = None if target is None else cheapest(plans, target)
            purchases = None
            if self.multiples is not None:
                del asked["target_pools"]
                purchases = pool_purchases(
                    fits,
                    self.costs,
                    levels,
                    np.max(budgets),
                    multiples=self.multiples,
                    interval=interval,
                    **asked,
                )
        found = benefit.drop_attrs().drop_vars("best_level", errors="ignore")
        money = Money(plans, benefit, decision["choice"], target, reached, purchases)
        return decision.assign(found.data_vars), money
