"""A decision as a table and as JSON, whose numbers are those of the decision."""

import json

import made
import numpy as np
import pandas as pd
import pytest
from made_decision import SURE, decision

from qqt_bayes.decisions.decide import decide
from qqt_bayes.report.decision_text import summary
from qqt_bayes.report.records import SCHEMA, at_a_glance, to_frame, to_json, to_json_text


def test_what_is_no_number_is_null():
    content = {"a": [np.nan, np.inf, 1.5], "b": {"c": np.float32(-np.inf)}}
    assert json.loads(to_json_text(content)) == {
        "schema": SCHEMA,
        "a": [None, None, 1.5],
        "b": {"c": None},
    }


@pytest.mark.parametrize("groups", [1, 2])
def test_a_table_has_a_row_for_each_budget_and_level(groups):
    found = decide(made.fit(groups=groups, draws=20), made.levels(), [1e9, 64e6])
    frame = to_frame(found)
    group = ["group"] if groups > 1 else []
    assert [*frame.columns] == [
        *group,
        "budget",
        "level",
        "probability_best",
        "probability_within_margin",
        "error_median",
        "error_lower",
        "error_upper",
        "error_mean",
        "regret",
        "score",
        "choice",
        "near_best",
        "leader",
        "proven",
        "winner",
        "extrapolation",
        "repetitions",
        "extrapolated_epochs",
        "misfit",
    ]
    assert len(frame) == groups * 2 * 3
    assert frame["budget"].tolist() == [*[1e9] * 3, *[64e6] * 3] * groups
    assert frame["level"].tolist() == ["top 1", "top 2", "top 3"] * 2 * groups
    assert frame["choice"].dtype == frame["extrapolated_epochs"].dtype == bool
    assert frame.groupby([*group, "budget"])["choice"].sum().tolist() == [1] * 2 * groups
    assert (frame["error_lower"] <= frame["error_median"]).all()
    assert (frame["error_median"] <= frame["error_upper"]).all()
    row = frame.iloc[4]
    place = {"budget": row["budget"], "level": row["level"]} | {x: row[x] for x in group}
    assert row["regret"] == found["regret"].sel(place)
    assert row["error_upper"] == found["error"].sel(place | {"quantile": 0.95})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"passed": True}, ["top 10%", "top 10%"]),
        ({"passed": False}, ["refused", "refused"]),
    ],
)
def test_the_table_for_people_says_why_no_winner_is_named(given, words):
    found = decision(*SURE, **given)
    assert at_a_glance(found)["winner"].tolist() == words
    assert set(to_frame(found)["proven"]) == {given["passed"]}


def test_a_table_of_one_chosen_group_names_it():
    found = decide(made.fit(groups=2, draws=5), made.levels(), 1e9, group="arch 2")
    assert to_frame(found)["group"].tolist() == ["arch 2"] * 3
    assert to_json(found)["decisions"][0]["group"] == "arch 2"


@pytest.mark.parametrize("groups", [1, 2])
def test_json_holds_the_table(groups):
    found = decide(made.fit(groups=groups, draws=20), made.levels(), [64e6, 5e9])
    content = to_json(found)
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert [*content] == [
        "settings",
        "answers",
        "summary",
        "remarks",
        "decisions",
        "runs_to_settle",
        "crossovers",
    ]
    assert content["settings"]["gate_passed"] is True
    assert content["settings"]["margin"] == 0.003
    assert content["summary"] == summary(found)
    rows = [{**each, **level} for each in content["decisions"] for level in each.pop("levels")]
    frame = to_frame(found)
    shared = ["regret", "budget", "level", "winner", "error_mean", "probability_best"]
    pd.testing.assert_frame_equal(pd.DataFrame(rows)[shared], frame[shared])
    assert len(content["crossovers"]) == 2 * groups
    assert content["crossovers"][1]["probability"] == 1.0
