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
    "90 % intervals hold {cover all} of {runs} runs; {cover worlds} in seven worlds, "
    "{cover sigmoid} in one that no law fits",
    "larger budgets of {sets} sets of real runs",
    "choices cost {far 2}, {far 4}, {far 8}; ranking at the largest budget costs {single 2},"
    " {single 4}, {single 8}",
    "`effective-reuse` costs {reuse eight}, a study {eight}, ranking {single eight}",
    "choices cost {untried} on average; no winner is named",
    "90 % intervals hold {least wrong} to {most wrong}",
]


@pytest.mark.parametrize("row", ROWS)
def test_readme_says_what_the_tables_hold(figures, row):
    assert row.format_map(figures) in README


def test_readme_is_short():
    """What more there is to say stands in docs/."""
    assert len(README.split()) <= 900


def test_lines_of_the_demo_are_those_of_its_case_study():
    """P(best) of its choice, as the executed notebook has it."""
    expected = json.loads((ROOT / "case_studies/datacomp_medium/expected.json").read_text())
    for value, margin in [expected["P(top 30% is best) at 1.28B"]]:
        said = float(re.search(r"1\.28B   top 30% +([\d.]+)", README)[1])
        assert abs(said - value) <= margin
