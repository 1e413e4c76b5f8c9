"""Proposed runs as a figure: what they leave of the expected regret, and what one is worth."""

from __future__ import annotations

from dataclasses import replace
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray
from xarray import DataArray

from qqt_bayes.errors import InputError
from qqt_bayes.phrases import cost, format_samples
from qqt_bayes.planning.plan import Plan
from qqt_bayes.report import plan_text
from qqt_bayes.report.figures import canvas
from qqt_bayes.report.figures.canvas import Panels
from qqt_bayes.report.figures.labels import LEAST_LETTERS, letters_below
from qqt_bayes.report.figures.single_runs import (
    MOST_NUMBERED,
    MOST_ROWS,
    badge,
    columns_of,
    cut,
    draw_cells,
    few_ticks,
    rows_of,
)
from qqt_bayes.report.figures.style import (
    LINE_SPACING,
    between,
    figure_of,
    grey,
    ink,
    lay_out,
    size,
    styling,
)
from qqt_bayes.report.figures.written import axis_labels, written

type Array = NDArray[np.float64]

STEPS, ROW = 1.6, 0.21
"""Inches of the axes of steps, and of a row of cells."""
AROUND = 1.0
"""Inches of what stands above and below steps, or cells."""
LEAST_STEPS, LEAST_ROW, LEAST_ROWS = 0.6, 0.15, 3
"""Inches in which steps and a row of cells can be read, and rows that are worth a panel."""
AROUND_STEPS, AROUND_CELLS = 1.0, 1.1
"""Inches of title, ticks and names around steps, and around cells, in the place of given axes."""
NO_ROOM = "worth of single runs not shown"
"""What is said where the cells are left out for want of room."""
CHOICE = 40
"""Columns of letters of the choice's name in the heading."""
LETTER = 0.62
"""Width of a column of letters, in units of their size."""
NARROW = 0.48
"""The same of a sentence in small letters, which are narrower than those of names may be."""
OVERHANG = 1.25
"""Length of an axis's name above which it is broken, in units of that of the axis."""
NUMBER = 2.0, 1.6
"""From a number on the steps to the next beside it, and below it, in units of letters' size."""


def plot_plan(plan: Plan, *, ax: Axes | Panels | None = None) -> Panels:
    """What is left of the expected regret after each proposed run, and what single runs are worth.

    In the first panel the expected regret of the best choice falls with what is spent: today it is
    the value of perfect information, and each proposed run is a numbered step down.  The second
    lists the runs by their numbers.  The third has what each run would save if it were the only
    one, by training set and budget, with the same numbers; a cross is a run that cannot be
    afforded.  The list is left out where no run is proposed, the third panel where none can be
    afforded, or where it cannot be read in the place of given axes.  A new figure says above them
    what they come to.

    Parameters
    ----------
    plan : Plan
        As `qqt_bayes.design` returns it.
    ax : Axes or array of Axes, optional
        Axes whose place is divided, or as many as there are panels; a new figure if not given.

    Returns
    -------
    array of Axes, shape (panel,)

    Raises
    ------
    InputError
        If that is no plan, or what is given are no axes, or too few.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> fits = [qqt.load("fit.nc"), qqt.load("other.nc")]
    >>> plan = qqt.design(fits, allowance="500M", budget="550M", levels="composition.csv")
    >>> steps, runs, alone = qqt.plot_plan(plan)
    >>> steps.get_xlabel(), alone.get_xlabel()
    ('spent (samples seen)', 'samples seen by the run')
    """
    if not isinstance(plan, Plan):
        kind = type(plan).__name__
        raise InputError(f"plan: expected what qqt_bayes.design returns, got {kind}")
    with styling(ax, plan.levels, plan.sets, {plan.unit: 0, plan.counted: 0}):
        listed = min(len(plan.runs), MOST_NUMBERED + 1)
        rows = rows_of(plan, _most_rows(ax, listed))
        panels = _panels(ax, plan, listed, rows)
        _steps(panels[0], plan, "" if rows or not len(plan.candidates) else NO_ROOM)
        if listed:
            panels[1].set_axis_off()
        if rows:
            draw_cells(panels[-1], plan, rows)
        for axes in panels:
            _shorten(axes)
            canvas.make_room(axes)
        lay_out(figure_of(panels[0]))  # what follows depends on where the axes will be
        _number(panels[0], plan)
        if listed:
            _list(panels[1], plan)
    return panels


