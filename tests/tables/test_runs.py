"""Tables of runs: what a sound one becomes, and the sentence that each damage yields."""

import io
import json
import re

import numpy as np
import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.tables.runs import read_runs

RUNS = """\
run,data,pool,unique_samples,samples_seen,metric,error,arch,seed,n_eval,rounding,weight,note
r1,both,,,100,imagenet,0.8,B,1,50000,0.0005,2,
r2,both,,,1000,imagenet,0.7,B,,,,,cheap
r3,,NA,10,100,imagenet,0.75,L,2,50000,0,1,
r4,,NA,5,100,imagenet,0.85,L,,,,,
r5,,null,20,1e3,imagenet,1,B,,,,,
r1,both,,,100,vtab,0.6,B,1,,,,
"""
COMPOSITION = """data,pool,unique_samples
unseen,rest,99
both,null,40
both,NA,10
"""
POOLS = "pool,unique_samples\nNA,10\nnull,50\nrest,99\n"

PLAIN = """pool,unique_samples,samples_seen,error
a,10,100,0.9
b,10,100,0.8
a,10,1000,0.7
"""


def table(content: str) -> pd.DataFrame:
    """CSV as a DataFrame of text, whose first row is row 1."""
    return pd.read_csv(io.StringIO(content), dtype=str, keep_default_na=False)


def read(runs: str = RUNS, **options):
    options = {"metric": "imagenet", "group": "arch", **options}
    return read_runs(table(runs), table(COMPOSITION), **options)


def test_a_table_of_both_kinds_of_run():
    runs = read()
    values = {name: variable.values.tolist() for name, variable in runs.variables.items()}
    assert values | {"n_eval": 0, "seed": 0} == {
        "run": ["r1", "r2", "r3", "r4", "r5"],
        "data": ["both", "NA (10)", "NA (5)", "null"],
        "pool": ["null", "NA"],
        "group": ["B", "L"],
        "samples_seen": [100, 1000, 100, 100, 1000],
        "error": [0.8, 0.7, 0.75, 0.85, 1],
        "data_index": [0, 0, 1, 2, 3],
        "group_index": [0, 0, 1, 1, 0],
        "unique_samples": [[40, 10], [0, 10], [0, 5], [20, 0]],
        "pool_size": [40, 10],
        "rounding": [0.0005, 0, 0, 0, 0],
        "weight": [2, 1, 1, 1, 1],
        "n_eval": 0,
        "seed": 0,
    }
    np.testing.assert_array_equal(runs["n_eval"], [50000, np.nan, 50000, np.nan, np.nan])
    np.testing.assert_array_equal(runs["seed"], [1, np.nan, 2, np.nan, np.nan])
    assert runs["unique_samples"].dims == ("data", "pool")
    assert runs["samples_seen"].attrs == {"units": "samples"}
    assert runs["error"].attrs == {"units": "error rate"}
    assert runs["rounding"].attrs == {"units": "error rate"}


def test_what_is_left_out_is_said():
    attrs = read().attrs
    assert (attrs["kind"], attrs["metric"], attrs["source"]) == ("error", "imagenet", "runs table")
    assert json.loads(attrs["unused_columns"]) == ["note"]
    assert json.loads(attrs["unused_data"]) == ["unseen"]
    assert json.loads(attrs["unused_pools"]) == ["rest"]
    assert attrs["pools_given"] == 0


def test_the_source_is_named_without_its_folder(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(PLAIN)
    assert read_runs(path).attrs["source"] == "runs.csv"


def test_a_table_with_the_least_columns():
    runs = read_runs(table(PLAIN))
    assert runs["run"].values.tolist() == ["run 1", "run 2", "run 3"]
    assert runs["data"].values.tolist() == ["a", "b"]
    assert runs["group"].values.tolist() == ["all"]
    assert runs.attrs["metric"] == ""


def test_pool_sizes_come_from_the_pools_table():
    assert read(pools=table(POOLS))["pool_size"].values.tolist() == [50, 10]


def test_losses_may_exceed_one():
    runs = read_runs(table(PLAIN.replace("0.9", "4.5")), kind="loss")
    assert runs["error"].values[0] == 4.5
    assert runs["error"].attrs == {"units": "loss"}


def test_the_chance_error_belongs_to_the_table():
    """And to its hash: a fit depends on it."""
    runs, guessed = (read_runs(table(PLAIN), chance_error=x) for x in (None, 0.9))
    assert "chance_error" not in runs
    assert guessed["chance_error"].item() == 0.9
    assert runs.attrs["data_hash"] != guessed.attrs["data_hash"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"chance_error": 0.9, "kind": "loss"}, "guessing is for error rates, but the table"),
        (
            {"chance_error": 90},
            r"guessing: expected a number in \(0, 1\], got 90; that of ten classes",
        ),
        ({"chance_error": "0.9"}, "error rate of guessing: expected a number, got '0.9'"),
    ],
)
def test_what_is_no_chance_error(options, sentence):
    with pytest.raises(InputError, match=sentence):
        read_runs(table(PLAIN), **options)


