"""Lines above the header: left out as said, or down to the names needed, never silently."""

import gzip
import json
import re

import openpyxl
import pandas as pd
import pytest
from command import qqt

from qqt_bayes.errors import InputError
from qqt_bayes.importers.needs import NeedsMore
from qqt_bayes.importers.read import import_runs
from qqt_bayes.tables.runs import metrics, read_runs

TITLE = "Experiment 12, exported 2026-03-01"
SAID = f"row 1: {TITLE!r}"
HEADER = ("pool", "unique_samples", "samples_seen", "error")
ROWS = (HEADER, ("a", 1_000_000, 2_000_000, 0.7), ("b", 2_000_000, 4_000_000, 0.6))
OWN = (("source", "unique docs", "docs seen", "top-1 error"), *ROWS[1:])


def text_of(rows, mark=",", above=(TITLE, "")):
    return "\n".join([*above, *(mark.join(map(str, row)) for row in rows)]) + "\n"


def table(folder, form, rows=ROWS, above=(TITLE, "")):
    """A file of a form with lines above its header."""
    path = folder / f"runs.{form}"
    if form == "xlsx":
        book = openpyxl.Workbook()
        for row in [*([line] if line else [] for line in above), *rows]:
            book.active.append(row)
        book.save(path)
    elif form == "csv.gz":
        path.write_bytes(gzip.compress(text_of(rows, above=above).encode()))
    else:
        marks = {"csv": ",", "tsv": "\t", "semicolons.csv": ";"}
        path.write_text(text_of(rows, marks[form], above))
    return path


FORMS = ("csv", "semicolons.csv", "tsv", "csv.gz", "xlsx")


@pytest.mark.parametrize("form", FORMS)
def test_the_first_row_with_all_names_that_are_needed_is_the_header(tmp_path, form):
    path = table(tmp_path, form)
    runs = read_runs(path)
    assert runs["error"].values.tolist() == [0.7, 0.6]
    assert json.loads(runs.attrs["skipped_rows"]) == [SAID]
    assert f"Rows above the header, left out: 1 ({SAID})." in qqt("check", path).stderr
    kept = json.loads(runs.attrs["reading"])["left_out"]["skipped_rows"]
    assert kept == {"count": 1, "first": [SAID]}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("above", [(TITLE,), (TITLE, "by hand", "", "# of May")])
def test_other_names_are_asked_about_and_the_line_that_is_named_reads_them(tmp_path, form, above):
    if form == "xlsx":
        above = above[:3]  # a sheet has no comments
    path = table(tmp_path, form, OWN, above)
    said = qqt("check", path, exit_code=1).stderr
    option = re.search(r"--skip-rows \d+", said)[0].split()
    assert option == ["--skip-rows", str(len(above))]
    columns = re.search(r"--columns '([^']*)'", qqt("check", path, *option, exit_code=1).stderr)[1]
    assert "docs seen" in columns
    given = ("--columns", columns)
    for options in ((*option, *given), given):  # with names, the header shows
        seen = json.loads(qqt("check", path, *options, "--format", "json").stdout)
        assert [each["error"] for each in seen["training_sets"]] == [0.7, 0.6]
        assert seen["skipped_rows"][0] == SAID


def test_nothing_is_sought_where_the_user_says_that_nothing_stands_above(tmp_path):
    with pytest.raises(InputError):
        read_runs(table(tmp_path, "csv"), skip_rows=0)


@pytest.mark.parametrize("form", FORMS)
def test_rows_keep_their_numbers(tmp_path, form):
    path = table(tmp_path, form, [*ROWS, ("c", 5, 5, "x")])
    for options in ({}, {"skip_rows": 2}):
        with pytest.raises(InputError, match="row 6, column error"):
            read_runs(path, **options)


def test_a_table_without_titles_is_read_as_before(tmp_path):
    for above in ((), ("# a comment",), ("sep=,",)):
        runs = read_runs(table(tmp_path, "csv", above=above))
        assert json.loads(runs.attrs["skipped_rows"]) == []
        assert "skipped_rows" not in json.loads(runs.attrs["reading"]).get("left_out", {})


