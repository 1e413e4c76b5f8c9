"""What a page says: plain words and rounded numbers, the same for every form that it is written in.

Nothing is decided here: all numbers are those of a study's decision, rounded once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from qqt_bayes.decisions.study import Study, in_each_group
from qqt_bayes.decisions.trained import FARTHEST, runs_to_settle
from qqt_bayes.phrases import format_epochs, format_samples
from qqt_bayes.planning.costs import Costs
from qqt_bayes.posterior.levels import UNDECIDED
from qqt_bayes.report.measures import expected_in_interval, measure, unit, with_interval
from qqt_bayes.report.page import rounding
from qqt_bayes.report.page.svg import Figure
from qqt_bayes.report.verdict_text import Answer, takes, verdicts
from qqt_bayes.report.winner_text import FOR_WINNER, NOT_PROVEN, REFUSED, winners

FULL = 1 + 1e-9
"""A budget that is so many times the largest of the runs lies beyond them."""
UNCHECKED = f", and forecasts were checked up to {FARTHEST:g} times"
"""What is said of budgets beyond those."""
GAP = 3.0
"""Times that trained budgets are apart from which on what lies between them is said to."""


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes
    ----------
    caption : str
    headings : tuple of str
    rows : sequence of tuple of str
    numbers : frozenset of int
        Places of the columns that hold numbers; the first column names the row.
    """

    caption: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Block:
    """A part of a page that can be folded away.

    Attributes
    ----------
    name, title : str
        An id, and its heading.
    paragraphs : list of str
    tables : list of Table
    figures : list of Figure
        Which the forms without figures leave out.
    code : list of tuple of str
        What is to be copied, each with its heading.
    """

    name: str
    title: str
    paragraphs: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    code: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """A level at a budget, in words and rounded numbers."""

    level: str
    takes: str
    epochs: str
    chance: str
    error: str
    regret: str
    cost: str
    chosen: bool


@dataclass(frozen=True)
class AtBudget:
    """All that is said at one budget.

    Attributes
    ----------
    budget : float
    label : str
        The budget as people say it.
    verdict : str
    state : str
        "winner", "not proven", "undecided", "refused" or "one candidate".
    warning : str
        How far the budget lies from the runs, and the cheapest check; empty if nothing warns.
    rows : list of Row
        Of every level, the least regret first.
    """

    budget: float
    label: str
    verdict: str
    state: str
    warning: str
    rows: list[Row]


@dataclass(frozen=True)
class Section:
    """The answer for one group of runs; `group` is empty if there is one only.

    Attributes
    ----------
    group : str
    answer : Answer
        The verdict at the largest budget, what comes before it and three sentences.
    decision : Dataset
        Of the group, budgets ascending.
    headings : tuple of str
        Of the table of levels: level, what is in it, epochs, P(best), error, regret and cost.
    budgets : list of AtBudget
        Ascending.
    """

    group: str
    answer: Answer
    decision: xr.Dataset
    headings: tuple[str, ...]
    budgets: list[AtBudget]

    @property
    def priced(self) -> bool:
        """Whether costs are known."""
        return len(self.headings) > 6


def sections(study: Study, answers: Sequence[Answer], costs: Costs | None = None) -> list[Section]:
    """The answer for each group of a study.

    Parameters
    ----------
    study : Study
    answers : sequence of Answer
        What it says at its largest budget, one for each group.
    costs : Costs, optional
    """
    fits = [study.fits[name] for name in study.weights]
    draws = rounding.effective_draws(fits, int(study.decision.attrs.get("draws", 1)))
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


def of_runs(decision: xr.Dataset) -> str:
    """The group whose runs a decision is about; empty if the runs have one only."""
    return str(decision["group"].item()) if "group" in decision.coords else ""


def _prices(study: Study, costs: Costs, group: str | None, decision: xr.Dataset) -> xr.DataArray:
    """What each level costs at each budget, training and data together."""
    from qqt_bayes.planning.benefit import costs_of  # which no page without prices needs

    fit = next(iter(study.fits.values()))
    own = costs_of(fit, costs, group, decision["unique_samples"])
    seen = decision["budget"].values
    training = xr.DataArray(own.of_training(seen), {"budget": seen}, ("budget",))
    data = own.of_data(decision["unique_samples"], fit.runs["pool_size"])
    return (training + data).transpose("level", "budget")


