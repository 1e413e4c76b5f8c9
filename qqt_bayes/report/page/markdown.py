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

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~&!()])")
"""Characters that mean something in Markdown, in some place of some dialect."""
LEADING = re.compile(r"^(\d*)([-+=.)](?!\d))")
"""What would make a list, a rule or a heading of the line that it begins."""
COMMAND = re.compile(r"\\`(qqt [\w .-]+)\\`")
"""A command in a sentence of ours, once it is escaped."""


def markdown(page: Page) -> str:
    """A page as Markdown.

    Parameters
    ----------
    page : Page
    """
    parts = [f"# {escaped(page.title)}", *_lead(page.lead)]
    for section in page.sections:
        if section.group:
            parts.append(f"## {escaped(section.group)}")
        last = section.budgets[-1]
        parts.append(f"**{escaped(last.verdict)}**")
        parts.append(f"**{escaped(last.state)}** {escaped(last.warning)}".strip())
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
        parts += [f"## {escaped(each.group)}"] if each.group else []
        parts += [f"**{escaped(each.verdict)}**"]
        parts += [f"**{escaped(each.state)}** {escaped(each.warning)}".strip()]
        parts += [escaped(words) for words in [*each.first, *each.said]]
    return [*parts, *map(table, lead.tables)]


def _block(block: Block, heading: str) -> list[str]:
    """A part under a heading, and what is said of each metric one level below it."""
    parts = [f"{heading} {escaped(block.title)}"]
    parts += [escaped(words) for words in block.paragraphs]
    parts += [table(each) for each in block.tables]
    for each in block.parts:
        parts += _block(each, f"{heading}#")
    for words, code in block.code:
        parts += [escaped(words), fenced(code)]
    return parts


def escaped(words: str) -> str:
    r"""Words as text of Markdown, on one line.

    Examples
    --------
    >>> print(escaped("a|b <script>\n`qqt design` says `x`"))
    a\|b \<script\> `qqt design` says \`x\`
    >>> print(escaped("- one"), escaped("1. two"), escaped("-0.5"), escaped("0.5"))
    \- one 1\. two -0.5 0.5
    """
    one_line = re.sub(r"\s+", " ", words).strip()
    said = LEADING.sub(r"\1\\\2", SPECIAL.sub(r"\\\1", one_line))
    return COMMAND.sub(r"`\1`", said)


def table(content: Table) -> str:
    """A table, with chosen rows in bold."""
    sides = ["---:" if i in content.numbers else "---" for i in range(len(content.headings))]
    lines = [[escaped(heading) for heading in content.headings], sides]
    lines += [
        [f"**{escaped(cell)}**" if i in content.chosen and cell else escaped(cell) for cell in row]
        for i, row in enumerate(content.rows)
    ]
    drawn = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{escaped(content.caption)}\n\n{drawn}"


def fenced(code: str) -> str:
    """Code between fences that are longer than any within it."""
    longest = max(map(len, re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{code.rstrip()}\n{fence}"
