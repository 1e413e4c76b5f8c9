"""Markdown: what HTML says, with names as text and no more backslashes than that takes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_study import HOSTILE, STUDIES
from markdown_it import MarkdownIt

from qqt_bayes.report.page import markdown

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
NAMES = (
    *HOSTILE,
    *("two\n\nlines", "~^#%_&", "# heading", "heading #", "- item", "+", "1) one", "a\\", "\\*"),
    *("[a]: http://x.example", "![a](b)", "[a][b]", "<http://x.example>", "&lt; &#35;", "---"),
    *("~~~", "```", "``a`` `b", "> said", "_all_", "a_b __c__", "***", "~~gone~~", "a | b"),
)
MARKS = "\\`*_{}[]<>#|$~&!().-+=:/;^\"' aA1é数\t\n"
"""Letters of which names are made that mean as much as can be."""
PLAIN = {"text", "strong_open", "strong_close"}
"""What a line is made of that has no markup but ours."""


def words_of(inline, allowed=PLAIN):
    """The text of a line, which holds no markup but what is allowed."""
    assert {each.type for each in inline.children} <= allowed, inline.content
    return "".join(each.content for each in inline.children)


def one_line(name):
    return " ".join(name.split())


def check(name):
    """In every place of a page the words are read as they were."""
    words = one_line(name)
    for source, kinds in (
        (markdown.escaped(name), ["paragraph_open", "inline", "paragraph_close"]),
        (f"# {markdown.heading(name)}", ["heading_open", "inline", "heading_close"]),
        (f"**{markdown.inline(name)}**", ["paragraph_open", "inline", "paragraph_close"]),
    ):
        tokens = PARSER.parse(source)
        assert [each.type for each in tokens] == kinds, source
        assert words_of(tokens[1]) == words, source
    row = f"| {markdown.cell(name)} | **{markdown.cell(name)}** | end |"
    tokens = PARSER.parse(f"| a | b | c |\n| --- | --- | --- |\n{row}")
    cells = [words_of(each) for each in tokens if each.type == "inline"]
    assert cells == ["a", "b", "c", words, words, "end"], row


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_read_as_it_is(name):
    check(name)


@given(st.text(MARKS, min_size=1, max_size=12).filter(str.strip))
def test_whatever_a_name_is_made_of_it_is_read_as_it_is(name):
    check(name)


@pytest.mark.parametrize(
    "words",
    [
        "At 5B samples it is undecided; likeliest are top 30% (0.40) and 50-75% (0.17).",
        "P(best) and error [90%] of qqt_bayes, 3 * 4, ~5M, < 0.01, R&D, a/b, 1.28B!",
        "-0.5 of A_1 {b} = c",
    ],
)
def test_what_is_no_markup_has_no_backslash(words):
    assert markdown.escaped(words) == markdown.inline(words) == markdown.cell(words) == words


@pytest.mark.parametrize("name", STUDIES)
def test_a_page_has_its_own_markup_alone(page, name):
    """Headings, tables, bold type and commands: nothing that a name or a sentence brought."""
    text = page(name, ".md")[1].read_text()
    tokens = PARSER.parse(text)
    assert tokens[0].type == "html_block"
    assert tokens[0].content == "<!-- Report of qqt_bayes -->\n"
    blocks = {each.type.removesuffix("_open").removesuffix("_close") for each in tokens[1:]}
    parts = {"table", "thead", "tbody", "tr", "th", "td"}
    assert blocks == {"heading", "paragraph", "inline", "hr", "fence", *parts}
    for each in tokens:
        if each.type == "inline":
            words_of(each, PLAIN | {"code_inline"})
            for code in each.children:
                assert code.type != "code_inline" or code.content.startswith("qqt ")


@pytest.mark.parametrize("name", ["two laws", "groups", "tokens", "losses", "accuracies"])
def test_the_source_is_read_as_it_stands(page, name):
    """Where names are plain no backslash stands in what is not code."""
    text = page(name, ".md")[1].read_text()
    assert "\\" not in re.sub(r"^```+\n.*?^```+$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert re.search(r"P\(best\) \| (error|loss|accuracy) \[90%\]", text)


def test_levels_are_named_as_they_are(page):
    tokens = PARSER.parse(page("hostile", ".md")[1].read_text())
    cells = {words_of(each) for each in tokens if each.type == "inline" and each.level == 4}
    assert set(HOSTILE) <= cells


@pytest.mark.parametrize("name", STUDIES)
def test_tables_are_whole(page, name):
    tokens = PARSER.parse(page(name, ".md")[1].read_text())
    kinds = [each.type for each in tokens]
    assert kinds.count("table_open") >= 6
    widths, columns = [], 0
    for kind in kinds:
        columns += kind in ("th_open", "td_open")
        if kind == "tr_close":
            widths.append(columns)
            columns = 0
        elif kind == "table_close":
            assert len(set(widths)) == 1
            widths = []
