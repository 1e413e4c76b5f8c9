"""Names are data: what no name may hold is refused by row and column; formulas in CSVs are not."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qqt_bayes.errors import InputError
from qqt_bayes.report.records import to_csv
from qqt_bayes.tables.cells import FORMULA, guarded, unguarded
from qqt_bayes.tables.composition import read_composition, read_sizes
from qqt_bayes.tables.formats import read_table
from qqt_bayes.tables.parameters import read_parameters
from qqt_bayes.tables.runs import read_runs

CONTROLS = ["\x01", "\x07", "\x1b[2J", "\x7f", "\x85", "\x9b2J", "\u2028", "\u202e", "\ufffe"]
"""Bell, escape sequences of both kinds, ends of lines, marks of direction, no characters."""


def rows(**columns):
    base = {"pool": "a", "unique_samples": 1e7, "samples_seen": [1e7, 2e7], "error": [0.7, 0.6]}
    return pd.DataFrame(base | columns)


WRITERS = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "json": lambda frame, path: frame.to_json(path, orient="records"),
    "jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
    "parquet": lambda frame, path: frame.to_parquet(path, index=False),
}


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("ending", WRITERS)
def test_a_name_with_a_control_character_is_refused(tmp_path, ending, control):
    path = tmp_path / f"runs.{ending}"
    WRITERS[ending](rows(pool=["a", f"b{control}c"]), path)
    row = {"csv": 3, "jsonl": 2}.get(ending, 2)
    with pytest.raises(InputError) as caught:
        read_runs(path)
    said = str(caught.value)
    assert f"row {row}, column pool: expected a name, got {f'b{control}c'!r}" in said
    assert f"which holds the control character U+{ord(control[0]):04X}" in said
    assert said.replace("\n", "").isprintable()


@pytest.mark.parametrize("control", ["\t", "\n", "\r\n"])
def test_a_name_stays_on_its_line(control):
    with pytest.raises(InputError, match=r"row 2, column pool: .* control character U\+000"):
        read_runs(rows(pool=["a", f"b{control}c"]))


@pytest.mark.parametrize("column", ["group", "run", "training", "metric"])
def test_in_any_column_of_names(column):
    with pytest.raises(InputError, match=rf"row 2, column {column}: .* U\+001B"):
        read_runs(rows(**{column: ["a", "b\x1b"]}))


@pytest.mark.parametrize("column", ["data", "pool"])
def test_in_the_other_tables(column):
    sets = pd.DataFrame({"data": ["x", "y"], "pool": ["a", "b"], "unique_samples": 1e7})
    sets.loc[1, column] += "\x1b"
    with pytest.raises(InputError, match=rf"row 2, column {column}: .* U\+001B"):
        read_composition(sets)
    sizes = pd.DataFrame({"pool": ["a", "b\x1b"], "unique_samples": 1e7})
    with pytest.raises(InputError, match=r"row 2, column pool: .* U\+001B"):
        read_sizes(sizes)
    with pytest.raises(InputError, match=r"row 2, column pool: .* U\+001B"):
        read_parameters(sizes.assign(a=1.0, b=0.1, tau=5.0, d=0.1))


def test_the_name_of_a_column_too(tmp_path):
    (path := tmp_path / "runs.csv").write_text("pool,unique_samples,samples_seen,error,a\x1b[2J\n")
    with pytest.raises(InputError, match=r"column 5: expected a name, .* U\+001B"):
        read_runs(path)
    broken = rows().rename(columns={"samples_seen": "samples_seen\nof each"})
    read = read_runs(broken, columns={"samples_seen": "samples_seen of each"})
    assert read.sizes["run"] == 2


@pytest.mark.parametrize("name", ["数据", "データ", "🤖 top", "é ü ß", "אבג", "a\u200bb", "x‍y"])
def test_names_in_any_script_are_names(name):
    assert read_runs(rows(pool=name))["pool"].values.tolist() == [name]


FORMULAS = [
    "=1+1",
    "+a",
    "-a",
    "@SUM(A1)",
    "'=1",
    "''=1",
    "\uff1d1",
    "=cmd|' /C calc'!A0",
    "-",
    "+",
]
PLAIN_TEXTS = ["'", "'a'", "a=1", "top 10%", "1-2", "-0.5", "+1e6", "-inf"]


@pytest.mark.parametrize("name", FORMULAS + PLAIN_TEXTS)
def test_a_csv_holds_no_formula_and_gives_names_back(tmp_path, name):
    """A number is none, whatever its sign: spreadsheets read it as what it is."""
    frame = pd.DataFrame(
        {"pool": [name, "other"], "unique_samples": [1e7, -1.5], name: ["x", None]}
    )
    (path := tmp_path / "pools.csv").write_text(to_csv(frame), encoding="utf-8")
    header, first, _ = path.read_text(encoding="utf-8").splitlines()
    cells = [header.split(",", 2)[2], first.rsplit(",", 2)[0]]
    for cell in cells:
        assert (cell.strip('"')[:1] == "'") == (name[:1] == "'" or name in FORMULAS)
    assert first.rsplit(",", 2)[1] == "10000000.0"
    read = read_table(path, "pools")
    assert list(read.columns) == ["pool", "unique_samples", name]
    assert read.columns["pool"] == [name, "other"]


@given(st.text())
def test_what_is_guarded_is_read_as_it_was(text):
    cell = guarded(text)
    assert unguarded(cell) == text
    assert not FORMULA.match(cell) or cell.startswith("'") or cell == text


def test_other_formats_need_no_apostrophe(tmp_path):
    (path := tmp_path / "pools.json").write_text(
        json.dumps([{"pool": "'=a", "unique_samples": 1e7}])
    )
    assert list(read_sizes(path)) == ["'=a"]
