"""Figure of a prior: the errors that a model expects of each training set, and the runs on top."""

from __future__ import annotations

from math import ceil

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from qqt_bayes.report.figures.labels import samples_axis
from qqt_bayes.report.figures.style import GREY, INK, WIDTH, drawing, short
from qqt_bayes.report.measures import is_accuracy, measure, unit
from qqt_bayes.report.prior_text import Array, group_of, quantiles
from qqt_bayes.tables.rows import HIGHEST

MAX_PANELS, MAX_COLUMNS = 12, 4
"""Training sets that are drawn, those with the most runs, and how many side by side."""
ROOM_ABOVE = 1.3
"""Losses are shown up to so many times the largest of the runs, or as far as half the draws go."""


def prior_curves(prior: xr.DataTree) -> Figure:
    """Draw a panel for each training set: bands of the prior against the budget, and its runs.

    Parameters
    ----------
    prior : DataTree
        As `qqt_bayes.prior_predictive` returns it, at enough budgets for a curve.

    Returns
    -------
    Figure
        The dark band holds 50 % and the light one 90 % of the draws for one training, the line is
        the median; dots are runs.
    """
    cells = group_of(prior, "prior_at_budgets")
    runs = group_of(prior, "constant_data")
    seen = group_of(prior, "observed_data")["error"].values
    names = list(zip(cells["data"].values.tolist(), cells["group"].values.tolist(), strict=True))
    of_run = [
        names.index(name)
        for name in zip(
            runs["data"].values[runs["data_index"].values].tolist(),
            runs["group"].values[runs["group_index"].values].tolist(),
            strict=True,
        )
    ]
    counts = np.bincount(of_run, minlength=len(names))
    shown = np.sort(np.argsort(-counts, kind="stable")[:MAX_PANELS])
    error = cells["error"].isel(chain=0).transpose("draw", "set", "budget").values
    bands = quantiles(error, (0.05, 0.25, 0.5, 0.75, 0.95))
    highest = HIGHEST[prior.attrs["kind"]]
    top = min(highest * 1.1, ROOM_ABOVE * max(seen.max(), float(np.median(bands[3]))))
    several = cells["group"].to_series().nunique() > 1
    with drawing(cells, runs):
        columns = min(MAX_COLUMNS, shown.size)
        rows = ceil(shown.size / columns)
        figure = Figure(figsize=(WIDTH, 0.7 + 1.55 * rows), layout="constrained")
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, i in zip(panels, shown, strict=False):
            mine = np.array(of_run) == i
            at = runs["samples_seen"].values[mine]
            _panel(axes, cells["budget"].values, bands[:, i], at, seen[mine], highest)
            data, group = names[i]
            axes.set_title(short(f"{data}, {group}" if several else data), fontsize=8)
            axes.set_ylim(0, top)
        budgets = cells["budget"].values
        samples_axis(panels[0], budgets.min() / 1.05, budgets.max() * 1.05, unit(prior.attrs))
        for axes in panels:
            axes.set_xlabel("")
            axes.tick_params(axis="x", labelrotation=45)
        for axes in panels[shown.size :]:
            axes.set_axis_off()
        for axes in panels[max(0, shown.size - columns) : shown.size]:
            axes.tick_params(labelbottom=True)
        if is_accuracy(prior.attrs):
            panels[0].yaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{1 - x:.3g}"))
        figure.supylabel(f"{measure(prior.attrs)} of one training", fontsize=9)
        left = len(names) - shown.size
        more = f"; {left} more training sets are not shown" if left else ""
        figure.supxlabel(f"{unit(prior.attrs)} seen{more}", fontsize=9)
        lines, labels = panels[0].get_legend_handles_labels()
        figure.legend(lines, labels, loc="outside upper center", ncols=4, frameon=False)
    return figure


def _panel(
    axes: Axes,
    budgets: Array,
    bands: Array,
    at: Array,
    seen: Array,
    highest: float,
) -> None:
    """Draw one training set."""
    ends = np.finfo(np.float32).max  # what is infinite has no place on a page
    low, lower, middle, upper, high = (np.minimum(x, ends) for x in bands)
    axes.fill_between(budgets, low, high, color="0.88", linewidth=0, label="prior, 90 %")
    axes.fill_between(budgets, lower, upper, color="0.76", linewidth=0, label="prior, 50 %")
    axes.plot(budgets, middle, color=GREY, linewidth=1.2, label="prior, median")
    axes.plot(at, seen, "o", color=INK, markersize=3.5, label="runs")
    if np.isfinite(highest):
        axes.axhline(highest, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
