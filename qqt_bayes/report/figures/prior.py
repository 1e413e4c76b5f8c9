"""Figure of a prior: the errors that a model expects of each training set, and the runs on top."""

from __future__ import annotations

from textwrap import fill

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from qqt_bayes.errors import InputError
from qqt_bayes.phrases import quoted
from qqt_bayes.posterior.prior_predictive import LEGAL
from qqt_bayes.report.figures.canvas import (
    Panels,
    is_first,
    is_lowest,
    make_room_for_all,
    room_for,
    several,
)
from qqt_bayes.report.figures.labels import letters_below, name_height, samples_axis
from qqt_bayes.report.figures.style import (
    between,
    figure_of,
    grey,
    ink,
    short,
    size,
    styling,
    width_in_points,
)
from qqt_bayes.report.figures.written import axis_labels, written
from qqt_bayes.report.measures import is_accuracy, measure, unit
from qqt_bayes.report.prior_text import Array, group_of, quantiles
from qqt_bayes.tables.rows import HIGHEST

MAX_PANELS, MAX_COLUMNS = 12, 4
"""Training sets that are drawn, those with the most runs, and how many side by side."""
SLANTED = 2.2
"""Room that a slanted tick takes beside the next, in units of letters' size."""
LEGEND = 5.0
"""Inches of a figure in which the legend takes one line."""
ROOM_ABOVE = 1.3
"""Losses are shown up to so many times the largest of the runs, or as far as half the draws go."""


def plot_prior(prior: xr.DataTree, *, ax: Axes | Panels | None = None) -> Panels:
    """The errors that a model expects of each training set before it saw any run, and the runs.

    A panel for each training set, of the twelve with the most runs, or of as many as can be read in
    the place of given axes: the dark band holds 50 % and
    the light one 90 % of the draws of the prior for one training, the line is their median, and
    dots are runs.  A new figure has a legend; on axes that are given ``panels[0].legend()`` makes
    one.

    Parameters
    ----------
    prior : DataTree
        As `qqt_bayes.prior_predictive` returns it, at enough budgets for a curve.
    ax : Axes or array of Axes, optional
        Axes whose place is divided, or as many as there are panels; a new figure if not given.

    Returns
    -------
    array of Axes, shape (panel,)

    Raises
    ------
    InputError
        If that is no such result, or what is given are no axes, or too few.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> runs = qqt.read_runs("runs.csv", "composition.csv")
    >>> panels = qqt.plot_prior(qqt.prior_predictive(runs, "utility", "64M:5B:20"))
    >>> [ax.get_title() for ax in panels]
    ['top 10%', 'top 20%', 'top 30%']
    """
    if not isinstance(prior, xr.DataTree) or LEGAL not in prior.attrs:
        kind = "a DataTree without it" if isinstance(prior, xr.DataTree) else type(prior).__name__
        raise InputError(f"prior: expected what qqt_bayes.prior_predictive returns, got {kind}")
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
    columns = MAX_COLUMNS if ax is None else MAX_COLUMNS + 1  # axes are narrower than their place
    most = min(MAX_PANELS, room_for(ax, columns) or MAX_PANELS)
    shown = np.sort(np.argsort(-counts, kind="stable")[:most])
    error = cells["error"].isel(chain=0).transpose("draw", "set", "budget").values
    bands = quantiles(error, (0.05, 0.25, 0.5, 0.75, 0.95))
    highest = HIGHEST[prior.attrs["kind"]]
    top = min(highest * 1.1, ROOM_ABOVE * max(seen.max(), float(np.median(bands[3]))))
    several_groups = cells["group"].to_series().nunique() > 1
    budgets = cells["budget"].values
    with styling(ax, cells, runs):
        panels = several(ax, shown.size, columns, 1.45, 0.8)
        for place, i in enumerate(shown):
            axes, mine = panels[place], np.array(of_run) == i
            at = runs["samples_seen"].values[mine]
            _panel(axes, budgets, bands[:, i], at, seen[mine], highest)
            title = ", ".join(map(quoted, names[i])) if several_groups else names[i][0]
            room = int(width_in_points(axes) / (0.6 * size()))
            written(axes.title, short(title, max(room, 8))).set_fontsize(size())
            ends = budgets.min() / 1.05, budgets.max() * 1.05
            samples_axis(axes, *ends, unit(prior.attrs), tick=SLANTED)
            axis_labels(axes, "", "")
            axes.set_ylim(0, top)
            lowest, first = is_lowest(panels, place), is_first(panels, place)
            axes.tick_params(labelbottom=lowest, labelleft=first)
            axes.tick_params(axis="x", labelrotation=45)
            if is_accuracy(prior.attrs):
                axes.yaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{1 - x:.3g}"))
        left = len(names) - shown.size
        _labels(panels, prior, f"{left} more training sets are not shown" if left else "", ax)
    return panels


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
    axes.fill_between(budgets, low, high, color=between(0.14), linewidth=0, label="prior, 90 %")
    axes.fill_between(budgets, lower, upper, color=between(0.28), linewidth=0, label="prior, 50 %")
    axes.plot(budgets, middle, color=grey(), linewidth=1.2, label="prior, median")
    axes.plot(at, seen, "o", color=ink(), markersize=3.5, label="runs")
    if np.isfinite(highest):
        axes.axhline(highest, color=grey(), linewidth=0.8, linestyle=(0, (4, 3)))


def _labels(panels: Panels, prior: xr.DataTree, more: str, ax: Axes | Panels | None) -> None:
    """Name axes, and in a new figure what bands, lines and dots are."""
    x, y = f"{unit(prior.attrs)} seen", f"{measure(prior.attrs)} of one training"
    if ax is None:
        figure = figure_of(panels[0])
        lines, labels = panels[0].get_legend_handles_labels()
        figure.supylabel(y, fontsize=size())
        figure.supxlabel("; ".join(filter(None, [x, more])), fontsize=size())
        columns = 4 if figure.get_figwidth() > LEGEND else 2
        figure.legend(
            lines, labels, loc="outside upper center", ncols=columns, fontsize=size(), frameon=False
        )
        return
    for i, axes in enumerate(panels):
        if is_lowest(panels, i):
            below = fill(more, letters_below(axes)) if axes is panels[-1] else ""
            axis_labels(axes, x="\n".join(filter(None, [x, below])))
    name_height(panels, y)
    make_room_for_all(panels)
