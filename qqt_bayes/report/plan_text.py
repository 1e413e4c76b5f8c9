"""Proposed runs in words and as tables: what to train next, what it is worth, when to stop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.phrases import amount_of_money, chance, cost, format_samples, joined, money, quoted
from qqt_bayes.planning.plan import Plan
from qqt_bayes.report.measures import ACCURACY
from qqt_bayes.report.money_text import DATA_OWNED

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
        f"{where} the choice {basis} is {quoted(plan.choice)}, expected to cost "
        f"{_cost(plan.expected_regret)} in {plan.measure} (its expected regret): no further run "
        f"can save more than that on average{_in_money(plan)}.{_near_enough(plan)}"
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
    owned = DATA_OWNED if plan.data_owned else ""
    learned = _parameters(plan), _unsafe(plan), _how(plan)
    said = _shift(plan), _unlikely(plan), _net(plan), owned, *learned
    return [each for each in said if each]


def how_to_add(plan: Plan, path: str) -> str:
    """What to do with the file of the proposed runs."""
    count = "the run" if len(plan.runs) == 1 else f"the {len(plan.runs)} runs"
    words = f"{path} has {count}, with room for their errors"
    if plan.known is None:
        return f"{words}: a table of runs to begin with."
    return (
        f"{words} and the columns that the study knows of. Put the rows under those of your runs, "
        "column by column, not line by line (pandas.concat does that); where you call a column "
        "otherwise, rename it, and where a training set is new, add it to your composition table."
    )


def table(plan: Plan) -> pd.DataFrame:
    """The proposed runs for people: a row for each, with what is left of the expected regret."""
    runs = plan.runs
    columns: dict[str, Any] = {
        "run": range(1, len(runs) + 1),
        "train on": runs["data"],
        **_repeats(runs),
        f"unique {plan.counted}": runs["unique_samples"],
        f"{plan.counted} seen": runs["samples_seen"],
        "epochs": runs["epochs"],
    }
    if plan.unit != plan.counted:
        columns[f"cost ({plan.unit})"] = [_price(plan, x) for x in runs["cost"]]
    columns["total cost"] = [_price(plan, x) for x in runs["total_cost"]]
    columns["regret left"] = [f"{max(x, 0):.4f}" for x in runs["expected_regret"]]
    return pd.DataFrame(columns)


def _repeats(runs: pd.DataFrame) -> dict[str, list[str]]:
    """Which runs repeat a training that is known or stands above them, if any does."""
    if (runs["training"] == 1).all():
        return {}
    return {"repeats": ["" if n == 1 else f"no. {n}, another seed" for n in runs["training"]]}


def to_dict(plan: Plan) -> dict[str, Any]:
    """A plan as a mapping for JSON."""
    return {
        "target": plan.target,
        "choice": plan.choice,
        "expected_regret": plan.expected_regret,
        "margin": plan.margin,
        "value": plan.value,
        "allowance": plan.allowance,
        "cheapest_run": plan.cheapest_run,
        "least_allowance": plan.least_allowance,
        "unit": plan.unit,
        "worth": plan.worth,
        "counted": plan.counted,
        "measure": plan.measure,
        "from_prior": plan.prior,
        "data_owned": plan.data_owned,
        "unsafe": plan.unsafe,
        "runs": plan.runs.to_dict("records"),
        "candidates": plan.candidates.to_dict("records"),
        "parameters": plan.parameters.to_dict("records"),
        "chosen_after": plan.chosen_after.to_dict(),
        "summary": "\n".join([verdict(plan), *(f"- {each}" for each in bullets(plan))]),
    }


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


def _near_enough(plan: Plan) -> str:
    """That one can stop, where the choice is as good as the best; prices say themselves if so."""
    if plan.worth or plan.expected_regret > plan.margin:
        return ""
    return (
        f" On average the choice is within the margin of the best already, {plan.margin:g}, which "
        f"makes no practical difference{'.' if plan.runs.empty else ': you can stop here.'}"
    )


def _stop(plan: Plan) -> str:
    """Why no run is proposed."""
    spend, least = _amount(plan, plan.allowance), plan.least_allowance
    save = "more than they cost" if plan.worth else "anything to speak of"
    if np.isinf(least):
        return f"Stop here: no runs, whatever they cost, are expected to save {save}."
    # draws that chose runs and others that valued them may differ about one at the margin
    enough = f" From about {_amount(plan, least)} on some are." if least > plan.allowance else ""
    if plan.candidates.empty:
        some = f"; from about {_amount(plan, least)} on some are"
        worth = some if least > plan.cheapest_run else " and is"
        return (
            f"No run can be made for {spend}: the cheapest costs {_amount(plan, plan.cheapest_run)}"
            f"{worth} worth making."
        )
    return f"Stop here: no runs for {spend} are expected to save {save}.{enough}"


def _shift(plan: Plan) -> str:
    """Which levels may be chosen once the runs are known."""
    if plan.runs.empty:
        return ""
    after = plan.chosen_after.sort_values(ascending=False)
    likely = [
        f"{quoted(name)} with probability {chance(p)}"
        for name, p in after.items()
        if p >= LEAST_SHIFT
    ]
    kept = plan.chosen_after[plan.choice]
    known = "it is" if len(plan.runs) == 1 else "they are"
    if len(likely) < 2:
        return f"Once {known} known, the choice stays as it is with probability {chance(kept)}."
    return f"Once {known} known, the choice will be {joined(likely)}."


def _unlikely(plan: Plan) -> str:
    """Which runs are on levels that will hardly be chosen, and what they are good for."""
    after = plan.chosen_after
    names = [
        quoted(name)
        for name in dict.fromkeys(plan.runs["data"].tolist())
        if name in after and after[name] < LEAST_SHIFT
    ]
    if not names:
        return ""
    return (
        f"Runs on {joined(names)} are proposed although the choice will hardly fall there: they "
        "inform the shared law, and so the forecasts of all levels."
    )


def _net(plan: Plan) -> str:
    """What the runs save less what they cost, where an error has a price."""
    if not plan.worth or plan.runs.empty:
        return ""
    gained, spent = plan.value * plan.worth, plan.runs["cost"].sum()
    more = "more" if gained >= spent else "less"
    better = "higher" if plan.measure == ACCURACY else "smaller"
    one = len(plan.runs) == 1
    save, price = ("it saves", "it costs") if one else ("they save", "they cost")
    return (
        f"{'A' if plan.measure == 'loss' else 'An'} {plan.measure} that is {better} by 0.01 being "
        f"worth {_amount(plan, plan.worth / 100)}, what {save} is expected to be worth "
        f"{_amount(plan, gained)}, {_amount(plan, abs(gained - spent))} {more} than {price}."
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
    return (
        f"Of single parameters of the laws, it would help most to know {joined(named)} exactly; in "
        "brackets is how much of the expected regret that would save."
    )


def _unsafe(plan: Plan) -> str:
    """Whether what runs are said to be worth may be far too much."""
    if not plan.unsafe:
        return ""
    return (
        "Beware: the runs are probably worth far less than is said here, because a few draws with "
        "large differences between the levels rule the regressions that say it."
    )


def _how(plan: Plan) -> str:
    """What to do with the runs once they are done."""
    if plan.runs.empty:
        return ""
    if plan.prior:
        return (
            "All this rests on the prior: spend a small part of what you have on these, make a "
            "study of them, and ask again."
        )
    theirs = "its error" if len(plan.runs) == 1 else "their errors"
    return f"Add {theirs} to the table of runs, carry out the study again, and ask again."


def lines(plan: Plan) -> Iterator[str]:
    """The verdict and what else there is to say, each on a line of its own."""
    yield verdict(plan)
    yield from (f"- {each}" for each in bullets(plan))
