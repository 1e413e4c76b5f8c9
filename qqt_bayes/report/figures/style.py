"""Style of all figures: whose settings hold, an ordered palette, markers, and greys.

Colours run from dark to light in the order of the levels and are never alone: a name or a marker
stands with each, so that the figures hold in greyscale and for the colour-blind.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.report.figures.fonts import OWN, families, texts_in, warn_of

AS_WRITTEN: dict[Any, Any] = {
    "text.parse_math": False,  # a name may hold dollars
    "text.usetex": False,  # whatever the user's own settings are: a name may hold backslashes
}
"""Settings that hold in any style."""
STYLE: dict[Any, Any] = AS_WRITTEN | {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9,
    "figure.constrained_layout.use": True,
    "font.family": [OWN],
    "font.size": 8,
    "grid.color": "0.9",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "pdf.fonttype": 42,  # TrueType: publishers refuse matplotlib's own choice, Type 3
    "svg.hashsalt": "qqt_bayes",
    "text.color": "0.15",
}
"""Settings of every figure, for `matplotlib.rc_context`; nothing global is changed."""

WIDTH = 7.0
"""Inches: the text width of a page; the smallest letters are then of 8 points."""

MARKERS = "osD^vPXp<>*h"
"""One for each level, in turn."""
FONT_SIZE = 8
"""Points: the size of most letters in the figures' own style."""
LINE_SPACING = 1.35
"""Distance of labels below each other, in units of their size."""
INK, GREY = "0.15", "0.45"
"""In the own style, greys of words and lines that matter, and of those that stand back."""

LUMA = np.array([0.299, 0.587, 0.114])
"""Shares of red, green and blue in how light a colour is in greyscale (ITU-R BT.601)."""
ON_LIGHT, ON_DARK = (0.17, 0.74), (0.36, 0.92)
"""Luma of the first and the last of the levels, on a light and on a dark ground."""
CHROMA, FIRST_HUE, NEXT_HUE = 0.14, 285.0, 70.0
"""OKLCh chroma at the most; hue of the first level, and how far the next one's is from it, degrees:
neighbours that differ in lightness alone are told apart only side by side."""
OF_OKLAB = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
"""From OKLab to the cube roots of the responses of cones (Ottosson 2020)."""
OF_CONES = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
"""From the responses of cones to linear sRGB (the same)."""

FOR_FILES: ContextVar[bool] = ContextVar("FOR_FILES", default=False)
"""Whether figures are for files, not for pyplot to show."""


@contextmanager
def drawing(*shown: object) -> Iterator[None]:
    """The figures' own style, with fonts for the names in what is shown.

    New figures are no pyplot's: they are written to a file, and then forgotten. Names that no font
    of this machine can draw are said in one warning, instead of matplotlib's own for each of them.
    """
    token = FOR_FILES.set(True)
    size_of = {"figure.figsize": matplotlib.rcParamsDefault["figure.figsize"]}
    try:
        with _under(STYLE | size_of, [], *shown):
            yield
    finally:
        FOR_FILES.reset(token)


@contextmanager
def styling(ax: object, *shown: object) -> Iterator[None]:
    """The settings under which a public function draws what is shown.

    On axes that are given, the user's settings hold. Else ours stand in for those that the user
    left as matplotlib has them: a style sheet that is active is not overwritten.
    """
    current, default = matplotlib.rcParams, matplotlib.rcParamsDefault
    left = {name for name in STYLE if ax is None and current[name] == default[name]}
    style = {name: value for name, value in STYLE.items() if name in left} | AS_WRITTEN
    with _under(style, [] if "font.family" in left else current["font.family"], *shown):
        yield


@contextmanager
def _under(style: dict[Any, Any], first: list[str], *shown: object) -> Iterator[None]:
    """Settings of a style, with fonts for the names in what is shown behind the first ones."""
    fonts, lacking = families(texts_in(*shown))
    warn_of(lacking)
    with (
        warnings.catch_warnings(),
        matplotlib.rc_context(style | {"font.family": [*first, *fonts]}),
    ):
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        yield


