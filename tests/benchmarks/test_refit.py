"""Another table of the same trainings, as cross-validation and calibration have them."""

import time
from statistics import median

import pytest
import studies
from board import Board

from qqt_bayes.sampling.many import fit_many

TITLE = "Fits of one compiled model to other runs of the same trainings (five pools)"
TABLES = 4


@pytest.mark.benchmark(group="refit")
def test_refit(benchmark, board: Board) -> None:
    fits = fit_many([studies.published(0.003, seed) for seed in range(TABLES)], "utility", seed=1)
    start = time.perf_counter()
    next(fits)
    first = time.perf_counter() - start
    benchmark.pedantic(lambda: next(fits), rounds=TABLES - 1)
    again = benchmark.stats.stats.data
    board.add(TITLE, fit="first, with compilation", seconds=first)
    board.add(TITLE, fit=f"median of {len(again)} more", seconds=median(again))
    board.add(TITLE, fit=f"slowest of {len(again)} more", seconds=max(again))
    board.measured("refit", median(again), f"slowest {max(again):.2g} s")
