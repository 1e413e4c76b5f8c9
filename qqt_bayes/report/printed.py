"""What results say to people, tables between sentences: the text that the command prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import pandas as pd
import xarray as xr

from qqt_bayes.decisions.metric_views import joint_view
from qqt_bayes.phrases import quoted
from qqt_bayes.planning.plan import Plan
from qqt_bayes.report import frontier_text, plan_text
from qqt_bayes.report.decision_text import paragraphs, summary
from qqt_bayes.report.frontier_tables import budgets_at_a_glance, targets_at_a_glance
from qqt_bayes.report.metrics_tables import candidates_by_metric, winners_by_metric
from qqt_bayes.report.metrics_text import answers_of_metrics
from qqt_bayes.report.records import at_a_glance
from qqt_bayes.report.rules_text import choices_by_rule
from qqt_bayes.report.shares_text import is_of_shares, shares_table
from qqt_bayes.report.table_text import wrapped, write_table
from qqt_bayes.report.verdict_text import Answer, answers, candidates

if TYPE_CHECKING:
    from qqt_bayes.report.money_text import Money


@dataclass(frozen=True)
class Page:
    """Where a text goes, and how wide it may be.

    Attributes
    ----------
    file : TextIO
    width : int or None
        Columns of the terminal; None if it is none, and tables are as wide as they need.
    spelled : callable
        Makes of a sentence that names options the one that is written.
    """

    file: TextIO
    width: int | None = None
    spelled: Callable[[str], str] = str

    def lines(self, *sentences: str) -> None:
        """Write sentences, each as lines of its own."""
        self.file.writelines(wrapped(self.spelled(each), self.width) for each in sentences)

    def gap(self) -> None:
        """Write an empty line."""
        self.file.write("\n")

    def table(self, frame: pd.DataFrame) -> None:
        """Write a table, and an empty line."""
        write_table(frame, self.file, self.width)
        self.gap()

    def first(self, beware: Sequence[str], found: Sequence[Answer]) -> None:
        """Write what has to be known before anything else, the verdicts, and an empty line."""
        self.lines(*dict.fromkeys([*beware, *(line for each in found for line in each.first)]))
        self.lines(*(f"{_of(each)}{each.verdict}" for each in found))
        self.gap()

    def bullets(self, found: Sequence[Answer]) -> None:
        """Write what else there is to say, a sentence each."""
        self.lines(*(f"- {_of(each)}{line}" for each in found for line in each.bullets))

    def rules(self, decision: xr.Dataset) -> None:
        """Write what each rule chooses; nothing if one rule was asked for."""
        if "choice_by_rule" not in decision:
            return
        by_rule = choices_by_rule(decision.sortby("budget"))
        rules = decision["rule"].values.tolist()
        self.table(by_rule.rename(columns={rule: f"by {rule}" for rule in rules}))


def _of(answer: Answer) -> str:
    """The beginning of a sentence about one of several groups."""
    return f"{quoted(answer.group)}: " if answer.group else ""


def write_decision(
    page: Page,
    decision: xr.Dataset,
    *,
    explain: bool,
    alone: Mapping[str, xr.Dataset] | None = None,
    study: str | None = None,
    beware: Sequence[str] = (),
    money: Money | None = None,
) -> None:
    """Write a decision: the verdict, the choices, what the candidates are, and why.

    Parameters
    ----------
    page : Page
    decision : Dataset
        As `qqt_bayes.decide` returns it.
    explain : bool
        Write all that is known of the decision in words, too.
    alone : mapping of str to Dataset, optional
        The decisions of single laws that it is made of.
    study : str, optional
        What the study that it is part of comes to, which holds the decision's summary.
    beware : sequence of str
        What has to be known before anything else.
    money : Money, optional
        What the levels cost and are worth, as tables and sentences.
    """
    found = answers(decision, alone, priced=money is not None)
    page.first(beware, found)
    if is_of_shares(decision):
        page.table(shares_table(decision.sortby("budget")))
    else:
        page.table(at_a_glance(decision))
        page.table(candidates(decision))
    page.rules(decision)
    page.bullets(found)
    if money is not None:
        page.gap()
        for frame in money.tables:
            page.table(frame)
        page.lines(*(f"- {line}" for line in money.lines))
    if explain:
        page.gap()
        page.lines(summary(decision) if study is None else study)


def write_frontier(page: Page, found: xr.Dataset, beware: Sequence[str] = ()) -> None:
    """Write what `qqt_bayes.frontier` found, after what has to be known before anything else."""
    page.lines(*beware)
    if beware:
        page.gap()
    page.table(budgets_at_a_glance(found))
    if "target" in found.dims:
        page.table(targets_at_a_glance(found))
    page.rules(found)
    page.lines(paragraphs(frontier_text.remarks(found)))


def write_metrics(page: Page, found: xr.Dataset, beware: Sequence[str] = ()) -> None:
    """Write what `qqt_bayes.decide_metrics` found: the verdict, winners by metric, candidates."""
    told = answers_of_metrics(found)
    page.first(beware, told)
    page.table(winners_by_metric(found))
    page.table(candidates_by_metric(found))
    page.rules(joint_view(found))
    page.bullets(told)


def write_plan(page: Page, plan: Plan) -> None:
    """Write what `qqt_bayes.design` proposes: the verdict, the runs, and what else there is."""
    page.lines(plan_text.verdict(plan))
    page.gap()
    if not plan.runs.empty:
        page.table(plan_text.table(plan))
    page.lines(*(f"- {each}" for each in plan_text.bullets(plan)))
