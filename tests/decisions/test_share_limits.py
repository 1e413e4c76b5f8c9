"""Limits of shares: what they leave, and what no training set can keep to, each with its place."""

import numpy as np
import pytest
import xarray as xr

from qqt_bayes.decisions.share_limits import Limits
from qqt_bayes.errors import InputError

SIZES = xr.DataArray([4e6, 6e6, 10e6], {"pool": ["a", "b", "c"]}, ("pool",))
BUDGETS = np.array([1e7, 1e8])


def test_no_limits_leave_everything_there_is():
    for room in Limits().rooms(SIZES, BUDGETS):
        assert room.low.tolist() == [0, 0, 0]
        assert room.high.tolist() == SIZES.values.tolist()
        assert (room.least, room.most) == (1.0, 2e7)


def test_every_limit_has_its_place_in_the_room():
    limits = Limits(most_samples=1.5e7, always="a", never=["b"], most_epochs=10)
    small, large = limits.rooms(SIZES, BUDGETS)
    assert small.low.tolist() == [4e6, 0, 0]
    assert small.high.tolist() == [4e6, 0, 1e7]
    assert (small.least, small.most) == (4e6, 1.4e7)
    assert large.least == 1e7
    assert Limits(always={"c": 5e5}).rooms(SIZES, BUDGETS)[0].low.tolist() == [0, 0, 5e5]


def test_the_limits_that_are_given_are_kept_with_a_result():
    assert Limits().to_attrs() == {}
    found = Limits(5, always="a", never=("b", "c"), most_epochs=2).to_attrs()
    assert found == {"most_samples": 5.0, "most_epochs": 2.0, "always": ["a"], "never": ["b", "c"]}


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(np.nan), "most_samples: expected a number of unique samples, at least 1, got nan"),
        (Limits("50M"), "most_samples: expected a number of unique samples, at least 1, got '50M'"),
        (Limits(True), "most_samples: expected a number"),
        (Limits(-5), "most_samples: expected a number of unique samples, at least 1, got -5"),
        (Limits(most_epochs=0), "most_epochs: expected a number of epochs above 0, got 0"),
        (Limits(most_epochs=np.inf), "most_epochs: expected a number of epochs above 0, got inf"),
        (Limits(always="d"), "always: unknown pool 'd'"),
        (Limits(never=["e"]), "never: unknown pool 'e'"),
        (Limits(always={"a": np.nan}), "always, pool 'a': expected a number of samples, got nan"),
        (Limits(always={"a": 5e6}), "always, pool 'a': 5M unique samples are asked, but there are"),
        (Limits(always="a", never="a"), "always and never both name 'a'"),
        (Limits(never=["a", "b", "c"]), "never: it names every pool"),
        (Limits(3e6, always="a"), "most_samples: at most 3M unique samples are allowed, but the"),
        (
            Limits(most_epochs=4),
            "most_epochs: at 100M samples, data that is seen at most 4 times takes 25M unique "
            "samples, but these limits leave 20M",
        ),
        (
            Limits(2e6, most_epochs=4),
            "data that is seen at most 4 times takes 2.5M",
        ),
    ],
)
def test_what_cannot_be_kept_to_is_one_error_with_its_place(limits, words):
    with pytest.raises(InputError, match="limits of the shares") as caught:
        limits.rooms(SIZES, BUDGETS)
    assert words in str(caught.value)


def test_all_faults_are_named_at_once():
    with pytest.raises(InputError, match="4 faults"):
        Limits(np.nan, "d", "e", -1).rooms(SIZES, BUDGETS)
