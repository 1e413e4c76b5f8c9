"""A sentence for every finding, from its id, subjects and numbers."""

import json

import numpy as np
import pandas as pd
import pytest

import qqt_bayes
from qqt_bayes.planning.findings import FINDINGS, Finding
from qqt_bayes.planning.identifiability import assess
from qqt_bayes.report.identifiability_text import SENTENCES, SHORT_NAMES, sentence
from qqt_bayes.tables.runs import read_runs

CHECKPOINTS = "6 runs are checkpoints of 2 trainings: their errors lie above or below the curve"
COUNT = {"runs": 6, "trainings": 2}

SAID = [
    (
        Finding("repetition", ("x", "y"), {"least": 1.0, "most": 16.0}),
        "Pools are seen for at most 1 epoch (x) to 16 (y).",
    ),
    (
        Finding("repetition", ("x", "y"), {"least": 2.0, "most": 2.0}),
        "Each pool is seen for at most 2 epochs.",
    ),
    (
        Finding("one_budget", values={"least": 4e6, "most": 4.2e6}),
        "All runs are at one budget (4M to 4.2M): errors at other budgets are not identified; a "
        "fit takes them from its prior and its law.",
    ),
    (
        Finding("narrow_budgets", values={"factor": 9.0, "bar": 10.0}),
        "Budgets span a factor of 9, less than ten: floor and scale trade against each other, and "
        "errors at larger budgets depend on both, so how well these will be known is not said "
        "here.",
    ),
    (
        Finding("groups_at_one_budget", ("s", "l"), {"all_groups": True}),
        "Each group has one budget: budget and group cannot be told apart, and how error falls is "
        "taken from the prior and from what the groups share.",
    ),
    (
        Finding("groups_at_one_budget", ("l",), {"all_groups": False}),
        "All runs of l are at one budget: how error falls is taken from other groups and the "
        "prior.",
    ),
    (
        Finding("groups_at_one_budget", ("l", "m"), {"all_groups": False}),
        "All runs of l and m are at one budget each: how error falls is taken from other groups "
        "and the prior.",
    ),
    (
        Finding("checkpoints", values=COUNT | {"common": None, "learned": True}),
        f"{CHECKPOINTS} together. Model made learns how much of their noise they share (common).",
    ),
    (
        Finding("checkpoints", values=COUNT | {"common": 0.5, "learned": False}),
        f"{CHECKPOINTS} together. Model made takes a share of 0.5 of their noise as common.",
    ),
    (
        Finding("checkpoints", values=COUNT | {"common": None, "learned": False}),
        f"{CHECKPOINTS} together. Model made takes them as independent, so it is surer of how high "
        "a curve lies than it should be; a copy of it with the line `common = { distribution = "
        '"Beta", alpha = 2.0, beta = 2.0 }` under [likelihood] would learn what they share.',
    ),
    (
        Finding("no_checkpoints"),
        "No two runs are of one training: what such runs have in common (common) will be what the "
        "prior says.",
    ),
    (
        Finding("schedule"),
        "A checkpoint inside a learning-rate schedule has a higher error than a run that was "
        "trained to its budget, and hides what repetition costs: keep those that end a schedule, "
        "or whose learning rate is constant.",
    ),
    (
        Finding(
            "rise",
            ("x", "b"),
            {"least": 0.5, "least_at": 1e8, "most": 0.53, "most_at": 1e9, "bar": 0.01},
        ),
        "The error of x (b) rises from 0.5 at 100M to 0.53 at 1B: by chance, or by too much "
        "repetition, which only the laws of effective-reuse-overfit and utility-overfit follow "
        "(qqt compare tells).",
    ),
    (
        Finding("no_repetition", values={"most": 1.0, "half_lives": True}),
        "No run goes beyond one epoch: half-lives (tau) will be what the prior says.",
    ),
    (
        Finding("no_repetition", values={"most": 0.0021, "half_lives": False}),
        "No run goes beyond one epoch: what repetition costs will be what the prior says. None has "
        "seen more than 0.21 % of its training set: are unique_samples and samples_seen counted in "
        "one unit?",
    ),
    (
        Finding("pools_not_repeated", ("y",)),
        "No run repeats y: the half-life there is the prior's or other pools'.",
    ),
    (
        Finding("one_size"),
        "No half-life is seen in repeated training sets of different sizes: size_exponent will be "
        "what the prior says.",
    ),
    (
        Finding("inseparable_pools", ("x, z", "y")),
        'The runs never separate "x, z" and y: their utilities (b) appear in fixed combinations '
        "only, and the prior alone tells one from another.",
    ),
    (
        Finding(
            "unexpected_errors",
            ("run 2",),
            {"outside": 4, "runs": 4, "error": 4.4, "lower": 0.1, "upper": 0.9, "bar": 0.5},
        ),
        "The priors of model made do not expect such errors: 4 of 4 runs are outside their 90 % "
        "intervals (the noise aside), run 2 most, with 4.4 instead of 0.1 to 0.9. What follows is "
        "of tables that they expect: take a model that is made for yours, or a copy of this one "
        "with other priors.",
    ),
    (
        Finding(
            "prior_dominated",
            values={"scalars": [("tau", "x"), ("tau", "y, z"), ("d", ""), ("mine", "")]},
        ),
        "The runs are expected to leave these parameters to the prior: half-life of the utility "
        '(tau) of x and "y, z"; irreducible error (d); mine (where their true values are typical '
        "of it, they are narrowed by a tenth at most).",
    ),
    (
        Finding("ridge", values={"sides": ((("b", "x"),), (("b", "y"),)), "left": 1.41}),
        "Utility (b) of x and utility (b) of y trade against each other: along that direction the "
        "runs are expected to leave a spread of 1.4 prior standard deviations.",
    ),
    (
        Finding("forecast", ("x",), {"budgets": [1e9, 2e9, 1e10], "sd": [0.001, 0.002, 0.01]}),
        "If law and priors hold, the error of x will be known to 0.001 (standard deviation) at 1B, "
        "0.002 at 2 times that and 0.01 at 10 times that; decisions add what the law may miss.",
    ),
    (
        Finding("unknown"),
        "How much these runs can teach is not quantified: hardly any draw of the prior gives "
        "errors that a table may hold at these budgets, the table is very large, or the model "
        "fixes every parameter of its law.",
    ),
]


