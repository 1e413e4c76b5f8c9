"""Proposed runs as a figure: what they leave of the expected regret, and what one is worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import blended_transform_factory
from numpy.typing import NDArray
from xarray import DataArray

from qqt_bayes.errors import InputError
from qqt_bayes.phrases import cost, format_samples
from qqt_bayes.planning.plan import Plan
from qqt_bayes.report import plan_text
from qqt_bayes.report.figures.single_runs import (
    BADGE,
    MOST_NUMBERED,
    columns_of,
    cut,
    draw_cells,
    few_ticks,
    rows_of,
)
from qqt_bayes.report.figures.style import (
    FONT_SIZE,
    GREY,
    INK,
    LINE_SPACING,
    WIDTH,
    drawing,
    figure_of,
    lay_out,
)

type Array = NDArray[np.float64]

LEAST_WIDTH = 3.3
"""Inches: a column of a page; in less, names have no room."""
SIDE_BY_SIDE = 5.5
"""Inches from which on the panels stand beside each other."""
LINE = LINE_SPACING * FONT_SIZE / 72
"""Inches from a line of words to the next."""
STEPS = 2.4
"""Inches of the panel of steps."""
ROW, AROUND = 0.21, 1.0
"""Inches of a row of cells, and of what stands above and below all of them."""
LISTED, CHOICE = 24, 40
"""Columns of letters of a training set's name in the list, and of the choice's in the heading."""
LETTER = 0.62
"""Width of a column of letters, in units of their size."""
NUMBER = 16.0, 13.0
"""Points from a number on the steps to the next beside it, and below it."""


def plot_plan(plan: Plan, width: float = WIDTH) -> Figure:
    """Draw what is left of the expected regret after each proposed run, and single runs' values.

    Parameters
    ----------
    plan : Plan
        As `qqt_bayes.design` returns it.
    width : float
        Inches; less than 3.3 is taken as 3.3. From 5.5 on the panels stand beside each other.

    Returns
    -------
    Figure
        First, the expected regret of the best choice against what was spent: today it is the
        value of perfect information, and each proposed run is a numbered step down. Below it the
        runs by their numbers. Then what each run would save if it were the only one, by training
        set and budget, with the same numbers; a cross is a run that cannot be afforded. That panel
        is left out where none can.

    Raises
    ------
    InputError
        If that is no plan.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> fits = [qqt.load("fit.nc"), qqt.load("other.nc")]
    >>> plan = qqt.design(fits, allowance="500M", budget="550M", levels="composition.csv")
    >>> qqt.plot_plan(plan).savefig("plan.png")
    """
    if not isinstance(plan, Plan):
        kind = type(plan).__name__
        raise InputError(f"plan: expected what qqt_bayes.design returns, got {kind}")
    width = max(width, LEAST_WIDTH)
    listed, rows = _listed(plan), rows_of(plan)
    beside = width >= SIDE_BY_SIDE and bool(rows)
    first: list[Panel] = [(STEPS, lambda axes: _steps(axes, plan))]
    if listed:
        first.append((LINE * (len(listed) + 1), lambda axes: _list(axes, listed, plan.counted)))
    second: list[Panel] = []
    if rows:
        second.append((AROUND + ROW * len(rows), lambda axes: draw_cells(axes, plan, rows)))
    columns = [first, second] if beside else [first + second]
    with drawing(plan.levels, plan.sets, {plan.unit: 0, plan.counted: 0}):
        heading = _heading(plan, width)
        height = max(sum(tall for tall, _ in panels) for panels in columns)
        figure = Figure(figsize=(width, height + LINE * (heading.count("\n") + 2)))
        figure.suptitle(heading, x=0.01, ha="left", fontsize=FONT_SIZE, color=INK)
        grid = figure.add_gridspec(1, len(columns))
        for column, panels in enumerate(columns):
            heights = [tall for tall, _ in panels]
            places = grid[column].subgridspec(len(panels), 1, height_ratios=heights)
            for row, (_, draw) in enumerate(panels):
                draw(figure.add_subplot(places[row]))
        _number(figure.axes[0], plan)
    return figure


type Panel = tuple[float, Callable[[Axes], None]]
"""How high a panel is, in inches, and what draws it."""


def _heading(plan: Plan, width: float) -> str:
    """The verdict, in lines."""
    words = plan_text.verdict(replace(plan, choice=cut(plan.choice, CHOICE)))
    wide = columns_of(words) - len(words)
    return fill(words, int(width * 72 / (FONT_SIZE * LETTER)) - wide)


def _listed(plan: Plan) -> list[str]:
    """A line for each run: its number, its training set, and its budget."""
    runs = plan.runs.head(MOST_NUMBERED)
    lines = [
        f"{number}  {cut(name, LISTED)}, {format_samples(seen)}" + (f" (training {n})" * (n > 1))
        for number, name, seen, n in zip(
            range(1, len(runs) + 1),
            runs["data"],
            runs["samples_seen"],
            runs["training"],
            strict=True,
        )
    ]
    more = len(plan.runs) - len(runs)
    return [*lines, f"and {more} more"] if more else lines


def _list(axes: Axes, lines: list[str], counted: str) -> None:
    """Write the runs below the steps."""
    axes.set_axis_off()
    step = 1 / (len(lines) + 1)
    beside = blended_transform_factory(figure_of(axes).transFigure, axes.transAxes)
    for row, line in enumerate([f"Train, in this order ({counted} seen):", *lines]):
        ink = GREY if row == 0 else INK
        place = 0.02, 1 - (row + 0.5) * step
        axes.text(*place, line, va="center", color=ink, transform=beside, in_layout=False)


def _steps(axes: Axes, plan: Plan) -> None:
    """Draw the expected regret against what was spent."""
    spent = np.append(0.0, plan.runs["total_cost"].to_numpy(float))
    left = np.append(plan.expected_regret, plan.runs["expected_regret"].to_numpy(float))
    end = spent[-1] * 1.08 or plan.allowance
    at, heights = np.append(spent, end), np.append(left, left[-1])
    axes.fill_between(at, heights, left[0], step="post", color="0.93", linewidth=0)
    axes.step(at, heights, where="post", color=INK, label="left")
    axes.plot(0, left[0], marker="o", color=INK, clip_on=False, zorder=4, label="today")
    top = 1.22 * left[0] or 1.0
    axes.set(xlim=(0, end), ylim=(0, top))
    axes.xaxis.set_major_locator(MaxNLocator(4))
    few_ticks(axes.yaxis)
    axes.set_title("What is left of the expected regret", loc="left", fontsize=FONT_SIZE)
    axes.set_ylabel(f"expected regret ({plan.measure})")
    counted = plan.unit == plan.counted
    axes.xaxis.set_major_formatter(FuncFormatter(lambda paid, _: format_samples(paid)))
    axes.set_xlabel(f"spent ({plan.unit} seen)" if counted else f"spent ({plan.unit})")
    words: dict[str, Any] = {"textcoords": "offset points", "color": INK}
    axes.annotate(f"today: {_amount(left[0])}", (0, left[0]), (6, 4), **words)
    if len(plan.runs):
        up = 5 if left[-1] < 0.15 * top else -14
        after = f"after {'it' if len(plan.runs) == 1 else 'them'}: {_amount(left[-1])}"
        pale = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 0.5}
        axes.annotate(after, (end, left[-1]), (-2, up), ha="right", bbox=pale, **words)
    if plan.worth and left[0] > 0:
        worth: Any = plan.worth
        money = axes.secondary_yaxis("right", functions=(lambda y: y * worth, lambda y: y / worth))
        money.set_ylabel(f"worth ({plan.unit})", fontsize=FONT_SIZE)
        money.yaxis.set_major_formatter(FuncFormatter(lambda paid, _: format_samples(paid)))


def _amount(regret: float) -> str:
    """A regret as texts have it."""
    return cost(DataArray(regret))


def _number(axes: Axes, plan: Plan) -> None:
    """Put the number of each run that is listed on its step, or right of it where another is.

    Every panel must be there already: what is near depends on where the axes will be.
    """
    lay_out(figure_of(axes))
    runs = plan.runs.head(MOST_NUMBERED)
    left = np.append(plan.expected_regret, runs["expected_regret"].to_numpy(float))
    steps = np.column_stack([runs["total_cost"], (left[:-1] + left[1:]) / 2])
    points = axes.transData.transform(steps) * 72 / figure_of(axes).dpi
    arrow = {"arrowstyle": "-", "color": GREY, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0}
    placed: list[Array] = []
    for number, (step, point) in enumerate(zip(steps, points, strict=True), start=1):
        place = point.copy()
        for other in sorted(placed, key=lambda each: each[0]):
            if (abs(place - other) < NUMBER).all():
                place[0] = other[0] + NUMBER[0]
        placed.append(place)
        moved: dict[str, Any] = {"xytext": place - point, "textcoords": "offset points"}
        axes.annotate(str(number), tuple(step), arrowprops=arrow, **moved, **BADGE)
