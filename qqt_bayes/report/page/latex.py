r"""A page as a fragment of LaTeX for `\input`: paragraphs, and tables with booktabs.

Names are escaped so that they stay the text that they are in any document class: nothing in them is
a command, mathematics, a comment or the end of a cell.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from qqt_bayes.report.page.content import (
    Block,
    Lead,
    Section,
    Table,
    level_rows,
    short_choice_rows,
)
from qqt_bayes.report.page.latex_widths import fitting, in_parts

if TYPE_CHECKING:
    from qqt_bayes.report.page.whole import Page

ESCAPED = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\char34}",  # no active character of babel's, in every encoding
    "`": r"\textasciigrave{}",
    "[": "{[}",
    "]": "{]}",
}
"""What has another meaning in LaTeX."""
LIGATURES = re.compile(r"([-,'])(?=\1)")
"""Two of them in a row would be set as a dash, or as a quotation mark."""
LONGEST = 12
"""Letters of a word that is never broken in a narrow column."""
PIECES = re.compile(rf"[^-_/.]{{1,{LONGEST}}}[-_/.]*|[-_/.]{{1,{LONGEST}}}")
"""Parts of a longer word, between which a line may end."""
NEEDS = r"% needs \usepackage{booktabs,textcomp} and, in older LaTeX, \usepackage[T1]{fontenc}"
"""The first line of every fragment."""


def latex(page: Page) -> str:
    """A page as LaTeX, for one column or two.

    Parameters
    ----------
    page : Page
    """
    lines = [NEEDS, r"\begingroup\sloppy", rf"\section*{{{breaking(page.title)}}}"]
    lines += _lead(page.lead)
    for section in page.sections:
        if section.group:
            lines.append(rf"\subsection*{{{breaking(section.group)}}}")
        last = section.budgets[-1]
        warning = f" \\emph{{{breaking(last.warning)}}}" if last.warning else ""
        lines.append(rf"\textbf{{{breaking(last.verdict)}}}{warning}")
        lines += [breaking(words) for words in section.answer.first]
        # a table of both columns first would hold this one back until the next page
        lines.append(choice_table(section))
        lines.append(levels_table(section))
    for block in page.blocks:
        lines += _block(block, "paragraph")
    lines += [rf"{{\small {breaking(words)}\par}}" for words in page.footer]
    return "\n\n".join([*lines, r"\par\endgroup"]) + "\n"


def _lead(lead: Lead | None) -> list[str]:
    """What is said across metrics; nothing if there is one."""
    if lead is None:
        return []
    lines = []
    for each in lead.verdicts:
        lines += [rf"\subsection*{{{breaking(each.group)}}}"] if each.group else []
        warning = f" \\emph{{{breaking(each.warning)}}}" if each.warning else ""
        lines.append(rf"\textbf{{{breaking(each.verdict)}}}{warning}")
        lines += [breaking(words) for words in [*each.first, *each.said]]
    return [*lines, *map(narrow_tables, lead.tables)]


def _block(block: Block, heading: str) -> list[str]:
    """A part under a heading, and what is said of each metric one level below it."""
    lines = [rf"\{heading}*{{{breaking(block.title)}.}}"]
    lines += [breaking(words) for words in block.paragraphs]
    lines += [table(each) for each in block.tables]
    for each in block.parts:
        lines += _block(each, "subparagraph")
    return lines


def escaped(words: str) -> str:
    r"""Words as text of LaTeX, on one line.

    Examples
    --------
    >>> print(escaped("keep 43 % of $x$\n\\input{a}"))
    keep 43 \% of \$x\$ \textbackslash{}input\{a\}
    """
    one_line = re.sub(r"\s+", " ", words).strip()
    return LIGATURES.sub(r"\1{}", "".join(ESCAPED.get(letter, letter) for letter in one_line))


def breaking(words: str) -> str:
    r"""The same, and a line may end within a word that is too long for a column.

    Examples
    --------
    >>> print(breaking("see held_out/results.md"))
    see held\_\allowbreak{}out/\allowbreak{}results.\allowbreak{}md
    """
    said = []
    for word in words.split():
        pieces = PIECES.findall(word) if len(word) > LONGEST else [word]
        said.append(r"\allowbreak{}".join(map(escaped, pieces)))
    return " ".join(said)


def levels_table(section: Section) -> str:
    """The levels at the largest budget, the choice in bold."""
    return table(level_rows(section))


def choice_table(section: Section) -> str:
    """The choice at each budget, as narrow as a column."""
    return table(short_choice_rows(section))


def table(content: Table) -> str:
    """A table with its caption, as wide as a column or, if it must be, as the page.

    The tabular part is letter for letter as `pandas.DataFrame.to_latex` sets it. pandas itself
    would take longer for the first table than all else for the page. What is higher than a page
    goes on in a further table.
    """
    strong = [i in content.chosen for i in range(len(content.rows))]
    layout = fitting(content, strong)
    parts, start = [], 0
    for end in layout.ends:
        again = "" if start == 0 else " (continued)"
        rows = list(zip(content.rows[start:end], strong[start:end], strict=True))
        lines = [
            rf"\begin{{{layout.environment}}}",
            r"\centering",
            rf"\caption{{{breaking(content.caption)}{again}}}",
            rf"\{layout.size}\setlength{{\tabcolsep}}{{{layout.separation:g}pt}}\setlength{{\abovetopsep}}{{3pt}}",
            tabular(content.headings, rows, layout.sides),
            rf"\end{{{layout.environment}}}",
        ]
        parts.append("\n".join(lines))
        start = end
    return "\n\n".join(parts)


def narrow_tables(content: Table) -> str:
    """A table that may have a column for each of many metrics, as one or more that fit a page."""
    keys = 2 if content.headings[0] == "group" else 1
    first, *others = in_parts(content, keys)
    again = [replace(each, caption=f"{each.caption} (continued)") for each in others]
    return "\n\n".join(map(table, [first, *again]))


def tabular(
    headings: tuple[str, ...], rows: list[tuple[tuple[str, ...], bool]], sides: tuple[str, ...]
) -> str:
    """Headings and rows, each row with whether it is in bold."""
    lines = [
        rf"\begin{{tabular}}{{@{{}}{''.join(sides)}@{{}}}}",
        r"\toprule",
        _row(headings, sides),
        r"\midrule",
        *(_row(row, sides, heavy) for row, heavy in rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines)


def _cell(words: str, side: str, heavy: bool = False) -> str:
    """A cell; in a column of many lines it is ragged, as narrow ones must be."""
    many = side.startswith("p")
    said = breaking(words) if many else escaped(words)
    said = rf"\textbf{{{said}}}" if heavy else said
    return rf"\raggedright {said}" if many else said


def _row(cells: tuple[str, ...], sides: tuple[str, ...], heavy: bool = False) -> str:
    r"""A row; after ragged lines `\\` would end a line of the cell only."""
    said = [_cell(cell, side, heavy) for cell, side in zip(cells, sides, strict=True)]
    end = r"\tabularnewline" if sides[-1].startswith("p") else r"\\"
    return rf"{' & '.join(said)} {end}"
