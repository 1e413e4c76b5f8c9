"""Fits of the same trainings under several metrics, opened; fits of other trainings are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.decisions.metric_trainings import require_same_trainings
from qqt_bayes.decisions.stack import as_shares
from qqt_bayes.decisions.study import Study
from qqt_bayes.errors import Advice, InputError, alternatives, fault_list, listed
from qqt_bayes.phrases import joined
from qqt_bayes.posterior.fit import AnyFit, Fit, opened

type OfMetric = AnyFit | Sequence[AnyFit] | Mapping[str, AnyFit] | Study
"""What is known of a metric: a fit, fits of several laws, or a study."""


class Measured(NamedTuple):
    """What was measured by a metric.

    Attributes
    ----------
    kind : {"error", "loss"}
        What its errors are.
    measure : {"error", "accuracy", "loss"}
        What the user gave.
    """

    kind: str
    measure: str

    @classmethod
    def of(cls, runs: xr.Dataset) -> Measured:
        """What the runs of a metric say."""
        kind = str(runs.attrs["kind"])
        return cls(kind, str(runs.attrs.get("measure", kind)))

    @property
    def is_accuracy(self) -> bool:
        """Whether accuracies were given, of which more is better."""
        return self.measure == "accuracy"


class MetricFits(NamedTuple):
    """The fits of one metric.

    Attributes
    ----------
    fits : dict of str to Fit
        By the names of their models, all of the same runs.
    shares : array, shape (fit,)
        Of the draws that are of each.
    """

    fits: dict[str, Fit]
    shares: NDArray[np.float64]

    @property
    def first(self) -> Fit:
        """One of them, for what is alike in all: the runs."""
        return next(iter(self.fits.values()))


def opened_metrics(
    fits_by_metric: Mapping[str, OfMetric], law_weights: Mapping[str, ArrayLike] | None = None
) -> dict[str, MetricFits]:
    """The fits of every metric, all of the same trainings.

    Parameters
    ----------
    fits_by_metric : mapping of str to fits
    law_weights : mapping of str to array_like, optional
        Shares of the fits of a metric; those of a study if it is one, else equal ones.

    Raises
    ------
    InputError
        If there is no metric, what stands for one is no fit, or trainings differ.
    """
    if not isinstance(fits_by_metric, Mapping) or not fits_by_metric:
        kind = "no metric" if isinstance(fits_by_metric, Mapping) else type(fits_by_metric).__name__
        raise InputError(f"expected a mapping of metrics to their fits, got {kind}")
    law_weights = law_weights or {}
    _require_known(law_weights, fits_by_metric, "law_weights")
    found = {}
    for metric, of_metric in fits_by_metric.items():
        weights = law_weights.get(metric)
        try:
            if isinstance(of_metric, Study):
                fits = {name: of_metric.fits[name] for name in of_metric.weights}
                weights = list(of_metric.weights.values()) if weights is None else weights
            else:
                fits = opened(of_metric)
            found[metric] = MetricFits(fits, as_shares(weights, len(fits)))
        except InputError as error:
            raise InputError(f"metric {metric!r}: {error}") from error
    require_same_trainings({metric: each.first.runs for metric, each in found.items()})
    return found


def metric_weights(
    weights: Mapping[str, float] | None, metrics: Mapping[str, Measured]
) -> NDArray[np.float64]:
    """Weights of metrics that sum to 1; equal ones if there are none.

    Parameters
    ----------
    weights : mapping of str to float, optional
        Of each metric, at least 0.
    metrics : mapping of str to Measured

    Returns
    -------
    array, shape (metric,)

    Raises
    ------
    InputError
        If a metric has none, one is of no metric or no number; if there are none, and losses would
        be added to error rates.
    """
    kinds = {metric: each.kind for metric, each in metrics.items()}
    if weights is None:
        if len(set(kinds.values())) > 1:
            losses = [metric for metric, kind in kinds.items() if kind == "loss"]
            rates = [metric for metric, kind in kinds.items() if kind != "loss"]
            example = {metric: 1.0 if kind != "loss" else 0.1 for metric, kind in kinds.items()}
            pairs = ",".join(f"{metric}={weight:g}" for metric, weight in example.items())
            advice = Advice(
                "say with {} or the like what one of a loss is worth in error rates",
                {"weights": example},
                {"metric_weights": pairs},
            )
            raise InputError(
                f"weights: {joined(losses)} {_is(losses)} measured as loss, {joined(rates)} as "
                f"error rate, and their sum has no unit of its own; {advice}, and give 0 to "
                "metrics that are only to be constrained",
                [advice],
            )
        return np.full(len(metrics), 1 / len(metrics))
    if not isinstance(weights, Mapping):
        raise InputError(
            f"weights: expected a weight for each metric by its name, got {weights!r:.60}"
        )
    _require_known(weights, metrics, "weights")
    if missing := [metric for metric in metrics if metric not in weights]:
        raise InputError(
            f"weights: none for {listed(missing)}; give each metric one, and 0 to what is not to "
            "count in the sum"
        )
    try:
        return as_shares([weights[metric] for metric in metrics], len(metrics))
    except InputError:
        given = ", ".join(f"{metric}: {weights[metric]}" for metric in metrics)
        raise InputError(
            f"weights: expected numbers of at least 0, one of them above 0, got {given}"
        ) from None


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _require_known(given: Mapping[str, object], metrics: Mapping[str, object], what: str) -> None:
    faults = [
        f"there is no metric {name!r}{alternatives(str(name), metrics)}"
        for name in given
        if name not in metrics
    ]
    if faults:
        raise InputError(fault_list(what, faults, total=len(faults)))
