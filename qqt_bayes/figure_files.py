"""Figures as files, whole or not at all."""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from qqt_bayes.errors import InputError
from qqt_bayes.marks import STYLE
from qqt_bayes.writing import writable, write

ENDINGS: dict[str, dict[str, Any]] = {".png": {"dpi": 200}, ".svg": {"metadata": {"Date": None}}}
"""How a figure is written, by the ending of the file's name."""


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the form that the ending of the name says."""
    with matplotlib.rc_context(STYLE):
        figure.savefig(drawn := BytesIO(), format=path.suffix[1:], **ENDINGS[path.suffix])
    write(path, drawn.getvalue())


def drawable(path: Path, sources: Iterable[str | None] = ()) -> Path:
    """`writable` for a file that `write_figure` can write.

    Raises
    ------
    InputError
        Also if the name has another ending.

    Examples
    --------
    >>> drawable(Path("ranks.pdf"))
    Traceback (most recent call last):
    qqt_bayes.errors.InputError: ranks.pdf: expected a file whose name ends in .png or .svg
    """
    if path.suffix not in ENDINGS:
        raise InputError(f"{path}: expected a file whose name ends in {' or '.join(ENDINGS)}")
    return writable(path, sources)
