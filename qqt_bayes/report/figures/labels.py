"""Words beside lines and inside areas, and the axis of budgets."""

from collections.abc import Sequence
from math import ceil
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from matplotlib.transforms import ScaledTranslation, Transform
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from qqt_bayes.phrases import format_samples
from qqt_bayes.report.figures.canvas import Panels, is_first, make_room
from qqt_bayes.report.figures.style import (
    LINE_SPACING,
    figure_of,
    grey,
    height_in_points,
    ink,
    ink_on,
    lay_out,
    marker,
    short,
    size,
    width_in_points,
)
from qqt_bayes.report.figures.written import axis_labels

LETTER = 0.6
"""Width of a letter, in units of its size: that of most, not of the widest."""
BESIDE, LETTERS = 0.3, (9, 24)
"""Share of the axes' width that names beside them may take, and letters at the least and most."""
TICK = 3.4
"""Room that a tick such as 500M takes, with a gap, in units of letters' size."""
SUBS = ((1, 2, 5), np.log10(2)), ((1, 3), np.log10(3)), ((1,), 1.0)
"""Ticks of a decade, the most first, and decades between the two that are nearest."""
LEAST_TICKS = 2
"""Ticks that an axis has at least: where decades have fewer, there are some between them."""
MOST_TICKS = 12
"""Ticks on an axis, however wide it is, were they all as near as the nearest two."""
LEAST_LETTERS = 14
"""Letters of a line of a name that is broken: few words of it are longer."""
AREA = "area"
"""What artists that name areas are called."""
LABEL_PADDING = 6
"""Points that a name inside an area needs free of it, in sum."""


def letters_below(axes: Axes) -> int:
    """Letters of a line below the axes that stands not much wider than they are."""
    return max(LEAST_LETTERS, int(width_in_points(axes) / (LETTER * size())))


def name_height(panels: Panels, text: str) -> None:
    """Name the vertical axes of all panels once, in their middle, in as many lines as it takes.

    Parameters
    ----------
    panels : array of Axes, shape (panel,)
    text : str
    """
    beginning = [axes for i, axes in enumerate(panels) if is_first(panels, i)]
    middle = beginning[len(beginning) // 2]
    lay_out(figure_of(middle))
    top, bottom = (axes.get_window_extent() for axes in (beginning[0], beginning[-1]))
    points = (top.y1 - bottom.y0) / figure_of(middle).dpi * 72
    axis_labels(middle, y=fill(text, max(LEAST_LETTERS, int(points / (LETTER * size())))))
    own = middle.get_window_extent()
    middle.yaxis.label.set_y(((top.y1 + bottom.y0) / 2 - own.y0) / own.height)


def spread(places: ArrayLike, gap: float, lower: float, upper: float) -> NDArray[np.float64]:
    """Places moved as little as possible until each is `gap` from the next, within the bounds.

    By least squares, in the order of the places: with the gaps subtracted, isotonic regression.

    Examples
    --------
    >>> spread([0.5, 0.52, 0.1], gap=0.1, lower=0, upper=1)
    array([0.46, 0.56, 0.1 ])
    >>> spread([0.99, 1.0], gap=0.1, lower=0, upper=1)
    array([0.9, 1. ])
    """
    given = np.asarray(places, float)
    order = np.argsort(given, kind="stable")
    steps = gap * np.arange(given.size)
    moved = isotonic_regression(given[order] - steps).x
    result = np.empty_like(given)
    result[order] = np.clip(moved, lower, max(lower, upper - steps[-1])) + steps
    return result


def samples_axis(
    axes: Axes, least: float, largest: float, unit: str = "samples", tick: float = TICK
) -> None:
    """Make the x axis one of samples seen: logarithmic, with ticks such as 128M and 1B.

    Parameters
    ----------
    axes : Axes
    least, largest : float
        Its ends.
    unit : str
        What is seen.
    tick : float
        Room that a tick takes, in units of letters' size: a slanted one takes less.
    """
    if least == largest:
        least, largest = least / 2, largest * 2
    axes.set_xscale("log")
    axes.set_xlim(least, largest)
    _ticks(axes, tick)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: format_samples(x)))
    axis_labels(axes, x=f"{unit} seen")


def _ticks(axes: Axes, tick: float) -> None:
    """Set as many ticks on an axis of samples as have room beside each other."""
    least, largest = axes.get_xlim()
    decades = np.log10(largest / least)
    room = width_in_points(axes) / (tick * size())
    subs = next((subs for subs, apart in SUBS if decades <= min(room, MOST_TICKS) * apart), (1,))
    logarithmic = LogLocator(subs=subs, numticks=max(3, int(room)))
    decade = 10.0 ** np.arange(np.floor(np.log10(least)), np.ceil(np.log10(largest)))
    possible = np.outer(decade, [*subs, 10])
    few = np.unique(possible[(least <= possible) & (possible <= largest)]).size < LEAST_TICKS
    axes.xaxis.set_major_locator(MaxNLocator(max(2, min(5, int(room)))) if few else logarithmic)


