"""Forecasts and choices at budgets that a fit has not seen, beside those of simpler baselines.

Runs up to a share of the largest budget are fitted; every larger one is predicted as one new run,
and wherever several training sets were trained at a larger budget, one of them is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.comparison.baselines import FORECASTS, no_forecast, single_scale
from qqt_bayes.comparison.scores import MARGIN, Forecast, decision_row, forecast_rows
from qqt_bayes.comparison.splits import Question, questions, split
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.decide import decide
from qqt_bayes.decisions.judge import judge
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.model.noise import known_variance
from qqt_bayes.model.spec import DEFAULT_MODEL, Spec, load_model
from qqt_bayes.posterior.fit import AnyFit, Fit
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
)
"""Columns of the decisions, also where there is none."""


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
        regret, right (whether that is within the margin).
    """

    runs: pd.DataFrame
    decisions: pd.DataFrame


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
    made = Fit.of(fit(early, spec, **settings))
    status = PASSED if made.gate.passed else REFUSED
    rows = [decision_row(each, *_decide(made, late, each, margin), margin) for each in choices]
    return _labelled(spec.name, status, forecast_rows(late, forecast(made, late)), rows)


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
    rows = [decision_row(each, single_scale(early, each), margin=margin) for each in choices]
    nan = no_forecast(1, late)
    no_rows = forecast_rows(late, Forecast(nan, nan)).iloc[:0]  # single scale predicts no error
    found = [_labelled(SINGLE_SCALE, ANSWERED, no_rows, rows)]
    for name, predict_by in FORECASTS.items():
        predicted = predict_by(early, late)
        rows = [decision_row(each, *_least(predicted, each), margin=margin) for each in choices]
        found.append(_labelled(name, ANSWERED, forecast_rows(late, predicted), rows))
    return HeldOut(*(pd.concat(tables, ignore_index=True) for tables in zip(*found, strict=True)))


def forecast(fit: AnyFit, late: xr.Dataset) -> Forecast:
    """Forecast of held-out runs by a fit, with the noise of evaluation and rounding that they have.

    Parameters
    ----------
    fit : DataTree
        Of the early runs.
    late : Dataset
        See `qqt_bayes.comparison.splits.split`.

    Returns
    -------
    Forecast
    """
    budgets = np.unique(late["samples_seen"])
    place = {
        "level": ("run", late["data_index"].to_numpy()),
        "budget": ("run", np.searchsorted(budgets, late["samples_seen"])),
        "group": ("run", late["group_index"].to_numpy()),
    }

    def draws(new_run: bool) -> Any:
        """Draws of the error of each held-out run, shape (sample, run)."""
        error = predict(fit, _levels(late), budgets, new_run=new_run)
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


def _decide(fit: AnyFit, late: xr.Dataset, question: Question, margin: float) -> tuple[str, float]:
    """The level that `decide` chooses, and its probability of being the best."""
    levels = _levels(late).sel(level=question.error.index.to_list())
    several = late.sizes["group"] > 1
    decision = decide(
        fit,
        levels,
        [question.budget],
        margin=margin,
        group=question.group if several else None,
        force=True,
    ).squeeze("budget")
    choice = str(decision["choice"].item())
    return choice, float(decision["probability_best"].sel(level=choice))


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
    way: str, status: str, rows: pd.DataFrame, decisions: list[dict[str, Any]]
) -> HeldOut:
    """The tables of one way, labelled with its name and the status of each row."""
    choices = pd.DataFrame(decisions, columns=list(DECISION_COLUMNS))
    rows.insert(0, "status", np.where(rows["50%"].isna(), ABSTAINS, status))
    choices.insert(0, "status", np.where(choices["choice"].isna(), ABSTAINS, status))
    for table in (rows, choices):
        table.insert(0, "way", way)
    return HeldOut(rows, choices)
