r"""A page as Markdown: the same words and tables, with every name escaped so that it stays text."""

from __future__ import annotations

import re

from qqt_bayes.report.page.content import (
    Block,
    Lead,
    Table,
    choice_rows,
    level_rows,
    naming,
    reading,
)
from qqt_bayes.report.page.whole import Page

MARKS = re.compile(
    r"""\\(?=[!-/:-@\[-`{-~]|$)          # before what it would escape, which may follow the words
    |(?<!\s)\*|\*(?!\s)                  # emphasis
    |\](?=[(\[:{])                       # the text of a link, or the name of one
    |<(?=[A-Za-z/!?])                    # an element, a comment or an address
    |&(?=(?:\#\d+|\#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);)  # a character by its name
    |(?<=http):(?=//)|(?<=https):(?=//)|(?<=ftp):(?=//)|(?<=www)\.  # an address that is a link
    |\$                                  # mathematics
    |\{(?=[{%\#])                        # a template""",
    re.VERBOSE | re.IGNORECASE,
)
"""Characters that are markup where they stand, in any line."""
UNDERSCORES = re.compile(r"_+")
"""Emphasis, unless they stand within a word."""
PAIRED = "`", "~"
"""Marks of code and of what is struck out, which are nothing where they stand alone."""
BAR = re.compile(r"\|")
"""The end of a cell, within a table."""
BEGINNING = re.compile(
    r"""[-+](?=\s|$)                     # a list
    |-(?=[\s-]*$)                        # a rule
    |(?<=[0-9])[.)](?=\s|$)              # a list with numbers
    |\#(?=\#{0,5}(?:\s|$))               # a heading
    |>                                   # a quotation""",
    re.VERBOSE,
)
"""Markup at the beginning of a paragraph, after digits if there are any."""
DIGITS = re.compile(r"\d{0,9}")
"""What may stand before the mark of a list."""
ENDING = re.compile(r"(?:(?<=\s)|^)#(?=#*$)")
"""Marks at the end of a heading, which would be taken for a part of it."""
COMMAND = re.compile(r"`qqt [\w .-]+`")
"""A command in a sentence of ours."""


def markdown(page: Page) -> str:
    """A page as Markdown.

    Parameters
    ----------
    page : Page
    """
    parts = [f"# {heading(page.title)}", *_lead(page.lead)]
    for section in page.sections:
        if section.group:
            parts.append(f"## {heading(section.group)}")
        last = section.budgets[-1]
        parts.append(f"**{inline(last.verdict)}**")
        parts.append(f"**{inline(last.state)}** {inline(last.warning)}".strip())
        parts += [escaped(words) for words in section.answer.first]
        parts.append(table(level_rows(section)))
        parts += [escaped(reading(section.decision.attrs)), table(choice_rows(section))]
        parts.append(escaped(naming(section)))
    for block in page.blocks:
        parts += _block(block, "##")
    parts += ["---", *map(escaped, page.footer)]
    return "\n\n".join(parts) + "\n"


def _lead(lead: Lead | None) -> list[str]:
    """What is said across metrics; nothing if there is one."""
    if lead is None:
        return []
    parts = []
    for each in lead.verdicts:
        parts += [f"## {heading(each.group)}"] if each.group else []
        parts += [f"**{inline(each.verdict)}**"]
        parts += [f"**{inline(each.state)}** {inline(each.warning)}".strip()]
        parts += [escaped(words) for words in [*each.first, *each.said]]
    return [*parts, *map(table, lead.tables)]


def _block(block: Block, marks: str) -> list[str]:
    """A part under a heading, and what is said of each metric one level below it."""
    parts = [f"{marks} {heading(block.title)}"]
    parts += [escaped(words) for words in block.paragraphs]
    parts += [table(each) for each in block.tables]
    for each in block.parts:
        parts += _block(each, f"{marks}#")
    for words, code in block.code:
        parts += [escaped(words), fenced(code)]
    return parts


def escaped(words: str) -> str:
    r"""Words as a paragraph of Markdown, on one line: what would be markup at its place is text.

    Examples
    --------
    >>> print(escaped("a|b <script>\n`qqt design` says `x`, error [90%] (0.40) of held_out"))
    a|b \<script> `qqt design` says \`x\`, error [90%] (0.40) of held_out
    >>> print(escaped("- one"), escaped("1. two"), escaped("-0.5"), escaped("0.5"))
    \- one 1\. two -0.5 0.5
    >>> print(escaped("[a](http://x.example)"), escaped("_all_ of A_1"), escaped("> 0.99"))
    [a\](http\://x.example) \_all\_ of A_1 \> 0.99
    """
    text = _one_line(words)
    start = DIGITS.match(text)
    begins = BEGINNING.match(text, start.end() if start else 0)
    return _with_backslashes(text, _places(text) | ({begins.start()} if begins else set()))


def inline(words: str) -> str:
    r"""The same within a line, such as between the marks of bold type.

    Examples
    --------
    >>> print(inline("> 0.99"))
    > 0.99
    """
    text = _one_line(words)
    return _with_backslashes(text, _places(text))


def heading(words: str) -> str:
    r"""The same after the marks of a heading.

    Examples
    --------
    >>> print(heading("group #"))
    group \#
    """
    text = _one_line(words)
    return _with_backslashes(text, _places(text) | {x.start() for x in ENDING.finditer(text)})


def cell(words: str) -> str:
    r"""The same in a table.

    Examples
    --------
    >>> print(cell("a|b"))
    a\|b
    """
    text = _one_line(words)
    return _with_backslashes(text, _places(text) | {x.start() for x in BAR.finditer(text)})


def _one_line(words: str) -> str:
    return re.sub(r"\s+", " ", words).strip()


def _places(text: str) -> set[int]:
    """Where characters are markup in any line, commands of ours being code."""
    found = {each.start() for each in MARKS.finditer(text)}
    for run in UNDERSCORES.finditer(text):
        sides = text[: run.start()][-1:], text[run.end() :][:1]
        if not (all(map(str.isalnum, sides)) or all(map(str.isspace, sides))):
            found |= {*range(*run.span())}
    for mark in PAIRED:
        if text.count(mark) > 1:
            found |= {i for i, letter in enumerate(text) if letter == mark}
    return found.difference(*(range(*each.span()) for each in COMMAND.finditer(text)))


def _with_backslashes(text: str, places: set[int]) -> str:
    return "".join(f"\\{letter}" if i in places else letter for i, letter in enumerate(text))


def table(content: Table) -> str:
    """A table, with chosen rows in bold."""
    sides = ["---:" if i in content.numbers else "---" for i in range(len(content.headings))]
    lines = [[cell(each) for each in content.headings], sides]
    lines += [
        [f"**{cell(each)}**" if i in content.chosen and each else cell(each) for each in row]
        for i, row in enumerate(content.rows)
    ]
    drawn = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{escaped(content.caption)}\n\n{drawn}"


def fenced(code: str) -> str:
    """Code between fences that are longer than any within it."""
    longest = max(map(len, re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{code.rstrip()}\n{fence}"
