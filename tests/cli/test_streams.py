"""Streams, terminals and homes as a machine may have them: one sentence or silence."""

import errno
import json
import os
import re
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from pathlib import Path

import pytest
from click.testing import CliRunner

from qqt_bayes.cli import output
from qqt_bayes.cli.main import main

COMMAND = [sys.executable, "-m", "qqt_bayes"]


def started(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    environment = os.environ | options.pop("env", {})
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], env=environment, text=True, check=False, **streams
    )


NAMED = "pool,unique_samples,samples_seen,error\n" + "".join(
    f"{pool},10000000,{budget}0000000,0.{digit}\n"
    for pool, digits in (("äß数", "76"), ("b", "87"))
    for budget, digit in zip("12", digits, strict=True)
)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_any_encoding_of_stdout(tmp_path, encoding, form):
    """People read escapes, JSON has its own; a CSV that cannot hold a name is refused."""
    (path := tmp_path / "runs.csv").write_text(NAMED)
    done = started(
        "check", path, "--format", form, env={"PYTHONIOENCODING": encoding}, encoding=encoding
    )
    assert "Traceback" not in done.stderr
    refused = form == "csv" and encoding != "utf-8"
    assert done.returncode == refused
    if refused:
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert "set PYTHONIOENCODING=utf-8, or take --format json" in line
    elif form == "json":
        assert json.loads(done.stdout)["pools"] == ["äß数", "b"]
    else:
        shown = {"ascii": r"\xe4\xdf\u6570", "latin-1": r"äß\u6570", "utf-8": "äß数"}
        assert shown[encoding] in done.stdout


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", ">&- 2>&- <&-"])
def test_closed_streams(files, tmp_path, closed):
    """No output goes into a file that took the place of a stream."""
    command = [*COMMAND, "decide", files.good, "--budgets", "1B", "-o", f"{tmp_path}/d.json"]
    line = f"{' '.join(command)} {closed}"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "Traceback" not in done.stdout + done.stderr
    assert json.loads((tmp_path / "d.json").read_text())["decisions"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize(
    "arguments", ["models", "models --format json", "--help", "decide --help", "--version"]
)
def test_stdout_that_is_full(arguments):
    with Path("/dev/full").open("w") as full:
        done = started(*arguments.split(), stdout=full)
    assert done.returncode == 1
    sentence = f"Reading or writing failed: {OSError(errno.ENOSPC, os.strerror(28))}"
    if "json" in arguments:
        assert json.loads(done.stderr)["error"]["message"] == sentence
    else:
        assert done.stderr == f"{sentence}\n"


@pytest.mark.parametrize("arguments", ["models", "--help", "nonsense", "decide {good} --explain"])
def test_a_pipe_that_is_closed_behind_both_streams(files, arguments):
    line = " ".join([*COMMAND, arguments.format(**vars(files))])
    script = f"set -o pipefail; {line} 2>&1 | true"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == done.stderr == ""


def test_files_are_written_before_a_closed_pipe_shows(files, tmp_path, monkeypatch):
    def closed(*_, **__):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(output, "emit_decision", closed)
    path = tmp_path / "decision.json"
    result = CliRunner().invoke(main, ["decide", files.good, "--budgets", "1B", "-o", str(path)])
    assert json.loads(path.read_text())["decisions"]
    assert "roken" not in result.output


@pytest.mark.parametrize("home", ["/nonexistent", "a folder", "a file", None])
def test_any_home(files, tmp_path, home):
    """Matplotlib has no place for its cache of fonts, and that is not worth a word."""
    (tmp_path / "a folder").mkdir(mode=0o555)
    (tmp_path / "a file").touch()
    environment = {name: value for name, value in os.environ.items() if name != "HOME"}
    if home is not None:
        environment["HOME"] = str(tmp_path / home)
    decide = [*COMMAND, "decide", files.good, "--budgets", "1B", "--figures", f"{tmp_path}/new"]
    done = subprocess.run(decide, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr.splitlines()[1:] == [f"8 figures are in {tmp_path}/new."]


@pytest.mark.parametrize("width", [1, 40, 80])
def test_a_narrow_terminal_breaks_no_number(files, width):
    """Each row becomes lines of its own where a table would be too wide."""
    shown = in_terminal(width, "decide", files.good, "--budgets", "64M,640M")
    words = " ".join(shown.split())
    assert width == 80 or "choice: top 2 P(best): " in words
    assert width < 80 or "extrapolated" in words
    assert "Traceback" not in words
    if width >= 40:
        assert max(map(len, shown.splitlines()[3:])) <= width


def test_a_wide_enough_terminal_shows_a_table(files):
    shown = in_terminal(120, "decide", files.good, "--budgets", "64M,640M")
    assert "choice:" not in shown
    assert "top 2" in shown


def in_terminal(width: int, *arguments: str) -> str:
    """What a command prints on a terminal of so many columns."""
    terminal, inside = os.openpty()
    ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environment = {name: x for name, x in os.environ.items() if name != "COLUMNS"}
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), inside)
    content = b""
    with subprocess.Popen([*COMMAND, *arguments], env=environment, **streams) as process:
        os.close(inside)
        while True:
            try:
                read = os.read(terminal, 65536)
            except OSError:  # how Linux says that the other side has gone
                break
            if not read:
                break
            content += read
    os.close(terminal)
    assert process.returncode == 0
    return re.sub(r"\x1b\[\d*m", "", content.decode())
