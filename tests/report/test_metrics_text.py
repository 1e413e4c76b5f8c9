"""A decision over several metrics in words and tables: what is said, when, and of what."""

import json

import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qqt_bayes.cli.output import print_table
from qqt_bayes.decisions.among import NONE
from qqt_bayes.decisions.decide import decide
from qqt_bayes.decisions.metric_views import joint_view, metric_view
from qqt_bayes.decisions.metrics import decide_metrics
from qqt_bayes.report.metrics_tables import (
    candidates_by_metric,
    metrics_frame,
    metrics_json,
    winners_by_metric,
)
from qqt_bayes.report.metrics_text import answers_of_metrics, remarks_on_metrics
from qqt_bayes.report.records import to_frame, to_json_text

BUDGETS = [64e6, 1.28e9]


def of_first_pool(seed):
    """A metric to which only the best pool is of use."""
    tree = made.fit(draws=80, seed=seed, spread=0.03)
    tree["posterior"]["b"] = tree["posterior"]["b"] * [1.3, 0.5, 0.4]
    return tree


@pytest.fixture(name="fits", scope="module")
def of_fits():
    return {"imagenet": made.fit(draws=80), "retrieval": of_first_pool(1)}


def decided(fits, *required, **options):
    return decide_metrics(fits, made.levels(), BUDGETS, constraints=required, **options)


def said(found):
    return {each["id"]: each["text"] for each in remarks_on_metrics(found)}


def test_a_conflict_says_what_it_costs_each_metric(fits):
    found = decided(fits, weights={"imagenet": 9, "retrieval": 1})
    [answer] = answers_of_metrics(found)
    assert answer.verdict.startswith("At 1.28B samples take top 3: it is best with probability ")
    added = "Errors of the mean curves are added as they are; weights are "
    assert "and its weighted error is expected to be less than 0.0001 above" in answer.verdict
    assert f" that of the best level. {added}" in answer.verdict
    assert answer.verdict.endswith(
        "weights are imagenet 0.90 and retrieval 0.10. Draws of different metrics are taken as "
        "independent, because each metric has a fit of its own."
    )
    cost = found["cost_by_metric"].sel(metric="retrieval", budget=1.28e9).item()
    assert answer.bullets[0] == (
        "Conflict: by itself, retrieval would take top 2; taking top 3 is expected to cost "
        f"{cost:.2g} in error of retrieval."
    )
    assert answer.bullets[1] == (
        "Pareto set (in brackets, with which probability): top 2 (more than 0.99) and top 3 (more "
        "than 0.99); by expected errors, no level is as good as one of them on every metric and "
        "better on one."
    )
    assert len(answer.bullets) == 2


def test_where_metrics_agree_no_conflict_is_made(fits):
    twin = {"imagenet": fits["imagenet"], "vtab": made.fit(draws=80, seed=2)}
    texts = said(decided(twin))
    assert texts["agreement"] == "No conflict: each metric's own rule would take top 3, too."
    assert "the 2 metrics weigh the same" in texts["weights"]
    assert texts["pareto"] == (
        "Pareto set (in brackets, with which probability): top 3 (more than 0.99) alone; by "
        "expected errors, no other level is better on any metric."
    )


def test_a_constraint_that_binds_says_what_it_excludes_and_what_it_costs(fits):
    found = decided(fits, "retrieval<=0.63@0.9", weights={"imagenet": 9, "retrieval": 1})
    texts = said(found)
    assert "Only the 1 of 3 levels count" not in texts["choice"]
    assert texts["choice"].endswith("One of 3 levels keeps to what is required.")
    mean = found["joint_error_mean"].sel(budget=1.28e9)
    less = (mean.sel(level="top 2") - mean.sel(level="top 3")).item()
    assert texts["required"] == (
        "Required (in brackets, with which probability it is kept): error of retrieval at most "
        "0.63 with probability 0.9 excludes top 1 (less than 0.01) and top 3 (less than 0.01). "
        "If nothing were required, the rule would take top 3, whose expected weighted error is "
        f"{less:.2g} less."
    )
    assert "by itself, imagenet would take top 3; taking top 2 is expected" in texts["conflict"]


def test_a_constraint_that_does_not_bind_is_said_to_be_kept(fits):
    texts = said(decided(fits, "retrieval<=0.9@0.95"))
    assert texts["required"] == (
        "Required (in brackets, with which probability it is kept): error of retrieval at most 0.9 "
        "with probability 0.95 is kept by every level (more than 0.99)."
    )
    partly = said(decided(fits, "imagenet<=0.65@0.5"))
    assert partly["required"].endswith(
        "excludes top 1 (less than 0.01). This does not change the choice."
    )
    assert "Only the 2 of 3 levels count that keep to what is required." in partly["choice"]


