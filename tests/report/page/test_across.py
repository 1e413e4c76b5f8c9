"""A page over several metrics: the decision across them on top, then each as its own page says."""

import json
import re

import html5lib
import made
import numpy as np
import pytest
from elements import by_id, parsed, require_loads_nothing, rows_of, words
from made_study import BUDGETS, HOSTILE, METRICS, carry_out, carry_out_each, infer, refused

from qqt_bayes.decisions.metrics import decide_metrics
from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.report.metrics_tables import candidates_by_metric, winners_by_metric
from qqt_bayes.report.metrics_text import remarks_on_metrics
from qqt_bayes.report.page import latex, markdown
from qqt_bayes.report.table_text import texts
from qqt_bayes.studies.page import report

LARGEST = 300_000
"""Bytes of a page that can be sent."""
CASES = {
    "two metrics": {},
    "weights and a bound": {
        "weights": {METRICS[0]: 3.0, METRICS[1]: 1.0},
        "require": ["retrieval<=0.62@0.9"],
    },
    "no level": {"require": ["retrieval<=0.1@0.9"]},
    "groups": {"tables": made.tables(groups=2), "models": "cherti"},
    "hostile": {"metrics": HOSTILE},
    "forced": {"infer": refused, "force": True},
    "one metric": {"metrics": METRICS[:1]},
    "typical": {"tables": made.tables(5), "budgets": np.geomspace(64e6, 20e9, 13)},
}
"""What is asked of the studies of each folder."""


@pytest.fixture(scope="module", name="across")
def of_cases(tmp_path_factory):
    """A function from the name of a case, and an ending, to its studies and their page."""
    out, made_now = tmp_path_factory.mktemp("across"), {}

    def page(name, ending=".html"):
        folder = out / name.replace(" ", "-")
        if name not in made_now:
            made_now[name] = carry_out_each(folder, **CASES[name])
        path = folder.with_suffix(ending)
        return made_now[name], path if path.exists() else report(folder, path)

    return page


def decided(studies, case):
    """What `qqt decide` finds of the folder of a case."""
    asked = CASES[case]
    first = next(iter(studies.values()))
    return decide_metrics(
        studies,
        first.levels,
        asked.get("budgets", BUDGETS),
        weights=asked.get("weights"),
        constraints=asked.get("require", ()),
        force=True,
    )


def top_of(tree):
    (section,) = (each for each in tree.iter("section") if each.get("aria-label") == "all metrics")
    return section


@pytest.mark.parametrize("case", CASES)
def test_it_is_valid_small_and_loads_nothing(across, case):
    path = across(case)[1]
    assert path.stat().st_size <= LARGEST
    require_loads_nothing(parsed(path))


@pytest.mark.parametrize("case", CASES)
def test_the_top_is_what_is_decided_across_metrics(across, case):
    """The sentences and the tables of `qqt decide`, but for columns that say nothing."""
    studies, path = across(case)
    found, top = decided(studies, case), top_of(parsed(path))
    said = words(top)
    for each in remarks_on_metrics(found):
        assert each["text"] in said
    for table, frame in zip(
        top.iter("table"), (winners_by_metric(found), candidates_by_metric(found)), strict=True
    ):
        cells = {name: own for name, own in texts(frame).items() if any(own)}
        headings, *rows = rows_of(table)
        assert headings == [" ".join(name.split()) for name in cells]
        assert rows == [list(row) for row in zip(*cells.values(), strict=True)]


@pytest.mark.parametrize("case", CASES)
def test_each_metric_has_the_section_of_its_own_page(across, case, tmp_path):
    studies, path = across(case)
    tree = parsed(path)
    numbers = json.loads(words(by_id(tree, "numbers")))
    place = 0
    for study in studies.values():
        own = parsed(report(study, tmp_path / f"{place}.html"))
        alone = json.loads(words(by_id(own, "numbers")))["sections"]
        for i, section in enumerate(alone):
            assert numbers["sections"][place] == section
            for part in ("v", "c", "w", "t", "a"):
                here, there = by_id(tree, f"{part}{place}"), by_id(own, f"{part}{i}")
                assert words(here) == words(there)
            place += 1
    assert place == len(numbers["sections"])
    names = [words(each) for each in tree.iter("h2")][-place:]
    groups = [f", {x}" for x in ("arch 1", "arch 2")] if case == "groups" else [""]
    assert names == [f"{metric}{group}" for metric in studies for group in groups]


def test_the_choice_is_in_bold_and_no_choice_is_said(across):
    studies, path = across("weights and a bound")
    choice = decided(studies, "weights and a bound")["joint_choice"].values[-1]
    top = top_of(parsed(path))
    (bold,) = (each for each in top.iter("tr") if each.get("class") == "chosen")
    assert words(bold[0]) == choice
    top = top_of(parsed(across("no level")[1]))
    assert not [each for each in top.iter("tr") if each.get("class") == "chosen"]
    chips = [words(each) for each in top.iter("span") if "chip" in (each.get("class") or "")]
    assert chips == ["none admissible"]
    assert "no level keeps to what is required" in words(top)


def test_what_metrics_have_alike_is_said_once(across):
    studies, path = across("two metrics")
    tree = parsed(path)
    said = words(tree.find("body"))
    for once in ("What each level holds.", "@software{qqt_bayes", "Draws of different metrics"):
        where = by_id(tree, "data") if once.startswith("What") else by_id(tree, "paper")
        assert words(where).count(once) == 1
    assert said.count("Beware: at 5B samples a run would go through") == 1
    fit = by_id(tree, "fit")
    assert [words(each) for each in fit.iter("h3")] == list(studies)
    captions = [words(each) for each in fit.iter("caption")]
    assert all(any(each.startswith(f"{name}: ") for each in captions) for name in studies)
    assert [words(each).partition(":")[0] for each in tree.iter("footer").__next__()] == [*METRICS]


