"""What docs/pipelines.md shows: its script runs as it stands, its tables say what the code does."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from places import ROOT

from qqt_bayes.cli.faults import KINDS

PAGE = (ROOT / "docs" / "pipelines.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\w*\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def path_with_command(tmp_path: Path) -> str:
    """A PATH on which `qqt` is the command of this working copy."""
    (tmp_path / "bin").mkdir()
    (command := tmp_path / "bin" / "qqt").write_text(
        f'#!/bin/sh\nPYTHONPATH={ROOT} exec {shlex.quote(sys.executable)} -m qqt_bayes "$@"\n'
    )
    command.chmod(0o755)
    folders = [tmp_path / "bin", Path(sys.executable).parent, os.environ["PATH"]]
    return ":".join(map(str, folders))


@pytest.mark.parametrize(
    ("fit", "code", "said"),
    [
        ("good", 0, "top 3\n"),
        ("bad", 0, "the fit is refused: no choice is made\n"),
        ("none", 1, '"kind": "input"'),
    ],
)
def test_the_script(
    files: SimpleNamespace, tmp_path: Path, path_with_command: str, fit: str, code: int, said: str
) -> None:
    (script,) = (block for block in BLOCKS if block.startswith("decision=$("))
    script = script.replace("decide study ", f"decide {getattr(files, fit, 'none.nc')} ")
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PATH": path_with_command},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert said in done.stdout
    assert "Traceback" not in done.stderr


def test_the_document_it_shows_is_one() -> None:
    (shown,) = (block for block in BLOCKS if '{"schema"' in block)
    error = json.loads(shown[shown.index("{") :])["error"]
    assert error["kind"] == "inadequate_fit"
    assert error["exit_code"] == 3


def test_every_kind_and_exit_code_is_explained() -> None:
    assert re.findall(r"^\| `(\w+)` \| \d \|", PAGE, re.MULTILINE) == list(KINDS)
    assert re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE) == ["0", "1", "2", "3", "130"]