def size() -> float:
    """Points: the size of most letters under the settings that hold."""
    return float(matplotlib.rcParams["font.size"])


def ink() -> str:
    """The colour of words and lines that matter."""
    return str(matplotlib.rcParams["text.color"])


def paper() -> str:
    """The colour of the ground."""
    ground = str(matplotlib.rcParams["axes.facecolor"])
    return "white" if ground == "none" else ground


def between(share: float) -> tuple[float, float, float]:
    """A colour between the ground and that of words, which is at 1."""
    words, ground = to_rgb(ink()), to_rgb(paper())
    red, green, blue = (share * x + (1 - share) * y for x, y in zip(words, ground, strict=True))
    return red, green, blue


def grey() -> tuple[float, float, float]:
    """The colour of words and lines that stand back."""
    return between(0.65)


def palette(count: int) -> NDArray[np.float64]:
    """Colours from dark to light, all of them visible on the ground; shape (count, 4).

    Neighbours differ in hue as well. On a dark ground all are lighter; where the user has set
    another colour map than matplotlib's own, they are taken from that.
    """
    cmap = matplotlib.rcParams["image.cmap"]
    if cmap != matplotlib.rcParamsDefault["image.cmap"]:
        return np.asarray(matplotlib.colormaps[cmap](np.linspace(0.05, 0.9, count)))
    first, last = ON_LIGHT if ink_on(to_rgb(paper())) == "black" else ON_DARK
    luma = np.linspace(first, last, count)
    colours = [_of_luma(each, FIRST_HUE - i * NEXT_HUE) for i, each in enumerate(luma)]
    return np.column_stack([np.reshape(colours, (count, 3)), np.ones(count)])


def _of_luma(luma: float, hue: float) -> NDArray[np.float64]:
    """The sRGB of a hue, in degrees, that is so light in greyscale; by bisection."""
    low, high = 0.0, 1.0
    for _ in range(20):
        middle = (low + high) / 2
        found = _of_oklch(middle, hue)
        low, high = (middle, high) if found @ LUMA < luma else (low, middle)
    return found


def _of_oklch(lightness: float, hue: float) -> NDArray[np.float64]:
    """The sRGB of a lightness and a hue in degrees, with as much chroma as there is at the most."""
    angle = np.deg2rad(hue)
    for chroma in np.linspace(CHROMA, 0, 15):
        a, b = chroma * np.cos(angle), chroma * np.sin(angle)
        linear = OF_CONES @ (OF_OKLAB @ [lightness, a, b]) ** 3
        if (linear >= 0).all() and (linear <= 1).all():
            break
    linear = linear.clip(0, 1)  # a grey may leave the bounds by rounding
    found: NDArray[np.float64] = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
    )
    return found


def short(name: str, most: int = 24) -> str:
    """A name cut so that it leaves room for the figure, at `most` characters.

    Examples
    --------
    >>> short("top 10%"), short("everything that was ever crawled")
    ('top 10%', 'everything that was eve…')
    """
    return name if len(name) <= most else f"{name[: most - 1]}…"


def marker(index: int) -> str:
    """Marker of a level by its place."""
    return MARKERS[index % len(MARKERS)]


def ink_on(colour: ArrayLike) -> str:
    """Black or white, whichever can be read on a colour."""
    return "white" if np.asarray(colour)[:3] @ LUMA < 0.55 else "black"


def figure_of(axes: Axes) -> Figure:
    """The figure that axes are in."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


def lay_out(figure: Figure) -> None:
    """Place the axes where a drawing would: without drawing anything, in half the time."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)


def height_in_points(axes: Axes) -> float:
    """Height of the axes as they will be drawn; everything around them must be there already."""
    figure = figure_of(axes)
    lay_out(figure)
    return float(axes.get_window_extent().height / figure.dpi * 72)


def width_in_points(axes: Axes) -> float:
    """Width of the axes as they are, whatever will stand around them."""
    return float(axes.get_window_extent().width / figure_of(axes).dpi * 72)