def test_where_no_level_is_admissible_it_is_said_which_is_nearest(fits):
    found = decided(fits, "retrieval<=0.5@0.9")
    texts = said(found)
    assert list(texts) == [NONE, "weights", "conflict", "required", "pareto"]
    assert texts[NONE] == (
        "At 1.28B samples no level keeps to what is required, so that none is chosen."
    )
    assert texts["conflict"] == "By themselves, imagenet would take top 3 and retrieval top 2."
    assert "excludes every level (top " in texts["required"]
    assert "If nothing were required, the rule would take top " in texts["required"]
    assert winners_by_metric(found)["choice (P)"].tolist() == ["none admissible"] * 2
    assert {level["regret"] for level in metrics_json(found)["decisions"][0]["levels"]} == {None}


def test_accuracies_are_spoken_of_as_such(fits):
    accurate = {**fits, "retrieval": of_first_pool(1)}
    accurate["retrieval"].attrs["measure"] = "accuracy"
    texts = said(decided(accurate, "retrieval>=0.37@0.9", weights={"imagenet": 1, "retrieval": 0}))
    assert "accuracy of retrieval at least 0.37 with probability 0.9" in texts["required"]
    other = decided(accurate, weights={"imagenet": 9, "retrieval": 1})
    assert said(other)["conflict"].endswith("in accuracy of retrieval.")
    assert any("on retrieval: accuracy [90%]" in name for name in candidates_by_metric(other))


def test_cells_say_why_a_choice_is_no_winner(fits):
    close = {"imagenet": fits["imagenet"], "retrieval": of_first_pool(1)}
    found = decided(close, weights={"imagenet": 0.62, "retrieval": 0.38}, probability=0.999)
    table = winners_by_metric(found)
    assert list(table) == [
        *("budget", "choice (P)", "on imagenet (P)", "on retrieval (P)", "extrapolated")
    ]
    at = found.sel(budget=1.28e9)
    share = at["joint_probability_best"].sel(level=at["joint_choice"].item()).item()
    assert table["choice (P)"][1] == f"undecided: {at['joint_choice'].item()} ({share:.2f})"
    far = decide_metrics(fits, made.levels(), [64e9])
    assert winners_by_metric(far)["on imagenet (P)"][0].startswith("not proven: top 3 (")
    failed = {**fits, "retrieval": made.fit(draws=80, seed=1, passed=False)}
    forced = winners_by_metric(decided(failed, force=True))
    assert forced["choice (P)"].str.startswith("refused: ").all()
    assert forced["on retrieval (P)"].str.startswith("refused: ").all()


def test_views_are_decisions(fits):
    """Whatever takes a decision takes what a view shows."""
    found = decided(fits)
    alone = decide(fits["retrieval"], made.levels(), BUDGETS)
    view = to_frame(metric_view(found, "retrieval")).drop(columns=["proven"])
    other = to_frame(alone).drop(columns=["proven", "misfit"])
    assert view.equals(other)
    assert joint_view(found).attrs["measure"] == "weighted error"
    rows = metrics_frame(found)
    assert len(rows) == 3 * 2 * 3
    assert rows["metric"].unique().tolist() == ["", "imagenet", "retrieval"]


def test_each_group_has_its_own_words():
    fits = {
        name: made.fit(draws=40, groups=2, model="cherti", seed=seed)
        for seed, name in enumerate(("imagenet", "retrieval"))
    }
    found = decided(fits, "retrieval<=0.5@0.9")
    groups = ["arch 1", "arch 2"]
    assert [each.group for each in answers_of_metrics(found)] == groups
    assert winners_by_metric(found)["group"].unique().tolist() == groups
    assert candidates_by_metric(found)["group"].unique().tolist() == groups
    assert {each["group"] for each in remarks_on_metrics(found)} == {*groups}
    content = json.loads(to_json_text(metrics_json(found)))
    assert len(content["decisions"]) == 4


@given(
    st.sampled_from(["budget", "regret", "P", "unique objects", "objects seen", "epochs(", "a_b"])
)
def test_metrics_of_any_name_stand_in_tables(name):
    """A table writes some columns as numbers by their headings, which no metric may have."""
    fits = {name: made.fit(draws=20), "other": made.fit(draws=20, seed=1)}
    found = decide_metrics(fits, made.levels(), [64e6], constraints=[f"{name}<=0.9@0.9"])
    print_table(winners_by_metric(found))
    print_table(candidates_by_metric(found))
