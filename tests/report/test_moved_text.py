"""How a decision moved, in words: counted by hand."""

import pandas as pd
import pytest
import xarray as xr

from qqt_bayes.decisions.moved import COLUMNS, Moved, beside
from qqt_bayes.report.moved_text import moved

NAN = float("nan")


def words(rows, budgets=(1e9, 2e9, 4e9), missing=0, then=("law",)):
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    decision = xr.Dataset(coords={"budget": list(budgets)}, attrs={"unit": "tokens"})
    return moved(Moved("2026-03-14T09:30:00Z", 12, missing, then, ("law",), table), decision)


@pytest.mark.parametrize(
    ("rows", "missing", "sentence"),
    [
        (
            [("", 1e9, "a", "a", 0.6, 0.8, 0.001), ("", 2e9, "a", "a", 0.7, 0.8, 0.0)],
            0,
            "of 12 runs, the choice has not moved at any budget asked in both: it is a at 1B to 2B "
            "tokens (P(best) 0.60 to 0.70 then, 0.80 now).",
        ),
        (
            [("", n, "a", "b", 0.6, 0.8, r) for n, r in ((1e9, 0.002), (2e9, 0.01), (4e9, 0.0))],
            1,
            "of 12 runs, 1 of which is not among these, the choice has moved from a (P(best) 0.60) "
            "to b (0.80) at 1B to 4B tokens, where the earlier choice costs at most 0.01 by "
            "today's draws.",
        ),
        (
            [("", 4e9, "a", "b", 0.6, 0.8, NAN)],
            2,
            "of 12 runs, 2 of which are not among these, the choice has moved from a (P(best) "
            "0.60) to b (0.80) at 4B tokens, where the earlier choice is no candidate as it was.",
        ),
        (
            [("", 1e9, "a", "a", 0.999, 0.9999, 0.0)],
            0,
            "of 12 runs, the choice has not moved at any budget asked in both: it is a at 1B "
            "tokens (P(best) more than 0.99 then and now).",
        ),
        (
            [],
            0,
            "of 12 runs, nothing can be said of how the choice moved: no budget was asked in both.",
        ),
        (
            [("x", 1e9, "a", "b", 0.6, 0.8, 0.01), ("y", 1e9, "a", "a", 0.6, 0.8, 0.0)],
            0,
            "of 12 runs, the choice has moved from a (P(best) 0.60) to b (0.80) for x at 1B "
            "tokens, where the earlier choice costs 0.01 by today's draws. It is still a for y at "
            "1B tokens (P(best) 0.60 then, 0.80 now).",
        ),
    ],
)
def test_the_sentences(rows, missing, sentence):
    said = words(rows, missing=missing)
    assert said == f"Since the study of 2026-03-14, {sentence}"
    assert said.count(". ") <= 1


def decision(groups=None):
    """Two levels at two budgets, in one group or two that are alike."""
    content = {
        "choice": ("budget", ["a", "b"]),
        "probability_best": (("level", "budget"), [[0.7, 0.4], [0.3, 0.6]]),
        "regret": (("level", "budget"), [[0.0, 0.02], [0.01, 0.0]]),
    }
    found = xr.Dataset(content, {"level": ["a", "b"], "budget": [1e9, 2e9]})
    return found if groups is None else found.expand_dims(group=groups)


LEVELS = xr.DataArray([[1.0, 0.0], [1.0, 1.0]], {"level": ["a", "b"], "pool": ["p", "q"]})


def before(**more):
    rows = {"group": "", "budget": [1e9 * (1 + 1e-12), 2e9, 3e9], "choice": ["b", "a", "a"]}
    return pd.DataFrame(rows | {"probability_best": [0.5, 0.6, 0.7]} | more)


def test_each_budget_that_both_were_asked_about():
    found = beside(decision(), LEVELS, before(), LEVELS)
    assert found["budget"].tolist() == [1e9, 2e9]
    assert found["choice_before"].tolist() == ["b", "a"]
    assert found["choice"].tolist() == ["a", "b"]
    assert found["probability_best"].tolist() == [0.7, 0.6]
    assert found["regret_of_before"].tolist() == [0.01, 0.02]


def test_a_level_of_the_same_name_with_other_data_is_not_the_earlier_choice():
    other = LEVELS.copy(data=[[1.0, 0.0], [1.0, 2.0]])
    found = beside(decision(), LEVELS, before(), other)
    assert found["regret_of_before"].isna().tolist() == [True, False]
    fewer_pools = LEVELS.sel(pool=["p"])
    assert beside(decision(), LEVELS, before(), fewer_pools)["regret_of_before"][1] == 0.02


def test_groups_are_compared_each_with_itself():
    found = beside(decision(["x", "y"]), LEVELS, before(group="y"), LEVELS)
    assert found["group"].tolist() == ["y", "y"]
    assert beside(decision(), LEVELS, before(group="y"), LEVELS).empty
    assert beside(decision(["x"]), LEVELS, before(), LEVELS).empty


def test_other_laws_than_before_are_named():
    """What seems to be learned may be that another law decides."""
    rows = [("", 1e9, "a", "b", 0.6, 0.8, 0.002)]
    said = words(rows, budgets=(1e9,), then=("law", "other law"))
    assert said.endswith("Then law and other law decided, now law: that alone may move a choice.")
    assert "decided, now" not in words(rows, budgets=(1e9,))
