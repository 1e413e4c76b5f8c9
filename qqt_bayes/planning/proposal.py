"""Which runs to make next for a decision: their value, what they cost, and when to stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from qqt_bayes.decisions.candidates import scaled
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.drawn import Asked, errors_of
from qqt_bayes.decisions.judge import judge
from qqt_bayes.decisions.study import Study, fits_that_decide
from qqt_bayes.decisions.trained import LEAST_PROBABILITY
from qqt_bayes.errors import InputError
from qqt_bayes.laws.level_curves import require_finite
from qqt_bayes.phrases import LEAST_COST
from qqt_bayes.planning.batch import Batch, Search, best_batch, least_price
from qqt_bayes.planning.before_runs import PRIOR, UNSEEN
from qqt_bayes.planning.costs import CostFile, Costs
from qqt_bayes.planning.outcomes import Outcomes, joint_outcomes
from qqt_bayes.planning.parameter_value import parameter_values
from qqt_bayes.planning.plan import Compute, Plan, Pricing
from qqt_bayes.planning.prices import as_pricing, checked_prices, checked_worth, purchases
from qqt_bayes.planning.value import LEAST_KEPT, MOST_HELD, Expectations, curved, held_by_few
from qqt_bayes.posterior.fit import AnyFit, Fit
from qqt_bayes.posterior.levels import Levels, as_budgets, as_levels, as_number, require_affordable

Array = NDArray[np.float64]
SHARES = tuple(2.0**-k for k in range(6, 0, -1))
"""Shares of the target at which runs are proposed: 1/64 to 1/2."""
DEGREE = 2
"""Powers of the log outcomes that losses are regressed on."""
SEARCH_DRAWS = 2000
"""Draws, about, by which a batch is sought; all of them say what it is worth."""
EXPECTED_ERRORS = (0.05, 0.95)
"""Quantiles of the errors at the target between which a table of their worth is a line."""
SHORTER = 4.0
"""Times that a proposed run may be shorter than the shortest there is."""
LEAST_LEFT = 0.02
"""Share of the value of perfect information that the last runs of a batch have to add."""
AGAIN = 1
"""Added to the seed for the draws that say what a batch is worth which others have chosen."""


def design(
    study: Study | AnyFit | Sequence[AnyFit] | Mapping[str, AnyFit],
    allowance: ArrayLike | str,
    budget: ArrayLike | str | None = None,
    levels: Levels | None = None,
    *,
    candidates: Levels | None = None,
    at: ArrayLike | str | None = None,
    costs: Pricing | CostFile | None = None,
    weights: ArrayLike | None = None,
    target_pools: float | Mapping[str, float] | None = None,
    group: str | None = None,
    decided: ArrayLike | None = None,
    margin: float | None = None,
    seed: int = 0,
    force: bool = False,
) -> Plan:
    """Propose the runs that lower the expected regret of a decision most under an allowance.

    The value of a run is by how much its outcome is expected to lower the regret of the choice, the
    departures from the law included, and given what the other runs of the batch tell. It is found
    by regression over joint draws of outcomes and errors, see `qqt_bayes.planning.value`.

    Parameters
    ----------
    study : Study, DataTree or Fit, or several fits
        What is known.
    allowance : number or str
        What the runs may cost together: samples seen, such as "2B", or in the unit of `costs`.
    budget : number or str, optional
        The budget that is decided for; the largest of the study if not given.
    levels : DataArray, path or DataFrame, optional
        What is decided between; those of the study, or else the training sets of the runs.
    candidates : DataArray, path or DataFrame, optional
        Training sets that may be run, as a composition; the levels themselves if not given. What
        runs on single pools tell of their unions is the law's word alone: in campaigns with pools
        among the candidates choices cost as much as after a uniform grid
        (`case_studies/planning`).
    at : number, array_like or str, optional
        Budgets that they may be run at; 1/64 to 1/2 of the target if not given.
    costs : path, mapping or Costs, optional
        What runs cost and an error is worth, see `read_costs`, or a pricing of one's own (see
        `qqt_bayes.planning.plan.Pricing`); samples seen if not given.
    weights : array_like, optional
        Shares of the draws that are of each fit; those of the study, or else equal ones.
    target_pools : float or mapping of str to float, optional
        As for `qqt_bayes.decide`: sizes of the pools that are decided about.
    group : str, optional
        Needed if the fits have several groups.
    decided : array_like, optional
        Budgets of the decision that the runs are for, so that what it chooses is what they would
        change; those of the study, or else the target alone.
    margin : float, optional
        Difference that is none in practice: with no more to lose, runs can stop. That of the
        study's decision, or else 0.003.
    seed : int
        Of departures and noise.
    force : bool
        Use fits that did not pass their gates.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        If an argument is not what it should be.
    InadequateFit
        If a fit did not pass the gate and `force` is not given.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> fits = [qqt.load("fit.nc"), qqt.load("other.nc")]
    >>> plan = qqt.design(fits, allowance="500M", budget="550M", levels="composition.csv")
    >>> bool(plan.runs["samples_seen"].sum() <= 500e6)
    True
    >>> bool(0 < plan.value < plan.expected_regret)
    True
    """
    fits, shares = fits_that_decide(study, weights, force)
    first = next(iter(fits.values()))
    if isinstance(study, Study):
        levels = study.levels if levels is None else levels
        decided = study.decision["budget"].values if decided is None else decided
        budget = float(np.max(np.asarray(decided))) if budget is None else budget
    if budget is None:
        raise InputError("budget: expected the budget that is decided for, such as 5B")
    compared = as_levels(
        first.runs["unique_samples"].rename(data="level") if levels is None else levels, first.pools
    )
    taken = compared if candidates is None else as_levels(candidates, first.pools)
    sets = taken.rename(level="data").rename(None).drop_attrs()
    if target_pools is not None:
        compared = scaled(compared, first.runs["pool_size"], target_pools)
    if margin is None:
        margin = study.decision.attrs["margin"] if isinstance(study, Study) else Criteria.margin
    return propose(
        fits,
        shares,
        compared,
        as_number(budget, "budget"),
        as_number(allowance, "allowance"),
        sets,
        at=at,
        costs=costs,
        group=group,
        decided=decided,
        margin=Criteria(margin=margin).margin,
        seed=seed,
    )


def propose(
    fits: Mapping[str, Fit],
    shares: Array,
    levels: xr.DataArray,
    target: float,
    allowance: float,
    sets: xr.DataArray,
    *,
    at: ArrayLike | str | None = None,
    costs: Pricing | CostFile | None = None,
    group: str | None = None,
    decided: ArrayLike | None = None,
    margin: float = Criteria.margin,
    seed: int = 0,
) -> Plan:
    """Propose runs from fits that were opened: what `design` does once its arguments are read.

    Parameters
    ----------
    fits, shares, levels, target, allowance, sets, at, costs, group, decided, seed
        As for `design`.
    margin : float
        Difference that is none in practice.

    Raises
    ------
    InputError
        As `design` does; or if it is a prior under which a few draws rule what runs are worth.
    """
    first = next(iter(fits.values()))
    one = first.require_one_group(group, "runs are proposed for")
    budgets = budgets_to_run(target, first) if at is None else np.sort(as_budgets(at))
    pricing: Pricing = Compute(first.unit)
    if costs is not None:
        pricing = as_pricing(costs, one, first.runs, sets)
    require_affordable(
        levels.sizes["level"] + sets.sizes["data"],
        budgets.size + 1,
        max(f.draws for f in fits.values()),
    )
    with threadpool_limits(1, user_api="blas"):  # its products are small: threads would only wait
        drawn = [
            joint_outcomes(fits, shares, levels, target, sets, budgets, group=one, seed=seed + more)
            for more in (0, AGAIN)
        ]
        for each in drawn:
            require_finite(each.loss)
        price = checked_prices(pricing.of_runs(sets, budgets), sets, budgets)
        loss = drawn[0].loss.values
        some = slice(None, None, max(1, len(loss) // SEARCH_DRAWS))
        before = Expectations.before(loss[some])
        features = cache(lambda replicate: curved(drawn[0].log_errors(replicate)[some], DEGREE))
        worth = checked_worth(pricing.worth_between(*np.quantile(loss, EXPECTED_ERRORS).tolist()))
        per_cost = 1 / worth if worth else 0.0
        likely = _likely(loss, levels, sets)
        purchase = purchases(pricing, sets, first.runs["pool_size"])
        search = Search(before, features, price, allowance, likely, per_cost, purchase)
        batch = best_batch(search)
        every = [((i, j, 0),) for i, j in np.ndindex(price.shape)]
        alone = search.gains(before, every).reshape(price.shape)
        whole = price + np.array([[purchase(frozenset([i]))] for i in range(len(price))])
        at_once = np.union1d(target, target if decided is None else decided)
        question = Asked(dict(fits), shares, levels, at_once, one, forced=True)
        error = errors_of(question, at_once, discrepancy=True, new_run=False).mean
        today = judge(error, Criteria()).sel(budget=target)
        perfect = float(today["choice_regret"])
        runs, value, after = _worth_making(batch, drawn[1], perfect, sets, budgets, search)
        few = max(held_by_few(each.loss.values) for each in drawn) > MOST_HELD
        saved = after.saved_at_most
        if first.method == PRIOR and (few or saved < 0):
            raise InputError(_too_wide(first, float(drawn[0].loss.max())))
        least = least_price(search, least_gain(perfect)) if runs.empty else np.nan
        parameters = parameter_values(fits, drawn[0].loss_of_fit, one)
    return Plan(
        runs=runs,
        candidates=_each_alone(alone, whole, allowance, sets, budgets),
        parameters=parameters,
        levels=levels,
        sets=sets,
        target=target,
        choice=str(today["choice"].item()),
        expected_regret=perfect,
        value=value,
        chosen_after=pd.Series(after.chosen, levels["level"].values, name="probability"),
        allowance=allowance,
        cheapest_run=float(whole.min()),
        least_allowance=least,
        unit=pricing.unit,
        worth=worth,
        counted=first.unit,
        group=one,
        known=None if first.method == PRIOR else first.runs,
        prior=first.method == PRIOR,
        data_owned=isinstance(pricing, Costs) and not pricing.pools,
        measure=first.measure,
        unsafe=few or saved < LEAST_KEPT * value,
        margin=margin,
    )


def _too_wide(prior: Fit, largest: float) -> str:
    """Why nothing can be planned by a prior, and what to do."""
    name, measure = prior.spec.name, prior.measure
    return (
        f"the prior of {name} is too wide to plan by: with a {measure} of up to {largest:.2g}, a "
        "few extreme draws rule what runs are said to be worth, and under the others they would "
        "not save it. Make some short runs first and plan with a study of them; or narrow the "
        f"priors in a copy of the model, which `qqt models {name}` prints"
    )


def budgets_to_run(target: float, fit: Fit) -> Array:
    """Budgets at which runs are proposed for a target, in samples.

    They are shares of the target, and the target itself where runs are that large already; none is
    less than a quarter of the least run, where trainings have hardly begun.
    """
    budgets = target * np.array(SHARES)
    if fit.method == PRIOR:
        return budgets
    seen = fit.runs["samples_seen"].values
    budgets = budgets[budgets >= seen.min() / SHORTER]
    return np.append(budgets, target) if target <= seen.max() else budgets


def least_gain(perfect: float) -> float:
    """By how much runs have to lower an expected regret to be proposed, where no error has a price.

    By a share of it (`LEAST_LEFT`), and by what the digits of a regret show: less is no saving.
    """
    return max(LEAST_LEFT * perfect, LEAST_COST)


def trainings(runs: xr.Dataset) -> Counter[tuple[str, float]]:
    """How many runs there are of each training set at each budget.

    Runs of no weight, of which no outcome is known, do not count.
    """
    done = runs["weight"].values > UNSEEN
    names = runs["data"].values[runs["data_index"].values][done]
    seen = runs["samples_seen"].values[done]
    return Counter(zip(map(str, names), map(float, seen), strict=True))


def _worth_making(
    batch: Batch,
    drawn: Outcomes,
    perfect: float,
    sets: xr.DataArray,
    budgets: Array,
    search: Search,
) -> tuple[pd.DataFrame, float, Expectations]:
    """The rows of a batch, its value and what is expected after it, by draws that did not choose.

    The last runs are left out that by these draws add next to nothing; or, where an error has a
    price, that do not save theirs.
    """
    loss = drawn.loss.values
    known = Expectations.before(loss)
    features = cache(lambda replicate: curved(drawn.log_errors(replicate), DEGREE))
    size = sets.sum("pool").values
    made = trainings(next(iter(drawn.fits.values())).runs)
    rows, spent, stages = [], 0.0, [known]
    for place, (i, j, replicate) in enumerate(batch.picks):
        known = known.given(features(replicate)[:, i, j])
        stages.append(known)
        name = str(sets["data"].values[i])
        own = search.price([(i, j, replicate)], batch.picks[:place])
        spent += own
        rows.append(
            {
                "data": name,
                "unique_samples": size[i],
                "samples_seen": budgets[j],
                "epochs": budgets[j] / size[i],
                "training": made.get((name, float(budgets[j])), 0) + replicate + 1,
                "cost": own,
                "total_cost": spent,
                "expected_regret": max(perfect - known.value, 0.0),
            }
        )
    paid = [0.0, *(search.worth * row["total_cost"] for row in rows)]
    net = [min(each.value, perfect) - price for each, price in zip(stages, paid, strict=True)]
    enough = np.max(net) - (0.0 if search.worth else least_gain(perfect))
    last = int(np.flatnonzero(np.array(net) >= enough)[0])
    known, rows = stages[last], rows[:last]
    columns = ["data", "unique_samples", "samples_seen", "epochs", "training", "cost"]
    columns += ["total_cost", "expected_regret"]
    return (
        pd.DataFrame(rows, columns=columns),
        min(known.value, perfect) if rows else 0.0,
        known,
    )


def _each_alone(
    value: Array, price: Array, allowance: float, sets: xr.DataArray, budgets: Array
) -> pd.DataFrame:
    """What each run that can be afforded is worth without any other."""
    index = pd.MultiIndex.from_product(
        [sets["data"].values, budgets], names=["data", "samples_seen"]
    )
    table = pd.DataFrame({"cost": price.ravel(), "value": value.ravel()}, index).reset_index()
    return table[table["cost"] <= allowance].reset_index(drop=True)


def _likely(loss: Array, levels: xr.DataArray, sets: xr.DataArray) -> list[int]:
    """Positions of the training sets that are levels that may be best, by their names."""
    best = np.bincount(loss.argmin(axis=1), minlength=loss.shape[1]) / len(loss)
    names = levels["level"].values[best >= LEAST_PROBABILITY].tolist()
    return [i for i, name in enumerate(sets["data"].values.tolist()) if name in names]
