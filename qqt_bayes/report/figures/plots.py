"""Figures: finished numbers in, a matplotlib `Figure` out; nothing global is touched."""

from collections.abc import Callable
from functools import wraps
from math import ceil
from textwrap import fill
from typing import Any, Concatenate

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from qqt_bayes.laws.law import LAWS
from qqt_bayes.posterior.methods import is_approximate
from qqt_bayes.report.figures.forest import INFERRED, forest, interval
from qqt_bayes.report.figures.style import (
    GREY,
    INK,
    WIDTH,
    drawing,
    end_labels,
    label_areas,
    marker,
    palette,
    samples_axis,
    shade_beyond,
    short,
    strip,
)
from qqt_bayes.report.fit_text import label
from qqt_bayes.report.measures import ACCURACY, is_accuracy, unit
from qqt_bayes.report.winner_text import FOR_WINNER, NO_WINNER, winners

MAX_COLUMNS = 5
"""Panels side by side, at the most."""

SINGLE_BUDGET_FACTOR = 1.25
"""Factor to either side to which the area of a single budget is drawn."""

MIN_SHARE_NAMED = 0.02
"""Probability at the largest budget from which on a thin area is named beside the axes."""

MAX_LISTED = 70
"""Characters of names that have room in a line below a figure."""

MIN_REPETITIONS, MAX_REPETITIONS = 8, 100
"""Bounds of the repetitions that utility curves show: four half-lives, or about so."""

REPETITIONS_WITHOUT_DECAY = 20
"""Repetitions that utility curves show where repetition costs nothing."""


def styled[**P](
    draw: Callable[Concatenate[xr.Dataset, P], Figure],
) -> Callable[Concatenate[xr.Dataset, P], Figure]:
    """Draw under the figures' own style, and mark what is approximate."""

    @wraps(draw)
    def drawn(shown: xr.Dataset, /, *args: P.args, **kwargs: P.kwargs) -> Figure:
        with drawing(shown, *args, *kwargs.values()):
            figure = draw(shown, *args, **kwargs)
            if is_approximate(shown.attrs):
                figure.suptitle(label(shown.attrs), fontsize=9, color=INK)
        return figure

    return drawn


@styled
def scaling_curves(
    decision: xr.Dataset, runs: xr.Dataset | None = None, levels: xr.DataArray | None = None
) -> Figure:
    """Draw the error of each level against the budget, the runs, and the level that is chosen.

    Parameters
    ----------
    decision : Dataset
        Of one group: `error` (level, budget, quantile), `choice` and `extrapolation` (budget).
    runs : Dataset, optional
        The runs to show; one on a training set that is none of the levels is a grey cross.
    levels : DataArray, dims (level, pool), optional
        What the levels take from each pool: a run is then known by its training set; without it,
        by the name of that.

    Returns
    -------
    Figure
        Lines are medians, bands the decision's credible interval; a ring marks the choice.
    """
    decision = decision.sortby("budget")
    names = decision["level"].values.tolist()
    colours = palette(len(names))
    budgets = decision["budget"].values
    lower, middle, upper = decision["error"].transpose("quantile", "level", "budget").values
    axes = Figure(figsize=(WIDTH, max(4.6, 1 + 0.17 * len(names)))).add_subplot()
    for i, colour in enumerate(colours):
        if budgets.size > 1:
            axes.fill_between(budgets, lower[i], upper[i], color=colour, alpha=0.13, linewidth=0)
        else:
            axes.vlines(budgets, lower[i], upper[i], color=colour, linewidth=1)
        axes.plot(budgets, middle[i], color=colour, label=names[i])
    chosen = [names.index(name) for name in decision["choice"].values.tolist()]
    best = middle[chosen, np.arange(budgets.size)]
    ring: dict[str, Any] = {
        "facecolor": "white",
        "edgecolor": colours[chosen],
        "linewidth": 1.5,
        "zorder": 4,
    }
    axes.scatter(budgets, best, s=34, label="chosen", **ring)
    if runs is not None:
        _points(axes, runs, _level_of_runs(runs, levels, names), colours)
    seen = budgets if runs is None else np.append(budgets, runs["samples_seen"].values)
    samples_axis(
        axes,
        seen.min() / 1.05,
        seen.max() * (1.05 if runs is not None else 1),
        unit(decision.attrs),
    )
    axes.margins(y=0.04)
    axes.set_ylabel(error_name(decision, runs))
    if is_accuracy(decision.attrs):
        axes.yaxis.set_major_formatter(FuncFormatter(lambda error, _: f"{1 - error:.3g}"))
    shade_beyond(axes, decision)
    strip(axes, budgets, [names[i] for i in chosen], names, "chosen at each budget")
    end_labels(axes, budgets[-1], middle[:, -1], names, colours)
    return figure_of(axes)


