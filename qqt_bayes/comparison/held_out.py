"""Forecasts and choices at budgets that a fit has not seen, beside those of simpler baselines.

Runs up to a share of the largest budget are fitted; every larger one is predicted as one new run,
and wherever several training sets were trained at a larger budget, one of them is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from qqt_bayes.comparison.baselines import FORECASTS, no_forecast, single_scale
from qqt_bayes.comparison.scores import (
    MARGIN,
    Forecast,
    decision_row,
    difference_rows,
    forecast_rows,
    level_rows,
)
from qqt_bayes.comparison.splits import Question, questions, split
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.decide import decide
from qqt_bayes.decisions.judge import judge
from qqt_bayes.decisions.stack import as_shares, mix
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.model.noise import known_variance
from qqt_bayes.model.spec import DEFAULT_MODEL, Spec, load_model
from qqt_bayes.posterior.fit import AnyFit, Fit, opened
from qqt_bayes.posterior.prediction import predict

SINGLE_SCALE = "single scale"
"""Name of the baseline that keeps what was best at the largest budget seen."""
EVALUATION_SEED = 2
"""Seed of the simulated noise of evaluation."""
PASSED, REFUSED, ANSWERED, ABSTAINS = "passed", "refused", "answered", "abstains"
"""Statuses: of a model's fit by its gate; of a baseline; of what has no forecast or choice."""

DECISION_COLUMNS = (
    "group",
    "budget",
    "levels",
    "best",
    "choice",
    "probability_best",
    "regret",
    "right",
    "proven",
)
"""Columns of the decisions, also where there is none."""
LEVEL_COLUMNS = (
    "group",
    "budget",
    "level",
    "observed",
    "5%",
    "95%",
    "inside",
    "probability_best",
    "is_best",
    "proven",
)
"""Columns of the levels, also where there is none."""
DIFFERENCE_COLUMNS = ("group", "budget", "level", "other", "observed", "5%", "95%", "inside")
"""Columns of the differences, also where there is none."""


class HeldOut(NamedTuple):
    """Forecasts of held-out runs and choices between training sets, with their scores.

    Attributes
    ----------
    runs : DataFrame
        A row for each held-out run: `way` (the model, or the baseline); `status`; run, data, group,
        budget (samples), observed, quantiles 5% to 95%, crps.
    decisions : DataFrame
        A row for each group and larger budget at which several training sets were trained: `way`;
        `status`; group, budget, levels (how many), best, choice, probability_best (of the choice),
        regret, right (whether that is within the margin), proven (of a fit: whether the candidates
        were trained where forecasts were checked, see `qqt_bayes.decisions.trained`).
    levels : DataFrame
        Of a fit, a row for each candidate of each decision, see
        `qqt_bayes.comparison.scores.level_rows`.
    differences : DataFrame
        Of a fit, a row for each two of them, see `qqt_bayes.comparison.scores.difference_rows`.
    """

    runs: pd.DataFrame
    decisions: pd.DataFrame
    levels: pd.DataFrame
    differences: pd.DataFrame


def held_out(
    runs: xr.Dataset,
    spec: Spec | str = DEFAULT_MODEL,
    *,
    share: float = 0.25,
    levels: Collection[str] | None = None,
    margin: float = MARGIN,
    fit: Callable[..., xr.DataTree] | None = None,
    **settings: Any,
) -> HeldOut:
    """Fit the runs at smaller budgets, predict those at larger ones, and score the forecasts.

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it.
    spec : Spec or str
    share : float
        Of the largest budget: runs up to it are fitted.
    levels : collection of str, optional
        The training sets to choose between; all of them if it is not given.
    margin : float
        Excess over the best error up to which a choice is right.
    fit : callable, optional
        A function that is called in place of `qqt_bayes.fit`, with its arguments.
    **settings
        As in `fit`.

    Returns
    -------
    HeldOut
        Its status is "passed" or "refused", as the gate found. Forecasts of a refused fit are those
        that ``force=True`` shows.

    Raises
    ------
    InputError
        If an option is out of range, the specification has a fault, or nothing is held out.
    """
    early, late = split(runs, share)
    choices = questions(late, levels)
    if fit is None:
        from qqt_bayes.sampling import inference

        fit = inference.fit
    spec = load_model(spec)
    made = fit(early, spec, **settings)
    return score_fits({spec.name: made}, late, choices, margin=margin)


