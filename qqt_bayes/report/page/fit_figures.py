"""The figures of a fit: what it says of left-out runs, and its priors beside its posteriors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.comparison.verdicts import inside_interval
from qqt_bayes.phrases import format_samples, quoted
from qqt_bayes.report.measures import unit
from qqt_bayes.report.page import svg
from qqt_bayes.report.page.svg import Axis, Figure, element, path

Array = NDArray[np.float64]

END = 1.645
"""Standard deviations from the middle of a normal distribution to the ends of its 90 %."""
LEAST = 2.5
"""Standard deviations that are drawn to either side, at the least."""
WIDEST = 2.6
"""Standard deviations of a prior that are drawn to either side."""
MOST_TITLES = 60
"""Runs that say their names under a pointer, at the most: each takes room in the file."""
ROW = 15.0
"""Height of a parameter's line."""
NAMES = 190.0
"""Room for the names of parameters."""


def residuals(comparison: xr.Dataset, law: str, name: str, attributes: Mapping[Any, Any]) -> Figure:
    """How far each left-out run lies from its prediction from the others, in deviations.

    Parameters
    ----------
    comparison : Dataset
        As `qqt_bayes.compare_laws` returns it.
    law : str
    name : str
        An id of the figure.
    attributes : mapping
        Those of the decision.
    """
    z = standardised(comparison, law)
    known = np.isfinite(z)
    z, seen = z[known], comparison["samples_seen"].values[known]
    height = 210.0
    x = Axis(
        *svg.decades(comparison["samples_seen"].values.tolist()),
        svg.LEFT,
        svg.WIDTH - svg.RIGHT,
        logarithmic=True,
    )
    y = Axis(*svg.around([*z.tolist(), -LEAST, LEAST]), height - svg.BOTTOM, svg.TOP)
    drawn = [svg.box(x.start, y(END), x.end, y(-END), "band known")]
    drawn.append(svg.frame(x, y, f"{unit(attributes)} seen", "deviations"))
    names = comparison["data"].values[known].tolist()
    if len(names) > MOST_TITLES:
        places = [(x(budget), y(value)) for budget, value in zip(seen, z, strict=True)]
        drawn.append(svg.marks(places, 0, "run known"))
        names = []
    for budget, value, data in zip(seen.tolist(), z.tolist(), names, strict=False):
        said = element(
            "title", svg.text(f"{quoted(data)} at {format_samples(budget)}: {value:.1f}")
        )
        drawn.append(svg.mark(x(budget), y(value), 0, "run known", said))
    inside = int(inside_interval(comparison.sel(law=law)).sum())
    title = f"Left-out runs under {law}"
    words = (
        "How far each run lies from the median that the other runs predict for it, in standard "
        f"deviations of the side on which it lies: {inside} of {known.size} lie in the shaded "
        "90 % interval."
    )
    if left := int((~known).sum()):
        verb, whose = ("is", "its interval has") if left == 1 else ("are", "their intervals have")
        words += f" {left} {verb} not drawn, as {whose} no width on that side."
    drawing = svg.figure("".join(drawn), height, name, title, words)
    return Figure(drawing, f"{title}. {words}")


def standardised(comparison: xr.Dataset, law: str) -> Array:
    """Errors of left-out runs less their predictive median, in standard deviations, shape (run,).

    A deviation is that of the side on which the run lies: the interval of 90 % ends as many of them
    below and above the median as that of a normal distribution, however skewed it is, so that a run
    lies within them where its interval holds it. Not a number where the interval has no width on
    that side, as where one draw has all the weight.

    Examples
    --------
    >>> ends = xr.DataArray([[[0.2, 0.3, 0.7]]], dims=("law", "run", "quantile"))
    >>> found = xr.Dataset({"predicted": ends, "error": ("run", [0.5])}, {"law": ["a"]})
    >>> (standardised(found, "a") / END).round(3)
    array([0.5])
    """
    low, middle, high = comparison["predicted"].sel(law=law).transpose("quantile", "run").values
    away = comparison["error"].values - middle
    width = np.where(away > 0, high - middle, middle - low)
    found: Array = END * away / np.where(width > 0, width, np.nan)
    return found


def beside_priors(rows: Sequence[tuple[str, float, float, float]], name: str, law: str) -> Figure:
    """Posteriors in units of their priors: an interval of 90 % on a normal scale of each prior.

    Parameters
    ----------
    rows : sequence of tuple
        Parameter; lower end, median and upper end as normal scores of its prior.
    name, law : str
        An id of the figure, and the law.
    """
    bottom = svg.TOP + ROW * len(rows)
    x = Axis(-WIDEST, WIDEST, NAMES, svg.WIDTH - svg.RIGHT)
    drawn = [svg.box(x(-END), svg.TOP, x(END), bottom, "band prior")]
    for i, (parameter, *scores) in enumerate(rows):
        at = svg.TOP + ROW * (i + 0.5)
        low, middle, high = (x(min(max(z, -WIDEST), WIDEST)) for z in scores)
        drawn.append(element("path", d=path([(low, at), (high, at)]), class_="posterior"))
        drawn.append(svg.mark(middle, at, 0, "run known"))
        drawn.append(element("text", svg.text(parameter), x=NAMES - 8, y=at + 4, class_="end"))
    drawn.append(svg.below(x, bottom, "standard deviations of the prior"))
    title = f"Posteriors of {law} against their priors"
    words = (
        "Lines are 90 % of the posterior, dots its median; the shaded band is 90 % of the prior."
    )
    drawing = svg.figure("".join(drawn), bottom + svg.BOTTOM, name, title, words)
    return Figure(drawing, f"{title}. {words}")
