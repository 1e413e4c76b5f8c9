"""Numbers as people write them: what each means, and what is left open."""

import numpy as np
import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.tables.cells import COUNT, WRONG, human_numbers_in, number_in
from qqt_bayes.tables.human_numbers import written
from qqt_bayes.tables.rows import ERROR
from qqt_bayes.tables.runs import read_runs

MEANT = {
    "12.8M": 12.8e6,
    "128m": 128e6,
    "30 M": 30e6,
    ".5B": 0.5e9,
    "1.5 b": 1.5e9,
    "2G": 2e9,
    "1.2T": 1.2e12,
    "7 million": 7e6,
    "1.28 Billion": 1.28e9,
    "3bn": 3e9,
    "5 Mrd": 5e9,
    "44 %": 0.44,
    "~128M": 128e6,
    "≈ 1,000,000": 1e6,
    "1.28 x 10^9": 1.28e9,
    "1.28\u00d710^9": 1.28e9,
    "13,478,188,854": 13_478_188_854,
    "14,000,000": 14e6,
    "1,234,567.5": 1_234_567.5,
    "12.800.000": 12.8e6,
    "12.800.000,5": 12_800_000.5,
    "1_000": 1e3,
    "1 000": 1e3,
    "12 800 000": 12.8e6,
    "12\u202f800\u202f000": 12.8e6,
    "12'800'000": 12.8e6,
    "0,769": 0.769,
    "0,7": 0.7,
    ",5": 0.5,
    "3,8441": 3.8441,
    "1234,567": 1234.567,
    "12,8M": 12.8e6,
}


@pytest.mark.parametrize(("text", "number"), MEANT.items())
def test_a_number_with_one_meaning(text, number):
    assert written(text).values == pytest.approx((number,), rel=1e-12)


@pytest.mark.parametrize(
    "text", ["many", "12M tokens", "1,2,3", "12..5", "1-2", "M", "", "v1.2.3", "\uff11\uff12M"]
)
def test_what_is_no_number(text):
    assert written(text) is None


@pytest.mark.parametrize(
    ("cells", "counts", "numbers"),
    [
        (["5,703"], False, [WRONG]),
        (["5,703", "4,84"], False, [5.703, 4.84]),
        (["5,703", "1,234,567"], False, [5703, 1234567]),
        (["5,703", "1,234,567", "0,5"], True, [WRONG, 1234567, 0.5]),
        (["4,300"], True, [4300]),
        (["12.800"], True, [12.8]),
        (["12.800", "12.800.000"], True, [WRONG, 12.8e6]),
        (["1.280M", "12.800.000"], True, [WRONG, 12.8e6]),
        (["1.280M", "12.8M"], True, [1.28e6, 12.8e6]),
        (["0,769", None, "nan"], False, [0.769, np.nan, np.nan]),
        ([12, "12M", True, "x"], True, [12, 12e6, WRONG, WRONG]),
    ],
)
def test_a_mark_is_understood_with_the_others_of_its_column(cells, counts, numbers):
    np.testing.assert_array_equal(human_numbers_in(cells, counts), numbers)


@pytest.mark.parametrize("text", ["1.28e7", "12.8", "1e5", " 7 ", "5.", ".5"])
def test_plain_numbers_mean_the_same_to_everyone(text):
    assert human_numbers_in([text], False) == number_in(text)


@pytest.mark.parametrize(
    ("number", "cell", "advice"),
    [
        (ERROR["error"], "0,769", "write plain numbers: 0.769"),
        (ERROR["loss"], "5,703", "write plain numbers: 5703 or 5.703"),
        (COUNT, "5,703", "write plain numbers: 5703"),
        (COUNT, "12.800", "write plain numbers: 12800 or 12.8"),
        (COUNT, "~128M", "write plain numbers: 128000000"),
    ],
)
def test_the_complaint_tells_the_plain_number(number, cell, advice):
    assert number.complaint(cell, WRONG).endswith(f"; {advice}")


TABLE = pd.DataFrame(
    {
        "pool": ["Basic filtering", "CLIP score", "Image-based", "H (high-train)", "top"],
        "unique_samples": ["30M", "38M", "14,000,000", "13,478,188,854", "1.28e7"],
        "samples_seen": ["128M", "128M", "128,000,000", "4,300,000,000", "~128M"],
        "error": [0.774, 0.727, 0.703, 0.62, 0.7],
    }
)
"""Tables of DataComp and of a language model, as their authors print them."""


def test_they_are_read_if_that_is_asked_for():
    runs = read_runs(TABLE, human_numbers=True)
    assert runs["samples_seen"].values.tolist() == [128e6, 128e6, 128e6, 4.3e9, 128e6]
    assert runs["pool_size"].values.tolist() == [30e6, 38e6, 14e6, 13478188854, 12.8e6]


def test_otherwise_the_message_says_that_they_can_be():
    with pytest.raises(InputError) as caught:
        read_runs(TABLE)
    first, *_, last = str(caught.value).splitlines()
    assert first == "runs table: 9 faults"
    assert last == "  human_numbers=True reads such numbers as they are"
    assert str(caught.value).count("human_numbers") == 1


def test_that_is_not_said_where_it_does_not_help():
    for table in (TABLE.assign(error="many"), TABLE.assign(error="5,703")):
        plain = table.assign(unique_samples=10, samples_seen=100)
        with pytest.raises(InputError) as caught:
            read_runs(plain, kind="loss")
        assert "human_numbers" not in str(caught.value)


def test_the_other_tables_of_runs_are_read_so_too():
    composition = pd.DataFrame({"data": "x", "pool": ["a", "b"], "unique_samples": ["10M", "5"]})
    pools = pd.DataFrame({"pool": ["a", "b"], "unique_samples": ["1B", "7,000"]})
    runs = pd.DataFrame({"data": ["x"], "samples_seen": ["1B"], "error": [0.5]})
    with pytest.raises(InputError, match=r"'1B'.*write plain(.|\n)*human_numbers=True reads such"):
        read_runs(runs, composition, pools)
    read = read_runs(runs, composition, pools, human_numbers=True)
    assert read["unique_samples"].values.tolist() == [[10e6, 5]]
    assert read["pool_size"].values.tolist() == [1e9, 7000]


@pytest.mark.parametrize("human_numbers", [False, True])
def test_a_german_sheet_is_never_read_a_thousand_times_too_small(tmp_path, human_numbers):
    path = tmp_path / "runs.csv"
    path.write_text("pool;unique_samples;samples_seen;error\na;12.800;128.000.000;0,769\n")
    with pytest.raises(InputError, match=r"got '12.800'; write plain numbers: 12800 or 12.8"):
        read_runs(path, human_numbers=human_numbers)
    path.write_text("pool;unique_samples;samples_seen;error\na;12.800.000;128.000.000;0,769\n")
    read = read_runs(path, human_numbers=True)
    assert [read[name].item() for name in ("pool_size", "error")] == [12.8e6, 0.769]
