"""A page as a file: the form that its name asks for, and how a page of ours is known again."""

from __future__ import annotations

from os.path import isfile
from pathlib import Path

from qqt_bayes.report.page.html import html
from qqt_bayes.report.page.latex import latex
from qqt_bayes.report.page.markdown import markdown
from qqt_bayes.report.page.whole import Page

MARK = "Report of qqt_bayes"
"""What every page says of itself in its first lines, where no reader sees it."""
WRITERS = {
    ".html": lambda page: html(page, MARK),
    ".md": lambda page: f"<!-- {MARK} -->\n\n{markdown(page)}",
    ".tex": lambda page: f"% {MARK}\n{latex(page)}",
}
"""How a page is written, by the ending of the file's name."""
BEGINNING = 1000
"""Bytes of a file in which the mark is."""


def written(page: Page, path: Path) -> str:
    """A page in the form that the ending of a name asks for."""
    return WRITERS[path.suffix.lower()](page)


def is_page(path: Path) -> bool:
    """Whether a file is a page that this package wrote."""
    if path.suffix.lower() not in WRITERS or not isfile(path):  # a pipe would be waited for
        return False
    try:
        with path.open("rb") as file:
            return MARK.encode() in file.read(BEGINNING)
    except OSError:
        return False
