"""A small writer of SVG: elements with escaped text, axes, and where a number lies on them.

Colours are classes that the page's style sheet fills, so that a figure is right in dark mode and in
print. All text goes through `text` and `title`, which escape it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from qqt_bayes.phrases import format_samples

WIDTH = 720.0
"""Width of every figure in its own units; the page scales it to its column."""
LEFT, RIGHT, TOP, BOTTOM = 62.0, 14.0, 12.0, 52.0
"""Room around the axes, for labels that a phone shows twice as large."""
MOST_TICKS = 6
"""Ticks of an axis, at the most."""
ROOM = 0.04
"""Share of what is shown that is left free to either side."""
ALONE = 1.5
"""Factor to either side of a single number that is drawn."""
SHAPES = (
    "m-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z",
    "m-3.6,-3.6h7.2v7.2h-7.2z",
    "m0,-4.6l4.4,8h-8.8z",
    "m0,-5l5,5l-5,5l-5,-5z",
    "m0,4.6l4.4,-8h-8.8z",
    "m-1.5,-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z",
    "m-3,-3l6,6m-6,0l6,-6",
)
"""Markers about the origin: one for each colour, so that none stands alone, and the cross."""
CROSS = len(SHAPES) - 1
"""The marker without a colour."""


def element(name: str, content: str = "", **attributes: object) -> str:
    """An element; a `_` in the name of an attribute is a `-`, one at its end is left out.

    Examples
    --------
    >>> element("line", x1=0, y1=1.25, class_="cursor")
    '<line x1="0" y1="1.2" class="cursor"/>'
    >>> element("text", text("<b>"), x=1)
    '<text x="1">&lt;b&gt;</text>'
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_short(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{said}>{content}</{name}>" if content else f"<{name}{said}/>"


def text(words: str) -> str:
    """Words as the content of an element."""
    return escape(words, quote=False)


def _short(value: object) -> str:
    """A coordinate to a tenth, which nobody can see; anything else as it is."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def path(points: Iterable[tuple[float, float]], *, closed: bool = False) -> str:
    """A polygon or a line as the `d` of a path.

    Examples
    --------
    >>> path([(0.0, 1.0), (2.0, 3.0)]), path([(0.0, 1.0), (2.0, 3.0)], closed=True)
    ('M0,1L2,3', 'M0,1L2,3z')
    """
    said = "L".join(f"{_short(float(x))},{_short(float(y))}" for x, y in points)
    return f"M{said}{'z' if closed else ''}"


class Figure(NamedTuple):
    """A drawing, and the words below it."""

    drawing: str
    caption: str


def figure(content: str, height: float, name: str, title: str, description: str) -> str:
    """A whole figure with a title and a description, which a screen reader says."""
    said = element("title", text(title), id=f"{name}-t")
    said += element("desc", text(description), id=f"{name}-d")
    return element(
        "svg",
        said + content,
        viewBox=f"0 0 {WIDTH:g} {height:g}",
        role="img",
        aria_labelledby=f"{name}-t {name}-d",
    )


@dataclass(frozen=True)
class Axis:
    """From numbers to places: linear or logarithmic.

    Examples
    --------
    >>> axis = Axis(1e6, 1e8, 0.0, 100.0, logarithmic=True)
    >>> axis(1e7), [format_samples(x) for x in axis.ticks()]
    (50.0, ['1M', '3M', '10M', '30M', '100M'])
    >>> [format_samples(x) for x in Axis(1.1e9, 1.6e9, 0.0, 1.0, logarithmic=True).ticks()]
    ['1.1B', '1.2B', '1.3B', '1.4B', '1.5B', '1.6B']
    """

    least: float
    most: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """The place of a number."""
        low, high, x = self.least, self.most, value
        if self.logarithmic:
            low, high, x = math.log(low), math.log(high), math.log(x)
        return self.start + (self.end - self.start) * (x - low) / (high - low)

    def ticks(self) -> list[float]:
        """Round numbers inside the axis."""
        return self._in_decades() if self.logarithmic else self._in_steps()

    def _in_decades(self) -> list[float]:
        first, last = math.floor(math.log10(self.least)), math.ceil(math.log10(self.most))
        for digits in ((1, 2, 5), (1, 3), (1,)):
            found = [d * 10.0**k for k in range(first, last + 1) for d in digits]
            inside = [x for x in found if self.least * 0.999 <= x <= self.most * 1.001]
            if len(inside) < 2:  # within a decade
                return self._in_steps()
            if len(inside) <= MOST_TICKS:
                return inside
        return inside[:: -(-len(inside) // MOST_TICKS)]

    def _in_steps(self) -> list[float]:
        step = 10.0 ** math.floor(math.log10((self.most - self.least) / 2))
        for factor in (1, 2, 5, 10):
            count = (self.most - self.least) / (factor * step)
            if count <= MOST_TICKS - 1:
                break
        step *= factor
        first = math.ceil(self.least / step - 1e-9)
        last = math.floor(self.most / step + 1e-9)
        return [k * step for k in range(first, last + 1)]


def frame(x: Axis, y: Axis, x_name: str, y_name: str) -> str:
    """Grid, ticks and names of two axes."""
    return lines_across(x, y) + below(x, y.start, x_name) + name_of(x, y, y_name)


def name_of(x: Axis, y: Axis, name: str, other: str | None = None) -> str:
    """The name of the axis to the left, and what a script may say in its place."""
    x_place, y_place = x.start + 4, y.end + 12
    said = text(name)
    return element("text", said, x=x_place, y=y_place, class_="name", data_other=other)


def lines_across(x: Axis, y: Axis) -> str:
    """A line at every tick of the axis to the left, with its number."""
    ticks = y.ticks()
    places = max(0, -math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9)) if len(ticks) > 1 else 3
    drawn = [
        element("path", d=path([(x.start, y(tick)), (x.end, y(tick))]), class_="grid")
        + element("text", text(f"{tick:.{places}f}"), x=x.start - 6, y=y(tick) + 4, class_="end")
        for tick in ticks
    ]
    return "".join(drawn)


def below(x: Axis, bottom: float, name: str) -> str:
    """The axis at the bottom: a line, its ticks and its name."""
    drawn = [element("path", d=path([(x.start, bottom), (x.end, bottom)]), class_="tick")]
    for tick in x.ticks():
        at, label = x(tick), format_samples(tick) if x.logarithmic else f"{tick:g}"
        drawn.append(element("path", d=path([(at, bottom), (at, bottom + 4)]), class_="tick"))
        drawn.append(element("text", text(label), x=at, y=bottom + 19, class_="middle"))
    middle = (x.start + x.end) / 2
    drawn.append(element("text", text(name), x=middle, y=bottom + 44, class_="middle name"))
    return "".join(drawn)


def box(left: float, top: float, right: float, bottom: float, kind: str) -> str:
    """A rectangle between two corners."""
    return element("rect", x=left, y=top, width=right - left, height=bottom - top, class_=kind)


def marks(places: Iterable[tuple[float, float]], number: int, kind: str) -> str:
    """Many markers of one kind as one path; nothing if there are none."""
    drawn = "".join(f"M{_short(x)},{_short(y)}{SHAPES[number]}" for x, y in places)
    return element("path", d=drawn, class_=kind) if drawn else ""


def mark(x: float, y: float, number: int, kind: str, said: str = "") -> str:
    """A marker at a place; `said` is its title as an element."""
    place = f"translate({x:.1f} {y:.1f})"
    return element("path", said, d=SHAPES[number], transform=place, class_=kind)


def around(values: Sequence[float], share: float = ROOM) -> tuple[float, float]:
    """The ends of some numbers, with a little room.

    Examples
    --------
    >>> around([0.0, 1.0], 0.1), around([0.5])
    ((-0.1, 1.1), (0.48, 0.52))
    """
    low, high = min(values), max(values)
    room = share * (high - low) or share * abs(high) or share
    return low - room, high + room


def decades(values: Sequence[float]) -> tuple[float, float]:
    """The same for a logarithmic axis.

    Examples
    --------
    >>> low, high = decades([1e6, 1e8])
    >>> round(low), round(high)
    (831764, 120226443)
    """
    low, high = min(values), max(values)
    factor = (high / low) ** ROOM if high > low else ALONE
    return low / factor, high * factor
