"""What choosing each level is expected to cost, against the budget."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from qqt_bayes.phrases import LEAST_COST
from qqt_bayes.report.figures.bands import key_above, shade_beyond
from qqt_bayes.report.figures.labels import end_labels, samples_axis
from qqt_bayes.report.figures.places import along, settle
from qqt_bayes.report.figures.style import grey, ink, marker, palette, paper, size
from qqt_bayes.report.figures.written import axis_labels
from qqt_bayes.report.measures import measure, unit


def draw_regret(axes: Axes, decision: xr.Dataset) -> None:
    """Draw the expected regret of each level, that of the choice, and the margin.

    The axis is logarithmic and ends where digits mean nothing: what costs less is drawn there.
    """
    names = decision["level"].values.tolist()
    colours, budgets = palette(len(names)), decision["budget"].values
    regret = decision["regret"].transpose("level", "budget").values.clip(LEAST_COST)
    for i, colour in enumerate(colours):
        look: dict[str, Any] = {"marker": marker(i), "markersize": 4.5}
        look |= {"markeredgecolor": paper(), "markeredgewidth": 0.4}
        axes.plot(budgets, regret[i], color=colour, label=names[i], linewidth=1.2, **look)
    chosen = decision["choice_regret"].values.clip(LEAST_COST)
    (choice,) = axes.plot(
        budgets, chosen, color=ink(), linewidth=3, alpha=0.3, label="choice", zorder=1.5
    )
    samples_axis(axes, budgets[0] / 1.05, budgets[-1] * 1.05, unit(decision.attrs))
    axes.set_yscale("log")
    most = max(regret.max(), 10 * LEAST_COST)
    axes.set_ylim(LEAST_COST, most * 1.5)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 3) if most < 30 * LEAST_COST else (1,)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(_tick))
    axis_labels(axes, y=f"expected regret ({measure(decision.attrs)})")
    margin, words = decision.attrs["margin"], None
    if LEAST_COST < margin < most:
        axes.axhline(margin, color=grey(), linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        words = axes.annotate(
            f"margin {margin:g}",
            (0, margin),
            (4, 3),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            color=grey(),
            fontsize=0.9 * size(),
        )
    key_above(axes, [choice], ["the choice"])
    end_labels(axes, budgets[-1], regret[:, -1], names, colours)
    if words is not None:
        settle(axes, words, along(axes, words))
    shade_beyond(axes, decision)


def _tick(regret: float, _: object) -> str:
    """A cost in error; the least stands for all that are no larger."""
    least = "\N{LESS-THAN OR EQUAL TO} " if np.isclose(regret, LEAST_COST) else ""
    return f"{least}{regret:g}"
