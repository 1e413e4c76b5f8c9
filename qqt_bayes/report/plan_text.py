"""Proposed runs in words and as tables: what to train next, what it is worth, when to stop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import xarray as xr

from qqt_bayes.phrases import amount_of_money, chance, cost, format_samples, joined, money
from qqt_bayes.planning.plan import Plan
from qqt_bayes.report.measures import ACCURACY

LEAST_SHIFT = 0.05
"""Probability from which on a level that may be chosen after the runs is named."""
MOST_PARAMETERS = 3
"""Parameters of the law that are named."""
LEAST_WORTH = 0.05
"""Share of the expected regret from which on it is said what knowing a parameter is worth."""


def verdict(plan: Plan) -> str:
    """What would be chosen today, what that is expected to cost, and what the runs would save."""
    where = f"At {format_samples(plan.target)} {plan.counted}"
    basis = "before any run, by the prior alone," if plan.prior else "today"
    words = (
        f"{where} the choice {basis} is {plan.choice}, expected to cost "
        f"{_cost(plan.expected_regret)} in {plan.measure}: no further run can save more than that"
        f"{_in_money(plan)}."
    )
    if plan.runs.empty:
        return f"{words} {_stop(plan)}"
    price = _amount(plan, plan.runs["cost"].sum())
    several = f"{len(plan.runs)} runs of {price} together are"
    which = f"One run of {price} is" if len(plan.runs) == 1 else several
    left = max(plan.expected_regret - plan.value, 0.0)
    return f"{words} {which} expected to lower it to {_cost(left)}."


def bullets(plan: Plan) -> list[str]:
    """What the runs may change, what else is unknown, and how to go on."""
    return [each for each in (_shift(plan), _net(plan), _parameters(plan), _how(plan)) if each]


def table(plan: Plan) -> pd.DataFrame:
    """The proposed runs for people: a row for each, with what is left of the expected regret."""
    runs = plan.runs
    columns: dict[str, Any] = {
        "run": range(1, len(runs) + 1),
        "train on": runs["data"],
        f"unique {plan.counted}": runs["unique_samples"],
        f"{plan.counted} seen": runs["samples_seen"],
        "epochs": runs["epochs"],
    }
    if plan.unit != plan.counted:
        columns[f"cost ({plan.unit})"] = [_price(plan, x) for x in runs["cost"]]
    columns["total cost"] = [_price(plan, x) for x in runs["total_cost"]]
    columns["regret left"] = [f"{max(x, 0):.4f}" for x in runs["expected_regret"]]
    return pd.DataFrame(columns)


def to_dict(plan: Plan) -> dict[str, Any]:
    """A plan as a mapping for JSON."""
    return {
        "target": plan.target,
        "choice": plan.choice,
        "expected_regret": plan.expected_regret,
        "value": plan.value,
        "allowance": plan.allowance,
        "unit": plan.unit,
        "worth": plan.worth,
        "counted": plan.counted,
        "measure": plan.measure,
        "from_prior": plan.prior,
        "runs": plan.runs.to_dict("records"),
        "candidates": plan.candidates.to_dict("records"),
        "parameters": plan.parameters.to_dict("records"),
        "chosen_after": plan.chosen_after.to_dict(),
        "summary": "\n".join([verdict(plan), *(f"- {each}" for each in bullets(plan))]),
    }


def runs_to_fill(plan: Plan) -> pd.DataFrame:
    """The proposed runs as rows of a table of runs, whose errors are yet to be written in.

    Where a training set is run at a budget more than once, or was before, column `seed` counts its
    trainings there.
    """
    rows = plan.runs[["data", "samples_seen"]].assign(error="")
    if (plan.runs["training"] > 1).any():
        rows["seed"] = plan.runs["training"]
    return rows


def _cost(regret: float) -> str:
    return cost(xr.DataArray(regret))


def _amount(plan: Plan, spent: float) -> str:
    """An amount of what costs are counted in."""
    if plan.unit == plan.counted:
        return f"{format_samples(spent)} {plan.unit}"
    return money(plan.unit, spent)


def _price(plan: Plan, spent: float) -> str:
    """An amount in a table, whose heading says what is counted."""
    return format_samples(spent) if plan.unit == plan.counted else amount_of_money(spent)


def _in_money(plan: Plan) -> str:
    """What knowing everything would be worth, where an error has a price."""
    if not plan.worth:
        return ""
    return f", which is worth {_amount(plan, plan.expected_regret * plan.worth)}"


def _stop(plan: Plan) -> str:
    """Why no run is proposed."""
    spend = _amount(plan, plan.allowance)
    if plan.candidates.empty:
        return f"No run can be made for {spend}: raise the allowance."
    if plan.worth:
        return f"Stop here: no runs within {spend} are expected to save more than they cost."
    return (
        f"Stop here: no runs for {spend} are expected to save more than the draws can tell from "
        "nothing."
    )


def _shift(plan: Plan) -> str:
    """Which levels may be chosen once the runs are known."""
    if plan.runs.empty:
        return ""
    after = plan.chosen_after.sort_values(ascending=False)
    likely = [
        f"{name} with probability {chance(p)}" for name, p in after.items() if p >= LEAST_SHIFT
    ]
    kept = plan.chosen_after[plan.choice]
    if len(likely) < 2:
        return f"Once they are known, the choice stays as it is with probability {chance(kept)}."
    return f"Once they are known, the choice will be {joined(likely)}."


def _net(plan: Plan) -> str:
    """What the runs save less what they cost, where an error has a price."""
    if not plan.worth or plan.runs.empty:
        return ""
    gained, spent = plan.value * plan.worth, plan.runs["cost"].sum()
    more = "more" if gained >= spent else "less"
    better = "higher" if plan.measure == ACCURACY else "smaller"
    return (
        f"{'A' if plan.measure == 'loss' else 'An'} {plan.measure} that is {better} by 0.01 being "
        f"worth {_amount(plan, plan.worth / 100)}, what "
        f"they save is expected to be worth {_amount(plan, gained)}, "
        f"{_amount(plan, abs(gained - spent))} {more} than they cost."
    )


def _parameters(plan: Plan) -> str:
    """Which parameters of the law would be worth most to know."""
    known = plan.parameters[plan.parameters["value"] >= LEAST_WORTH * plan.expected_regret]
    if plan.parameters.empty or plan.expected_regret <= 0:
        return ""
    if known.empty:
        return (
            "No single parameter of the law is what matters: most of the doubt is in their "
            "combination, and in how far the levels depart from the law."
        )
    named = [
        f"{row.parameter} of {row.model} ({_cost(row.value)})"
        for row in known.head(MOST_PARAMETERS).itertuples()
    ]
    return f"Of single parameters, it would be worth most to know {joined(named)}."


def _how(plan: Plan) -> str:
    """What to do with the runs once they are done."""
    if plan.runs.empty:
        return ""
    if plan.prior:
        return (
            "All this rests on the prior: spend a small part of what you have on these, make a "
            "study of them, and ask again."
        )
    return "Add their errors to the table of runs, carry out the study again, and ask again."


def lines(plan: Plan) -> Iterator[str]:
    """The verdict and what else there is to say, each on a line of its own."""
    yield verdict(plan)
    yield from (f"- {each}" for each in bullets(plan))