@styled
def probability_best(decision: xr.Dataset) -> Figure:
    """Draw the probability that each level is the best against the budget, stacked in their order.

    Parameters
    ----------
    decision : Dataset
        Of one group: `probability_best` (level, budget), `winner`, `leader`, `proven` and
        `extrapolation` (budget).
    """
    decision = decision.sortby("budget")
    names = decision["level"].values.tolist()
    colours = palette(len(names))
    budgets = decision["budget"].values
    share = decision["probability_best"].transpose("level", "budget").values
    if budgets.size == 1:  # an area needs two
        budgets, share = (
            budgets * [1 / SINGLE_BUDGET_FACTOR, SINGLE_BUDGET_FACTOR],
            share.repeat(2, axis=1),
        )
    edges = np.vstack([np.zeros(budgets.size), np.cumsum(share, axis=0)])
    axes = Figure(figsize=(WIDTH, 3.6)).add_subplot()
    for i, name in enumerate(names):
        area = {"facecolor": colours[i], "edgecolor": "white", "linewidth": 0.8, "label": name}
        axes.fill_between(budgets, edges[i], edges[i + 1], **area)
    samples_axis(axes, budgets[0], budgets[-1], unit(decision.attrs))
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_ylabel("probability best")
    axes.grid(visible=False)
    shade_beyond(axes, decision, over=True)
    threshold = decision.attrs.get("probability", 0.9)
    title = f"best with a probability of at least {threshold:.0%}"
    if not decision.attrs["gate_passed"]:
        title = NO_WINNER
    in_words = winners({name: decision[name].values for name in FOR_WINNER}, decision.attrs)
    strip(axes, decision["budget"], in_words, names, title)
    inside = label_areas(axes, budgets, edges, names, colours)
    thin = [i for i in range(len(names)) if i not in inside]
    beside = [i for i in thin if share[i, -1] >= MIN_SHARE_NAMED]
    middle = [edges[i : i + 2, -1].mean() for i in beside]
    ends = [names[i] for i in beside], [colours[i] for i in beside]
    end_labels(axes, budgets[-1], middle, *ends, keys=False)
    rest = [i for i in thin if i not in beside]
    if rest:
        most = max(share[i].max() for i in rest)
        listed = ", ".join(names[i] for i in rest)
        if len(listed) > MAX_LISTED:  # the line would leave the figure at both ends
            listed = f"{len(rest)} other levels"
        words = f"Not named: {listed} ({_at_most(most)})"
        figure_of(axes).supxlabel(words, fontsize=8, color=GREY)
    return figure_of(axes)


