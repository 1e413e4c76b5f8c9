"""All subsets of ten pools under 4,000 draws at 64 budgets, beside the bare NumPy it stands on."""

import json
import resource
import subprocess
import sys
import time

import numpy as np
import pytest
from board import Board

from qqt_bayes.enumeration import all_subsets, enumerate_subsets, silent
from qqt_bayes.law import LAWS
from qqt_bayes.rules import Criteria
from qqt_bayes.whole_pools import WholePools

POOLS, DRAWS, BUDGETS = 10, 4000, 64
TITLE = f"All {2**POOLS - 1:,} subsets of {POOLS} pools, {DRAWS:,} draws, {BUDGETS} budgets"


def pools(law: str) -> WholePools:
    """Ten equal bands of falling utility under a made posterior."""
    rng = np.random.default_rng(0)

    def about(value):
        return value * np.exp(0.1 * rng.standard_normal((DRAWS, np.size(value))))

    parameters = {
        "a": about(0.025),
        "b": about(np.geomspace(0.18, 0.06, POOLS)),
        "d": about(0.1),
        "tau": about(np.geomspace(3, 8, POOLS)),
        "size_exponent": np.ones((DRAWS, 1)),
    }
    sizes = np.full(POOLS, 12.8e6)
    return WholePools(LAWS[law], parameters, sizes, sizes, np.geomspace(32e6, 5e9, BUDGETS))


def bare() -> float:
    """Seconds of the matrix products and exponentials alone, in blocks that fit the cache."""
    rng = np.random.default_rng(0)
    shares, exponents = rng.random((2**POOLS - 1, POOLS)), rng.random((BUDGETS, POOLS, DRAWS))
    start = time.perf_counter()
    for table in exponents:
        for first in range(0, len(shares), 16):
            np.exp(-(shares[first : first + 16] @ table))
    return time.perf_counter() - start


def ours(law: str) -> float:
    """Seconds of the whole ranking."""
    these = pools(law)
    start = time.perf_counter()
    ranking = enumerate_subsets(these, Criteria(), silent)
    seconds = time.perf_counter() - start
    assert np.allclose(ranking.probability.sum(axis=0), 1)
    assert len(ranking.members) == len(all_subsets(POOLS))
    return seconds


@pytest.mark.parametrize("law", ["utility", "utility-bounded"])
def test_subsets(board: Board, law: str) -> None:
    """Each in a process of its own, so that the peak of memory is its own."""
    done = subprocess.run(
        [sys.executable, __file__, law], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    ratio = found["ours"] / found["bare"]
    board.add(
        TITLE,
        law=law,
        **{
            "seconds": found["ours"],
            "bare NumPy, seconds": found["bare"],
            "ratio": ratio,
            "peak memory, GiB": found["memory"],
        },
    )
    if law == "utility":
        board.measured("subsets", ratio, f"{found['ours']:.3g} s over {found['bare']:.3g} s")
        board.measured("memory", found["memory"])


if __name__ == "__main__":
    of_law = sys.argv[1]
    pairs = [(ours(of_law), bare()) for _ in range(3)]
    own, alone = (sorted(times)[1] for times in zip(*pairs, strict=True))  # medians
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"ours": own, "bare": alone, "memory": peak}))
