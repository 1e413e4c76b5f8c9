"""The page as HTML: valid, whole without script, with nothing to load and every name as text."""

import json
import re
from functools import cache

import pytest
from elements import by_id, parsed, require_loads_nothing, rows_of, words
from made_study import HOSTILE, STUDIES

from qqt_bayes.report.page.readers import INSTEAD, for_readers
from qqt_bayes.studies.opened import open_whole

LARGEST = 300_000
"""Bytes of a page that can be sent."""


@cache
def decided(study):
    """The decision for each group, budgets ascending."""
    decision = open_whole(study).study.decision.sortby("budget")
    if "group" not in decision.dims:
        return [decision]
    return [decision.sel(group=name) for name in decision["group"].values]


@pytest.mark.parametrize("name", STUDIES)
def test_it_is_valid_small_and_loads_nothing(page, name):
    path = page(name)[1]
    assert path.stat().st_size <= LARGEST
    tree = parsed(path)
    require_loads_nothing(tree)


@pytest.mark.parametrize("name", STUDIES)
def test_every_budget_is_there_without_script(page, name):
    """The numbers of the decision, each within half a unit of its last digit."""
    study, path = page(name)
    tree = parsed(path)
    for i, decision in enumerate(decided(study)):
        parts = [each for each in by_id(tree, f"a{i}") if each.tag == "tbody"]
        assert len(parts) == decision.sizes["budget"]
        for part, budget in zip(parts, decision["budget"].values, strict=True):
            at = decision.sel(budget=budget)
            _, *rows = rows_of(part)
            assert sorted(row[0] for row in rows) == sorted(at["level"].values.tolist())
            for level, _, best, error, regret in rows:
                own = at.sel(level=level)
                require_near(best, own["probability_best"].item())
                require_near(regret, own["regret"].item())
                is_accuracy = decision.attrs["measure"] == "accuracy"
                mean, *ends = (
                    1 - x if is_accuracy else x
                    for x in (own["error_mean"].item(), *own["error"].values.tolist())
                )
                low, _, high = sorted(ends)
                for shown, number in zip(
                    re.split(r"[\[\], ]+", error.strip("]")), (mean, low, high), strict=True
                ):
                    require_near(shown, number)
            (chosen,) = (row for row in part if row.get("class") == "chosen")
            assert words(chosen[0]) == at["choice"].item()


def require_near(shown, number):
    """A bound that holds, or a number that was rounded right."""
    if shown.startswith("<"):
        assert number < float(shown.strip("< "))
    elif shown.startswith(">"):
        assert number > float(shown.strip("> "))
    else:
        digits = len(shown.partition(".")[2])
        assert abs(float(shown) - number) <= 0.5001 * 10**-digits, (shown, number)


@pytest.mark.parametrize("name", STUDIES)
def test_the_largest_budget_is_shown_first(page, name):
    study, path = page(name)
    tree = parsed(path)
    answers = json.loads((study / "decision.json").read_text())["answers"]
    numbers = json.loads(words(by_id(tree, "numbers")))
    assert len(numbers["sections"]) == len(answers)
    for i, (answer, section) in enumerate(zip(answers, numbers["sections"], strict=True)):
        last = section["budgets"][-1]
        assert words(by_id(tree, f"v{i}")) == answer["verdict"] == last["verdict"]
        assert words(by_id(tree, f"c{i}")) == last["state"]
        assert words(by_id(tree, f"w{i}")) == last["warning"]
        *_, part = (each for each in by_id(tree, f"a{i}") if each.tag == "tbody")
        shown = rows_of(by_id(tree, f"t{i}"))
        assert [[row[0], *row[2:]] for row in shown] == rows_of(part)[1:]
        assert {row[0]: row[1] for row in shown} == section["levels"]
        for words_before in answer["first"]:
            assert for_readers(words_before) in path_text(tree)


def path_text(tree):
    return " ".join("".join(tree.find("body").itertext()).replace("\n", " ").split())