def score_fits(
    fits: Mapping[str, AnyFit],
    late: xr.Dataset,
    choices: Sequence[Question],
    *,
    weights: ArrayLike | None = None,
    way: str | None = None,
    margin: float = MARGIN,
) -> HeldOut:
    """Score forecasts and choices of held-out runs by one fit, or by draws of several together.

    Parameters
    ----------
    fits : mapping of str to DataTree or Fit
        Of the same early runs, by the names of their models.
    late : Dataset
        See `qqt_bayes.comparison.splits.split`.
    choices : sequence of Question
        See `qqt_bayes.comparison.splits.questions`.
    weights : array_like, shape (fit,), optional
        Shares of the draws that are of each fit; equal ones if not given.
    way : str, optional
        What to call it; the models' names if it is not given.
    margin : float
        Excess over the best error up to which a choice is right.

    Returns
    -------
    HeldOut
        Its status is "refused" if the gate refused any of the fits.
    """
    made = opened(fits)
    passed = all(each.gate.passed for each in made.values())
    predicted = forecast(made, late, weights)
    rows, levels, differences = [], [], []
    for each in choices:
        decision = _decide(made, late, each, margin, weights)
        proven = bool(decision["tried"])  # refused fits count, too
        best = decision["probability_best"].to_series()
        choice = str(decision["choice"].item())
        row = decision_row(each, choice, float(best[choice]), margin)
        rows.append(row | {"proven": float(proven)})
        levels.append(level_rows(each, predicted, best, proven=proven))
        differences.append(difference_rows(each, predicted))
    return _labelled(
        way or ", ".join(made),
        PASSED if passed else REFUSED,
        forecast_rows(late, predicted),
        rows,
        levels,
        differences,
    )


def rank(early: xr.Dataset, choices: Sequence[Question], *, margin: float = MARGIN) -> HeldOut:
    """Score the choice of what was best at the largest budget seen; it predicts no error.

    Parameters
    ----------
    early : Dataset
        See `qqt_bayes.comparison.splits.split`.
    choices, margin
        As for `score_fits`.

    Returns
    -------
    HeldOut
        Way "single scale": decisions only.
    """
    rows = [decision_row(each, single_scale(early, each), margin=margin) for each in choices]
    nan = no_forecast(1, early)
    no_rows = forecast_rows(early, Forecast(nan, nan)).iloc[:0]
    return _labelled(SINGLE_SCALE, ANSWERED, no_rows, rows)


def baselines(
    runs: xr.Dataset,
    *,
    share: float = 0.25,
    levels: Collection[str] | None = None,
    margin: float = MARGIN,
) -> HeldOut:
    """Predict the same runs by simpler ways; see `qqt_bayes.comparison.baselines`.

    Parameters
    ----------
    runs, share, levels, margin
        As for `held_out`.

    Returns
    -------
    HeldOut
        Ways "single scale" (decisions only), "least squares" and "power law"; their status is
        "answered" or "abstains".

    Raises
    ------
    InputError
        If an option is out of range, or nothing is held out.

    Examples
    --------
    Two pools on power laws that cross beyond the three budgets that are seen:

    >>> from qqt_bayes.tables.runs import read_runs
    >>> n = np.array([1e6, 2e6, 4e6, 64e6])
    >>> table = pd.concat([
    ...     pd.DataFrame({"pool": "best", "error": 0.5 * (n / 1e6) ** -0.05, "samples_seen": n}),
    ...     pd.DataFrame({"pool": "rest", "error": 0.6 * (n / 1e6) ** -0.15, "samples_seen": n}),
    ... ]).assign(unique_samples=1e9)
    >>> decisions = baselines(read_runs(table)).decisions.set_index("way")
    >>> decisions.loc[["single scale", "power law"], ["choice", "best", "right"]]
                 choice  best  right
    way
    single scale   best  rest    0.0
    power law      rest  rest    1.0
    """
    early, late = split(runs, share)
    choices = questions(late, levels)
    found = [rank(early, choices, margin=margin)]
    for name, predict_by in FORECASTS.items():
        predicted = predict_by(early, late)
        rows = [decision_row(each, *_least(predicted, each), margin=margin) for each in choices]
        found.append(_labelled(name, ANSWERED, forecast_rows(late, predicted), rows))
    return HeldOut(*(pd.concat(tables, ignore_index=True) for tables in zip(*found, strict=True)))


