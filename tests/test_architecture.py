"""The direction of imports, as pyproject.toml has it; sizes of modules; the order of the tests."""

import ast
import re
from pathlib import Path
from statistics import median

import pytest
from importlinter.cli import lint_imports
from places import ROOT, TESTS

MODULES = sorted((ROOT / "qqt_bayes").rglob("*.py"))


def test_imports_follow_the_contracts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename="pyproject.toml", no_cache=True, no_logo=True)
    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_fits_in_400_lines_and_imports_absolutely(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    assert len(text.splitlines()) <= 400
    assert all(node.level == 0 for node in imports)


def test_a_test_file_fits_in_400_lines() -> None:
    files = [*TESTS.rglob("test_*.py")]
    assert len(files) > 50
    assert [path.name for path in files if len(path.read_text("utf-8").splitlines()) > 400] == []


def test_the_median_module_stays_below_200_lines() -> None:
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES]
    assert median(lengths) < 200


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_only_report_and_cli_speak_of_command_line_options(path: Path) -> None:
    """What else is raised or kept is read in Python, too, where there are arguments instead."""
    if path.relative_to(ROOT / "qqt_bayes").parts[0] in ("cli", "report"):
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    described = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in described
    ]
    assert [text for text in texts if re.search(r"(?<![\w-])--[a-z]", text)] == []


def test_the_files_that_are_started_first_are_there() -> None:
    """A name in the order of the tests that is no file would be passed over in silence."""
    found = {path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")}
    tree = ast.parse((TESTS / "conftest.py").read_text(encoding="utf-8"))
    (order,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "LONGEST_FIRST"
    )
    assert len(set(order)) == len(order) > 1
    assert set(order) <= found
