"""What a design separates and repeats, counted by hand."""

import pytest
from designs import mixed

import qqt_bayes
from qqt_bayes.planning.design import inseparable, most_epochs


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], []),
        ([[1, 0, 0], [1, 1, 0], [1, 1, 1]], []),
        ([[1, 0, 0], [0, 1, 2]], [["pool 1", "pool 2"]]),
        ([[1, 2, 0, 0], [0, 0, 1, 1]], [["pool 0", "pool 1"], ["pool 2", "pool 3"]]),
        ([[1, 2, 1]], [["pool 0", "pool 1", "pool 2"]]),
        ([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]], [["pool 0", "pool 1", "pool 2"]]),
    ],
)
def test_pools_that_are_never_separated(shares, expected):
    runs = mixed(shares)
    assert inseparable(runs) == expected
    found = qqt_bayes.identifiability(runs).findings
    assert sum(name.startswith("inseparable") for name in found) == len(expected)


def test_most_epochs_of_mixed_sets():
    assert most_epochs(mixed([[1, 0], [1, 3]])).to_dict() == {"pool 0": 50.0, "pool 1": 12.5}
