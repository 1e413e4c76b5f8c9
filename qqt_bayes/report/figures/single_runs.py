"""What single runs are worth, as cells: the second panel of the figure of proposed runs."""

from __future__ import annotations

import unicodedata
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgb
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from qqt_bayes.phrases import format_samples
from qqt_bayes.planning.plan import Plan
from qqt_bayes.report.figures.style import figure_of, grey, ink, ink_on, palette, paper, size
from qqt_bayes.report.figures.written import as_written, axis_labels

MOST_ROWS, MOST_NUMBERED = 16, 12
"""Training sets that have a row, and proposed runs that have a number, at the most."""
NAME = 16
"""Columns of letters of a training set's name beside its row."""
MOST_TICKS = 12
"""Budgets of single runs that are named."""
LEAST_SCALE = 0.25
"""Share of the expected regret that is dark: what is worth next to nothing stays pale."""
CROSS = "\N{MULTIPLICATION SIGN}"
"""What stands in the place of a run that cannot be afforded."""


def rows_of(plan: Plan, most: int = MOST_ROWS) -> list[str]:
    """The training sets that have a row: those proposed, then those worth most, in their order."""
    each = plan.candidates
    best = each.groupby("data")["value"].max().sort_values(ascending=False, kind="stable")
    wanted = list(dict.fromkeys([*plan.runs["data"], *best.index]))[: min(most, MOST_ROWS)]
    return [name for name in map(str, plan.sets["data"].values) if name in wanted]


def badge() -> dict[str, Any]:
    """How the number of a run is written."""
    return {
        "ha": "center",
        "va": "center",
        "color": paper(),
        "fontsize": 0.9 * size(),
        "fontweight": "bold",
        "zorder": 5,
        "bbox": {"boxstyle": "round,pad=0.25", "facecolor": ink(), "edgecolor": paper()},
    }


def shades() -> Colormap:
    """From the ground, where a run is worth nothing, to a colour; or the user's own colours."""
    cmap = matplotlib.rcParams["image.cmap"]
    if cmap != matplotlib.rcParamsDefault["image.cmap"]:
        return matplotlib.colormaps[cmap]
    dark, light = palette(2)
    ground = to_rgb(paper())
    return LinearSegmentedColormap.from_list(
        "worth", [ground, dark if ink_on(ground) == "black" else light]
    )


def draw_cells(axes: Axes, plan: Plan, rows: list[str]) -> None:
    """Draw what each run would save alone."""
    each, runs = plan.candidates, plan.runs
    budgets = np.unique(each["samples_seen"])
    alone = each.pivot_table(index="data", columns="samples_seen", values="value")
    values = alone.reindex(index=rows, columns=budgets).to_numpy()
    most = max(np.nanmax(values), LEAST_SCALE * plan.expected_regret) or 1.0
    shown = axes.imshow(np.ma.masked_invalid(values), shades(), aspect="auto", vmin=0, vmax=most)
    for row, column in np.argwhere(np.isnan(values)):
        axes.text(column, row, CROSS, ha="center", va="center", color=grey())
    places = runs.assign(number=range(1, len(runs) + 1)).head(MOST_NUMBERED)
    for (name, seen), numbers in places.groupby(["data", "samples_seen"])["number"]:
        place = np.searchsorted(budgets, seen), rows.index(name)
        first = ", ".join(map(str, numbers[:2])) + "…" * (len(numbers) > 2)
        axes.text(*place, first, **badge())
    every = -(-budgets.size // MOST_TICKS)
    ticks = range(0, budgets.size, every)
    axes.set_xticks(ticks, [format_samples(budgets[i]) for i in ticks], rotation=90)
    axes.set_yticks(range(len(rows)), [cut(name, NAME) for name in rows])
    axes.tick_params(length=0)
    axes.grid(visible=False)
    as_written(axes)
    axis_labels(axes, f"{plan.counted} seen by the run{_beside(plan, rows, values)}", "")
    axes.set_title("What one run alone would save", loc="left", fontsize=size())
    beside = axes.inset_axes((1.03, 0.0, 0.04, 1.0))  # it moves with them, whatever the layout is
    bar = figure_of(axes).colorbar(shown, cax=beside)
    bar.outline.set_visible(False)
    few_ticks(bar.ax.yaxis)
    bar.set_label(f"regret ({plan.measure})", fontsize=size())


def _beside(plan: Plan, rows: list[str], values: NDArray[np.float64]) -> str:
    """What is said below the cells: of crosses, and of training sets that have no row."""
    lines = [f"{CROSS} costs more than there is"] if np.isnan(values).any() else []
    others = plan.sets.sizes["data"] - len(rows)
    rest = plan.candidates.loc[~plan.candidates["data"].isin(rows), "value"]
    if others and rest.empty:
        lines.append(f"{others} more sets cost more than there is")
    elif others:
        lines.append(f"{others} more sets: at most {max(rest.max(), 0):.2g}")
    return "".join(f"\n{line}" for line in lines)


def few_ticks(axis: Axis) -> None:
    """Few ticks, without powers of ten."""
    axis.set_major_locator(MaxNLocator(4))
    axis.set_major_formatter(FuncFormatter(lambda regret, _: f"{regret:.3g}"))


def cut(name: str, most: int) -> str:
    """A name without its middle where it takes more than some columns of letters.

    Names of training sets often begin alike and end alike.

    Examples
    --------
    >>> cut("top 10%", 18), cut("everything that was crawled, top 10%", 18)
    ('top 10%', 'everythi…, top 10%')
    >>> cut("数据" * 10, 18)
    '数据数据…数据数据'
    """
    name = " ".join(name.split())
    if columns_of(name) <= most:
        return name
    begin, end = name[: most // 2], name[-(most // 2) :]
    while columns_of(begin) + 1 + columns_of(end) > most:
        if columns_of(begin) >= columns_of(end):
            begin = begin[:-1]
        else:
            end = end[1:]
    return f"{begin}…{end}"


def columns_of(text: str) -> int:
    """Columns that a text takes; Chinese, Japanese and Korean signs take two."""
    return sum(1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)
