"""What a decision is made of: choice, leader, regret and P(best), from errors by draw.

`qqt_bayes.decide`, `decide_stack` and `best_subsets` differ in where their errors come from, not in
what they make of them.  Of subsets, too many to hold at once, `qqt_bayes.decisions.enumeration`
counts scores and P(best) block by block, by the same rules and with the same ties; a test holds the
two together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.dominance import dominance
from qqt_bayes.decisions.rules import ALL, ROUNDING, RULES, TIE, asked, choosing
from qqt_bayes.laws.level_curves import SAMPLE, require_finite
from qqt_bayes.posterior.levels import UNDECIDED


@dataclass(frozen=True)
class Rivals:
    """What the levels that are shown are judged against: themselves, or more than are shown.

    Attributes
    ----------
    least : DataArray, dims (chain, draw, ...)
        Error of the best rival in each draw.
    probability_best : DataArray, dims (level, ...)
        Probability that a level is the best of all rivals; those that tie share equally.
    score : DataArray, dims (level, ...)
        What the rule minimises.
    choice : DataArray, dims (...)
        Position of the chosen level among those shown.
    complete : bool
        Whether all rivals that there are have been evaluated: otherwise no winner is named.
    """

    least: xr.DataArray
    probability_best: xr.DataArray
    score: xr.DataArray
    choice: xr.DataArray
    complete: bool = True


def judge(error: xr.DataArray, criteria: Criteria, rivals: Rivals | None = None) -> xr.Dataset:
    """What the errors of levels under every draw say of each level, and which one to choose.

    Every level is judged under the same draws: what is uncertain about all of them alike cancels.

    Parameters
    ----------
    error : DataArray, dims (chain, draw, level, budget, ...)
        See `qqt_bayes.predict`.
    criteria : Criteria
    rivals : Rivals, optional
        All that the levels are judged against, where these are only some of them.

    Returns
    -------
    Dataset
        Over level, budget and what else the errors extend over:

        - `error` (quantile) and `error_mean`, the mean curve;
        - `probability_best`, in which levels that tie share equally, so that it sums to 1;
        - `probability_within_margin`, that the error exceeds the best by at most `margin`;
        - `regret`, the expected excess over the level that is best in the draw;
        - `near_best`, whether that is at most the margin;
        - `score`, what the rule minimises.

        With rule "all", what all rules say (see `qqt_bayes.decisions.rules`; "target" only if a
        target is given): `score_by_rule` (rule, level, budget), `choice_by_rule` (rule, budget),
        and `dominates_first`, `dominates_second` (level, other, budget), see
        `qqt_bayes.decisions.dominance.dominance`.

        Over budget: `choice`, the level of least score (the expected error breaks a tie, and then
        the name, so that the order of the levels changes nothing) with `choice_regret`; `leader`,
        the level whose probability of being best reaches `probability`, else "undecided" (whether
        it may be called the winner depends on what was trained, see `qqt_bayes.decisions.trained`).

    Raises
    ------
    InputError
        If an error is not finite.

    Examples
    --------
    Three draws, two levels: the first is best in two draws, the second by far in one.

    >>> error = xr.DataArray([[[0.3, 0.31], [0.3, 0.31], [0.4, 0.3]]],
    ...                      {"level": ["a", "b"]}, ("chain", "draw", "level"))
    >>> decision = judge(error, Criteria(probability=0.6))
    >>> decision["probability_best"].values.round(3), decision["regret"].values.round(4)
    (array([0.667, 0.333]), array([0.0333, 0.0067]))
    >>> str(decision["leader"].values), str(decision["choice"].values)
    ('a', 'b')
    """
    require_finite(error)
    among = among_themselves(error, criteria) if rivals is None else rivals
    excess = (error - among.least).clip(min=0)
    regret = excess.mean(SAMPLE)
    best, name = among.probability_best, error["level"]
    mean = error.mean(SAMPLE)
    sure = (best.max("level") >= criteria.probability - ROUNDING) & among.complete
    likeliest = name[least_of(-best, mean)]
    judged = xr.Dataset(
        {
            "error": error.quantile(criteria.quantiles, SAMPLE, skipna=False),
            "error_mean": mean,
            "probability_best": best,
            "probability_within_margin": (excess <= criteria.margin + TIE).mean(SAMPLE),
            "regret": regret,
            "score": among.score,
            "choice": name[among.choice].drop_vars("level"),
            "choice_regret": regret.isel(level=among.choice).drop_vars("level"),
            "leader": likeliest.where(sure, UNDECIDED).drop_vars("level"),
            "near_best": regret <= criteria.margin + TIE,
        },
        attrs={**criteria.to_dict(), "draws": error.sizes["chain"] * error.sizes["draw"]},
    )
    if criteria.rule != ALL:
        return judged
    return judged.merge(by_rule(error, among.least, criteria)).merge(dominance(error))


def by_rule(error: xr.DataArray, least: xr.DataArray, criteria: Criteria) -> xr.Dataset:
    """What each rule would choose: `score_by_rule` and `choice_by_rule`, over rule and the rest."""
    names = xr.DataArray(asked(ALL, criteria.target), dims="rule", name="rule")
    mean = error.mean(SAMPLE)
    scores = [RULES[rule].score(error, least, criteria) for rule in names.values]
    choices = [error["level"][least_of(score, mean)].drop_vars("level") for score in scores]
    return xr.Dataset(
        {
            "score_by_rule": xr.concat(scores, names),
            "choice_by_rule": xr.concat(choices, names),
        }
    )


def among_themselves(error: xr.DataArray, criteria: Criteria) -> Rivals:
    """Levels as their own rivals: who is best in each draw, and whom the rule chooses."""
    least = error.min("level")
    best = error - least <= TIE
    score = RULES[choosing(criteria.rule)].score(error, least, criteria)
    return Rivals(
        least=least,
        probability_best=(best / best.sum("level")).mean(SAMPLE),
        score=score,
        choice=least_of(score, error.mean(SAMPLE)),
    )


def least_of(score: xr.DataArray, mean: xr.DataArray) -> xr.DataArray:
    """Position of the level of least score; the mean error, then the name, breaks a tie."""
    dims = ("level", *(dim for dim in score.dims if dim != "level"))
    first, mean_first = (x.transpose(*dims) for x in (score, mean))
    chosen = choose(first.values, mean_first.values, score["level"].values)
    return first.isel(level=0, drop=True).copy(data=chosen)


def choose(
    score: NDArray[np.float64], mean: NDArray[np.float64], names: ArrayLike | None = None
) -> NDArray[np.intp]:
    """Position of the least score along the first axis; the least mean error breaks a tie.

    Of those that are alike in both the first by name is taken, or the first if there are no names.

    Examples
    --------
    Two candidates have the least score, and the second of them the least mean error:

    >>> int(choose(np.array([0.4, 0.3, 0.3]), np.array([0.1, 0.3, 0.2])))
    2
    """
    among = np.where(score <= score.min(axis=0) + ROUNDING, mean, np.inf)
    tied = among <= among.min(axis=0) + ROUNDING
    order = np.arange(len(score)) if names is None else np.argsort(names, kind="stable")
    chosen: NDArray[np.intp] = order[tied[order].argmax(axis=0)]
    return chosen
