"""A decision in words: whole paragraphs, from numbers made by hand."""

import made
import numpy as np
import pytest
import xarray as xr
from made_decision import LATE, LEVELS, OPEN, SURE, decision

from qqt_bayes.decisions import subsets
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.decide import decide
from qqt_bayes.decisions.judge import judge
from qqt_bayes.decisions.rules import RULES
from qqt_bayes.decisions.trained import with_proof
from qqt_bayes.posterior.methods import APPROXIMATE, METHODS
from qqt_bayes.report.decision_text import summary
from qqt_bayes.report.records import to_frame, to_json
from qqt_bayes.report.rules_text import BASIS, SCORE

BUDGETS = "64M,640M"

TRAINED = ["budgets_trained", "trainings", "level_most_trained"]
"""What is known of how levels were trained."""


def test_a_sure_choice_over_several_budgets():
    assert summary(decision(*SURE)) == (
        "From 64M to 128M samples take top 10% (expected error 0.800 to 0.750): it is "
        "best with probability at least 0.97 and within 0.003 of the best with probability at "
        "least 0.97; choosing it is expected to cost at most 0.0002 in error, the worst level "
        "(all) at most 0.15. Levels are compared by expected error under 100 posterior draws of "
        "the mean curves of model demo."
    )


def test_budgets_that_are_undecided():
    assert summary(decision(*OPEN)).rsplit(" Levels", 1)[0] == (
        "At 64M samples it is undecided between top 20% (best with probability 0.60) and top 10% "
        "(0.40): either is expected to cost at most 0.0008 in error, within the margin of 0.003; "
        "the worst level (all) 0.12. The rule takes top 20% (expected error 0.800), within 0.003 "
        "of the best with probability more than 0.99."
    )


def test_stretches_of_budgets_and_where_they_leave_the_data():
    text = summary(decision(*map(np.concatenate, zip(SURE, OPEN, LATE, strict=True))))
    assert "From 64M to 128M samples take top 10%" in text
    assert "At 256M samples it is undecided between top 20% (" in text
    assert "At 512M samples take top 20% (expected error 0.650): it is best with pro" in text
    assert text.endswith(
        "Nothing was trained beyond 300M samples: what is said of 512M extrapolates, by a factor "
        "of 1.7."
    )


def test_a_leader_that_is_not_proven_is_no_winner():
    """Where levels were trained at one budget, or the budget is far beyond them."""
    sure = decision(*SURE)
    once = sure["budgets_trained"] - 1
    few = with_proof(sure, sure[TRAINED].assign(budgets_trained=once))
    assert few["winner"].values.tolist() == ["undecided"] * 2
    text = summary(few)
    assert (
        "From 64M to 128M samples top 10% leads (best with probability at least 0.97, expected "
        "error 0.800 to 0.750, expected to cost at most 0.0002 in error, the worst level (all) at "
        "most 0.15), but this is not proven. The reason: top 10%, top 20% and all were trained at "
        "fewer than 2 budgets."
    ) in text
    assert "take top 10%" not in text
    alone = with_proof(sure, sure[TRAINED].assign(trainings=sure["trainings"] - 1))
    assert (
        "The reason: all runs of top 10%, top 20% and all are checkpoints of one training each, "
        "which share its luck"
    ) in summary(alone)
    near = sure[TRAINED]
    far = with_proof(sure, near.assign(level_most_trained=near["level_most_trained"] / 30))
    assert far["proven"].values.tolist() == [True, False]
    assert "The reason: the budget is 12.8 times the largest that every level was" in summary(far)


def test_crossovers():
    """The third pair has no crossover; neither level of the fourth is ever worth choosing."""
    first, second, third = LEVELS
    earlier, later = [first, first, first, second], [second, third, second, third]
    samples = [[80e6, 100e6, 120e6], [200e6, 300e6, 400e6], [np.nan] * 3, [80e6, 100e6, 120e6]]
    coords = {"pair": ["1 to 2", "1 to 3", "1 to 2 again", "2 to 3"], "quantile": [0.05, 0.5, 0.95]}
    crossing = decision(*SURE).assign_coords(earlier=("pair", earlier), later=("pair", later))
    crossing["crossover"] = xr.DataArray(samples, coords, ("pair", "quantile"))
    crossing["crossover_probability"] = ("pair", [1.0, 0.6, 0.0, 1.0])
    crossing["crossover_below"] = ("pair", [0.0, 0.3, 1.0, 0.0])
    assert (
        f"From 64M to 128M samples {second} overtakes {first} at 100M samples (90% interval 80M to "
        f"120M); {third} overtakes {first} with probability 0.60, then at 300M samples (90% "
        "interval 200M to 400M), and is ahead throughout with probability 0.30."
    ) in summary(crossing)
    last = to_json(crossing)["crossovers"][2]
    assert last == {
        "earlier": first,
        "later": second,
        "probability": 0.0,
        "probability_below": 1.0,
        "median": None,
        "lower": None,
        "upper": None,
    }


def test_a_forced_decision_says_so_first():
    said = summary(decision(*SURE, passed=False))
    assert said.startswith("The fit did not pass its checks and was used by force:")


def test_a_forced_decision_names_no_winner():
    said = summary(decision(*SURE, passed=False))
    assert "From 64M to 128M samples top 10% leads (best with probability at least 0.97" in said
    assert "no winner is named, because this rests on a fit that did not pass its gate." in said
    assert " take " not in said