def test_a_single_pool_never_takes_the_name_of_a_composition():
    composition = pd.DataFrame({"data": "NA", "pool": ["NA", "null"], "unique_samples": [1, 2]})
    runs = RUNS.replace("both", "NA").replace("r4,,NA,5", "r4,,NA,10")
    data = read_runs(table(runs), composition, metric="imagenet")["data"]
    assert data.values.tolist() == ["NA", "NA alone", "null"]


def test_stated_totals_of_a_composition_are_checked():
    read(RUNS.replace("both,,,", "both,,50,"))


def test_the_hash_depends_on_the_values_alone(tmp_path):
    frame = pd.DataFrame(
        {
            "pool": ["a", "b"],
            "unique_samples": 10,
            "samples_seen": [100, 200],
            "error": [0.9, 0.123],
        }
    )
    frame.to_csv(tmp_path / "runs.csv", index=False)
    frame.assign(note="x").to_parquet(tmp_path / "runs.parquet")
    frame.to_json(tmp_path / "runs.jsonl", orient="records", lines=True, double_precision=15)
    sources = [frame, frame.iloc[::-1], *tmp_path.glob("runs.*")]
    assert len({read_runs(source).attrs["data_hash"] for source in sources}) == 1
    changed = [frame.assign(error=0.5), frame.assign(pool=["a", "c"])]
    assert len({read_runs(source).attrs["data_hash"] for source in [frame, *changed]}) == 3
    assert read_runs(frame, kind="loss").attrs["data_hash"] != read_runs(frame).attrs["data_hash"]


