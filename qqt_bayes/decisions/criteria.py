"""What makes a level the right choice: the closed registry of rules, and the bars of a decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from numbers import Real
from typing import Any, TypedDict

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.errors import InputError, alternatives, fault_list, listed
from qqt_bayes.laws.level_curves import SAMPLE

ROUNDING = 1e-12
"""Difference below which two probabilities, scores or ratios are equal: the last digits of a sum of
many terms depend on their order."""
TIE = ROUNDING
"""Difference in error below which two levels are equal: rounding, not knowledge."""


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
        A name in `RULES`: what the choice minimises.
    cvar_level : float
        For rule "cvar": 0.9 means the mean over the worst 10 % of draws.
    target : float or None
        For rule "target": the error to stay at or below.

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
    rule: str = "expected"
    cvar_level: float = 0.9
    target: float | None = None

    def __post_init__(self) -> None:
        faults = [
            f"{name}: expected {words}, got {getattr(self, name)!r}"
            for name, (words, holds) in BARS.items()
            if not (isinstance(value := getattr(self, name), Real) and holds(value))
        ]
        if self.rule not in RULES:
            faults.append(f"unknown rule {self.rule!r}{alternatives(str(self.rule), RULES)}")
        elif self.rule == "target" and not _is_target(self.target):
            faults.append(f"target: rule 'target' needs a number above 0, got {self.target!r}")
        elif self.rule != "target" and self.target is not None:
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


type Rule = Callable[[xr.DataArray, Criteria], xr.DataArray]
"""What the choice minimises, from the errors under every draw."""


def expected_error(error: xr.DataArray, criteria: Criteria) -> xr.DataArray:
    """The expected error: its mean over the draws."""
    return error.mean(SAMPLE)


def conditional_value_at_risk(error: xr.DataArray, criteria: Criteria) -> xr.DataArray:
    """CVaR: mean over the worst share ``1 - cvar_level`` of the draws.

    Where the share is no whole number of draws, the last of them counts in part (Rockafellar and
    Uryasev 2002, doi:10.1016/S0378-4266(02)00271-6).

    Examples
    --------
    The worst 3/8 of four draws: all of the worst, half of the next.

    >>> error = xr.DataArray([[0.1, 0.4, 0.2, 0.3]], dims=SAMPLE)
    >>> conditional_value_at_risk(error, Criteria(rule="cvar", cvar_level=5 / 8)).item()
    0.36666
    """

    def tail_mean(draws: NDArray[np.float64]) -> Any:
        falling = -np.sort(-draws.reshape(*draws.shape[:-2], -1), axis=-1)
        return falling @ worst_share(falling.shape[-1], criteria.cvar_level)

    mean: xr.DataArray = xr.apply_ufunc(tail_mean, error, input_core_dims=[SAMPLE])
    return mean


def worst_share(draws: int, level: float) -> NDArray[np.float64]:
    """Weights of draws, the worst first, under which the mean is that over the worst share.

    Examples
    --------
    >>> worst_share(4, level=5 / 8).round(3)
    array([0.667, 0.333, 0.   , 0.   ])
    """
    count = (1 - level) * draws
    weights: NDArray[np.float64] = np.clip(count - np.arange(draws), 0, 1) / count
    return weights


def missed_target(error: xr.DataArray, criteria: Criteria) -> xr.DataArray:
    """Minus the probability of an error of at most `target`."""
    met: xr.DataArray = error <= (criteria.target or 0.0) + TIE
    return -met.mean(SAMPLE)


RULES: dict[str, Rule] = {
    "expected": expected_error,
    "cvar": conditional_value_at_risk,
    "target": missed_target,
}
"""The closed registry of rules."""


def _is_target(target: object) -> bool:
    """Whether a target is an error that can be met: a number above 0."""
    return isinstance(target, Real) and 0 < float(target) < np.inf
