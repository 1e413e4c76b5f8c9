"""Where figures are drawn: on axes of the user's, or on a figure of their own."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpecBase
from matplotlib.text import Text
from numpy.typing import NDArray

from qqt_bayes.errors import InputError
from qqt_bayes.posterior.methods import is_approximate
from qqt_bayes.report.figures.style import FOR_FILES, WIDTH, figure_of, ink, paper, size
from qqt_bayes.report.fit_text import label

type Panels = NDArray[np.object_]
"""Several axes, shape (panel,)."""

REFUSED = "A fit did not pass its gate"
"""What stands over a figure that rests on such a fit."""
AROUND = 2.0
"""Points between what is drawn and the edge of its place."""
APART = 0.5, 0.62
"""Inches between panels beside and above each other, where the figure has no layout of its own."""


def one(ax: Axes | None, height: float) -> Axes:
    """The axes to draw on: those given, or those of a new figure, for pyplot to show.

    Parameters
    ----------
    ax : Axes, optional
    height : float
        Inches, where the user has not set a size.

    Raises
    ------
    InputError
        If it is something else.
    """
    if ax is None:
        return new_figure(height).add_subplot()
    if not isinstance(ax, Axes):
        raise InputError(f"ax: expected axes of matplotlib, got {type(ax).__name__}")
    return ax


def several(
    ax: Axes | Panels | None, count: int, columns: int, row: float, around: float
) -> Panels:
    """As many axes as there are panels: those given, the place of one divided, or a new figure's.

    Parameters
    ----------
    ax : Axes or array of Axes, optional
    count : int
        Panels.
    columns : int
        Panels side by side at the most, in a figure of the full width.
    row, around : float
        Inches of a row of panels, and of what stands around them all.

    Raises
    ------
    InputError
        If they are no axes, or fewer than there are panels.
    """
    if ax is not None and not isinstance(ax, Axes):
        given = np.ravel(np.asarray(ax, dtype=object))
        if not all(isinstance(each, Axes) for each in given):
            raise InputError("ax: expected axes of matplotlib, or an array of them")
        if given.size < count:
            raise InputError(f"ax: {count} panels are drawn, and {given.size} axes were given")
        for each in given[count:]:
            each.set_axis_off()
        return given[:count]
    columns = beside(ax, columns)
    columns = min(columns, count)
    rows = ceil(count / columns)
    figure, grid = divided(ax, around + row * rows, rows, columns)
    panels = np.empty(count, dtype=object)
    for i in range(count):
        panels[i] = figure.add_subplot(grid[i // columns, i % columns])
    return panels


def beside(ax: Axes | None, columns: int) -> int:
    """How many panels have room beside each other, of those that do in a figure of full width."""
    width = figure_width() if ax is None else _inches(ax)[0]
    return max(1, round(columns * width / WIDTH))


def divided(
    ax: Axes | None, height: float, rows: int, columns: int, ratios: Sequence[float] | None = None
) -> tuple[Figure, GridSpecBase]:
    """A grid in the place of axes, which are then not drawn themselves, or in a new figure.

    Parameters
    ----------
    ax : Axes, optional
    height : float
        Inches, of a new figure where the user has not set a size.
    rows, columns : int
    ratios : sequence of float, optional
        Of the heights of rows.
    """
    if ax is None:
        figure = new_figure(height, at_least=True)
        return figure, figure.add_gridspec(rows, columns, height_ratios=ratios)
    figure, place = figure_of(one(ax, height)), ax.get_subplotspec()
    ax.set_axis_off()
    apart: dict[str, Any] = {"height_ratios": ratios}
    if figure.get_layout_engine() is None:
        spaces = zip(("wspace", "hspace"), APART, (columns, rows), _inches(ax), strict=True)
        apart |= {
            name: gap * many / max(inches - gap * (many - 1), gap)
            for name, gap, many, inches in spaces
        }
    if place is not None:
        return figure, place.subgridspec(rows, columns, **apart)
    box = ax.get_position()
    ends = {"left": box.x0, "right": box.x1, "bottom": box.y0, "top": box.y1}
    return figure, figure.add_gridspec(rows, columns, **ends, **apart)


def is_lowest(panels: Panels, place: int) -> bool:
    """Whether no other panel stands below one."""
    mine = panels[place].get_position()
    return not any(
        other.get_position().y1 <= mine.y0 and abs(other.get_position().x0 - mine.x0) < 1e-6
        for other in panels
    )


def is_first(panels: Panels, place: int) -> bool:
    """Whether no other panel stands left of one."""
    mine = panels[place].get_position()
    return not any(
        other.get_position().x1 <= mine.x0 and abs(other.get_position().y0 - mine.y0) < 1e-6
        for other in panels
    )


def figure_width() -> float:
    """Inches: the width of a new figure."""
    user = matplotlib.rcParams["figure.figsize"]
    return WIDTH if user == matplotlib.rcParamsDefault["figure.figsize"] else float(user[0])


def new_figure(height: float, *, at_least: bool = False) -> Figure:
    """A figure of the size that the user has set, or of our own; pyplot's, unless for a file.

    Where panels need `height` at least, the user has set its width alone.
    """
    user = matplotlib.rcParams["figure.figsize"]
    own = user == matplotlib.rcParamsDefault["figure.figsize"]
    inches = (WIDTH, height) if own else (float(user[0]), float(user[1]))
    if at_least:
        inches = inches[0], max(inches[1], height)
    if FOR_FILES.get():
        return Figure(figsize=inches)
    from matplotlib import pyplot

    return pyplot.figure(figsize=inches)


def _inches(axes: Axes) -> tuple[float, float]:
    """Width and height of axes."""
    figure = figure_of(axes)
    extent = axes.get_window_extent()
    return extent.width / figure.dpi, extent.height / figure.dpi


def written(artist: Text, text: str) -> Text:
    """Give an artist that may be the user's a text that is drawn as it is written."""
    artist.set_text(text)
    artist.set_parse_math(False)
    artist.set_usetex(False)
    return artist


