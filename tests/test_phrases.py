"""Numbers in words."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qqt_bayes.phrases import format_samples
from qqt_bayes.tables.budgets import parse_budgets


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (0, "0"),
        (0.25, "0.25"),
        (999, "999"),
        (999.6, "1K"),
        (1000, "1K"),
        (12_800_000, "12.8M"),
        (999_600_000, "1B"),
        (4.7e9, "4.7B"),
        (2e12, "2T"),
        (7e15, "7000T"),
        (np.inf, "inf"),
    ],
)
def test_format(samples: float, words: str) -> None:
    assert format_samples(samples) == words


@given(st.floats(1, 1e15))
def test_format_is_read_back_to_three_digits(samples: float) -> None:
    words = format_samples(samples)
    assert parse_budgets(words)[0] == pytest.approx(samples, rel=0.0051)
    assert re.fullmatch(r"[\d.]+[KMBT]?", words)
