"""`qqt_bayes.fit`: from runs to a posterior, after the questions about the runs."""

from __future__ import annotations

from typing import Any

from qqt_bayes.asking.warn import asking
from qqt_bayes.planning.question import Question
from qqt_bayes.planning.questions import questions
from qqt_bayes.sampling import inference


def _ask(arguments: dict[str, Any]) -> tuple[Question, ...]:
    """Whether the numbers of the runs mean what they are taken for."""
    return questions(arguments["runs"])


fit = asking(__name__, _ask)(inference.fit)
