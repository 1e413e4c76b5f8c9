"""What a page says: plain words and rounded numbers, the same for every form that it is written in.

Nothing is decided here: all numbers are those of a study's decision, rounded once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from qqt_bayes.decisions.trained import FARTHEST, LEAST_BUDGETS
from qqt_bayes.phrases import quoted, spans
from qqt_bayes.report.measures import is_new_run, measure, unit
from qqt_bayes.report.page.svg import Figure
from qqt_bayes.report.verdict_text import Answer


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
    chosen : frozenset of int
        Places of the rows that are in bold.
    wide : frozenset of int
        Places of the columns that a narrow screen has no room for.
    name : str
        What it is known by in references, alike in the report of every study.
    """

    caption: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numbers: frozenset[int] = frozenset()
    chosen: frozenset[int] = frozenset()
    wide: frozenset[int] = frozenset()
    name: str = ""


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
    parts : list of Block
        Of several metrics, what is said of each, under its name as the title.
    """

    name: str
    title: str
    paragraphs: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    code: list[tuple[str, str]] = field(default_factory=list)
    parts: list[Block] = field(default_factory=list)


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
        How far the budget lies from the runs, and which runs a winner needs; or empty.
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
    """The answer for one group of runs, or for one of several metrics.

    Attributes
    ----------
    group : str
        The name of the group, of the metric or of both; empty if there is one only.
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
    def prefix(self) -> str:
        """How a sentence begins that is about one of several groups."""
        return f"{quoted(self.group)}: " if self.group else ""

    def named(self, table: str) -> str:
        """What a table of this section is known by."""
        return f"{table}-{self.group}" if self.group else table

    @property
    def priced(self) -> bool:
        """Whether costs are known."""
        return len(self.headings) > 6


@dataclass(frozen=True)
class Verdict:
    """What is said across all metrics at the largest budget, for one group of runs.

    Attributes
    ----------
    group : str
        Empty if there is one group only.
    first : list of str
        What has to be known before anything else.
    verdict, state, warning : str
        As in `AtBudget`; the state may be "none admissible", too.
    said : list of str
        How metrics are weighed, where they are in conflict, what is required, what is dominated.
    """

    group: str
    first: list[str]
    verdict: str
    state: str
    warning: str
    said: list[str]


@dataclass(frozen=True)
class Lead:
    """What a page over several metrics says before it says anything of one of them.

    Attributes
    ----------
    verdicts : list of Verdict
        One for each group.
    tables : list of Table
        The choice at each budget by the weighted error and by each metric, and the levels.
    weighed : list of str
        How metrics are weighed, for whoever describes the decision; nothing of a single one.
    """

    verdicts: list[Verdict]
    tables: list[Table]
    weighed: list[str]


def reading(attributes: Mapping[Any, Any]) -> str:
    """How the table of levels is read, of a decision with these attributes."""
    measured, interval = measure(attributes), f"{100 * attributes['interval']:g} %"
    best, worse = ("highest", "lower") if measured == "accuracy" else ("lowest", "higher")
    kind = "prediction" if is_new_run(attributes) else "credible"
    return (
        f"Epochs is how often a run goes through the level; P(best) the probability that it has "
        f"the {best} {measured} of all levels. In brackets behind the expected {measured} stands "
        f"its {interval} {kind} interval. Regret is how much {worse} its {measured} is expected to "
        "be than that of the best level."
    )


def naming(section: Section) -> str:
    """When a winner is named."""
    attributes = section.decision.attrs
    return (
        f"A winner has a P(best) of {attributes['probability']:g} or more; it counts as "
        f"not proven unless every level was trained at {LEAST_BUDGETS} budgets or more "
        f"and the budget is at most {FARTHEST:g} times the largest of them; "
        "below that probability it is undecided."
    )


def level_rows(section: Section) -> Table:
    """The levels at the largest budget, as they stand on the page before anybody moves a cursor."""
    last = section.budgets[-1]
    rows = [
        (row.level, row.takes, row.epochs, row.chance, row.error, row.regret)
        + ((row.cost,) if section.priced else ())
        for row in last.rows
    ]
    counted = unit(section.decision.attrs)
    of = f" of {quoted(section.group)}" if section.group else ""
    caption = (
        f"Levels{of} at {last.label} {counted}, the least regret first; the choice is in bold."
    )
    numbers = frozenset(range(2, len(section.headings)))
    chosen = frozenset(i for i, row in enumerate(last.rows) if row.chosen)
    return Table(
        caption, section.headings, rows, numbers, chosen=chosen, name=section.named("levels")
    )


def choice_rows(section: Section) -> Table:
    """The choice at every budget."""
    rows = []
    for at in section.budgets:
        (row,) = (each for each in at.rows if each.chosen)
        rows.append((at.label, row.level, at.state, row.chance, row.error, row.regret))
    of = f" of {quoted(section.group)}" if section.group else ""
    headings = ("budget", "choice", "state", *section.headings[3:6])
    caption = f"The choice{of} at each budget."
    name = section.named("choices")
    return Table(caption, headings, rows, frozenset({0, 3, 4, 5}), name=name)


def short_choice_rows(section: Section) -> Table:
    """The same for a paper's narrow column: the caption says the states."""
    full = choice_rows(section)
    rows = [(budget, choice, *numbers) for budget, choice, _, *numbers in full.rows]
    headings = tuple(each for each in full.headings if each != "state")
    caption = f"{full.caption} {states(section.budgets)}"
    return Table(caption, headings, rows, frozenset({0, 2, 3, 4}), name=full.name)


def states(budgets: Sequence[AtBudget]) -> str:
    """Where a winner is named and where not, as a sentence."""
    among = np.array([at.budget for at in budgets])
    each = np.array([at.state for at in budgets])
    found = [f"{state} at {spans(among[each == state], among)}" for state in dict.fromkeys(each)]
    said = "; ".join(found)
    return f"{said[:1].upper()}{said[1:]}."
