"""The page in a browser: the cursor rewrites verdict and table, and a phone scrolls one way."""

import json
import re
import subprocess
from html import escape

import html5lib
import pytest
from browser import BROWSER, needs_browser
from elements import by_id, words
from made_study import HOSTILE, carry_out_each

from qqt_bayes.studies.page import report

PHONE = 400
"""Pixels across."""
MOST_SHEETS = 10
"""Sheets of paper that somebody reads."""
WRAPPER = """<!DOCTYPE html><title>none</title>
<iframe width="{width}" height="900" style="border:0" srcdoc="{page}"></iframe>
<script>addEventListener("load", () => {{
const page = document.querySelector("iframe").contentDocument.documentElement;
const last = page.querySelector(".chosen > :last-child").getBoundingClientRect();
const wide = [...page.querySelectorAll(".all")].map(e => e.parentElement)
  .filter(e => e.scrollWidth > e.clientWidth);
const measures = [page.clientWidth, page.scrollWidth, Math.ceil(last.right), wide.length];
document.title = JSON.stringify(measures) }})</script>"""
"""A window of a phone's width, which a browser itself may refuse, and what is measured in it."""

SWITCHED = """<!DOCTYPE html><title>none</title><iframe srcdoc="{page}"></iframe>
<script>addEventListener("load", () => {{
const page = document.querySelector("iframe").contentDocument;
for (let i = 0; i < {times}; i++) page.querySelector("#m0 input:not(:checked)").click();
const all = (from, what) => [...page.querySelectorAll(from)].map(what), text = e => e.textContent;
const mirrored = all("#f0 [data-ends] path", e => e.getAttribute("d")).join(" ");
document.title = JSON.stringify({{
table: all("#t0 tr, #a0 tr", text),
words: all(".levels th[scope=col], .reading, #f0 figcaption, #f0 .name", text),
ticks: all("#f0 [data-ends] text", text).sort(),
paths: mirrored.match(/[\\d.-]+(?=[Lmz ]|$)/g).map(Number).sort((a, b) => a - b)}}) }})</script>"""
"""A page in a frame, its switch moved so often, and what it then says and where it draws."""


def dom(address):
    """The page as a browser leaves it, its script having run."""
    line = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    done = subprocess.run(
        [*line, "--dump-dom", address], capture_output=True, text=True, check=True, timeout=300
    )
    return html5lib.parse(done.stdout, namespaceHTMLElements=False)


def rows_of(element):
    return [(row.get("class") or "", [words(cell) for cell in row]) for row in element.iter("tr")]


@needs_browser
@pytest.mark.parametrize("asked", ["640M", "600000000", "6.5e8"])
def test_a_budget_in_the_address_is_shown(page, asked):
    """That of the budgets which is nearest."""
    tree = dom(f"{page('hostile')[1].as_uri()}#budget={asked}")
    said = json.loads(words(by_id(tree, "numbers")))["sections"][0]
    at = said["budgets"][1]
    assert at["label"] == "640M"
    assert words(by_id(tree, "v0")) == at["verdict"]
    assert words(by_id(tree, "c0")) == at["state"]
    assert words(by_id(tree, "w0")) == at["warning"]
    assert words(by_id(tree, "o0")) == words(by_id(tree, "l0")) == "640M"
    assert by_id(tree, "b0").get("aria-valuetext") == "640M samples"
    part = [each for each in by_id(tree, "a0") if each.tag == "tbody"][1]
    shown = rows_of(by_id(tree, "t0"))
    assert [(kind, [row[0], *row[2:]]) for kind, row in shown] == rows_of(part)[1:]
    assert {row[0]: row[1] for _, row in shown} == said["levels"]
    (cursor,) = (each for each in tree.iter() if each.get("class") == "cursor")
    assert cursor.get("transform") == f"translate({at['place']:g} 0)"
    bars = [each.get("style") for each in by_id(tree, "t0").iter("span") if each.get("style")]
    assert bars == [f"--p: {100 * float(row[3].strip('<> ')):.0f}%;" for _, row in shown]


@needs_browser
def test_the_script_changes_nothing_of_what_is_shown_first(page):
    path = page("two laws")[1]
    plain = html5lib.parse(path.read_text(), namespaceHTMLElements=False)
    tree = dom(f"{path.as_uri()}#budget=5B")
    for name in ("v0", "c0", "w0", "o0", "l0"):
        assert words(by_id(tree, name)) == words(by_id(plain, name))
    assert rows_of(by_id(tree, "t0")) == rows_of(by_id(plain, "t0"))
    assert by_id(plain, "r0").get("hidden") is not None
    assert by_id(tree, "r0").get("hidden") is None


