r"""A page as a fragment of LaTeX for `\input`: paragraphs, and tables with booktabs.

Names are escaped so that they stay the text that they are in any document class: nothing in them is
a command, mathematics, a comment or the end of a cell.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING

from qqt_bayes.report.page.content import (
    Block,
    Lead,
    Section,
    Table,
    level_rows,
    short_choice_rows,
)
from qqt_bayes.report.page.latex_widths import BOLD, COLUMN, fitting, in_parts, width

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
"""Letters of a word that is never broken, however narrow a column."""
PIECES = re.compile(r"[^-_/.]+[-_/.]*|[-_/.]+")
"""Parts of a longer name, between which a line may end."""
HEADING = COLUMN / (1.44 * BOLD)
"""Points at 10 points that a column has for a title, which is larger and bold."""
LABEL = "tab:qqt-"
"""How the label of every table begins."""
NEEDS = r"% needs \usepackage{booktabs,textcomp} and, in older LaTeX, \usepackage[T1]{fontenc}"
"""The first line of every fragment."""


def latex(page: Page) -> str:
    """A page as LaTeX, for one column or two.

    Parameters
    ----------
    page : Page
    """
    lines = [NEEDS, r"\begingroup\sloppy", rf"\section*{{{breaking(page.title, HEADING)}}}"]
    taken: Counter[str] = Counter()
    lines += _lead(page.lead, taken)
    for section in page.sections:
        if section.group:
            lines.append(rf"\subsection*{{{breaking(section.group, HEADING)}}}")
        last = section.budgets[-1]
        warning = f" \\emph{{{breaking(last.warning)}}}" if last.warning else ""
        verdict = breaking(last.verdict, COLUMN / BOLD)
        lines.append(rf"\textbf{{{verdict}}}{warning}")
        lines += [breaking(words) for words in section.answer.first]
        # a table of both columns first would hold this one back until the next page
        lines.append(choice_table(section, taken))
        lines.append(levels_table(section, taken))
    for block in page.blocks:
        lines += _block(block, "paragraph", taken)
    lines += [rf"{{\small {breaking(words)}\par}}" for words in page.footer]
    return "\n\n".join([*lines, r"\par\endgroup"]) + "\n"


def _lead(lead: Lead | None, taken: Counter[str]) -> list[str]:
    """What is said across metrics; nothing if there is one."""
    if lead is None:
        return []
    lines = []
    for each in lead.verdicts:
        lines += [rf"\subsection*{{{breaking(each.group, HEADING)}}}"] if each.group else []
        warning = f" \\emph{{{breaking(each.warning)}}}" if each.warning else ""
        lines.append(rf"\textbf{{{breaking(each.verdict, COLUMN / BOLD)}}}{warning}")
        lines += [breaking(words) for words in [*each.first, *each.said]]
    return [*lines, *(narrow_tables(each, taken) for each in lead.tables)]


def _block(block: Block, heading: str, taken: Counter[str]) -> list[str]:
    """A part under a heading, and what is said of each metric one level below it."""
    tables = [_with_own_name(each, taken) for each in block.tables]
    lines = [breaking(words) for words in block.paragraphs]
    if tables:
        lines.append(_see([label(each.name) for each in tables]))
    if lines or block.parts:
        lines.insert(0, rf"\{heading}*{{{breaking(block.title)}.}}")
    lines += [table(each) for each in tables]
    for each in block.parts:
        lines += _block(each, "subparagraph", taken)
    return lines


def label(name: str) -> str:
    """The label of a table, in letters that every engine takes.

    Examples
    --------
    >>> label("levels"), label("levels-ViT-B/32"), label("levels-???")
    ('tab:qqt-levels', 'tab:qqt-levels-ViT-B-32', 'tab:qqt-levels')
    """
    return LABEL + re.sub(r"[^0-9A-Za-z.]+", "-", name).strip("-")


def _with_own_name(content: Table, taken: Counter[str]) -> Table:
    """A table under a name whose label no table before it has: the second "a" is "a-2".

    Parameters
    ----------
    content : Table
    taken : Counter
        How often each label was asked for, which is counted on.
    """
    name = content.name or "table"
    while True:
        taken[label(name)] += 1
        count = taken[label(name)]
        if count == 1:
            return replace(content, name=name)
        name = f"{name}-{count}"


def _see(labels: list[str]) -> str:
    """A sentence that refers to tables, which LaTeX sets where it has room."""
    *most, last = [rf"\ref{{{each}}}" for each in labels]
    return f"See Tables~{', '.join(most)} and~{last}." if most else f"See Table~{last}."


def escaped(words: str) -> str:
    r"""Words as text of LaTeX, on one line.

    Examples
    --------
    >>> print(escaped("keep 43 % of $x$\n\\input{a}"))
    keep 43 \% of \$x\$ \textbackslash{}input\{a\}
    """
    one_line = re.sub(r"\s+", " ", words).strip()
    return LIGATURES.sub(r"\1{}", "".join(ESCAPED.get(letter, letter) for letter in one_line))


def breaking(words: str, room: float = COLUMN) -> str:
    r"""The same, and a line may end within a name that is long: after one of ``-_/.``.

    A part of it that is wider than the place may be broken between letters, too, without a hyphen
    that the name has not. Words of sentences are left to LaTeX, which knows how to hyphenate them.

    Parameters
    ----------
    words : str
    room : float
        Points of the place, for letters of 10 points.

    Examples
    --------
    >>> print(breaking("the probabilities of held_out/results.md"))
    the probabilities of held\_\allowbreak{}out/\allowbreak{}results.\allowbreak{}md
    >>> print(breaking(20 * "a", room=80))
    aaaaaaaaaaaa\allowbreak{}aaaaaaaa
    """
    said = []
    for word in words.split():
        pieces = PIECES.findall(word) if len(word) > LONGEST else [word]
        parts = [part for piece in pieces for part in _letters(piece, room)]
        said.append(r"\allowbreak{}".join(map(escaped, parts)))
    return " ".join(said)


def _letters(piece: str, room: float) -> list[str]:
    """A part of a name, parted between letters if it must be."""
    if len(piece) <= LONGEST or width(piece) <= room:
        return [piece]
    return [piece[i : i + LONGEST] for i in range(0, len(piece), LONGEST)]


def levels_table(section: Section, taken: Counter[str] | None = None) -> str:
    """The levels at the largest budget, the choice in bold."""
    return table(_with_own_name(level_rows(section), Counter() if taken is None else taken))


def choice_table(section: Section, taken: Counter[str] | None = None) -> str:
    """The choice at each budget, as narrow as a column."""
    return table(_with_own_name(short_choice_rows(section), Counter() if taken is None else taken))


def table(content: Table) -> str:
    """A table with its caption, as wide as a column or, if it must be, as the page.

    The tabular part is letter for letter as `pandas.DataFrame.to_latex` sets it. pandas itself
    would take longer for the first table than all else for the page. What is higher than a page
    goes on in a further table.
    """
    strong = [i in content.chosen for i in range(len(content.rows))]
    layout = fitting(content, strong)
    parts: list[str] = []
    start = 0
    for end in layout.ends:
        again = "" if start == 0 else " (continued)"
        part = "" if start == 0 else f":{len(parts) + 1}"
        named = rf"\label{{{label(content.name)}{part}}}" if content.name else ""
        rows = list(zip(content.rows[start:end], strong[start:end], strict=True))
        lines = [
            rf"\begin{{{layout.environment}}}",
            r"\centering",
            rf"\caption{{{breaking(content.caption)}{again}}}{named}",
            rf"\{layout.size}\setlength{{\tabcolsep}}{{{layout.separation:g}pt}}\setlength{{\abovetopsep}}{{3pt}}",
            tabular(content.headings, rows, layout.sides, layout.rooms),
            rf"\end{{{layout.environment}}}",
        ]
        parts.append("\n".join(lines))
        start = end
    return "\n\n".join(parts)


def narrow_tables(content: Table, taken: Counter[str] | None = None) -> str:
    """A table that may have a column for each of many metrics, as one or more that fit a page."""
    keys, taken = 2 if content.headings[0] == "group" else 1, Counter() if taken is None else taken
    first, *others = in_parts(content, keys)
    again = [replace(each, caption=f"{each.caption} (continued)") for each in others]
    return "\n\n".join(table(_with_own_name(each, taken)) for each in [first, *again])


def tabular(
    headings: tuple[str, ...],
    rows: list[tuple[tuple[str, ...], bool]],
    sides: tuple[str, ...],
    rooms: tuple[float, ...],
) -> str:
    """Headings and rows, each row with whether it is in bold."""
    lines = [
        rf"\begin{{tabular}}{{@{{}}{''.join(sides)}@{{}}}}",
        r"\toprule",
        _row(headings, rooms),
        r"\midrule",
        *(_row(row, rooms, heavy) for row, heavy in rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines)


def _cell(words: str, room: float, heavy: bool = False) -> str:
    """A cell; in a column of many lines it is ragged, as narrow ones must be."""
    many = isfinite(room)
    said = breaking(words, room / BOLD if heavy else room) if many else escaped(words)
    said = rf"\textbf{{{said}}}" if heavy else said
    return rf"\raggedright {said}" if many else said


def _row(cells: tuple[str, ...], rooms: tuple[float, ...], heavy: bool = False) -> str:
    r"""A row; after ragged lines `\\` would end a line of the cell only."""
    said = [_cell(cell, room, heavy) for cell, room in zip(cells, rooms, strict=True)]
    end = r"\tabularnewline" if isfinite(rooms[-1]) else r"\\"
    return rf"{' & '.join(said)} {end}"