def test_the_line_that_tells_a_spreadsheet_its_marks_counts(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(text_of(OWN, ";", ("sep=;", TITLE)))
    named = {"columns": dict(zip(HEADER, OWN[0], strict=True))}
    for options in (named, named | {"skip_rows": 2}):
        assert json.loads(read_runs(path, **options).attrs["skipped_rows"]) == [f"row 2: {TITLE!r}"]


def test_rows_above_a_header_that_is_commented_out_are_no_titles(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("#" + text_of(ROWS, above=()))
    with pytest.raises(InputError):
        read_runs(path)


@pytest.mark.parametrize("form", FORMS)
def test_rows_of_another_table_are_no_titles(tmp_path, form):
    """Two files joined, the first under other names: none of its runs is lost without a fault."""
    path = table(tmp_path, form, ROWS, above=())
    joined = table(tmp_path, form, [*OWN, *ROWS], above=())
    assert joined == path
    with pytest.raises(InputError, match="missing column 'samples_seen'"):
        read_runs(path)


def test_a_title_above_a_composition_is_said_with_its_table(tmp_path):
    sets = [("data", "pool", "unique_samples"), ("top", "a", 1_000_000), ("top", "b", 500_000)]
    runs = [("data", "samples_seen", "error"), ("top", 2_000_000, 0.7)]
    composition = tmp_path / "sets.csv"
    composition.write_text(text_of(sets))
    read = read_runs(table(tmp_path, "csv", runs), composition)
    assert json.loads(read.attrs["skipped_rows"]) == [f"sets.csv, {SAID}", SAID]


@pytest.mark.parametrize("skip_rows", [-1, True, 1.5, "2"])
def test_what_is_no_number_of_rows_is_refused(tmp_path, skip_rows):
    with pytest.raises(InputError, match="rows above the header: expected a whole number"):
        read_runs(table(tmp_path, "csv"), skip_rows=skip_rows)


@pytest.mark.parametrize("form", FORMS)
def test_a_table_that_is_left_out_whole_is_refused(tmp_path, form):
    with pytest.raises(InputError, match="nothing stands below the first 9 rows"):
        read_runs(table(tmp_path, form), skip_rows=9)


def test_what_names_its_columns_by_itself_has_no_rows_above(tmp_path):
    frame = pd.DataFrame(ROWS[1:], columns=HEADER)
    frame.to_parquet(tmp_path / "runs.parquet")
    frame.to_json(tmp_path / "runs.json", orient="records")
    for source in (frame, tmp_path / "runs.parquet", tmp_path / "runs.json"):
        assert read_runs(source).sizes["run"] == 2
        for read in (read_runs, import_runs):
            with pytest.raises(InputError, match="text and workbooks alone"):
                read(source, skip_rows=1)
    with pytest.raises(InputError, match="alone"):
        import_runs(tmp_path, skip_rows=1)


def test_the_metrics_of_a_table_with_a_title_are_found(tmp_path):
    rows = [(*row, "metric" if row is HEADER else "vtab") for row in ROWS]
    path = table(tmp_path, "csv", rows)
    assert metrics(path) == metrics(path, skip_rows=2) == ["vtab"]


@pytest.mark.parametrize("form", FORMS)
def test_what_is_imported_may_have_rows_above_its_header(tmp_path, form):
    path = table(tmp_path, form, OWN)
    out = tmp_path / "long.csv"
    said = qqt("import", path, "-o", out, exit_code=1).stderr
    assert "--skip-rows 2 leaves out the rows above it" in said
    columns = "samples_seen=docs seen,unique_samples=unique docs,pool=source,error=top-1 error"
    said = qqt("import", path, "-o", out, "--skip-rows", 2, "--columns", columns).stderr
    assert f"Rows above the header, left out: {SAID}." in said
    assert pd.read_csv(out)["error"].tolist() == [0.7, 0.6]


def test_the_call_that_import_asks_for_keeps_the_rows(tmp_path):
    steps = [("run", "step", "error"), ("r1", 10, 0.7), ("r2", 20, 0.6)]
    with pytest.raises(NeedsMore) as fault:
        import_runs(table(tmp_path, "csv", steps), skip_rows=2)
    assert fault.value.request.arguments["skip_rows"] == "2"
