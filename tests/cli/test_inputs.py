"""Inputs that are no files, that never end or are too large: refused unread, in one sentence."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from command import qqt

from qqt_bayes.cli.main import main
from qqt_bayes.errors import InputError
from qqt_bayes.files import content_of
from qqt_bayes.tables import formats

HANGING = 300
"""Seconds after which something that waits for ever is ended; on an idle machine, one would do."""


@pytest.fixture(autouse=True)
def _no_endless_wait() -> Iterator[None]:
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.alarm(HANGING)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


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
