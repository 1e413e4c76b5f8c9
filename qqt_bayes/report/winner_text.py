"""The winner at each budget in words: a level, or why none is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qqt_bayes.posterior.levels import UNDECIDED

REFUSED = "refused"
"""In place of a winner where the decision rests on a fit that did not pass its gate."""
NOT_PROVEN = "not proven"
"""In place of a winner where a level leads, but such a forecast was never checked."""

NO_WINNER = "no winner is named: a fit did not pass its gate"
"""Over a figure in place of what a winner is."""
FOR_WINNER = ("winner", "leader", "proven")
"""What of a decision says whether it names a winner."""


def winners(decided: Mapping[Any, Any], attributes: Mapping[Any, Any]) -> list[str]:
    """The winner of each budget, or why there is none: undecided, not proven or refused.

    Parameters
    ----------
    decided : mapping of str to array_like, shape (budget,)
        What `FOR_WINNER` names, of a decision or of rows of its table.
    attributes : mapping
        Those of the decision.

    Examples
    --------
    >>> decided = {
    ...     "winner": ["a", "undecided", "undecided"],
    ...     "leader": ["a", "undecided", "a"],
    ...     "proven": [True, True, False],
    ... }
    >>> winners(decided, {"gate_passed": 1}), winners(decided, {"gate_passed": 0})
    (['a', 'undecided', 'not proven'], ['refused', 'refused', 'refused'])
    """
    rows = zip(decided["winner"], decided["leader"], decided["proven"], strict=True)
    if not attributes["gate_passed"]:
        return [REFUSED for _ in rows]
    return [
        str(winner) if proven or leader == UNDECIDED else NOT_PROVEN
        for winner, leader, proven in rows
    ]
