"""The answer in five seconds: verdict, what comes before it, and three sentences at most."""

import made
import numpy as np
import pandas as pd
import pytest
from made_decision import LATE, OPEN, SURE, decision

from qqt_bayes.decisions.decide import decide
from qqt_bayes.phrases import format_epochs
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.report.decision_text import summary
from qqt_bayes.report.records import at_a_glance
from qqt_bayes.report.verdict_text import answers, candidates


def with_levels(found):
    """The made decision with what its levels take."""
    taken = found["budget"][0] / found["repetitions"].isel(budget=0, drop=True)
    return found.assign(unique_samples=taken.expand_dims(pool=["crawl"], axis=1))


def answer(best, regret, **options):
    [found] = answers(with_levels(decision(best, regret, **options)))
    return found


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (
            SURE,
            "At 128M samples take top 10%: it is best with probability 0.97, and its error is "
            "expected to be 0.0002 above that of the best level.",
        ),
        (
            OPEN,
            "At 64M samples it is undecided; likeliest to be best are top 20% (0.60) and top 10% "
            "(0.40). The rule takes top 20%, which has the lowest expected error: on average "
            "0.0005 above that of the best level, whichever it is.",
        ),
    ],
)
def test_verdict(given, verdict):
    found = answer(*given)
    assert (found.verdict, found.first) == (verdict, [])
    assert len(found.bullets) <= 3
    assert found.bullets[0].startswith("Why: the mean error of top ")


def test_a_name_with_a_comma_stands_in_quotation_marks():
    """In every sentence, once; what is computed keeps its name."""
    found = with_levels(decision(*OPEN))
    [plain] = answers(found)
    new = {"top 10%": "all, of it", "top 20%": "news, forums"}
    levels = [new.get(name, name) for name in found["level"].values.tolist()]
    named = found.assign_coords(level=levels)
    for name in ("choice", "leader", "winner"):
        words = [new.get(word, word) for word in found[name].values.ravel().tolist()]
        named[name] = (found[name].dims, np.array(words).reshape(found[name].shape))
    before = named.copy(deep=True)
    [told] = answers(named)
    expected = [summary(found), *plain.lines]
    for old, name in new.items():
        expected = [line.replace(old, f'"{name}"') for line in expected]
    assert [summary(named), *told.lines] == expected
    assert named.identical(before)
    assert '"news, forums" (0.60) and "all, of it" (0.40)' in told.verdict


def test_a_rule_that_takes_another_level_than_the_winner():
    found = answer([[0.95, 0.05, 0]], [[0.02, 0.01, 0.2]], rule="cvar")
    assert found.verdict == (
        "At 64M samples top 10% is best with probability 0.95, but the rule takes top 20%, "
        "whose error is expected to be 0.01 above that of the best level."
    )


def test_a_rule_that_takes_another_level_than_that_of_the_least_expected_error():
    found = answer([[0.6, 0.4, 0]], [[0.012, 0.015, 0.2]], rule="cvar")
    assert found.verdict.endswith(
        "The rule takes top 20%, whose error is expected to be 0.015 above that of the best level, "
        "whichever it is."
    )


def test_an_accuracy_is_below_that_of_the_best_level():
    found = with_levels(decision(*OPEN))
    found.attrs["measure"] = "accuracy"
    [told] = answers(found)
    assert told.verdict.endswith(
        "which has the highest expected accuracy: on average 0.0005 below that of the best level, "
        "whichever it is."
    )


def test_what_was_never_checked_is_not_taken():
    far = with_levels(decision(*LATE)).assign(winner=("budget", ["undecided"]))
    [found] = answers(far)
    assert found.verdict.startswith("At 64M samples top 20% leads (best with probability more than")
    assert found.verdict.endswith(", but it is not proven.")
    assert " take " not in " ".join(found.lines)


def test_a_fit_that_was_forced_comes_first():
    found = answer(*SURE, passed=False)
    assert found.first[0].startswith("The fit did not pass its checks and was used by force")


def test_a_forced_decision_names_no_winner():
    assert answer(*SURE, passed=False).verdict == (
        "At 128M samples top 10% leads (best with probability 0.97), but no winner is named, "
        "because this rests on a fit that did not pass its gate."
    )


def test_larger_candidates_lead_with_the_choice_under_each_exponent():
    fit = made.fit(model="utility-free-size", draws=40)
    found = decide(fit, made.levels(), [640e6], target_pools=20.0)
    [said] = answers(found)
    assert said.first[0].startswith("Beware: top 1, top 2 and top 3 take up to 20 times as much")
    assert "with the size to the power 0, 0.5 and 1, the choice at 640M samples" in said.first[0]
    assert not any("Question" in line for line in said.first)


@pytest.mark.parametrize(("budget", "is_asked"), [(2e9, True), (100e6, False)])
def test_pools_that_do_not_last_are_asked_about(budget, is_asked):
    """The largest candidate has 38.4M samples: ten epochs are 384M."""
    [said] = answers(decide(made.fit(draws=20), made.levels(), [budget]))
    assert any("would go through every candidate" in line for line in said.first) is is_asked


def test_each_candidate_is_named_by_what_it_takes():
    found = decide(made.fit(draws=20), made.levels(), [64e6, 640e6])
    table = candidates(found)
    levels = found["unique_samples"].sum("pool").to_series()
    assert set(table["candidate"]) == set(levels.index)
    assert table["regret"].is_monotonic_increasing
    rows = table.set_index("candidate")
    pd.testing.assert_series_equal(
        rows["unique samples"].sort_index(), levels.sort_index(), check_names=False
    )
    np.testing.assert_allclose(rows["epochs"] * rows["unique samples"], 640e6)
    assert rows.loc["top 2", "takes"] == "12.8M of 0-10%, 12.8M of 10-20%"


def test_who_gave_accuracies_of_tokens_reads_accuracies_of_tokens():
    found = with_levels(decision(*SURE)).assign_attrs(measure="accuracy", unit="tokens")
    found["error_mean"] = found["error_mean"] - 0.004  # is what rules judge by, not the median
    [said] = answers(found)
    assert said.verdict.startswith("At 128M tokens take top 10%")
    middle = 1 - found["error_mean"].sel(level="top 10%", budget=128e6).item()
    assert f"Why: the mean accuracy of top 10% is {middle:.3f} (" in said.bullets[0]
    table = candidates(found).set_index("candidate")
    low, _, high = 1 - found["error"].sel(level="top 10%", budget=128e6).values[::-1]
    assert table.loc["top 10%", "accuracy [90%]"] == f"{middle:.3f} [{low:.3f}, {high:.3f}]"
    glance = at_a_glance(found).set_index("budget")
    assert glance.loc[128e6, "accuracy [90%]"] == table.loc["top 10%", "accuracy [90%]"]
    assert "unique tokens" in table


def test_a_number_of_epochs_has_the_same_digits_wherever_it_stands():
    found = decide(made.fit(draws=20), made.levels(), [1.331e9])
    [said] = answers(found)
    least = candidates(found)["epochs"].min()
    assert f"every candidate {format_epochs(least)} times or more" in said.first[-1]
    assert f"{format_epochs(least)} times" in said.bullets[0]


def test_groups_have_an_answer_each():
    fit = made.fit(groups=2, draws=20)
    names = [each.group for each in answers(decide(fit, made.levels(), [64e6]))]
    assert names == Fit.of(fit).groups
