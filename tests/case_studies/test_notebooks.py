"""The notebooks run, and come to the numbers in their `expected.json`."""

import subprocess
import sys

import nbformat
import pytest
from places import CASE_STUDIES

NOTEBOOKS = sorted(CASE_STUDIES.glob("*/*.ipynb"))


@pytest.fixture(scope="module")
def running():
    """All notebooks at once: one compiles while another samples."""
    line = [sys.executable, CASE_STUDIES / "execute.py", "--check"]
    processes = {
        path: subprocess.Popen([*line, path.parent.name], stderr=subprocess.PIPE, text=True)
        for path in NOTEBOOKS
    }
    yield processes
    for process in processes.values():
        process.kill()
        process.communicate()


def test_there_are_four_case_studies():
    names = {"cherti", "datacomp_medium", "mini_clip", "tmars_published"}
    assert {path.parent.name for path in NOTEBOOKS} == names


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_comes_to_its_expected_numbers(path, running):
    notebook = nbformat.read(path, as_version=4)
    assert any("expected.json" in cell.source for cell in notebook.cells)
    errors = running[path].communicate()[1]  # `execute.HANGING` ends a cell that hangs
    assert running[path].returncode == 0, errors[-3000:]
