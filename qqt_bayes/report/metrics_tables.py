"""A decision over several metrics as tables for people and for programs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.decisions.among import NONE
from qqt_bayes.decisions.metric_views import joint_view, metric_view
from qqt_bayes.decisions.study import in_each_group
from qqt_bayes.report.decision_text import paragraphs
from qqt_bayes.report.measures import expected_in_interval, measure, unit, with_interval
from qqt_bayes.report.metrics_text import answers_of_metrics, remarks_on_metrics
from qqt_bayes.report.records import FLAGS, plain, to_frame
from qqt_bayes.report.verdict_text import MOST_CANDIDATES, takes
from qqt_bayes.report.winner_text import winners


def winners_by_metric(found: xr.Dataset) -> pd.DataFrame:
    """The choice at each budget, by the weighted error and by each metric, for people.

    Parameters
    ----------
    found : Dataset
        As `qqt_bayes.decide_metrics` returns it.

    Returns
    -------
    DataFrame
        Columns `group` (if there are several), `budget`, `choice (P)` and `on METRIC (P)`, each
        with the probability of being best and, where it is no winner, why; `extrapolated`.
    """
    rows = []
    for group, (own,) in in_each_group([found.sortby("budget")]):
        metrics = own["metric"].values.tolist()
        views = [joint_view(own), *(metric_view(own, metric) for metric in metrics)]
        headings = ["choice (P)", *(f"on {metric} (P)" for metric in metrics)]
        cells = {name: _cells(view) for name, view in zip(headings, views, strict=True)}
        table = pd.DataFrame({"budget": own["budget"].values, **cells})
        if group:
            table.insert(0, "group", group)
        rows.append(table.assign(extrapolated=own["extrapolation"].values))
    return pd.concat(rows, ignore_index=True)


def _cells(view: xr.Dataset) -> list[str]:
    """The choice at each budget with its probability, and why it is no winner where it is none."""
    named = winners(
        {name: view[name].values for name in ("winner", "leader", "proven")}, view.attrs
    )
    cells = []
    for i, (choice, winner) in enumerate(zip(view["choice"].values.tolist(), named, strict=True)):
        if choice == NONE:
            cells.append("none admissible")
            continue
        at = view["probability_best"].isel(budget=i)
        own = f"{choice} ({at.sel(level=choice).item():.2f})"
        if winner in at["level"].values and winner != choice:
            own += f", but {winner} wins ({at.sel(level=winner).item():.2f})"
        cells.append(own if winner in at["level"].values else f"{winner}: {own}")
    return cells


def candidates_by_metric(found: xr.Dataset) -> pd.DataFrame:
    """What each candidate is and what is expected of it at the largest budget, the best first.

    Those that keep to the constraints come before the others.

    Returns
    -------
    DataFrame
        Columns `group` (if there are several), `candidate`, `takes`, `unique samples`, the error of
        each metric with its interval, the weighted error, `P(best)`, `P(front)`, and for each
        constraint the probability that it is kept.
    """
    rows = []
    for group, (own,) in in_each_group([found.sortby("budget")]):
        last = own.isel(budget=-1)
        keys = last["joint_error_mean"].values, ~last["admissible"].values
        for i in np.lexsort(keys)[:MOST_CANDIDATES]:
            level = last.isel(level=int(i))
            row: dict[str, Any] = {"group": group} if group else {}
            row |= {
                "candidate": level["level"].item(),
                "takes": takes(level["unique_samples"]),
                f"unique {unit(found.attrs)}": level["unique_samples"].sum().item(),
            }
            for metric in last["metric"].values.tolist():
                of_metric = metric_view(level, metric)
                row[f"on {metric}: {with_interval(of_metric.attrs)}"] = expected_in_interval(
                    of_metric["error_mean"], of_metric["error"], of_metric.attrs
                )
            row |= {
                measure(found.attrs): f"{level['joint_error_mean'].item():.4f}",
                "P(best)": level["joint_probability_best"].item(),
                "P(front)": level["probability_on_front"].item(),
            }
            met = zip(level["constraint"].values, level["probability_met"].values, strict=True)
            row |= {f"P({name})": share for name, share in met}
            rows.append(row)
    return pd.DataFrame(rows)


def metrics_frame(found: xr.Dataset) -> pd.DataFrame:
    """A row for each metric, and for their weighted error, group, budget and level.

    Parameters
    ----------
    found : Dataset
        As `qqt_bayes.decide_metrics` returns it.

    Returns
    -------
    DataFrame
        Columns `of` ("joint" or "metric"), `metric` (empty for the joint decision), those of
        `qqt_bayes.report.records.to_frame`, and `admissible`, `pareto` and `probability_on_front`,
        which are the same for all metrics.
    """
    frames = [("joint", "", joint_view(found))]
    frames += [("metric", name, metric_view(found, name)) for name in found["metric"].values]
    own = ["admissible", "pareto", "probability_on_front"]
    order = [dim for dim in ("group", "budget", "level") if dim in found["pareto"].dims]
    of_all = xr.Dataset({name: found[name] for name in own}).to_dataframe(dim_order=order)
    tables = []
    for of, metric, view in frames:
        table = to_frame(view).join(of_all[own], on=order)
        table.insert(0, "metric", metric)
        table.insert(0, "of", of)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def metrics_json(found: xr.Dataset) -> dict[str, Any]:
    """A decision over several metrics as a dictionary that JSON can hold.

    Returns
    -------
    dict
        `settings`, `metrics` (each with its weight, kind and measure), `constraints`, `answers`,
        `summary`, `remarks` (see `qqt_bayes.report.metrics_text.remarks_on_metrics`) and
        `decisions`: one for each group and budget, with the joint `choice` ("none_admissible" if no
        level keeps to the constraints), its `levels`, and `metrics`, what each metric says.
    """
    sentences = remarks_on_metrics(found)
    content: dict[str, Any] = plain(
        {
            "settings": {**found.attrs, **{name: bool(found.attrs[name]) for name in FLAGS}},
            "metrics": [
                {
                    name: found[name].sel(metric=metric).item()
                    for name in ("metric", "weight", "kind", "measure")
                }
                for metric in found["metric"].values
            ],
            "constraints": [
                {
                    "constraint": each["constraint"].item(),
                    "metric": each["bound_on"].item(),
                    "bound": each["bound"].item(),
                    "probability": each["required"].item(),
                }
                for each in found["probability_met"]
            ],
            "answers": [each._asdict() for each in answers_of_metrics(found)],
            "summary": paragraphs(sentences),
            "remarks": sentences,
            "decisions": [
                _at(group, own.isel(budget=i))
                for group, (own,) in in_each_group([found])
                for i in range(own.sizes["budget"])
            ],
        }
    )
    return content


OF_BUDGET = ("choice", "leader", "proven", "winner")
"""What is told of a budget, of each metric and of their sum."""
OF_LEVEL = (
    *("probability_best", "probability_within_margin", "error_mean", "regret", "score"),
    "near_best",
)
"""What is told of a level."""


def _at(group: str, at: xr.Dataset) -> dict[str, Any]:
    """The decision at one budget, of one group."""
    view, constraints = joint_view(at), at["constraint"].values.tolist()
    of_all = ("admissible", "pareto", "probability_on_front")
    levels = [
        _level(view, i)
        | {name: at[name].values[i] for name in of_all}
        | {
            "probability_met": dict(
                zip(constraints, at["probability_met"].values[:, i], strict=True)
            )
        }
        for i in range(at.sizes["level"])
    ]
    return {
        **({"group": group} if group else {}),
        **_budget(view),
        "choice_unconstrained": at["choice_unconstrained"].item(),
        "extrapolation": at["extrapolation"].item(),
        "levels": levels,
        "metrics": [
            {
                "metric": metric,
                **_budget(metric_view(at, metric), with_budget=False),
                "cost_of_joint_choice": at["cost_by_metric"].sel(metric=metric).item(),
                "levels": [_level(metric_view(at, metric), i) for i in range(at.sizes["level"])],
            }
            for metric in at["metric"].values.tolist()
        ],
    }


def _budget(view: xr.Dataset, *, with_budget: bool = True) -> dict[str, Any]:
    of_budget = {"budget": view["budget"].item()} if with_budget else {}
    of_budget |= {name: view[name].item() for name in OF_BUDGET}
    return of_budget | {"regret": view["choice_regret"].item()}


def _level(view: xr.Dataset, place: int) -> dict[str, Any]:
    level = view.isel(level=place)
    lower, median, upper = level["error"].values.tolist()
    errors = {"error_median": median, "error_lower": lower, "error_upper": upper}
    return {"level": level["level"].item(), **errors} | {
        name: level[name].item() for name in OF_LEVEL
    }