def _most_rows(ax: Axes | Panels | None, listed: int) -> int:
    """How many rows of cells can be read in the place of given axes; none if it is too low."""
    if ax is None:
        return MOST_ROWS
    if not isinstance(ax, Axes):
        given = np.ravel(np.asarray(ax, dtype=object))
        place = given[min(1 + bool(listed), given.size - 1)]
        return max(LEAST_ROWS, int(canvas.inches(place)[1] / LEAST_ROW))
    height = canvas.place_height(ax) - AROUND_CELLS
    if canvas.beside(ax, 2) == 1:
        height -= AROUND_STEPS + LEAST_STEPS + _list_height(listed)
    rows = int(height / LEAST_ROW)
    return rows if rows >= LEAST_ROWS else 0


def _list_height(listed: int) -> float:
    """Inches of the list of so many runs, with its heading."""
    return LINE_SPACING * size() / 72 * (listed + 1) if listed else 0.0


def _panels(ax: Axes | Panels | None, plan: Plan, listed: int, rows: list[str]) -> Panels:
    """The axes of steps, of the list of runs if there are any, and of cells if there are any."""
    line = LINE_SPACING * size() / 72
    cells = ROW * len(rows)
    if ax is not None and not isinstance(ax, Axes):
        return canvas.several(ax, 1 + bool(listed) + bool(rows), 1, 0.0, 0.0)
    beside = bool(rows) and canvas.beside(ax, 2) > 1
    below = [line * (listed + 2 + beside)] if listed else []  # what shares the place takes of it
    steps = max(STEPS, cells - sum(below)) if beside else STEPS
    heights = [steps, *below, *([cells] if rows and not beside else [])]
    heading = _heading(plan) if ax is None else ""
    around = line * (heading.count("\n") + 2) + AROUND * (2 if rows and not beside else 1)
    if ax is not None and not beside:
        heights = _shared(canvas.place_height(ax), listed, len(rows))
    figure, grid = canvas.divided(ax, around + sum(heights), len(heights), 1 + beside, heights)
    if heading:
        figure.suptitle(heading, x=0.01, ha="left", fontsize=size(), color=ink())
    places = [grid[row, 0] for row in range(len(heights))] + ([grid[:, 1]] if beside else [])
    panels = np.empty(len(places), dtype=object)
    for i, place in enumerate(places):
        panels[i] = figure.add_subplot(place)
    return panels


def _shared(height: float, listed: int, rows: int) -> list[float]:
    """Heights of steps, list and cells in so many inches: what is written has its lines."""
    inside = max(height - AROUND_STEPS - AROUND_CELLS * bool(rows), LEAST_STEPS)
    written = min(_list_height(listed), inside / 2)
    drawn = inside - written
    steps = max(LEAST_STEPS, drawn / 3) if rows else drawn
    cells = max(drawn - steps, 0.1)
    return [steps, *([written] if listed else []), *([cells] if rows else [])]


def _shorten(axes: Axes) -> None:
    """Break the name of a vertical axis, or of a colour bar, that is longer than its axis."""
    lay_out(figure_of(axes))
    for each in (axes, *axes.child_axes):
        name = each.yaxis.label
        longer = name.get_window_extent().height / axes.get_window_extent().height
        if longer > OVERHANG:
            said = name.get_text()
            written(name, fill(said, max(LEAST_LETTERS, int(len(said) / longer))))


def _heading(plan: Plan) -> str:
    """The verdict, in lines as wide as a new figure."""
    words = plan_text.verdict(replace(plan, choice=cut(plan.choice, CHOICE)))
    wide = columns_of(words) - len(words)
    return fill(words, int(canvas.figure_width() * 72 / (size() * LETTER)) - wide)


