"""The commands ask before they answer, in one message, and go on with --yes."""

import json
from pathlib import Path
from types import SimpleNamespace

import made
import pandas as pd
import pytest
from command import qqt

from qqt_bayes.errors import InputError
from qqt_bayes.sampling import inference

ACCURACIES = """pool,unique_samples,samples_seen,error
a,12.8,128,0.6
a,12.8,1280,0.7
b,25.6,128,0.65
"""


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Accuracies, and counts in millions."""
    path = tmp_path / "runs.csv"
    path.write_text(ACCURACIES)
    return path


def test_check_asks_first_and_goes_on(runs: Path) -> None:
    said = qqt("check", runs)
    lines = said.stderr.splitlines()
    assert lines[0] == "Questions:"
    assert "are they accuracies?" in lines[1]
    assert "are these millions?" in lines[2]
    assert lines[3].startswith("3 runs of 2 training sets")
    assert "Questions" not in said.stdout
    told = json.loads(qqt("check", runs, "--format", "json").stdout)["questions"]
    assert [question["id"] for question in told] == ["accuracies", "millions"]
    assert told[1]["values"] == {"least": 12.8, "most": 25.6}


def test_check_of_a_good_table_asks_nothing(files: SimpleNamespace) -> None:
    said = qqt("check", *files.tables, "--format", "json")
    assert json.loads(said.stdout)["questions"] == []
    assert "Questions" not in said.stderr


@pytest.mark.parametrize("command", ["fit", "study"])
def test_fit_and_study_refuse_with_all_questions_in_one_message(
    runs: Path, tmp_path: Path, command: str
) -> None:
    new = tmp_path / {"fit": "new.nc", "study": "new"}[command]
    said = qqt(command, runs, "-o", new, exit_code=1)
    assert said.stdout == ""
    assert said.stderr.splitlines()[0] == "Questions:"
    assert said.stderr.splitlines()[-1] == "Answer by correcting the table, or go on with --yes."
    assert len(said.stderr.splitlines()) == 4
    assert not new.exists()


def test_a_fit_goes_on_with_yes_and_notes_the_questions(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "fit", lambda *_, **__: made.fit())
    said = qqt("fit", runs, "-o", tmp_path / "fit.nc", "--yes", "--format", "json")
    assert json.loads(said.stdout)["passed"] is True
    assert "are they accuracies?" in said.stderr
    assert "Going on all the same (--yes)." in said.stderr


def test_a_study_goes_on_with_yes(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_fit(*_: object, **__: object) -> None:
        raise InputError("fitted")

    monkeypatch.setattr(inference, "fit", no_fit)
    said = qqt("study", runs, "-o", tmp_path / "new", "--budgets", "1", "--yes", exit_code=1).stderr
    assert "A budget of 1 is asked" in said
    assert "Going on all the same (--yes)." in said
    assert said.splitlines()[-1] == "fitted"


def test_of_several_metrics_each_is_asked_about_by_its_name(runs: Path, tmp_path: Path) -> None:
    table = pd.read_csv(runs).assign(unique_samples=1e7, samples_seen=[1e7, 1e8, 1e7])
    both = [table.assign(metric="top 1"), table.assign(metric="top 5", error=1 - table["error"])]
    pd.concat(both).to_csv(runs, index=False)
    said = qqt("fit", runs, "-o", tmp_path / "fit.nc", "--by", "metric", exit_code=1).stderr
    assert said.splitlines()[0] == "Questions:"
    assert len(said.splitlines()) == 3
    assert said.splitlines()[1].startswith("- top 1: The errors of ")


@pytest.mark.parametrize("command", ["decide", "frontier", "predict"])
def test_commands_on_fits_ask_about_a_forgotten_ending(
    files: SimpleNamespace, command: str
) -> None:
    said = qqt(command, files.good, "--budgets", "64", exit_code=1)
    assert said.stdout == ""
    assert (
        "A budget of 64 is asked, but the least run saw 64M, 1,000,000 times as many" in said.stderr
    )
    assert "--yes" in said.stderr
    forced = qqt(command, files.good, "--budgets", "64", "--yes", "--format", "json")
    assert json.loads(forced.stdout)
    assert "A budget of 64 is asked" in forced.stderr


def test_decide_asks_about_levels_far_from_what_was_trained(
    files: SimpleNamespace, tmp_path: Path
) -> None:
    levels = pd.read_csv(files.levels)
    levels.assign(unique_samples=20 * levels["unique_samples"]).to_csv(
        path := tmp_path / "levels.csv", index=False
    )
    said = qqt("decide", files.good, "--levels", path, "--budgets", "1B", exit_code=1).stderr
    assert "were the runs made on parts of the pools?" in said
    subsets = qqt("decide", files.good, "--subsets", "--budgets", "64", exit_code=1).stderr
    assert "A budget of 64 is asked" in subsets