DAMAGES = [
    # numbers
    (
        "r2,both,,,1000",
        "r2,both,,,0",
        "row 2, column samples_seen: expected a number of at least 1, got 0",
    ),
    (
        "r2,both,,,1000",
        "r2,both,,,-5",
        "column samples_seen: expected a number of at least 1, got -5",
    ),
    (
        "r2,both,,,1000",
        "r2,both,,,0.5",
        "column samples_seen: expected a number of at least 1, got 0.5",
    ),
    (
        "r2,both,,,1000",
        "r2,both,,,",
        "column samples_seen: expected a number of at least 1, got an empty",
    ),
    ("r2,both,,,1000", "r2,both,,,12M", "got '12M'; write plain numbers: 12000000"),
    ("r2,both,,,1000", "r2,both,,,1_000", "got '1_000'; write plain numbers: 1000"),
    ("r2,both,,,1000", "r2,both,,,1.5 b", "got '1.5 b'; write plain numbers: 1500000000"),
    ("r2,both,,,1000", 'r2,both,,,"1,000,000"', "got '1,000,000'; write plain numbers: 1000000"),
    ("r2,both,,,1000", "r2,both,,,True", "expected a number of at least 1, got 'True'"),
    ("r2,both,,,1000", "r2,both,,,inf", "expected a number of at least 1, got 'inf'"),
    ("r2,both,,,1000", "r2,both,,,1e999", "expected a number of at least 1, got '1e999'"),
    ("r2,both,,,1000", "r2,both,,,nan", "expected a number of at least 1, got 'nan'"),
    ("r2,both,,,1000", "r2,both,,,many", "expected a number of at least 1, got 'many'"),
    ("0.7,", "1.1,", "row 2, column error: expected an error rate in (0, 1], got 1.1"),
    ("0.7,", "70,", 'got 70; is it in per cent, an accuracy, or a loss (kind "loss")?'),
    ("0.7,", "0,", "row 2, column error: expected an error rate in (0, 1], got 0"),
    ("0.7,", "70 %,", "got '70 %'; write plain numbers: 0.7"),
    ("0.7,", '"0,7",', "got '0,7'; write plain numbers: 0.7"),
    ("NA,5,", "NA,0,", "row 4, column unique_samples: expected a number of at least 1, got 0"),
    (
        "NA,5,",
        "NA,,",
        "row 4, column unique_samples: expected a number of at least 1, got an empty cell",
    ),
    ("B,1,50000", "B,one,50000", "row 1, column seed: expected a number, got 'one'"),
    ("B,1,50000", "B,1,0", "row 1, column n_eval: expected a number of at least 1, got 0"),
    (",0.0005", ",-1", "row 1, column rounding: expected a half-width of at least 0, got -1"),
    (",0.0005,2", ",0.0005,0", "row 1, column weight: expected a weight from 1e-6 to 1e6, got 0"),
    # names
    ("r2,", ",", "row 2, column run: expected a name, got an empty cell"),
    ("r2,", "r1,", "row 2, column run: repeats row 1"),
    ("0.7,B", "0.7,", "row 2, column arch: expected a name, got an empty cell"),
    (
        "r2,both,",
        "r2,bath,",
        "row 2, column data: unknown training set 'bath'; did you mean 'both'?",
    ),
    ("r2,both,", "r2,all,", "unknown training set 'all'; expected one of 'unseen', 'both'"),
    ("r2,both,,", "r2,both,NA,", "row 2: has data and pool; expected one of the two"),
    ("r2,both,,", "r2,,,", "row 2: has no data and no pool; expected one of them"),
    (
        "r2,both,,,",
        "r2,both,,55,",
        "'both' has 50 in the composition table, here 55; leave the cell empty",
    ),
    (
        ",null,",
        ",nul,",
        "row 5, column pool: unknown pool 'nul' (not in the pools table); did you mean",
    ),
    (
        ",null,20",
        ",null,51",
        "row 5, column unique_samples: takes 51 from pool 'null', which has 50",
    ),
    # columns
    ("samples_seen", "sample_seen", "missing column 'samples_seen'; did you mean 'sample_seen'?"),
    ("error", "Error", "missing column 'error'; did you mean 'Error'?"),
    ("arch", "architecture", "missing column 'arch'"),
    ("unique_samples", "unique", "missing column 'unique_samples'; did you mean 'unique'?"),
    (
        "data,pool",
        "dataset,pools",
        "missing column 'data', or 'pool' with 'unique_samples'; did you mean",
    ),
    (",metric", ",task", "missing column 'metric'"),
]


@pytest.mark.parametrize(("old", "new", "sentence"), DAMAGES)
def test_each_damage_has_its_sentence(old, new, sentence):
    assert old in RUNS
    with pytest.raises(InputError, match=re.escape(sentence)):
        read(RUNS.replace(old, new, 1), pools=table(POOLS))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"metric": None},
            "1 fault\n  column metric: holds 2 metrics; choose one of 'imagenet', 'vtab'",
        ),
        (
            {"metric": "imagnet"},
            "1 fault\n  column metric: unknown metric 'imagnet'; did you mean 'imag",
        ),
        ({"metric": "coco"}, "unknown metric 'coco'; expected one of 'imagenet', 'vtab'"),
        ({"group": "arc"}, "1 fault\n  missing column 'arc'; did you mean 'arch'?"),
        ({"kind": "accuracy"}, "unknown kind 'accuracy'; expected one of 'error', 'loss'"),
        (
            {"pools": table(POOLS + "NA,5\n")},
            "pools table: 1 fault\n  row 4, column pool: repeats row 1",
        ),
        (
            {"pools": table("pool,unique_samples\nNA,10\nnull,50\n")},
            "composition table: 1 fault\n  row 1",
        ),
        ({"mapping": table(POOLS)}, "a mapping needs a pattern of evaluation files, got DataFrame"),
    ],
)
def test_options_that_do_not_fit_the_table(options, sentence):
    with pytest.raises(InputError, match=re.escape(sentence)):
        read(**options)


def test_runs_on_data_need_a_composition():
    with pytest.raises(
        InputError, match=r"column data: needs the composition table \(composition='FILE'\), whi"
    ):
        read_runs(table(RUNS), metric="vtab")


