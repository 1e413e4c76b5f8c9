"""What a comparison comes to, by id, from scores that are made by hand."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from qqt_bayes.comparison.verdicts import STATES, Verdict, difference_bar, verdicts
from qqt_bayes.report.comparison_text import DIFFERENCES, ODDS, of_id, verdict


def compared(gains, *, error=1.0, **of_law):
    """Two laws, "a" ahead of "b" by `gains`, a number for each run."""
    gains = np.array(gains, float)
    runs = [f"run {i}" for i in range(gains.size)]
    total = gains.sum()
    facts = {"bad_k": [0, 0], "bad_refits": [0, 0], "gate_passed": [True, True]} | of_law
    return xr.Dataset(
        {
            "elpd": (("law", "run"), [gains, 0 * gains]),
            "elpd_sum": ("law", [total, 0.0]),
            "behind": ("law", [0.0, total]),
            "behind_se": ("law", [0.0, error]),
            "weight": ("law", [0.9, 0.1]),
            "predicted": (("law", "quantile", "run"), np.zeros((2, 3, gains.size))),
            **{name: ("law", values) for name, values in facts.items()},
        },
        {
            "law": ["a", "b"],
            "run": runs,
            "quantile": [0.05, 0.5, 0.95],
            "data": ("run", runs),
            "samples_seen": ("run", np.full(gains.size, 1e8)),
            "group": ("run", ["all"] * gains.size),
            "error": ("run", 0 * gains),
            "pools": ("run", np.ones(gains.size, int)),
        },
        {"leave_out": "run", "method": "nuts"},
    )


EVEN = [2.0] * 5


@pytest.mark.parametrize(
    ("gains", "error", "bar", "state"),
    [
        ([0.5] * 7, 0.1, 4.0, "small"),
        (EVEN, 5.5, 11.0, "unclear"),
        (EVEN, 4.5, 9.0, "clear"),
        (EVEN, 0.1, 4.0, "clear"),
        (EVEN, np.nan, np.nan, "unclear"),
    ],
)
def test_a_difference_is_held_against_its_bar(gains, error, bar, state):
    comparison = compared(gains, error=error)
    (found,) = of_id(verdicts(comparison), "difference")
    assert (found.of, found.value, found.state) == ("b", sum(gains), state)
    assert found.bar == pytest.approx(bar, nan_ok=True)
    assert DIFFERENCES[state].format(best="a") in verdict(comparison)


def test_what_scores_rest_on():
    good = verdicts(compared(EVEN))
    assert {each.state for name in ("k_hat", "gate", "refits") for each in of_id(good, name)} == {
        "ok"
    }
    weak = compared(EVEN, bad_k=[0, 3], bad_refits=[1, 0], gate_passed=[False, True])
    found = [each for each in verdicts(weak) if each.state in ("untrusted", "failed")]
    assert found == [
        Verdict("gate", "a", 1, 0, "failed"),
        Verdict("refits", "a", 1, 0, "failed"),
        Verdict("k_hat", "b", 3, 0, "untrusted"),
    ]
    words = verdict(weak)
    assert "3 of 5 under b (k-hat above 0.7" in words
    assert "the fit of a did not pass its gate" in words
    assert "the chains of some refits do not agree: 1 of a" in words


@pytest.mark.parametrize(
    ("gains", "share", "state"),
    [(EVEN, 0.2, "spread"), ([6.0, 1.0, 1.0], 0.75, "one_run"), ([6.0, -6.0], 0.0, "spread")],
)
def test_one_run_that_makes_the_difference(gains, share, state):
    (found,) = of_id(verdicts(compared(gains)), "one_run")
    assert found == Verdict("one_run", "run 0", share, 0.5, state)
    assert ("makes up more than half" in verdict(compared(gains))) == (state == "one_run")


@pytest.mark.parametrize(("right", "state"), [(0.95, "telling"), (0.6, "not_telling")])
def test_a_next_run_tells_or_not(right, state):
    telling = xr.Dataset(
        {
            "probability_right": (("level", "budget"), [[right]]),
            "expected": (("law", "level", "budget"), [[[0.5]], [[0.6]]]),
        },
        {"level": ["top"], "budget": [1e9]},
        {"level": "top", "budget": 1e9},
    )
    (found,) = of_id(verdicts(compared(EVEN), telling), "next_run")
    assert found == Verdict("next_run", "top", right, 0.9, state)
    said = "One more run would decide" if state == "telling" else "No single run among these"
    assert said in verdict(compared(EVEN), telling)


def test_bayes_factors_of_the_theorem():
    row = {"of": "", "prior_lower": 0.0, "prior_upper": 2.0, "median": 1, "lower": 0, "upper": 2}
    tail = {"theorem_in_tail": False, "no_size_effect_in_tail": False}
    rows = [
        {"law": law, **row, **tail, "theorem": one, "no_size_effect": none}
        for law, one, none in (("a", 5.0, 0.1), ("b", 1.0, 2.9))
    ]
    exponents = pd.DataFrame(rows)
    found = verdicts(compared(EVEN), exponents=exponents)
    assert [(each.of, each.value, each.state) for each in of_id(found, "theorem")] == [
        ("a", 5.0, "more_likely"),
        ("b", 1.0, "alike"),
    ]
    assert [each.state for each in of_id(found, "no_size_effect")] == ["less_likely", "alike"]
    words = verdict(compared(EVEN), exponents=exponents)
    for state, ratio in (("more_likely", 5.0), ("alike", 1.0), ("less_likely", 0.1)):
        what = "g = 0" if state == "less_likely" else "g = 1"
        assert ODDS[state].format(what=what, ratio=ratio, times=max(ratio, 1 / ratio)) in words


def test_ids_and_states_stay():
    assert STATES == {
        "difference": ("small", "unclear", "clear"),
        "k_hat": ("ok", "untrusted"),
        "gate": ("ok", "failed"),
        "refits": ("ok", "failed"),
        "one_run": ("spread", "one_run"),
        "next_run": ("telling", "not_telling"),
        "theorem": ("less_likely", "alike", "more_likely"),
        "no_size_effect": ("less_likely", "alike", "more_likely"),
    }


def test_a_bar_grows_with_the_standard_error():
    assert difference_bar(np.array([0.1, 2.0, 5.0])).tolist() == [4.0, 4.0, 10.0]
