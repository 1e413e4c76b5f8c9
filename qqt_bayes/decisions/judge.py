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
from numpy.typing import NDArray

from qqt_bayes.decisions.criteria import ROUNDING, RULES, TIE, Criteria
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

        Over budget: `choice`, the level of least score (the expected error breaks a tie) with
        `choice_regret`; `leader`, the level whose probability of being best reaches `probability`,
        else "undecided" (whether it may be called the winner depends on what was trained, see
        `qqt_bayes.decisions.trained`).

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
    sure = (best.max("level") >= criteria.probability - ROUNDING) & among.complete
    likeliest = name[best.argmax("level")]
    return xr.Dataset(
        {
            "error": error.quantile(criteria.quantiles, SAMPLE, skipna=False),
            "error_mean": error.mean(SAMPLE),
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


def among_themselves(error: xr.DataArray, criteria: Criteria) -> Rivals:
    """Levels as their own rivals: who is best in each draw, and whom the rule chooses."""
    least = error.min("level")
    best = error - least <= TIE
    score = RULES[criteria.rule](error, criteria)
    dims = ("level", *(dim for dim in score.dims if dim != "level"))
    score_first, mean_first = (x.transpose(*dims) for x in (score, error.mean(SAMPLE)))
    chosen = choose(score_first.values, mean_first.values)
    return Rivals(
        least=least,
        probability_best=(best / best.sum("level")).mean(SAMPLE),
        score=score,
        choice=score_first.isel(level=0, drop=True).copy(data=chosen),
    )


def choose(score: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.intp]:
    """Position of the least score along the first axis; the least mean error breaks a tie.

    Examples
    --------
    Two candidates have the least score, and the second of them the least mean error:

    >>> int(choose(np.array([0.4, 0.3, 0.3]), np.array([0.1, 0.3, 0.2])))
    2
    """
    tied = score <= score.min(axis=0) + ROUNDING
    chosen: NDArray[np.intp] = np.where(tied, mean, np.inf).argmin(axis=0)
    return chosen
