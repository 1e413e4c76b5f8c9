"""What a cost file says, computed by hand; and every fault of one under its key."""

import re

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT

import qqt_bayes as qqt
from qqt_bayes.errors import InputError
from qqt_bayes.planning.costs import Costs, PoolPrice, TrainingPrice
from qqt_bayes.planning.costs_reader import POOL, TRAINING

GPUS = {"price_per_gpu_hour": 2.5, "samples_per_gpu_hour": 5e6}
FILE = """
currency = "EUR"
worth = 40_000

[training]
price_per_gpu_hour = 2.5
samples_per_gpu_hour = 5e6
price_per_run = 50

[training.groups."ViT-L-14"]
samples_per_gpu_hour = 1e6

[training.groups.rented]
price_per_million_samples = 2
price_per_run = 0

[pools.best]
price_per_million_samples = 30
scoring_per_million_samples = 2
share_kept = 0.1
price = 1_000
owned = true

[pools.rest]
price_per_thousand_samples = 0.01
owned = 2e6
"""


@pytest.fixture
def costs(tmp_path):
    path = tmp_path / "costs.toml"
    path.write_text(FILE)
    return qqt.read_costs(path)


def test_training_is_priced_by_hand(costs):
    """100M samples are 20 GPU-hours of EUR 2.50; the larger model takes five times as long."""
    assert costs.of_training(1e8) == pytest.approx(50 + 50)
    assert costs.in_group("ViT-L-14").of_training(1e8) == pytest.approx(250 + 50)
    assert costs.in_group("rented").of_training(1e8) == pytest.approx(200)
    assert costs.in_group("another").of_training(1e8) == pytest.approx(100)


def test_data_are_priced_by_hand(costs):
    """Scoring 10 samples for one that is kept: EUR 20 and 30 for a million; what is owned, not."""
    levels = xr.DataArray(
        [[5e6, 0.0], [6e6, 0.0], [5e6, 3e6]],
        {"level": ["a", "b", "c"], "pool": ["best", "rest"]},
        ("level", "pool"),
    )
    trained = xr.DataArray([5e6, 9e6], {"pool": ["best", "rest"]}, ("pool",))
    assert costs.of_data(levels, trained).values == pytest.approx([0, 1_000 + 50, 10])


def test_what_an_error_is_worth_is_linear(costs):
    assert costs.worth_between(0.4, 0.6) == pytest.approx(4e6)
    gained = costs.value_of(xr.DataArray(0.50)) - costs.value_of(xr.DataArray(0.51))
    assert gained == pytest.approx(40_000)


def test_what_an_error_is_worth_may_be_a_table():
    worth = {"error": [0.6, 0.5, 0.45], "value": [0, 100, 300]}
    found = qqt.read_costs({"currency": "EUR", "training": GPUS, "worth": worth})
    at = xr.DataArray([0.7, 0.55, 0.5, 0.475, 0.4])
    assert found.value_of(at).values == pytest.approx([0, 50, 100, 200, 300])
    assert found.worth_between(0.45, 0.6) == pytest.approx(300 / 0.15)
    assert found.worth_between(0.5, 0.55) == pytest.approx(1_000)
    with pytest.raises(InputError, match=r"all errors from 0\.7 to 0\.8.*the same"):
        found.worth_between(0.7, 0.8)


def test_an_owned_pool_within_rounding_is_not_bought():
    assert PoolPrice(1.0, 7.0, owned=1e7).of(np.array([1e7 * (1 + 1e-12)]), 0.0) == 0


def runs(pools, groups):
    """The names of some runs."""
    return xr.Dataset(coords={"pool": pools, "group": groups})


def taken(*pools):
    """A level of a sample of each pool."""
    return xr.DataArray([[1.0] * len(pools)], {"level": ["a"], "pool": [*pools]}, ("level", "pool"))


def test_prices_of_unknown_pools_and_groups_are_refused(costs):
    with pytest.raises(InputError) as error:
        costs.require_fitting(runs(["best", "rst"], ["ViT-L-14", "ViT-B-32"]), taken("best", "rst"))
    assert str(error.value) == (
        "costs: 3 faults\n"
        "  pools.rest: the runs have no such pool; did you mean 'rst'?\n"
        "  training.groups.rented: the runs have no such group; expected one of 'ViT-L-14', "
        "'ViT-B-32'\n"
        "  pools.rst: expected a price, because levels take from it, but there is none; where it "
        "is paid for, write owned = true"
    )


