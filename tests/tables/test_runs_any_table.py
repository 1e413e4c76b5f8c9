"""Whatever is done to a table, reading it gives runs or one `InputError`, never anything else."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qqt_bayes.errors import InputError
from qqt_bayes.tables.composition import read_sizes
from qqt_bayes.tables.intake.columns import KEYS, columns_of
from qqt_bayes.tables.runs import read_runs

RUNS = """\
run,data,pool,unique_samples,samples_seen,metric,error,arch,seed,n_eval
r1,both,,,100,imagenet,0.8,B,1,50000
r2,both,,,1000,imagenet,0.7,B,,
r3,,NA,10,100,imagenet,0.75,L,2,
r4,,null,20,1e3,imagenet,1,B,,
r1,both,,,100,vtab,0.6,B,1,
"""
COMPOSITION = pd.DataFrame(
    {
        "data": ["unseen", "both", "both"],
        "pool": ["NA", "NA", "null"],
        "unique_samples": [99, 10, 40],
    }
)

CELLS = st.sampled_from(
    [
        "",
        " ",
        "a",
        "NA",
        "nan",
        "-1",
        "0",
        "1",
        "1e3",
        "1e400",
        "0.5",
        "12M",
        "1,5",
        "both",
        "é",
        "\0",
        '"',
    ]
)
FRAME_CELLS = CELLS | st.none() | st.booleans() | st.floats() | st.integers() | st.just([1])
HEADER = RUNS.splitlines()[0].split(",")
SOURCES = [*HEADER, "error*2", "samples_seen*1e9", "val_loss"]


@given(
    header=st.lists(st.sampled_from(HEADER), min_size=1, max_size=10),
    data=st.data(),
    metric=st.sampled_from([None, "imagenet", "a"]),
    kind=st.sampled_from(["error", "loss"]),
    options=st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(["drop_missing", "human_numbers", "best"], st.just(True)),
            "columns": st.dictionaries(st.sampled_from(KEYS), st.sampled_from(SOURCES), max_size=3),
        },
    ),
)
def test_any_frame_is_a_dataset_or_an_input_error(header, data, metric, kind, options):
    rows = data.draw(
        st.lists(st.lists(FRAME_CELLS, min_size=len(header), max_size=len(header)), max_size=4)
    )
    frame = pd.DataFrame(rows, columns=header, dtype=object)
    composition = data.draw(st.sampled_from([None, COMPOSITION]))
    dataset_or_fault(frame, composition, metric=metric, kind=kind, **options)


@given(
    cells=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9), CELLS), max_size=4),
    cuts=st.lists(st.tuples(st.integers(0, 300), st.binary(max_size=3)), max_size=2),
)
def test_any_damaged_csv_is_a_dataset_or_an_input_error(tmp_path_factory, cells, cuts):
    lines = [line.split(",") for line in RUNS.splitlines()]
    for row, column, cell in cells:
        lines[row][column] = cell
    content = "\n".join(map(",".join, lines)).encode()
    for place, noise in cuts:
        content = content[:place] + noise + content[place + 1 :]
    path = tmp_path_factory.getbasetemp() / "damaged.csv"
    path.write_bytes(content)
    dataset_or_fault(path, COMPOSITION, metric="imagenet", group="arch")


@pytest.mark.parametrize("suffix", ["csv", "tsv", "csv.gz", "jsonl", "json", "parquet"])
@given(
    content=st.binary(max_size=60)
    | st.text(max_size=60).map(lambda x: x.encode("utf-8", "replace"))
)
def test_any_bytes_are_a_dataset_or_an_input_error(tmp_path_factory, suffix, content):
    path = tmp_path_factory.getbasetemp() / f"bytes.{suffix}"
    path.write_bytes(content)
    dataset_or_fault(path)


def dataset_or_fault(source, composition=None, **options):
    try:
        runs = read_runs(source, composition, **options)
    except InputError as fault:
        assert str(fault)
    else:
        assert runs.sizes["run"] > 0
        assert bool((runs["error"] > 0).all() & (runs["samples_seen"] >= 1).all())
        assert bool((runs["unique_samples"].sum("pool") >= 1).all())
        assert bool((runs["data_index"] >= 0).all() & (runs["group_index"] >= 0).all())


@given(st.text(alphabet='erospl%=," *1aé\n\0', max_size=30))
def test_any_text_is_a_mapping_of_columns_or_an_input_error(text):
    try:
        columns = columns_of(text)
    except InputError as fault:
        assert str(fault).startswith("columns: ")
    else:
        assert columns.keys() <= set(KEYS)
        assert all(columns.values())


@pytest.mark.parametrize("cell", ["a\0", "\ud800", ["a"], {"a": 1}, b"a"])
def test_what_is_no_name(cell):
    """Some of these would be found out only when the fit is saved, and one not even then."""
    row, columns = [cell, 5, 9, 0.5], ["pool", "unique_samples", "samples_seen", "error"]
    with pytest.raises(InputError, match="row 1, column pool: expected a name, got "):
        read_runs(pd.DataFrame([row], columns=columns, dtype=object))


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (1e19, r"got 1e\+19; the largest that is read is 1e\+18"),
        (10**5000, "got a number of thousands of digits"),
    ],
    ids=["large", "endless"],
)
def test_numbers_have_an_end(number, sentence):
    sizes = pd.DataFrame([["a", 10**18], ["b", number]], columns=["pool", "unique_samples"])
    with pytest.raises(InputError, match=f"pools table: 1 fault\n  row 2.* {sentence}"):
        read_sizes(sizes.astype(object))


def test_the_name_of_a_file_may_be_anything(tmp_path):
    """It goes into the fit, whose text is UTF-8."""
    path = tmp_path / "runs\udce9.csv"
    path.write_text("pool,unique_samples,samples_seen,error\na,5,9,0.5\n")
    assert read_runs(path).attrs["source"] == "runs\ufffd.csv"
