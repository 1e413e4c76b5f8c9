"""A page as one HTML file that loads nothing: figures, style, script and numbers are inside.

Every name from a table is text: Jinja2 escapes what stands in elements and attributes, `svg` what
stands in figures, and in the JSON no `<` is left that could end its element.  The policy in the
page's head lets a browser run this script and no other, and load nothing from anywhere.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from qqt_bayes.report.measures import measure, turned, with_interval
from qqt_bayes.report.page import svg
from qqt_bayes.report.page.content import Section, naming, reading
from qqt_bayes.report.page.frontier import Frontier
from qqt_bayes.report.page.whole import Page

HERE = Path(__file__).parent
"""Where template, style sheet and script lie beside this module."""
MOST_ROWS = 12
"""Rows of a table that is printed as wide as the page; longer ones are printed in two columns."""
COMMAND = re.compile(r"`(qqt [\w .-]+)`")
"""A command in a sentence of ours."""
INTERVAL = re.compile(r"(\[[\d.-]+), ([\d.-]+\])")
"""The ends of an interval."""


class View(NamedTuple):
    """A section with its figure, and what it says where a reader turns errors to accuracies.

    Attributes
    ----------
    section : Section
    frontier : Frontier
    measures : tuple of str
        The measure, and the one to turn to; empty for a loss.
    heading, reading : str
        Of the errors, and how the table is read, in the other measure; empty for a loss.
    """

    section: Section
    frontier: Frontier
    measures: tuple[str, ...] = ()
    heading: str = ""
    reading: str = ""


def html(page: Page, generator: str) -> str:
    """A page as HTML.

    Parameters
    ----------
    page : Page
    generator : str
        What the page says it was made by.
    """
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined
    )
    environment.filters |= {"prose": prose, "unbroken": unbroken}
    script = (HERE / "page.js").read_text(encoding="utf-8")
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    views = [_view(*each) for each in zip(page.sections, page.frontiers, strict=True)]
    return environment.get_template("page.html.jinja").render(
        page=page,
        views=views,
        policy=policy,
        generator=generator,
        style=(HERE / "page.css").read_text(encoding="utf-8"),
        script=script,
        data=embedded(numbers(page)),
        shapes=svg.SHAPES,
        percent=percent,
        reading=reading,
        naming=naming,
        most_rows=MOST_ROWS,
    )


def _view(section: Section, drawn: Frontier) -> View:
    """A section with its figure, in both measures if it has two."""
    own = section.decision.attrs
    other = turned(own)
    if other is None:
        return View(section, drawn)
    measures = (measure(own), measure(other))
    return View(section, drawn, measures, with_interval(other), reading(other))


def percent(chance: str) -> str:
    """The length of a bar, which is that of the number beside it.

    Examples
    --------
    >>> percent("0.40"), percent("< 0.01")
    ('40', '1')
    """
    return f"{100 * float(chance.strip('<> ')):g}"


def unbroken(words: str) -> str:
    r"""A cell of which an interval stays on one line.

    Examples
    --------
    >>> unbroken("0.53 [0.49, 0.57]"), unbroken("1M of a, 2M of b")
    ('0.53 [0.49,\xa00.57]', '1M of a, 2M of b')
    """
    return INTERVAL.sub("\\1,\u00a0\\2", words)


def prose(words: str) -> str:
    """A sentence as HTML, escaped, with its commands set as such.

    Examples
    --------
    >>> prose("<b> & `qqt design` says `x`")
    '&lt;b&gt; &amp; <code>qqt design</code> says `x`'
    """
    return COMMAND.sub(r"<code>\1</code>", escape(words))


def embedded(content: Any) -> str:
    r"""JSON for the inside of a script element, which no text in it can end or comment out.

    Examples
    --------
    >>> embedded(["</script>", "<!--", 1.5])
    '["\\u003c/script>","\\u003c!--",1.5]'
    """
    said = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # U+2028 and U+2029 end lines in older scripts
    return said.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def numbers(page: Page) -> dict[str, Any]:
    """What the script needs beside the table of all budgets, whose rows it shows one budget of."""
    return {
        "unit": page.unit,
        "sections": [
            _section(section, drawn)
            for section, drawn in zip(page.sections, page.frontiers, strict=True)
        ],
    }


def _section(section: Section, drawn: Frontier) -> dict[str, Any]:
    """The words of each budget, and what is in each level."""
    words = ("budget", "label", "verdict", "state", "warning")
    return {
        "levels": {row.level: row.takes for row in section.budgets[0].rows},
        "budgets": [
            {**{name: getattr(at, name) for name in words}, "place": round(x, 1)}
            for at, x in zip(section.budgets, drawn.places, strict=True)
        ],
    }