def test_prices_of_other_groups_than_the_only_one_are_refused_unless_it_has_its_own(costs):
    """One file may serve several tables of a group each; one without the group's price is amiss."""
    of_one = runs(["best", "rest"], ["rented"])
    costs.require_fitting(of_one, taken("best"))
    with pytest.raises(InputError, match=r"training.groups.rented: the runs have no such group; "):
        costs.require_fitting(of_one.assign_coords(group=["all"]), taken("best"))


def test_a_file_is_read_with_the_runs_that_it_has_to_fit():
    """Whatever is wrong with it comes in one message."""
    table = {"currency": "EUR", "training": GPUS | {"groups": {"a": GPUS}}, "worth": -1}
    table |= {"pools": {"bst": {"owned": True}}}
    with pytest.raises(InputError) as error:
        qqt.read_costs(table, runs(["best"], ["b", "c"]), taken("best"))
    first, *keys = [line.partition(":")[0].strip() for line in str(error.value).splitlines()]
    assert (first, keys) == ("costs", ["worth", "pools.bst", "training.groups.a", "pools.best"])


def test_a_pool_without_a_price_is_named(costs):
    levels = xr.DataArray([[1.0]], {"level": ["a"], "pool": ["bests"]}, ("level", "pool"))
    with pytest.raises(InputError, match=r"pools.bests: expected a price, because levels take"):
        costs.of_data(levels, xr.DataArray([1.0], {"pool": ["bests"]}, ("pool",)))


def test_prices_by_group_alone_take_a_group():
    found = qqt.read_costs({"currency": "EUR", "training": {"groups": {"a": GPUS}}})
    assert found.in_group("a").of_training(5e6) == pytest.approx(2.5)
    with pytest.raises(InputError, match="no price for group 'b'"):
        found.in_group("b")
    with pytest.raises(InputError, match="choose one of the groups"):
        found.of_training(1e6)


def test_without_pools_data_are_paid_for():
    levels = xr.DataArray([[1e9]], {"level": ["a"], "pool": ["x"]}, ("level", "pool"))
    assert Costs("EUR", TrainingPrice(1.0)).of_data(levels, levels[0]).item() == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "currency: expected a short text such as 'EUR', but it is missing"),
        ({}, "training: expected a table with prices of training, but it is missing"),
        ({"currency": 5}, "currency: expected a short text such as 'EUR', got 5"),
        ({"currency": "\x1b[2J"}, "currency: expected a short text"),
        ({"training": []}, "training: expected a table with prices of training, got []"),
        ({"training": {}}, "training: expected price_per_sample, price_per_million_samples or"),
        ({"training": {"price_per_sample": -1}}, "training.price_per_sample: expected a number"),
        ({"training": {"price_per_sample": True}}, "got True"),
        ({"training": {"price_per_sample": "1"}}, "got '1'"),
        ({"training": {"price_per_sample": float("nan")}}, "got nan"),
        ({"training": {"price_per_sample": 10**400}}, "price_per_sample: expected a number above"),
        ({"training": {"price_per_gpu_hour": 2}}, "samples_per_gpu_hour: expected a number from 1"),
        ({"training": GPUS | {"samples_per_gpu_hour": 0}}, "samples_per_gpu_hour: expected"),
        ({"training": GPUS | {"price_per_run": -5}}, "training.price_per_run: expected a number"),
        ({"training": GPUS | {"price_per_sample": 1}}, "both say what training costs; give one"),
        ({"training": {"price_per_sample": 1, "price_per_million_samples": 1}}, "say the same"),
        ({"training": GPUS | {"price_per_runs": 5}}, "did you mean 'price_per_run'?"),
        ({"training": GPUS | {"groups": 5}}, "training.groups: expected a table by name, got 5"),
        ({"training": GPUS | {"groups": {"a": 5}}}, "training.groups.a: expected a table of"),
        ({"training": GPUS | {"groups": {"a": {"prize": 5}}}}, "training.groups.a.prize: a group"),
        ({"worth": 0}, "worth: expected a number above 0, what an error smaller by 0.01 is worth"),
        ({"worth": {"error": [0.5]}}, "worth.error: expected a list of two numbers or more"),
        ({"worth": {"error": [0.5, 0.4], "value": [1, 2, 3]}}, "each of 2 errors, got 3"),
        ({"worth": {"error": [0.5, 0.4], "value": [2, 1]}}, "an error of 0.4 is worth 1, less"),
        ({"worth": {"error": [0.5, 0.5], "value": [1, 2]}}, "0.5 stands there twice"),
        ({"worth": {"error": [0.5, 0.4], "value": [2, 2]}}, "two different values at least"),
        ({"worth": {"error": [0.5, -0.4], "value": [1, 2]}}, "worth.error[1]: expected a number"),
        ({"pools": {"a": {}}}, "pools.a: expected price_per_million_samples or another price"),
        ({"pools": {"a": {"price": -1}}}, "pools.a.price: expected a number from 0"),
        ({"pools": {"a": {"owned": -1}}}, "pools.a.owned: expected true, false or a number of"),
        ({"pools": {"a": {"owned": "yes"}}}, "pools.a.owned: expected true, false or a number"),
        ({"pools": {"a": {"price": 1, "share_kept": 2}}}, "pools.a.share_kept: expected a number"),
        ({"pools": {"a": {"price": 1, "share_kept": 0.1}}}, "no price of scoring is given"),
        ({"pools": {"a": {"price": 1, "ownd": 1}}}, "did you mean 'owned'?"),
        ({"polls": {}}, "polls: a cost file has no such key; did you mean 'pools'?"),
    ],
)
def test_faults_are_named_by_their_keys(content, words):
    whole = content if not content else {"currency": "EUR", "training": GPUS} | content
    with pytest.raises(InputError, match=re.escape(words)):
        qqt.read_costs(whole)


