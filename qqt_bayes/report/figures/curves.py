"""Scaling curves: the error of each level against the budget, the runs, and what was decided."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from qqt_bayes.posterior.levels import UNDECIDED
from qqt_bayes.report.figures.bands import decided, shade_beyond, strip, strip_height
from qqt_bayes.report.figures.labels import end_labels, samples_axis
from qqt_bayes.report.figures.shown import Curves
from qqt_bayes.report.figures.style import grey, marker, palette, paper, size
from qqt_bayes.report.figures.written import axis_labels
from qqt_bayes.report.measures import ACCURACY, is_accuracy, unit
from qqt_bayes.report.on_levels import level_of_sets

WINNER, TAKEN = "winner", "taken, undecided"
"""Keys of the rings: a level that won, and one that the rule takes although none did."""
RUN, OTHER_RUN = "run", "run on no level"
"""Keys of the runs, by what they were trained on."""


def draw_curves(axes: Axes, curves: Curves) -> None:
    """Draw medians and bands of levels, their runs, what was decided, and a key for the signs."""
    names = curves.error["level"].values.tolist()
    colours = palette(len(names))
    budgets = curves.error["budget"].values
    lower, middle, upper = curves.error.values
    for i, colour in enumerate(colours):
        if budgets.size > 1:
            axes.fill_between(budgets, lower[i], upper[i], color=colour, alpha=0.13, linewidth=0)
        else:
            axes.vlines(budgets, lower[i], upper[i], color=colour, linewidth=1)
        axes.plot(budgets, middle[i], color=colour, label=names[i])
    keys: dict[str, Line2D] = {}
    if curves.runs is not None:
        level = level_of_runs(curves.runs, curves.levels, names)
        keys |= _points(axes, curves.runs, level, colours)
    if curves.decision is not None:
        keys |= _rings(axes, curves.decision, names)
    seen = budgets if curves.runs is None else np.append(budgets, curves.runs["samples_seen"])
    wider = 1.05 if curves.runs is not None else 1
    samples_axis(axes, seen.min() / 1.05, seen.max() * wider, unit(curves.attrs))
    axes.margins(y=0.04)
    error_axis(axes, curves.attrs, "" if curves.runs is None else curves.runs.attrs["metric"])
    won = [] if curves.decision is None else decided(curves.decision)
    # below the curves, which fall
    shown = list(keys.values())
    box = {"frameon": True, "framealpha": 0.7, "edgecolor": "none", "facecolor": paper()}
    if shown:
        small = {"fontsize": 0.9 * size(), "handletextpad": 0.3, "borderpad": 0.2}
        axes.legend(shown, list(keys), loc="lower left", **box, **small)
    end_labels(axes, budgets[-1], middle[:, -1], names, colours, above=strip_height(won))
    if curves.decision is not None:
        shade_beyond(axes, curves.decision)
        if won:
            strip(axes, curves.decision["budget"], won, names, "winner at each budget")


def error_axis(axes: Axes, attributes: Any, metric: str = "", *, of: str = "") -> None:
    """Name the axis of errors, whose ticks are accuracies where accuracies were measured."""
    what = "loss" if attributes.get("kind") == "loss" else "error rate"
    if is_accuracy(attributes):
        what = ACCURACY
        axes.yaxis.set_major_formatter(FuncFormatter(lambda error, _: f"{1 - error:.3g}"))
    axis_labels(axes, y=f"{of}{what} ({metric})" if metric else f"{of}{what}")


def _rings(axes: Axes, decision: xr.Dataset, names: list[str]) -> dict[str, Line2D]:
    """Ring the level that is taken at each budget: in its colour if it won, else thin and grey."""
    median = decision["error"].isel(quantile=1).sel(level=decision["choice"]).values
    won = (decision["winner"] != UNDECIDED).values & bool(decision.attrs["gate_passed"])
    chosen = np.array([names.index(name) for name in decision["choice"].values.tolist()])
    budgets, colours = decision["budget"].values, palette(len(names))
    found: dict[str, Line2D] = {}
    for label, where, edge, area, width in (
        (WINNER, won, colours[chosen], 34, 1.5),
        (TAKEN, ~won, np.array([grey()] * chosen.size), 18, 0.8),
    ):
        if not where.any():
            continue
        ring: dict[str, Any] = {"facecolor": paper(), "linewidth": width, "zorder": 4}
        axes.scatter(
            budgets[where], median[where], s=area, edgecolor=edge[where], label=label, **ring
        )
        key: dict[str, Any] = {"marker": "o", "linestyle": "none", "markerfacecolor": paper()}
        found[label] = Line2D(
            *([], []),
            markeredgecolor=edge[where][-1],
            markeredgewidth=width,
            markersize=np.sqrt(area),
            **key,
        )
    return found


def _points(
    axes: Axes, runs: xr.Dataset, level: NDArray[np.intp], colours: NDArray[np.float64]
) -> dict[str, Line2D]:
    """Draw each run with the colour and marker of its level; -1 is none, a grey cross."""
    seen, error = runs["samples_seen"].values, runs["error"].values
    other = level < 0
    found: dict[str, Line2D] = {}
    dot: dict[str, Any] = {"markeredgecolor": paper(), "linewidth": 0, "markersize": 6, "zorder": 5}
    for i in np.unique(level[~other]):
        on = level == i
        look: dict[str, Any] = {"markerfacecolor": colours[i], "marker": marker(i), **dot}
        axes.plot(seen[on], error[on], label="runs", **look)
        found[RUN] = Line2D([], [], marker="o", color=grey(), linestyle="none", markersize=5)
    if other.any():
        cross: dict[str, Any] = {"color": grey(), "linewidth": 0, "markersize": 4.5, "zorder": 2}
        (found[OTHER_RUN],) = axes.plot(
            seen[other], error[other], marker="x", label="other runs", **cross
        )
    return found


def level_of_runs(
    runs: xr.Dataset, levels: xr.DataArray | None, names: list[str]
) -> NDArray[np.intp]:
    """Index of the level that each run was trained on, -1 if it is none of them; shape (run,).

    A run is known by what its training set takes from each pool; without levels, by its name.
    """
    if levels is None:
        data = runs["data"].values.tolist()
        of_data = np.array([names.index(name) if name in names else -1 for name in data])
    else:
        of_data = level_of_sets(runs, levels.sel(level=names))
    index: NDArray[np.intp] = of_data[runs["data_index"].values]
    return index