def test_pools_are_those_of_the_composition_if_there_is_no_pools_table():
    with pytest.raises(
        InputError, match=r"unknown pool 'nul' \(not in the composition table; a pools table can"
    ):
        read(RUNS.replace(",null,", ",nul,"))


def test_replicates_without_a_name_or_seed():
    again = PLAIN + "a,10,100,0.91\n"
    with pytest.raises(InputError, match=r"row 4: repeats row 1 \(same training set, samples_seen"):
        read_runs(table(again))
    seeds = table(again).assign(seed=[1, 1, 1, 2])
    assert read_runs(seeds).sizes["run"] == 4


def test_a_damaged_row_of_another_metric_does_no_harm():
    assert read(RUNS.replace("vtab,0.6", "vtab,6")).sizes["run"] == 5


def test_all_faults_in_one_message_in_the_order_of_rows(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("pool,unique_samples,sample_seen,error\na,10,100,7\nb,0,100\n,-1,5,no\n")
    with pytest.raises(InputError) as caught:
        read_runs(path)
    assert str(caught.value).splitlines() == [
        f"{path}: 6 faults",
        "  row 3: expected 4 cells as in the header, got 3; a cell with a comma in it needs quotes",
        "  missing column 'samples_seen'; did you mean 'sample_seen'?",
        "  row 2, column error: expected an error rate in (0, 1], got 7; "
        'is it in per cent, an accuracy, or a loss (kind "loss")?',
        "  row 4, column error: expected an error rate in (0, 1], got 'no'",
        "  row 4, column unique_samples: expected a number of at least 1, got -1",
        "  row 4: has no data and no pool; expected one of them",
        "  the columns are 'pool', 'unique_samples', 'sample_seen', 'error'",
        "  samples_seen: 'sample_seen' looks like it",
        "  if that is right, columns={'samples_seen': 'sample_seen'} says so",
    ]


def test_of_many_faults_the_first_twenty_are_shown():
    frame = pd.concat([table(PLAIN)] * 100).assign(error=-7, run=np.arange(300))
    with pytest.raises(InputError) as caught:
        read_runs(frame)
    lines = str(caught.value).splitlines()
    assert (len(lines), lines[0], lines[-1]) == (22, "runs table: 300 faults", "  ... and 280 more")


@pytest.mark.parametrize("cell", [True, None, np.nan, pd.NA, pd.NaT, "x", 1j, [1], {"a": 1}, b"1"])
def test_cells_of_a_frame_that_are_no_numbers(cell):
    frame = table(PLAIN).assign(samples_seen=pd.Series([100, cell, 1000], dtype=object))
    with pytest.raises(
        InputError, match="1 fault\n  row 2, column samples_seen: expected a number"
    ):
        read_runs(frame)


@pytest.mark.parametrize("name", ["", None, np.nan, pd.NA])
def test_a_pool_without_a_name(name):
    frame = table(PLAIN).assign(pool=pd.Series(["a", name, "b"], dtype=object))
    with pytest.raises(InputError, match="1 fault\n  row 2: has no data and no pool"):
        read_runs(frame)


def test_a_metric_of_a_table_without_metrics_is_one_fault():
    frame = pd.DataFrame({"pool": ["a"], "unique_samples": 9, "samples_seen": 9, "error": 0.5})
    with pytest.raises(InputError, match=r": 1 fault\n  missing column 'metric'\n"):
        read_runs(frame, metric="imagenet")


def test_no_run_above_the_least_budget():
    frame = pd.DataFrame({"pool": ["a"], "unique_samples": 9, "samples_seen": 9, "error": 0.5})
    with pytest.raises(InputError, match=r"^runs of fewer than 1B samples are to be left out, but"):
        read_runs(frame, least_budget="1B")


def test_names_of_merged_cells_are_known():
    """A sheet has the name of several rows in the first of them."""
    table = pd.DataFrame({"pool": ["a", "", "", "b", "", ""], "unique_samples": 1e6})
    table = table.assign(samples_seen=[1e6, 2e6, 4e6] * 2, error=[0.5, 0.4, 0.3] * 2)
    with pytest.raises(InputError, match=r"1 fault\n  4 rows have no data and no pool, the first"):
        read_runs(table)
    read_runs(table.assign(pool=table["pool"].replace("", None).ffill()))
    with pytest.raises(InputError, match="5 faults"):
        read_runs(table.assign(pool=["a", "", "", "a", "", ""]))
