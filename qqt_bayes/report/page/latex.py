r"""A page as a fragment of LaTeX for `\input`: paragraphs, and tables with booktabs.

Names are escaped so that they stay the text that they are in any document class: nothing in them is
a command, mathematics, a comment or the end of a cell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qqt_bayes.report.page.content import Section, Table, choice_rows, level_rows

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
NEEDS = r"% needs \usepackage{booktabs,textcomp} and, in older LaTeX, \usepackage[T1]{fontenc}"
"""The first line of every fragment."""


def latex(page: Page) -> str:
    """A page as LaTeX.

    Parameters
    ----------
    page : Page
    """
    lines = [NEEDS, rf"\section*{{{escaped(page.title)}}}"]
    for section in page.sections:
        if section.group:
            lines.append(rf"\subsection*{{{escaped(section.group)}}}")
        last = section.budgets[-1]
        warning = f" \\emph{{{escaped(last.warning)}}}" if last.warning else ""
        lines.append(rf"\textbf{{{escaped(last.verdict)}}}{warning}")
        lines += [escaped(words) for words in section.answer.first]
        lines.append(levels_table(section))
        lines.append(table(choice_rows(section)))
    for block in page.blocks:
        lines.append(rf"\paragraph*{{{escaped(block.title)}.}}")
        lines += [escaped(words) for words in block.paragraphs]
        lines += [table(each) for each in block.tables]
    lines += [rf"{{\small {escaped(words)}\par}}" for words in page.footer]
    return "\n\n".join(lines) + "\n"


def escaped(words: str) -> str:
    r"""Words as text of LaTeX, on one line.

    Examples
    --------
    >>> print(escaped("keep 43 % of $x$\n\\input{a}"))
    keep 43 \% of \$x\$ \textbackslash{}input\{a\}
    """
    one_line = re.sub(r"\s+", " ", words).strip()
    return LIGATURES.sub(r"\1{}", "".join(ESCAPED.get(letter, letter) for letter in one_line))


def levels_table(section: Section) -> str:
    """The levels at the largest budget, the choice in bold."""
    return table(level_rows(section), bold=[row.chosen for row in section.budgets[-1].rows])


def table(content: Table, bold: list[bool] | None = None) -> str:
    """A table with its caption, letter for letter as `pandas.DataFrame.to_latex` sets it.

    pandas itself would take longer for the first table than all else for the page.
    """
    strong = bold or [False] * len(content.rows)
    rows = [
        [rf"\textbf{{{escaped(cell)}}}" if heavy else escaped(cell) for cell in row]
        for row, heavy in zip(content.rows, strong, strict=True)
    ]
    sides = "".join("r" if i in content.numbers else "l" for i in range(len(content.headings)))
    lines = [
        r"\begin{table}",
        rf"\caption{{{escaped(content.caption)}}}",
        rf"\begin{{tabular}}{{{sides}}}",
        r"\toprule",
        _row([escaped(heading) for heading in content.headings]),
        r"\midrule",
        *map(_row, rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return rf"{' & '.join(cells)} \\"
