"""How commands end: Ctrl-C at any moment, faults that nobody foresaw, warnings."""

import json
import random
import signal
import subprocess
import sys
import time
import warnings
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from command import qqt

from qqt_bayes.cli.fit import note_compilation
from qqt_bayes.cli.main import main
from qqt_bayes.model import spec
from qqt_bayes.posterior.checks import check_value
from qqt_bayes.posterior.gate import Gate
from qqt_bayes.report.gate_text import verdict
from qqt_bayes.sampling.kernel import compiled

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


AS_ANOTHER_ERROR = """
import os, signal
from qqt_bayes.posterior import netcdf
def from_bytes(*_):
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        raise OSError("unable to read")
netcdf.from_bytes = from_bytes
from qqt_bayes.__main__ import run
run()
"""


def test_ctrl_c_that_a_library_makes_another_error_of(files):
    line = [sys.executable, "-c", AS_ANOTHER_ERROR, "decide", files.good]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "Interrupted.\n")


def test_ctrl_c_that_is_ignored_stays_so():
    """As under nohup."""
    code = "import os, signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    code += AT_IMPORT_OF
    line = [sys.executable, "-c", code, "click", "models"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "utility" in done.stdout


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    "raised", [KeyError("no such\nthing\x1b[2J"), EOFError(), RecursionError(), MemoryError()]
)
def test_what_nobody_foresaw_is_one_line(monkeypatch, raised, debug):
    def fails():
        raise raised

    monkeypatch.setattr(spec, "list_models", fails)
    said = (
        qqt("models", "--format", "csv", *["--debug"] * debug, exit_code=1)
        if not debug
        else (CliRunner().invoke(main, ["models", "--format", "csv", "--debug"]))
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
    assert "qqt models --format csv, and the versions, qqt_bayes " in line
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
    note_compilation()
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


def test_a_warning_is_one_line_and_said_once(monkeypatch):
    def warns():
        warnings.warn("no font has\nthis sign", UserWarning, stacklevel=1)
        warnings.warn("no font has\nthis sign", UserWarning, stacklevel=1)
        warnings.warn("divided by zero", RuntimeWarning, stacklevel=1)
        return []

    monkeypatch.setattr(spec, "list_models", warns)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        said = qqt("models", "--format", "json").stderr
    assert said == "no font has this sign\nRuntimeWarning: divided by zero\n"


AT_ANY_MOMENT = """
import signal, sys
from qqt_bayes import __main__ as command
signal.signal(signal.SIGINT, command._interrupt)
print("started", file=sys.stderr, flush=True)
command.run()
"""


@pytest.mark.parametrize(
    ("seed", "times"), [(0, 4), *(pytest.param(x, 25, marks=pytest.mark.slow) for x in range(1, 5))]
)
def test_ctrl_c_at_any_moment(files, tmp_path, seed, times):
    """One line and 130, or the command was through; a file that is there is whole."""
    chance, path = random.Random(seed), tmp_path / "decision.json"
    asked = ["decide", files.good, "--budgets", "64M:5B:40", "-o", str(path)]
    for _ in range(times):
        path.unlink(missing_ok=True)
        line = [sys.executable, "-c", AT_ANY_MOMENT, *asked]
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        with subprocess.Popen(line, text=True, **pipes) as process:
            assert process.stderr.readline() == "started\n"
            time.sleep(chance.uniform(0.0, 1.5))
            process.send_signal(signal.SIGINT)
            said = process.stderr.read()
        assert process.returncode in (0, 130)
        assert "Traceback" not in said
        assert "Exception ignored" not in said
        assert process.returncode == 0 or said.splitlines()[-1] == "Interrupted."
        assert json.loads(path.read_text()) if path.exists() else process.returncode == 130
        assert not [each for each in tmp_path.iterdir() if each != path]
