"""The closed registry of decision rules: what a choice minimises over paired posterior draws.

A rule is a statistic of a level's error, or of its regret: in each draw, the excess over the level
that is best in that draw.  Regret needs the errors of all rivals under the same draws; where they
are paired, what is uncertain about all levels alike cancels.

Expected regret is the expected error less one number for all levels, the expected error of the best
in each draw: so the two always choose alike, and the score of `regret` says what the choice costs.

The greatest regret over draws would be noise: it grows with their number, without end.  So
`minimax-regret` is the alpha-reliable minimax regret of Daskin, Hesse and ReVelle (1997, Location
Science 5:227-246): the least bound on regret that holds with probability alpha, which is the
alpha-quantile of regret; with alpha = 1 it is Savage's minimax regret over the draws.  The mean of
the regret beyond it, their alpha-reliable mean excess (Chen et al. 2006, doi:10.1002/nav.20180), is
`cvar-regret`.  It is never below the quantile, and a few draws do not move it by jumps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.laws.level_curves import SAMPLE

if TYPE_CHECKING:
    from qqt_bayes.decisions.criteria import Criteria

ROUNDING = 1e-12
"""Difference below which two probabilities, scores or ratios are equal: the last digits of a sum of
many terms depend on their order."""
TIE = ROUNDING
"""Difference in error below which two levels are equal: rounding, not knowledge."""
LEAST_CHANCE = 0.01
"""Probability of meeting a target below which it counts as none."""
EXPECTED = "expected"
"""The rule by which a choice is made where no other is named, or all are asked for."""
ALL = "all"
"""The word for all rules side by side, of which `EXPECTED` makes the choice."""


class Rule(NamedTuple):
    """A statistic over draws, and of what.

    Attributes
    ----------
    statistic : callable
        Takes what is judged under every draw, and the criteria.
    of_regret : bool
        Whether regrets are judged, not errors.
    of_tail : bool
        Whether `cvar_level` of the criteria, the share of draws that are not the worst, counts.
    """

    statistic: Callable[[xr.DataArray, Criteria], xr.DataArray]
    of_regret: bool = False
    of_tail: bool = False

    def score(self, error: xr.DataArray, least: xr.DataArray, criteria: Criteria) -> xr.DataArray:
        """What the choice minimises, dims those of the errors without the draws.

        Parameters
        ----------
        error : DataArray, dims (chain, draw, level, ...)
        least : DataArray, dims (chain, draw, ...)
            Error of the best of all rivals in each draw.
        criteria : Criteria
        """
        judged = (error - least).clip(min=0) if self.of_regret else error
        return self.statistic(judged, criteria)


def mean_over_draws(judged: xr.DataArray, criteria: Criteria) -> xr.DataArray:
    """The expectation: the mean over the draws."""
    return judged.mean(SAMPLE)


def conditional_value_at_risk(judged: xr.DataArray, criteria: Criteria) -> xr.DataArray:
    """CVaR: mean over the worst share ``1 - cvar_level`` of the draws.

    Where the share is no whole number of draws, the last of them counts in part (Rockafellar and
    Uryasev 2002, doi:10.1016/S0378-4266(02)00271-6).

    Examples
    --------
    The worst 3/8 of four draws: all of the worst, half of the next.

    >>> from qqt_bayes.decisions.criteria import Criteria
    >>> error = xr.DataArray([[0.1, 0.4, 0.2, 0.3]], dims=SAMPLE)
    >>> conditional_value_at_risk(error, Criteria(rule="cvar", cvar_level=5 / 8)).item()
    0.36666
    """

    def tail_mean(falling: NDArray[np.float64]) -> Any:
        return falling @ worst_share(falling.shape[-1], criteria.cvar_level)

    return _of_falling(judged, tail_mean)


def reliable_bound(judged: xr.DataArray, criteria: Criteria) -> xr.DataArray:
    """The least bound that holds in a share ``cvar_level`` of the draws, if not in more.

    Examples
    --------
    Of four draws one may be above: a bound of 0.3 holds in three.

    >>> from qqt_bayes.decisions.criteria import Criteria
    >>> regret = xr.DataArray([[0.1, 0.4, 0.2, 0.3]], dims=SAMPLE)
    >>> reliable_bound(regret, Criteria(rule="minimax-regret", cvar_level=3 / 4)).item()
    0.3
    """

    def bound(falling: NDArray[np.float64]) -> Any:
        draws = falling.shape[-1]
        above = int(np.floor((1 - criteria.cvar_level) * draws + ROUNDING * draws))
        return falling[..., min(above, draws - 1)]

    return _of_falling(judged, bound)


def missed_target(judged: xr.DataArray, criteria: Criteria) -> xr.DataArray:
    """Minus the probability of an error of at most `target`.

    Less than `LEAST_CHANCE` counts as none: draws hardly tell such probabilities apart. Where no
    level has more, the expected error decides, as it does among what ties.
    """
    met: xr.DataArray = judged <= (criteria.target or 0.0) + TIE
    probability = met.mean(SAMPLE)
    return -probability.where(probability >= LEAST_CHANCE, 0.0)


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


def _of_falling(
    judged: xr.DataArray, statistic: Callable[[NDArray[np.float64]], Any]
) -> xr.DataArray:
    """A statistic of the draws in descending order, along the last axis."""

    def of_draws(draws: NDArray[np.float64]) -> Any:
        return statistic(-np.sort(-draws.reshape(*draws.shape[:-2], -1), axis=-1))

    found: xr.DataArray = xr.apply_ufunc(of_draws, judged, input_core_dims=[SAMPLE])
    return found


RULES: dict[str, Rule] = {
    EXPECTED: Rule(mean_over_draws),
    "cvar": Rule(conditional_value_at_risk, of_tail=True),
    "target": Rule(missed_target),
    "regret": Rule(mean_over_draws, of_regret=True),
    "minimax-regret": Rule(reliable_bound, of_regret=True, of_tail=True),
    "cvar-regret": Rule(conditional_value_at_risk, of_regret=True, of_tail=True),
}
"""The closed registry of rules."""


def choosing(rule: str) -> str:
    """The rule that makes the choice: the one that is named, or of all of them the first."""
    return EXPECTED if rule == ALL else rule


def asked(rule: str, target: float | None) -> list[str]:
    """The rules whose scores are asked for: one, or all for which there is what they need."""
    if rule != ALL:
        return [rule]
    return [name for name in RULES if name != "target" or target is not None]
