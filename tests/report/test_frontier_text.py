"""A frontier in words: three sentences from numbers made by hand, and what comes before them."""

import made
import numpy as np
import xarray as xr
from made_decision import decision

from qqt_bayes.decisions.frontier import frontier
from qqt_bayes.report.frontier_tables import (
    budgets_at_a_glance,
    frontier_frame,
    in_one_table,
    targets_at_a_glance,
    targets_frame,
    to_json,
)
from qqt_bayes.report.frontier_text import remarks

BEST = [[0.9, 0.1, 0], [0.4, 0.6, 0], [0, 0.98, 0.02]]
REGRET = [[0.001, 0.01, 0.1], [0.008, 0.005, 0.1], [0.05, 0.0001, 0.02]]


def found(reach, budget, **attrs):
    """A frontier over 64M, 128M and 256M samples; targets by the choice, and one level sooner."""
    made_of = decision(BEST, REGRET).drop_vars("target", errors="ignore")
    chosen = made_of["level"] == made_of["choice"]
    targets, shares = [0.74, 0.6][: len(reach)], [0.5, 0.9]
    dims = ("target", "probability")
    levels = xr.DataArray(np.nan, {"level": made_of["level"]}, ("level",))
    return (
        made_of.assign(
            frontier=made_of["error"].where(chosen).max("level"),
            frontier_mean=made_of["error_mean"].where(chosen).max("level"),
            evpi=made_of["regret"].min("level"),
            reach=(("level", *dims), np.array([reach] * made_of.sizes["level"])),
            reach_by_choice=(dims, np.array(reach)),
            budget_to_target_by_choice=(dims, np.array(budget, float)),
            budget_to_target=levels + xr.DataArray(np.zeros((len(reach), 2)), dims=dims),
        )
        .assign_coords(target=targets, probability=shares)
        .assign_attrs(attrs)
    )


def test_three_sentences():
    own = found([["reached", "beyond"], ["floor", "floor"]], [[100e6, np.nan], [np.nan, np.nan]])
    assert [each["id"] for each in remarks(own)] == ["frontier", "targets", "value_of_information"]
    first, second, third = (each["text"] for each in remarks(own))
    assert first.startswith(
        "With the best choice at each budget (top 10% at 64M and top 20% at 128M to 256M) the "
        "expected error, as a mean over trainings, goes from 0.801 at 64M to 0.700 at 256M "
        "samples (90% interval 0.700 to 0.700)."
    )
    assert second == (
        "The best choice reaches an error of at most 0.74 with probability 0.5 at 100M samples, "
        "with probability 0.9 at no budget up to 256M samples; of at most 0.6 at no budget (by the "
        'law alone these training sets do not come so low). "never (floor)" in the table: by the '
        "law alone that level does not come so low."
    )
    assert third == (
        "By this posterior, choosing today instead of knowing the best level is expected to cost "
        "at most 0.005 in error (the EVPI), the most at 128M samples: no further runs can be worth "
        "more."
    )


def test_targets_that_are_met_at_once_and_a_level_that_is_sooner():
    own = found([["at once", "reached"]], [[64e6, 200e6]])
    own["budget_to_target"].loc[{"level": "top 20%", "probability": 0.9}] = 150e6
    text = remarks(own)[1]["text"]
    assert text == (
        "The best choice reaches an error of at most 0.74 with probability 0.5 already at 64M "
        "samples, with probability 0.9 at 200M samples (with top 20% throughout already at 150M "
        "with 0.9)."
    )


def test_it_is_said_what_errors_are_of_and_what_was_trained():
    one = found([["reached", "reached"]], [[1e8, 2e8]], of="one new run")
    assert "the expected error, of one new training, goes from" in remarks(one)[0]["text"]
    assert "reaches an error of one new training of at most 0.74" in remarks(one)[1]["text"]
    far = one.assign(most_trained=100e6)
    assert remarks(far)[0]["text"].endswith("; nothing was trained beyond 100M.")
    forced = one.assign_attrs(gate_passed=0)
    assert remarks(forced)[0]["id"] == "forced"


def test_what_is_not_proven_is_not_called_worthless():
    own = found([["reached", "reached"]], [[1e8, 2e8]])
    own = own.assign(proven=own["proven"] & (own["budget"] < 2e8))
    assert remarks(own)[-1]["text"].endswith(
        "the most at 128M samples; where no winner is proven, this was never checked by runs, and "
        "may be more."
    )


def test_accuracies_are_told_as_accuracies():
    own = found([["reached", "reached"]], [[1e8, 2e8]], measure="accuracy")
    own = own.assign_coords(target=[0.26])
    first, second = (each["text"] for each in remarks(own)[:2])
    assert "the expected accuracy, as a mean over trainings, goes from 0.199 at 64M to" in first
    assert "reaches an accuracy of at least 0.26 with" in second


def test_tables_hold_the_same_numbers():
    fit = made.fit(draws=50, spread=0.03)
    own = frontier(fit, made.levels(), "64M:5B:4", "0.65,0.3", [0.5, 0.9])
    rows, targets = frontier_frame(own), targets_frame(own)
    np.testing.assert_allclose(rows["evpi"], own["evpi"])
    np.testing.assert_allclose(
        rows["probability_of_0.65"], own["probability_reached_by_choice"].sel(target=0.65)
    )
    assert rows["level"].tolist() == own["choice"].values.tolist()
    assert len(targets) == 2 * 2 * 4
    of_policy = targets[targets["by_choice"]].set_index(["target", "probability"])
    budget = own["budget_to_target_by_choice"].sel(target=0.65, probability=0.9).item()
    assert of_policy.loc[(0.65, 0.9), "budget"] == budget
    table = in_one_table(own)
    assert set(table["of"]) == {"mean over runs"}
    assert len(table) == 4 + 16
    content = to_json(own)
    assert (len(content["frontier"]), len(content["targets"])) == (4, 16)
    assert content["settings"]["gate_passed"] is True
    glance = targets_at_a_glance(own)
    assert glance["level"].tolist()[:2] == ["(best choice)", "top 1"]
    assert set(glance.iloc[4:]["budget for P=0.9"]) == {"never (floor)"}
    assert budgets_at_a_glance(own)["choice"].tolist() == own["choice"].values.tolist()


def test_tables_of_groups_and_of_a_quick_look():
    fit = made.fit(groups=2, model="cherti", method="laplace", draws=20)
    own = frontier(fit, made.levels(), "64M:1B:2", [0.65])
    assert len(frontier_frame(own)) == 2 * 2
    assert len(targets_frame(own)) == 2 * 3 * 4
    assert len(targets_at_a_glance(own)) == 2 * 4
    assert set(in_one_table(own)["method"]) == {"laplace"}
    assert {each["group"] for each in remarks(own)} == {"arch 1", "arch 2"}
    assert remarks(own)[0]["id"] == "approximate"