def axis_labels(axes: Axes, x: str | None = None, y: str | None = None) -> None:
    """Name the axes; names in it are drawn as they are written."""
    for axis, text in ((axes.xaxis, x), (axes.yaxis, y)):
        if text is not None:
            written(axis.label, text)


def as_written(axes: Axes) -> None:
    """Let ticks, which may be named by the user's data, be drawn as they are written."""
    for tick in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        tick.set_parse_math(False)
        tick.set_usetex(False)


def mark(attributes: Mapping[Any, Any], *panels: Axes, passed: bool = True) -> None:
    """Say over a figure that it is of an approximate posterior, or of a fit that was refused.

    Parameters
    ----------
    attributes : mapping
        Those of what is shown, with its `method`.
    *panels : Axes
        All that was drawn. Where other axes share the figure, it is said in the first panel.
    passed : bool
        Whether all fits passed their gates.
    """
    words = [label(attributes)] if is_approximate(attributes) else []
    text = ". ".join([*words, *([] if passed else [REFUSED])])
    if not text:
        return
    figure = figure_of(panels[0])
    alone = {id(each) for each in figure.axes if each.axison} <= {id(each) for each in panels}
    if alone and figure.get_layout_engine() is not None and not figure.get_suptitle():
        figure.suptitle(text, fontsize=1.1 * size(), color=ink())
        return
    box = {"facecolor": paper(), "alpha": 0.8, "edgecolor": "none", "pad": 1.5}
    beside: dict[str, Any] = {"ha": "right", "va": "bottom", "color": ink(), "zorder": 6}
    at = panels[0].transAxes
    panels[0].text(0.99, 0.01, text, transform=at, fontsize=0.9 * size(), bbox=box, **beside)


def make_room(axes: Axes, above: float = 0.0) -> None:
    """Shrink axes until what stands around them is inside their place, as a colour bar would.

    Only in a figure without a layout of its own, which would otherwise cut words off at its edge.

    Parameters
    ----------
    axes : Axes
    above : float
        Points that will be needed above them.
    """
    figure = figure_of(axes)
    if figure.get_layout_engine() is not None:
        return
    pixels = figure.dpi / 72
    spare = AROUND * pixels
    whole, own, drawn = figure.bbox.padded(-spare), axes.get_window_extent(), axes.get_tightbbox()
    if drawn is None:
        return
    alone = sum(each.axison for each in figure.axes) == 1
    ends = (whole.x1, whole.y1) if alone else (own.x1, own.y1)
    left, bottom = max(0.0, whole.x0 - drawn.x0), max(0.0, whole.y0 - drawn.y0)
    right = max(0.0, drawn.x1 - ends[0])
    top = max(0.0, drawn.y1 - ends[1], own.y1 + above * pixels - ends[1])
    across, up = own.width - left - right, own.height - bottom - top
    if across < own.width / 4 or up < own.height / 4:
        return  # nothing would be left of the figure itself
    inside = figure.bbox.width, figure.bbox.height
    x, y = (own.x0 + left) / inside[0], (own.y0 + bottom) / inside[1]
    axes.set_position((x, y, across / inside[0], up / inside[1]))
