"""Forest figure: medians and intervals of many parameters, each before its prior.

`arviz_plots.plot_forest` has the same medians and intervals (a test compares them), but one axis
for all parameters, on which a utility of 0.2 beside a half-life of 8 epochs is a dot, and no prior.
"""

from collections.abc import Sequence
from math import ceil
from textwrap import fill
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.gridspec import SubplotSpec
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from qqt_bayes.phrases import quoted
from qqt_bayes.report.figures import canvas
from qqt_bayes.report.figures.canvas import (
    Panels,
    beside,
    divided,
    is_first,
    make_room_for_all,
    several,
)
from qqt_bayes.report.figures.labels import LEAST_LETTERS
from qqt_bayes.report.figures.style import (
    between,
    figure_of,
    grey,
    ink,
    lay_out,
    paper,
    short,
    size,
    width_in_points,
)
from qqt_bayes.report.figures.written import as_written, axis_labels, written

INFERRED = {
    "b": "utility b",
    "tau": "half-life \N{GREEK SMALL LETTER TAU} (epochs)",
    "a": "scale a (per 100,000 samples)",
    "d": "irreducible error d",
    "kappa": "overfitting \N{GREEK SMALL LETTER KAPPA}",
    "size_exponent": "size exponent (1: the theorem)",
    "Q": "log quality Q",
    "r": "log ratio of repeat limits r",
    "R": "repeat limit R (epochs)",
    "zeta": "repeat limit by quality \N{GREEK SMALL LETTER ZETA}",
    "g": "repeat limit by size g",
    "k": "sharpness k",
    "rho": "slope kept \N{GREEK SMALL LETTER RHO}",
    "z2": "slope kept by quality z2",
    "omega": "loss by memorising \N{GREEK SMALL LETTER OMEGA}",
    "memory": "memorised after m times R",
    "transient": "transient of a slow start",
    "onset": "onset (reference budgets)",
    "stretch": "stretch of the onset",
    "alpha": "exponent \N{GREEK SMALL LETTER ALPHA}",
    "height": "height above the floor",
    "floor": "floor",
}
"""Parameters of a law, in words, in the order of the figure."""

LOGARITHMIC = (
    "a",
    "b",
    "tau",
    "kappa",
    "R",
    "k",
    "memory",
    "transient",
    "onset",
    "stretch",
    "alpha",
    "height",
    "floor",
)
"""Parameters whose axis is logarithmic: they are positive, and their priors are of ratios."""
ROW_HEIGHT = 0.2
"""Inches that a line of the forest takes."""
PANEL_HEIGHT = 0.75
"""Inches that a panel takes beside its lines: axis, ticks and name."""
LEAST_ROW, LEAST_PANEL = 1.35, 4.5
"""Room that a line and what a panel has beside its lines take at the least, in units of letters."""
COLUMN_GAP = 0.14
"""Gap between panels side by side, in units of their width."""
TICK = 4.0
"""Room that a tick takes, in units of letters' size."""
EDGE = 0.04
"""Share of an axis at either end where ticks have no numbers, which would meet those of another."""
KEY_HEIGHT = 0.3
"""Inches that the key below all panels takes."""
MAX_COLUMNS = 3
"""Panels side by side, at the most."""
KEY = "dot and lines: median, 50 % and 90 % of the posterior; grey bar: 90 % of the prior"
"""What is written below all panels of a new figure."""


def interval(draws: xr.DataArray, probability: float) -> xr.DataArray:
    """Lower end, median and upper end of the central interval of draws, over a new dimension q."""
    tail = (1 - probability) / 2
    dims = [dim for dim in ("chain", "draw") if dim in draws.dims]
    return draws.quantile([tail, 0.5, 1 - tail], dims, skipna=False).rename(quantile="q")


