"""The probability that each level is the best, stacked, against the budget."""

from math import ceil
from textwrap import fill
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from qqt_bayes.phrases import format_samples, quoted
from qqt_bayes.report.figures.bands import keep_room, shade_beyond, strip, strip_height
from qqt_bayes.report.figures.canvas import make_room
from qqt_bayes.report.figures.labels import end_labels, label_areas, samples_axis
from qqt_bayes.report.figures.style import palette, paper, size, width_in_points
from qqt_bayes.report.figures.written import axis_labels
from qqt_bayes.report.measures import unit
from qqt_bayes.report.winner_text import FOR_WINNER, NO_WINNER, winners

type Array = NDArray[np.float64]

SINGLE_BUDGET_FACTOR = 1.25
"""Factor to either side to which the area of a single budget is drawn."""
MIN_SHARE_NAMED = 0.02
"""Probability at the largest budget from which on a thin area is named beside the axes."""
MIN_SHARE_LISTED = 0.1
"""Probability at any budget from which on an area without room for its name is listed by itself."""
MOST_LISTED = 2
"""Areas that are listed by themselves, at the most."""
AT_LEAST = "\N{GREATER-THAN OR EQUAL TO}"
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
    keep_room(axes, strip_height(True))
    make_room(axes)
    _name_areas(axes, budgets, share, names, unit(decision.attrs))
    shade_beyond(axes, decision, over=True)
    threshold = decision.attrs.get("probability", 0.9)
    sure = f"{threshold:.0%}"
    titles = [f"best with a probability of at least {sure}", f"P(best) at least {sure}"]
    titles.append(f"P(best) {AT_LEAST} {sure}")
    if not decision.attrs["gate_passed"]:
        titles = [NO_WINNER]
    in_words = winners({name: decision[name].values for name in FOR_WINNER}, decision.attrs)
    strip(axes, decision["budget"], in_words, names, *titles)


def _name_areas(axes: Axes, budgets: Array, share: Array, names: list[str], counted: str) -> None:
    """Name each area inside it, else beside its end, else below the axes.

    What stands around the axes takes room from what is inside, so that another name may not fit
    there any more: it is done again until each has its place.
    """
    edges = np.vstack([np.zeros(budgets.size), np.cumsum(share, axis=0)])
    colours = palette(len(names))
    outside: set[int] = set()
    before = set(axes.get_children())
    while True:
        for artist in set(axes.get_children()) - before:
            artist.remove()
        beside = [i for i in sorted(outside) if share[i, -1] >= MIN_SHARE_NAMED]
        _below(axes, budgets, names, share, sorted(outside.difference(beside)), counted)
        if beside:
            middle = [edges[i : i + 2, -1].mean() for i in beside]
            ends = [names[i] for i in beside], colours[beside]
            end_labels(axes, budgets[-1], middle, *ends, keys=False, above=strip_height(True))
        thin = set(range(len(names))).difference(label_areas(axes, budgets, edges, names, colours))
        if thin <= outside:
            return
        outside |= thin


def _below(
    axes: Axes, budgets: Array, names: list[str], share: Array, rest: list[int], counted: str
) -> None:
    """Name areas that are too thin for their names below the axis.

    One that is large somewhere has its own place there, all others a common bound.
    """
    if not rest:
        return
    largest = sorted(rest, key=lambda i: -share[i].max())[:MOST_LISTED]
    large = [i for i in largest if share[i].max() >= MIN_SHARE_LISTED]
    small = [i for i in rest if i not in large]
    letters = width_in_points(axes) / (MAX_LISTED * size())
    listed = [
        f"{quoted(names[i])} ({share[i].max():.0%} at {format_samples(budgets[share[i].argmax()])})"
        for i in large
    ]
    if small:
        own, bound = ", ".join(quoted(names[i]) for i in small), _at_most(share[small].max())
        if len(own) + len(bound) > letters:  # the line would leave the figure at both ends
            own = f"{len(small)} other levels"
        listed.append(f"{own} ({bound})")
    below = fill(f"Not named: {', '.join(listed)}", max(20, int(letters)))
    axis_labels(axes, x=f"{counted} seen\n{below}")


def _at_most(probability: float) -> str:
    """Words for a bound on probabilities, in whole per cent and never too small."""
    return f"never above {max(ceil(100 * probability), 1)}%"
