"""Whether a case study's notebook runs, is expected, and shows what its outputs here show.

Each notebook has its test in a file of its own: files are what the workers of the tests share out,
and a notebook takes minutes.
"""

import subprocess
import sys

import nbformat
from places import CASE_STUDIES


def check(study: str) -> None:
    """Execute a notebook, which compares itself to `expected.json`, and compare its outputs."""
    notebook = nbformat.read(CASE_STUDIES / study / f"{study}.ipynb", as_version=4)
    assert any("expected.json" in cell.source for cell in notebook.cells)
    line = [sys.executable, CASE_STUDIES / "execute.py", "--check", study]
    done = subprocess.run(line, capture_output=True, text=True, check=False)  # it ends what hangs
    assert done.returncode == 0, done.stderr[-3000:]