def test_every_finding_has_its_sentence():
    assert set(FINDINGS) == set(SENTENCES) == set(SHORT_NAMES) == {each.id for each, _ in SAID}


@pytest.mark.parametrize(("finding", "words"), SAID, ids=[each.id for each, _ in SAID])
def test_what_is_said_of_a_finding(finding, words):
    assert sentence(finding, "made") == words


def runs_at(budgets):
    """Two pools alone at each budget."""
    rows = [
        {"pool": pool, "unique_samples": 1e7, "samples_seen": seen, "error": 0.5}
        for pool in ("x", "y")
        for seen in budgets
    ]
    return read_runs(pd.DataFrame(rows))


@pytest.mark.parametrize("budgets", [[2e7], [1e6, 1e7], np.geomspace(1e6, 1e9, 8)])
def test_ids_numbers_and_words_go_together(budgets):
    numbers, words = assess(runs_at(budgets)), qqt_bayes.identifiability(runs_at(budgets))
    assert words.found == numbers.found
    assert list(words.findings) == [SHORT_NAMES[finding.id] for finding in numbers.found]
    assert list(words.findings.values()) == [sentence(each, "utility") for each in numbers.found]
    content = json.loads(json.dumps(words.to_dict()))
    assert [each["id"] for each in content["found"]] == [each.id for each in numbers.found]
    assert [each["sentence"] for each in content["found"]] == list(words.findings.values())
    assert content["findings"] == words.findings


def test_several_groups_of_inseparable_pools_are_numbered():
    sets = pd.DataFrame(
        [
            {"data": name, "pool": pool, "unique_samples": 1e6}
            for name, pools in (("one", "ab"), ("two", "cd"))
            for pool in pools
        ]
    )
    runs = pd.DataFrame({"data": ["one", "two"] * 2, "samples_seen": [1e6, 1e6, 5e7, 5e7]})
    found = qqt_bayes.identifiability(read_runs(runs.assign(error=0.5), composition=sets))
    assert {"inseparable pools 1", "inseparable pools 2"} <= set(found.findings)
    assert [each.of for each in found.found if each.id == "inseparable_pools"] == [
        ("a", "b"),
        ("c", "d"),
    ]


def test_ids_stay():
    assert list(FINDINGS) == [
        "repetition",
        "one_budget",
        "narrow_budgets",
        "groups_at_one_budget",
        "checkpoints",
        "no_checkpoints",
        "schedule",
        "rise",
        "no_repetition",
        "pools_not_repeated",
        "one_size",
        "inseparable_pools",
        "unexpected_errors",
        "prior_dominated",
        "ridge",
        "forecast",
        "unknown",
    ]
