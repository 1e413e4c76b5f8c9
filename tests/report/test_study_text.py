"""What a study comes to: the joint decision first, each law's own, the theorem, refusals."""

from dataclasses import replace

import made
import pytest

from qqt_bayes.comparison.loo import compare_laws
from qqt_bayes.comparison.theorem import size_exponents
from qqt_bayes.decisions.decide import decide
from qqt_bayes.decisions.study import Study, choices
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.report.decision_text import summary as of_decision
from qqt_bayes.report.study_text import summary

BUDGETS = [64e6, 320e6, 1.28e9]


def reversed_utilities(fit):
    """The same fit with its pools' utilities in the other order: its best pool is another."""
    utility = fit["posterior"]["b"]
    fit["posterior"]["b"] = utility.copy(data=utility.values[..., ::-1])
    return fit


def study(*, theorem=None, contrary=False, refused=None, groups=1):
    """Two laws that agree, or not; a theorem beside them; a fit that was refused."""
    one, other = (made.fit(groups=groups, model=name) for name in ("utility", "utility-free-size"))
    trees = {"one": one, "other": reversed_utilities(other) if contrary else other}
    if theorem is not None:
        trees["theorem"] = theorem
    if refused is not None:
        trees[refused] = made.fit(passed=False)
    fits = {name: Fit.of(tree) for name, tree in trees.items()}
    usable = {name: fit for name, fit in fits.items() if name != refused}
    weights = dict.fromkeys([name for name in ("one", "other") if name in usable], 0.5)
    deciding = {name: usable[name] for name in weights}
    options = {"discrepancy": False}
    return Study(
        fits=fits,
        theorem=None if theorem is None else "theorem",
        laws=["one", "other"],
        weights=weights,
        levels=made.levels(),
        decision=decide(deciding, made.levels(), BUDGETS, **options),
        alone={n: decide(fit, made.levels(), BUDGETS, **options) for n, fit in usable.items()},
        comparison=compare_laws(deciding),
        exponents=size_exponents(deciding),
    )


def test_the_joint_decision_comes_first_and_laws_that_agree_say_so():
    found = study()
    text = summary(found)
    question, verdict, why, change, joint, laws, theorem, scores = text.split("\n\n")
    assert question.startswith(
        "Beware: at 1.28B samples a run would go through every candidate 33.3 times or more"
    )
    assert verdict == (
        "At 1.28B samples take top 3: it is best with probability more than 0.99, and its error is "
        "expected to be less than 0.0001 above that of the best level."
    )
    assert why.startswith("- Why: the mean error of top 3 is ")
    assert change == (
        "- What would change it: of the budgets asked about, the rule takes top 2 at 64M to 320M "
        "samples."
    )
    assert joint == of_decision(found.decision)
    assert scores.startswith("Laws are compared by")
    assert "made with the weights one 0.50 and other 0.50" in scores
    taken = "takes top 2 at 64M to 320M samples (P(best) more than 0.99) and top 3 at 1.28B samples"
    assert laws.startswith(f"one alone {taken}")
    assert f"other alone {taken}" in laws
    assert laws.endswith("They agree at every budget.")
    assert theorem.startswith("Combination theorem: ")


def test_laws_that_differ_are_told_apart_with_what_a_wrong_one_costs():
    found = study(contrary=True)
    [laws] = [p for p in summary(found).split("\n\n") if "They choose differently at " in p]
    costs = choices(found.alone["one"], found.alone["other"])
    assert (costs["choice"] != costs["choice_of_other"]).any()
    largest = costs[costs["choice"] != costs["choice_of_other"]]["regret_by_other"].max()
    assert largest > 0.001
    assert f"{largest:.2g} where one chooses and other is right" in laws


@pytest.mark.parametrize(
    ("contrary", "words"),
    [
        (False, "the choices would be the same."),
        (True, "the choice would be another: top 3 at 64M to 320M samples"),
    ],
)
def test_the_theorem_is_reported_where_it_differs(contrary, words):
    theorem = made.fit()
    found = study(theorem=reversed_utilities(theorem) if contrary else theorem)
    (of_theorem,) = [p for p in summary(found).split("\n\n") if "(model theorem)" in p]
    assert of_theorem.startswith("With the size exponent at 1")
    assert words in of_theorem
    assert ("by the joint decision that costs" in of_theorem) == contrary


def test_a_refused_fit_is_named_with_its_reason():
    found = study(refused="third")
    assert found.refused == {"third": found.fits["third"].gate}
    last = summary(found).split("\n\n")[-1]
    assert last.startswith("The fit of third was refused (")
    assert last.endswith("nothing that is said here rests on it.")


def test_groups_have_paragraphs_of_their_own():
    text = summary(study(groups=2))
    starts = [p.split(":")[0] for p in text.split("\n\n") if "alone takes" in p]
    assert starts == ["arch 1", "arch 2"]


def test_what_groups_have_to_know_alike_is_said_once():
    parts = summary(study(groups=2)).split("\n\n")
    [beware] = [part for part in parts if part.startswith("Beware: at 1.28B samples a run would")]
    assert parts.index(beware) == 0


def test_a_study_of_one_law_says_only_its_decision():
    found = study()
    alone = replace(found, weights={"one": 1.0}, fits={"one": found.fits["one"]})
    assert of_decision(found.decision) in summary(alone).split("\n\n")
    assert "Laws are compared by" not in summary(alone)