def _budgets(decision: xr.Dataset, draws: float, prices: xr.DataArray | None) -> list[AtBudget]:
    states, said = _states(decision), verdicts(decision)
    names = decision["level"].values.tolist()
    contents = [takes(decision["unique_samples"].isel(level=i)) for i in range(len(names))]
    by_level = {
        name: decision[name].transpose("level", "budget").values
        for name in ("repetitions", "probability_best", "regret", "error_mean")
    }
    ends = decision["error"].transpose("level", "budget", "quantile").values
    choice, found = decision["choice"].values, []
    for i, budget in enumerate(decision["budget"].values.tolist()):
        at = {name: values[:, i] for name, values in by_level.items()}
        rows = [
            Row(
                level=str(names[j]),
                takes=contents[j],
                epochs=format_epochs(float(at["repetitions"][j])),
                chance=rounding.chance(float(at["probability_best"][j]), draws),
                error=_error(float(at["error_mean"][j]), ends[j, i], decision, draws),
                regret=rounding.regret(
                    float(at["regret"][j]), float(at["probability_best"][j]), draws
                ),
                cost="" if prices is None else f"{prices.values[j, i]:,.0f}",
                chosen=bool(names[j] == choice[i]),
            )
            for j in np.argsort(at["regret"], kind="stable")
        ]
        warning = _warning(decision.isel(budget=[i]))
        label = format_samples(budget)
        found.append(AtBudget(budget, label, said[i], states[i], warning, rows))
    return found


def _error(
    mean: float,
    ends: np.ndarray[tuple[int], np.dtype[np.float64]],
    decision: xr.Dataset,
    draws: float,
) -> str:
    """An error as of what was measured, with its interval."""
    places = rounding.error_decimals(ends.min(), ends.max(), decision.attrs["interval"], draws)
    return expected_in_interval(mean, ends, decision.attrs, places)


def _states(decision: xr.Dataset) -> list[str]:
    """Whether there is a winner at each budget, or why none is named."""
    if decision.sizes["level"] == 1:
        return ["one candidate"] * decision.sizes["budget"]
    found = winners({name: decision[name].values for name in FOR_WINNER}, decision.attrs)
    none = (UNDECIDED, NOT_PROVEN, REFUSED)
    return [each if each in none else "winner" for each in found]


def _warning(decision: xr.Dataset) -> str:
    """How far one budget lies from the runs, and the cheapest run that would help there."""
    budget = decision["budget"].item()
    counted, label = unit(decision.attrs), format_samples(budget)
    least, most = (decision[name].item() for name in ("least_trained", "most_trained"))
    words = []
    if budget > most * FULL:
        words.append(
            f"Budgets above {format_samples(most)} {counted} were never trained: {label} is "
            f"{format_samples(budget / most, 2)} times as large"
            f"{'' if budget <= FARTHEST * most * FULL else UNCHECKED}."
        )
    elif budget * FULL < least:
        words.append(
            f"Budgets below {format_samples(least)} {counted} were never trained: {label} is "
            f"smaller by a factor of {format_samples(least / budget, 2)}."
        )
    elif decision["gap"].item() >= GAP:
        words.append(
            f"{label} lies between trained budgets that are "
            f"{format_samples(decision['gap'].item(), 2)} times apart."
        )
    if decision.sizes["level"] > 1 and budget > most * FULL:
        _, runs = runs_to_settle(decision)
        if runs:
            level, budgets = next(iter(runs.items()))
            words.append(f"Cheapest check: {level} at {format_samples(min(budgets))}.")
    return " ".join(words)


def counted(decision: xr.Dataset) -> str:
    """What budgets count, with what is measured, for captions: "error by samples seen"."""
    return f"{measure(decision.attrs)} by {unit(decision.attrs)} seen"


def level_rows(section: Section) -> Table:
    """The levels at the largest budget, as they stand on the page before anybody moves a cursor."""
    last = section.budgets[-1]
    rows = [
        (row.level, row.takes, row.epochs, row.chance, row.error, row.regret)
        + ((row.cost,) if section.priced else ())
        for row in last.rows
    ]
    counted = unit(section.decision.attrs)
    of = f" of {section.group}" if section.group else ""
    caption = (
        f"Levels{of} at {last.label} {counted}, the least regret first; the choice is in bold."
    )
    return Table(caption, section.headings, rows, frozenset(range(2, len(section.headings))))


def choice_rows(section: Section) -> Table:
    """The choice at every budget."""
    rows = []
    for at in section.budgets:
        (row,) = (each for each in at.rows if each.chosen)
        rows.append((at.label, row.level, at.state, row.chance, row.error, row.regret))
    of = f" of {section.group}" if section.group else ""
    headings = ("budget", "choice", "state", *section.headings[3:6])
    return Table(f"The choice{of} at each budget.", headings, rows, frozenset({0, 3, 4, 5}))
