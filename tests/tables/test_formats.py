"""Files that are no tables, or tables in another dress: one sentence each, never a traceback."""

import gzip
import io
import json
import sys
import zipfile

import numpy as np
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
    "tabs.tsv": CSV.replace(",", "\t").encode(),
    "tabs.tab": CSV.replace(",", "\t").encode(),
    "tabs.csv": CSV.replace(",", "\t").encode(),
    "commas.tsv": CSV.encode(),
    "semicolons.csv": CSV.replace(",", ";").encode(),
    "old-mac-semicolons.csv": CSV.replace(",", ";").replace("\n", "\r").encode(),
    "packed.csv.gz": gzip.compress(CSV.encode()),
    "packed.TSV.GZ": gzip.compress(CSV.replace(",", "\t").encode()),
    "packed.jsonl.gz": gzip.compress(JSON_LINES.encode()),
    "utf-16.csv": CSV.encode("utf-16"),
    "utf-16-tabs.tsv": CSV.replace(",", "\t").encode("utf-16"),
    "utf-16-big-endian.csv": "\ufeff".encode("utf-16-be") + CSV.encode("utf-16-be"),
    "utf-32.csv": CSV.encode("utf-32"),
    "told.csv": f"sep=,\r\n{CSV}".encode(),
    "told-semicolons.csv": f'"sep=;"\n{CSV.replace(",", ";")}'.encode(),
    "told-carets.csv": f"SEP=^\n{CSV.replace(',', '^')}".encode(),
    "comments.csv": f"# made by\n# us, at, home\n{CSV}# the end, at last\n".encode(),
    "comment-between.csv": CSV.replace("b,", "#c,9\nb,").encode(),
    "list.json": json.dumps([json.loads(line) for line in JSON_LINES.splitlines()]).encode(),
    "lines.json": JSON_LINES.encode(),
    "columns.json": b'{"pool": ["a", "b"], "unique_samples": [5, 7]}',
    "pandas.json": pd.DataFrame({"pool": ["a", "b"], "unique_samples": [5, 7]}).to_json().encode(),
    "named.json": f'{{"runs": [{",".join(JSON_LINES.splitlines())}]}}'.encode(),
    "table.json": pd.DataFrame({"pool": ["a", "b"], "unique_samples": [5, 7]})
    .to_json(orient="table", index=False)
    .encode(),
    "split.json": b'{"columns": ["pool", "unique_samples"], "index": [0, 1], '
    b'"data": [["a", 5], ["b", 7]]}',
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
    ("a.csv", CSV.replace(",", "|").encode(), "expected commas between the columns, got bars"),
    ("a.csv", archive(), "expected text, got a ZIP archive or an Excel workbook"),
    ("a.csv", gzip.compress(CSV.encode()), "expected text, got a gzip archive"),
    ("a.jsonl", parquet(), "expected text, got a Parquet file"),
    ("a.csv", "pool\né\n".encode("latin-1"), "row 2 is not UTF-8 text; save the file as UTF-8"),
    ("a.csv", CSV.encode("utf-16-le"), "row 1 is not UTF-8 text"),
    ("a.csv", CSV.encode("utf-16")[:-1], "row 3 is not UTF-16 text; save the file as UTF-8"),
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
    (
        "a.json",
        b'{"pool": {"name": "a"}, "unique_samples": 5}',
        "one JSON document, not a table: name",
    ),
    ("a.json", b"[]", "one JSON document, not a table"),
    ("a.json", b"[1, 2]", "one JSON document, not a table"),
    ("a.json", b'{"a": [{"b": 1}], "c": [2]}', "one JSON document, not a table"),
    ("a.json", b'{"a": {"b": {"c": 1}}, "d": {"b": {"c": 2}}}', "one JSON document, not a table"),
    ("a.csv", b"pool n\na 5\n", "expected commas between the columns, got spaces"),
    ("a.json", b'{"a": [1], "b": [1, 2]}', "one JSON document, not a table"),
    (
        "a.json",
        b'[{"pool": "a"},\n{"pool": ',
        "not valid JSON: Expecting value (character 10) (line 2)",
    ),
    ("a.json", b'[{"pool": "\\ud800"}]', "half of a surrogate pair"),
    ("a.json", b"[" * 100_000, "not valid JSON"),
    (
        "a.jsonl",
        b'{\n"pool": "a",\n"n": 5\n}',
        "one JSON document, not JSON Lines: name the fields",
    ),
    ("a.csv.gz", CSV.encode(), "not a readable gzip archive"),
    ("a.csv.gz", gzip.compress(CSV.encode())[:-9], "not a readable gzip archive"),
    ("a.gz", gzip.compress(CSV.encode()), "expected a file whose name ends in .csv"),
    ("a.csv", b"pool,n\n#1,5\n#2,7\nx,9\n", "row 2 starts with #: a comment? delete it; a name?"),
    ("a.csv", b"# pool,n\na,5\nb,7\n", "row 1 starts with #: the header? take the # away"),
    ("a.tsv", b"pool\tn\na\n", "expected 2 cells as in the header, got 1; a cell with a tab in it"),
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


