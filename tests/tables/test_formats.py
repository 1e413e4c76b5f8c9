"""Files that are no tables, or tables in another dress: one sentence each, never a traceback."""

import gzip
import io
import zipfile

import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.tables.formats import read_table

CSV = "pool,unique_samples\na,5\nb,7\n"
JSON_LINES = '{"pool": "a", "unique_samples": 5}\n{"pool": "b", "unique_samples": 7}\n'


def parquet() -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame({"pool": ["a", "b"], "unique_samples": [5, 7]}).to_parquet(buffer)
    return buffer.getvalue()


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("pools.csv", CSV)
    return buffer.getvalue()


SAME_TABLE = {
    "plain.csv": CSV.encode(),
    "upper.CSV": CSV.encode(),
    "byte-order-mark.csv": CSV.encode("utf-8-sig"),
    "windows.csv": CSV.replace("\n", "\r\n").encode(),
    "old-mac.csv": CSV.replace("\n", "\r").encode(),
    "no-last-newline.csv": CSV.rstrip().encode(),
    "blank-lines.csv": f"\n{CSV}\n  \n\n".encode(),
    "spreadsheet.csv": f"{CSV},\n,\n".encode(),
    "quoted.csv": b'"pool", unique_samples\n"a", 5\n"b",7 \n',
    "lines.jsonl": JSON_LINES.encode(),
    "lines.ndjson": JSON_LINES.replace("\n", "\r\n\r\n").encode(),
    "columns.parquet": parquet(),
    "columns.pq": parquet(),
}


@pytest.mark.parametrize("name", SAME_TABLE)
def test_one_table_in_many_dresses(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(SAME_TABLE[name])
    table = read_table(path, "pools")
    assert table.names("pool").tolist() == ["a", "b"]
    assert [float(str(cell)) for cell in table.columns["unique_samples"]] == [5, 7]
    table.check()


NO_TABLE = [
    ("a.csv", b"", "the file is empty"),
    ("a.csv", b" \r\n\n", "the file is empty"),
    ("a.csv", b"\xef\xbb\xbf", "the file is empty"),
    ("a.jsonl", b"\n", "the file is empty"),
    ("a.parquet", b"", "the file is empty"),
    ("a.csv", b"pool,unique_samples\n", "has columns but no rows"),
    (
        "a.csv",
        CSV.replace(",", ";").encode(),
        "expected commas between the columns, got semicolons",
    ),
    ("a.csv", CSV.replace(",", "\t").encode(), "expected commas between the columns, got tabs"),
    ("a.csv", archive(), "expected text, got a ZIP archive or an Excel workbook"),
    ("a.csv", gzip.compress(CSV.encode()), "expected text, got a gzip archive"),
    ("a.jsonl", parquet(), "expected text, got a Parquet file"),
    ("a.csv", "pool\né\n".encode("latin-1"), "row 2 is not UTF-8 text; save the file as UTF-8"),
    ("a.csv", CSV.encode("utf-16"), "row 1 is not UTF-8 text"),
    ("a.csv", b"pool\na\0b\n", "row 2 is not UTF-8 text"),
    ("a.csv", b'pool,n\na,5\n"b,7\nc,8\n', "row 3 is not valid CSV: unexpected end of data"),
    (
        "a.csv",
        b"pool,n\n" + b"a" * 200_000,
        "row 2 is not valid CSV: field larger than field limit",
    ),
    ("a.csv", b"pool,n\na,5\nb\n", "row 3: expected 2 cells as in the header, got 1"),
    (
        "a.csv",
        b"pool,n\na,1,000\n",
        "row 2: expected 2 cells as in the header, got 3; a cell with a",
    ),
    ("a.csv", b"pool,n,pool\na,5,a\n", "column 'pool' occurs more than once"),
    ("a.jsonl", b'{"pool": "a"}\n{"pool": "b"\n', "row 2: not valid JSON: Expecting ',' delimiter"),
    ("a.jsonl", b'[{"pool": "a"}]', "row 1: expected a JSON object, got [{'pool': 'a'}]"),
    (
        "a.jsonl",
        b'{"pool": "a", "pool": "b"}',
        "row 1: not valid JSON: a key occurs more than once",
    ),
    ("a.jsonl", b"[" * 100_000, "row 1: not valid JSON"),
    ("a.jsonl", b'{"pool": "\\ud800"}', "row 1: not valid JSON: half of a surrogate pair"),
    ("a.jsonl", b'{"pool": ' + b"9" * 5_000 + b"}", "row 1: not valid JSON"),
    ("a.parquet", parquet()[:200], "not a readable Parquet file: "),
    ("a.parquet", CSV.encode(), "not a readable Parquet file: "),
    (
        "a.txt",
        CSV.encode(),
        "expected a file whose name ends in .csv, .parquet, .pq, .jsonl, .ndjson",
    ),
    ("a", CSV.encode(), "expected a file whose name ends in .csv"),
]


@pytest.mark.parametrize(
    ("name", "content", "sentence"), NO_TABLE, ids=[sentence for *_, sentence in NO_TABLE]
)
def test_what_is_no_table(tmp_path, name, content, sentence):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_table(path, "pools").check()
    assert str(caught.value).startswith(f"{path}: ")
    assert sentence in str(caught.value)


def test_paths_that_lead_nowhere(tmp_path):
    (tmp_path / "pools.csv").write_text(CSV)
    with pytest.raises(InputError, match=r"pool\.csv: no such file; did you mean 'pools\.csv'\?"):
        read_table(tmp_path / "pool.csv", "pools")
    with pytest.raises(InputError, match="expected a file, got a folder"):
        read_table(tmp_path, "pools")
    with pytest.raises(InputError, match="cannot be read: File name too long"):
        read_table(tmp_path / ("a" * 999), "pools")
    with pytest.raises(InputError, match="cannot be read: embedded null byte"):
        read_table("a\0.csv", "pools")
    with pytest.raises(InputError, match="pools table: expected a path or a DataFrame, got list"):
        read_table([1, 2], "pools")


def test_rows_are_lines_of_the_file(tmp_path):
    path = tmp_path / "pools.csv"
    path.write_text('pool,note\n\na,"two\nlines"\nb,\n')
    assert read_table(path, "pools").places == ["row 3", "row 5"]


def test_a_column_without_a_name_is_kept(tmp_path):
    path = tmp_path / "pools.csv"
    path.write_text(",pool\n0,a\n")
    assert read_table(path, "pools").columns == {"column 1": ["0"], "pool": ["a"]}


def test_a_named_index_is_a_column():
    frame = pd.DataFrame({"pool": ["a", "b"], "unique_samples": [5, 7]}).set_index("pool")
    assert read_table(frame, "pools").columns == {"pool": ["a", "b"], "unique_samples": [5, 7]}


def test_a_frame_with_two_columns_of_one_name():
    frame = pd.DataFrame([[1, 2]], columns=["pool", "pool"])
    with pytest.raises(InputError, match="pools table: 1 fault\n  column 'pool' occurs more than"):
        read_table(frame, "pools").check()
