"""Fits in one process: refits of other tables, and other methods than NUTS."""

import time
from statistics import median

import pytest
import studies
import worth
from board import Board
from samplers import FIRST, of_fit

import qqt_bayes as qqt

REFIT = "Further fits in one process: other runs of the same trainings, five pools"
APPROXIMATE = "Other methods against NUTS"
METHODS = {FIRST: ("laplace", "pathfinder", "smc"), studies.MEDIUM: ("laplace", "pathfinder")}
"""By study: sequential Monte Carlo takes a minute on DataComp's."""
TABLES = 6


def test_refit(board: Board) -> None:
    costs = []
    for seed in range(TABLES):
        runs = studies.published(0.003, seed)
        start = time.process_time(), time.perf_counter()
        qqt.fit(runs, "utility", seed=seed)
        costs.append((time.process_time() - start[0], time.perf_counter() - start[1]))
    cpu, wall = zip(*costs[1:], strict=True)
    rows = {
        "first": costs[0],
        f"median of {len(cpu)} more": (median(cpu), median(wall)),
        f"slowest of {len(cpu)} more": (max(cpu), max(wall)),
    }
    for fit, (of_cpu, of_wall) in rows.items():
        board.add(REFIT, fit=fit, **{"CPU, seconds": of_cpu, "clock, seconds": of_wall})
    board.measured("refit", median(wall), f"slowest {max(wall):.2g} s")


@pytest.mark.parametrize("study", METHODS)
def test_methods(board: Board, study: str) -> None:
    """How far they are from NUTS, and what they save."""
    runs, spec = studies.load(study), studies.model_of(study)
    exact = of_fit(qqt.fit(runs, spec, seed=1))
    for method in METHODS[study]:
        found = of_fit(qqt.fit(runs, spec, seed=1, method=method))
        shift, ratio = worth.distance(found, exact)
        board.add(
            APPROXIMATE,
            study=study,
            method=method,
            **{
                "largest shift of a mean, posterior sds": shift,
                "largest ratio of sds": ratio,
                "seconds": found.seconds,
                "seconds of NUTS": exact.seconds,
            },
        )
