"""All subsets of some pools under all draws at many budgets, beside the bare NumPy it stands on.

Both cost what they keep processors busy, so that neither the number of cores nor what else the
machine does counts; the peer's matrix products are kept from waiting for threads of their own.
"""

import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import pytest
from board import Board
from threadpoolctl import threadpool_limits

from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.enumeration import enumerate_subsets, silent
from qqt_bayes.laws.effective_reuse import CONSTANTS
from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.subset_curves import WholePools
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.spec import list_models, load_model

TITLE = "Every subset of some pools judged under every draw"


DATACOMP = np.array([1.28, 2.56, 8.96, 12.8, 12.8, 12.8, 12.8, 32, 19.2, 12.8]) * 1e6
"""The ten pools of `case_studies/datacomp_medium/composition.csv`. Their 1,023 subsets have 100
sizes, because five pools are equal and all are a round number of samples."""
SIZES = {
    "equal": np.full(10, 12.8e6),
    "DataComp": DATACOMP,
    "DataComp, uneven": DATACOMP + 1e3 * 2.0 ** np.arange(10),  # 1,023 sizes
}
TYPICAL = {
    "a": 0.025,
    "b": np.geomspace(0.18, 0.06, 10),
    "d": 0.1,
    "tau": np.geomspace(3, 8, 10),
    "size_exponent": 1.0,
    "kappa": 0.05,
    "Q": np.linspace(0.7, -0.7, 10),
    "r": np.linspace(-0.3, 0.3, 10),
    "R": 4.0,
    "zeta": 0.6,
    "g": 0.1,
    "k": 3.0,
    "rho": 0.05,
    "z2": 0.1,
    "alpha": 0.4,
    "A": 0.5,
    "reference": 3e8,
    "typical_size": 1.28e7,
    "chance_error": 0.999,
    "omega": 1.0,
    "memory": 4.0,
}
"""Of the arguments of all laws, those that may differ between pools a value for each of ten."""


@dataclass(frozen=True)
class Problem:
    """How much there is to judge, under a shipped model."""

    model: str = "utility"
    sizes: str = "equal"
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
    *(Problem(model, sizes) for sizes in SIZES for model in list_models()),
    Problem(pools=15, budgets=8, rounds=1),
    Problem(pools=20, draws=1000, budgets=2, rounds=1),
)


def whole_pools(problem: Problem) -> WholePools:
    """Bands of falling utility under a made posterior of a model's parameters.

    They differ between pools where the model says so, and between draws where it has a prior.
    """
    rng = np.random.default_rng(0)
    spec = load_model(problem.model)
    law = LAWS[spec.law]
    parameters = {}
    for name in dict.fromkeys((*law.arguments, *law.parameters)):
        if name not in TYPICAL:
            continue
        prior = spec.parameters.get(name)
        value = np.atleast_1d(TYPICAL[name] if prior is None or isinstance(prior, Prior) else prior)
        over_pools = isinstance(prior, Prior) and "pool" in prior.over
        value = np.resize(value, problem.pools if over_pools else 1)
        drawn = name not in CONSTANTS and (prior is None or isinstance(prior, Prior))
        spread = 0.1 * drawn * rng.standard_normal((problem.draws, value.size))
        parameters[name] = value * np.exp(spread)
    sizes = np.resize(SIZES[problem.sizes], problem.pools)
    budgets = np.geomspace(32e6, 5e9, problem.budgets)
    return WholePools(law, parameters, sizes, sizes, budgets)


class Seconds(NamedTuple):
    """Of all threads together, and on the clock."""

    cpu: float
    clock: float


def now() -> Seconds:
    """Both since some moment."""
    return Seconds(time.process_time(), time.perf_counter())


def since(start: Seconds) -> Seconds:
    """Both since then."""
    return Seconds(*(x - y for x, y in zip(now(), start, strict=True)))


def bare(problem: Problem) -> Seconds:
    """Cost of the matrix products and exponentials alone, in blocks that fit the cache."""
    rng = np.random.default_rng(0)
    shares = rng.random((problem.subsets, problem.pools))
    exponents = rng.random((problem.budgets, problem.pools, problem.draws))
    start = now()
    with threadpool_limits(1, user_api="blas"):
        for table in exponents:
            for first in range(0, len(shares), 16):
                np.exp(-(shares[first : first + 16] @ table))
    return since(start)


def ours(problem: Problem) -> Seconds:
    """Cost of the whole ranking."""
    these = whole_pools(problem)
    start = now()
    ranking = enumerate_subsets(these, Criteria(), silent)
    seconds = since(start)
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
    board.add(
        TITLE,
        model=problem.model,
        sizes=problem.sizes,
        subsets=problem.subsets,
        draws=problem.draws,
        budgets=problem.budgets,
        **{
            "CPU seconds": found["ours, cpu"],
            "bare NumPy, CPU seconds": found["bare, cpu"],
            "ratio of CPU": found["ratio, cpu"],
            "ratio on the clock": found["ratio, clock"],
            "peak memory, GiB": found["memory"],
        },
    )
    if problem == BAR:
        remark = f"CPU {found['ours, cpu']:.3g} s over {found['bare, cpu']:.3g} s"
        board.measured("subsets", found["ratio, cpu"], remark)
        board.measured("memory", found["memory"])


if __name__ == "__main__":
    given = Problem(**json.loads(sys.argv[1]))
    ours(given)  # so that what is compiled is in memory
    peak, own, alone = 0.0, [], []
    for _ in range(given.rounds):  # in turn, so that what else the machine does slows both
        own.append(ours(given))
        peak = peak or peak_memory()  # before the peer's own
        alone.append(bare(given))
    measured: dict[str, float] = {"memory": peak}
    for kind in Seconds._fields:
        pairs = [(getattr(x, kind), getattr(y, kind)) for x, y in zip(own, alone, strict=True)]
        measured[f"ours, {kind}"] = median(x for x, _ in pairs)
        measured[f"bare, {kind}"] = median(y for _, y in pairs)
        measured[f"ratio, {kind}"] = median(x / y for x, y in pairs)
    print(json.dumps(measured))