def forecast(
    fits: AnyFit | Mapping[str, AnyFit], late: xr.Dataset, weights: ArrayLike | None = None
) -> Forecast:
    """Forecast of held-out runs by fits, with the noise of evaluation and rounding that they have.

    Parameters
    ----------
    fits : DataTree or Fit, or several by name
        Of the early runs.
    late : Dataset
        See `qqt_bayes.comparison.splits.split`.
    weights : array_like, shape (fit,), optional
        Shares of the draws that are of each fit; equal ones if not given.

    Returns
    -------
    Forecast
        Draws of the curve and of the new run belong together, one to one.
    """
    several = opened(fits).values()
    shares = as_shares(weights, len(several))
    budgets = np.unique(late["samples_seen"])
    place = {
        "level": ("run", late["data_index"].to_numpy()),
        "budget": ("run", np.searchsorted(budgets, late["samples_seen"])),
        "group": ("run", late["group_index"].to_numpy()),
    }

    def draws(new_run: bool) -> Any:
        """Draws of the error of each held-out run, shape (sample, run)."""
        each = [predict(fit, _levels(late), budgets, new_run=new_run) for fit in several]
        error = mix(each, shares)
        at = {dim: xr.Variable(*index) for dim, index in place.items() if dim in error.dims}
        flat = error.isel(at).drop_vars(["level", "budget", "group"], errors="ignore")
        return flat.stack(sample=("chain", "draw")).transpose("sample", "run").to_numpy()

    new_run = draws(new_run=True)
    # The noise of evaluation depends on the true error, for which the median stands.
    expected = late.assign(error=("run", np.median(new_run, axis=0).clip(0, 1)))
    deviation = np.sqrt(known_variance(expected))
    measured = np.random.default_rng(EVALUATION_SEED).normal(new_run, deviation)
    return Forecast(draws(new_run=False), measured)


def _levels(late: xr.Dataset) -> xr.DataArray:
    """The training sets of held-out runs as levels."""
    return late["unique_samples"].rename(data="level")


def _decide(
    fits: Mapping[str, Fit],
    late: xr.Dataset,
    question: Question,
    margin: float,
    weights: ArrayLike | None,
) -> xr.Dataset:
    """What `decide` finds of the candidates of a question, fits that were refused included."""
    levels = _levels(late).sel(level=question.error.index.to_list())
    several = late.sizes["group"] > 1
    return decide(
        fits,
        levels,
        [question.budget],
        margin=margin,
        weights=weights,
        group=question.group if several else None,
        force=True,
    ).squeeze("budget")


def _least(predicted: Forecast, question: Question) -> tuple[str | None, float]:
    """The candidate of least mean error, and its probability of being the best (ties share).

    No candidate unless all have a forecast; no probability (NaN) if the forecast is a point.
    """
    curves = predicted.curve[:, question.runs]
    if not np.isfinite(curves).all():
        return None, np.nan
    names = question.error.index.to_numpy()
    error = xr.DataArray(curves[None], {"level": names}, (*SAMPLE, "level"))  # as one chain
    decision = judge(error, Criteria())
    choice = decision["choice"].item()
    share = decision["probability_best"].sel(level=choice).item() if len(curves) > 1 else np.nan
    return str(choice), float(share)


def _labelled(
    way: str,
    status: str,
    rows: pd.DataFrame,
    decisions: list[dict[str, Any]],
    levels: Sequence[pd.DataFrame] = (),
    differences: Sequence[pd.DataFrame] = (),
) -> HeldOut:
    """The tables of one way, labelled with its name and the status of each row."""
    choices = pd.DataFrame(decisions, columns=list(DECISION_COLUMNS))
    each = _joined(levels, LEVEL_COLUMNS)
    pairs = _joined(differences, DIFFERENCE_COLUMNS)
    rows.insert(0, "status", np.where(rows["50%"].isna(), ABSTAINS, status))
    choices.insert(0, "status", np.where(choices["choice"].isna(), ABSTAINS, status))
    each.insert(0, "status", status)
    pairs.insert(0, "status", status)
    for table in (rows, choices, each, pairs):
        table.insert(0, "way", way)
    return HeldOut(rows, choices, each, pairs)


def _joined(tables: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """One table of several, with its columns also where there is none."""
    if not tables:
        return pd.DataFrame(columns=list(columns))
    return pd.concat(tables, ignore_index=True)
