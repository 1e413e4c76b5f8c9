"""Style of all figures: an ordered palette, axes of samples, labels beside lines.

Colours run from dark to light in the order of the levels and are never alone: a name or a marker
stands with each, so that the figures hold in greyscale and for the colour-blind.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from math import ceil
from typing import Any

import matplotlib
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from qqt_bayes.phrases import format_samples
from qqt_bayes.report.figures.fonts import OWN, families, texts_in, warn_of

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9,
    "figure.constrained_layout.use": True,
    "font.family": OWN,
    "font.size": 8,
    "grid.color": "0.9",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "svg.hashsalt": "qqt_bayes",
    "text.parse_math": False,  # a name may hold dollars
    "text.usetex": False,  # whatever the user's own settings are: a name may hold backslashes
}
"""Settings of every figure, for `matplotlib.rc_context`; nothing global is changed."""

WIDTH = 7.0
"""Inches: the text width of a page; the smallest letters are then of 8 points."""

MARKERS = "osD^vPXp<>*h"
"""One for each level, in turn."""

MOST_REACH = 0.05
"""Share of an axis that a budget speaks for to either side, at the most."""
ROUNDING = 1e-9
"""Distance of logarithms below which two surroundings touch."""
FONT_SIZE = 8
"""Points: the size of most letters."""

LINE_SPACING = 1.35
"""Distance of labels below each other, in units of their size."""

LABEL_PADDING = 6
"""Points that a name inside an area needs free of it, in sum."""

INK, GREY = "0.15", "0.45"
"""Greys of words and lines that matter, and of those that stand back."""


@contextmanager
def drawing(*shown: object) -> Iterator[None]:
    """The figures' own style, with fonts for the names in what is shown.

    Names that no font of this machine can draw are said in one warning, instead of matplotlib's own
    for each of them.
    """
    fonts, lacking = families(texts_in(*shown))
    warn_of(lacking)
    with warnings.catch_warnings(), matplotlib.rc_context(STYLE | {"font.family": fonts}):
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        yield


def palette(count: int) -> NDArray[np.float64]:
    """Colours from dark to light, all of them visible on white; shape (count, 4)."""
    return np.asarray(matplotlib.colormaps["viridis"](np.linspace(0.0, 0.88, count)))


def short(name: str, most: int = 24) -> str:
    """A name cut so that it leaves room for the figure, at `most` characters.

    Examples
    --------
    >>> short("top 10%"), short("everything that was ever crawled")
    ('top 10%', 'everything that was eve…')
    """
    return name if len(name) <= most else f"{name[: most - 1]}…"


def marker(index: int) -> str:
    """Marker of a level by its place."""
    return MARKERS[index % len(MARKERS)]


def ink_on(colour: ArrayLike) -> str:
    """Black or white, whichever can be read on a colour."""
    lightness = np.asarray(colour)[:3] @ [0.299, 0.587, 0.114]  # luma of ITU-R BT.601
    return "white" if lightness < 0.55 else "black"


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


def samples_axis(axes: Axes, least: float, largest: float, unit: str = "samples") -> None:
    """Make the x axis one of samples seen: logarithmic, with ticks such as 128M and 1B."""
    if least == largest:
        least, largest = least / 2, largest * 2
    axes.set_xscale("log")
    axes.set_xlim(least, largest)
    decades = np.log10(largest / least)
    subs = (1, 2, 5) if decades < 3 else (1, 3) if decades < 5 else (1,)
    logarithmic = LogLocator(subs=subs, numticks=20)
    axes.xaxis.set_major_locator(MaxNLocator(5) if decades < 0.6 else logarithmic)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: format_samples(x)))
    axes.set_xlabel(f"{unit} seen")


def lay_out(figure: Figure) -> None:
    """Place the axes where a drawing would: without drawing anything, in half the time."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)


