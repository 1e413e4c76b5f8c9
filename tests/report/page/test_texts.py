"""LaTeX: what HTML says, as text whatever names hold, in documents of one column and of two."""

import re
import shutil
import subprocess
from pathlib import Path

import made
import pandas as pd
import pytest
from made_study import HOSTILE, LONG, METRICS, STUDIES, carry_out_each, named

from qqt_bayes.report.page import latex
from qqt_bayes.report.page.content import Table
from qqt_bayes.studies.page import report

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "report.md"
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


@pytest.mark.parametrize("name", STUDIES)
def test_every_table_has_a_label_of_its_own_and_every_part_says_something(page, name):
    text = page(name, ".tex")[1].read_text()
    labels = re.findall(r"\\label{(.*?)}", text)
    assert len(labels) == len(set(labels)) == len(re.findall(r"\\begin{table", text))
    assert all(re.fullmatch(r"tab:qqt-[0-9A-Za-z.-]+(:\d+)?", each) for each in labels)
    assert set(re.findall(r"\\ref{(.*?)}", text)) <= set(labels)
    for heading in re.finditer(r"\\paragraph\*{(.*?)\.}\n\n", text):
        assert text[heading.end()] != "\\" or text.startswith(r"\textbf", heading.end())


def test_labels_are_those_that_the_documentation_names(page):
    """A paper refers to them, whatever study it is of."""
    documented = re.findall(r"`tab:qqt-([\w-]+)", DOCUMENTATION.read_text())
    text = page("two laws", ".tex")[1].read_text()
    own = {re.sub("-utility.*", "-MODEL", each) for each in re.findall(r"{tab:qqt-(.*?)}", text)}
    # all of its levels were trained where it is cheap, and it is of one metric
    assert own | {"next", "choices-across", "levels-across"} == set(documented)


@pytest.mark.parametrize("name", ["two laws", "groups", "tokens", "losses"])
def test_a_line_never_ends_within_a_word_of_ours(page, name):
    """Only after what joins the parts of a name, as the names of these studies have it."""
    text = page(name, ".tex")[1].read_text()
    before = {text[found.start() - 1] for found in re.finditer(r"\\allowbreak", text)}
    assert before <= set("-_/.")


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


@pytest.mark.skipif(TEX is None, reason="NO TEX: names of many lengths were not set")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_names_without_a_place_to_end_a_line_fit(layout, tmp_path):
    """In sentences, headings and cells, from a word that is kept whole to one of several lines."""
    parts = []
    for length in range(10, 64, 3):
        name = ("Mno" * length)[:length] if length % 2 else "n" * length
        said = latex.breaking(f"At 5B the choice is {name}, ahead of {name} and of {name} by far.")
        cells = Table(name, ("level", "what is in it"), [(name, f"{name} and {name}")] * 2)
        parts += [rf"\section*{{{latex.breaking(name, latex.HEADING)}}}", said, latex.table(cells)]
    fragment = "\n\n".join([r"\begingroup\sloppy", *parts, r"\par\clearpage\endgroup"])
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
    labels = re.findall(r"\\label{(.*?)}", text)
    assert len(labels) == len(set(labels)) == len(re.findall(r"\\begin{table", text))
    assert {"tab:qqt-choices-across", "tab:qqt-levels-across"} <= set(labels)
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
    for _ in range(2):  # references are known from the second time on
        done = subprocess.run(
            [TEX, *kind, "paper.tex"], cwd=folder, capture_output=True, text=True, check=False
        )
    assert "undefined references" not in done.stdout
    assert done.returncode == 0, done.stdout[-2000:]
    said = done.stdout + done.stderr
    beyond = re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide\).*", said)
    assert all(float(points) <= MOST_BEYOND for points in beyond), beyond
    assert "Float too large" not in said
