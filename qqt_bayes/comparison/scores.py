"""Scores of forecasts of held-out runs, and of choices between training sets."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr
from arviz_stats.base.array import array_stats
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.comparison.splits import Question
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.tables.rows import HIGHEST

Array = NDArray[np.float64]
QUANTILES = {f"{q:.0%}": q for q in (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)}
"""Quantile levels that are kept of a forecast, by the names of their columns."""
INTERVALS = {
    "inside 50%": ("25%", "75%"),
    "inside 80%": ("10%", "90%"),
    "inside 90%": ("5%", "95%"),
}
"""Columns of the lower and upper end of each central interval, by its name."""
MARGIN = Criteria.margin
"""Excess over the best error up to which a choice counts as right: what decisions take for one that
hardly matters."""
ROUNDING = 1e-9
"""Excess over that margin which a difference of two errors may have by rounding."""


@dataclass(frozen=True)
class Forecast:
    """A forecast of held-out runs; NaN for those about which it abstains.

    Attributes
    ----------
    curve : array, shape (draw, run)
        Draws of the mean error over trainings. A single draw is a point forecast.
    new_run : array, shape (sample, run)
        Draws of the error of one new training.
    """

    curve: Array
    new_run: Array


def crps(samples: ArrayLike, observed: ArrayLike, log_weights: ArrayLike | None = None) -> Array:
    """Continuous ranked probability score of weighted samples: ``E|X - y| - E|X - X'| / 2``.

    X and X' are drawn independently, with replacement, from the samples x in proportion to their
    weights; y is what was observed (Gneiting and Raftery 2007, doi:10.1198/016214506000001437).
    The score of a point is its absolute error; smaller is better.  ArviZ computes it, with the
    opposite sign, as the score of a left-out observation.

    Parameters
    ----------
    samples : array_like, shape (sample, ...)
    observed : array_like, shape (...)
    log_weights : array_like, shape (sample, ...), optional
        Logarithms of the samples' weights, up to a constant; equal weights if not given.

    Returns
    -------
    array, shape (...)
        In the units of the samples; NaN where a sample is.

    Examples
    --------
    The mean distance to 0.25 is 0.5, and so is that between two samples drawn with replacement:

    >>> crps([0.0, 1.0], 0.25)
    array(0.25)
    """
    x, y = np.asarray(samples, float), np.asarray(observed, float)
    log_w = np.zeros(x.shape) if log_weights is None else np.asarray(log_weights, float)
    return np.asarray(-array_stats.loo_score(x, y, log_w, chain_axis=None, draw_axis=0))


def forecast_rows(late: xr.Dataset, forecast: Forecast) -> pd.DataFrame:
    """Observed error, quantiles of the forecast, and CRPS of each held-out run.

    Parameters
    ----------
    late : Dataset
        As `qqt_bayes.comparison.splits.split` returns it.
    forecast : Forecast

    Returns
    -------
    DataFrame
        A row for each run: run, data, group, budget (samples), observed, 5% ... 95%, crps. Error
        rates above 1 count as 1.
    """
    observed = late["error"].to_numpy()
    legal = np.minimum(forecast.new_run, HIGHEST[late.attrs["kind"]])
    quantiles = dict(zip(QUANTILES, np.quantile(legal, list(QUANTILES.values()), 0), strict=True))
    return pd.DataFrame(
        {
            "run": late["run"].to_numpy(),
            "data": late["data"].to_numpy()[late["data_index"]],
            "group": late["group"].to_numpy()[late["group_index"]],
            "budget": late["samples_seen"].to_numpy(),
            "observed": observed,
            **quantiles,
            "crps": crps(legal, observed),
        }
    )


def decision_row(
    question: Question, choice: str | None, probability: float = np.nan, margin: float = MARGIN
) -> dict[str, object]:
    """Regret of a choice, and whether it was right; NaN without a choice.

    Parameters
    ----------
    question : Question
    choice : str or None
        A candidate; None abstains.
    probability : float
        Forecast that the choice is the best.
    margin : float
        Excess over the best error up to which a choice is right.

    Returns
    -------
    dict
        group, budget, levels, best, choice, probability_best, regret, right.

    Examples
    --------
    >>> error = pd.Series({"top 10%": 0.5, "top 20%": 0.502})
    >>> row = decision_row(Question("all", 1e9, error, np.arange(2)), "top 20%")
    >>> round(row["regret"], 3), row["right"], row["best"]
    (0.002, 1.0, 'top 10%')
    """
    regret = np.nan if choice is None else question.regret(choice)
    return {
        "group": question.group,
        "budget": question.budget,
        "levels": len(question.error),
        "best": question.best,
        "choice": choice,
        "probability_best": probability,
        "regret": regret,
        "right": np.nan if choice is None else float(regret <= margin + ROUNDING),
    }


def coverage(rows: pd.DataFrame) -> pd.DataFrame:
    """Whether each run is inside each central interval of its forecast, ends included.

    Parameters
    ----------
    rows : DataFrame
        As `forecast_rows` returns it.

    Returns
    -------
    DataFrame
        A column for each of `INTERVALS`, 0 or 1, for the rows that have a forecast.

    Examples
    --------
    >>> ends = dict(zip(QUANTILES, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]))
    >>> coverage(pd.DataFrame([{"observed": y, **ends} for y in (0.3, 0.55, 0.65, 0.8)])).mean()
    inside 50%    0.25
    inside 80%    0.50
    inside 90%    0.75
    dtype: float64
    """
    forecast = rows.dropna(subset=list(QUANTILES))
    inside = {
        name: forecast["observed"].between(forecast[low], forecast[high]).astype(float)
        for name, (low, high) in INTERVALS.items()
    }
    return pd.DataFrame(inside, forecast.index)


def mean_samples(question: Question, forecast: Forecast) -> Array:
    """Draws of the mean error that the runs of each candidate would have.

    The noise of one new training, which is independent between candidates, is divided by the square
    root of how many there are; the curves of all candidates are of the same draw.

    Parameters
    ----------
    question : Question
    forecast : Forecast
        With as many draws of the curve as of a new run.

    Returns
    -------
    array, shape (sample, candidate)

    Examples
    --------
    The new run lies 0.2 above its curve, a mean of four runs 0.1:

    >>> forecast = Forecast(np.array([[0.5, 0.4]]), np.array([[0.7, 0.4]]))
    >>> error = pd.Series({"a": 0.6, "b": 0.4})
    >>> mean_samples(Question("all", 1e9, error, np.arange(2), np.array([4, 1])), forecast)
    array([[0.6, 0.4]])
    """
    curve = forecast.curve[:, question.runs]
    noise = forecast.new_run[:, question.runs] - curve
    return np.asarray(curve + noise / np.sqrt(1 if question.counts is None else question.counts))


def level_rows(
    question: Question, forecast: Forecast, probability_best: pd.Series, *, proven: bool
) -> pd.DataFrame:
    """Observed mean error of each candidate, its 90 % interval, and how likely it was the best.

    Parameters
    ----------
    question : Question
    forecast : Forecast
    probability_best : Series
        Forecast, by the candidate's name.
    proven : bool
        Whether the candidates were trained such that the forecast is one of those that were
        checked; see `qqt_bayes.decisions.trained`.

    Returns
    -------
    DataFrame
        A row for each candidate: group, budget, level, observed, 5%, 95%, inside, probability_best,
        is_best, proven.
    """
    observed = question.error.to_numpy()
    ends = np.quantile(mean_samples(question, forecast), [0.05, 0.95], axis=0)
    names = question.error.index
    return pd.DataFrame(
        {
            "group": question.group,
            "budget": question.budget,
            "level": names,
            "observed": observed,
            **dict(zip(INTERVALS["inside 90%"], ends, strict=True)),
            "inside": ((ends[0] <= observed) & (observed <= ends[1])).astype(float),
            "probability_best": probability_best.reindex(names).to_numpy(),
            "is_best": (names == question.best).astype(float),
            "proven": float(proven),
        }
    )


def difference_rows(question: Question, forecast: Forecast) -> pd.DataFrame:
    """Observed differences between the candidates, two by two, and their 90 % intervals.

    Parameters
    ----------
    question : Question
    forecast : Forecast

    Returns
    -------
    DataFrame
        A row for each pair: group, budget, level, other, observed (the mean error of the first less
        that of the other), 5%, 95%, inside.
    """
    samples, observed = mean_samples(question, forecast), question.error.to_numpy()
    first, second = np.array(list(combinations(range(observed.size), 2))).T
    difference = observed[first] - observed[second]
    ends = np.quantile(samples[:, first] - samples[:, second], [0.05, 0.95], axis=0)
    return pd.DataFrame(
        {
            "group": question.group,
            "budget": question.budget,
            "level": question.error.index[first],
            "other": question.error.index[second],
            "observed": difference,
            **dict(zip(INTERVALS["inside 90%"], ends, strict=True)),
            "inside": ((ends[0] <= difference) & (difference <= ends[1])).astype(float),
        }
    )
