"""Where words have room among what is drawn: beside other words and lines, not on top of them."""

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from qqt_bayes.report.figures.style import figure_of

type Place = tuple[float, float]
"""Where a text stands, in its own coordinates; of an annotation, of its words."""

STEP = 2.0
"""Pixels between two points of a line: less than any letter is wide."""
PADDING = 2.0
"""Points that a text keeps free around it, where there may be its box or the marker of a line."""
WORDS = 1e3
"""Cost of covering other words, or of leaving the axes; that of covering a point of a line is 1."""
LATER = 0.2
"""Cost of each place before: a little that is covered is better than words far away."""


def settle(axes: Axes, text: Text, places: Iterable[tuple[Place, float]]) -> bool:
    """Put a text, already drawn, where it covers neither words nor lines, or covers the least.

    Parameters
    ----------
    axes : Axes
        With its limits, all else that matters drawn.
    text : Text
        One of the axes' own.
    places : iterable of tuple of (place, rotation)
        The best first; rotations in degrees.

    Returns
    -------
    bool
        Whether it is inside the axes and covers no other words.
    """
    others = [_box(each) for each in axes.texts if each is not text and _seen(each)]
    points, frame = _points_of_lines(axes), axes.get_window_extent()
    padding = PADDING * figure_of(axes).dpi / 72
    best: tuple[float, Place, float] | None = None
    for i, (place, rotation) in enumerate(places):
        _move(text, place, rotation)
        box = _box(text)
        wide = box.padded(padding)
        beyond = frame.x0 > box.x0 or box.x1 > frame.x1 or frame.y0 > box.y0 or box.y1 > frame.y1
        cost = WORDS * (beyond + sum(map(wide.overlaps, others))) + _covered(wide, points)
        if best is None or cost + LATER * i < best[0]:
            best = cost + LATER * i, place, rotation
        if not cost:
            break
    if best is None:
        return False
    _move(text, *best[1:])
    return best[0] < WORDS


def along(axes: Axes, text: Annotation, *, tries: int = 16) -> list[tuple[Place, float]]:
    """Places of an annotation along a line across the axes: from its left end on, above and below.

    Parameters
    ----------
    axes : Axes
    text : Annotation
        At the left end of the line, its words moved by points.
    tries : int
        Places on either side of the line.
    """
    pixels = figure_of(axes).dpi / 72
    box = _box(text)
    x, y = text.xyann
    room = (axes.get_window_extent().width - box.width) / pixels - x
    ends = np.linspace(x, max(room, x), tries).tolist()
    return [((each, side), 0.0) for side in (y, -y - box.height / pixels) for each in ends]


def around(letter: float) -> list[tuple[Place, float]]:
    """Places of an annotation about a point, the nearest first, in points.

    Parameters
    ----------
    letter : float
        Size of letters, points.
    """
    angles = np.deg2rad([45, 135, -135, -45, 90, -90, 15, 165, -165, -15])
    reach = letter * np.array([2.2, 1.4])  # words are wider than high
    return [
        ((float(times * reach[0] * np.cos(angle)), float(times * reach[1] * np.sin(angle))), 0.0)
        for times in np.linspace(1, 3, 5)
        for angle in angles
    ]


def _box(text: Text) -> Bbox:
    """The words of a text alone, without what leads from an annotation to its point."""
    box = text.get_window_extent()  # places the words of an annotation, too
    return Text.get_window_extent(text) if isinstance(text, Annotation) else box


def _seen(text: Text) -> bool:
    return bool(text.get_text()) and text.get_visible()


def _move(text: Text, place: Place, rotation: float) -> None:
    """Of an annotation the words move, and not what they are about."""
    if isinstance(text, Annotation):
        text.xyann = place
    else:
        text.set_position(place)
    text.set_rotation(rotation)


def _covered(box: Bbox, points: NDArray[np.float64]) -> int:
    """How many points are in a box."""
    x, y = points.T
    inside = (box.x0 <= x) & (x <= box.x1) & (box.y0 <= y) & (y <= box.y1)
    return int(inside.sum())


def _points_of_lines(axes: Axes) -> NDArray[np.float64]:
    """Pixels along the lines and markers of data, shape (point, 2)."""
    found = [np.empty((0, 2))]
    for line in axes.lines:
        if line.get_transform() != axes.transData:
            continue
        ends = axes.transData.transform(np.column_stack(line.get_data()))
        ends = ends[np.isfinite(ends).all(axis=1)]
        lengths = np.hypot(*np.diff(ends, axis=0).T)
        along = np.concatenate([[0.0], np.cumsum(lengths)])
        if not len(ends):
            continue
        every = np.linspace(0, along[-1], int(along[-1] / STEP) + 1)
        found.append(np.column_stack([np.interp(every, along, part) for part in ends.T]))
    return np.concatenate(found)
