"""What levels at budgets cost, what they are worth beyond that, and the cheapest for a target.

The net benefit of training a level at a budget is what its error is worth beyond that of a
baseline, less what it costs.  It is judged draw by draw, so that what is uncertain about a level
and its baseline alike cancels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from qqt_bayes.decisions.candidates import scaled
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.judge import choose
from qqt_bayes.decisions.rules import ROUNDING, TIE
from qqt_bayes.decisions.stack import mix
from qqt_bayes.decisions.study import Study, fits_that_decide
from qqt_bayes.errors import InputError
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.planning.costs import CostFile, Costs, as_costs
from qqt_bayes.posterior.fit import AnyFit, Fit
from qqt_bayes.posterior.levels import Levels, as_budgets, as_levels, require_affordable
from qqt_bayes.posterior.prediction import predict


@dataclass(frozen=True, eq=False, repr=False)
class Priced:
    """Errors of levels at budgets under every draw, and what each costs.

    Attributes
    ----------
    error : DataArray, dims (chain, draw, level, budget)
    of_training : DataArray, dims (budget)
        What one training costs.
    of_data : DataArray, dims (level)
        What the unique samples cost that are not owned.
    costs : Costs
        Of the group that is asked about.
    kind, measure, counted : str
        Of the runs: "error" or "loss"; "accuracy" where they were given so; "samples".
    """

    error: xr.DataArray
    of_training: xr.DataArray
    of_data: xr.DataArray
    costs: Costs
    kind: str
    measure: str
    counted: str

    @property
    def cost(self) -> xr.DataArray:
        """What each level costs at each budget, training and data, dims (level, budget)."""
        total: xr.DataArray = self.of_data + self.of_training
        return total


def priced(
    study: Study | AnyFit | Sequence[AnyFit] | Mapping[str, AnyFit],
    costs: Costs | CostFile,
    levels: Levels | None = None,
    budgets: ArrayLike | str | None = None,
    *,
    weights: ArrayLike | None = None,
    target_pools: float | Mapping[str, float] | None = None,
    group: str | None = None,
    new_run: bool = False,
    seed: int = 0,
    force: bool = False,
) -> Priced:
    """Price levels at budgets, and predict their errors.

    Parameters
    ----------
    study : Study, DataTree or Fit, or several fits
    costs : Costs, path or mapping
        See `read_costs`.
    levels, budgets : optional
        As for `qqt_bayes.decide`; those of the study if not given.
    weights, target_pools, group, force
        As for `qqt_bayes.decide`; with several groups one must be chosen.
    new_run : bool
        Errors of one new training each, instead of the mean over trainings.
    seed : int

    Returns
    -------
    Priced

    Raises
    ------
    InputError
        If an argument is not what it should be, or a level takes from a pool without a price.
    InadequateFit
        If a fit did not pass the gate and `force` is not given.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> plans = qqt.priced(qqt.load("fit.nc"), "costs.toml", "composition.csv", "640M, 2B")
    >>> plans.cost.sel(level="top 30%").values.tolist()
    [1650.0, 5050.0]
    """
    fits, shares = fits_that_decide(study, weights, force)
    first = next(iter(fits.values()))
    if isinstance(study, Study):
        levels = study.levels if levels is None else levels
        budgets = study.decision["budget"].values if budgets is None else budgets
    if levels is None or budgets is None:
        missing = "levels" if levels is None else "budgets"
        raise InputError(f"{missing}: a fit has none of its own; give those that are asked about")
    taken = as_levels(levels, first.pools)
    if target_pools is not None:
        taken = scaled(taken, first.runs["pool_size"], target_pools)
    own = costs_of(first, costs, group, taken)
    seen = as_budgets(budgets)
    draws = sum(each.draws for each in fits.values())
    require_affordable(taken.sizes["level"], seen.size, draws)
    drawn = [
        predict(fit, taken, seen, group=group, new_run=new_run, seed=seed) for fit in fits.values()
    ]
    training, data = own.of_levels(taken, first.runs["pool_size"], seen)
    return Priced(
        error=mix(drawn, shares),
        of_training=training,
        of_data=data,
        costs=own,
        kind=first.kind,
        measure=first.measure,
        counted=first.unit,
    )


def costs_of(fit: Fit, costs: Costs | CostFile, group: str | None, levels: xr.DataArray) -> Costs:
    """Costs in one group of a fit, of levels that take from its pools.

    Raises
    ------
    InputError
        If the fit has several groups and none is chosen, or prices do not fit the runs and levels.
    """
    one = fit.require_one_group(group, "prices are of")
    return as_costs(costs, fit.runs, levels).in_group(one)


def net_benefit(
    plans: Priced, *, baseline_error: float | None = None, interval: float = 0.9
) -> xr.Dataset:
    """What levels at budgets cost, and what they are worth beyond that against a baseline.

    Parameters
    ----------
    plans : Priced
    baseline_error : float, optional
        An error that is there already, at no further cost. If it is not given, the baseline is the
        cheapest level at the cheapest budget, which costs something itself: then the difference of
        costs counts.
    interval : float
        The probability that intervals hold.

    Returns
    -------
    Dataset
        - `cost` (level, budget), `cost_of_training` (budget) and `cost_of_data` (level);
        - `net_benefit` (level, budget, quantile), `net_benefit_mean` and
          `probability_of_benefit`, that it is above 0 (level, budget); and `best_level` (budget),
          that of the greatest expected net benefit: only if the costs say what an error is worth.

        Attributes: `currency`; `baseline_level` and `baseline_budget` ("" and nan of an error that
        was given), `baseline_error` (expected), `baseline_cost`; `best_level` and `best_budget` of
        the greatest expected net benefit of all, if known.

    Raises
    ------
    InputError
        If the baseline is no error.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> plans = qqt.priced(qqt.load("fit.nc"), "costs.toml", "composition.csv", "640M, 2B")
    >>> found = qqt.net_benefit(plans)
    >>> found["best_level"].values.tolist(), found["cost"].sel(level="top 30%").values.tolist()
    (['top 30%', 'top 30%'], [1650.0, 5050.0])
    """
    cost, mean = plans.cost.transpose("level", "budget"), plans.error.mean(SAMPLE)
    mean = mean.transpose("level", "budget")
    found = xr.Dataset(
        {"cost": cost, "cost_of_training": plans.of_training, "cost_of_data": plans.of_data}
    )
    found = found.assign_attrs(currency=plans.costs.currency)
    if not plans.costs.knows_worth:
        return found
    value = plans.costs.value_of(plans.error)
    if baseline_error is None:
        i, j = np.unravel_index(choose(cost.values.ravel(), mean.values.ravel()), cost.shape)
        base = value.isel(level=i, budget=j, drop=True)
        of_base: dict[str, Any] = {
            "baseline_level": str(cost["level"].values[i]),
            "baseline_budget": float(cost["budget"].values[j]),
            "baseline_error": float(mean[i, j]),
            "baseline_cost": float(cost[i, j]),
        }
    else:
        error = as_error(baseline_error, plans.kind, "baseline_error")
        base = plans.costs.value_of(xr.DataArray(error))
        of_base = {
            "baseline_level": "",
            "baseline_budget": np.nan,
            "baseline_error": error,
            "baseline_cost": 0.0,
        }
    net = value - base - (cost - of_base["baseline_cost"])
    expected = net.mean(SAMPLE).transpose("level", "budget")
    best = choose(-expected.values, mean.values)
    of_best = np.arange(best.size)
    at = int(choose(-expected.values[best, of_best], mean.values[best, of_best]))
    names = expected["level"].values
    return found.assign(
        net_benefit=net.quantile(Criteria(interval=interval).quantiles, SAMPLE, skipna=False),
        net_benefit_mean=expected,
        probability_of_benefit=(net > 0).mean(SAMPLE),
        best_level=("budget", names[best]),
    ).assign_attrs(
        **of_base,
        best_level=str(names[best[at]]),
        best_budget=float(expected["budget"].values[at]),
    )


def cheapest(
    plans: Priced,
    target_error: float,
    probabilities: Sequence[float] = (0.5, 0.9, 0.95),
) -> pd.DataFrame:
    """The cheapest level and budget that reach a target with given probabilities.

    It is sought among the levels and budgets that were priced, each of which is trained for all of
    its budget.

    Parameters
    ----------
    plans : Priced
    target_error : float
        The error to stay at or below.
    probabilities : sequence of float
        With which to do so.

    Returns
    -------
    DataFrame
        A row for each probability: `probability`, `reached`, and of the cheapest plan that reaches
        it `level`, `budget`, `cost`, `error_mean` and `probability_reached`; if none does, of the
        plan that most probably reaches the target.

    Raises
    ------
    InputError
        If the target is no error, or a probability none.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> plans = qqt.priced(qqt.load("fit.nc"), "costs.toml", "composition.csv", "640M, 2B")
    >>> qqt.cheapest(plans, 0.63)[["probability", "level", "cost"]]
       probability    level    cost
    0         0.50  top 30%  1650.0
    1         0.90  top 30%  1650.0
    2         0.95  top 30%  1650.0
    """
    target = as_error(target_error, plans.kind, "target_error")
    if not probabilities or not all(0 < p < 1 for p in probabilities):
        raise InputError(
            f"probabilities: expected numbers above 0 and below 1, got {list(probabilities)}"
        )
    dims = ("level", "budget")
    met = (plans.error <= target + TIE).mean(SAMPLE).transpose(*dims).values
    cost = plans.cost.transpose(*dims)
    mean = plans.error.mean(SAMPLE).transpose(*dims).values
    rows = []
    for p in probabilities:
        enough = met >= p - ROUNDING
        reached = bool(enough.any())
        score = np.where(enough, cost.values, np.inf) if reached else -met
        i, j = np.unravel_index(choose(score.ravel(), mean.ravel()), met.shape)
        rows.append(
            {
                "probability": float(p),
                "reached": reached,
                "level": str(cost["level"].values[i]),
                "budget": float(cost["budget"].values[j]),
                "cost": float(cost[i, j]),
                "error_mean": float(mean[i, j]),
                "probability_reached": float(met[i, j]),
            }
        )
    return pd.DataFrame(rows)


def as_error(error: float, kind: str, name: str) -> float:
    """An error as it should be.

    Raises
    ------
    InputError
        If it is no error rate, or no loss.
    """
    words = "a loss above 0" if kind == "loss" else "an error rate above 0, up to 1"
    most = np.inf if kind == "loss" else 1.0
    if not (0 < error <= most and np.isfinite(error)):
        raise InputError(f"{name}: expected {words}, got {error:g}")
    return float(error)
