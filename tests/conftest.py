"""What every test shares: figures without a screen, repeatable examples, and --runslow."""

import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a process for each core: more threads wait

import hypothesis
import matplotlib
import pytest

sys.path.append(str(Path(__file__).parent))  # so that tests can `import made`, `import written_out`
matplotlib.use("Agg")
hypothesis.settings.load_profile("ci")  # the same examples on every machine, and no deadline


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--runslow", action="store_true", help="run the tests marked slow as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--runslow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="takes minutes: needs --runslow"))
