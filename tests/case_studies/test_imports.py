"""Notebooks use what any user can: the public names of the package, none of its modules."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from places import CASE_STUDIES, ROOT

import qqt_bayes as qqt

NOTEBOOKS = sorted(
    path
    for folder in (CASE_STUDIES, ROOT / "docs")
    for path in folder.rglob("*.ipynb")
    if not any(part.startswith((".", "_")) for part in path.relative_to(ROOT).parts)
)


def internal(source: str) -> list[str]:
    """What a program takes from inside the package: modules imported, names that are not public."""
    found = []
    lines = [line for line in source.splitlines() if not re.match(r"\s*[%!]", line)]
    for node in ast.walk(ast.parse("\n".join(lines))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names if each.name.startswith("qqt_bayes.")]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qqt_bayes."):
            names = [str(node.module)]
        elif isinstance(node, ast.ImportFrom) and node.module == "qqt_bayes":
            names = [each.name for each in node.names if each.name not in qqt.__all__]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names = [node.attr] if node.value.id == "qqt" and node.attr not in qqt.__all__ else []
        found += names
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_notebook_uses_public_names_alone(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    found = [name for cell in cells if cell.cell_type == "code" for name in internal(cell.source)]
    assert not found


def test_there_are_notebooks_and_what_is_internal_is_found() -> None:
    assert len(NOTEBOOKS) >= 4
    source = (
        "%matplotlib inline\nimport qqt_bayes as qqt\nfrom qqt_bayes.report import gate_text\n"
        "import qqt_bayes.laws.law\nfrom qqt_bayes import Fit, phrases\nqqt.decide, qqt.cli"
    )
    expected = ["qqt_bayes.report", "qqt_bayes.laws.law", "phrases", "cli"]
    assert sorted(internal(source)) == sorted(expected)
