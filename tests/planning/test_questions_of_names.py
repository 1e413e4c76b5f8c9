"""Questions of pools that hold one another by name, and of epochs that a column states."""

import pandas as pd
import pytest

from qqt_bayes.planning.questions import questions
from qqt_bayes.report.questions_text import sentence
from qqt_bayes.tables.runs import read_runs


def asked(names, sizes, **columns):
    table = pd.DataFrame(
        {
            "pool": names,
            "unique_samples": sizes,
            "samples_seen": 128e6,
            "error": [0.7 - 0.01 * i for i in range(len(names))],
            **columns,
        }
    )
    return questions(read_runs(table))


@pytest.mark.parametrize(
    ("names", "sizes", "is_asked"),
    [
        (["top 10%", "top 20%", "top 50%"], [12.8e6, 25.6e6, 64e6], True),
        (["top50", "top10"], [64e6, 12.8e6], True),
        (["top 10%", "top 20%", "random"], [12.8e6, 25.6e6, 64e6], True),
        (["top 10%", "top 20%"], [12.8e6, 12.8e6], False),
        (["0-10%", "10-20%"], [12.8e6, 25.6e6], False),
        (["top 10%", "random"], [12.8e6, 25.6e6], False),
        (["dfn_top10", "dfn_top30", "nofilter"], [12.8e6, 38.4e6, 128e6], True),
        (["A (best 20%)", "B (best 45%)"], [40e6, 90e6], True),
        (["stop1", "stop2"], [12.8e6, 25.6e6], False),
        (["top 10% to top 20%", "top 20% to top 50%"], [12.8e6, 38.4e6], False),
    ],
)
def test_pools_from_the_best_downwards_that_grow_are_asked_about(names, sizes, is_asked):
    ids = [question.id for question in asked(names, sizes)]
    assert ids == ["overlap"] * is_asked


def test_the_sentence_says_what_to_do():
    [question] = asked(["top 20%", "top 10%"], [25.6e6, 12.8e6])
    assert question.of == ("top 10%", "top 20%")
    assert "does top 20% hold top 10%? Pools must not overlap" in sentence(question)


@pytest.mark.parametrize(
    ("epochs", "is_asked"),
    [
        ([10, 5], False),
        ([7, 3.5], False),
        ([6, 3], True),
        ([40, 20], True),
        ([None, 5], False),
        ([10, 5000], False),
        (["many", 0], False),
    ],
)
def test_epochs_that_a_column_states_are_compared(epochs, is_asked):
    found = asked(["a", "b"], [12.8e6, 25.6e6], Epochs=epochs)
    assert [question.id for question in found] == ["stated"] * is_asked


def test_the_sentence_names_column_and_run():
    [question] = asked(["a", "b"], [12.8e6, 25.6e6], Epochs=[1, 0.5])
    words = sentence(question)
    assert words.startswith("Column 'Epochs' states 0.5 epochs for run run 2, but samples_seen")
    assert question.values["factor"] == pytest.approx(10)
