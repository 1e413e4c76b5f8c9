"""Each question of plausibility: what asks it, and what is next to it and does not."""

import json

import numpy as np
import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.planning.question import QUESTIONS, Question
from qqt_bayes.planning.questions import questions
from qqt_bayes.planning.targets import questions_of_targets
from qqt_bayes.report.questions_text import SENTENCES, sentence, to_dicts
from qqt_bayes.tables.composition import read_composition
from qqt_bayes.tables.runs import read_runs

COLUMNS = ["pool", "unique_samples", "samples_seen", "error"]
GOOD = [("a", 1e7, 1e7, 0.7), ("a", 1e7, 1e8, 0.6), ("b", 2e7, 1e7, 0.75), ("b", 2e7, 1e8, 0.66)]
"""Two pools at two budgets, about which nothing is to be asked."""
FIVE_ACCURACIES = [
    (f"clip_b32_f0.{i}", 12.8e6 * i, 128e6, accuracy)
    for i, accuracy in enumerate([0.231, 0.279, 0.285, 0.273, 0.256], start=1)
]
CHERTI_ACCURACIES = [
    ("LAION-2B", 2e9, 2.56e9, 0.57358),
    ("LAION-2B", 2e9, 13e9, 0.62526),
    ("LAION-400M", 407332084, 2443992504, 0.5712),
    ("LAION-400M", 407332084, 13034626688, 0.62918),
    ("LAION-80M", 80e6, 2.56e9, 0.51938),
    ("LAION-80M", 80e6, 12.8e9, 0.56464),
]
MILLIONS = [
    ("top10", 12.8, 128, 0.769),
    ("top20", 25.6, 128, 0.721),
    ("top10", 12.8, 1280, 0.64),
    ("top40", 51.2, 1280, 0.566),
]
CHECKPOINT_EPOCHS = [
    ("LAION-2B", 135646078, 34725396128, 0.34472),
    ("LAION-400M", 407332084, 13034626688, 0.37082),
]
PERPLEXITIES = [
    ("dolma", 14e6, 18293545, 54243.7),
    ("dolma", 14e6, 28e6, 9906.0),
    ("dolma", 14e6, 896e6, 454.3),
]


def table(rows, **columns):
    return pd.DataFrame(rows, columns=COLUMNS).assign(run=range(len(rows)), **columns)


def asked(rows, kind="error", **columns):
    return questions(read_runs(table(rows, **columns), kind=kind))


def changed(**columns):
    """The good table with other numbers in some columns, by their functions."""
    frame = table(GOOD)
    return frame.assign(**{name: change(frame[name]) for name, change in columns.items()})


def test_nothing_is_asked_of_a_good_table():
    assert asked(GOOD) == ()


@pytest.mark.parametrize(
    ("rows", "kind", "ids"),
    [
        (FIVE_ACCURACIES, "error", ["accuracies"]),
        (CHERTI_ACCURACIES, "error", ["accuracies"]),
        (MILLIONS, "error", ["millions", "overlap"]),
        (PERPLEXITIES, "loss", ["perplexities"]),
        (CHECKPOINT_EPOCHS, "error", ["epochs", "checkpoints"]),
    ],
    ids=["five accuracies", "accuracies", "millions", "perplexities", "checkpoint epochs"],
)
def test_what_people_gave_is_asked_about(rows, kind, ids):
    assert [question.id for question in asked(rows, kind)] == ids


def test_errors_in_place_of_those_accuracies_are_not_asked_about():
    for rows in (FIVE_ACCURACIES, CHERTI_ACCURACIES):
        assert asked([(*row[:3], 1 - row[3]) for row in rows]) == ()


def test_accuracies_among_errors_are_asked_about_by_the_name_of_their_training_set():
    rows = [*GOOD, ("c", 1e8, 1e7, 0.5), ("c", 1e8, 1e8, 0.6)]
    (question,) = asked(rows)
    assert (question.id, question.of) == ("accuracies", ("c",))
    values = {"rising": 1.0, "sets": 1.0, "lower": 0.5, "upper": 0.6}
    assert question.values == values
    assert asked([*rows[:-1], ("c", 1e8, 1e8, 0.503)]) == ()  # by chance


