"""What stands behind and above a figure: budgets beyond the data, and who won at each budget."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.posterior.levels import UNDECIDED
from qqt_bayes.report.figures.style import (
    between,
    figure_of,
    grey,
    height_in_points,
    ink,
    ink_on,
    lay_out,
    marker,
    palette,
    paper,
    short,
    size,
)
from qqt_bayes.report.winner_text import FOR_WINNER, winners

MOST_REACH = 0.05
"""Share of an axis that a budget speaks for to either side, at the most."""
ROUNDING = 1e-9
"""Distance of logarithms below which two surroundings touch."""
LETTER = 0.56
"""Width of a letter of the strip's title, in units of its size."""
STRIP = 3.6
"""Height of a strip with its title, in units of the size of letters."""


type Key = Artist | tuple[Artist, ...]
"""What a key shows: a sign, or several on top of each other."""


def shade_beyond(axes: Axes, decision: xr.Dataset, *, over: bool = False) -> None:
    """Shade the budgets below the least and above the largest of the runs, and label them.

    Parameters
    ----------
    axes : Axes
        With its limits.
    decision : Dataset
        `extrapolation` (budget): the budget by the nearest budget of the runs; 1 among them.
    over : bool
        Shade areas of colour, too, not only what is behind lines.
    """
    ratio = decision["extrapolation"]
    beyond = {"right": ratio > 1, "left": ratio < 1}
    for side, where in beyond.items():
        if not where.any():
            continue
        outer = decision["budget"].values[where.values]
        nearest = float(np.clip(outer[0] / ratio.values[where.values][0], *axes.get_xlim()))
        edge = axes.get_xlim()[side == "right"]
        layer = 2.5 if over else 0.5
        axes.axvspan(nearest, edge, facecolor=between(0.5), alpha=0.14, linewidth=0, zorder=layer)
        axes.axvline(nearest, color=ink(), linewidth=0.9, linestyle=(0, (4, 3)), zorder=layer)
        words = axes.text(
            float(np.sqrt(nearest * edge)),
            0.97,
            "beyond the data",
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="top",
            color=ink(),
            zorder=6,
            bbox={"facecolor": paper(), "alpha": 0.75, "edgecolor": "none", "pad": 1.5},
        )
        room = np.ptp(axes.transData.transform([(nearest, 1), (edge, 1)])[:, 0])
        if words.get_window_extent().width > room - 6:
            words.set_rotation(90)
            if over:  # beside the names of areas, which are widest at the other end
                words.set(x=nearest, ha="left" if side == "right" else "right")


def strip(
    axes: Axes, budgets: ArrayLike, winners: Sequence[str], names: Sequence[str], *titles: str
) -> None:
    """Draw a bar above the axes with the level of each budget; what is no level is left white.

    A budget colours its surroundings only, so that between budgets far apart nothing is said.

    Parameters
    ----------
    axes : Axes
        With its limits.
    budgets : array_like, shape (budget,)
        Ascending.
    winners : sequence of str
        A level, or a word such as "undecided", for each budget.
    names : sequence of str
        All levels, in the order of the palette.
    *titles : str
        What the bar says; the first that there is room for.
    """
    edges = surroundings(np.log(np.asarray(budgets, float)), *np.log(axes.get_xlim()))
    apart = edges[1:, 0] > edges[:-1, 1] + ROUNDING
    changes = [i for i in range(1, len(winners)) if winners[i] != winners[i - 1] or apart[i - 1]]
    height = 1.6 * size() / height_in_points(axes)
    bottom, middle = 1 + 0.35 * height, 1 + 0.85 * height
    above: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "clip_on": False}
    colours = palette(len(names))
    for first, after in pairwise([0, *changes, len(winners)]):
        name = winners[first]
        level = names.index(name) if name in names else None
        colour: Any = paper() if level is None else colours[level]
        ends = np.exp([edges[first, 0], edges[after - 1, 1]])
        edge: Any = between(0.3) if level is None else paper()
        axes.fill_between(
            ends, bottom, bottom + height, facecolor=colour, edgecolor=edge, linewidth=0.8, **above
        )
        centre = float(np.sqrt(ends.prod()))
        colour_of = ink_on(colour) if level is not None else grey()
        inside = {"ha": "center", "va": "center", "fontsize": 0.9 * size(), **above}
        text = axes.text(centre, middle, short(name, 16), color=colour_of, **inside)
        room = np.ptp(axes.transData.transform(np.column_stack([ends, [1, 1]]))[:, 0])
        if text.get_window_extent().width > 0.9 * room:
            text.set_text("?")
            if level is not None:
                text.remove()
                axes.plot(
                    centre, middle, marker=marker(level), markersize=4.5, color=colour_of, **above
                )
    figure = figure_of(axes)
    right = (figure.bbox.x1 - axes.get_window_extent().x0) / figure.dpi * 72
    letters = max(10, int(right / (LETTER * size())))
    fitting = [title for title in titles if len(title) <= letters]
    shown = fitting[0] if fitting else short(titles[-1], letters)
    axes.text(0, bottom + 1.25 * height, shown, transform=axes.transAxes, color=ink())


def decided(decision: xr.Dataset) -> list[str]:
    """The winner at each budget, or why none is named; nothing if there is none at any."""
    if not decision.attrs["gate_passed"] or (decision["winner"] == UNDECIDED).all():
        return []
    return winners({name: decision[name].values for name in FOR_WINNER}, decision.attrs)


def strip_height(has_strip: object) -> float:
    """Points above the axes that a strip needs, if there is one."""
    return STRIP * size() if has_strip else 0.0


def key_above(axes: Axes, keys: Sequence[Key], words: Sequence[str], points: float = 0.0) -> None:
    """Write what signs mean above the axes, or above a strip that takes some points.

    In as few lines as there is room for, so that nothing that is drawn is covered.
    """
    raised = ScaledTranslation(0, points / 72, figure_of(axes).dpi_scale_trans)
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1)}
    place |= {"bbox_transform": axes.transAxes + raised, "borderaxespad": 0.2, "frameon": False}
    apart: dict[str, Any] = {"columnspacing": 1, "handletextpad": 0.5, "labelspacing": 0.3}
    lay_out(figure_of(axes))
    room = axes.get_window_extent().width
    for columns in range(len(keys), 0, -1):
        key = axes.legend(keys, words, ncols=columns, fontsize=0.9 * size(), **place, **apart)
        if key.get_window_extent().width <= room:
            return


def surroundings(at: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """The ends of what each of some places speaks for, shape (place, 2).

    Half-way to the next place, but no farther than a share of the axis.

    Examples
    --------
    >>> surroundings(np.array([0.0, 1.0, 9.0]), 0.0, 10.0)
    array([[0. , 0.5],
           [0.5, 1.5],
           [8.5, 9.5]])
    """
    half = np.diff(at) / 2
    reach = MOST_REACH * (high - low)
    before = np.minimum(np.append(np.inf, half), reach)
    after = np.minimum(np.append(half, np.inf), reach)
    found: NDArray[np.float64] = np.clip(np.column_stack([at - before, at + after]), low, high)
    return found