def draw_forest(
    ax: Axes | Panels | None, posterior: xr.Dataset, prior: xr.Dataset, names: Sequence[str]
) -> Panels:
    """Draw a panel for each parameter that differs between pools or groups, then all others.

    In the place of given axes as many as can be read are drawn, one at least; the last says how
    many there would be.

    Parameters
    ----------
    ax : Axes or array of Axes, optional
    posterior, prior : Dataset
        Draws; without a prior, an empty one.
    names : sequence of str
        The parameters, of those in `posterior`.
    """
    rows = {name: _rows(posterior[name]) for name in names}
    many = [name for name in rows if rows[name].sizes["row"] > 1]
    single = [name for name in rows if rows[name].sizes["row"] == 1]
    ordered = [*many, *single]
    if ax is not None and not isinstance(ax, Axes):
        panels = several(ax, len(ordered), MAX_COLUMNS, PANEL_HEIGHT, KEY_HEIGHT)
        columns = 1
    else:
        columns = beside(ax, MAX_COLUMNS)
        blocks = [
            block[i : i + columns]
            for block in (many, single)
            for i in range(0, len(block), columns)
        ]
        longest = [max(rows[name].sizes["row"] for name in block) for block in blocks]
        if ax is not None:
            blocks = blocks[: _fitting(canvas.place_height(ax), longest)]
            ordered = [name for block in blocks for name in block]
        heights = [PANEL_HEIGHT + ROW_HEIGHT * lines for lines in longest[: len(blocks)]]
        figure, grid = divided(ax, KEY_HEIGHT + sum(heights), len(blocks), 1, heights)
        places = [
            place for i, block in enumerate(blocks) for place in _across(grid[i, 0], len(block))
        ]
        panels = np.empty(len(ordered), dtype=object)
        for i, place in enumerate(places):
            panels[i] = figure.add_subplot(place)
    before: list[str] = []
    for name, axes in zip(ordered, panels, strict=True):
        _panel(axes, name, rows[name], prior.get(name))
        labels = rows[name]["row"].values.tolist()
        named_beside = (
            labels == before and columns > 1 and not is_first(panels, ordered.index(name))
        )
        axes.tick_params(labelleft=len(labels) > 1 and not named_beside)
        before = labels
    lay_out(figure_of(panels[0]))
    for axes in panels:
        _break_name(axes)
    if left := len(rows) - len(ordered):
        last = panels[-1].get_xlabel()
        more = "1 more parameter is" if left == 1 else f"{left} more parameters are"
        axis_labels(panels[-1], x=f"{last}\n{more} not shown")
    if ax is not None:
        make_room_for_all(panels)
    lay_out(figure_of(panels[0]))
    for axes in panels:
        _thin(axes)
    if ax is None:
        figure = figure_of(panels[0])
        wide = int(figure.get_figwidth() * 72 / (0.6 * size()))
        figure.supxlabel(fill(KEY, wide), fontsize=size(), color=ink())
    return panels


def _across(row: SubplotSpec, count: int) -> list[SubplotSpec]:
    """Places side by side in a row, with gaps between them under any layout of the figure."""
    ratios = [1.0, COLUMN_GAP] * (count - 1) + [1.0]
    grid = row.subgridspec(1, len(ratios), width_ratios=ratios, wspace=0)
    return [grid[0, i] for i in range(0, len(ratios), 2)]


def _fitting(height: float, longest: Sequence[int]) -> int:
    """How many blocks of panels can be read below each other in so many inches, one at least.

    Parameters
    ----------
    height : float
    longest : sequence of int
        Lines of each block.
    """
    least = size() / 72 * (LEAST_PANEL + LEAST_ROW * np.asarray(longest))
    return max(1, int((np.cumsum(least) <= height).sum()))


def _break_name(axes: Axes) -> None:
    """Write the name of an axis in several lines where it would meet that of the next panel."""
    name = axes.xaxis.label
    longer = name.get_window_extent().width / axes.get_window_extent().width
    if longer > 1 + COLUMN_GAP:
        said = name.get_text()
        written(name, fill(said, max(LEAST_LETTERS, int(len(said) / longer))))


