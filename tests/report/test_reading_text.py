"""What a page says of how its table was read: columns, and what was left out."""

import json

import pandas as pd
import pytest

from qqt_bayes.report.reading_text import OF_PAGE, sentences
from qqt_bayes.tables.reading import MAX_CHARACTERS, MAX_KEPT
from qqt_bayes.tables.runs import read_runs

TABLE = pd.DataFrame(
    {
        "pool": ["a", "a", "b", "b", "a"],
        "unique_samples": [1e6, 1e6, 2e6, 2e6, 1e6],
        "samples_seen": [1e6, 8e6, 1e6, 8e6, 16e6],
        "error": [0.9, 0.7, 0.8, 0.6, None],
    }
)


def said_of(table, *others, **options):
    return sentences(json.loads(read_runs(table, *others, **options).attrs["reading"]))


def test_of_a_plain_table_nothing_is_said():
    assert said_of(TABLE.dropna()) == []
    assert sentences({}) == []


def test_rows_that_were_left_out_are_counted_and_named():
    assert said_of(TABLE, drop_missing=True, least_budget="2M") == [
        "Rows that lack a number and were left out: 1 (row 5 (error: empty)).",
        "Rows left out because training had hardly begun, below 2M: 2 (row 1, row 3).",
    ]
    again = pd.concat([TABLE.dropna(), TABLE[:1].assign(error=0.95)]).assign(lr=range(5))
    said = said_of(again, best=True)
    assert said[0].startswith("Rows left out because a run that differs in settings alone did bet")
    assert said[0].endswith(": 1 (row 5).")
    assert said[1] == "Columns that are not used: 1 (lr)."


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("accuracy%", "error = 1 - 'score' / 100"),
        ("accuracy", "error = 1 - 'score'"),
        ("error%", "error = 'score' / 100"),
        ("ppl", "error = log of 'score'"),
        ("error", "error = 'score'"),
    ],
)
def test_what_stands_for_the_error_is_said_as_arithmetic(key, words):
    cells = [1.9, 1.7, 1.8, 1.6] if key == "ppl" else [0.9, 0.7, 0.8, 0.6]
    table = TABLE.dropna().rename(columns={"error": "score"}).assign(score=cells)
    assert said_of(table, columns={key: "score"}) == [f"As the table of runs was read: {words}."]


def test_every_renamed_column_is_said_and_the_file_that_names_them(tmp_path):
    names = {"pool": "source", "unique_samples": "docs", "samples_seen": "seen", "error": "loss_it"}
    TABLE.dropna().rename(columns=names).to_csv(tmp_path / "runs.csv", index=False)
    pairs = [f'{key} = "{name}"' for key, name in names.items()]
    (tmp_path / "runs.toml").write_text("\n".join(["[columns]", *pairs]))
    assert said_of(tmp_path / "runs.csv") == [
        "As the table of runs was read, as runs.toml says: pool = 'source', unique_samples = "
        "'docs', samples_seen = 'seen' and error = 'loss_it'."
    ]


def test_metrics_that_were_left_aside_are_named():
    both = pd.concat([TABLE.dropna().assign(metric=name) for name in ("imagenet", "vtab")])
    (said,) = said_of(both, metric="vtab")
    assert said == "Other metrics of the table, which are no part of this: 1 (imagenet)."


def test_cells_that_were_read_as_people_write_numbers_are_said():
    (said,) = said_of(TABLE.dropna().assign(unique_samples="1.5M"), human_numbers=True)
    assert said == "Cells that were read as people write numbers: 4, such as '1.5M' as 1500000."


def test_a_group_by_another_column_is_said():
    assert said_of(TABLE.dropna().assign(arch="B"), group="arch") == [
        "As the table of runs was read: group = 'arch'."
    ]


def test_little_is_kept_of_much():
    many = TABLE.dropna().assign(**{f"{i}" + "x" * 500: 0 for i in range(90)})
    kept = json.loads(read_runs(many).attrs["reading"])["left_out"]["unused_columns"]
    assert (kept["count"], len(kept["first"])) == (90, MAX_KEPT)
    assert max(map(len, kept["first"])) == MAX_CHARACTERS
    assert sentences({"left_out": {"unused_columns": kept}})[0].endswith(" and 85 more).")


def test_what_a_later_version_keeps_is_passed_over():
    assert "unknown" not in OF_PAGE
    assert sentences({"left_out": {"unknown": {"count": 1, "first": ["x"]}}, "new": 5}) == []
