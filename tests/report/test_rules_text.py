"""What is said of rules side by side: where they disagree, and which number makes them."""

import numpy as np
import pytest
import xarray as xr
from made_decision import SURE, decision

from qqt_bayes.report.decision_text import remarks, summary
from qqt_bayes.report.records import to_frame, to_json
from qqt_bayes.report.rules_text import disagreements
from qqt_bayes.report.verdict_text import answers

TORN = [[0.95, 0.05, 0]], [[0.008, 0.0095, 0.2]]
"""Top 10% is best in 95 draws by a little and worse in 5 by much."""


def test_rules_that_disagree_are_told_with_the_number_that_makes_them():
    both = decision(*map(np.concatenate, zip(SURE, TORN, strict=True)), rule="all", target=0.79)
    (sentence,) = disagreements(both)
    assert sentence == (
        "At 256M samples the rules disagree: expected, regret, minimax-regret take top 10%; cvar, "
        "which looks at the worst draws alone, takes top 20%: the CVaR is 0.710 with top 20% and "
        "0.780 with top 10%, although the expected error of top 20% is 0.0015 worse; target, which "
        "counts the draws that meet the target, not by how much, takes top 20%: the probability of "
        "meeting the target is more than 0.99 with top 20% and 0.95 with top 10%, although the "
        "expected error of top 20% is 0.0015 worse; cvar-regret, which looks at the draws of "
        "greatest regret alone, takes top 20%: the CVaR of regret is 0.01 with top 20% and 0.08 "
        "with top 10%, although the expected error of top 20% is 0.0015 worse."
    )
    assert sentence in summary(both)
    assert [each["id"] for each in remarks(both)].count("rules") == 1
    (answer,) = answers(both)
    assert sentence in answer.bullets
    assert answer.verdict.startswith("At 256M samples take top 10%: it is best with probability")


def test_accuracies_are_shown_as_accuracies():
    torn = decision(*TORN, rule="all").assign_attrs(measure="accuracy")
    (sentence,) = disagreements(torn)
    assert "the CVaR is 0.190 with top 20% and 0.120 with top 10%, although the exp" in sentence


def test_scores_of_the_same_digits_are_told_apart():
    torn = decision(*TORN, rule="all")
    for level, score in {"top 10%": 0.71004, "top 20%": 0.71001}.items():
        torn["score_by_rule"].loc[{"rule": "cvar", "level": level}] = score
    (sentence,) = disagreements(torn)
    assert "the CVaR is 0.710 with both, by 3e-05 better with top 20%, although the" in sentence


def test_rules_that_agree_say_so_in_one_sentence():
    assert "All 5 rules choose alike at every budget." in summary(decision(*SURE, rule="all"))
    assert "rules" not in {each["id"] for each in remarks(decision(*SURE))}


def test_all_rules_are_in_the_tables():
    torn = decision(*TORN, rule="all")
    rows = to_frame(torn).set_index("level")
    assert rows["chosen_by_cvar"].to_dict() == {"top 10%": False, "top 20%": True, "all": False}
    assert rows["score_by_regret"].to_list() == pytest.approx(rows["regret"].to_list())
    content = to_json(torn)
    assert content["choices_by_rule"] == [
        {
            "budget": 64e6,
            "expected": "top 10%",
            "cvar": "top 20%",
            "regret": "top 10%",
            "minimax-regret": "top 10%",
            "cvar-regret": "top 20%",
        }
    ]
    dominance = {(row["level"], row["other"]): row["order"] for row in content["dominance"]}
    assert dominance == {("top 10%", "all"): 1, ("top 20%", "all"): 1}


def test_it_is_said_whether_errors_are_of_the_mean_or_of_one_training():
    mean = decision(*SURE)
    one = mean.assign_attrs(of="one new run")
    assert "posterior draws of the mean curves of model demo." in summary(mean)
    assert "posterior draws of one new training each of model demo." in summary(one)
    assert answers(mean)[0].bullets[0].startswith("Why: the mean error of top 10% is ")
    assert answers(one)[0].bullets[0].startswith("Why: the error of one new training of top 10%")
    assert "of" not in to_frame(mean)
    assert set(to_frame(one)["of"]) == {"one new run"}


def test_choices_of_several_groups():
    torn, sure = decision(*TORN, rule="all"), decision(*SURE, rule="all").isel(budget=[0])
    both = xr.concat([torn, sure], "group", data_vars="all").assign_coords(group=["one", "two"])
    rows = to_json(both.assign_attrs(torn.attrs))["choices_by_rule"]
    assert [(row["group"], row["cvar"]) for row in rows] == [("one", "top 20%"), ("two", "top 10%")]
