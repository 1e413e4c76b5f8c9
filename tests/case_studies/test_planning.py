"""The notebook on planning, and its page: what its tables make of it, and its bars."""

import sys

import nbformat
import notebooks
import pytest
from places import ROOT

FOLDER = ROOT / "case_studies" / "planning"


@pytest.fixture(scope="module")
def page():
    sys.path.insert(0, str(FOLDER))
    try:
        from importlib import util

        spec = util.spec_from_file_location("planning_page", FOLDER / "page.py")
        module = util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(FOLDER))
    return module


def test_its_notebook_comes_to_the_expected_numbers():
    notebooks.check("planning")


def test_its_notebook_needs_no_internal_module():
    notebook = nbformat.read(FOLDER / "planning.ipynb", as_version=4)
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    imported = [line for line in source.splitlines() if "qqt_bayes" in line]
    assert imported == ["import qqt_bayes as qqt"]


def test_the_page_is_what_the_tables_make_of_it(page):
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == page.page()


def test_regression_says_what_refits_say(page):
    """Within a tenth, or what 200 refits can tell."""
    found = page.nested()
    apart = abs(found["by refits"] - found["by regression"])
    assert apart <= max(0.1 * found["by refits"], 2 * found["error"])
    assert 0 < found["by regression"] < found["perfect"]


def test_proposed_runs_decide_better_than_a_uniform_grid(page):
    table = page.campaigns()

    def regret(design, stage, mini_clip):
        mine = table[(table["design"] == design) & (table["stage"] == stage)]
        mine = mine[(mine["family"] == page.MINI_CLIP) == mini_clip]
        return mine["regret"]

    for mini_clip in (False, True):
        ours = regret("design", page.WHOLE, mini_clip)
        half = regret("half", page.HALF, mini_clip)
        uniform, levels = (regret(name, 1, mini_clip) for name in ("uniform", "levels"))
        assert ours.median() <= 0.5 * uniform.median()
        assert ours.median() <= levels.median()
        # of half of the compute the mean holds in simulated worlds, the median in trained ones
        by = "median" if mini_clip else "mean"
        assert getattr(half, by)() <= getattr(uniform, by)()
