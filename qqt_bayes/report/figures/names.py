"""How figures on disk are known as this package's, without drawing any: their names and marks."""

from collections.abc import Sequence
from os.path import isfile
from pathlib import Path

MAKER = "qqt_bayes"
"""What the metadata of a figure call the program that drew it."""
MARKS = {".png": f"Software\0{MAKER}".encode(), ".svg": f"<dc:title>{MAKER}</dc:title>".encode()}
"""What the beginning of such a file holds, by the ending of its name."""
BEGINNING = 4096
"""Bytes of it in which the mark is."""
TITLES = (
    "scaling_curves",
    "probability_best",
    "utility_curves",
    "parameter_posteriors",
)
"""How the names of a decision's figures begin; a group or a model may follow behind a dash."""
OF_FRONTIER = ("frontier",)
"""The same of those of a frontier."""
OF_METRICS = ("choices_by_metric",)
"""The same of those of a decision over several metrics."""

OF_PLAN = ("plan",)
"""The same of that of proposed runs."""


def is_figure(path: Path) -> bool:
    """Whether a file is a figure that this package drew."""
    mark = MARKS.get(path.suffix.lower())
    if mark is None or not isfile(path):  # a pipe would be waited for
        return False
    try:
        with path.open("rb") as file:
            return mark in file.read(BEGINNING)
    except OSError:
        return False


def figures_in(folder: Path, titles: Sequence[str] = TITLES) -> list[Path]:
    """Files of a folder whose names figures with such titles may have."""
    return [
        path
        for title in titles
        for ending in MARKS
        for pattern in (f"{title}{ending}", f"{title}-*{ending}")
        for path in sorted(folder.glob(pattern))
    ]
