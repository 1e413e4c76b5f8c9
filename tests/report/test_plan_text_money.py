"""What is said of a plan whose runs are counted in money, or whose value is unsafe."""

from dataclasses import replace

import pandas as pd
import pytest
from made_plan import plan

from qqt_bayes.report.plan_text import bullets, table, verdict


def test_a_verdict_says_what_is_paid_and_what_knowing_all_is_worth():
    assert verdict(plan()) == (
        "At 1B samples the choice today is a, expected to cost 0.005 in error (its expected "
        "regret): no further run can save more than that on average, which is worth EUR 5,000. 2 "
        "runs of EUR 1,500 together are expected to lower it to 0.002."
    )
    assert verdict(plan([1200.0])).endswith(
        "One run of EUR 1,200 is expected to lower it to 0.002."
    )
    assert "worth" not in verdict(plan(worth=0.0))


def test_a_level_with_a_comma_stands_in_quotation_marks():
    named = replace(plan(), choice="all, of it")
    assert 'the choice today is "all, of it", expected to cost' in verdict(named)


def test_a_choice_within_the_margin_is_good_enough():
    near = replace(plan(worth=0.0, unit="samples"), expected_regret=0.00033, value=0.00012)
    enough = "On average the choice is within the margin of the best already, 0.003, which makes no"
    assert enough in verdict(near)
    assert enough not in verdict(replace(near, margin=0.0001))
    assert enough not in verdict(replace(near, expected_regret=0.0031))
    # prices say themselves whether it is
    assert enough not in verdict(replace(near, worth=1e6, unit="EUR"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (plan(), "worth EUR 3,000, EUR 1,500 more than they cost."),
        (plan(value=0.001), "worth EUR 1,000, EUR 500 less than they cost."),
        (plan(), "An error that is smaller by 0.01 being worth EUR 10,000, what they save"),
    ],
)
def test_savings_are_compared_with_what_they_cost(given, words):
    assert any(words in line for line in bullets(given))


def test_the_table_is_in_the_currency():
    shown = table(plan())
    assert shown["cost (EUR)"].tolist() == ["1,200", "300"]
    assert shown["total cost"].tolist() == ["1,200", "1,500"]
    assert "cost (samples)" not in table(plan(unit="samples"))


def test_one_run_is_spoken_of_as_one():
    said = " ".join(bullets(plan([1200.0])))
    assert "Once it is known, the choice stays" in said
    assert "what it saves is expected to be worth EUR 3,000, EUR 1,800 more than it costs." in said
    assert "Add its error to the table of runs" in said


def test_runs_on_levels_that_will_not_be_chosen_are_explained():
    found = plan()
    words = "Runs on a are proposed although the choice will hardly fall there"
    assert not any(words in line for line in bullets(found))
    other = replace(found, choice="b", chosen_after=pd.Series([0.01, 0.99], ["a", "b"]))
    assert any(words in line for line in bullets(other))


def test_repeats_are_marked():
    assert table(plan())["repeats"].tolist() == ["", "no. 2, another seed"]
    assert "repeats" not in table(plan([1200.0]))


def test_stopping_is_said_in_the_currency():
    stopped = plan([], value=0.0)
    assert verdict(stopped).endswith(
        "Stop here: no runs for EUR 2,000 are expected to save more than they cost. From about "
        "EUR 3,000 on some are."
    )
    dear = replace(stopped, candidates=stopped.candidates.iloc[:0])
    assert verdict(dear).endswith(
        "No run can be made for EUR 2,000: the cheapest costs EUR 2,500; from about EUR 3,000 on "
        "some are worth making."
    )
    assert verdict(replace(dear, least_allowance=dear.cheapest_run)).endswith(
        "the cheapest costs EUR 2,500 and is worth making."
    )
    for each in (stopped, dear):
        assert verdict(replace(each, least_allowance=float("inf"), worth=0.0)).endswith(
            "Stop here: no runs, whatever they cost, are expected to save anything to speak of."
        )
    assert verdict(replace(stopped, least_allowance=1.0)).endswith("more than they cost.")


def test_what_a_few_draws_say_is_called_so():
    said = "".join(bullets(replace(plan(), unsafe=True)))
    assert "Beware: the runs are probably worth far less than is said" in said
    assert "Beware" not in "".join(bullets(plan()))
