"""What every test shares: figures without a screen, repeatable examples, --runslow, the order."""

import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a process for each core: more threads wait
# PyMC is an oracle here, asked for a few numbers of many models: to compile each for Numba or C
# takes longer, by far where their caches are empty; so does noting where each node was made.
# Benchmarks time PyMC as its users have it.
if not any("benchmarks" in argument for argument in sys.argv):
    os.environ.setdefault("PYTENSOR_FLAGS", "mode=FAST_COMPILE,cxx=,traceback__limit=0")

import hypothesis
import matplotlib
import pytest

TESTS = Path(__file__).parent
LONGEST_FIRST = (
    "sampling/kernel/test_density.py",
    "case_studies/test_cherti.py",
    "case_studies/test_datacomp_medium.py",
    "case_studies/test_datacomp_scales.py",
    "case_studies/test_language_models.py",
    "case_studies/test_mini_clip.py",
    "sampling/test_extremes.py",
    "sampling/test_inference.py",
    "sampling/kernel/test_compiled.py",
    "model/test_coordinates.py",
    "case_studies/test_tmars_published.py",
    "sampling/test_declaration.py",
    "report/figures/test_files.py",
)
"""Files that take longest.  Workers take files as they come: were one of these among the last, one
core would work on it while the others idle."""

sys.path.append(str(TESTS))  # so that tests can `import made`, `import written_out`
matplotlib.use("Agg")
hypothesis.settings.load_profile("ci")  # the same examples on every machine, and no deadline


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--runslow", action="store_true", help="run the tests marked slow as well")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Compare images wherever pytest-mpl is installed, which compares none by itself.

    An option in pyproject.toml would stop pytest where it is not, as in the environment of `bench`.
    """
    if config.pluginmanager.hasplugin("pytest_mpl"):
        config.option.mpl = True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _place(item.path))
    if config.getoption("--runslow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="takes minutes: needs --runslow"))


def _place(path: Path) -> int:
    """Place of a file in `LONGEST_FIRST`; behind them all if it is not named there."""
    name = path.relative_to(TESTS, walk_up=True).as_posix()
    return LONGEST_FIRST.index(name) if name in LONGEST_FIRST else len(LONGEST_FIRST)
