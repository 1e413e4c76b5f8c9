"""What stands behind and above a figure: where it extrapolates, and who won at each budget."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.transforms import ScaledTranslation
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.posterior.levels import UNDECIDED
from qqt_bayes.report.figures.places import Place, settle
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
from qqt_bayes.report.winner_text import FOR_WINNER, NOT_PROVEN, REFUSED, winners

MOST_REACH = 0.05
"""Share of an axis that a budget speaks for to either side, at the most."""
ROUNDING = 1e-9
"""Distance of logarithms below which two surroundings touch."""
HIGHEST = 0.97
"""Share of the axes' height up to which words stand in them."""
TRIES = 25
"""Heights at which words are tried, before they cover others."""
SMALLER = 0.8
"""Size of these words where they would cover others, in units of that of most."""
EXTRAPOLATION = "extrapolation"
"""What is written where no run is as small, or as large."""
MARKS = {UNDECIDED: "?", NOT_PROVEN: "!", REFUSED: ""}
"""What stands in a strip for a word that has no room there; where a fit was refused, none is named
at any budget, and the title says so."""
STRIP_TITLES = "winner at each budget", "winner"
"""What a strip of winners is called, by the room there is."""
STRIP = 3.6
"""Height of a strip with its title, in units of the size of letters."""


type Key = Artist | tuple[Artist, ...]
"""What a key shows: a sign, or several on top of each other."""


def shade_beyond(axes: Axes, decision: xr.Dataset, *, over: bool = False) -> None:
    """Shade the budgets below the least and above the largest of the runs, and label them.

    The labels cover no other words, and no more of the lines than they must: all else that is
    written inside the axes has to be there already.

    Parameters
    ----------
    axes : Axes
        With its limits.
    decision : Dataset
        `extrapolation` (budget): the budget by the nearest budget of the runs; 1 among them.
    over : bool
        Shade areas of colour, too, not only what is behind lines.
    """
    lay_out(figure_of(axes))
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
            HIGHEST,
            EXTRAPOLATION,
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="top",
            color=ink(),
            zorder=6,
            bbox={"facecolor": paper(), "alpha": 0.75, "edgecolor": "none", "pad": 1.5},
        )
        if not settle(axes, words, _between(axes, words, nearest, edge)):
            words.set_fontsize(SMALLER * size())
            words.set_rotation(0)
            settle(axes, words, _between(axes, words, nearest, edge))


def _between(axes: Axes, words: Text, nearest: float, edge: float) -> list[tuple[Place, float]]:
    """Places of words between two budgets, the highest first; upright where that is too narrow."""
    box, pixels = words.get_window_extent(), figure_of(axes).dpi / 72
    room = np.ptp(axes.transData.transform([(nearest, 1), (edge, 1)])[:, 0])
    upright = box.width > room - 8 * pixels
    wide, high = (box.height, box.width) if upright else (box.width, box.height)
    lowest = min(high / axes.get_window_extent().height + 1 - HIGHEST, HIGHEST)
    margin = (wide / 2 + pixels) / room
    centres = [0.5, margin, 1 - margin] if margin < 0.5 else [0.5]
    across = (nearest * (edge / nearest) ** np.asarray(centres)).tolist()
    heights = np.linspace(HIGHEST, lowest, TRIES).tolist()
    return [((x, y), 90.0 * upright) for y in heights for x in across]


def strip(
    axes: Axes, budgets: ArrayLike, winners: Sequence[str], names: Sequence[str], *titles: str
) -> None:
    """Draw a bar above the axes with the level of each budget; what is no level is left white.

    A budget colours its surroundings only, so that between budgets far apart nothing is said.
    Where a name has no room there is the sign of the level, and where a word has none a mark, which
    the title explains.

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
    marked: list[str] = []
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
            text.set_text(MARKS.get(name, ""))
            if level is None:
                marked.append(name)
            else:
                text.remove()
                axes.plot(
                    centre, middle, marker=marker(level), markersize=4.5, color=colour_of, **above
                )
    explained = [f"{mark} {word}" for word, mark in MARKS.items() if mark and word in marked]
    _title(axes, bottom + 1.25 * height, [", ".join([each, *explained]) for each in titles])


def _title(axes: Axes, height: float, titles: Sequence[str]) -> None:
    """Write the first of some titles that ends inside the figure, or the last, farther left."""
    figure = figure_of(axes)
    text = axes.text(0, height, "", transform=axes.transAxes, color=ink())
    text.set_in_layout(False)  # its width is no reason to make the axes narrower
    for title in titles:
        text.set_text(title)
        beyond = text.get_window_extent().x1 - figure.bbox.x1
        if beyond <= 0:
            return
    own = axes.get_window_extent()
    text.set_x(-min(beyond, own.x0) / own.width)


def decided(decision: xr.Dataset) -> list[str]:
    """The winner at each budget, or why none is named; nothing if there is none at any."""
    if not decision.attrs["gate_passed"] or (decision["winner"] == UNDECIDED).all():
        return []
    return winners({name: decision[name].values for name in FOR_WINNER}, decision.attrs)


def keep_room(axes: Axes, points: float) -> None:
    """Let a layout leave points free above the axes, for what is drawn there later."""
    raised = axes.transAxes + ScaledTranslation(0, points / 72, figure_of(axes).dpi_scale_trans)
    axes.plot(0, 1, marker=",", alpha=0, transform=raised, clip_on=False)


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
    by_length = np.argsort([-len(each) for each in words], kind="stable").tolist()
    for columns in range(len(keys), 0, -1):
        for order in (list(range(len(keys))), by_length):  # short ones may share a column
            signs, said = [keys[i] for i in order], [words[i] for i in order]
            key = axes.legend(signs, said, ncols=columns, fontsize=0.9 * size(), **place, **apart)
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