@pytest.mark.parametrize("name", ["two laws", "groups", "tokens"])
def test_no_reader_is_told_what_to_type(page, name):
    """Neither a command nor an option stands outside of what is wrong with a refused fit."""
    study, path = page(name)
    said = path_text(parsed(path))
    assert not re.search(r"\bqqt [a-z]+|\s\(?--[a-z]", said.replace("qqt_bayes", ""))
    assert not any(advice in said for advice in INSTEAD)
    told = json.loads((study / "decision.json").read_text())["answers"]
    assert "--scale 20" in json.dumps(told), "the terminal still names its option"


def test_names_stay_text(page):
    path = page("hostile")[1]
    tree = parsed(path)
    own = set(HOSTILE)
    assert own <= {words(cell) for cell in tree.iter("th")}
    (key,) = (each for each in tree.iter("ul") if each.get("class") == "key")
    assert {words(each) for each in key} <= own
    numbers = json.loads(words(by_id(tree, "numbers")))
    assert set(numbers["sections"][0]["levels"]) == own
    source = path.read_text()
    assert source.count("<script") == source.count("</script") == 2
    assert "<!--" not in source


def test_next_runs_have_a_price_only_where_one_was_given(page):
    part = by_id(parsed(page("two laws")[1]), "next")
    assert words(part.find("summary")) == "Next runs"


def test_parameters_and_numbers_are_explained(page):
    said = path_text(parsed(page("two laws")[1]))
    assert "tau: half-life of the utility" in said
    assert "In brackets behind the expected error stands" in said
    assert "A winner has a P(best) of 0.9 or more" in said
    accuracies = path_text(parsed(page("accuracies")[1]))
    assert "P(best) the probability that it has the highest accuracy of all levels" in accuracies


def test_how_draws_were_made_is_said_of_the_fit_and_for_a_paper(page):
    """These fits recorded nothing but their sizes, so that no density and no PyMC is named."""
    tree = parsed(page("two laws")[1])
    drawn = "by the No-U-Turn sampler of nutpie, in 2 chains of 50 draws (seed "
    for name in ("fit", "paper"):
        said = words(by_id(tree, name))
        assert drawn in said
        assert "pymc" not in said.lower()


def test_a_refused_fit_that_was_forced_is_said_first(page):
    tree = parsed(page("forced")[1])
    assert words(by_id(tree, "c0")) == "refused"
    assert "was used by force" in path_text(tree)


def test_names_and_units_of_what_was_measured(page):
    accuracy = parsed(page("accuracies")[1])
    headings = [words(each) for each in accuracy.iter("th") if each.get("scope") == "col"]
    assert "accuracy [90%]" in headings
    assert "error [90%]" not in headings
    assert "tokens seen" in path_text(parsed(page("tokens")[1]))
    for words_of_samples in ("samples seen", "unique samples", "B samples"):
        assert words_of_samples not in path_text(parsed(page("tokens")[1]))
    assert "loss [90%]" in path_text(parsed(page("losses")[1]))


def test_a_screen_reader_finds_its_way(page):
    tree = parsed(page("groups")[1])
    for table in tree.iter("table"):
        assert next(table.iter("caption")) is not None
        assert all(each.get("scope") for each in table.iter("th"))
    ids = {each.get("id") for each in tree.iter()}
    drawn = [each for each in tree.iter() if str(each.tag).endswith("svg")]
    for each in drawn:
        said = each.get("aria-labelledby")
        assert each.get("aria-hidden") == "true" or set(said.split()) <= ids
    assert by_id(tree, "v0").get("aria-live") == "polite"
    labels = {each.get("for") for each in tree.iter("label")}
    assert {each.get("id") for each in tree.iter("input")} == labels
    for each in tree.iter("div"):
        if each.get("class") == "scroll":
            assert (each.get("role"), each.get("tabindex")) == ("region", "0")
            assert each.get("aria-label")
    assert next(tree.iter("html")).get("lang") == "en"
