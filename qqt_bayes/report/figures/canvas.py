"""Where figures are drawn: on axes of the user's, or on a figure of their own."""

from collections.abc import Sequence
from math import ceil
from typing import Any
from weakref import WeakKeyDictionary

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpecBase
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from qqt_bayes.errors import InputError
from qqt_bayes.report.figures.style import FOR_FILES, WIDTH, figure_of

type Panels = NDArray[np.object_]
"""Several axes, shape (panel,)."""

AROUND = 2.0
"""Points between what is drawn and the edge of its place."""
AROUND_AXES = 0.2
"""Share of a place that is around axes where a layout has not placed them yet."""
AROUND_PANELS, LEAST_PANEL = 0.75, 0.5
"""Inches of titles, ticks and names around all panels, and of a panel in which curves are seen."""
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


def place_height(ax: Axes) -> float:
    """Inches that axes and what stands above and below them may take."""
    figure = figure_of(ax)
    if figure.get_layout_engine() is None:
        return inches(ax)[1]
    return inches(ax)[1] / (1 - AROUND_AXES)


def room_for(ax: Axes | Panels | None, columns: int) -> int | None:
    """How many panels can be read in the place of one axes; None where there is no such bound.

    A new figure is as high as its panels need, and an array of axes has as many as it has.

    Parameters
    ----------
    ax : Axes or array of Axes, optional
    columns : int
        Panels side by side at the most, in a figure of the full width.
    """
    if not isinstance(ax, Axes):
        return None
    gap = APART[1]
    rows = int((place_height(ax) - AROUND_PANELS + gap) / (LEAST_PANEL + gap))
    return max(1, rows) * beside(ax, columns)


def beside(ax: Axes | None, columns: int) -> int:
    """How many panels have room beside each other, of those that do in a figure of full width."""
    width = figure_width() if ax is None else inches(ax)[0]
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
        spaces = zip(("wspace", "hspace"), APART, (columns, rows), inches(ax), strict=True)
        apart |= {
            name: gap * many / max(extent - gap * (many - 1), gap)
            for name, gap, many, extent in spaces
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
    extent = (WIDTH, height) if own else (float(user[0]), float(user[1]))
    if at_least:
        extent = extent[0], max(extent[1], height)
    if FOR_FILES.get():
        return Figure(figsize=extent)
    from matplotlib import pyplot

    return pyplot.figure(figsize=extent)


def inches(axes: Axes) -> tuple[float, float]:
    """Width and height of axes."""
    figure = figure_of(axes)
    extent = axes.get_window_extent()
    return extent.width / figure.dpi, extent.height / figure.dpi


PLACES: WeakKeyDictionary[Axes, Bbox] = WeakKeyDictionary()
"""Where axes stood before they were shrunk, as shares of their figure."""


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
    PLACES.setdefault(axes, axes.get_position().frozen())
    own, drawn = axes.get_window_extent(), axes.get_tightbbox()
    if drawn is None:
        return
    pixels = figure.dpi / 72
    ends = _ends(axes).transformed(figure.transFigure).padded(-AROUND * pixels)
    left, bottom = max(0.0, ends.x0 - drawn.x0), max(0.0, ends.y0 - drawn.y0)
    right = max(0.0, drawn.x1 - ends.x1)
    top = max(0.0, drawn.y1 - ends.y1, own.y1 + above * pixels - ends.y1)
    across, up = own.width - left - right, own.height - bottom - top
    if across < own.width / 4 or up < own.height / 4:
        return  # nothing would be left of the figure itself
    inside = figure.bbox.width, figure.bbox.height
    x, y = (own.x0 + left) / inside[0], (own.y0 + bottom) / inside[1]
    axes.set_position((x, y, across / inside[0], up / inside[1]))


def make_room_for_all(panels: Panels) -> None:
    """Shrink panels as `make_room` does, those beside each other to the same height.

    Their vertical axes have numbers at the first alone.
    """
    for axes in panels:
        make_room(axes)
    for place in {PLACES[axes].y0 for axes in panels if axes in PLACES}:
        row = [axes for axes in panels if axes in PLACES and PLACES[axes].y0 == place]
        boxes = [axes.get_position() for axes in row]
        bottom, top = max(each.y0 for each in boxes), min(each.y1 for each in boxes)
        for axes, box in zip(row, boxes, strict=True):
            axes.set_position((box.x0, bottom, box.width, top - bottom))


def _ends(axes: Axes) -> Bbox:
    """What axes and all around them may fill: up to their neighbours, or the figure's edge.

    Labels stand left of axes and below them, so that a neighbour there leaves the gap to these.
    """
    mine = PLACES[axes]
    others = [
        PLACES.get(each, each.get_position())
        for each in figure_of(axes).axes
        if each is not axes and each.axison
    ]
    beside = [each for each in others if each.y0 < mine.y1 and mine.y0 < each.y1]
    stacked = [each for each in others if each.x0 < mine.x1 and mine.x0 < each.x1]
    return Bbox.from_extents(
        max((each.x1 for each in beside if each.x1 <= mine.x0), default=0.0),
        max((each.y1 for each in stacked if each.y1 <= mine.y0), default=0.0),
        mine.x1 if any(each.x0 >= mine.x1 for each in beside) else 1.0,
        mine.y1 if any(each.y0 >= mine.y1 for each in stacked) else 1.0,
    )
