"""All subsets of some pools under all draws at many budgets, beside the bare NumPy it stands on."""

import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from board import Board

from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.enumeration import enumerate_subsets, silent
from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.subset_curves import WholePools

TITLE = "Every subset of some pools judged under every draw"


@dataclass(frozen=True)
class Problem:
    """How much there is to judge."""

    law: str = "utility"
    pools: int = 10
    draws: int = 4000
    budgets: int = 64
    rounds: int = 3

    @property
    def subsets(self) -> int:
        """How many subsets."""
        return 2**self.pools - 1


BAR = Problem()
PROBLEMS = (
    BAR,
    Problem("utility-bounded"),
    Problem(pools=15, budgets=8, rounds=1),
    Problem(pools=20, draws=1000, budgets=2, rounds=1),
)


def whole_pools(problem: Problem) -> WholePools:
    """Equal bands of falling utility under a made posterior."""
    rng = np.random.default_rng(0)

    def about(value):
        return value * np.exp(0.1 * rng.standard_normal((problem.draws, np.size(value))))

    parameters = {
        "a": about(0.025),
        "b": about(np.geomspace(0.18, 0.06, problem.pools)),
        "d": about(0.1),
        "tau": about(np.geomspace(3, 8, problem.pools)),
        "size_exponent": np.ones((problem.draws, 1)),
    }
    sizes = np.full(problem.pools, 12.8e6)
    budgets = np.geomspace(32e6, 5e9, problem.budgets)
    return WholePools(LAWS[problem.law], parameters, sizes, sizes, budgets)


def bare(problem: Problem) -> float:
    """Seconds of the matrix products and exponentials alone, in blocks that fit the cache."""
    rng = np.random.default_rng(0)
    shares = rng.random((problem.subsets, problem.pools))
    exponents = rng.random((problem.budgets, problem.pools, problem.draws))
    start = time.perf_counter()
    for table in exponents:
        for first in range(0, len(shares), 16):
            np.exp(-(shares[first : first + 16] @ table))
    return time.perf_counter() - start


def ours(problem: Problem) -> float:
    """Seconds of the whole ranking."""
    these = whole_pools(problem)
    start = time.perf_counter()
    ranking = enumerate_subsets(these, Criteria(), silent)
    seconds = time.perf_counter() - start
    assert np.allclose(ranking.probability.sum(axis=0), 1)
    assert len(ranking.members) == problem.subsets
    return seconds


def peak_memory() -> float:
    """GiB that this process has had; `getrusage` may tell those of its parent."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 2**20


@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
def test_subsets(board: Board, problem: Problem) -> None:
    """Each in a process of its own, so that the peak of memory is its own."""
    line = [sys.executable, __file__, json.dumps(asdict(problem))]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    ratio = found["ours"] / found["bare"]
    board.add(
        TITLE,
        law=problem.law,
        subsets=problem.subsets,
        draws=problem.draws,
        budgets=problem.budgets,
        **{
            "seconds": found["ours"],
            "bare NumPy, seconds": found["bare"],
            "ratio": ratio,
            "peak memory, GiB": found["memory"],
        },
    )
    if problem == BAR:
        board.measured("subsets", ratio, f"{found['ours']:.3g} s over {found['bare']:.3g} s")
        board.measured("memory", found["memory"])


if __name__ == "__main__":
    given = Problem(**json.loads(sys.argv[1]))
    own = median(ours(given) for _ in range(given.rounds))
    peak = peak_memory()  # before the peer's own
    alone = median(bare(given) for _ in range(given.rounds))
    print(json.dumps({"ours": own, "bare": alone, "memory": peak}))
