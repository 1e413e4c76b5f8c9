"""The pages of the documentation, and the code that stands on them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from places import CASE_STUDIES, ROOT

DOCS = ROOT / "docs"
FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")


def written() -> list[Path]:
    """Every page that somebody wrote: not those that Sphinx makes of docstrings."""
    made = DOCS / "reference" / "names"
    pages = [page for page in DOCS.rglob("*.md") if not page.is_relative_to(made)]
    return sorted([*pages, *CASE_STUDIES.glob("*/*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])


def blocks(page: Path, *languages: str) -> list[str]:
    """What stands in the fences of a page that say one of some languages."""
    text = page.read_text(encoding="utf-8")
    return [block for language, block in FENCE.findall(text) if language in languages]


def command_lines(page: Path) -> Iterator[list[str]]:
    """The words after `qqt` of every line with it on a page, in fences and between backquotes."""
    text = page.read_text(encoding="utf-8")
    lines = [
        line for _, block in FENCE.findall(text) for line in block.replace("\\\n", "").split("\n")
    ]
    spans = SPAN.findall(FENCE.sub("", text))
    for line in (*lines, *spans):
        shown = line.strip().removeprefix("$ ")
        if shown.startswith("qqt "):
            yield shlex.split(shown, comments=True)[1:]
