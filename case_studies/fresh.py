"""Whether the outputs of a notebook in the repository are what it shows when it is executed.

Outputs are compared cell by cell after what says nothing was taken away: times, paths, addresses
in memory, and how long and how well chains ran.  Words have to be the same, and numbers the same
to the error of a Monte Carlo run: another machine rounds otherwise, and its chains part from ours.
"""

import math
import re
from base64 import b64decode
from collections.abc import Iterator
from difflib import SequenceMatcher
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
from matplotlib import image
from nbformat import NotebookNode

DRAWS = 2000
"""Effective draws by which a share is known at least; the fits of the notebooks have as many."""
SHARE_OFF = 0.12
"""Share of an output's words and numbers that other draws may change: close calls fall either way.
With another seed it was 0.05 in the longest, which says which of two laws predicts better."""
PICTURE_OFF = 0.003
"""Mean difference of two pictures' shades, from 0 to 1: with another seed it was 0.001, and where a
line of a figure moves by a tenth of its axis it is 0.004."""
CLOSE_CALLS = "close-calls", 0.3
"""The tag of a cell that says which fits passed their gate where chains are near its limits, and
the share of its words and numbers that may differ: with another seed it was 0.17."""
OF_THESE_DRAWS = "of-these-draws"
"""The tag of a cell that is executed and not compared: it says which runs were proposed, and what
came of them.  Of designs that are worth nearly the same, the draws of another machine take another,
and all that follows is of other runs."""
CHAINS = re.compile(r"R-hat|\bESS\b|E-BFMI")
NOTHING_SAID = re.compile(
    r"\b\d[\d.,]* (?:s|seconds|minutes)\b|0x[0-9a-f]{6,}|(?<![\w.])/(?:[\w.+-]+/)+[\w.+-]*"
)
TOKEN = re.compile(r"(?<![\w.])[-+\N{MINUS SIGN}]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?|[^\W\d]\w*|\S")


class Cells(HTMLParser):
    """The rows of the tables in a page, a line of text each."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Begin a row or a cell."""
        if tag == "tr":
            self.rows.append([])
        self.inside = tag in ("td", "th")

    def handle_data(self, data: str) -> None:
        """Keep what stands in a cell."""
        if self.inside and self.rows:
            self.rows[-1].append(data)

    def handle_endtag(self, tag: str) -> None:
        """End a cell."""
        self.inside = self.inside and tag not in ("td", "th")


def text_of(output: NotebookNode) -> str:
    """What an output says: a table row by row, anything else as it is printed."""
    if output.output_type == "stream":
        return str(output.text) if output.name == "stdout" else ""
    data = output.get("data", {})
    if "text/html" in data:
        page = Cells()
        page.feed(data["text/html"])
        return "\n".join(" ".join(row) for row in page.rows)
    return "" if "image/png" in data else str(data.get("text/plain", ""))


def tokens(text: str) -> list[str]:
    """Words and numbers of a text without what says nothing."""
    lines = (line for line in text.splitlines() if not CHAINS.search(line))
    return TOKEN.findall(NOTHING_SAID.sub(" ", "\n".join(lines)))


def as_number(token: str) -> float | None:
    """The number that a token is, if it is one; "NaN" and "inf" are words."""
    if not token[-1].isdigit():
        return None
    try:
        return float(token.replace(",", "").replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        return None


def tolerance(number: float, token: str) -> float:
    """How far two numbers may lie apart that are the same.

    Two units of the last printed digit, a tenth of the number, or, below 1, four standard errors of
    a difference of two shares of `DRAWS` draws.  Whole numbers without an exponent are counts and
    budgets: those are exact.
    """
    if "e" not in token and "." not in token:
        return 0.0
    decimals = len(token.split("e", maxsplit=1)[0].partition(".")[2])
    digit = 2 * 10.0**-decimals if "e" not in token else 0.0
    size = min(abs(number), 1.0)
    share = 4 * math.sqrt(2 * size * (1 - size) / DRAWS)
    return max(digit, 0.1 * abs(number), share)


def same(old: str, new: str) -> bool:
    """Whether two tokens are the same word, or the same number to its Monte Carlo error."""
    numbers = as_number(old), as_number(new)
    if None in numbers:
        return old == new
    a, b = (float(number) for number in numbers if number is not None)
    return abs(a - b) <= max(tolerance(a, old), tolerance(b, new))


def differences(old: str, new: str, allowed: float = SHARE_OFF) -> list[str]:
    """What differs between two texts, each once; nothing where other draws explain it.

    Where every number is the same to its last digit, so were the draws, and every word has to be.
    """
    before, after = tokens(old), tokens(new)
    shapes = [
        ["#" if as_number(word) is not None else word for word in words]
        for words in (before, after)
    ]
    found: list[str] = []
    off, same_draws = 0, True
    for _, i, i_end, j, j_end in SequenceMatcher(None, *shapes, autojunk=False).get_opcodes():
        here, there = before[i:i_end], after[j:j_end]
        if len(here) != len(there):
            found.append(f"{' '.join(here) or 'nothing'} is now {' '.join(there) or 'nothing'}")
            off += max(len(here), len(there))
            continue
        for one, other in zip(here, there, strict=True):
            if not same(one, other):
                found.append(f"{one} is now {other}")
                off += 1
            elif one != other:
                same_draws = False
    return found if same_draws or off > allowed * len(before) else []


def shades(encoded: str) -> np.ndarray:
    """A picture as 24 by 24 shades of grey, each the mean of its part."""
    grey = image.imread(BytesIO(b64decode(encoded)))[..., :3].mean(-1)
    rows, columns = (np.linspace(0, size, 24, endpoint=False).astype(int) for size in grey.shape)
    sums = np.add.reduceat(np.add.reduceat(grey, rows, 0), columns, 1)
    return sums / np.outer(np.diff([*rows, grey.shape[0]]), np.diff([*columns, grey.shape[1]]))


def stale(old: NotebookNode, new: NotebookNode) -> Iterator[str]:
    """What the outputs of a notebook say that a new execution does not, a line each."""
    for place, (before, after) in enumerate(zip(old.cells, new.cells, strict=True)):
        if before.cell_type != "code" or OF_THESE_DRAWS in after.metadata.get("tags", []):
            continue
        here, there = ("\n".join(map(text_of, cell.outputs)) for cell in (before, after))
        tag, share = CLOSE_CALLS
        allowed = share if tag in after.metadata.get("tags", []) else SHARE_OFF
        for found in differences(here, there, allowed):
            yield f"cell {place}: {found}"
        one, other = (
            [each.data["image/png"] for each in cell.outputs if "image/png" in each.get("data", {})]
            for cell in (before, after)
        )
        if len(one) != len(other):
            yield f"cell {place}: it had {len(one)} figures and has {len(other)}"
        elif any(
            np.abs(shades(a) - shades(b)).mean() > PICTURE_OFF
            for a, b in zip(one, other, strict=True)
        ):
            yield f"cell {place}: its figure looks otherwise"