@needs_browser
def test_errors_turn_to_the_page_of_accuracies_and_back(page, tmp_path):
    """The switch shows what a study of the same runs, given as accuracies, shows first."""
    errors, accuracies = (page(name)[1].read_text() for name in ("two laws", "accuracies"))
    once, twice, other = (
        turned(source, times, tmp_path)
        for source, times in ((errors, 1), (errors, 2), (accuracies, 0))
    )
    assert once["table"] == other["table"]
    assert once["words"] == other["words"]
    assert "accuracy [90%]" in once["words"]
    assert once["ticks"] == other["ticks"]
    assert once["paths"] == pytest.approx(other["paths"], abs=0.11)
    assert twice == turned(errors, 0, tmp_path)
    assert twice["table"] != once["table"]


def turned(source, times, folder):
    """Words, table and places of a page after so many clicks on the measure that is not shown."""
    wrapper = SWITCHED.format(page=escape(source), times=times)
    (folder / "page.html").write_text(wrapper)
    return json.loads(words(next(dom((folder / "page.html").as_uri()).iter("title"))))


@needs_browser
@pytest.mark.parametrize("name", ["losses", "one level"])
def test_only_what_has_another_side_has_a_switch(page, name):
    """A loss has none; without script nothing can be turned, so that none is seen."""
    plain = html5lib.parse(page(name)[1].read_text(), namespaceHTMLElements=False)
    switches = list(plain.iter("fieldset"))
    assert [each.get("hidden") for each in switches] == ([] if name == "losses" else [""])
    tree = dom(page(name)[1].as_uri())
    assert all(each.get("hidden") is None for each in tree.iter("fieldset"))


@needs_browser
@pytest.mark.parametrize("name", ["hostile", "long names", "groups", "many"])
def test_a_phone_scrolls_down_only(page, name, tmp_path):
    """All folds open: what is wide scrolls inside itself, and the verdict's table is seen whole."""
    require_fits_a_phone(page(name)[1].read_text(), tmp_path)


@needs_browser
def test_a_phone_shows_costs_too(page, tmp_path):
    costs = {"currency": "EUR", "training": {"price_per_million_samples": 1.0}}
    path = report(page("two laws")[0], tmp_path / "priced.html", costs=costs)
    assert "cost (EUR)" in path.read_text()
    require_fits_a_phone(path.read_text(), tmp_path)


@needs_browser
def test_a_phone_shows_the_levels_of_several_metrics(tmp_path):
    """The table across two metrics is seen whole, and what hostile names make wide scrolls."""
    for metrics in (("imagenet top-1", "retrieval"), HOSTILE[:2]):
        path = report(carry_out_each(None, metrics), tmp_path / "across.html", overwrite=True)
        require_fits_a_phone(path.read_text(), tmp_path)


@needs_browser
def test_a_budget_in_the_address_is_shown_of_every_metric(tmp_path):
    path = report(carry_out_each(None), tmp_path / "across.html")
    tree = dom(f"{path.as_uri()}#budget=640M")
    sections = json.loads(words(by_id(tree, "numbers")))["sections"]
    for i, said in enumerate(sections):
        assert words(by_id(tree, f"o{i}")) == "640M"
        assert words(by_id(tree, f"v{i}")) == said["budgets"][1]["verdict"]


def require_fits_a_phone(source, folder):
    """As wide as the window, which holds all of the chosen row and of the table of all budgets."""
    opened = source.replace("<details", "<details open")
    (folder / "page.html").write_text(WRAPPER.format(width=PHONE, page=escape(opened)))
    tree = dom((folder / "page.html").as_uri())
    across, wide, last_cell, scrolled = json.loads(words(next(tree.iter("title"))))
    assert (across, wide) == (PHONE, PHONE)
    assert last_cell <= PHONE
    assert scrolled == 0


@needs_browser
@pytest.mark.parametrize("name", ["two laws", "groups"])
def test_a_page_is_printed_whole_on_few_sheets(page, name, tmp_path):
    """With every fold open, as print opens it."""
    target = tmp_path / "page.pdf"
    line = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--print-to-pdf={target}"]
    address = page(name)[1].as_uri()
    subprocess.run([*line, address], capture_output=True, check=True, timeout=300)
    assert 3 <= len(re.findall(rb"/Type /Page\b", target.read_bytes())) < MOST_SHEETS


@needs_browser
def test_the_policy_stops_a_script_that_got_in(page, tmp_path):
    """Were a name not escaped all the same, a browser would not run it."""
    said = escape("At 5B")
    source = page("two laws")[1].read_text()
    broken = source.replace("<h1>", "<h1><script>document.title = 'run'</script>")
    assert broken != source
    assert said in source
    (tmp_path / "page.html").write_text(broken)
    tree = dom((tmp_path / "page.html").as_uri())
    assert words(next(tree.iter("title"))) == "Which data to train on"
