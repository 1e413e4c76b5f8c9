"""`qqt check`: what a fit would see of the tables, before it is made."""

import json
from pathlib import Path
from types import SimpleNamespace

import made
import pandas as pd
from command import qqt
from places import CASE_STUDIES


def test_check_asks_whether_a_column_is_misspelt(files: SimpleNamespace, tmp_path: Path) -> None:
    table = pd.read_csv(files.runs).assign(trainings="x")
    table.to_csv(path := tmp_path / "misspelt.csv", index=False)
    said = qqt("check", path, "--composition", files.composition).stderr
    used = "Columns that are not used: trainings (did you mean 'training'?), note."
    assert used in " ".join(said.split())
    assert said.count("trainings") == 1


def test_check_takes_no_column_for_one_that_is_there(
    files: SimpleNamespace, tmp_path: Path
) -> None:
    table = pd.read_csv(files.runs).assign(samples_seen_pretty="1M", weights_of=1)
    table.to_csv(path := tmp_path / "pretty.csv", index=False)
    said = qqt("check", path, "--composition", files.composition).stderr
    used = "not used: weights_of (did you mean 'weight'?), note, samples_seen_pretty."
    assert used in " ".join(said.split())


def test_check_shows_what_a_fit_would_see(files: SimpleNamespace) -> None:
    result = qqt("check", files.runs, "--composition", files.composition)
    assert "12 runs of 3 training sets from 3 pools." in result.stderr
    assert "Columns that are not used: note." in result.stderr
    first = result.stdout.splitlines()[2].split()
    assert first == ["top", "1", "12.8M", "1", "64M", "5", "1", *first[-1:]]
    seen = json.loads(
        qqt("check", files.runs, "--composition", files.composition, "--format", "json").stdout
    )
    assert seen["runs"] == 12
    assert seen["unused_columns"] == ["note"]
    assert seen["pools"] == ["0-10%", "10-20%", "20-30%"]
    rows = seen["training_sets"]
    assert len(rows) == 12
    assert [rows[-1][name] for name in ("data", "unique_samples", "epochs", "runs")] == [
        "top 3",
        38.4e6,
        1.28e9 / 38.4e6,
        1,
    ]


def test_check_speaks_of_what_is_counted(files: SimpleNamespace) -> None:
    tables = (files.runs, "--composition", files.composition, "--unit", "tokens")
    header, _, first, *_ = qqt("check", *tables).stdout.splitlines()
    assert "unique tokens" in header
    assert "tokens seen" in header
    assert "samples" not in header
    assert {"12.8M", "64M"} <= set(first.split())


def test_check_shows_accuracies_where_they_were_given(tmp_path: Path) -> None:
    row = "pool,unique_samples,samples_seen,acc\na,12800000,64000000,0.25\n"
    (tmp_path / "runs.csv").write_text(row)
    asked = ("check", tmp_path / "runs.csv", "--columns", "accuracy=acc")
    header, _, first, *_ = qqt(*asked).stdout.splitlines()
    assert header.split()[-1] == "accuracy"
    assert first.split()[-1] == "0.25"
    content = json.loads(qqt(*asked, "--format", "json").stdout)
    assert content["training_sets"][0]["error"] == 0.75


def test_check_names_groups_and_what_is_left_out(tmp_path: Path) -> None:
    table, composition = made.tables(groups=2)
    table[table["data"] == "top 2"].to_csv(tmp_path / "runs.csv", index=False)
    composition.to_csv(tmp_path / "sets.csv", index=False)
    result = qqt("check", tmp_path / "runs.csv", "--composition", tmp_path / "sets.csv")
    assert "Training sets that no run is on: top 1, top 3." in result.stderr
    assert "Pools that no run takes from: 20-30%." in result.stderr
    assert "arch 2" in result.stdout


def test_a_fault_is_the_whole_output(files: SimpleNamespace, tmp_path: Path) -> None:
    table = tmp_path / "runs.csv"
    table.write_text("pool,unique_samples,samples_seen,error\na,0,1e8,0.5\na,5,1e8,50\n")
    result = qqt("check", table, exit_code=1)
    assert result.stdout == ""
    assert result.stderr.splitlines()[0] == f"{table}: 2 faults"
    assert len(result.stderr.splitlines()) == 3


def test_the_real_runs_at_one_budget_are_called_by_their_name(tmp_path):
    folder = CASE_STUDIES / "datacomp_medium"
    runs = pd.read_csv(folder / "runs.csv")
    runs[runs["samples_seen"] == 128e6].to_csv(tmp_path / "runs.csv", index=False)
    result = qqt("check", tmp_path / "runs.csv", "--composition", folder / "composition.csv")
    assert "All runs are at one budget (128M)" in result.stderr
    assert "not identified" in result.stderr


def test_check_takes_a_model_and_says_all_in_json(tmp_path):
    runs, composition = made.tables()
    runs.to_csv(tmp_path / "runs.csv", index=False)
    composition.to_csv(tmp_path / "sets.csv", index=False)
    source = ("check", tmp_path / "runs.csv", "--composition", tmp_path / "sets.csv")
    result = qqt(*source, "--model", "power-law", "--format", "json")
    told = json.loads(result.stdout)["identifiability"]
    assert told["model"] == "power-law"
    assert {row["parameter"] for row in told["contraction"]} == {"a", "b", "d"}
    assert len(told["forecast"]) == 3
    assert qqt(*source, "--model", "powerlaw", exit_code=1).stdout == ""


def test_check_shows_people_the_first_rows_of_many(tmp_path: Path) -> None:
    """Each form of output that programs read has them all."""
    runs = pd.DataFrame(
        {"pool": "a", "unique_samples": 1e6, "samples_seen": range(1_000_000, 1_000_300)}
    )
    runs.assign(error=0.5).to_csv(path := tmp_path / "runs.csv", index=False)
    people, programs = qqt("check", path), qqt("check", path, "--format", "csv")
    assert len(people.stdout.splitlines()) == 202
    assert "The first 200 of 300 training sets and budgets are shown; --format csv" in people.stderr
    assert len(programs.stdout.splitlines()) == 301
    assert "are shown" not in programs.stderr


def test_check_names_the_first_of_many_unused_columns(tmp_path: Path) -> None:
    runs = pd.DataFrame({"pool": ["a"], "unique_samples": 1e6, "samples_seen": 1e6, "error": 0.5})
    runs.assign(**{f"note {i}": 1 for i in range(25)}).to_csv(path := tmp_path / "runs.csv")
    assert "note 18 and 6 more." in qqt("check", path).stderr