def _thin(axes: Axes) -> None:
    """Name every second or third row only where all have no room below each other."""
    names = [tick.get_text() for tick in axes.get_yticklabels()]
    room = max(1, int(_height_of(axes) / size()))
    every = ceil(len(names) / room)
    shown = [name if i % every == 0 else "" for i, name in enumerate(names)]
    axes.set_yticks(np.arange(len(names)), shown)
    as_written(axes)
    across = axes.xaxis.get_major_locator()
    if isinstance(across, MaxNLocator):
        across.set_params(nbins=max(2, min(5, int(width_in_points(axes) / (TICK * size())))))


def _height_of(axes: Axes) -> float:
    """Points of the axes' height as they are."""
    return canvas.inches(axes)[1] * 72


def _number(axes: Axes, x: float) -> str:
    """The number of a tick, unless it is so near an end that it would meet another panel's."""
    low, high = axes.get_xlim()
    ends = axes.transData.transform([(low, 0), (high, 0), (x, 0)])[:, 0]
    share = (ends[2] - ends[0]) / (ends[1] - ends[0])
    return f"{x:g}".replace("-", "\N{MINUS SIGN}") if EDGE <= share <= 1 - EDGE else ""


def _rows(draws: xr.DataArray) -> xr.DataArray:
    """Draws with one dimension `row` in place of groups and pools, labelled by their names."""
    dims = [dim for dim in draws.dims if dim not in ("chain", "draw")]
    named = [dim for dim in dims if draws.sizes[dim] > 1]
    stacked = draws.stack(row=dims) if dims else draws.expand_dims("row")
    combinations = zip(*(stacked[dim].values for dim in named), strict=True)
    labels = [", ".join(quoted(str(label)) for label in labels) for labels in combinations] or [""]
    return stacked.drop_vars(["row", *dims], errors="ignore").assign_coords(row=labels)


def _panel(axes: Axes, name: str, posterior: xr.DataArray, prior: xr.DataArray | None) -> None:
    """Draw one parameter, its first row on top; all rows share a prior, whose draws are pooled."""
    labels = posterior["row"].values.tolist()
    y = np.arange(len(labels))
    if prior is not None:
        left, right = np.quantile(prior, [0.05, 0.95])
        axes.barh(
            y, right - left, left=left, height=0.72, color=between(0.16), label="prior", zorder=1
        )
    left, middle, right = interval(posterior, 0.9).transpose("q", "row").values
    inner = interval(posterior, 0.5).transpose("q", "row").values
    axes.hlines(y, left, right, color=ink(), linewidth=1.1, label="90 %")
    axes.hlines(y, inner[0], inner[2], color=ink(), linewidth=3.2, label="50 %")
    dot: dict[str, Any] = {
        "markerfacecolor": paper(),
        "markeredgecolor": ink(),
        "markersize": 4.5,
        "linewidth": 0,
    }
    axes.plot(middle, y, marker="o", label="median", **dot)
    axes.use_sticky_edges = False
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_yticks(y, [short(label, 28) for label in labels])
    axes.tick_params(left=False)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    as_written(axes)
    axis_labels(axes, x=INFERRED.get(name, name))
    if name == "size_exponent":
        axes.axvline(1.0, color=grey(), linewidth=0.9, linestyle=(0, (4, 3)), zorder=1.5)
    if name in LOGARITHMIC:
        _logarithmic(axes)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _number(axes, x)))


def _logarithmic(axes: Axes) -> None:
    """Make the axis logarithmic, with a handful of ticks however many decades it spans."""
    axes.set_xscale("log")
    least, largest = axes.get_xlim()
    decades = np.log10(largest / least)
    subs = (1, 2, 5) if decades < 1.7 else (1, 3) if decades < 2.6 else (1,)
    logarithmic = LogLocator(subs=subs, numticks=ceil(decades) + 2)
    axes.xaxis.set_major_locator(MaxNLocator(4) if decades < 1 else logarithmic)
    axes.xaxis.set_minor_locator(NullLocator())