def test_a_column_may_be_called_like_a_comment(tmp_path):
    path = tmp_path / "pools.csv"
    path.write_text("#,pool\n1,a\n")
    assert read_table(path, "pools").columns == {"#": ["1"], "pool": ["a"]}


def test_a_named_index_is_a_column():
    frame = pd.DataFrame({"pool": ["a", "b"], "unique_samples": [5, 7]}).set_index("pool")
    assert read_table(frame, "pools").columns == {"pool": ["a", "b"], "unique_samples": [5, 7]}


def test_a_frame_with_two_columns_of_one_name():
    frame = pd.DataFrame([[1, 2]], columns=["pool", "pool"])
    with pytest.raises(InputError, match="pools table: 1 fault\n  column 'pool' occurs more than"):
        read_table(frame, "pools").check()


def test_a_duplicate_column_is_a_fault_only_where_it_is_needed():
    frame = pd.DataFrame([["a", 5, 1, 2]], columns=["pool", "unique_samples", "loss", "loss"])
    table = read_table(frame, "pools")
    table.names("pool")
    table.check()
    assert table.columns["loss"] == [1]
    table.names("loss")
    with pytest.raises(InputError, match="1 fault\n  column 'loss' occurs more than once"):
        table.check()


def test_rows_that_are_commented_out_are_kept_to_be_said(tmp_path):
    path = tmp_path / "pools.csv"
    path.write_text('# first\npool,note\na,"two\n# lines"\n#b,5\nc,6\n')
    table = read_table(path, "pools")
    assert table.columns == {"pool": ["a", "c"], "note": ["two\n# lines", "6"]}
    assert (table.places, table.comments) == (["row 3", "row 6"], ["row 5"])


@pytest.mark.parametrize(
    ("content", "numbers"),
    [
        ("pool;n\na;0,769\nb;12\n", [0.769, 12]),
        ("pool\tn\na\t1,234\nb\t5,5e3\n", [1.234, 5500]),
        ("pool;n\na;1.5\nb;0,5\n", [1.5, -np.inf]),  # which of the two is the decimal mark?
        ("pool;n\na;1,234,567\nb;0,5\n", [-np.inf, 0.5]),
        ("pool;n\na;12.800\nb;0,5\n", [-np.inf, -np.inf]),
        ("pool;n\na;12.800M\nb;0,5\n", [-np.inf, -np.inf]),
        ('pool,n\na,"0,769"\n', [-np.inf]),
    ],
)
def test_decimal_commas_are_read_where_no_comma_stands_between_columns(tmp_path, content, numbers):
    path = tmp_path / "pools.csv"
    path.write_text(content)
    table = read_table(path, "pools")
    assert table.read(table.columns["n"], counts=False).tolist() == numbers


def test_a_pool_may_be_called_like_a_decimal_number(tmp_path):
    path = tmp_path / "pools.csv"
    path.write_text("pool;n\n0,5;0,7\n")
    assert read_table(path, "pools").names("pool").tolist() == ["0,5"]


@pytest.mark.parametrize("name", SAME_TABLE)
def test_standard_input_is_known_by_its_first_bytes(monkeypatch, name):
    """But for a file of one column that only its name tells from another."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SAME_TABLE[name])))
    table = read_table("-", "pools")
    assert (table.name, table.names("pool").tolist()) == ("standard input", ["a", "b"])
    table.check()


def workbook(rows: list[list[object]]) -> bytes:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.create_sheet("other").append(["nothing"])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_the_first_sheet_of_a_workbook_is_read(tmp_path, monkeypatch):
    path = tmp_path / "pools.xlsx"
    rows = [[None], ["pool", "unique_samples", None], ["NA", 12800000, None], [], ["b", 7.5, None]]
    path.write_bytes(workbook(rows))
    table = read_table(path, "pools")
    assert table.columns == {"pool": ["NA", "b"], "unique_samples": [12800000, 7.5]}
    assert table.places == ["row 3", "row 5"]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    assert read_table("-", "pools").columns == table.columns


@pytest.mark.parametrize("content", [archive(), CSV.encode(), b"PK\x03\x04"])
def test_what_is_no_workbook(tmp_path, content):
    pytest.importorskip("openpyxl")
    path = tmp_path / "pools.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a readable Excel workbook: "):
        read_table(path, "pools")


def test_without_its_package_a_workbook_is_refused_with_a_way_out(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    path = tmp_path / "pools.xlsx"
    path.write_bytes(archive())
    with pytest.raises(
        InputError, match=r"install the package openpyxl .*or save the sheet as CSV"
    ):
        read_table(path, "pools")