def end_labels(
    axes: Axes,
    end: float,
    heights: ArrayLike,
    names: Sequence[str],
    colours: ArrayLike,
    *,
    keys: bool = True,
    above: float = 0.0,
) -> None:
    """Write the name of each line right of the axes, as near to the line's end as there is room.

    Parameters
    ----------
    axes : Axes
        Finished otherwise: its limits are final.
    end : float
        Where the lines end.
    heights : array_like, shape (line,)
        Of the lines at their end.
    names : sequence of str
    colours : array_like, shape (line, 4)
    keys : bool
        Put each level's marker before its name.
    above : float
        Points that will be needed above the axes.
    """
    if not names:
        return
    width = width_in_points(axes)
    make_room(axes, above)
    gap = LINE_SPACING * size() / height_in_points(axes)
    values, inks = np.asarray(heights, float), np.asarray(colours)
    room = max(2, int(1 / gap))
    places = list(range(len(names)))
    if len(names) > room:  # the lowest are named, and how many others there are
        places = sorted(np.argsort(values, kind="stable")[: room - 1].tolist())
        axes.text(
            *(1.0, 1.0),
            f"{len(names) - len(places)} more",
            transform=_right_of(axes, 11),
            va="top",
            color=grey(),
            gid="more",
        )
    points = np.column_stack([np.full(len(places), end), values[places]])
    ends = axes.transAxes.inverted().transform(axes.transData.transform(points))
    beside = spread(ends[:, 1], gap, 0.0, 1.0 if len(places) == len(names) else 1 - 1.5 * gap)
    outside: dict[str, Any] = {"clip_on": False, "zorder": 3}
    letters = int(np.clip(BESIDE * width / (LETTER * size()), *LETTERS))
    for i, y in zip(places, beside, strict=True):
        words: dict[str, Any] = {"va": "center", "color": ink(), "gid": "end label"}
        axes.text(
            1, y, short(names[i], letters), transform=_right_of(axes, 19 if keys else 11), **words
        )
    make_room(axes, above)
    lay_out(figure_of(axes))
    _ticks(axes, TICK)  # the axes are narrower now
    point = figure_of(axes).dpi / 72 / axes.get_window_extent().width
    for row, i in enumerate(places):
        y, look = beside[row], {"color": inks[i], **outside}
        lead = [ends[row, 0], 1 + 4 * point, 1 + 9 * point], [ends[row, 1], y, y]
        axes.plot(*lead, transform=axes.transAxes, linewidth=0.7, **look)
        if keys:
            sign: dict[str, Any] = {"marker": marker(i), "markersize": 4.5, **look}
            axes.plot(1, y, transform=_right_of(axes, 13), **sign)


def _right_of(axes: Axes, points: float) -> Transform:
    """Places in the axes, moved to the right by some points."""
    moved = ScaledTranslation(points / 72, 0, figure_of(axes).dpi_scale_trans)
    return axes.transAxes + moved


def label_areas(
    axes: Axes, budgets: ArrayLike, edges: ArrayLike, names: Sequence[str], colours: ArrayLike
) -> list[int]:
    """Write the name of each stacked area where it is thickest, if the name fits there.

    Parameters
    ----------
    axes : Axes
        With its limits.
    budgets : array_like, shape (budget,)
    edges : array_like, shape (area + 1, budget)
        Heights between the areas.
    names : sequence of str
    colours : array_like, shape (area, 4)

    Returns
    -------
    list of int
        Areas that have their name now.
    """
    height = height_in_points(axes)
    frame = axes.get_window_extent()
    scale = height / frame.height
    logs = np.log(np.asarray(budgets, float))
    grid = np.linspace(logs[0], logs[-1], 400)
    heights = np.array([np.interp(grid, logs, edge) for edge in np.asarray(edges, float)])
    named = []
    for i, name in enumerate(names):
        on = ink_on(np.asarray(colours)[i])
        text = axes.text(0, 0, short(name), ha="center", va="center", color=on, gid=AREA)
        box = text.get_window_extent()
        # The box of a text is as high as its tallest letter, which differs between names.
        long, thick = (box.width * scale + LABEL_PADDING), 1.3 * size()
        for rotation, width, tall in ((0, long, thick), (90, thick, long)):
            window = min(ceil(width / (frame.width * scale) * grid.size), grid.size)
            top = sliding_window_view(heights[i + 1], window).min(1)
            bottom = sliding_window_view(heights[i], window).max(1)
            room = top - bottom
            widest = np.flatnonzero(room > room.max() - 1e-3)
            best = int(widest[widest.size // 2])
            if room[best] * height >= tall:
                centre = np.exp((grid[best] + grid[best + window - 1]) / 2)
                text.set_position((centre, (top[best] + bottom[best]) / 2))
                text.set_rotation(rotation)
                named.append(i)
                break
        else:
            text.remove()
    return named
