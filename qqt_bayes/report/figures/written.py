"""Words on axes, drawn as they are written, and what has to be known of a figure."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.text import Text

from qqt_bayes.posterior.methods import is_approximate
from qqt_bayes.report.figures.style import figure_of, ink, paper, size
from qqt_bayes.report.fit_text import label

REFUSED = "A fit did not pass its gate"
"""What stands over a figure that rests on such a fit."""


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
