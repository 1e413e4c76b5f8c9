"""Where the examples in docstrings are executed: in a folder with a user's files."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent / "tests"))

import examples


@pytest.fixture(scope="session")
def users_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of files that `examples` makes, once for all workers of a session."""
    return examples.shared(tmp_path_factory)


@pytest.fixture(autouse=True)
def _among_users_files(request: pytest.FixtureRequest) -> None:
    """Give an example that names such a file a copy of them, which it may change."""
    if isinstance(request.node, pytest.DoctestItem) and examples.named_in(request.node.dtest):
        files, folder = map(request.getfixturevalue, ("users_files", "tmp_path"))
        shutil.copytree(files, folder, dirs_exist_ok=True)
        request.getfixturevalue("monkeypatch").chdir(folder)