@pytest.mark.parametrize(
    ("errors", "names"),
    [
        ((0.82, 0.8, 0.18, 0.25), ("c", "d")),
        ((0.82, 0.8, 0.78, 0.25), ("d",)),
        ((0.82, 0.8, 0.55, 0.45), None),  # no gap
        ((0.65, 0.6, 0.62, 0.1), None),  # a gap, but 0.9 is as far from the others
    ],
)
def test_some_accuracies_at_one_budget(errors, names):
    rows = [(pool, 1e8, 1e8, error) for pool, error in zip("abcd", errors, strict=True)]
    assert [each.of for each in asked(rows)] == ([] if names is None else [names])


def test_errors_that_fall_are_errors_however_far_they_stand_apart():
    rows = [("a", 1e8, 1e7, 0.25), ("b", 1e8, 1e7, 0.8)]
    assert [each.id for each in asked(rows)] == ["accuracies"]
    assert asked([*rows, ("a", 1e8, 1e8, 0.2), ("b", 1e8, 1e8, 0.75)]) == ()
    assert asked([*rows, ("a", 1e8, 1e8, 0.2)]) != ()


def test_errors_that_rise_where_data_are_much_repeated_are_errors():
    rows = [("a", 1e7, 1e7, 0.7), ("a", 1e7, 2e7, 0.6), ("a", 1e7, 1e9, 0.8), *GOOD[2:]]
    assert asked(rows) == ()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"samples_seen": lambda x: x / 1e5}, ["millions", "units"]),
        ({"unique_samples": lambda x: x / 1e6}, ["millions", "epochs"]),
        ({"unique_samples": lambda x: x / 1000}, ["epochs"]),
        ({"unique_samples": lambda x: x / 40}, ["epochs"]),
        ({"unique_samples": lambda x: x / 4}, []),
        ({"samples_seen": lambda x: (x / 4096).round()}, ["units"]),
        ({"unique_samples": lambda x: x * np.where(x > 1e7, 400, 1)}, ["units"]),
        ({"unique_samples": lambda x: x * np.where(x > 1e7, 40, 1)}, []),
        (
            {name: lambda x: x / 1e7 * 4096 for name in ("unique_samples", "samples_seen")},
            [],  # a small experiment, in multiples of its batch
        ),
        (
            {name: lambda x: x / 1e7 * 400 for name in ("unique_samples", "samples_seen")},
            ["millions"],
        ),
        ({"pool": lambda x: x.where(x == "a", "A")}, ["case"]),
        ({"pool": lambda x: x.replace({"a": "top 10%", "b": "top10%"})}, ["case"]),
    ],
)
def test_units_and_names(change, expected):
    assert [each.id for each in questions(read_runs(changed(**change)))] == expected


def test_names_of_groups_that_differ_in_capitals():
    (question,) = asked(GOOD, group=["x", "X", "x", "X"])
    assert question == Question("case", ("x", "X"))


@pytest.mark.parametrize(
    ("names", "is_asked"),
    [(("C4-2B", "web"), True), (("top-2b-pool", "web"), True), (("C4-40M", "web"), False)],
)
def test_a_name_that_says_its_size_is_believed_where_data_are_much_repeated(names, is_asked):
    rows = [(name, 2e7, seen, 3.0 - seen / 1e10) for name in names for seen in (2e7, 4e9)]
    found = asked(rows, "loss")
    assert [each.of for each in found if each.id == "checkpoints"] == [(names[0],)] * is_asked


@pytest.mark.parametrize(("epochs", "ids"), [(1, []), (8, ["checkpoints"]), (2.5, [])])
def test_runs_that_all_see_their_data_equally_often(epochs, ids):
    rows = [(f"{seen:g}", seen / epochs, seen, 0.9 - seen / 1e9) for seen in (1e8, 2e8, 4e8)]
    assert [each.id for each in asked(rows)] == ids


def test_swapped_columns_are_asked_about_and_parts_at_one_budget_are_not():
    swapped = [(pool, seen, unique, error) for pool, unique, seen, error in GOOD]
    (question,) = asked(swapped)
    assert (question.id, question.of) == ("swapped", ("a", "b"))
    parts = [("a", size, 1e8, error) for size, error in ((1e7, 0.7), (5e7, 0.65), (1e8, 0.62))]
    assert asked(parts) == ()


