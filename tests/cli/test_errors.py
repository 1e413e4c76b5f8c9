"""What ends a command under `--format json`: one document for programs, the last line of stderr."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import made
import pytest
import xarray as xr
from command import qqt

from qqt_bayes.cli.faults import KINDS, is_json
from qqt_bayes.cli.main import main
from qqt_bayes.model import spec
from qqt_bayes.posterior.checks import CHECKS
from qqt_bayes.report.records import SCHEMA
from qqt_bayes.sampling import inference


def error_of(*arguments: str | Path, exit_code: int) -> dict[str, Any]:
    """The error in the one document that a command leaves, which is strict JSON."""
    result = qqt(*arguments, "--format", "json", "--quiet", exit_code=exit_code)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    found = json.loads(line, parse_constant=pytest.fail)
    assert list(found) == ["schema", "error"]
    assert found["schema"] == SCHEMA
    error: dict[str, Any] = found["error"]
    assert list(error)[:4] == ["kind", "exit_code", "message", "faults"]
    assert error["kind"] in KINDS
    assert error["exit_code"] == exit_code
    assert error["faults"]
    assert all(each["message"] for each in error["faults"])
    return error


def test_faults_of_a_table_are_told_apart(files: SimpleNamespace, tmp_path: Path) -> None:
    (path := tmp_path / "runs.csv").write_text(
        "pool,unique_samples,samples_seen,error\na,1000,1000,0.5\na,1000,x,0.5\na,1000,2000,7\n"
    )
    error = error_of("check", path, exit_code=1)
    assert error["kind"] == "input"
    found = [each["message"] for each in error["faults"]]
    assert len(found) == 2
    assert found[0].startswith("row 3, column samples_seen: ")
    assert found[1].startswith("row 4, column error: ")
    assert f"{path}: 2 faults" in error["message"]


def test_a_missing_file_is_one_fault() -> None:
    error = error_of("check", "none.csv", exit_code=1)
    assert error["faults"] == [{"message": "none.csv: no such file"}]


def test_open_questions_have_their_ids(tmp_path: Path) -> None:
    rows = "".join(f"a,{12.8 * k},{budget},0.{9 - k}\n" for k, budget in enumerate((64, 128), 1))
    (path := tmp_path / "runs.csv").write_text(f"pool,unique_samples,samples_seen,error\n{rows}")
    error = error_of("fit", path, "-o", tmp_path / "fit.nc", exit_code=1)
    assert "millions" in [each["id"] for each in error["faults"]]
    assert all(each["message"] in error["message"] for each in error["faults"])
    assert not (tmp_path / "fit.nc").exists()


def test_a_refused_fit_has_the_checks_that_it_failed(files: SimpleNamespace) -> None:
    error = error_of("decide", files.bad, "--budgets", "1B", exit_code=3)
    assert error["kind"] == "inadequate_fit"
    for each in error["faults"]:
        assert set(each) == {"message", "id", "of", "value", "limit", "bar"}
        assert each["id"] in CHECKS
        assert each["limit"] in ("at most", "at least")


def test_a_fit_that_is_refused_is_printed_and_refused(
    files: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result is on stdout, the refusal on stderr, after the notes."""
    monkeypatch.setattr(inference, "fit", lambda *_, **__: made.fit(passed=False))
    asked = ("fit", *files.tables, "-o", tmp_path / "new.nc", "--format", "json")
    result = qqt(*asked, exit_code=3)
    assert json.loads(result.stdout)["passed"] is False
    *notes, last = result.stderr.splitlines()
    assert notes
    error = json.loads(last)["error"]
    assert error["kind"] == "inadequate_fit"
    assert {each["fit"] for each in error["faults"]} == {str(tmp_path / "new.nc")}


def test_a_study_that_decides_nothing_has_the_checks_of_each_fit(
    files: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(runs: xr.Dataset, model: str, **_: object) -> xr.DataTree:
        found = made.fit(model=model, passed=False)
        found.attrs["data_hash"] = runs.attrs["data_hash"]
        return found

    monkeypatch.setattr(inference, "fit", fit)
    asked = ("study", *files.tables, "-o", tmp_path / "study", "--budgets", "1B")
    models = ["utility", "utility-free-size"]
    error = error_of(*asked, "--models", ",".join(models), exit_code=3)
    assert {each["fit"] for each in error["faults"]} == set(models)
    assert {each["id"] for each in error["faults"]} <= set(CHECKS)


@pytest.mark.parametrize("name", sorted(main.commands))
def test_wrong_usage_of_every_command(name: str) -> None:
    error = error_of(name, "--no-such-option", exit_code=2)
    assert error["kind"] == "usage"
    assert "--no-such-option" in error["message"]
    assert "Usage:" not in error["message"]


@pytest.mark.parametrize(
    "raised", [KeyError("no such\nthing\x1b[2J"), MemoryError(), OSError(5, "x")]
)
@pytest.mark.parametrize("debug", [False, True])
def test_what_nobody_foresaw(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, debug: bool
) -> None:
    def fails() -> None:
        raise raised

    monkeypatch.setattr(spec, "list_models", fails)
    result = click.testing.CliRunner().invoke(
        main, ["models", "--format", "json", *["--debug"] * debug]
    )
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    error = json.loads(line)["error"]
    kinds = {KeyError: "internal", MemoryError: "memory", OSError: "file"}
    assert error["kind"] == kinds[type(raised)]
    assert ("traceback" in error) == (debug and not isinstance(raised, OSError))


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_any_encoding_of_stderr(tmp_path: Path, encoding: str) -> None:
    name = tmp_path / "数据\x1b[2J.csv"
    command = [sys.executable, "-m", "qqt_bayes", "check", str(name), "--format", "json"]
    environment = {"PYTHONIOENCODING": encoding, "PYTHONPATH": str(spec.__file__).split("/qqt_")[0]}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    message = json.loads(done.stderr.decode("ascii"))["error"]["message"]
    assert "数据" in message
    assert "\x1b" not in message


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["check", "--format=json", "x"], True),
        (["check", "--format"], False),
        (["check", "--", "--format", "json"], False),
        (["check", "--format", "json", "--format", "table"], False),
    ],
)
def test_the_format_is_known_from_the_words(words: Sequence[str], expected: bool) -> None:
    assert is_json(words) is expected
