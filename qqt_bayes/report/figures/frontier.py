"""The compute frontier as a figure: what the best choice reaches, which it is, and the targets."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from qqt_bayes.report.figures.bands import (
    STRIP_TITLES,
    decided,
    keep_room,
    key_above,
    shade_beyond,
    strip,
    strip_height,
)
from qqt_bayes.report.figures.curves import error_axis
from qqt_bayes.report.figures.labels import end_labels, samples_axis
from qqt_bayes.report.figures.places import along, around, settle
from qqt_bayes.report.figures.style import grey, ink, palette, paper, size
from qqt_bayes.report.measures import unit


def draw_frontier(axes: Axes, found: xr.Dataset) -> None:
    """Draw the expected error of the best choice, its band, the levels, and the targets.

    Of thin lines, which are the levels, the bar above names those that won.
    """
    names, budgets = found["level"].values.tolist(), found["budget"].values
    colours = palette(len(names))
    lower, _, upper = found["frontier"].transpose("quantile", "budget").values
    middle = found["frontier_mean"].values
    levels = found["error_mean"].transpose("level", "budget").values
    for own, colour in zip(levels, colours, strict=True):
        axes.plot(budgets, own, color=colour, linewidth=1, alpha=0.8, label="level")
    band: dict[str, Any] = {"color": ink(), "label": "interval"}
    if budgets.size > 1:
        shade = axes.fill_between(budgets, lower, upper, alpha=0.15, linewidth=0, **band)
    else:
        axes.vlines(budgets, lower, upper, linewidth=1, **band)
    (line,) = axes.plot(
        budgets, middle, color=ink(), linewidth=1.8, marker="o", markersize=3, label="choice"
    )
    # what levels cost that nobody would choose would press the frontier into a line
    low, high = lower.min(), max(upper.max(), middle.max())
    if "target" in found.dims:
        targets = found["target_error"].values
        low, high = min(low, targets.min()), max(high, targets.max())
    margin = 0.05 * (high - low) or 0.01
    axes.set_ylim(low - margin, high + margin)
    samples_axis(axes, budgets[0] / 1.05, budgets[-1] * 1.05, unit(found.attrs))
    error_axis(axes, found.attrs, of="expected ")
    won = decided(found)
    shown = np.flatnonzero(levels[:, -1] <= axes.get_ylim()[1])
    ends = [names[i] for i in shown], colours[shown]
    keys: list[Artist] = [line]
    words = ["best choice"]
    if budgets.size > 1:
        keys.append(shade)
        words.append(f"{100 * found.attrs['interval']:g} % interval")
    keep_room(axes, strip_height(won))
    key_above(axes, keys, words, strip_height(won))
    end_labels(axes, budgets[-1], levels[shown, -1], *ends, keys=False, above=strip_height(won))
    if won:
        strip(axes, budgets, won, names, *STRIP_TITLES)
    if "target" in found.dims:
        for i in range(found.sizes["target"]):
            _target(axes, found.isel(target=i))
    shade_beyond(axes, found)


def _target(axes: Axes, at: xr.Dataset) -> None:
    """Draw a target as a line, and on it the budgets that reach it with their probabilities."""
    error = at["target_error"].item()
    pairs = zip(at["probability"].values, at["budget_to_target_by_choice"].values, strict=True)
    reached = [(share, budget) for share, budget in pairs if not np.isnan(budget)]
    for _, budget in reached:
        axes.plot(budget, error, color=ink(), marker="D", markersize=4, label="reached")
    axes.axhline(error, color=grey(), linewidth=0.8, linestyle=(0, (4, 3)), label="target")
    name = axes.annotate(
        f"target {at['target'].item():g}",
        (0, error),
        (4, 3),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        color=grey(),
        fontsize=0.9 * size(),
    )
    settle(axes, name, along(axes, name))
    lead = {"arrowstyle": "-", "color": ink(), "linewidth": 0.5, "shrinkA": 0, "shrinkB": 2}
    for share, budget in reached:
        words = axes.annotate(
            f"P {share:g}",
            (budget, error),
            (0, 0),
            textcoords="offset points",
            ha="center",
            va="center",
            color=ink(),
            fontsize=0.9 * size(),
            arrowprops=lead,
            bbox={"facecolor": paper(), "alpha": 0.7, "edgecolor": "none", "pad": 0.5},
        )
        settle(axes, words, around(size()))
