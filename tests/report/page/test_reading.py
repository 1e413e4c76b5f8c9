"""What reading changed in the table stands above the data of a page, in every form."""

import made
import pytest
from elements import by_id, words
from html5lib import HTMLParser
from made_study import carry_out, infer

from qqt_bayes.report.page import latex, markdown
from qqt_bayes.studies.page import report
from qqt_bayes.tables.runs import read_runs

SAID = [
    "As the table of runs was read: error = 1 - 'top-1' / 100.",
    "Rows that lack a number and were left out: 1 (row 13 (top-1: '(partial)')).",
    "Columns that are not used: 1 (=lr <b>).",
]


def data_of(path):
    """The paragraphs of the part on the data."""
    tree = HTMLParser(namespaceHTMLElements=False).parse(path.read_text(encoding="utf-8"))
    return [words(each) for each in by_id(tree, "data").iter("p")]


def test_a_page_says_what_reading_changed(page):
    assert data_of(page("changed table")[1])[: len(SAID)] == SAID


@pytest.mark.parametrize(("ending", "form"), [(".md", markdown), (".tex", latex)])
def test_the_other_forms_say_it_too(page, ending, form):
    text = page("changed table", ending)[1].read_text(encoding="utf-8")
    plain = text.replace(r"\allowbreak{}", "")  # with which LaTeX may break long names
    for words_said in SAID:
        assert form.escaped(words_said) in plain


@pytest.mark.parametrize("name", ["two laws", "groups"])
def test_of_a_table_that_was_read_as_it_stands_nothing_is_said(page, name):
    assert not any("As the table" in each or "left out" in each for each in data_of(page(name)[1]))


def test_a_study_of_an_older_version_is_read(tmp_path):
    def without(runs, spec, **_):
        tree = infer(runs, spec)
        del tree.attrs["reading"]
        return tree

    carry_out(tmp_path / "study", infer=without)
    before = data_of(report(tmp_path / "study", tmp_path / "page.html"))
    carry_out(tmp_path / "other")
    assert before == data_of(report(tmp_path / "other", tmp_path / "other.html"))


def test_a_page_says_beside_its_verdict_that_no_run_repeats_its_data(tmp_path):
    runs, composition = made.tables()
    large = composition.assign(unique_samples=1000 * composition["unique_samples"])
    carry_out(tmp_path / "study", read_runs(runs, large), models="utility")
    path = report(tmp_path / "study", tmp_path / "page.html")
    tree = HTMLParser(namespaceHTMLElements=False).parse(path.read_text(encoding="utf-8"))
    said = words(tree)
    sentence = "of its training set, so these runs say nothing about repetition: are training sets"
    assert abs(said.index(sentence) - said.index(words(by_id(tree, "v0")))) < 500
    assert sentence in (tmp_path / "study" / "summary.txt").read_text().replace("\n", " ")
