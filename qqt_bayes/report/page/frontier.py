"""The figure of a page: what each budget reaches, the runs, and what is chosen where."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.decisions.trained import LEAST_PROBABILITY
from qqt_bayes.phrases import chance, format_samples, span
from qqt_bayes.report.measures import measure, measured, of_what, unit
from qqt_bayes.report.page import svg
from qqt_bayes.report.page.svg import Axis, element, path

Array = NDArray[np.float64]

HEIGHT, STRIP = 360.0, 14.0
"""Of the frontier, and of the strip below it that shows the choices."""
LIMIT_ROOM = 150.0
"""Room that the words beside the end of the data take."""
MOST_COLOURS = svg.CROSS
"""Levels that are drawn in colour with their bands; others are thin grey lines."""
SAME = 1e-6
"""Relative difference up to which a training set is a level: sizes in two tables may be rounded."""


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
    """

    drawing: str
    key: list[tuple[int, str]]
    places: list[float]
    caption: str


def frontier(decision: xr.Dataset, runs: xr.Dataset, name: str, group: str = "") -> Frontier:
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
    """
    budgets = decision["budget"].values
    levels = decision["level"].values.tolist()
    ends = decision["error"].transpose("quantile", "level", "budget").values
    low, middle, high = (np.vectorize(measured, excluded=[1])(x, decision.attrs) for x in ends)
    coloured = colours(decision)
    own = _of_group(runs, group)
    of_level = level_of_runs(runs, decision["unique_samples"])[runs["data_index"].values[own]]
    seen = runs["samples_seen"].values[own]
    errors = np.array([measured(x, decision.attrs) for x in runs["error"].values[own]])
    ends_of_x = svg.decades([*budgets.tolist(), *seen.tolist()])
    x = Axis(*ends_of_x, svg.LEFT, svg.WIDTH - svg.RIGHT, logarithmic=True)
    # runs on what is no candidate may lie far off: the scale is that of the levels
    shown = [*low[coloured].ravel(), *high[coloured].ravel(), *errors[of_level >= 0]]
    bottom = HEIGHT - svg.BOTTOM - STRIP
    y = Axis(*svg.around(shown), bottom, svg.TOP)
    drawn = [svg.frame(x, y, f"{unit(decision.attrs)} seen", measure(decision.attrs))]
    drawn += _beyond(decision, x, y)
    drawn.append(
        element("clipPath", svg.box(x.start, y.end, x.end, y.start, "clip"), id=f"{name}-c")
    )
    lines = [
        element("path", d=path(_points(x, y, budgets, middle[i], 0)), class_="other")
        for i in range(len(levels))
        if i not in coloured and len(budgets) > 1
    ]
    for number, i in enumerate(coloured):
        lines.append(_level(number, x, y, budgets, (low[i], middle[i], high[i]), len(coloured)))
    drawn.append(element("g", "".join(lines), clip_path=f"url(#{name}-c)"))
    drawn += _runs(x, y, seen, errors, of_level, coloured)
    drawn += _choices(decision, x, y, coloured)
    drawn += _crossovers(decision, x, y)
    places = [x(budget) for budget in budgets.tolist()]
    cursor = path([(0, y.end), (0, y.start)])
    drawn.append(
        element("path", d=cursor, class_="cursor", transform=f"translate({places[-1]:.1f} 0)")
    )
    counted = unit(decision.attrs)
    words = (
        f"{measure(decision.attrs).capitalize()} of {len(levels)} levels from {span(budgets)} "
        f"{counted} seen, with their {100 * decision.attrs['interval']:g} % bands, and "
        f"{seen.size} runs. The table holds the same numbers."
    )
    title = f"Forecasts of {measure(decision.attrs)} and runs{f' of {group}' if group else ''}"
    drawing = svg.figure("".join(drawn), HEIGHT, name, title, words)
    key = [(k, str(levels[i])) for k, i in enumerate(coloured)]
    outside = int(((errors < y.least) | (errors > y.most)).sum())
    return Frontier(drawing, key, places, _caption(decision, len(levels) - len(key), outside))


def _caption(decision: xr.Dataset, others: int, outside: int) -> str:
    """What is drawn, and what is not."""
    interval = f"{100 * decision.attrs['interval']:g} %"
    words = [
        f"Forecasts of the {of_what(decision.attrs)} with {interval} bands; markers are runs, "
        "crosses those on sets without a colour; the strip shows the choice at each budget."
    ]
    if others and decision.sizes["budget"] > 1:
        words.append("Grey lines are levels that are hardly the best anywhere.")
    if outside:
        lie = "run lies" if outside == 1 else "runs lie"
        words.append(f"{outside} {lie} beyond the scale, see the data.")
    return " ".join(words)


def colours(decision: xr.Dataset) -> list[int]:
    """Places of the levels that matter most, in their own order: chosen somewhere, or likely best.

    Where there are too many, the choice at the largest budget comes first.
    """
    best = decision["probability_best"].max("budget").values
    chosen = (decision["level"] == decision["choice"]).any("budget").values
    matters = np.flatnonzero(chosen | (best >= LEAST_PROBABILITY))
    last = decision["level"].values.tolist().index(decision["choice"].values[-1])
    order = sorted(matters.tolist(), key=lambda i: (i != last, not chosen[i], -best[i]))
    return sorted(order[:MOST_COLOURS])


def level_of_runs(runs: xr.Dataset, levels: xr.DataArray) -> NDArray[np.intp]:
    """Place of the level that each training set is, -1 if it is none; shape (data,)."""
    sets, taken = xr.align(
        runs["unique_samples"], levels, join="outer", exclude=("data", "level"), fill_value=0.0
    )
    x, y = sets.transpose("data", "pool").values, taken.transpose("level", "pool").values
    same = (np.abs(x[:, None] - y) <= SAME * y).all(axis=2)
    return np.where(same.any(axis=1), same.argmax(axis=1), -1)


def _of_group(runs: xr.Dataset, group: str) -> NDArray[np.bool_]:
    index = runs["group_index"].values
    names = runs["group"].values.tolist()
    return np.asarray(index == names.index(group) if group else np.ones(index.size, bool))


def _points(
    x: Axis, y: Axis, budgets: Array, errors: Array, places: int = 1
) -> list[tuple[float, float]]:
    """Where errors lie, to so many decimals."""
    pairs = zip(budgets.tolist(), errors.tolist(), strict=True)
    return [(round(x(b), places), round(y(e), places)) for b, e in pairs]


def _level(
    number: int, x: Axis, y: Axis, budgets: Array, ends: tuple[Array, Array, Array], of: int
) -> str:
    """The band and the median of a level; at one budget, a line with a marker."""
    low, middle, high = ends
    if budgets.size == 1:
        at = x(float(budgets[0])) + 9.0 * (number - (of - 1) / 2)
        bar = path([(at, y(float(low[0]))), (at, y(float(high[0])))])
        tip = path([(at - 4, y(float(middle[0]))), (at + 4, y(float(middle[0])))])
        return element("path", d=bar + tip, class_=f"median s{number}")
    upper, lower = _points(x, y, budgets, high), _points(x, y, budgets, low)
    band = element("path", d=path([*upper, *lower[::-1]], closed=True), class_=f"band s{number}")
    line = path(_points(x, y, budgets, middle))
    return band + element("path", d=line, class_=f"median s{number}")


def _beyond(decision: xr.Dataset, x: Axis, y: Axis) -> list[str]:
    """A dashed line at the largest run of the table, and the words that it ends there."""
    most = decision["most_trained"].item()
    at = x(most)
    if at > x.end - 1:
        return []
    line = element("path", d=path([(at, y.end), (at, y.start)]), class_="limit")
    left = at > svg.WIDTH - LIMIT_ROOM
    place = (
        {"x": at - 5, "class_": "limit-name end"} if left else {"x": at + 5, "class_": "limit-name"}
    )
    return [line, element("text", svg.text("your runs end"), y=y.end + 12, **place)]


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


def _choices(decision: xr.Dataset, x: Axis, y: Axis, coloured: list[int]) -> list[str]:
    """A strip below the axis: the level that is chosen at each budget, in its colour."""
    places = [x(budget) for budget in decision["budget"].values.tolist()]
    middles = [(a + b) / 2 for a, b in pairwise(places)]
    edges = [max(x.start, places[0] - 8), *middles, min(x.end, places[-1] + 8)]
    names, chosen = decision["level"].values.tolist(), decision["choice"].values.tolist()
    name = element("text", svg.text("choice"), x=svg.LEFT - 6, y=HEIGHT - 3, class_="end")
    drawn, i = [name], 0
    for level, stretch in groupby(chosen):
        count = len(list(stretch))
        left, right = edges[i], edges[i + count]
        number = coloured.index(names.index(level)) if names.index(level) in coloured else None
        where = span(decision["budget"].values[i : i + count])
        said = element("title", svg.text(f"the rule takes {level} at {where}"))
        kind = "choice" if number is None else f"choice s{number}"
        bar = svg.box(left, HEIGHT - STRIP + 2, right, HEIGHT - 2, kind)
        drawn.append(element("g", said + bar))
        i += count
    return drawn


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
            f"{later} overtakes {earlier} at {format_samples(middle)} ({format_samples(low)} to "
            f"{format_samples(high)}), with probability "
            f"{chance(pair['crossover_probability'].item())}"
        )
        drawn.append(element("path", element("title", said), d=line + tip, class_="crossover"))
    return drawn
