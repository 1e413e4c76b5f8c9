"""The page as HTML: valid, whole without script, with nothing to load and every name as text."""

import json
import re

import html5lib
import pytest
from made_study import HOSTILE, carry_out, named

from qqt_bayes.studies.page import report
from qqt_bayes.tables.runs import read_runs

LARGEST = 300_000
"""Bytes of a page that can be sent."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The folder of a study whose names mean something elsewhere, and its page."""
    folder = tmp_path_factory.mktemp("hostile")
    carry_out(folder / "study", read_runs(*named(HOSTILE)))
    return folder / "study", report(folder / "study", folder / "report.html")


def parsed(path):
    """The page as a tree; a parse error is raised, not mended."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(
        path.read_text(encoding="utf-8")
    )


def words(element):
    return " ".join("".join(element.itertext()).split())


def embedded(tree):
    (script,) = (x for x in tree.iter("script") if x.get("type") == "application/json")
    return json.loads(script.text)


def test_it_is_valid_and_loads_nothing(hostile):
    tree = parsed(hostile[1])
    scripts = list(tree.iter("script"))
    assert [script.get("type") for script in scripts] == ["application/json", None]
    assert not {"link", "img", "iframe", "object", "embed", "base"} & {
        each.tag for each in tree.iter() if isinstance(each.tag, str)
    }
    for each in tree.iter():
        for name, value in each.attrib.items():
            assert not str(name).startswith("on"), name
            assert name not in ("src", "href", "action", "data"), (name, value)
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", hostile[1].read_text())


def test_names_stay_text(hostile):
    tree = parsed(hostile[1])
    cells = {words(cell) for cell in tree.iter("th")}
    assert set(HOSTILE[:3]) <= cells
    (key,) = (x for x in tree.iter("ul") if x.get("class") == "key")
    assert {words(each) for each in key} <= set(HOSTILE)
    assert {name for name, _ in embedded(tree)["sections"][0]["levels"]} == set(HOSTILE[:3])
