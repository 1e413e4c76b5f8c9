"""What repetition costs: the utility that is left of pools, and what samples are worth."""

from math import ceil
from textwrap import fill
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from qqt_bayes.errors import InputError
from qqt_bayes.laws.effective_samples import EFFECTIVE, effective_samples
from qqt_bayes.phrases import format_samples
from qqt_bayes.posterior.fit import Fit, in_group
from qqt_bayes.posterior.levels import Levels, as_levels
from qqt_bayes.report.figures.canvas import Panels, is_first, is_lowest
from qqt_bayes.report.figures.forest import interval
from qqt_bayes.report.figures.labels import end_labels, letters_below, name_height, samples_axis
from qqt_bayes.report.figures.style import between, grey, palette, paper, short, size
from qqt_bayes.report.figures.written import axis_labels, written

MIN_REPETITIONS, MAX_REPETITIONS = 8, 100
"""Bounds of the repetitions that utility curves show: four half-lives, or about so."""
REPETITIONS_WITHOUT_DECAY = 20
"""Repetitions that utility curves show where repetition costs nothing."""
STEPS = 41
"""Budgets at which effective samples are drawn."""
FARTHER = 2.0
"""Times the largest run up to which they are drawn."""


def require_utility(parameters: xr.Dataset, law: str) -> None:
    """Refuse a law without a utility.

    Raises
    ------
    InputError
    """
    if "b" not in parameters or "tau" not in parameters or law in EFFECTIVE:
        raise InputError(
            f"law {law!r} has no utility that repetition lowers; "
            "qqt_bayes.plot_effective_samples shows what its samples are worth"
        )


def draw_utility(panels: Panels, parameters: xr.Dataset, probability: float) -> None:
    """Draw a panel for each pool: median and band, before the other pools' medians."""
    pools = parameters["pool"].values.tolist()
    half_life = parameters["tau"].median().item()
    last = REPETITIONS_WITHOUT_DECAY
    if np.isfinite(half_life):
        last = ceil(np.clip(4 * half_life, MIN_REPETITIONS, MAX_REPETITIONS))
    k = xr.DataArray(np.linspace(0, last, 101), dims="k")
    kappa = parameters.get("kappa", 0.0)
    utility = parameters["b"] * ((1 + kappa) * np.exp2(-k / parameters["tau"]) - kappa)
    utility = utility.broadcast_like(parameters["pool_size"])
    lower, middle, upper = interval(utility, probability).transpose("q", "pool", "k").values
    (colour,) = palette(1)
    # plain text: no mathematics is read, since names of pools may hold a dollar sign
    decay = "2^(\N{MINUS SIGN}k/\N{GREEK SMALL LETTER TAU})"
    kappa_sign = "\N{GREEK SMALL LETTER KAPPA}"
    overfit = f"((1 + {kappa_sign}) {decay} \N{MINUS SIGN} {kappa_sign})"
    decayed = overfit if "kappa" in parameters else decay
    for i, axes in enumerate(panels):
        axes.plot(k, middle.T, color=between(0.25), linewidth=0.7, zorder=1)
        axes.fill_between(k, lower[i], upper[i], color=colour, alpha=0.25, linewidth=0)
        axes.plot(k, middle[i], color=colour, label=pools[i])
        written(axes.title, fill(short(pools[i], 32), 17)).set_fontsize(size())
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.set(xlim=(0, last), ylim=(min(0, 1.05 * lower.min()), 1.05 * upper.max()))
        lowest, first = is_lowest(panels, i), is_first(panels, i)
        axes.tick_params(labelbottom=lowest, labelleft=first)
        axis_labels(axes, "repetitions k" if lowest else "", "")
        left = len(pools) - len(panels)
        if left and i == len(panels) - 1:
            more = f"{left} more {'pool is' if left == 1 else 'pools are'} not shown"
            axis_labels(axes, f"repetitions k\n{fill(more, letters_below(axes))}")
        axes.xaxis.label.set_fontsize(size())
    name_height(panels, f"b {decayed}")


def draw_effective(
    axes: Axes, fit: Fit, levels: Levels | None, group: str | None, probability: float
) -> None:
    """Draw what training sets are worth against the samples that were seen of them."""
    law = fit.spec.law
    if law not in EFFECTIVE:
        raise InputError(
            f"law {law!r} has no effective samples, which {', '.join(EFFECTIVE)} have; "
            "qqt_bayes.plot_utility shows what repetition leaves of its utility"
        )
    if levels is None:
        sizes = fit.runs["pool_size"]
        alone = xr.DataArray(np.diag(sizes.values), dims=("level", "pool"))
        levels = alone.assign_coords(level=sizes["pool"].values, pool=sizes["pool"].values)
    taken = as_levels(levels, fit.pools)
    total = taken.sum("pool").values
    seen = fit.runs["samples_seen"].values
    budgets = np.geomspace(min(total.min() / 2, seen.min()), FARTHER * seen.max(), STEPS)
    drawn = effective_samples(fit.law, in_group(fit.parameters, group), taken, budgets)
    lower, middle, upper = interval(drawn, probability).transpose("q", "level", "budget").values
    colours = palette(taken.sizes["level"])
    names = taken["level"].values.tolist()
    axes.plot(budgets, budgets, color=grey(), linewidth=0.9, linestyle=(0, (4, 3)), label="fresh")
    for i, colour in enumerate(colours):
        axes.fill_between(budgets, lower[i], upper[i], color=colour, alpha=0.13, linewidth=0)
        axes.plot(budgets, middle[i], color=colour, label=names[i])
        once = np.exp(np.interp(np.log(total[i]), np.log(budgets), np.log(middle[i])))
        dot: dict[str, Any] = {"markeredgecolor": colour, "markerfacecolor": paper()}
        axes.plot(total[i], once, marker="o", markersize=5, linewidth=0, label="one epoch", **dot)
    samples_axis(axes, budgets[0], budgets[-1], fit.unit)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1,), numticks=8))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda x, _: format_samples(x)))
    axis_labels(axes, y=f"effective {fit.unit}")
    keys = [line for line in axes.lines if line.get_label() in ("fresh", "one epoch")][:2]
    words = ["never repeated", "one epoch"]
    axes.legend(keys, words, loc="upper left", frameon=False, fontsize=0.9 * size())
    end_labels(axes, budgets[-1], middle[:, -1], names, colours, keys=False)
