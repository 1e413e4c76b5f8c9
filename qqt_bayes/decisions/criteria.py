"""What makes a level the right choice: the rule and the bars of a decision, checked at the door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from numbers import Real
from typing import Any, TypedDict

import numpy as np

from qqt_bayes.decisions.rules import ALL, EXPECTED, RULES
from qqt_bayes.errors import InputError, alternatives, fault_list, listed


class CriteriaFields(TypedDict, total=False):
    """The fields of `Criteria`, as options by name of what decides."""

    probability: float
    margin: float
    interval: float
    rule: str
    cvar_level: float
    target: float | None


@dataclass(frozen=True)
class Criteria:
    """The bars by which levels are judged.

    What decides takes them as one argument, or each by its name: ``decide(..., rule="cvar")`` is
    ``decide(..., Criteria(rule="cvar"))``.

    Attributes
    ----------
    probability : float
        Probability of being best that a level must reach to be called the winner.
    margin : float
        Excess over the best error that hardly matters.
    interval : float
        Probability content of intervals, equal tails.
    rule : str
        A name in `qqt_bayes.decisions.rules.RULES`: what the choice minimises. Or "all": the choice
        is by "expected", and what the others would choose stands beside it.
    cvar_level : float
        For the rules of a tail: 0.9 means the mean over the worst 10 % of draws (rules "cvar" and
        "cvar-regret"), or what is exceeded in at most 10 % of them (rule "minimax-regret").
    target : float or None
        For rule "target", and for "all" if it is to be among them: the error to stay at or below.

    Raises
    ------
    InputError
        With all faults.

    Examples
    --------
    >>> Criteria(probability=95, rule="cvr")
    Traceback (most recent call last):
    qqt_bayes.errors.InputError: criteria: 2 faults
      probability: expected a number above 0 and at most 1, got 95
      unknown rule 'cvr'; did you mean 'cvar'?
    """

    probability: float = 0.9
    margin: float = 0.003
    interval: float = 0.9
    rule: str = EXPECTED
    cvar_level: float = 0.9
    target: float | None = None

    def __post_init__(self) -> None:
        faults = [
            f"{name}: expected {words}, got {getattr(self, name)!r}"
            for name, (words, holds) in BARS.items()
            if not (isinstance(value := getattr(self, name), Real) and holds(value))
        ]
        if self.rule not in (*RULES, ALL):
            faults.append(
                f"unknown rule {self.rule!r}{alternatives(str(self.rule), [*RULES, ALL])}"
            )
        elif self.rule == "target" and not _is_target(self.target):
            faults.append(f"target: rule 'target' needs a number above 0, got {self.target!r}")
        elif self.rule == ALL and self.target is not None and not _is_target(self.target):
            faults.append(f"target: expected a number above 0, got {self.target!r}")
        elif self.rule not in ("target", ALL) and self.target is not None:
            faults.append(f"target: only rule 'target' uses it, got rule {self.rule!r}")
        if faults:
            raise InputError(fault_list("criteria", faults, total=len(faults)))

    @classmethod
    def of(cls, criteria: Criteria | None, fields: CriteriaFields) -> Criteria:
        """Criteria that were given as one argument, or by their fields.

        Raises
        ------
        InputError
            If both are given, or a field is out of its range.
        TypeError
            If there is no such field.
        """
        if criteria is None:
            return cls(**fields)
        if fields:
            raise InputError(
                f"expected criteria as one argument or field by field, got both: {listed(fields)}"
            )
        return criteria

    @property
    def quantiles(self) -> tuple[float, float, float]:
        """Lower end of the interval, median, upper end."""
        tail = round((1 - self.interval) / 2, 12)
        return tail, 0.5, 1 - tail

    def to_dict(self) -> dict[str, float | str]:
        """The bars that are set, as attributes of a result."""
        return {name: value for name, value in asdict(self).items() if value is not None}


BARS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "probability": ("a number above 0 and at most 1", lambda x: 0 < x <= 1),
    "margin": ("a number of at least 0", lambda x: 0 <= x < np.inf),
    "interval": ("a number between 0 and 1", lambda x: 0 < x < 1),
    "cvar_level": ("a number of at least 0 and below 1", lambda x: 0 <= x < 1),
}
"""What each bar must be, in words and as a check."""


def _is_target(target: object) -> bool:
    """Whether a target is an error that can be met: a number above 0."""
    return isinstance(target, Real) and 0 < float(target) < np.inf
