"""Markdown and LaTeX: what HTML says, as text of their own whatever names hold."""

import re
import shutil
import subprocess

import made
import pandas as pd
import pytest
from made_study import HOSTILE, LONG, METRICS, STUDIES, carry_out_each, named

from qqt_bayes.report.page import latex, markdown
from qqt_bayes.report.page.content import Table
from qqt_bayes.studies.page import report

TEX = next((found for name in ("pdflatex", "tectonic") if (found := shutil.which(name))), None)
DOCUMENT = r"""\documentclass[%s]{article}
\usepackage[T1]{fontenc}
\usepackage{booktabs,textcomp}
%s
\begin{document}
\input{report.tex}
\end{document}
"""
LAYOUTS = {
    "one column": ("10pt", ""),
    "two columns": ("twocolumn", ""),
    "columns of 3.3 inches": (
        "twocolumn",
        r"\textwidth 6.875in \columnsep 0.275in \oddsidemargin -0.2in",
    ),
}
"""Options of a document, and its measures."""
MOST_BEYOND = 5.0
"""Points beyond its column of a line or a table, which nobody sees."""
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
    for environment in (r"table\*?", "tabular"):
        begun, ended = (re.findall(rf"\\{x}{{({environment})}}", text) for x in ("begin", "end"))
        assert begun == ended
        assert len(begun) >= 6
    assert text.count(r"\toprule") == text.count(r"\bottomrule")


@pytest.mark.parametrize(("name", "column"), [("<a>", "l"), ("a long name " * 9, "p")])
def test_a_table_is_what_pandas_sets(name, column):
    """Its tabular part, also where a column has many lines."""
    rows = [(name, "1"), ("$b$", "22")]
    content = Table("One & two.", ("name", "b_1"), rows, frozenset({1}))
    said = latex.table(content)
    found = re.search(r"\\begin{tabular}{(.*)}\n(?s:.*)\\end{tabular}", said)
    assert found[1].startswith("@{}" + column)
    ragged = r"\raggedright " if column == "p" else ""
    escaped = [[latex.escaped(cell) for cell in row] for row in [content.headings, *rows]]
    cells = [[f"{ragged}{first}", second] for first, second in escaped]
    frame = pd.DataFrame(cells[1:], columns=cells[0])
    assert found[0] == frame.to_latex(index=False, escape=False, column_format=found[1]).strip()


def test_a_table_that_is_higher_than_a_page_goes_on():
    rows = [(f"row {i}", str(i)) for i in range(100)]
    said = latex.table(Table("Many.", ("name", "number"), rows, frozenset({1})))
    parts = said.split("\n\n")
    assert [part.count("row ") for part in parts] == [44, 44, 12]
    assert [r"\caption{Many. (continued)}" in part for part in parts] == [False, True, True]
    assert re.findall(r"row (\d+)", said) == [str(i) for i in range(100)]


@pytest.mark.skipif(TEX is None, reason="NO TEX: the fragment was not compiled, only read")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["two laws", "hostile", "groups", "long names", "many"])
def test_latex_compiles_and_fits(page, name, layout, tmp_path):
    fragment = page(name, ".tex")[1].read_text()
    require_fits(fragment, LAYOUTS[layout], tmp_path)


OF_METRICS = {
    "two": {},
    "long names": {"tables": named(LONG), "metrics": ("b" * 70, "average of thirty-eight sets")},
    "groups": {"tables": made.tables(groups=2), "models": "cherti"},
    "many": {"metrics": [f"metric {i}" for i in range(9)]},
}
"""What is asked of studies of several metrics."""


@pytest.mark.parametrize("name", OF_METRICS)
def test_tables_across_metrics_go_on_where_a_page_ends(name, tmp_path):
    """Every metric has its column, and each part names its rows."""
    metrics = OF_METRICS[name].get("metrics", METRICS)
    path = report(carry_out_each(None, **OF_METRICS[name]), tmp_path / "page.tex")
    text = path.read_text()
    for each in metrics:
        heading = latex.breaking(f"on {each} (P)")
        assert heading in text or latex.escaped(f"on {each} (P)") in text
    first, *_ = re.findall(r"\\toprule\n(.*)", text)
    assert first.startswith("group & budget" if name == "groups" else "budget")
    if name in ("two", "many"):
        assert ("(continued)" in text) == (name == "many")
    if TEX is not None:
        for layout in LAYOUTS.values():
            require_fits(text, layout, tmp_path)


@pytest.mark.skipif(TEX is None, reason="NO TEX: the tables for a paper were not compiled")
@pytest.mark.parametrize("name", ["two laws", "hostile", "groups", "long names"])
def test_the_tables_for_a_paper_fit_as_they_are_copied(page, name, tmp_path):
    """The small one first, in a document that knows nothing of the page."""
    text = page(name, ".md")[1].read_text().partition("## For your paper")[2]
    choices, levels, _ = re.findall(r"^```+\n(.*?)^```+$", text, re.DOTALL | re.MULTILINE)
    assert choices.startswith(r"\begin{table}") or "long" in name or "hostile" in name
    assert levels.startswith(r"\begin{table")
    require_fits(f"{choices}\n{levels}", LAYOUTS["columns of 3.3 inches"], tmp_path)


def require_fits(fragment, layout, folder):
    """It compiles, and neither line nor table is wider or higher than its place."""
    (folder / "report.tex").write_text(fragment)
    (folder / "paper.tex").write_text(DOCUMENT % layout)
    kind = ["-interaction=nonstopmode", "-halt-on-error"] if "pdf" in TEX else ["--print"]
    done = subprocess.run(
        [TEX, *kind, "paper.tex"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    said = done.stdout + done.stderr
    beyond = re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide\).*", said)
    assert all(float(points) <= MOST_BEYOND for points in beyond), beyond
    assert "Float too large" not in said