def test_all_faults_come_in_one_message():
    with pytest.raises(InputError) as error:
        qqt.read_costs({"currency": "", "training": GPUS | {"price_per_run": -1}, "worth": -1})
    assert str(error.value).startswith("costs: 3 faults\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'currency = "EUR', "expected a TOML file: "),
        (b"\xff\xfe", "expected a TOML file: "),
        (b"a = " + b"[" * 100_000, "nest too deeply"),
        (b"currency = 1\n", "costs.toml: 2 faults"),
    ],
)
def test_what_is_no_cost_file_is_said(tmp_path, text, words):
    path = tmp_path / "costs.toml"
    path.write_bytes(text)
    with pytest.raises(InputError, match=words):
        qqt.read_costs(path)


def test_no_file_is_said(tmp_path):
    with pytest.raises(InputError, match=r"the costs cannot be read: .*no such file"):
        qqt.read_costs(tmp_path / "costs.toml")
    with pytest.raises(InputError, match="expected a path or a mapping, got int"):
        qqt.read_costs(5)


def test_the_file_in_the_docs_can_be_read(tmp_path):
    page = (ROOT / "docs" / "money.md").read_text(encoding="utf-8")
    path = tmp_path / "costs.toml"
    path.write_text(re.search("```toml\n(.*?)```", page, re.DOTALL)[1])
    found = qqt.read_costs(path)
    assert found.worth == 5000
    assert found.in_group("ViT-L-14").training.per_sample == pytest.approx(2.5 / 2e5)
    assert found.pools["0-10%"] == PoolPrice(pytest.approx(50e-6), 1000.0, 0.0, True)


WORDS = ["currency", "worth", "training", "pools", "groups", "error", "value", *TRAINING, *POOL]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.floats(0.1, 0.9), max_size=3),
)
TABLES = st.recursive(
    LEAVES, lambda inner: st.dictionaries(st.sampled_from(WORDS), inner, max_size=6), max_leaves=20
)


@given(st.dictionaries(st.sampled_from(WORDS), TABLES, max_size=6))
def test_any_table_is_read_or_has_faults(table):
    try:
        found = qqt.read_costs({"currency": "EUR", "training": GPUS} | table)
    except InputError as error:
        assert "fault" in str(error)
    else:
        assert found.training is None or 0 <= found.training.per_sample < np.inf
        assert all(0 <= price.per_sample < np.inf for price in found.pools.values())