def _list(axes: Axes, plan: Plan) -> None:
    """Write as many runs as have room below each other: number, training set, and budget."""
    line = LINE_SPACING * size()
    lines, letters = (
        int(extent * 72 / each + 0.2)  # rounding must not cost a line
        for extent, each in zip(canvas.inches(axes)[::-1], (line, size() * LETTER), strict=True)
    )
    count = min(len(plan.runs), MOST_NUMBERED)
    if lines < 1 + len(plan.runs):
        count = min(count, max(lines - 2, 0))
    heading = f"Train, in this order ({plan.counted} seen):"
    fits = len(heading) * NARROW * size() <= canvas.inches(axes)[0] * 72
    said = [heading if fits else "Train, in this order:"]
    for number, run in enumerate(plan.runs.head(count).itertuples(), start=1):
        seen = f", {format_samples(run.samples_seen)}"
        seen += f" (training {run.training})" * (run.training > 1)
        name = cut(str(run.data), max(letters - len(f"{number}  {seen}"), 8))
        said.append(f"{number}  {name}{seen}")
    if len(plan.runs) > count:
        said.append(f"and {len(plan.runs) - count} more" if count else f"{len(plan.runs)} runs")
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
    for row, words in enumerate(said):
        colour = ink() if row else grey()
        below = axes.annotate(
            words, (0, 1), (0, -row * line), va="top", color=colour, fontsize=size(), **place
        )
        below.set_in_layout(False)


def _steps(axes: Axes, plan: Plan, left_out: str = "") -> None:
    """Draw the expected regret against what was spent."""
    spent = np.append(0.0, plan.runs["total_cost"].to_numpy(float))
    left = np.append(plan.expected_regret, plan.runs["expected_regret"].to_numpy(float))
    end = spent[-1] * 1.08 or plan.allowance
    at, heights = np.append(spent, end), np.append(left, left[-1])
    axes.fill_between(at, heights, left[0], step="post", color=between(0.08), linewidth=0)
    axes.step(at, heights, where="post", color=ink(), label="left")
    axes.plot(0, left[0], marker="o", color=ink(), clip_on=False, zorder=4, label="today")
    axes.set(xlim=(0, end), ylim=(0, 1.1 * left[0] or 1.0))
    axes.xaxis.set_major_locator(MaxNLocator(4))
    few_ticks(axes.yaxis)
    said = [f"{_amount(left[0])} {'before any run' if plan.prior else 'today'}"]
    if len(plan.runs):
        said.append(f"{_amount(left[-1])} after {'it' if len(plan.runs) == 1 else 'them'}")
    figure = figure_of(axes)
    room = (figure.bbox.x1 - axes.get_window_extent().x0) / figure.dpi * 72
    about = fill("What is left of the expected regret:", int(room / (LETTER * size())))
    words = f"{about}\n{', '.join(said)}"
    axes.set_title(words, loc="left", fontsize=size())
    counted = plan.unit == plan.counted
    axes.xaxis.set_major_formatter(FuncFormatter(lambda paid, _: format_samples(paid)))
    spent_on = f"spent ({plan.unit} seen)" if counted else f"spent ({plan.unit})"
    if left_out:
        spent_on = f"{spent_on}\n{fill(left_out, letters_below(axes))}"
    axis_labels(axes, spent_on, f"expected regret ({plan.measure})")
    if plan.worth and left[0] > 0:
        worth: Any = plan.worth
        money = axes.secondary_yaxis("right", functions=(lambda y: y * worth, lambda y: y / worth))
        money.set_ylabel(f"worth ({plan.unit})", fontsize=size())
        money.yaxis.set_major_formatter(FuncFormatter(lambda paid, _: format_samples(paid)))


def _amount(regret: float) -> str:
    """A regret as texts have it."""
    return cost(DataArray(regret))


def _number(axes: Axes, plan: Plan) -> None:
    """Put the number of each run that is listed on its step, or right of it where another is."""
    runs = plan.runs.head(MOST_NUMBERED)
    left = np.append(plan.expected_regret, runs["expected_regret"].to_numpy(float))
    steps = np.column_stack([runs["total_cost"], (left[:-1] + left[1:]) / 2])
    points = axes.transData.transform(steps) * 72 / figure_of(axes).dpi
    arrow = {"arrowstyle": "-", "color": grey(), "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0}
    apart = size() * np.array(NUMBER)
    placed: list[Array] = []
    for number, (step, point) in enumerate(zip(steps, points, strict=True), start=1):
        place = point.copy()
        for other in sorted(placed, key=lambda each: each[0]):
            if (abs(place - other) < apart).all():
                place[0] = other[0] + apart[0]
        placed.append(place)
        moved: dict[str, Any] = {"xytext": place - point, "textcoords": "offset points"}
        axes.annotate(str(number), tuple(step), arrowprops=arrow, **moved, **badge())
