"""Names on the command line: what it prints and writes of them, and that it reads them again."""

import csv
import json
from pathlib import Path

import made
import pandas as pd
import pytest
from click.testing import CliRunner
from command import qqt

from qqt_bayes.cli.main import main
from qqt_bayes.posterior import fit_file

FORMULA = "=cmd|'/C calc'!A0"


@pytest.fixture
def fit(tmp_path: Path) -> Path:
    """A fit of which one training set and one pool are called as a formula."""
    made_fit = made.fit(draws=20)
    for part in ("constant_data", "posterior", "prior"):
        data = made_fit[part].to_dataset()
        for dim in ("pool", "data"):
            if dim in data.coords:
                names = data[dim].values.tolist()
                data = data.assign_coords({dim: [FORMULA, *names[1:]]})
        made_fit[part] = data
    fit_file.save(made.rehashed(made_fit), tmp_path / "fit.nc")
    return tmp_path / "fit.nc"


def test_decisions_hold_no_formula(fit: Path, tmp_path: Path) -> None:
    command = ("decide", fit, "--budgets", "1B", "--format", "csv", "-o", tmp_path / "d.csv")
    printed = qqt(*command, "-o", tmp_path / "d.json").stdout
    assert printed == (tmp_path / "d.csv").read_text()
    cells = [cell for row in csv.reader(printed.splitlines()) for cell in row]
    assert f"'{FORMULA}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    levels = json.loads((tmp_path / "d.json").read_text())["decisions"][0]["levels"]
    assert FORMULA in {level["level"] for level in levels}


def test_an_import_is_read_as_it_was(tmp_path: Path) -> None:
    source, runs = tmp_path / "wide.csv", tmp_path / "runs.csv"
    with source.open("w", newline="") as file:
        csv.writer(file).writerows(
            [
                ["pool", "unique_samples", "64M", "128M"],
                ["=1+1", "10000000", "0.7", "0.6"],
                ["-top", "10000000", "0.8", "0.7"],
            ]
        )
    qqt("import", source, "-o", runs)
    assert "'=1+1" in runs.read_text()
    assert "'-top" in runs.read_text()
    checked = json.loads(qqt("check", runs, "--format", "json").stdout)
    assert checked["pools"] == ["=1+1", "-top"]


@pytest.mark.parametrize("name", ["pool\x1b[2J", "a\x9b2Jb", "a\x07"])
def test_no_control_character_reaches_the_terminal(tmp_path: Path, name: str) -> None:
    """Not by a name in a table, a file's name, or an option."""
    (path := tmp_path / "runs.csv").write_text(
        f"pool,unique_samples,samples_seen,error\n{name},10000000,10000000,0.7\n"
    )
    commands = [
        ["check", str(path)],
        ["import", str(path), "-o", str(tmp_path / "new.csv")],
        ["check", str(tmp_path / name)],
        ["check", str(path), f"--{name}"],
        [name],
        ["check", str(path), "--columns", f"error={name}"],
        ["check", str(path), "--group", name],
        ["decide", "fit.nc", "--budgets", name],
        ["fit", str(path), "-o", name],
    ]
    for command in commands:
        said = CliRunner().invoke(main, command)
        assert said.exit_code in (1, 2), command
        assert said.output.replace("\n", "").isprintable(), (command, said.output)
    assert not (tmp_path / "new.csv").exists()


def test_a_fit_with_such_a_name_is_damaged(tmp_path: Path) -> None:
    fit = made.fit(draws=5)
    data = fit["constant_data"].to_dataset()
    names = data["data"].values.tolist()
    fit["constant_data"] = data.assign_coords(data=["a\x1b[2J", *names[1:]])
    fit_file.save(fit, tmp_path / "fit.nc")
    said = qqt("decide", tmp_path / "fit.nc", exit_code=1).stderr
    assert "a part of the fit is damaged" in said


def test_a_specification_with_such_a_name_is_refused(tmp_path: Path) -> None:
    text = 'name = "a\\u001b[2J"\nlaw = "power-law"\n'
    (tmp_path / "mine.toml").write_text(text)
    said = qqt("check", tmp_path / "none.csv", "--model", tmp_path / "mine.toml", exit_code=1)
    assert "name: expected a text without control characters, got 'a\\x1b[2J'" in said.stderr


def test_levels_called_as_formulas_are_read_back(fit: Path, tmp_path: Path) -> None:
    """As a study's levels.csv holds them."""
    levels = tmp_path / "levels.csv"
    taken = pd.DataFrame({"data": ["'=x"], "pool": [f"'{FORMULA}"], "unique_samples": [1e7]})
    taken.to_csv(levels, index=False)
    printed = qqt("decide", fit, "--budgets", "1B", "--levels", levels, "--format", "json").stdout
    assert json.loads(printed)["decisions"][0]["choice"] == "=x"
