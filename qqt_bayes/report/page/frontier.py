"""The figure of a page: what each budget reaches, the runs, and what is chosen where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.decisions.trained import LEAST_PROBABILITY
from qqt_bayes.phrases import chance, format_samples, quoted, span
from qqt_bayes.report.measures import is_accuracy, measure, measured, over_what, turned, unit
from qqt_bayes.report.on_levels import level_of_sets, of_group
from qqt_bayes.report.page import svg
from qqt_bayes.report.page.shown import colours
from qqt_bayes.report.page.svg import Axis, element, path

Array = NDArray[np.float64]

HEIGHT, STRIP = 360.0, 14.0
"""Of the frontier, and of the strip below it that shows the choices."""
NEAR = 2.05
"""Times that budgets may be apart for one stretch of the strip: further apart, between them another
level may be chosen, which nobody asked about.  Doublings that were rounded are near."""
STUB = 8.0
"""How far the strip reaches from a budget to where nothing was asked."""
LIMIT_ROOM = 150.0
"""Room that the words beside the end of the data take."""
APART = 9.0
"""Distance of levels that are drawn at a single budget."""


class Frontier(NamedTuple):
    """A drawn frontier.

    Attributes
    ----------
    drawing : str
        SVG.
    key : list of tuple of (int, str)
        The levels that have a colour, each with its number.
    places : list of float
        Of the cursor, for each budget.
    caption : str
    other : str
        The caption where errors are said as accuracies, or accuracies as errors; empty for a loss.
    """

    drawing: str
    key: list[tuple[int, str]]
    places: list[float]
    caption: str
    other: str


def frontier(
    decision: xr.Dataset, runs: xr.Dataset, name: str, group: str = "", metric: str = ""
) -> Frontier:
    """Bands of the levels that matter, the runs, where data end, and the choice at each budget.

    Parameters
    ----------
    decision : Dataset
        Of one group, budgets ascending.
    runs : Dataset
        As `read_runs` returns it.
    name : str
        An id of the figure.
    group : str
        Of the runs that are shown; of all if empty.
    metric : str
        What the figure is said to be of, where there are others beside it.
    """
    budgets = decision["budget"].values
    levels = decision["level"].values.tolist()
    errors = _lines(decision)
    coloured = colours(decision)
    own = of_group(runs, group)
    of_level = level_of_sets(runs, decision["unique_samples"])[runs["data_index"].values[own]]
    seen = runs["samples_seen"].values[own]
    measures = np.array([measured(x, decision.attrs) for x in runs["error"].values[own]])
    # runs on what is no candidate may lie far off: the scale is that of the levels
    shown = [*errors[coloured].ravel(), *measures[of_level >= 0]]
    x_ends = svg.decades([*budgets.tolist(), *seen.tolist()])
    x = Axis(*x_ends, svg.LEFT, svg.WIDTH - svg.RIGHT, logarithmic=True)
    y = Axis(*svg.around(shown), HEIGHT - svg.BOTTOM - STRIP, svg.TOP)
    places = [x(budget) for budget in budgets.tolist()]
    other = turned(decision.attrs)
    turning = [
        svg.lines_across(x, y),
        *_curves(x, y, budgets, errors, coloured, f"{name}-c"),
        *_runs(x, y, seen, measures, of_level, coloured),
    ]
    crossings = _crossovers(decision, x, y)
    drawn = [
        # the script mirrors these, so that up is better or worse as it is for the other measure
        element("g", "".join(turning), data_ends=f"{y.start + y.end:g}"),
        svg.below(x, y.start, f"{unit(decision.attrs)} seen"),
        svg.name_of(x, y, measure(decision.attrs), measure(other) if other else None),
        *_beyond(decision, x, y),
        *_choices(decision, x, coloured),
        *crossings,
        element(
            "path",
            d=path([(0, y.end), (0, y.start)]),
            class_="cursor",
            transform=f"translate({places[-1]:.1f} 0)",
        ),
    ]
    key = [(number, str(levels[i])) for number, i in enumerate(coloured)]
    outside = int(((measures < y.least) | (measures > y.most)).sum())
    of = "".join(f" of {quoted(each)}" for each in (metric, group) if each)
    title = f"Expected {measure(decision.attrs)} and runs{of}"
    words = (
        f"Expected {measure(decision.attrs)} of {len(levels)} levels from {span(budgets)} "
        f"{unit(decision.attrs)} seen, with their {100 * decision.attrs['interval']:g} % bands, "
        f"and {seen.size} runs. The table holds the same numbers."
    )
    drawing = svg.figure("".join(drawn), HEIGHT, name, title, words)
    caption, turned_caption = (
        _caption(decision, each, len(levels) - len(key), len(crossings), outside) if each else ""
        for each in (decision.attrs, other)
    )
    return Frontier(drawing, key, places, caption, turned_caption)


def _caption(
    decision: xr.Dataset, attributes: Mapping[Any, Any], others: int, crossings: int, outside: int
) -> str:
    """What is drawn, and what is not, in the terms that the attributes name."""
    interval = f"{100 * attributes['interval']:g} %"
    words = [
        f"Expected {measure(attributes)}, {over_what(attributes)}, with {interval} bands: the "
        "lines are what levels are judged by and what the tables say; markers are runs, crosses "
        "those on sets without a colour; the strip shows the choice at each budget that was asked "
        "about."
    ]
    budgets = decision["budget"].values
    if any(not _near(budgets[i : i + 2]) for i in range(budgets.size - 1)):
        words.append("Between budgets far apart lines are straight, and nothing was decided.")
    if others and decision.sizes["budget"] > 1:
        words.append("Grey lines are the other levels.")
    if crossings:
        words.append("A triangle is where a level overtakes another, its bar the interval of that.")
    if outside:
        lie = "run lies" if outside == 1 else "runs lie"
        words.append(f"{outside} {lie} beyond the scale, see the data.")
    return " ".join(words)


def _lines(decision: xr.Dataset) -> Array:
    """Lower end, expectation and upper end of what was measured; shape (level, 3, budget)."""
    ends = decision["error"].transpose("level", "quantile", "budget").values
    mean = decision["error_mean"].transpose("level", "budget").values
    errors = np.stack([ends[:, 0], mean, ends[:, -1]], axis=1)
    return 1 - errors[:, ::-1] if is_accuracy(decision.attrs) else errors


def _points(
    x: Axis, y: Axis, budgets: Array, errors: Array, places: int = 1
) -> list[tuple[float, float]]:
    """Where errors lie, to so many decimals."""
    pairs = zip(budgets.tolist(), errors.tolist(), strict=True)
    return [(round(x(b), places), round(y(e), places)) for b, e in pairs]


def _curves(
    x: Axis, y: Axis, budgets: Array, errors: Array, coloured: list[int], clip: str
) -> list[str]:
    """The expected error of every level, and the bands of those in colour, cut off at the axes."""
    lines = [
        element("path", d=path(_points(x, y, budgets, errors[i, 1], 0)), class_="other")
        for i in range(len(errors))
        if i not in coloured and budgets.size > 1
    ]
    for number, i in enumerate(coloured):
        if budgets.size > 1:
            lines.append(_band(number, x, y, budgets, errors[i]))
        else:
            at = x(float(budgets[0])) + APART * (number - (len(coloured) - 1) / 2)
            lines.append(_bar(number, at, [y(error) for error in errors[i, :, 0].tolist()]))
    box = svg.box(x.start, y.end, x.end, y.start, "clip")
    return [
        element("clipPath", box, id=clip),
        element("g", "".join(lines), clip_path=f"url(#{clip})"),
    ]


def _band(number: int, x: Axis, y: Axis, budgets: Array, ends: Array) -> str:
    """The band and the expected error of a level."""
    lower, line, upper = (_points(x, y, budgets, each) for each in ends)
    around = path([*upper, *lower[::-1]], closed=True)
    expected = element("path", d=path(line), class_=f"expected s{number}")
    return element("path", d=around, class_=f"band s{number}") + expected


def _bar(number: int, at: float, ends: list[float]) -> str:
    """The interval of a level at a single budget, with a tick at the expected error."""
    low, middle, high = ends
    drawn = path([(at, low), (at, high)]) + path([(at - 4, middle), (at + 4, middle)])
    return element("path", d=drawn, class_=f"expected s{number}")


def _beyond(decision: xr.Dataset, x: Axis, y: Axis) -> list[str]:
    """A dashed line at the largest run of the table, and the words that it ends there."""
    most = decision["most_trained"].item()
    at = x(most)
    if at > x.end - 1:
        return []
    line = element("path", d=path([(at, y.end), (at, y.start)]), class_="limit")
    before = at > svg.WIDTH - LIMIT_ROOM
    beside, kind = (at - 5, "limit-name end") if before else (at + 5, "limit-name")
    name = element("text", svg.text("the runs end"), x=beside, y=y.end + 12, class_=kind)
    return [line, name]


def _runs(
    x: Axis, y: Axis, seen: Array, errors: Array, of_level: NDArray[np.intp], coloured: list[int]
) -> list[str]:
    """A marker for each run on the scale, with the colour and shape of its level."""
    inside = (y.least <= errors) & (errors <= y.most)
    drawn = []
    for number, level in [(svg.CROSS, -1), *enumerate(coloured)]:
        own = inside & (of_level == level if number < svg.CROSS else ~np.isin(of_level, coloured))
        kind = f"run s{number}" if number < svg.CROSS else "stray"
        drawn.append(svg.marks(_points(x, y, seen[own], errors[own]), number, kind))
    return drawn


def _choices(decision: xr.Dataset, x: Axis, coloured: list[int]) -> list[str]:
    """A strip below the axis: the level that is chosen at each budget, in its colour."""
    budgets = decision["budget"].values
    names, chosen = decision["level"].values.tolist(), decision["choice"].values.tolist()
    name = element("text", svg.text("choice"), x=svg.LEFT - 6, y=HEIGHT - 3, class_="end")
    drawn, start = [name], 0
    for end in range(1, len(chosen) + 1):
        if end < len(chosen) and chosen[end] == chosen[start] and _near(budgets[end - 1 : end + 1]):
            continue
        level, own = chosen[start], budgets[start:end]
        number = coloured.index(names.index(level)) if names.index(level) in coloured else None
        said = element("title", svg.text(f"the rule takes {quoted(level)} at {span(own)}"))
        kind = "choice" if number is None else f"choice s{number}"
        left = _edge(x, budgets, start, -1)
        right = _edge(x, budgets, end - 1, 1)
        bar = svg.box(left, HEIGHT - STRIP + 2, right, HEIGHT - 2, kind)
        drawn.append(element("g", said + bar))
        start = end
    return drawn


def _near(pair: Array) -> bool:
    """Whether nothing is left out between two budgets."""
    return bool(pair[1] <= pair[0] * NEAR)


def _edge(x: Axis, budgets: Array, i: int, side: int) -> float:
    """Where the choice at a budget ends: halfway to a near neighbour, or a little beyond it."""
    at, j = x(float(budgets[i])), i + side
    if 0 <= j < budgets.size and _near(np.sort(budgets[[i, j]])):
        return (at + x(float(budgets[j]))) / 2
    return float(np.clip(at + side * STUB, x.start, x.end))


def _crossovers(decision: xr.Dataset, x: Axis, y: Axis) -> list[str]:
    """Where a level overtakes another: an interval on the axis, if either is worth choosing."""
    if "crossover" not in decision:
        return []
    likely = decision["probability_best"].max("budget")
    drawn = []
    for i in np.flatnonzero(decision["crossover_probability"].values >= LEAST_PROBABILITY):
        pair = decision.isel(pair=int(i))
        earlier, later = str(pair["earlier"].item()), str(pair["later"].item())
        if (likely.sel(level=[earlier, later]) < LEAST_PROBABILITY).all():
            continue
        low, middle, high = pair["crossover"].values.tolist()
        line = path([(x(low), y.start - 6), (x(high), y.start - 6)])
        at = x(middle)
        tip = path([(at - 5, y.start - 12), (at + 5, y.start - 12), (at, y.start - 2)], closed=True)
        said = svg.text(
            f"{quoted(later)} overtakes {quoted(earlier)} at {format_samples(middle)} "
            f"({format_samples(low)} to {format_samples(high)}), with probability "
            f"{chance(pair['crossover_probability'].item())}"
        )
        drawn.append(element("path", element("title", said), d=line + tip, class_="crossover"))
    return drawn
