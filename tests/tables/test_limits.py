"""Small files that claim to be huge: refused in a sentence, before memory and time are spent."""

import gzip
import io
import json
import sys
import tracemalloc
import zipfile
from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qqt_bayes import errors
from qqt_bayes.errors import InputError
from qqt_bayes.importers.sources import columns_of
from qqt_bayes.tables import limits
from qqt_bayes.tables.composition import read_composition
from qqt_bayes.tables.formats import read_table
from qqt_bayes.tables.runs import read_runs

MIB = 2**20


def parquet(**columns: object) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def lines_of_own_keys(count: int) -> bytes:
    return "\n".join(json.dumps({"pool": "a", f"key {i}": i}) for i in range(count)).encode()


def nested(depth: int) -> bytes:
    return b'{"pool": ' + b"[" * depth + b"]" * depth + b"}"


def workbook(*cells: tuple[int, int]) -> bytes:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row, column in ((1, 1), *cells):
        book.active.cell(row, column, "pool")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def renumbered(content: bytes, row: int) -> bytes:
    """A workbook whose second row claims to be another one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for part in old.infolist():
            text = old.read(part)
            if part.filename.endswith("sheet1.xml"):
                text = text.replace(b'<row r="2"', b'<row r="%d"' % row)
                text = text.replace(b'r="A2"', b'r="A%d"' % row)
            new.writestr(part, text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def padded(content: bytes, size: int) -> bytes:
    """A workbook with another part of so many zeros, packed."""
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/more.xml", b"\0" * size)
    return buffer.getvalue()


SMALL = {"MAX_BYTES": 2 * MIB, "MAX_CELLS": 20_000, "MAX_COLUMNS": 500, "DENSE_CELLS": 5_000}
"""Limits under which a bomb is made in no time."""
BYTES = "more than 2 MiB, the most that is read"
CELLS = "the most that are read are 20,000"
BOMBS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "gzip of zeros": ("a.csv.gz", lambda: gzip.compress(b"\0" * 64 * MIB), BYTES),
    "gzip of rows": ("a.csv.gz", lambda: gzip.compress(b"pool\n" + b"a\n" * 2 * MIB), BYTES),
    "gzip of gzips": ("a.jsonl.gz", lambda: gzip.compress(b"\n" * MIB) * 64, BYTES),
    "rows": ("a.csv", lambda: b"pool,n,m\n" + b"a,5,7\n" * 7_000, CELLS),
    "a header": (
        "a.csv",
        lambda: b",".join(b"c%d" % i for i in range(501)) + b"\n1",
        "501 columns",
    ),
    "one line of commas": ("a.csv", lambda: b"pool\n" + b"," * MIB, "1,048,577 columns"),
    "keys of their own": ("a.jsonl", lambda: lines_of_own_keys(200), "of whose 40,200 cells 400"),
    "more keys": ("a.jsonl", lambda: lines_of_own_keys(600), "601 columns"),
    "records in a document": (
        "a.json",
        lambda: b"[" + b",".join(lines_of_own_keys(200).split(b"\n")) + b"]",
        "of whose 40,200 cells 400 hold anything",
    ),
    "one line a million deep": ("a.jsonl", lambda: nested(10**6), "more than 100 deep"),
    "one line 101 deep": ("a.jsonl", lambda: nested(101), "row 1: lists or objects stand"),
    "a document a million deep": ("a.json", lambda: b"[" * 10**6, "more than 100 deep"),
    "a document 5,000 deep": ("a.json", lambda: b"[%s]" % nested(5_000), "more than 100 deep"),
    "one text, repeated": ("a.parquet", lambda: parquet(pool=["x" * 1_000] * 9_000), BYTES),
    "bytes, repeated": ("a.parquet", lambda: parquet(pool=[b"x" * 1_000] * 9_000), BYTES),
    "a text in records": ("a.parquet", lambda: parquet(pool=[{"a": "x" * 1_000}] * 9_000), BYTES),
    "one number, repeated": ("a.parquet", lambda: parquet(error=[0.5] * 20_001), CELLS),
    "a cell far to the right": (
        "a.xlsx",
        lambda: workbook(*((row, 16_384) for row in range(2, 5))),
        CELLS,
    ),
    "a row far down": (
        "a.xlsx",
        lambda: renumbered(workbook((2, 1)), 10**9),
        "more rows than a sheet of Excel (1,048,576)",
    ),
    "a packed part": ("a.xlsx", lambda: padded(workbook((2, 1)), 64 * MIB), BYTES),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_in_a_sentence(tmp_path, monkeypatch, bomb):
    name, make, sentence = BOMBS[bomb]
    path = tmp_path / name
    path.write_bytes(make())
    for limit, value in SMALL.items():
        monkeypatch.setattr(limits, limit, value)
    with pytest.raises(InputError) as caught:
        read_table(path, "runs").check()
    assert str(caught.value).startswith(f"{path}: ")
    assert sentence in str(caught.value)


@pytest.mark.parametrize("bomb", ["gzip of zeros", "gzip of gzips", "a packed part"])
def test_nothing_is_unpacked_beyond_the_limit(tmp_path, monkeypatch, bomb):
    """64 MiB are claimed and 2 MiB the limit: the peak of memory says how far was read."""
    name, make, _ = BOMBS[bomb]
    path = tmp_path / name
    path.write_bytes(make())
    read_whatever_is_imported_first(tmp_path, name)
    monkeypatch.setattr(limits, "MAX_BYTES", SMALL["MAX_BYTES"])
    tracemalloc.start()
    try:
        with pytest.raises(InputError):
            read_table(path, "runs")
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()


def read_whatever_is_imported_first(folder, name):
    first = folder / f"first-{name}"
    first.write_bytes(b"nothing")
    with pytest.raises(InputError):
        read_table(first, "runs")


SOUND = {
    "a.csv.gz": gzip.compress(b"pool,error\na,0.5\nb,0.4\n"),
    "a.parquet": parquet(pool=["a", "b"], error=[0.5, 0.4]),
    "dictionary.parquet": parquet(pool=pa.array(["a", "b"]).dictionary_encode(), error=[0.5, 0.4]),
    "large.parquet": parquet(pool=pa.array(["a", "b"], pa.large_string()), error=[0.5, 0.4]),
    "nested.parquet": parquet(
        pool=["a", "b"], error=[0.5, 0.4], more=[{"x": ["y", None]}, None], tags=[["t"], []]
    ),
    "a.jsonl": b'{"pool": "a", "error": 0.5}\n{"pool": "b", "error": 0.4, "x": {"y": [1]}}',
}


@pytest.mark.parametrize("name", SOUND)
def test_what_is_no_bomb_is_read_as_before(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(SOUND[name])
    table = read_table(path, "runs")
    assert table.names("pool").tolist() == ["a", "b"]
    assert [float(str(cell)) for cell in table.columns["error"]] == [0.5, 0.4]


LISTS = {
    "texts": [["x" * 1_000] * 9] * 900,
    "maps": pa.array([[("k", "x" * 1_000)]] * 5_000, pa.map_(pa.string(), pa.string())),
    "one row of numbers": [[0.5] * 20_001],
}


@pytest.mark.parametrize("lists", LISTS)
def test_lists_of_parquet_are_not_read(tmp_path, monkeypatch, lists):
    """One row of them can stand for any number of values, and none is a cell of a table of runs."""
    path, cells = tmp_path / "a.parquet", LISTS[lists]
    path.write_bytes(parquet(pool=["a"] * len(cells), tags=cells))
    for limit, value in SMALL.items():
        monkeypatch.setattr(limits, limit, value)
    table = read_table(path, "runs")
    assert table.columns == {"pool": ["a"] * len(cells), "tags": [["..."]] * len(cells)}


def test_nested_columns_of_parquet_stay_in_their_places(tmp_path):
    path = tmp_path / "nested.parquet"
    path.write_bytes(SOUND["nested.parquet"])
    table = read_table(path, "runs")
    assert table.columns["more"] == table.columns["tags"] == [["..."], ["..."]]


def test_ragged_rows_of_a_sheet_end_in_empty_cells(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["pool", "error"], ["a"], ["b", 0.4]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    table = read_table(tmp_path / "a.xlsx", "runs")
    assert table.columns == {"pool": ["a", "b"], "error": [None, 0.4]}


def test_cells_are_made_in_proportion_to_the_file():
    """Rows with keys of their own: twice the file never makes more than twice the cells."""
    for count in (100, 1_000, 2_000):
        table = read_table_of_keys(count)
        assert len(table.columns) == count + 1
    with pytest.raises(InputError, match=r"of whose 9,003,000 cells 6,000 hold anything"):
        read_table_of_keys(3_000)


def read_table_of_keys(count):
    from qqt_bayes.tables.dialects.json_files import read_json_lines

    return read_json_lines(lines_of_own_keys(count), "runs.jsonl")


def test_a_frame_has_the_same_limits(monkeypatch):
    monkeypatch.setattr(limits, "MAX_CELLS", 5)
    with pytest.raises(InputError, match="runs table: has 2 rows and 3 columns, so 6 cells"):
        read_table(pd.DataFrame([[1, 2, 3]] * 2, columns=list("abc")), "runs")


@pytest.mark.parametrize("column", ["pool", "data"])
def test_as_many_pools_as_runs_are_asked_about(monkeypatch, column):
    """A column of runs' names taken for pools: one against the other takes the square of memory."""
    monkeypatch.setattr(limits, "MAX_COMPOSITION", 100)
    names = [f"run {i}" for i in range(11)]
    runs = pd.DataFrame({"pool": names, "unique_samples": 1e6, "samples_seen": 1e6, "error": 0.5})
    with pytest.raises(InputError, match="11 training sets and 11 pools; one times the other"):
        if column == "pool":
            read_runs(runs)
        else:
            read_composition(runs[["pool", "unique_samples"]].assign(data=names))