@styled
def utility_curves(parameters: xr.Dataset, *, probability: float = 0.9) -> Figure:
    """Draw the utility that is left after k repetitions, by pool.

    ``b 2^(-k/tau)``; with overfitting ``b ((1 + kappa) 2^(-k/tau) - kappa)``.

    Parameters
    ----------
    parameters : Dataset
        Of one group: draws of `b`, `tau` and, if the law has it, `kappa`, dims (chain, draw) and
        `pool`, as far as they differ between pools; `pool_size` (pool).
    probability : float
        Of the bands.

    Returns
    -------
    Figure
        A panel for each pool: median and band, before the other pools' medians in grey. Half-lives
        are those of a pool that is trained alone.
    """
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
    columns = min(MAX_COLUMNS, len(pools))
    rows = ceil(len(pools) / columns)
    figure = Figure(figsize=(WIDTH, 0.7 + 1.25 * rows))
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for i, axes in enumerate(panels):
        if i >= len(pools):
            axes.set_axis_off()
            continue
        axes.plot(k, middle.T, color="0.82", linewidth=0.7, zorder=1)
        axes.fill_between(k, lower[i], upper[i], color="#31688e", alpha=0.3, linewidth=0)
        axes.plot(k, middle[i], color="#31688e", label=pools[i])
        axes.set_title(fill(short(pools[i], 32), 17), fontsize=8)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.tick_params(labelbottom=i + columns >= len(pools))
    panels[0].set(xlim=(0, last), ylim=(min(0, lower.min()), None))
    figure.supxlabel("repetitions k", fontsize=9)
    # plain text: the style reads no mathematics, since names of pools may hold a dollar sign
    decay = "2^(\N{MINUS SIGN}k/\N{GREEK SMALL LETTER TAU})"
    kappa_sign = "\N{GREEK SMALL LETTER KAPPA}"
    overfit = f"((1 + {kappa_sign}) {decay} \N{MINUS SIGN} {kappa_sign})"
    left = overfit if "kappa" in parameters else decay
    figure.supylabel(f"utility b {left}", fontsize=9)
    return figure


@styled
def parameter_posteriors(posterior: xr.Dataset, prior: xr.Dataset | None = None) -> Figure:
    """Draw the posterior of each inferred parameter before its prior.

    Parameters
    ----------
    posterior, prior : Dataset
        Draws, dims (chain, draw) and `group`, `pool` where a parameter differs between them. What
        is not in `posterior` was fixed and is not shown.

    Returns
    -------
    Figure
        Dots are medians, thick lines 50 % and thin lines 90 % of the posterior, grey bars 90 % of
        the prior.
    """
    own = (name for law in LAWS.values() if law.own for name in law.parameters)
    names = [name for name in dict.fromkeys((*INFERRED, *own)) if name in posterior]
    return forest(posterior[names], xr.Dataset() if prior is None else prior)


def figure_of(axes: Axes) -> Figure:
    """The figure that axes are in."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


def _at_most(probability: float) -> str:
    """Words for a bound on probabilities, in whole per cent and never too small."""
    return f"never above {max(ceil(100 * probability), 1)}%"


def _points(
    axes: Axes, runs: xr.Dataset, level: NDArray[np.intp], colours: NDArray[np.float64]
) -> None:
    """Draw each run with the colour and marker of its level; -1 is none, a grey cross."""
    seen, error = runs["samples_seen"].values, runs["error"].values
    other = level < 0
    cross: dict[str, Any] = {"color": GREY, "linewidth": 0, "markersize": 4.5, "zorder": 2}
    axes.plot(seen[other], error[other], marker="x", label="other runs", **cross)
    for i in np.unique(level[~other]):
        on = level == i
        dot: dict[str, Any] = {
            "markerfacecolor": colours[i],
            "markeredgecolor": "white",
            "linewidth": 0,
        }
        axes.plot(
            seen[on], error[on], marker=marker(i), markersize=6, zorder=5, label="runs", **dot
        )


def _level_of_runs(
    runs: xr.Dataset, levels: xr.DataArray | None, names: list[str]
) -> NDArray[np.intp]:
    """Index of the level that each run was trained on, -1 if it is none of them; shape (run,)."""
    if levels is None:
        data = runs["data"].values.tolist()
        of_data = np.array([names.index(name) if name in names else -1 for name in data])
    else:
        sets, levels = xr.align(
            runs["unique_samples"], levels, join="outer", exclude=("data", "level"), fill_value=0.0
        )
        taken = levels.sel(level=names)
        # Sizes in two tables may be rounded differently.
        same = (abs(sets - taken) <= 1e-6 * taken).all("pool")
        of_data = same.argmax("level").where(same.any("level"), -1).values
    index: NDArray[np.intp] = of_data[runs["data_index"].values]
    return index


def error_name(decision: xr.Dataset, runs: xr.Dataset | None) -> str:
    """Label of the axis of errors: what was measured and, if known, its metric."""
    what = "loss" if decision.attrs.get("kind") == "loss" else "error rate"
    if is_accuracy(decision.attrs):
        what = ACCURACY
    metric = "" if runs is None else runs.attrs.get("metric", "")
    return f"{what} ({metric})" if metric else what
