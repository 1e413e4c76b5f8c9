"""The machine around a command: inputs that never end, streams that are closed, Ctrl-C, small
terminals, folders that nobody may write to. One sentence or silence, never a traceback."""

import errno
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from fcntl import ioctl
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from command import qqt

from qqt_bayes import cli
from qqt_bayes.cli import output
from qqt_bayes.cli.main import main
from qqt_bayes.errors import InputError
from qqt_bayes.files import content_of
from qqt_bayes.model import spec
from qqt_bayes.posterior.checks import check_value
from qqt_bayes.posterior.gate import Gate
from qqt_bayes.report.gate_text import verdict
from qqt_bayes.sampling.kernel import compiled
from qqt_bayes.tables import formats

COMMAND = [sys.executable, "-m", "qqt_bayes"]
HANGING = 300
"""Seconds after which something that waits for ever is ended; on an idle machine, one would do."""


@pytest.fixture(autouse=True)
def _no_endless_wait() -> Iterator[None]:
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.alarm(HANGING)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def started(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    environment = os.environ | options.pop("env", {})
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], env=environment, text=True, check=False, **streams
    )


KINDS: dict[str, Callable[[Path], object]] = {
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
}
INPUTS = {
    "check": ("x.csv", "check {x}"),
    "fit": ("x.csv", "fit {x} -o fit.nc"),
    "import": ("x.csv", "import {x} -o new.csv"),
    "import JSON": ("x.json", "import {x} -o new.csv"),
    "study": ("x.parquet", "study {x} -o study"),
    "calibrate": ("x.jsonl", "calibrate {x}"),
    "composition": ("x.csv", "check {runs} --composition {x}"),
    "pools": ("x.csv", "check {runs} --pools {x}"),
    "mapping": ("x.csv", "check a*.jsonl --mapping {x}"),
    "model": ("x.toml", "check {runs} --composition {composition} --model {x}"),
    "levels": ("x.csv", "decide {good} --levels {x}"),
    "sizes": ("x.csv", "decide {good} --target-pools {x}"),
    "fit to decide": ("x.nc", "decide {x}"),
    "fit to predict": ("x.nc", "predict {x}"),
    "fit to compare": ("x.nc", "compare {x}"),
    "parameters": ("x.csv", "predict {x} --budgets 1B"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", INPUTS)
def test_what_is_no_file_is_not_read(files, tmp_path, monkeypatch, kind, name):
    monkeypatch.chdir(tmp_path)
    path, command = INPUTS[name]
    KINDS[kind](Path(path))
    wrong_usage = kind == "a folder" and name in ("fit to predict", "parameters")
    asked = command.format(x=path, **vars(files)).split()
    said = qqt(*asked, exit_code=2 if wrong_usage else 1)
    assert said.stdout == ""
    folder_of_something = kind == "a folder" and name.startswith(("import", "fit to"))
    words = path if folder_of_something or wrong_usage else f"{path}: expected a file, got {kind}"
    assert words in said.stderr
    assert sorted(os.listdir()) == [path]


def test_the_ending_is_checked_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "content_of", lambda *_: pytest.fail("it was read"))
    (path := tmp_path / "runs.pickle").write_bytes(b"x")
    with pytest.raises(InputError, match=r"expected a file whose name ends in \.csv"):
        formats.read_table(path, "runs")


def test_what_is_too_large_is_not_read(tmp_path):
    with (tmp_path / "runs.csv").open("wb") as file:
        file.truncate(10**12)  # of which the disk holds nothing
    said = qqt("check", tmp_path / "runs.csv", exit_code=1).stderr
    assert (
        said == f"{tmp_path}/runs.csv: has more than 2,000,000,000 bytes, too many for what it is\n"
    )
    with pytest.raises(InputError, match="more than 10 bytes"):
        (tmp_path / "small.csv").write_bytes(b"x" * 11)
        content_of(tmp_path / "small.csv", 10)


def test_standard_input_that_never_ends_is_refused(monkeypatch):
    monkeypatch.setattr(formats, "LARGEST", 1000)
    result = CliRunner().invoke(main, ["check", "-"], input="a,b\n" * 300)
    assert result.exit_code == 1
    assert result.stderr == "standard input: has more than 1,000 bytes, too many for a table\n"


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
    assert done.stderr == f"Reading or writing failed: {OSError(errno.ENOSPC, os.strerror(28))}\n"


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


AT_IMPORT_OF = """
import os, signal, sys
module = sys.argv.pop(1)
class Interrupting:
    def find_spec(self, name, *_):
        if name == module:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from qqt_bayes.__main__ import run
run()
"""
LOADED = {
    "check": ("click", "qqt_bayes.cli.options", "numpy", "pandas", "xarray", "rich", "rich.table"),
    "decide": ("qqt_bayes.cli.decide", "h5py", "matplotlib", "matplotlib.ft2font"),
}


@pytest.mark.parametrize(
    ("command", "module"), [(name, each) for name, all_ in LOADED.items() for each in all_]
)
def test_ctrl_c_while_something_is_loaded(files, tmp_path, command, module):
    asked = {
        "check": ["check", *files.tables],
        "decide": ["decide", files.good, "--figures", str(tmp_path)],
    }[command]
    line = [sys.executable, "-c", AT_IMPORT_OF, module, *asked]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr.splitlines()[-1] == "Interrupted."
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from qqt_bayes import files
def write_bytes(path, data):
    with path.open("wb") as file:
        file.write(data[: len(data) // 2])
        file.flush()
        os.kill(os.getpid(), signal.SIGINT)
Path.write_bytes = write_bytes
from qqt_bayes.__main__ import run
run()
"""


@pytest.mark.parametrize("earlier", [False, True])
def test_ctrl_c_while_a_file_is_written(files, tmp_path, earlier):
    path = tmp_path / "decision.json"
    asked = ["decide", files.good, "--budgets", "1B", "-o", str(path)]
    if earlier:
        qqt(*asked)
    before = {each: each.read_bytes() for each in tmp_path.iterdir()}
    line = [sys.executable, "-c", WHILE_WRITING, *asked]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.splitlines()[-1] == "Interrupted."
    assert {each: each.read_bytes() for each in tmp_path.iterdir()} == before


def test_ctrl_c_that_is_ignored_stays_so():
    """As under nohup."""
    code = "import os, signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    code += AT_IMPORT_OF
    line = [sys.executable, "-c", code, "click", "models"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "utility" in done.stdout


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


@pytest.mark.parametrize("width", [1, 10, 40, 60, 80])
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
    child, terminal = pty.fork()
    if not child:
        ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        environment = {name: x for name, x in os.environ.items() if name != "COLUMNS"}
        os.execve(COMMAND[0], [*COMMAND, *arguments], environment)
    content = b""
    while True:
        try:
            read = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other side has gone
            break
        if not read:
            break
        content += read
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return re.sub(r"\x1b\[\d*m", "", content.decode())


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    "raised", [KeyError("no such\nthing\x1b[2J"), EOFError(), RecursionError(), MemoryError()]
)
def test_what_nobody_foresaw_is_one_line(monkeypatch, raised, debug):
    def fails():
        raise raised

    monkeypatch.setattr(spec, "list_models", fails)
    said = (
        qqt("models", "--format", "json", *["--debug"] * debug, exit_code=1)
        if not debug
        else (CliRunner().invoke(main, ["models", "--format", "json", "--debug"]))
    )
    assert (said.exit_code, said.stdout) == (1, "")
    *before, line = said.stderr.splitlines()
    assert bool(before) == debug == ("Traceback" in said.stderr)
    assert "\x1b" not in line
    if isinstance(raised, MemoryError):
        assert line == "There is not enough memory for this: qqt models"
        return
    assert line.startswith("A fault of qqt_bayes itself: ")
    assert type(raised).__name__ in line
    assert "qqt models --format json, and the versions, qqt_bayes " in line
    assert line.endswith("; --debug shows where it arose.") != debug


def test_debug_changes_nothing_where_a_user_is_at_fault():
    assert qqt("check", "none.csv", "--debug", exit_code=1).stderr == "none.csv: no such file\n"


def test_one_chain_is_told_what_it_lacks():
    gate = Gate((check_value("rhat", float("nan"), of="a"),), "nuts", draws=100)
    assert "chains cannot be compared: there is one, or its draws are few" in verdict(gate)


def test_a_damaged_cache_is_compiled_anew(monkeypatch):
    """A full disk leaves such a one."""
    emptied = []

    class Damaged:
        def __init__(self, _):
            pass

        def load_overload(self, *_):
            raise EOFError("Ran out of input")

        def flush(self):
            emptied.append(True)

    monkeypatch.setattr(compiled, "FunctionCache", Damaged)
    assert not compiled.is_compiled()
    assert emptied


@pytest.mark.parametrize("kept", [False, True])
def test_whether_what_is_compiled_stays_is_said(monkeypatch, capsys, kept):
    monkeypatch.setattr(compiled, "is_compiled", lambda: False)
    monkeypatch.setattr(compiled, "keeps_compiled", lambda: kept)
    cli.fit.note_compilation()
    said = capsys.readouterr().err
    assert ("NUMBA_CACHE_DIR" in said) != kept
    assert len(said.splitlines()) == 1


def test_no_folder_keeps_what_is_compiled(monkeypatch):
    def none(_):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(compiled, "FunctionCache", none)
    assert not compiled.keeps_compiled()
    assert not compiled.is_compiled()


def test_the_environment_is_left_as_it_was(files: SimpleNamespace):
    """What a test calls in its own process does not change how it is interrupted."""
    before = signal.getsignal(signal.SIGINT)
    qqt("models")
    assert signal.getsignal(signal.SIGINT) is before
