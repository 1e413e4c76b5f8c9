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
                "1 fault\n",
                "column replacement: says true in row 1 and false in others: runs with and "
                "without replacement cannot be told apart in one fit; give each kind its own table",
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
                "1 fault\n",
                "column replacement: says true in row 1 and row 2, but all runs are to be read as "
                "drawn without replacement; leave the argument out, or correct the column",
            ],
        ),
    ],
)
def test_faults_name_their_rows(cells, given, faults):
    with pytest.raises(InputError) as caught:
        read_runs(table(*cells), replacement=given)
    for fault in faults:
        assert fault in str(caught.value)


def test_many_mixed_rows_are_one_sentence():
    rows = [f"p{i},10,100,0.5,{'true' if i % 2 else 'false'}" for i in range(40)]
    text = "pool,unique_samples,samples_seen,error,replacement\n" + "\n".join(rows)
    with pytest.raises(
        InputError, match=r": 1 fault\n.* row 8 and 16 more and false in others"
    ) as caught:
        read_runs(pd.read_csv(io.StringIO(text), dtype=str))
    assert len(str(caught.value).splitlines()) == 2