def test_a_toml_file_beside_the_runs_may_not_nest_without_end(tmp_path):
    (tmp_path / "runs.csv").write_text("pool,unique_samples,samples_seen,error\na,1e6,1e6,0.5\n")
    (tmp_path / "runs.toml").write_text("columns = " + "[" * 100_000)
    with pytest.raises(InputError, match=r"runs\.toml: not valid TOML"):
        read_runs(tmp_path / "runs.csv")


def test_the_recursion_limit_of_python_decides_nothing(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(nested(limits.MAX_DEPTH - 1))
    assert sys.getrecursionlimit() > limits.MAX_DEPTH
    with pytest.raises(InputError, match="column pool: expected a name, got"):
        table = read_table(path, "runs")
        table.names("pool")
        table.check()


@pytest.mark.parametrize("length", [5, 100, 10_000])
def test_a_word_is_compared_with_no_more_names_than_take_a_moment(monkeypatch, length):
    compared: list[int] = []

    def count(word, choices, n):
        compared.extend(len(word) * len(choice) for choice in choices)
        return []

    monkeypatch.setattr(errors, "get_close_matches", count)
    errors.suggest("a" * length, ("a" * (length - 1) + chr(i) for i in range(48, 50_000)))
    assert sum(compared) <= errors.MAX_COMPARED
    assert compared or length > 1_000


def test_records_of_documents_have_the_same_limit():
    with pytest.raises(InputError, match="the records: has 3,000 rows and 3,000 columns"):
        columns_of([{f"key {i}": i} for i in range(3_000)])
