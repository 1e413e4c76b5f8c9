"""Forest figure: medians and intervals of many parameters, each before its prior.

`arviz_plots.plot_forest` has the same medians and intervals (a test compares them), but one axis
for all parameters, on which a utility of 0.2 beside a half-life of 8 epochs is a dot, and no prior.
"""

from math import ceil
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from qqt_bayes.report.figures.style import GREY, INK, WIDTH, short

INFERRED = {
    "b": "utility b",
    "tau": "half-life \N{GREEK SMALL LETTER TAU} (epochs)",
    "a": "scale a (per 100,000 samples)",
    "d": "irreducible error d",
    "kappa": "overfitting \N{GREEK SMALL LETTER KAPPA}",
    "size_exponent": "size exponent (1: the theorem)",
    "Q": "log quality Q",
    "r": "log factor of epochs r",
    "R": "epochs R that data stand",
    "zeta": "epochs by quality \N{GREEK SMALL LETTER ZETA}",
    "g": "epochs by size g",
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
KEY_HEIGHT = 0.3
"""Inches that the key above all panels takes."""
MAX_COLUMNS = 3
"""Panels side by side, at the most."""


def interval(draws: xr.DataArray, probability: float) -> xr.DataArray:
    """Lower end, median and upper end of the central interval of draws, over a new dimension q."""
    tail = (1 - probability) / 2
    dims = [dim for dim in ("chain", "draw") if dim in draws.dims]
    return draws.quantile([tail, 0.5, 1 - tail], dims, skipna=False).rename(quantile="q")


def forest(posterior: xr.Dataset, prior: xr.Dataset) -> Figure:
    """Draw a column for each parameter that differs between pools or groups, then all others.

    Parameters
    ----------
    posterior, prior : Dataset
        As for `qqt_bayes.report.figures.plots.parameter_posteriors`; without a prior, an empty one.
    """
    rows = {str(name): _rows(draws) for name, draws in posterior.items()}
    many = [name for name in rows if rows[name].sizes["row"] > 1]
    single = [name for name in rows if rows[name].sizes["row"] == 1]
    blocks = [
        block[i : i + MAX_COLUMNS]
        for block in (many, single)
        for i in range(0, len(block), MAX_COLUMNS)
    ]
    if not blocks:
        figure = Figure(figsize=(WIDTH, 1))
        figure.suptitle("No parameter of the law was inferred.", fontsize=8, color=INK)
        return figure
    heights = [
        PANEL_HEIGHT + ROW_HEIGHT * max(rows[name].sizes["row"] for name in block)
        for block in blocks
    ]
    figure = Figure(figsize=(WIDTH, KEY_HEIGHT + sum(heights)))
    grid = figure.add_gridspec(len(blocks), 1, height_ratios=heights)
    for i, block in enumerate(blocks):
        before: list[str] = []
        for j, axes in enumerate(grid[i].subgridspec(1, len(block)).subplots(squeeze=False)[0]):
            name = block[j]
            _panel(axes, name, rows[name], prior.get(name))
            labels = rows[name]["row"].values.tolist()
            axes.tick_params(labelleft=len(labels) > 1 and labels != before)
            before = labels
    key = "dot and lines: median, 50 % and 90 % of the posterior; grey bar: 90 % of the prior"
    figure.suptitle(key, fontsize=8, color=INK)
    return figure


def _rows(draws: xr.DataArray) -> xr.DataArray:
    """Draws with one dimension `row` in place of groups and pools, labelled by their names."""
    dims = [dim for dim in draws.dims if dim not in ("chain", "draw")]
    named = [dim for dim in dims if draws.sizes[dim] > 1]
    stacked = draws.stack(row=dims) if dims else draws.expand_dims("row")
    combinations = zip(*(stacked[dim].values for dim in named), strict=True)
    labels = [", ".join(map(str, labels)) for labels in combinations] or [""]
    return stacked.drop_vars(["row", *dims], errors="ignore").assign_coords(row=labels)


def _panel(axes: Axes, name: str, posterior: xr.DataArray, prior: xr.DataArray | None) -> None:
    """Draw one parameter, its first row on top; all rows share a prior, whose draws are pooled."""
    labels = posterior["row"].values.tolist()
    y = np.arange(len(labels))
    if prior is not None:
        left, right = np.quantile(prior, [0.05, 0.95])
        axes.barh(y, right - left, left=left, height=0.72, color="0.86", label="prior", zorder=1)
    left, middle, right = interval(posterior, 0.9).transpose("q", "row").values
    inner = interval(posterior, 0.5).transpose("q", "row").values
    axes.hlines(y, left, right, color=INK, linewidth=1.1, label="90 %")
    axes.hlines(y, inner[0], inner[2], color=INK, linewidth=3.2, label="50 %")
    dot: dict[str, Any] = {
        "markerfacecolor": "white",
        "markeredgecolor": INK,
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
    axes.set_xlabel(INFERRED.get(name, name))
    if name == "size_exponent":
        axes.axvline(1.0, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1.5)
    if name in LOGARITHMIC:
        _logarithmic(axes)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))


def _logarithmic(axes: Axes) -> None:
    """Make the axis logarithmic, with a handful of ticks however many decades it spans."""
    axes.set_xscale("log")
    least, largest = axes.get_xlim()
    decades = np.log10(largest / least)
    subs = (1, 2, 5) if decades < 1.7 else (1, 3) if decades < 2.6 else (1,)
    logarithmic = LogLocator(subs=subs, numticks=ceil(decades) + 2)
    axes.xaxis.set_major_locator(MaxNLocator(4) if decades < 1 else logarithmic)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
