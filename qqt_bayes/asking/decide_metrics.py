"""`qqt_bayes.decide_metrics`: several metrics, after the questions about levels and budgets."""

from __future__ import annotations

from typing import Any

from qqt_bayes.asking.warn import asking
from qqt_bayes.decisions import metrics
from qqt_bayes.decisions.metric_fits import opened_metrics
from qqt_bayes.planning.question import Question
from qqt_bayes.planning.targets import questions_of_targets
from qqt_bayes.posterior.levels import as_budgets, as_levels


def _ask(arguments: dict[str, Any]) -> tuple[Question, ...]:
    """Whether levels and budgets are near what was trained; fits are opened and handed on."""
    found = opened_metrics(arguments["fits_by_metric"], arguments.get("law_weights"))
    arguments["fits_by_metric"] = {metric: each.fits for metric, each in found.items()}
    arguments["law_weights"] = {metric: each.shares for metric, each in found.items()}
    first = next(iter(found.values())).first
    levels = arguments["levels"] = as_levels(arguments["levels"], first.pools)
    budgets = arguments["budgets"] = as_budgets(arguments["budgets"])
    return questions_of_targets(first.runs, budgets, levels)


decide_metrics = asking(__name__, _ask)(metrics.decide_metrics)
