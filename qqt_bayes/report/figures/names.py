"""How figures on disk are known as this package's, without drawing any: their names and marks."""

from collections.abc import Sequence
from os import SEEK_END
from os.path import isfile
from pathlib import Path

MAKER = "qqt_bayes"
"""What the metadata of a figure call the program that drew it."""
FORMATS = ("png", "svg", "pdf")
"""What figures can be written as."""
STANDARD = ("png", "svg")
"""What they are written as in a folder where nothing else is asked for."""
MARKS = {
    ".png": f"Software\0{MAKER}".encode(),
    ".svg": f"<dc:title>{MAKER}</dc:title>".encode(),
    ".pdf": f"/Creator ({MAKER})".encode(),
}
"""What such a file holds near its beginning, a PDF near its end, by the ending of its name."""
BEGINNING = 4096
"""Bytes at the beginning of a file in which the mark is."""
END = 65536
"""Bytes at the end of a PDF in which it is: before a table of 20 bytes for each of some hundred
objects."""
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
            if path.suffix.lower() == ".pdf":
                file.seek(-min(END, file.seek(0, SEEK_END)), SEEK_END)
                return mark in file.read()
            return mark in file.read(BEGINNING)
    except OSError:
        return False


def figures_in(
    folder: Path, titles: Sequence[str] = TITLES, formats: Sequence[str] = STANDARD
) -> list[Path]:
    """Files of a folder whose names figures with such titles, of such types, may have."""
    return [
        path
        for title in titles
        for each in formats
        for pattern in (f"{title}.{each}", f"{title}-*.{each}")
        for path in sorted(folder.glob(pattern))
    ]
