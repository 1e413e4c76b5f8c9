"""How a table says that its runs drew with replacement, and what it may not say."""

import io

import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.tables.runs import read_runs

PLAIN = """pool,unique_samples,samples_seen,error,replacement
a,10,100,0.9,{}
b,10,100,0.8,{}
a,10,1000,0.7,{}
"""


def table(*cells: str) -> pd.DataFrame:
    """Three runs with something in their column `replacement`; without the column if nothing."""
    content = (
        PLAIN.format(*cells) if cells else PLAIN.replace(",replacement", "").replace(",{}", "")
    )
    return pd.read_csv(io.StringIO(content), dtype=str, keep_default_na=False)


@pytest.mark.parametrize(
    ("cells", "given", "drawn"),
    [
        ((), None, False),
        ((), True, True),
        ((), False, False),
        (("true", "True", "yes"), None, True),
        (("1", "1", "1"), True, True),
        (("false", "no", "0"), None, False),
        (("false", "no", "0"), False, False),
    ],
)
def test_a_table_or_an_argument_says_it(cells, given, drawn):
    runs = read_runs(table(*cells), replacement=given)
    assert ("replacement" in runs) == drawn
    same = runs.attrs["data_hash"] == read_runs(table()).attrs["data_hash"]
    assert same == (not drawn)  # fits of the two are not compared as if of the same runs


def test_booleans_of_other_formats_are_read():
    frame = table().assign(replacement=True)
    assert "replacement" in read_runs(frame)


def test_another_name_for_the_column():
    frame = table("true", "true", "true").rename(columns={"replacement": "resampled"})
    assert "replacement" in read_runs(frame, columns={"replacement": "resampled"})


@pytest.mark.parametrize(
    ("cells", "given", "faults"),
    [
        (
            ("true", "false", "false"),
            None,
            [
                "2 faults",
                "row 2, column replacement: false, but row 1 has true: runs with and without "
                "replacement cannot be told apart in one fit; give each kind its own table",
                "row 3, column replacement: false, but row 1 has true",
            ],
        ),
        (
            ("false", "maybe", ""),
            None,
            [
                "row 2, column replacement: expected true or false, got 'maybe'",
                "row 3, column replacement: expected true or false, got an empty cell",
            ],
        ),
        (
            ("true", "true", "false"),
            False,
            [
                "row 1, column replacement: true, but replacement is given as False for all runs; "
                "leave one out",
                "row 2, column replacement: true",
            ],
        ),
    ],
)
def test_faults_name_their_rows(cells, given, faults):
    with pytest.raises(InputError) as caught:
        read_runs(table(*cells), replacement=given)
    for fault in faults:
        assert fault in str(caught.value)
