"""The notebooks run, and come to the numbers in their `expected.json`."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parent.parent / "case_studies").glob("*/*.ipynb"))


@pytest.mark.filterwarnings("default")  # a kernel's start warns of its transport, not of our code
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_comes_to_its_expected_numbers(path):
    notebook = nbformat.read(path, as_version=4)
    assert any("expected.json" in cell.source for cell in notebook.cells)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": path.parent}}).execute()
