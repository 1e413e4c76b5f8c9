"""Five pools in a fresh process against the grid search that scaling laws are often fitted with."""

import grid
import numpy as np
import process
import pytest
import studies
from board import Board
from draws import Settings
from process import Fits

STUDY = next(iter(studies.FIVE_POOLS))
TITLE = f"Five pools: a posterior, or a grid search of {grid.POINTS:,} points a pool"


@pytest.fixture(scope="module")
def seconds(fits: Fits, tmp_path_factory: pytest.TempPathFactory) -> float:
    """A full posterior in a fresh process with a warm cache; `test_sampling` has timed it."""
    if "ours" not in fits.get(STUDY, {}):
        folder = tmp_path_factory.mktemp("posterior")
        again = [process.run(folder, "ours", STUDY, Settings()) for _ in range(2)]
        fits[STUDY] = {"ours": again[-1]}
    return fits[STUDY]["ours"].seconds


@pytest.mark.parametrize("way", ["arrays", "numbers"])
@pytest.mark.benchmark(group="grid search, one pool")
def test_search(benchmark, board: Board, seconds: float, way: str) -> None:
    """One pool is timed; the pools cost alike, and there are five."""
    runs = studies.load(STUDY)
    pool, pools = runs["pool"].values[0], runs.sizes["pool"]
    found = benchmark.pedantic(lambda: grid.search(runs, pool, arrays=way == "arrays"))
    total = pools * benchmark.stats["mean"]
    assert np.isfinite(found).all()
    board.add(
        TITLE,
        **{
            "grid search": {"arrays": "NumPy", "numbers": "numbers and `math`"}[way],
            "seconds a pool": total / pools,
            "seconds": total,
            "posterior, fresh process, warm cache, seconds": seconds,
        },
    )
    bar = {"arrays": "grid", "numbers": "grid, math"}[way]
    board.measured(bar, seconds / total, f"{seconds:.3g} s over {total:.3g} s")
