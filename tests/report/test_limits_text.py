"""What limits a decision, in sentences: budgets, repetition, and what the law may miss."""

import made
import pytest
import xarray as xr
from made_decision import LATE, SURE, decision

from qqt_bayes.decisions.decide import decide
from qqt_bayes.report.decision_text import remarks, summary
from qqt_bayes.report.verdict_text import answers

NOTHING = "so these runs say nothing about repetition"
UNIT = "are training sets and budgets counted in one unit?"


def test_what_was_repeated_more_often_than_in_any_run():
    late = decision(*(4 * part for part in LATE)).isel(budget=slice(2))
    assert "seen" not in summary(late)
    often = late.assign_coords(budget=[64e6, 128e6]).assign(
        repetitions=late["repetitions"] * 10, extrapolated_epochs=late["repetitions"] * 10 > 30
    )
    assert summary(often).endswith(
        "Where top 20% is chosen, a run goes through it up to 64 times, more often than any run of "
        "the table through its training set (30)."
    )


@pytest.mark.parametrize(
    ("most", "repetitions", "replacement", "words"),
    [
        (0.002, 0.5, 0, f"No run has seen more than 0.2 % of its training set, {NOTHING}: {UNIT}"),
        (0.31, 40, 0, f"No run has seen more than 31 % of its training set, {NOTHING}: {UNIT}"),
        (1.0, 1.5, 0, f"No run goes through its training set more than once, {NOTHING}."),
        (1.0, 1.0, 0, None),  # one pass is a design, and nothing else is decided about
        (1.01, 40, 0, None),
        (0.05, 40, 1, f"No run has seen more than 5 % of its training set, {NOTHING}: {UNIT}"),
        (0.5, 40, 1, None),  # a fifth of what is drawn with replacement was seen before
    ],
)
def test_runs_that_repeat_nothing(most, repetitions, replacement, words):
    own = decision(*SURE).assign(most_repetitions=most)
    own = own.assign(repetitions=xr.full_like(own["repetitions"], repetitions))
    own.attrs["replacement"] = replacement
    said = [each["text"] for each in remarks(own) if each["id"] == "no_repetition"]
    assert said == ([] if words is None else [words])
    (answer,) = answers(own)
    assert [each for each in answer.first if NOTHING in each] == said


def test_levels_of_which_one_training_is_known():
    own = decision(*SURE)
    assert not [each for each in remarks(own) if each["id"] == "one_training"]
    once = own.assign(trainings=own["trainings"] - 1)
    (said,) = (each["text"] for each in remarks(once) if each["id"] == "one_training")
    assert said.startswith(
        "Beware: all runs of top 10% are checkpoints of one training, which share its luck."
    )
    assert said in answers(once)[0].first
    a_run = once.assign(budgets_trained=once["budgets_trained"] - 1)  # and no other checkpoint
    assert not [each for each in remarks(a_run) if each["id"] == "one_training"]


def test_budgets_below_the_data():
    below = decision(*SURE).assign(extrapolation=("budget", [0.25, 0.5]), least_trained=256e6)
    assert summary(below).endswith(
        "Nothing was trained below 256M samples: what is said of 64M to 128M extrapolates, by a "
        "factor of up to 4."
    )


def test_what_runs_at_one_budget_cannot_tell():
    one = decision(*SURE).assign(
        extrapolation=("budget", [0.25, 0.5]), least_trained=256e6, most_trained=256e6
    )
    assert "All its runs are at 256M samples: how errors change with budget is" in summary(one)
    assert "All its runs" not in summary(one.assign(extrapolation=("budget", [1.0, 1.0])))


def test_budgets_between_trained_ones_that_are_far_apart():
    near = decision(*SURE)
    assert "interpolates" not in summary(near.assign(gap=("budget", [1.0, 2.9])))
    assert summary(near.assign(gap=("budget", [1.0, 10.0]))).endswith(
        "128M lies between trained budgets that are 10 times apart: there the law interpolates."
    )


def test_a_level_that_takes_more_than_there_is():
    assert summary(decision(*SURE).assign(pool_multiple=("level", [1.0, 10.0, 0.5]))).endswith(
        "Beware: top 20% takes up to 10 times as much of a pool as any run, so that no run shows "
        "how many epochs of it training stands."
    )


def test_what_the_law_may_miss_is_told_where_it_is_most():
    fit = made.fit(draws=200)
    words = summary(decide(fit, made.levels(), [128e6, 128e9]))
    assert "At 128B samples " in words
    assert " % of the variance of the choice's error is what the law itself may miss" in words
    assert "may miss" not in summary(decide(fit, made.levels(), [128e9], discrepancy=False))
    assert "may miss" not in summary(decide(fit, made.levels(), [128e6, 128e9], margin=2.0))


def test_error_rates_above_1_are_told():
    """The law of `utility` exceeds 1 at the smallest budgets; no loss is too high."""
    fit = made.fit(draws=50)
    found = decide(fit, made.levels(), [1e3, 1e9])
    assert found["error"].sel(budget=1e3).max() > 1
    assert "At 1K samples the interval reaches error rates above 1" in summary(found)
    assert "above 1" not in summary(found.assign_attrs(kind="loss"))


def test_levels_that_were_never_trained_or_are_named_as_another():
    new = made.levels() * [[1], [1.3], [1.3]]
    new = new.assign_coords(level=["top 1", "top 2", "new"])
    text = summary(decide(made.fit(draws=20), new, [64e6, 1.28e9]))
    assert "No run is on top 2: what is said of it follows from the runs on other" in text
    assert "Beware: top 2 has the name of a training set of the runs, but takes other" in text
    known = summary(decide(made.fit(draws=20), made.levels(), [64e6, 1.28e9]))
    assert "No run is on" not in known
    assert "Beware" not in known
