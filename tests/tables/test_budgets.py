"""Budgets as a user writes them, and the rungs that trained ones stand on."""

import numpy as np
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.tables.budgets import MAX_COUNT, log_spaced, parse_budgets, rungs


@pytest.mark.parametrize(
    ("text", "samples"),
    [
        ("64M", [64e6]),
        ("64M,1.28B", [64e6, 1.28e9]),
        (" 1.28b , 64 m ", [64e6, 1.28e9]),
        ("1e9", [1e9]),
        ("1.5E+3", [1500]),
        ("12.8k, 3G, 2t, .5K", [500, 12.8e3, 3e9, 2e12]),
        ("64M, 64000000, 6.4e7", [64e6]),
        ("1", [1]),
    ],
)
def test_numbers(text: str, samples: list[float]) -> None:
    assert parse_budgets(text).tolist() == samples


def test_range_is_log_spaced_with_both_ends() -> None:
    budgets = parse_budgets("64M:5B:13")
    assert budgets[[0, -1]].tolist() == [64e6, 5e9]
    np.testing.assert_allclose(np.diff(np.log(budgets)), np.log(5e9 / 64e6) / 12)
    assert parse_budgets("64M:5B:13").tolist() == log_spaced(64e6, 5e9, 13).tolist()


def test_numbers_may_join_a_range() -> None:
    assert parse_budgets("2B, 1M:100M:3").tolist() == [1e6, 1e7, 1e8, 2e9]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "budgets '': expected numbers of samples, such as 64M, 1.28B or 1e9, with commas"),
        ("64M,,1B", "budgets '64M,,1B': expected numbers of samples"),
        ("many", "budget 'many': expected a number of samples, such as 64M, 1.28B or 1e9"),
        ("64 million", "budget '64 million': expected a number of samples"),
        ("nan", "budget 'nan': expected a number of samples"),
        ("-5M", "budget '-5M': expected a number of samples"),
        ("1e3M", "budget '1e3M': expected a number of samples"),
        ("0", "budget '0': expected at least 1 sample"),
        ("0.5", "budget '0.5': expected at least 1 sample"),
        ("1e999", "budget '1e999': expected at most 1e.18 samples"),
        ("1,000,000", "budget '000': expected at least 1 sample, .*; commas stand between budgets"),
        ("64M:5B", "budgets '64M:5B': expected a range least:largest:count, such as 64M:5B:13"),
        ("64M:5B:13:2", "budgets '64M:5B:13:2': expected a range"),
        ("64M:5B:some", "budgets '64M:5B:some': expected a range"),
        ("64M:5B:1", f"budgets '64M:5B:1': expected a count from 2 to {MAX_COUNT}, got 1"),
        ("64M:5B:999999999", f"expected a count from 2 to {MAX_COUNT}, got 999999999"),
        ("5B:64M:13", "budgets '5B:64M:13': expected the least budget first, then a larger one"),
        ("64M:64M:3", "expected the least budget first, then a larger one"),
        (":5B:3", "budget '': expected a number of samples"),
    ],
)
def test_faults_say_what_was_expected(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        parse_budgets(text)


def test_a_rung_does_not_grow_without_end():
    assert rungs(np.array([1.0, 1.15, 1.3, 1.45])).tolist() == [0, 0, 1, 1]
