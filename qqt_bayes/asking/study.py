"""`qqt_bayes.study`: several laws decided on together, after questions about runs and targets."""

from __future__ import annotations

from typing import Any

from qqt_bayes.asking.warn import asking
from qqt_bayes.planning.question import Question
from qqt_bayes.planning.questions import questions
from qqt_bayes.posterior.levels import as_budgets, as_levels
from qqt_bayes.studies import study as studies
from qqt_bayes.tables.runs import require_runs


def _ask(arguments: dict[str, Any]) -> tuple[Question, ...]:
    """Whether runs, levels and budgets mean what they are taken for."""
    runs = arguments["runs"]
    require_runs(runs)
    if arguments.get("levels") is not None:
        pools = runs["pool"].values.tolist()
        arguments["levels"] = as_levels(arguments["levels"], pools, known="the runs")
    if arguments.get("budgets") is not None:
        arguments["budgets"] = as_budgets(arguments["budgets"])
    return questions(runs, budgets=arguments.get("budgets"), levels=arguments.get("levels"))


study = asking(__name__, _ask)(studies.study)
