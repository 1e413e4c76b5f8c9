"""How a function of the package is made to ask before it answers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import wraps
from inspect import signature
from typing import Any

from qqt_bayes.errors import PlausibilityWarning
from qqt_bayes.planning.question import Question
from qqt_bayes.report.questions_text import ANSWER_IN_PYTHON, listed


def asking[**P, R](
    module: str, ask: Callable[[dict[str, Any]], Sequence[Question]]
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function warn of all questions in one `PlausibilityWarning`, before it does its work.

    Parameters
    ----------
    module : str
        The module that will hold the function.
    ask : callable
        Finds the questions from the arguments by name; what it has read or opened it may put back,
        so that the function need not do so again.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        parameters = signature(function)

        @wraps(function)
        def asked(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                bound = parameters.bind(*args, **kwargs)
            except TypeError:
                return function(*args, **kwargs)  # whose own words name the function
            if questions := ask(bound.arguments):
                warnings.warn(
                    listed(questions, ANSWER_IN_PYTHON), PlausibilityWarning, stacklevel=2
                )
            return function(*bound.args, **bound.kwargs)

        asked.__module__ = module
        return asked

    return decorate