def test_a_sweep_is_asked_about_and_seeds_are_not():
    rows = [GOOD[0]] * 3 + GOOD[1:]
    errors = [0.7, 0.72, 0.8, 0.6, 0.75, 0.66]
    frame = table(rows).assign(error=errors)
    (question,) = questions(read_runs(frame))
    assert (question.id, question.of) == ("sweep", ("a",))
    assert question.values["runs"] == 3
    assert (question.values["least"], question.values["most"]) == (0.7, 0.8)
    assert question.values["sd"] == pytest.approx(np.std(errors[:3], ddof=1))
    assert questions(read_runs(frame.assign(seed=range(6)))) == ()
    assert questions(read_runs(frame.assign(error=[0.7, 0.71, 0.69, *errors[3:]]))) == ()


def test_sizes_that_are_given_are_compared_with_what_was_trained():
    sizes = pd.DataFrame({"pool": ["a", "b"], "unique_samples": [1e7, 4e8]})
    (question,) = questions(read_runs(table(GOOD), pools=sizes))
    assert question == Question("proxy", ("b",), {"factor": 20.0, "size": 4e8, "bar": 10.0})
    near = sizes.assign(unique_samples=[1e7, 1e8])
    assert questions(read_runs(table(GOOD), pools=near)) == ()
    # nobody gave sizes: a composition may hold training sets that are not trained yet
    sets = pd.DataFrame({"data": ["a", "b", "c"], "pool": ["a", "b", "a"]})
    sets["unique_samples"] = [1e7, 2e7, 1e9]
    runs = read_runs(
        table(GOOD).rename(columns={"pool": "data"}).drop(columns="unique_samples"), sets
    )
    assert questions(runs) == ()


@pytest.mark.parametrize(
    ("budgets", "factor", "ids"),
    [
        ([64.0, 1e8], 1, ["budgets"]),
        ([2e5], 1, []),
        ([1e8], 20, ["proxy"]),
        ([1e8], 1 / 20, ["proxy"]),
        ([1e8], 5, []),
        ([64.0], 20, ["budgets", "proxy"]),
    ],
)
def test_budgets_and_levels_far_from_the_runs(budgets, factor, ids):
    levels = pd.DataFrame(
        {"data": ["small", "large"], "pool": "b", "unique_samples": [1e7 * factor, 2e7 * factor]}
    )
    found = questions_of_targets(
        read_runs(table(GOOD)), np.array(budgets), read_composition(levels)
    )
    assert [question.id for question in found] == ids


@pytest.mark.parametrize(("order", "ids"), [("ab", []), ("ba", ["order"])])
def test_levels_that_take_the_worse_pool_first(order, ids):
    rows = [
        {"data": f"top {i}", "pool": pool, "unique_samples": 1e7}
        for i in (1, 2)
        for pool in order[:i]
    ]
    runs = read_runs(table(GOOD))
    found = questions(runs, levels=read_composition(pd.DataFrame(rows)))
    assert [question.id for question in found] == ids
    if ids:
        values = {"first": 0.66, "second": 0.6, "samples_seen": 1e8}
        assert found == (Question("order", ("b", "a"), values),)


def test_budgets_and_levels_are_taken_as_people_write_them():
    levels = pd.DataFrame({"data": ["x"], "pool": "a", "unique_samples": 1e9})
    found = questions(read_runs(table(GOOD)), budgets="64, 1B", levels=levels)
    assert [question.id for question in found] == ["budgets", "proxy"]


def test_only_a_table_of_runs_is_asked_about():
    with pytest.raises(InputError, match="runs: expected a Dataset"):
        questions("runs.csv")


def test_every_question_has_a_sentence_and_is_described():
    assert list(SENTENCES) == list(QUESTIONS)


def test_sentences_end_with_what_to_do_and_go_into_json():
    found = [
        *asked(FIVE_ACCURACIES),
        *asked(MILLIONS),
        *asked(PERPLEXITIES, "loss"),
        *asked(CHECKPOINT_EPOCHS),
    ]
    said = " ".join(map(sentence, found))
    assert "are they accuracies?" in said
    assert "are these millions? Then write 12800000 for 12.8" in said
    assert "The losses are 454.3 to 5.424e+04" in said
    assert "are they perplexities? Then take their natural logarithm" in said
    assert "LAION-2B is passed for 256 epochs of 136M unique_samples" in said
    assert [row["id"] for row in json.loads(json.dumps(to_dicts(found)))] == [x.id for x in found]


def test_what_is_asked_does_not_depend_on_the_order_of_the_runs():
    for rows in (CHERTI_ACCURACIES, MILLIONS, GOOD):
        assert [x.id for x in asked(rows)] == [x.id for x in asked(rows[::-1])]
