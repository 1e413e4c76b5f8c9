"""Notes, logs and silence (`--quiet`, `--verbose`, `--log-file`); the library prints nothing."""

import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import made
import pytest
from command import qqt
from places import ROOT

import qqt_bayes
from qqt_bayes.cli import logs
from qqt_bayes.cli.main import main
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.progress import is_silent
from qqt_bayes.sampling import inference

LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 (DEBUG|INFO|WARNING|ERROR) qqt_bayes[.\w]*: "
)
BEFORE, AFTER = "before the name of the command", "after it"


def placed(where: str, option: list[str], command: list[str]) -> list[str]:
    return [*option, *command] if where == BEFORE else [*command, *option]


@pytest.mark.parametrize("where", [BEFORE, AFTER])
@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_quiet_leaves_the_result_alone(files: SimpleNamespace, where: str, form: str) -> None:
    command = ["decide", files.good, "--budgets", "1B", "--format", form]
    said = qqt(*command)
    quiet = qqt(*placed(where, ["--quiet"], command))
    assert quiet.stdout == said.stdout
    assert quiet.stderr == ""
    assert form == "json" or said.stderr != "" or form == "table"


def test_quiet_says_what_is_wrong() -> None:
    assert qqt("--quiet", "check", "none.csv", exit_code=1).stderr == "none.csv: no such file\n"


@pytest.mark.parametrize("where", [BEFORE, AFTER])
def test_verbose_prints_what_rooms_tell(
    files: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def fit(*_: object, **__: object) -> object:
        inference.LOGGER.debug("Two\x1b[2J decisions.")
        return made.fit()

    monkeypatch.setattr(inference, "fit", fit)
    command = ["fit", *files.tables, "-o", str(tmp_path / "fit.nc")]
    said = qqt(*placed(where, ["--verbose"], command)).stderr
    assert "DEBUG qqt_bayes.sampling.inference: Two\\x1b[2J decisions.\n" in said
    assert "DEBUG" not in qqt(*command, "--overwrite").stderr


def test_quiet_and_verbose_contradict_each_other() -> None:
    for asked in (("--quiet", "models", "--verbose"), ("models", "--verbose", "--quiet")):
        assert "contradict each other" in qqt(*asked, exit_code=2).stderr


@pytest.mark.parametrize("where", [BEFORE, AFTER])
@pytest.mark.parametrize("quiet", [False, True])
def test_a_log_has_all_that_is_said(
    files: SimpleNamespace, tmp_path: Path, where: str, quiet: bool
) -> None:
    path = tmp_path / "qqt.log"
    options = ["--log-file", str(path), *["--quiet"] * quiet]
    said = qqt(*placed(where, options, ["check", *files.tables])).stderr
    assert (said == "") == quiet
    qqt(*placed(where, options, ["check", "none\n.csv"]), exit_code=1)
    head, *lines = path.read_text().splitlines()
    assert head.startswith("# A log of qqt_bayes")
    assert all(map(LINE.match, lines))
    text = "\n".join(LINE.sub("", line) for line in lines)
    assert all(line in text for line in said.splitlines())
    assert text.count("qqt_bayes " + qqt_bayes.__version__) == 2
    assert "Ended with exit code 0 after " in text
    assert "no such file" in text
    assert lines[-1].partition(": ")[2].startswith("Ended with exit code 1 after ")


@pytest.mark.parametrize("name", ["runs.csv", "no folder/qqt.log", ".", "/dev/null", "x" * 300])
def test_a_log_that_cannot_be_is_refused_before_any_work(
    files: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(inference, "fit", pytest.fail)
    Path("runs.csv").write_text("mine")
    for where in (BEFORE, AFTER):
        command = placed(where, ["--log-file", name], ["fit", *files.tables, "-o", "fit.nc"])
        (line,) = qqt(*command, exit_code=1).stderr.splitlines()
        assert line.startswith(name)
    assert Path("runs.csv").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]


def test_a_log_on_a_disk_that_fills_up_ends_in_one_sentence(
    files: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(logs._File):
        def flush(self) -> None:
            raise OSError(28, os.strerror(28))

    monkeypatch.setattr(logs, "_File", Full)
    done = qqt("check", *files.tables, "--log-file", tmp_path / "qqt.log")
    assert done.stderr.count("The log file ends here: [Errno 28] No space left on device") == 1


def test_what_was_chosen_ends_with_its_command(tmp_path: Path) -> None:
    before = list(logs.LIBRARY.handlers), logs.LIBRARY.level
    qqt("--quiet", "models", "--log-file", tmp_path / "qqt.log")
    qqt("models", "--verbose")
    assert (list(logs.LIBRARY.handlers), logs.LIBRARY.level) == before
    assert not is_silent()


def test_every_command_has_the_options() -> None:
    for command in (main, *main.commands.values()):
        options = {word for each in command.params for word in each.opts}
        assert {"--quiet", "--verbose", "--log-file"} <= options


def test_the_library_prints_nothing_by_itself() -> None:
    """Nothing is written to a stream but by the command and by bars; and logging stays silent."""
    allowed = {"cli", "__main__.py", "progress.py"}
    pattern = re.compile(r"^\s*(print\(|sys\.std(out|err)\.write)", re.MULTILINE)
    package = ROOT / "qqt_bayes"
    found = [
        path
        for path in package.rglob("*.py")
        if path.relative_to(package).parts[0] not in allowed and pattern.search(path.read_text())
    ]
    assert found == []
    code = (
        "import logging, qqt_bayes\n"
        "logging.getLogger('qqt_bayes.sampling').error('not heard')\n"
        "logging.basicConfig(); logging.getLogger('qqt_bayes.sampling').error('heard')\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stderr == "ERROR:qqt_bayes.sampling:heard\n"
    assert any(isinstance(each, logging.NullHandler) for each in logs.LIBRARY.handlers)


def test_a_fit_tells_what_it_decides(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "qqt_bayes"):
        inference.fit(Fit.of(made.fit()).runs, "utility", draws=20, tune=20, chains=2)
    said = "\n".join(caplog.messages)
    assert "Prepared model utility for " in said
    assert "NUTS: 2 chains of 20 draws at a target acceptance of 0.9 took " in said
    assert "Check rhat of " in said
