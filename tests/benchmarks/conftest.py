"""What the benchmarks share: a board for their figures, which is written when all is done."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))  # so that they can `import studies`, `import board`

from board import Board

BOARD = pytest.StashKey[Board]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--results", type=Path, help="folder to write results.md to")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[BOARD] = Board()


@pytest.fixture(scope="session")
def board(pytestconfig: pytest.Config) -> Board:
    return pytestconfig.stash[BOARD]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    page = config.stash[BOARD].markdown()
    terminalreporter.write_line("\n" + page)
    folder = config.getoption("--results")
    if folder is not None:
        (folder / "results.md").write_text(page, encoding="utf-8")
