"""What the benchmarks share: a board for their figures, which is written when all is done."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))  # so that they can `import studies`, `import grid`

from board import Board
from process import Fits

BOARD = pytest.StashKey[Board]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--results", type=Path, help="folder to write results.md and results.json to")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[BOARD] = Board()


@pytest.fixture(scope="session")
def board(pytestconfig: pytest.Config) -> Board:
    return pytestconfig.stash[BOARD]


@pytest.fixture(scope="session")
def fits() -> Fits:
    """What has been sampled."""
    return {}


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    board = config.stash[BOARD]
    terminalreporter.write_line("\n" + board.markdown())
    folder = config.getoption("--results")
    if folder is not None:
        board.write(folder)
