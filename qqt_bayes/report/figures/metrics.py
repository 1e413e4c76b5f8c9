"""A decision over several metrics as a figure: what each metric chooses at each budget."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from qqt_bayes.decisions.among import NONE
from qqt_bayes.decisions.metric_views import joint_view, metric_view
from qqt_bayes.phrases import format_samples
from qqt_bayes.report.figures.style import (
    GREY,
    INK,
    WIDTH,
    drawing,
    figure_of,
    ink_on,
    palette,
    short,
)
from qqt_bayes.report.figures.written import mark
from qqt_bayes.report.measures import unit

ROW = 0.34
"""Inches of a row of cells."""
PALE = 0.4
"""Share of a level's colour in a cell where it is chosen, but no winner; the rest is white."""
MOST_KEYS = 12
"""Levels that a legend names; those that nobody chooses are not among them."""


def choices_by_metric(found: xr.Dataset) -> Figure:
    """Draw which level the weighted error and each metric choose at each budget.

    Parameters
    ----------
    found : Dataset
        Of one group, as `qqt_bayes.decide_metrics` returns it.

    Returns
    -------
    Figure
        A row of cells for the joint choice and for each metric, a column for each budget. A cell
        has the colour of the level that is chosen, pale where that is no winner, and the
        probability that it is the best; it is empty where no level keeps to the constraints.
    """
    with drawing(found):
        axes = _drawn(found.sortby("budget"))
        mark(found.attrs, axes)
    return figure_of(axes)


def _drawn(found: xr.Dataset) -> Axes:
    """The axes with all cells, in a figure of their own."""
    names, metrics = found["level"].values.tolist(), found["metric"].values.tolist()
    views = [joint_view(found), *(metric_view(found, metric) for metric in metrics)]
    budgets = found["budget"].values
    colours = dict(zip(names, palette(len(names)), strict=True))
    figure = Figure(figsize=(WIDTH, 1.3 + ROW * len(views)))
    axes = figure.add_subplot()
    for row, view in enumerate(views):
        _row(axes, row, view, colours)
    axes.set_xlim(-0.5, budgets.size - 0.5)
    axes.set_ylim(len(views) - 0.5, -0.5)
    axes.axhline(0.5, color="white", linewidth=3)
    every = -(-budgets.size // 12)
    shown = range(0, budgets.size, every)
    axes.set_xticks([*shown], [format_samples(budgets[i]) for i in shown])
    shares = found["weight"].values
    labels = [f"{short(name)} ({share:.2f})" for name, share in zip(metrics, shares, strict=True)]
    axes.set_yticks(range(len(views)), ["all, weighted", *labels])
    axes.set_xlabel(f"{unit(found.attrs)} seen")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    chosen = {str(name) for view in views for name in view["choice"].values}
    keys = [name for name in names if name in chosen][:MOST_KEYS]
    patches = [Rectangle((0, 0), 1, 1, facecolor=colours[name]) for name in keys]
    axes.legend(
        patches,
        [short(name) for name in keys],
        loc="upper left",
        bbox_to_anchor=(1.01, 1),
        title="chosen",
        frameon=False,
    )
    axes.set_title(
        "Choice at each budget, with its probability of being best (pale: no winner)", loc="left"
    )
    return axes


def _row(axes: Axes, row: int, view: xr.Dataset, colours: dict[str, NDArray[np.float64]]) -> None:
    """Draw the cells of one metric, or of all of them together."""
    for column, choice in enumerate(view["choice"].values.tolist()):
        place = column - 0.5, row - 0.5
        if choice == NONE:
            axes.add_patch(
                Rectangle(place, 1, 1, facecolor="white", edgecolor=GREY, hatch="...", label=NONE)
            )
            axes.text(column, row, "none", ha="center", va="center", color=INK, fontsize=7)
            continue
        winner = view["winner"].values[column] == choice
        shown = colours[choice][:3]
        colour = shown if winner else PALE * shown + (1 - PALE)
        axes.add_patch(Rectangle(place, 1, 1, facecolor=colour, edgecolor="white", label=choice))
        axes.text(
            column,
            row,
            f"{view['probability_best'].sel(level=choice).values[column]:.2f}",
            ha="center",
            va="center",
            color=ink_on(colour),
            fontsize=7,
            fontweight="bold" if winner else "normal",
        )
