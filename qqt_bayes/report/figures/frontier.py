"""The compute frontier as a figure: what the best choice reaches, which it is, and the targets."""

from itertools import cycle
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from qqt_bayes.report.figures.plots import error_name, figure_of, styled
from qqt_bayes.report.figures.style import (
    GREY,
    INK,
    WIDTH,
    end_labels,
    palette,
    samples_axis,
    shade_beyond,
    strip,
)
from qqt_bayes.report.measures import is_accuracy, unit

BESIDE = (-2, 5, "right"), (0, -11, "center"), (2, 5, "left")
"""Where probabilities stand beside their dots, in points: they are often near each other."""


@styled
def frontier(found: xr.Dataset) -> Figure:
    """Draw the expected error of the best choice against the budget, its band, and the targets.

    Parameters
    ----------
    found : Dataset
        Of one group: `frontier` (budget, quantile), `frontier_mean` and `choice` (budget),
        `error_mean` (level, budget), and of targets, if there are any,
        `budget_to_target_by_choice` (target, probability).

    Returns
    -------
    Figure
        A line through expected errors and a band between the ends of their interval; thin lines
        are the levels, of which the bar above names the chosen one. A dashed line is a target, and
        a dot on it the budget that reaches it with the probability beside it.
    """
    found = found.sortby("budget")
    names, budgets = found["level"].values.tolist(), found["budget"].values
    colours = palette(len(names))
    lower, _, upper = found["frontier"].transpose("quantile", "budget").values
    middle = found["frontier_mean"].values
    axes = Figure(figsize=(WIDTH, 4.6)).add_subplot()
    levels = found["error_mean"].transpose("level", "budget").values
    for own, colour in zip(levels, colours, strict=True):
        axes.plot(budgets, own, color=colour, linewidth=0.8, alpha=0.7, label="level")
    band: dict[str, Any] = {"color": INK, "label": "interval"}
    if budgets.size > 1:
        axes.fill_between(budgets, lower, upper, alpha=0.15, linewidth=0, **band)
    else:
        axes.vlines(budgets, lower, upper, linewidth=1, **band)
    axes.plot(budgets, middle, color=INK, linewidth=1.8, marker="o", markersize=3, label="choice")
    # what levels cost that nobody would choose would press the frontier into a line
    low, high = lower.min(), max(upper.max(), middle.max())
    if "target" in found.dims:
        targets = found["target_error"].values
        low, high = min(low, targets.min()), max(high, targets.max())
    margin = 0.05 * (high - low) or 0.01
    axes.set_ylim(low - margin, high + margin)
    samples_axis(axes, budgets[0] / 1.05, budgets[-1] * 1.05, unit(found.attrs))
    axes.set_ylabel(f"expected {error_name(found, None)}")
    if is_accuracy(found.attrs):
        axes.yaxis.set_major_formatter(FuncFormatter(lambda error, _: f"{1 - error:.3g}"))
    shade_beyond(axes, found)
    strip(axes, budgets, found["choice"].values.tolist(), names, "chosen at each budget")
    shown = np.flatnonzero(levels[:, -1] <= axes.get_ylim()[1])
    ends = [names[i] for i in shown], colours[shown]
    end_labels(axes, budgets[-1], levels[shown, -1], *ends, keys=False)
    if "target" in found.dims:
        for i in range(found.sizes["target"]):
            _target(axes, found.isel(target=i))
    return figure_of(axes)


def _target(axes: Axes, at: xr.Dataset) -> None:
    """Draw a target as a line, and on it the budgets that reach it with their probabilities."""
    error = at["target_error"].item()
    axes.axhline(error, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), label="target")
    axes.annotate(
        f"target {at['target'].item():g}",
        (0, error),
        (4, -3),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        va="top",
        color=GREY,
        fontsize=7,
    )
    pairs = zip(at["probability"].values, at["budget_to_target_by_choice"].values, strict=True)
    for (share, budget), (right, up, side) in zip(pairs, cycle(BESIDE), strict=False):
        if np.isnan(budget):
            continue
        axes.plot(budget, error, color=INK, marker="D", markersize=4, label="reached")
        axes.annotate(
            f"P {share:g}",
            (budget, error),
            (right, up),
            textcoords="offset points",
            ha=side,
            color=INK,
            fontsize=7,
            bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.5},
        )
