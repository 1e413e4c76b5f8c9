"""The answer for each group of a study: verdict, state, warning and table at every budget."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.decisions.rules import ROUNDING
from qqt_bayes.decisions.study import Study, in_each_group
from qqt_bayes.decisions.trained import FARTHEST, runs_to_settle
from qqt_bayes.phrases import amount_of_money, format_epochs, format_samples, quoted
from qqt_bayes.planning.costs import Costs
from qqt_bayes.posterior.levels import UNDECIDED
from qqt_bayes.report.limits_text import LEAST_GAP
from qqt_bayes.report.measures import expected_in_interval, unit, with_interval
from qqt_bayes.report.page import rounding
from qqt_bayes.report.page.content import AtBudget, Row, Section
from qqt_bayes.report.verdict_text import Answer, takes, verdicts
from qqt_bayes.report.winner_text import FOR_WINNER, NOT_PROVEN, REFUSED, winners


def sections(study: Study, answers: Sequence[Answer], costs: Costs | None = None) -> list[Section]:
    """The answer for each group of a study.

    Parameters
    ----------
    study : Study
    answers : sequence of Answer
        What it says at its largest budget, one for each group.
    costs : Costs, optional
    """
    draws = effective_draws(study)
    groups = in_each_group([study.decision.sortby("budget")])
    found = []
    for answer, (group, (decision,)) in zip(answers, groups, strict=True):
        attributes = decision.attrs
        headings: tuple[str, ...] = (
            *("level", "what is in it", "epochs", "P(best)"),
            *(with_interval(attributes), "regret"),
        )
        prices = None
        if costs is not None:
            prices = _prices(study, costs, of_runs(decision) or None, decision)
            headings += (f"cost ({costs.currency})",)
        found.append(Section(group, answer, decision, headings, _budgets(decision, draws, prices)))
    return found


def effective_draws(study: Study) -> float:
    """How many independent draws a study's joint decision has."""
    fits = [study.fits[name] for name in study.weights]
    return rounding.effective_draws(fits, int(study.decision.attrs["draws"]))


def of_runs(decision: xr.Dataset) -> str:
    """The group whose runs a decision is about; empty if the runs have one only."""
    return str(decision["group"].item()) if "group" in decision.coords else ""


def _prices(study: Study, costs: Costs, group: str | None, decision: xr.Dataset) -> xr.DataArray:
    """What each level costs at each budget, training and data together."""
    from qqt_bayes.planning.benefit import costs_of  # which no page without prices needs

    fit = next(iter(study.fits.values()))
    own = costs_of(fit, costs, group, decision["unique_samples"])
    levels, seen = decision["unique_samples"], decision["budget"].values
    training, data = own.of_levels(levels, fit.runs["pool_size"], seen)
    return (training + data).transpose("level", "budget")


def _budgets(decision: xr.Dataset, draws: float, prices: xr.DataArray | None) -> list[AtBudget]:
    """What is said at each budget, the levels of least regret first."""
    states, said = states_at(decision), verdicts(decision)
    levels = decision["level"].values.tolist()
    contents = [takes(decision["unique_samples"].isel(level=i)) for i in range(len(levels))]
    of_level = ("repetitions", "probability_best", "regret", "error_mean")
    values = [decision[name].transpose("budget", "level").values.tolist() for name in of_level]
    ends = decision["error"].transpose("budget", "level", "quantile").values
    choice, found = decision["choice"].values.tolist(), []
    for i, budget in enumerate(decision["budget"].values.tolist()):
        epochs, best, regrets, means = (each[i] for each in values)
        rows = [
            Row(
                level=str(levels[j]),
                takes=contents[j],
                epochs=format_epochs(epochs[j]),
                chance=rounding.chance(best[j], draws),
                error=_error(means[j], ends[i, j], decision, draws),
                regret=rounding.regret(regrets[j], best[j], draws),
                cost="" if prices is None else amount_of_money(prices.values[j, i]),
                chosen=levels[j] == choice[i],
            )
            for j in np.argsort(regrets, kind="stable").tolist()
        ]
        warning = warning_at(decision.isel(budget=[i]))
        found.append(AtBudget(budget, format_samples(budget), said[i], states[i], warning, rows))
    return found


def _error(mean: float, ends: NDArray[np.float64], decision: xr.Dataset, draws: float) -> str:
    """An error as of what was measured, with its interval."""
    places = rounding.error_decimals(ends.min(), ends.max(), decision.attrs["interval"], draws)
    return expected_in_interval(mean, ends, decision.attrs, places)


def states_at(decision: xr.Dataset) -> list[str]:
    """Whether there is a winner at each budget, or why none is named."""
    if decision.sizes["level"] == 1:
        return ["one candidate"] * decision.sizes["budget"]
    found = winners({name: decision[name].values for name in FOR_WINNER}, decision.attrs)
    none = (UNDECIDED, NOT_PROVEN, REFUSED)
    return [each if each in none else "winner" for each in found]


def warning_at(decision: xr.Dataset) -> str:
    """How far one budget lies from the runs, and which runs a winner would need there."""
    budget = decision["budget"].item()
    counted, label = unit(decision.attrs), format_samples(budget)
    least, most = (decision[name].item() for name in ("least_trained", "most_trained"))
    beyond = budget / most
    words = []
    if beyond > 1 + ROUNDING:
        far = f", and forecasts were checked up to {FARTHEST:g} times" if beyond > FARTHEST else ""
        words.append(
            f"Budgets above {format_samples(most)} {counted} were never trained: {label} is "
            f"{format_samples(beyond, 2)} times as large{far}."
        )
    elif budget < least * (1 - ROUNDING):
        words.append(
            f"Budgets below {format_samples(least)} {counted} were never trained: {label} is "
            f"smaller by a factor of {format_samples(least / budget, 2)}."
        )
    elif decision["gap"].item() >= LEAST_GAP:
        words.append(
            f"{label} lies between trained budgets that are "
            f"{format_samples(decision['gap'].item(), 2)} times apart."
        )
    if beyond > 1 + ROUNDING and decision.sizes["level"] > 1:
        lacking = list(runs_to_settle(decision)[1].items())
        for level, budgets in lacking[:1]:
            others = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
            at = " and ".join(format_samples(each) for each in budgets)
            words.append(f"No winner can be named before runs of {quoted(level)}{others} at {at}.")
    return " ".join(words)
