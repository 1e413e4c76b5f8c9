"""What README and the pages of docs/ say in numbers is what the tables of the evidence hold."""

import json
import re
from importlib import util

import pytest
from places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def trust():
    spec = util.spec_from_file_location("trust", ROOT / "docs" / "trust.py")
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def figures(trust):
    return trust.figures()


def test_the_page_on_trust_is_what_the_tables_make_of_it(trust, figures):
    assert (ROOT / "docs" / "trust.md").read_text(encoding="utf-8") == trust.page(figures)


ROWS = [
    "90 % intervals hold {cover all} of {runs} runs; {cover worlds} in seven benchmark families "
    "of small models, {cover sigmoid} in an eighth (`sigmoid`), whose curve no shipped law follows",
    "larger budgets of {sets} sets of real runs",
    "choices cost {far 2}, {far 4}, {far 8}; ranking at the largest budget costs {single 2},"
    " {single 4}, {single 8}",
    "`effective-reuse` alone (`--models effective-reuse`) costs {reuse eight}, a study {eight}, "
    "ranking {single eight}",
    "choices cost {untried} on average; no winner is named",
    "90 % intervals hold {least wrong} to {most wrong}",
]


@pytest.mark.parametrize("row", ROWS)
def test_readme_says_what_the_tables_hold(figures, row):
    assert row.format_map(figures) in README


QUOTED = [
    (
        "docs/index.md",
        "README.md",
        "At 5B samples it is undecided; likeliest to be best are top 30%",
    ),
    (
        "docs/index.md",
        "README.md",
        "The rule takes top 30%, which has the lowest expected error: on average 0.0059 above",
    ),
    ("docs/howto/proxy_pools.md", "case_studies/mini_clip/proxy.md", "0.0005"),
    ("docs/howto/proxy_pools.md", "case_studies/mini_clip/proxy.md", "0.0260"),
    ("docs/howto/proxy_pools.md", "case_studies/mini_clip/proxy.md", "0.0107"),
    ("docs/howto/proxy_pools.md", "case_studies/mini_clip/proxy.md", "0.0000"),
    ("docs/howto/proxy_pools.md", "case_studies/mini_clip/proxy.md", "2,480"),
    ("docs/gallery.md", "case_studies/mini_clip/README.md", "3,183"),
    ("docs/start/reading.md", "docs/trust.md", "89 %"),
    ("docs/start/reading.md", "docs/trust.md", "44 %"),
    ("docs/theory/discrepancy.md", "case_studies/mini_clip/README.md", "82 %"),
    ("docs/theory/epochs.md", "docs/speed.md", "6 to 10 microseconds"),
    ("docs/theory/theorem.md", "docs/models.md", "0.55 (90 % interval 0.13 to 1.29)"),
]


@pytest.mark.parametrize(("page", "source", "words"), QUOTED)
def test_what_a_page_quotes_stands_where_it_is_from(page, source, words):
    assert words in (ROOT / page).read_text(encoding="utf-8")
    assert words in (ROOT / source).read_text(encoding="utf-8")


def test_readme_is_short():
    """What more there is to say stands in docs/."""
    assert len(README.split()) <= 900


def test_lines_of_the_demo_are_those_of_its_case_study():
    """P(best) of its choice, as the executed notebook has it."""
    expected = json.loads((ROOT / "case_studies/datacomp_medium/expected.json").read_text())
    for value, margin in [expected["P(top 30% is best) at 1.28B"]]:
        said = float(re.search(r"1\.28B   top 30% +([\d.]+)", README)[1])
        assert abs(said - value) <= margin