def test_a_choice_that_is_not_the_likeliest_level():
    """Top 10% is best in 95 draws by a little and worst in 5 by much: CVaR prefers top 20%."""
    text = summary(decision([[0.95, 0.05, 0]], [[0.02, 0.01, 0.2]], rule="cvar"))
    assert text == (
        "At 64M samples take top 20% (CVaR 0.811), "
        "although top 10% is best with probability 0.95: it is within 0.003 of the best with "
        "probability 0.05; choosing it is expected to cost 0.01 in error, the worst level (all) "
        "0.2. Levels are compared by the mean error over the worst 0.1 of draws under 100 "
        "posterior draws of the mean curves of model demo."
    )


def test_a_target_that_no_level_meets():
    text = summary(decision(*SURE, rule="target", target=0.5))
    assert "compared by the probability that the error is at most 0.5 under" in text
    assert (
        "take top 10% (probability less than 0.01, as of every level: the expected error decides): "
        "it is best"
    ) in text


def test_many_contenders_are_counted():
    names = [f"level {i}" for i in range(6)]
    errors = xr.DataArray(1 - np.eye(6), {"level": names}, ("draw", "level"))
    errors = errors.expand_dims(chain=[0], budget=[1e6])
    many = judge(errors, Criteria()).assign(
        decision(*SURE)
        .isel(budget=0, level=0, drop=True)
        .drop_vars("quantile")[
            ["extrapolation", "most_trained", "least_trained", "most_repetitions"]
        ]
    )
    many["extrapolation"] = many["extrapolation"].expand_dims(budget=many["budget"])
    many["repetitions"] = xr.ones_like(many["regret"])
    many["extrapolated_epochs"] = many["repetitions"] > 1
    many["gap"], many["pool_multiple"] = (
        xr.ones_like(many["budget"]),
        xr.ones_like(many["level"], float),
    )
    many = many.assign_attrs(kind="error", law="utility", model="demo", gate_passed=1, forced=0)
    many = many.assign_attrs(models=["demo"], weights=[1.0])
    never = xr.zeros_like(many["level"], float).drop_vars("level")
    many = with_proof(many, xr.Dataset(dict.fromkeys(TRAINED, never)))
    assert (
        "No winner can be named at 1M samples before runs of level 0, level 1, level 2, level 3 "
        "and 2 more, each at 62.5K and 250K samples, together 1.9 times the compute of one run at "
        "1M. Even then the levels may lie too close to be told apart: `qqt design` says which runs "
        "lower the expected regret most."
    ) in summary(many)
    larger = many.assign(pool_multiple=20 * many["pool_multiple"])
    assert (
        "and 2 more on the larger pools that this is about, not on those of your runs, each at "
    ) in summary(larger)
    assert (
        "level 0 (best with probability 0.17), level 1 (0.17), level 2 (0.17), level 3 (0.17) "
        "and 2 more: each is expected to cost at most 0.83 in error;"
    ) in summary(many)


def test_one_level():
    assert summary(decision([[1.0], [1.0]], [[0.0], [0.0]])) == (
        "There is one level, top 10%, and nothing to choose between; its expected error, as a mean "
        "over trainings, is 0.800 (90% interval 0.800 to 0.800) at 64M and 0.750 (90% interval "
        "0.750 to 0.750) at 128M samples."
    )


def test_losses_are_called_losses():
    text = summary(decision(*SURE).assign_attrs(kind="loss"))
    assert "compared by expected loss" in text
    assert "in loss, the worst" in text
    assert "error" not in text


def test_each_group_has_a_paragraph():
    fit = made.fit(groups=2, model="cherti", draws=20)
    together = decide(fit, made.levels(), [64e6, 5e9])
    paragraphs = summary(together).split("\n\n")
    for group, paragraph in zip(("arch 1", "arch 2"), paragraphs, strict=True):
        alone = decide(fit, made.levels(), [64e6, 5e9], group=group)
        assert paragraph == f"{group}: {summary(alone)}"


def test_groups_between_which_nothing_differs_share_a_paragraph():
    fit = made.fit(groups=2, draws=20)
    alone = decide(fit, made.levels(), [64e6, 5e9], group="arch 1", discrepancy=False)
    assert summary(decide(fit, made.levels(), [64e6, 5e9], discrepancy=False)) == (
        f"arch 1 and arch 2, between which nothing differs in this model: {summary(alone)}"
    )


def test_budgets_are_told_in_ascending_order():
    ascending = decision(*SURE)
    assert summary(ascending.isel(budget=[1, 0])) == summary(ascending)


def test_every_rule_has_words():
    assert list(RULES) == list(BASIS) == list(SCORE)


@pytest.fixture(scope="module")
def fit():
    return made.fit(method="laplace", draws=20)


def decided(method):
    return decide(made.fit(method=method, draws=20), made.levels(), BUDGETS)


@pytest.mark.parametrize("method", METHODS)
def test_a_decision_knows_its_method(method):
    decision = decided(method)
    assert decision.attrs["method"] == method
    assert to_json(decision)["settings"]["method"] == method
    marked = method in APPROXIMATE
    assert (f"Approximate posterior ({method}): a quick" in summary(decision)) is marked
    assert (summary(decision) == to_json(decision)["summary"]) is True
    assert ("method" in to_frame(decision)) is marked
    if marked:
        assert set(to_frame(decision)["method"]) == {method}


def test_subsets_are_marked(fit):
    assert summary(subsets.best_subsets(fit, BUDGETS)).startswith(made.LAPLACE_REMARK)
