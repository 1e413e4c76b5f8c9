"""Markdown and LaTeX: what HTML says, as text of their own whatever names hold."""

import re
import shutil
import subprocess

import pandas as pd
import pytest
from made_study import HOSTILE, STUDIES

from qqt_bayes.report.page import latex, markdown
from qqt_bayes.report.page.content import Table

TEX = next((found for name in ("pdflatex", "tectonic") if (found := shutil.which(name))), None)
DOCUMENT = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{booktabs,textcomp}
\begin{document}
\input{report.tex}
\end{document}
"""
NAMES = (*HOSTILE, "two\n\nlines", "~^#%_&", "# heading", "- item", "a\\", "'' ,, --- ``")


def cells_of(line):
    """The cells of a row in Markdown: bars that are escaped are text."""
    return [each.strip().strip("*") for each in re.split(r"(?<!\\)\|", line)[1:-1]]


@pytest.mark.parametrize("name", STUDIES)
def test_markdown_has_the_same_tables(page, name):
    text = page(name, ".md")[1].read_text()
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) >= 6
    for table in tables:
        widths = {len(cells_of(line)) for line in table.splitlines()}
        assert len(widths) == 1, table
    assert text.startswith("<!-- Report of qqt_bayes -->")


def test_names_stay_text_in_markdown(page):
    text = page("hostile", ".md")[1].read_text()
    prose = re.sub(r"^```+\n.*?^```+$", "", text, flags=re.DOTALL | re.MULTILINE)
    prose = prose.replace("<!-- Report of qqt_bayes -->", "")
    assert not re.search(r"(?<!\\)[<>]", prose)
    assert not re.search(r"(?<!\\)\]\(", prose)
    assert not re.search(r"(?<!\\)`(?!qqt )[^`]*tick", prose)


@pytest.mark.parametrize("name", NAMES)
def test_what_markdown_escapes_is_what_it_was(name):
    """A backslash before each mark, and white space as one blank."""
    said = markdown.escaped(name)
    assert "\n" not in said
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", said) == " ".join(name.split())
    assert not re.search(r"(?<!\\)(?:\\\\)*[<|$`*\[]", said.replace("\\\\", ""))


@pytest.mark.parametrize("name", NAMES)
def test_what_latex_escapes_holds_no_command(name):
    """What is left without the commands that it is escaped by is harmless."""
    said = latex.escaped(name)
    known = "|".join(map(re.escape, sorted(set(latex.ESCAPED.values()), key=len, reverse=True)))
    rest = re.sub(known, "", said).replace("{}", "")
    assert not set(rest) & set('\\&%$#_{}~^"`<>|')
    assert "\n" not in said
    assert not re.search(r"--|''|,,", said)


@pytest.mark.parametrize("name", STUDIES)
def test_latex_is_balanced(page, name):
    text = page(name, ".tex")[1].read_text()
    bare = re.sub(r"\\[\\{}%&$#_]", "", text)
    assert bare.count("{") == bare.count("}")
    for environment in ("table", "tabular"):
        begun, ended = (text.count(rf"\{x}{{{environment}}}") for x in ("begin", "end"))
        assert begun == ended >= 6
    assert text.count(r"\toprule") == text.count(r"\bottomrule")


def test_a_table_is_what_pandas_sets():
    content = Table("One & two.", ("name", "b_1"), [("<a>", "1"), ("$b$", "22")], frozenset({1}))
    frame = pd.DataFrame(
        [[latex.escaped(cell) for cell in row] for row in content.rows],
        columns=[latex.escaped(heading) for heading in content.headings],
    )
    caption = latex.escaped(content.caption)
    options = {"index": False, "escape": False, "column_format": "lr", "caption": caption}
    assert latex.table(content) == frame.to_latex(**options).strip()


@pytest.mark.skipif(TEX is None, reason="NO TEX: the fragment was not compiled, only read")
@pytest.mark.parametrize("name", ["two laws", "hostile", "groups"])
def test_latex_compiles(page, name, tmp_path):
    shutil.copy(page(name, ".tex")[1], tmp_path / "report.tex")
    (tmp_path / "paper.tex").write_text(DOCUMENT)
    done = subprocess.run(
        [
            TEX,
            *(["-interaction=nonstopmode", "-halt-on-error"] if "pdf" in TEX else []),
            "paper.tex",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