def test_names_stay_text(across):
    path = across("hostile")[1]
    source, tree = path.read_text(), parsed(path)
    assert source.count("<script") == source.count("</script") == 2
    assert "<!--" not in source
    headings = {words(each) for each in tree.iter("h2")}
    assert headings == {" ".join(name.split()) for name in HOSTILE}
    text = across("hostile", ".md")[1].read_text()
    for name in HOSTILE:
        assert f"## {markdown.escaped(name)}\n" in text
    fragment = across("hostile", ".tex")[1].read_text()
    for name in HOSTILE:
        assert rf"\subsection*{{{latex.breaking(name)}}}" in fragment
    bare = re.sub(r"\\[\\{}%&$#_]", "", fragment)
    assert bare.count("{") == bare.count("}")


@pytest.mark.parametrize("case", ["two metrics", "groups", "hostile"])
def test_tables_of_markdown_are_whole(across, case):
    text = across(case, ".md")[1].read_text()
    found = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(found) >= 12
    for each in found:
        assert len({len(re.split(r"(?<!\\)\|", line)) for line in each.splitlines()}) == 1


def test_a_screen_reader_finds_its_way(across):
    tree = parsed(across("two metrics")[1])
    for table in tree.iter("table"):
        assert next(table.iter("caption")) is not None
        assert all(each.get("scope") for each in table.iter("th"))
    labels = [each.get("aria-label") for each in tree.iter("section")]
    assert labels == ["all metrics", *METRICS]
    titles = [words(each) for each in tree.iter() if str(each.tag).endswith("title")]
    assert {f"Expected error and runs of {name}" for name in METRICS} <= set(titles)


def test_a_fit_that_was_forced_is_said_on_top(across):
    top = top_of(parsed(across("forced")[1]))
    assert "was used by force" in words(top)
    chips = [words(each) for each in top.iter("span") if "chip" in (each.get("class") or "")]
    assert chips == ["refused"]


def test_studies_in_memory_give_the_page_of_their_folder(across, tmp_path):
    """But for when they were made, which memory does not know."""
    studies, path = across("weights and a bound")
    asked = CASES["weights and a bound"]
    joined = {"metric_weights": asked["weights"], "constraints": asked["require"]}
    memory = report(studies, tmp_path / "memory.html", **joined).read_text()
    assert re.sub(r" Made [^ ]*Z\.", "", path.read_text()) == memory
    equal = report(studies, tmp_path / "equal.html", metric_weights=dict.fromkeys(METRICS, 1))
    assert "the 2 metrics weigh the same" in equal.read_text()


def test_losses_are_added_to_error_rates_by_weights_alone(tmp_path):
    kinds = {METRICS[0]: "loss", METRICS[1]: "error"}
    studies = carry_out_each(None, kind=kinds)
    with pytest.raises(InputError, match="what one of a loss is worth in error rates"):
        report(studies, tmp_path / "page.html")
    weights = {METRICS[0]: 0.1, METRICS[1]: 1}
    said = parsed(report(studies, tmp_path / "page.html", metric_weights=weights))
    headings = [words(each) for each in said.iter("th")]
    assert f"on {METRICS[0]}: loss [90%]" in headings
    assert f"on {METRICS[1]}: error [90%]" in headings


def test_prices_are_of_every_metric(across, tmp_path):
    costs = {"currency": "EUR", "training": {"price_per_million_samples": 1.0}}
    page = report(across("two metrics")[0], tmp_path / "page.html", costs=costs)
    headings = [words(each) for each in html5lib.parse(page.read_text()).iter() if "th" in each.tag]
    assert headings.count("cost (EUR)") == 4  # of the levels and of all budgets, of each metric


def test_what_has_no_decision_in_common_is_refused(across, tmp_path):
    studies, page = across("two metrics")[0], tmp_path / "page.html"
    first, other = METRICS

    def refuses(sentence, changed, **options):
        with pytest.raises(InputError, match=re.escape(sentence)):
            report({**studies, **changed}, page, **options)

    budgets = {METRICS[0]: BUDGETS, METRICS[1]: BUDGETS[:2]}
    refuses(
        f"{first!r} and {other!r} are about other budgets", carry_out_each(None, budgets=budgets)
    )
    margins = {METRICS[0]: 0.003, METRICS[1]: 0.01}
    refuses("decided by another margin, 0.003 and 0.01", carry_out_each(None, margin=margins))
    refuses("there is no metric 'vtab'", {}, metric_weights={"vtab": 1})
    refuses("for one metric, not for several", {}, allowance="1B")
    refuses("expected a study, as qqt_bayes.study returns it", {"retrieval": 3})
    with pytest.raises(InputError, match="constraints: expected studies of several metrics"):
        report(carry_out(None), page, constraints=["retrieval<=0.5"])
    assert not page.exists()


def test_a_metric_that_decided_nothing_is_named(tmp_path):
    with pytest.raises(InadequateFit):
        carry_out_each(tmp_path / "study", infer={METRICS[0]: infer, METRICS[1]: refused})
    with pytest.raises(InadequateFit, match=f"(?s)Metric {METRICS[1]}: .*Nothing was decided"):
        report(tmp_path / "study", tmp_path / "page.html")
