"""The compute frontier as tables for people and for programs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.decisions.frontier import AT_ONCE, BEYOND, FLOOR
from qqt_bayes.decisions.study import in_each_group
from qqt_bayes.phrases import format_samples
from qqt_bayes.posterior.levels import UNDECIDED
from qqt_bayes.posterior.methods import mark
from qqt_bayes.posterior.prediction import MEAN
from qqt_bayes.report.decision_text import paragraphs
from qqt_bayes.report.frontier_text import NEVER, remarks
from qqt_bayes.report.measures import expected_in_interval, with_interval
from qqt_bayes.report.records import FLAGS, plain
from qqt_bayes.report.rules_text import choices_by_rule

BEST_CHOICE = "(best choice)"
"""What a table for people calls the policy that takes the choice at each budget."""


def frontier_frame(frontier: xr.Dataset) -> pd.DataFrame:
    """A row for each group and budget.

    Parameters
    ----------
    frontier : Dataset
        As `qqt_bayes.frontier` returns it.

    Returns
    -------
    DataFrame
        Columns `group` (if there are several), `budget`, `level` (the choice), `probability_best`
        (of it), `error_median`, `error_lower`, `error_upper`, `error_mean`, `evpi`, `winner`,
        `proven`, `extrapolation`, and for each target `probability_of_TARGET`.
    """
    rows = []
    for group, (own,) in in_each_group([frontier]):
        for i, budget in enumerate(own["budget"].values):
            at = own.isel(budget=i)
            lower, median, upper = at["frontier"].values
            row = {
                **({"group": group} if group else {}),
                "budget": budget,
                "level": at["choice"].item(),
                "probability_best": at["probability_best"].sel(level=at["choice"].item()).item(),
                "error_median": median,
                "error_lower": lower,
                "error_upper": upper,
                "error_mean": at["frontier_mean"].item(),
                "evpi": at["evpi"].item(),
                **{name: at[name].item() for name in ("winner", "proven", "extrapolation")},
            }
            if "target" in own.dims:
                reached = at["probability_reached_by_choice"].values.tolist()
                pairs = zip(own["target"].values, reached, strict=True)
                row |= {f"probability_of_{target:g}": share for target, share in pairs}
            rows.append(row)
    return pd.DataFrame(rows)


def targets_frame(frontier: xr.Dataset) -> pd.DataFrame:
    """A row for each group, target, level and probability; and for the choice at each budget.

    Returns
    -------
    DataFrame
        Columns `group` (if there are several), `target`, `probability`, `level` (None for the
        choice at each budget), `by_choice`, `reach` and `budget` (NaN where it is never reached).
        Without targets it is empty.
    """
    if "target" not in frontier.dims:
        return pd.DataFrame()
    rows = []
    for group, (own,) in in_each_group([frontier]):
        for target in own["target"].values:
            for level in [None, *own["level"].values.tolist()]:
                at = (
                    own.sel(target=target) if level is None else own.sel(target=target, level=level)
                )
                end = "_by_choice" if level is None else ""
                for i, share in enumerate(own["probability"].values):
                    rows.append(
                        {
                            **({"group": group} if group else {}),
                            "target": target,
                            "probability": share,
                            "level": level,
                            "by_choice": level is None,
                            "reach": at[f"reach{end}"].values[i],
                            "budget": at[f"budget_to_target{end}"].values[i],
                        }
                    )
    return pd.DataFrame(rows)


def in_one_table(frontier: xr.Dataset) -> pd.DataFrame:
    """Both as one tidy table, told apart by the column `part`: "frontier" or "target"."""
    parts = {"frontier": frontier_frame(frontier), "target": targets_frame(frontier)}
    frames = [frame.assign(part=name) for name, frame in parts.items() if len(frame)]
    whole = pd.concat(frames, ignore_index=True)
    first = [name for name in ("part", "group", "target", "probability") if name in whole]
    rest = [name for name in whole if name not in first]
    of = frontier.attrs.get("of", MEAN)
    return whole[[*first, *rest]].assign(of=of, **mark(frontier.attrs))


def to_json(frontier: xr.Dataset) -> dict[str, Any]:
    """A frontier as a dictionary that JSON can hold.

    Returns
    -------
    dict
        `settings`, `summary`, `remarks` (its sentences, each with an `id`), `frontier` (one for
        each group and budget) and `targets` (one for each group, target, probability and level,
        `level` being null for the choice at each budget; `reach` says why `budget` is null); and
        `choices_by_rule` if all rules were asked for.
    """
    sentences = remarks(frontier)
    attributes = frontier.attrs
    made: dict[str, Any] = plain(
        {
            "settings": {**attributes, **{name: bool(attributes[name]) for name in FLAGS}},
            "summary": paragraphs(sentences),
            "remarks": sentences,
            "frontier": frontier_frame(frontier).to_dict("records"),
            "targets": targets_frame(frontier).to_dict("records"),
        }
    )
    if "choice_by_rule" in frontier:
        made["choices_by_rule"] = plain(choices_by_rule(frontier).to_dict("records"))
    return made


def budgets_at_a_glance(frontier: xr.Dataset) -> pd.DataFrame:
    """The frontier for people: a row for each group and budget."""
    rows = []
    for group, (own,) in in_each_group([frontier.sortby("budget")]):
        for i, budget in enumerate(own["budget"].values):
            at = own.isel(budget=i)
            mean, ends = at["frontier_mean"], at["frontier"]
            is_open = at["leader"].item() == UNDECIDED
            rows.append(
                {
                    **({"group": group} if group else {}),
                    "budget": budget,
                    "choice": at["choice"].item(),
                    with_interval(own.attrs): expected_in_interval(mean, ends, own.attrs),
                    "P(best)": at["probability_best"].sel(level=at["choice"].item()).item(),
                    "EVPI": at["evpi"].item(),
                    "winner": at["winner"].item() if at["proven"] or is_open else "not proven",
                    "extrapolated": at["extrapolation"].item(),
                }
            )
    return pd.DataFrame(rows)


def targets_at_a_glance(frontier: xr.Dataset) -> pd.DataFrame:
    """The least budgets for people: a row for each target and level, a column for a probability."""
    ends = [format_samples(x) for x in np.sort(frontier["budget"].values)[[0, -1]]]
    words = {AT_ONCE: f"by {ends[0]}", BEYOND: f"not up to {ends[1]}", FLOOR: NEVER}
    frame = targets_frame(frontier)
    frame["level"] = frame["level"].where(~frame["by_choice"], BEST_CHOICE)
    frame["shown"] = [
        words.get(reach) or format_samples(budget)
        for reach, budget in zip(frame["reach"], frame["budget"], strict=True)
    ]
    rows = [name for name in ("group", "target", "level") if name in frame]
    shown = frame.groupby(rows, sort=False)["shown"].agg(list)
    shares = [f"budget for P={share:g}" for share in frontier["probability"].values]
    wide = pd.DataFrame(shown.tolist(), index=shown.index, columns=shares)
    return wide.reset_index()
