"""Figures as files, whole or not at all."""

from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from qqt_bayes.marks import STYLE
from qqt_bayes.writing import write

ENDINGS: dict[str, dict[str, Any]] = {".png": {"dpi": 200}, ".svg": {"metadata": {"Date": None}}}
"""How a figure is written, by the ending of the file's name."""


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the form that the ending of the name says."""
    with matplotlib.rc_context(STYLE):
        ending = path.suffix.lower()
        figure.savefig(drawn := BytesIO(), format=ending[1:], **ENDINGS[ending])
    write(path, drawn.getvalue())