def height_in_points(axes: Axes) -> float:
    """Height of the axes as they will be drawn; everything around them must be there already."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    lay_out(figure)
    return float(axes.get_window_extent().height / figure.dpi * 72)


def end_labels(
    axes: Axes,
    end: float,
    heights: ArrayLike,
    names: Sequence[str],
    colours: ArrayLike,
    *,
    keys: bool = True,
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
    """
    if not names:
        return
    gap = LINE_SPACING * FONT_SIZE / height_in_points(axes)
    points = np.column_stack([np.full(len(names), end), np.asarray(heights, float)])
    ends = axes.transAxes.inverted().transform(axes.transData.transform(points))
    beside = spread(ends[:, 1], gap, 0.0, 1.0)
    outside: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False, "zorder": 3}
    for i, (name, colour) in enumerate(zip(names, np.asarray(colours), strict=True)):
        lead = [*ends[i], 1.02, beside[i], 1.03, beside[i]]
        axes.plot(lead[::2], lead[1::2], color=colour, linewidth=0.7, **outside)
        if keys:
            axes.plot(1.035, beside[i], marker=marker(i), markersize=4.5, color=colour, **outside)
        place = 1.05 if keys else 1.035, beside[i]
        axes.text(*place, short(name), va="center", color=INK, gid="end label", **outside)


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
        axes.axvspan(nearest, edge, facecolor="0.5", alpha=0.14, linewidth=0, zorder=layer)
        axes.axvline(nearest, color=INK, linewidth=0.9, linestyle=(0, (4, 3)), zorder=layer)
        words = axes.text(
            float(np.sqrt(nearest * edge)),
            0.97,
            "beyond the data",
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="top",
            color=INK,
            zorder=6,
            bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.5},
        )
        room = np.ptp(axes.transData.transform([(nearest, 1), (edge, 1)])[:, 0])
        if words.get_window_extent().width > room - 6:
            words.set_rotation(90)


def strip(
    axes: Axes, budgets: ArrayLike, winners: Sequence[str], names: Sequence[str], title: str
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
    title : str
        What the bar says.
    """
    edges = surroundings(np.log(np.asarray(budgets, float)), *np.log(axes.get_xlim()))
    apart = edges[1:, 0] > edges[:-1, 1] + ROUNDING
    changes = [i for i in range(1, len(winners)) if winners[i] != winners[i - 1] or apart[i - 1]]
    height = 1.6 * FONT_SIZE / height_in_points(axes)
    bottom, middle = 1 + 0.35 * height, 1 + 0.85 * height
    above: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "clip_on": False}
    colours = palette(len(names))
    for first, after in pairwise([0, *changes, len(winners)]):
        name = winners[first]
        level = names.index(name) if name in names else None
        colour: Any = "white" if level is None else colours[level]
        ends = np.exp([edges[first, 0], edges[after - 1, 1]])
        edge = "0.7" if level is None else "white"
        axes.fill_between(
            ends, bottom, bottom + height, facecolor=colour, edgecolor=edge, linewidth=0.8, **above
        )
        centre = float(np.sqrt(ends.prod()))
        ink = ink_on(colour) if level is not None else GREY
        text = axes.text(centre, middle, name, ha="center", va="center", color=ink, **above)
        room = np.ptp(axes.transData.transform(np.column_stack([ends, [1, 1]]))[:, 0])
        if text.get_window_extent().width > room - 4:
            text.remove()
            if level is not None:
                axes.plot(centre, middle, marker=marker(level), markersize=4.5, color=ink, **above)
    axes.text(0, bottom + 1.25 * height, title, transform=axes.transAxes, color=INK)


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
        ink = ink_on(np.asarray(colours)[i])
        text = axes.text(0, 0, short(name), ha="center", va="center", color=ink)
        box = text.get_window_extent()
        # The box of a text is as high as its tallest letter, which differs between names.
        long, thick = (box.width * scale + LABEL_PADDING), 1.3 * FONT_SIZE
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
