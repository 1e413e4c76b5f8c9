"""Scaling curves: the error of each level against the budget, the runs, and what was decided."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from qqt_bayes.posterior.levels import UNDECIDED
from qqt_bayes.report.figures.bands import (
    STRIP_TITLES,
    Key,
    decided,
    keep_room,
    key_above,
    shade_beyond,
    strip,
    strip_height,
)
from qqt_bayes.report.figures.labels import end_labels, samples_axis
from qqt_bayes.report.figures.shown import Curves
from qqt_bayes.report.figures.style import grey, ink, marker, palette, paper
from qqt_bayes.report.figures.written import axis_labels
from qqt_bayes.report.measures import ACCURACY, is_accuracy, is_new_run, measure, unit
from qqt_bayes.report.on_levels import level_of_sets

WINNER, TAKEN = "winner", "choice (no clear winner)"
"""Keys of the rings: a level that won, and one that the rule takes although none did."""
RUN, OTHER_RUN = "run", "run on another training set"
"""Keys of the runs: of a level's own training set, or of one that is none of the levels."""


def draw_curves(axes: Axes, curves: Curves) -> None:
    """Draw expected errors and bands of levels, runs, what was decided, and a key for the signs."""
    names = curves.expected["level"].values.tolist()
    colours = palette(len(names))
    budgets, expected = curves.expected["budget"].values, curves.expected.values
    lower, upper = curves.ends.values
    for i, colour in enumerate(colours):
        if budgets.size > 1:
            axes.fill_between(budgets, lower[i], upper[i], color=colour, alpha=0.13, linewidth=0)
        else:
            axes.vlines(budgets, lower[i], upper[i], color=colour, linewidth=1)
        axes.plot(budgets, expected[i], color=colour, label=names[i])
    keys = {expected_with_band(curves.attrs): _line_in_band()}
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
    keep_room(axes, strip_height(won))
    key_above(axes, list(keys.values()), list(keys), strip_height(won))
    end_labels(axes, budgets[-1], expected[:, -1], names, colours, above=strip_height(won))
    if curves.decision is not None:
        shade_beyond(axes, curves.decision)
        if won:
            strip(axes, curves.decision["budget"], won, names, *STRIP_TITLES)


def error_axis(axes: Axes, attributes: Any, metric: str = "", *, of: str = "") -> None:
    """Name the axis of errors, whose ticks are accuracies where accuracies were measured."""
    what = "loss" if attributes.get("kind") == "loss" else "error rate"
    if is_accuracy(attributes):
        what = ACCURACY
        axes.yaxis.set_major_formatter(FuncFormatter(lambda error, _: f"{1 - error:.3g}"))
    axis_labels(axes, y=f"{of}{what} ({metric})" if metric else f"{of}{what}")


def expected_with_band(attributes: Mapping[Any, Any]) -> str:
    """The key of a line in a band: the expected error, by which rules judge, and its interval.

    Examples
    --------
    >>> expected_with_band({"kind": "error", "interval": 0.9})
    'expected error, 90 % band'
    >>> expected_with_band({"kind": "error", "measure": "accuracy", "interval": 0.8})
    'expected accuracy, 80 % band'
    """
    one = " of one training" if is_new_run(attributes) else ""
    return f"expected {measure(attributes)}{one}, {100 * attributes['interval']:g} % band"


def _line_in_band() -> Key:
    """What stands for the lines and bands of all levels."""
    line = Line2D([], [], color=ink(), linewidth=1.5)
    return line, Patch(facecolor=ink(), alpha=0.15, linewidth=0)


def _rings(axes: Axes, decision: xr.Dataset, names: list[str]) -> dict[str, Key]:
    """Ring the level that is taken at each budget: in its colour if it won, else thin and grey."""
    expected = decision["error_mean"].sel(level=decision["choice"]).values
    won = (decision["winner"] != UNDECIDED).values & bool(decision.attrs["gate_passed"])
    chosen = np.array([names.index(name) for name in decision["choice"].values.tolist()])
    budgets, colours = decision["budget"].values, palette(len(names))
    found: dict[str, Key] = {}
    for label, where, edge, area, width in (
        (WINNER, won, colours[chosen], 34, 1.5),
        (TAKEN, ~won, np.array([grey()] * chosen.size), 18, 0.8),
    ):
        if not where.any():
            continue
        ring: dict[str, Any] = {"facecolor": paper(), "linewidth": width, "zorder": 4}
        axes.scatter(
            budgets[where], expected[where], s=area, edgecolor=edge[where], label=label, **ring
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
) -> dict[str, Key]:
    """Draw each run with the colour and marker of its level; -1 is none, a grey cross."""
    seen, error = runs["samples_seen"].values, runs["error"].values
    other = level < 0
    found: dict[str, Key] = {}
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
