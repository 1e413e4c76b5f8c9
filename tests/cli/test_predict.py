"""`qqt predict`: of a fit and of known parameters, in every format."""

import json
from pathlib import Path
from types import SimpleNamespace

import made
import pandas as pd
import pytest
from command import qqt
from places import DATA

BUDGETS = "64M,640M"


def test_predict_known_parameters_reproduces_the_published_curves() -> None:
    known = ("predict", DATA / "goyal_parameters.csv", "--law", "utility-released")
    fit = ("--fit", "utility-released")
    golden = pd.read_csv(DATA / "goyal_predictions.csv")
    golden = golden[(golden["law"] == "utility-released") & (golden["samples_seen"] == 64e6)]
    result = qqt(*known, *fit, "--budgets", "64M", "--format", "json")
    rows = json.loads(result.stdout)["predictions"][: len(golden)]
    assert "Levels: unions of the pools in the order of their table" in result.stderr
    assert list(rows[0]) == ["level", "budget", "error"]
    assert [row["error"] for row in rows] == pytest.approx(golden["error"].tolist(), abs=1e-12)
    assert "choose one of" in qqt(*known, "--budgets", "64M", exit_code=1).stderr


def predictions(*asked: object) -> list[dict]:
    """The rows of `qqt predict --format json`."""
    rows: list[dict] = json.loads(qqt("predict", *asked, "--format", "json").stdout)["predictions"]
    return rows


def test_predict_from_a_fit(files: SimpleNamespace) -> None:
    options = ("--budgets", "64M,1.28B", "--format", "csv", "--levels", files.levels)
    lines = qqt("predict", files.good, *options).stdout.splitlines()
    assert lines[0] == "level,budget,error_median,error_lower,error_upper,error_mean"
    assert [line.split(",")[0] for line in lines[1:]] == ["top 2", "top 2", "top 3", "top 3"]
    mean, run = (predictions(files.good, "--budgets", "1B", *new) for new in ((), ("--new-run",)))
    width = [[row["error_upper"] - row["error_lower"] for row in rows] for rows in (mean, run)]
    assert sum(width[1]) > 1.2 * sum(width[0])
    decided = json.loads(qqt("decide", files.good, "--budgets", "1B", "--format", "json").stdout)
    for row, level in zip(mean, decided["decisions"][0]["levels"], strict=True):
        assert row["error_upper"] == pytest.approx(level["error_upper"], abs=1e-6)


def test_levels_beyond_the_pools_are_warned_of(files: SimpleNamespace, tmp_path: Path) -> None:
    table = pd.read_csv(files.levels)
    table.assign(unique_samples=1e3 * table["unique_samples"]).to_csv(
        levels := tmp_path / "levels.csv", index=False
    )
    asked = ("--levels", levels, "--budgets", "1B", "--yes")
    words = "Beware: top 2 and top 3 take up to 1K times as much of a pool as any run"
    assert words in " ".join(qqt("decide", files.good, *asked).stdout.split())
    words = "Beware: top 2 and top 3 take up to 1K times as much from a pool as there is"
    assert words in qqt("predict", files.good, *asked).stderr
    known = DATA / "goyal_parameters.csv"
    one = pd.read_csv(known)["pool"][0]
    levels.write_text(f"data,pool,unique_samples\nbest,{one},{2 * 12.8e6}\n")
    predicted = qqt("predict", known, "--fit", "utility-released", *asked[:-1])
    assert "Beware: best takes 2 times as much from a pool as there is" in predicted.stderr


def test_predict_from_a_fit_of_groups(files: SimpleNamespace) -> None:
    rows = qqt("predict", files.groups, "--budgets", "1B", "--format", "csv").stdout.splitlines()
    assert rows[0].startswith("group,level,")
    assert len(rows) == 7
    one = ("predict", files.groups, "--budgets", "1B", "--only-group", "arch 2")
    assert len(predictions(*one[1:])) == 3


def test_predict_refuses_a_fit_that_failed_unless_forced(files: SimpleNamespace) -> None:
    refused = qqt("predict", files.bad, exit_code=3)
    assert "The fit did not pass its gate." in refused.stderr
    assert refused.stdout == ""
    forced = qqt("predict", files.bad, "--force")
    assert "The fit did not pass its gate." in forced.stderr
    assert "error median" in forced.stdout


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_predict_is_marked_in_every_form(files, form):
    found = qqt("predict", files.laplace, "--budgets", BUDGETS, "--format", form)
    assert made.LAPLACE_REMARK in found.stderr
    assert "laplace" in found.stdout


def test_people_are_shown_the_first_of_many_predictions(tmp_path: Path) -> None:
    parameters = pd.DataFrame(
        {"pool": ["a"], "a": 0.02, "b": 0.1, "tau": 5.0, "d": 0.1, "unique_samples": 1e6}
    )
    parameters.to_csv(path := tmp_path / "parameters.csv", index=False)
    people = qqt("predict", path, "--budgets", "1M:1B:300")
    assert "The first 200 of 300 levels and budgets are shown" in people.stderr
    assert len(people.stdout.splitlines()) == 202
    programs = qqt("predict", path, "--budgets", "1M:1B:300", "--format", "csv")
    assert len(programs.stdout.splitlines()) == 301
