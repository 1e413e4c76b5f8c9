"""The sets of `case_studies/held_out` are whole, and its page says who wins."""

import pandas as pd
import pytest
from places import CASE_STUDIES

from qqt_bayes.comparison.scores import QUANTILES
from qqt_bayes.comparison.splits import questions, split
from qqt_bayes.model.spec import load_model

STUDY = CASE_STUDIES / "held_out"


@pytest.fixture
def study(monkeypatch):
    monkeypatch.syspath_prepend(STUDY)
    return __import__("study")


@pytest.fixture
def bars(monkeypatch):
    monkeypatch.syspath_prepend(STUDY)
    return __import__("bars")


@pytest.fixture
def parts(monkeypatch):
    monkeypatch.syspath_prepend(STUDY)
    return __import__("parts")


def test_every_set_holds_something_out_and_names_a_model(study):
    entries = list(study.sets())
    assert len({each["name"] for each in entries}) == len(entries) == 22
    for each in entries:
        early, late = split(study.read(each), each["share"])
        assert early.sizes["run"] >= 3
        assert late.attrs["excluded"] == 0 or each["family"] == "Cherti"
        assert bool(questions(late, each.get("levels"))) == (each["family"] != "language models")
        assert load_model(each["model"]).name == each["model"]
        assert each["reason"]


def test_the_eight_runs_are_one_of_each_level_at_two_budgets(study, parts):
    entry = next(each for each in study.sets() if each["name"] == "mini_clip equal")
    runs = study.read(entry)
    seen, names = runs["samples_seen"].values, parts.names_of(runs)
    keep = parts.of_design(runs, parts.EIGHT, entry["levels"])
    assert sorted(zip(names[keep], seen[keep], strict=True)) == [
        (level, budget) for level in entry["levels"] for budget in (8192, 32768)
    ]
    pools = parts.of_design(runs, parts.POOLS, entry["levels"])
    assert set(names[pools]) == {*"ABCD"}
    small = parts.of_design(runs, parts.PARTS, entry["levels"])
    assert set(names[small]) == {*"ABCD", "A/2", "A/4", "A/8"}
    assert seen[small].max() == 32768


def runs(way, crps, name="one", family="mini_clip"):
    rows = [{"run": f"r{i}", "observed": 0.5, "crps": x} for i, x in enumerate(crps)]
    ends = dict(zip(QUANTILES, [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], strict=True))
    return pd.DataFrame(rows).assign(**ends, way=way, set=name, family=family, part="sets")


def test_bars_are_measured_against_the_models_chosen_before(bars):
    """CRPS 0.1 and 0.4 of before: 0.2 by geometric mean; ranking costs 0.02 at twice, 0.01 at 4."""
    reuse, single = "effective-reuse", "single scale"
    held_out = pd.concat([runs(reuse, [0.1, 0.1]), runs(reuse, [0.4], "two")])
    held_out["inside 90%"] = [1.0, 0.0, 1.0]
    label = {"family": "mini_clip", "group": "all", "set": "one"}
    far = pd.DataFrame(
        {
            "way": [reuse, reuse, single, single],
            "budget": [2.0, 4.0] * 2,
            "regret": [0.004, 0.005, 0.02, 0.01],
        }
    ).assign(part="horizon", proven=1.0, choice="a", **label)
    levels = pd.DataFrame({"probability_best": [0.9] * 20, "is_best": [1.0] * 15 + [0.0] * 5})
    tables = {
        "runs": held_out,
        "decisions": far,
        "levels": levels.assign(part="horizon", way=reuse, proven=1.0, **label),
        "differences": pd.DataFrame(
            {"part": "sets", "way": reuse, "inside": [1.0] * 9 + [0.0], **label}
        ),
        "fits": pd.DataFrame({"part": "sets", "way": reuse, "passed": [False, True], **label}),
    }
    found = bars.bars(tables, pd.DataFrame({"set": ["one", "two"], "crps": [1.0, 1.0]}))
    found = found.set_index("bar")[reuse]
    expected = {
        "CRPS, worlds": "0.2 yes",
        "largest of these at most 0.95": "0.4 yes",
        "90 % cover of runs, mini_clip": "0.667 **no**",
        "90 % cover of differences, mini_clip": "0.9 yes",
        "regret at 2x": "0.2 yes",
        "regret at 4x": "0.5 **no**",
        "P(best) where tried": "0.15 **no**",
        "refused": "1 yes",
        "regret from eight runs": "-",
    }
    for start, value in expected.items():
        assert found[found.index.str.startswith(start)].item() == value


def test_each_baseline_that_wins_on_the_cases_of_both_is_named(bars):
    nan = float("nan")
    table = pd.concat(
        [runs("effective-reuse", [0.1, 0.1, 0.1]), runs("least squares", [nan, nan, 0.05])]
    )
    from tallies import wins

    assert wins(table, "crps") == [
        "- one: least squares has the lower crps, 0.0500, than effective-reuse, 0.1000 (cases: 1)."
    ]
    assert wins(table.assign(crps=0.1), "crps") == []
