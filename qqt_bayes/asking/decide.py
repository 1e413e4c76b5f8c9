"""`qqt_bayes.decide`: which level to choose, after the questions about levels and budgets."""

from __future__ import annotations

from typing import Any

from qqt_bayes.asking.warn import asking
from qqt_bayes.decisions import decide as decisions
from qqt_bayes.decisions.study import Study, budgets_of, levels_of
from qqt_bayes.planning.question import Question
from qqt_bayes.planning.targets import questions_of_targets
from qqt_bayes.posterior.fit import opened
from qqt_bayes.posterior.levels import as_budgets, as_levels


def ask(arguments: dict[str, Any]) -> tuple[Question, ...]:
    """Whether levels and budgets are near what was trained; fits are opened and handed on."""
    study = arguments["fit"]
    taken = levels_of(study, arguments.get("levels"))
    seen = budgets_of(study, arguments.get("budgets"))
    if not isinstance(study, Study):
        arguments["fit"] = opened(study)
    fits = study.fits if isinstance(study, Study) else arguments["fit"]
    first = next(iter(fits.values()))
    levels = arguments["levels"] = as_levels(taken, first.pools)
    budgets = arguments["budgets"] = as_budgets(seen)
    return questions_of_targets(first.runs, budgets, levels)


decide = asking(__name__, ask)(decisions.decide)
