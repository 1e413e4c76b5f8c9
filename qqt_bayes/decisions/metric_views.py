"""A decision over several metrics seen as one: on their weighted error, or on one of them."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

BY_METRIC = (
    *("error", "error_mean", "probability_best", "probability_within_margin", "regret"),
    *("near_best", "score", "choice", "choice_regret", "leader", "winner", "proven"),
)
"""What is told of each metric by itself; and, after `PREFIX`, of their weighted error."""
PREFIX = "joint_"
"""What leads the names of what is told of the weighted error."""
OF_ALL = (
    *("probability_met", "admissible", "choice_unconstrained", "pareto"),
    *("probability_on_front", "cost_by_metric"),
)
"""What is told of all metrics together, and of no single one."""


def joined(
    joint: xr.Dataset, by_metric: Sequence[xr.Dataset], metrics: Sequence[str]
) -> xr.Dataset:
    """Decisions on each metric and on their weighted error as one Dataset.

    Parameters
    ----------
    joint : Dataset
        What `qqt_bayes.decide` would find of the weighted error.
    by_metric : sequence of Dataset
        The same of each metric.
    metrics : sequence of str
    """
    names = xr.DataArray(list(metrics), dims="metric", name="metric")
    each = xr.concat([found[list(BY_METRIC)] for found in by_metric], names)
    renamed = joint.rename({name: f"{PREFIX}{name}" for name in BY_METRIC})
    return renamed.assign({name: each[name] for name in BY_METRIC})


def joint_view(found: xr.Dataset) -> xr.Dataset:
    """The decision on the weighted error, as `qqt_bayes.decide` would name what is in it.

    Parameters
    ----------
    found : Dataset
        As `qqt_bayes.decide_metrics` returns it.
    """
    view = found.drop_vars([*BY_METRIC, *OF_ALL])
    return _bare(view.rename({f"{PREFIX}{name}": name for name in BY_METRIC}))


def metric_view(found: xr.Dataset, metric: str) -> xr.Dataset:
    """The decision on one metric by itself, as `qqt_bayes.decide` would name what is in it.

    Parameters
    ----------
    found : Dataset
        As `qqt_bayes.decide_metrics` returns it.
    metric : str
    """
    view = found.drop_vars([*(f"{PREFIX}{name}" for name in BY_METRIC), *OF_ALL])
    at = view.sel(metric=metric)
    return _bare(at).assign_attrs(kind=at["kind"].item(), measure=at["measure"].item())


def _bare(view: xr.Dataset) -> xr.Dataset:
    """A decision without what metrics and constraints are labelled by."""
    own = ("metric", "weight", "kind", "measure", "constraint", "bound_on", "bound", "required")
    return view.drop_vars([name for name in own if name in view.coords])
