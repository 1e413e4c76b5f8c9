"""The rules by which levels are scored, counted by hand."""

import made
import numpy as np
import pytest
import xarray as xr

from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.judge import judge
from qqt_bayes.laws.level_curves import SAMPLE


def at(decision, name, budget=1e6):
    return decision[name].sel(budget=budget).values


@pytest.mark.parametrize(
    ("options", "score", "choice"),
    [
        ({"rule": "expected"}, [0.37, 0.34], "b"),
        ({"rule": "cvar", "cvar_level": 0.0}, [0.37, 0.34], "b"),
        ({"rule": "cvar", "cvar_level": 2 / 3}, [0.50, 0.40], "b"),  # the worst draw
        ({"rule": "cvar", "cvar_level": 0.99}, [0.50, 0.40], "b"),  # part of the worst draw
        ({"rule": "cvar", "cvar_level": 0.5}, [(0.50 + 0.31 / 2) / 1.5, 0.56 / 1.5], "b"),
        ({"rule": "regret"}, [0.19 / 3, 0.10 / 3], "b"),
        ({"rule": "minimax-regret", "cvar_level": 0.99}, [0.18, 0.10], "b"),  # the greatest of 3
        ({"rule": "minimax-regret", "cvar_level": 2 / 3}, [0.01, 0.0], "b"),  # in all draws but one
        (
            {"rule": "minimax-regret", "cvar_level": 0.0},
            [0.0, 0.0],
            "b",
        ),  # the smaller mean decides
        ({"rule": "cvar-regret", "cvar_level": 2 / 3}, [0.18, 0.10], "b"),
        ({"rule": "cvar-regret", "cvar_level": 0.5}, [(0.18 + 0.01 / 2) / 1.5, 0.1 / 1.5], "b"),
        ({"rule": "target", "target": 0.31}, [-2 / 3, -1 / 3], "a"),
        ({"rule": "target", "target": 0.35}, [-2 / 3, -2 / 3], "b"),  # the smaller mean decides
        ({"rule": "target", "target": 0.10}, [0.0, 0.0], "b"),
        ({"rule": "target", "target": 0.45}, [-2 / 3, -1.0], "b"),
    ],
)
def test_rules_counted_by_hand(options, score, choice):
    decision = judge(made.HAND, Criteria(**options))
    np.testing.assert_allclose(at(decision, "score"), score, atol=1e-15)
    assert at(decision, "choice") == choice
    assert decision.attrs["rule"] == options["rule"]


def test_a_target_that_no_level_can_meet_leaves_the_choice_to_the_expected_error():
    """Two draws of a thousand against one are no reason to take a level that is worse by far."""
    error = np.full((1, 1000, 2), [0.6, 0.62])
    error[0, :2, 1] = 0.5  # the worse level meets it twice, the better one once
    error[0, 2, 0] = 0.5
    errors = xr.DataArray(error, {"level": ["better", "worse"]}, (*SAMPLE, "level"))
    decision = judge(errors, Criteria(rule="target", target=0.55))
    assert decision["choice"].item() == "better"
    assert (decision["score"] == 0).all()
