"""The probability that each level is the best, stacked, against the budget."""

from math import ceil
from textwrap import fill
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from qqt_bayes.phrases import quoted
from qqt_bayes.report.figures.bands import shade_beyond, strip, strip_height
from qqt_bayes.report.figures.canvas import make_room
from qqt_bayes.report.figures.labels import AREA, end_labels, label_areas, samples_axis
from qqt_bayes.report.figures.style import palette, paper, size, width_in_points
from qqt_bayes.report.figures.written import axis_labels
from qqt_bayes.report.measures import unit
from qqt_bayes.report.winner_text import FOR_WINNER, NO_WINNER, winners

SINGLE_BUDGET_FACTOR = 1.25
"""Factor to either side to which the area of a single budget is drawn."""
MIN_SHARE_NAMED = 0.02
"""Probability at the largest budget from which on a thin area is named beside the axes."""
MAX_LISTED = 0.65
"""Width of the names below the axes, in units of that of the axes and of a letter."""


def draw_probability(axes: Axes, decision: xr.Dataset) -> None:
    """Draw the areas, the winner of each budget above them, and names wherever there is room."""
    names = decision["level"].values.tolist()
    colours = palette(len(names))
    budgets = decision["budget"].values
    share = decision["probability_best"].transpose("level", "budget").values
    if budgets.size == 1:  # an area needs two
        budgets, share = (
            budgets * [1 / SINGLE_BUDGET_FACTOR, SINGLE_BUDGET_FACTOR],
            share.repeat(2, axis=1),
        )
    edges = np.vstack([np.zeros(budgets.size), np.cumsum(share, axis=0)])
    for i, name in enumerate(names):
        area: dict[str, Any] = {"facecolor": colours[i], "edgecolor": paper(), "linewidth": 0.8}
        axes.fill_between(budgets, edges[i], edges[i + 1], label=name, **area)
    samples_axis(axes, budgets[0], budgets[-1], unit(decision.attrs))
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axis_labels(axes, y="probability best")
    axes.grid(visible=False)
    make_room(axes, strip_height(True))
    inside = label_areas(axes, budgets, edges, names, colours)
    thin = [i for i in range(len(names)) if i not in inside]
    beside = [i for i in thin if share[i, -1] >= MIN_SHARE_NAMED]
    _below(axes, names, share, [i for i in thin if i not in beside], unit(decision.attrs))
    middle = [edges[i : i + 2, -1].mean() for i in beside]
    ends = [names[i] for i in beside], [colours[i] for i in beside]
    end_labels(axes, budgets[-1], middle, *ends, keys=False, above=strip_height(True))
    if beside:  # the axes are narrower now
        for text in [text for text in axes.texts if text.get_gid() == AREA]:
            text.remove()
        label_areas(axes, budgets, edges, names, colours)
    shade_beyond(axes, decision, over=True)
    threshold = decision.attrs.get("probability", 0.9)
    sure = f"{threshold:.0%}"
    titles = [f"best with a probability of at least {sure}", f"P(best) at least {sure}"]
    if not decision.attrs["gate_passed"]:
        titles = [NO_WINNER]
    in_words = winners({name: decision[name].values for name in FOR_WINNER}, decision.attrs)
    strip(axes, decision["budget"], in_words, names, *titles)


def _below(axes: Axes, names: list[str], share: Any, rest: list[int], counted: str) -> None:
    """Name areas that are too thin for their names below the axis, with a bound on all of them."""
    if not rest:
        return
    listed = ", ".join(quoted(names[i]) for i in rest)
    letters = width_in_points(axes) / (MAX_LISTED * size())
    bound = f"({_at_most(max(share[i].max() for i in rest))})"
    if len(listed) + len(bound) > letters:  # the line would leave the figure at both ends
        listed = f"{len(rest)} other levels"
    below = fill(f"Not named: {listed} {bound}", max(20, int(letters)))
    axis_labels(axes, x=f"{counted} seen\n{below}")


def _at_most(probability: float) -> str:
    """Words for a bound on probabilities, in whole per cent and never too small."""
    return f"never above {max(ceil(100 * probability), 1)}%"
