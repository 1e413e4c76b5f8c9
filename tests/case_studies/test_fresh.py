"""Outputs of notebooks beside those of a new execution: what is noticed, and what says nothing."""

import sys
from base64 import b64encode
from io import BytesIO

import nbformat
import numpy as np
import pytest
from matplotlib import image
from places import CASE_STUDIES


@pytest.fixture(scope="module")
def fresh():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(CASE_STUDIES)
        patch.delitem(sys.modules, "fresh", raising=False)
        import fresh

        yield fresh


def notebook(*outputs):
    cells = [nbformat.v4.new_code_cell("shown", outputs=list(outputs))]
    return nbformat.v4.new_notebook(cells=cells)


def printed(text):
    return nbformat.v4.new_output("stream", name="stdout", text=text)


def table(rows):
    html = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    data = {"text/html": f"<style>td {{ top: 0.5 }}</style><table>{html}</table>"}
    return nbformat.v4.new_output("display_data", data=data)


def picture(shade, columns=60):
    content = BytesIO()
    image.imsave(content, np.full((40, columns, 3), shade), format="png")
    data = {"image/png": b64encode(content.getvalue()).decode()}
    return nbformat.v4.new_output("display_data", data=data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The choice is top 20%", "The choice is top 30%"),
        ("The choice is top 20%", "The rule takes top 20%"),
        ("29 runs fitted", "28 runs fitted"),
        ("error 0.564", "error 0.664"),
        ("error 2.70", "error 3.10"),
        ("regret -0.50", "regret 0.50"),
        ("", "a line more"),
        ("a line more", ""),
        ("one two three " * 40, "one two three " * 39 + "one two four "),
    ],
)
def test_what_changed_is_said(fresh, old, new):
    assert list(fresh.stale(notebook(printed(old)), notebook(printed(new))))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("P(best) 0.55", "P(best) 0.58"),
        ("NaN and inf 0.5", "NaN and inf 0.5"),
        ("regret 0.0002", "regret 0.0004"),
        ("half-life 81.2", "half-life 84.0"),
        ("it took 12 s", "it took 340 s"),
        ("written to /tmp/one/fit.nc", "written to /home/two/fit.nc"),
        ("R-hat of tau: 1.001", "R-hat of a: 1.004"),
        ("<object at 0x7f0012ab>", "<object at 0x7fffffff>"),
    ],
)
def test_what_says_nothing_is_passed_over(fresh, old, new):
    assert not list(fresh.stale(notebook(printed(old)), notebook(printed(new))))


def test_a_close_call_may_fall_the_other_way_only_under_other_draws(fresh):
    said = "P(best) {} of the level that wins here. " * 20
    shares = np.linspace(0.2, 0.8, 20).round(2)
    old = said.format(*shares) + "It takes A."
    same_draws, others = said.format(*shares), said.format(*(shares + 0.01).round(2))
    assert fresh.differences(old, same_draws + "It takes B.") == ["A is now B"]
    assert not fresh.differences(old, others + "It takes B.")


def test_a_tagged_cell_may_say_otherwise_which_fits_passed_under_other_draws(fresh):
    old, new, same_draws = (
        notebook(printed(f"one passed, {share}; two {passed}"))
        for share, passed in [("0.51", "passed"), ("0.52", "refused"), ("0.51", "refused")]
    )
    for shown in (new, same_draws):
        shown.cells[0].metadata["tags"] = ["close-calls"]
    assert not list(fresh.stale(old, new))
    assert list(fresh.stale(old, same_draws)) == ["cell 0: passed is now refused"]
    del new.cells[0].metadata["tags"]
    assert list(fresh.stale(old, new)) == ["cell 0: passed is now refused"]


def test_tables_are_compared_cell_by_cell(fresh):
    old, new = ([["level", "P(best)"], ["top 10%", share]] for share in ("0.91", "0.51"))
    assert list(fresh.stale(notebook(table(old)), notebook(table(new)))) == [
        "cell 0: 0.91 is now 0.51"
    ]
    assert not list(fresh.stale(notebook(table(old)), notebook(table(old))))


def test_pictures_are_compared_by_their_shades(fresh):
    assert list(fresh.stale(notebook(picture(0.2)), notebook(picture(0.9))))
    assert list(fresh.stale(notebook(picture(0.2)), notebook()))
    assert not list(fresh.stale(notebook(picture(0.2)), notebook(picture(0.2, columns=63))))
