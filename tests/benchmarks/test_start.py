"""From a table of five pools to a saved result, each program in a process of its own."""

from importlib.util import find_spec

import numpy as np
import process
import pytest
import samplers
import worth
from board import Board
from process import Cost
from sampled import Sampled
from samplers import OURS, TEXTBOOK

TITLE = "From a table of five pools to a saved result: fresh processes, seconds"
REPEATS = {OURS: 3, TEXTBOOK: 3, "grid": 3}
"""Runs with warm caches, of which the median counts; of what no bar is held against, one."""
ENOUGH = 400
"""Effective draws that each parameter should have."""
POSTERIOR, POINTS = "posterior of all parameters", "least squares, each pool by itself: "
GIVES = {
    OURS: f"{POSTERIOR}, its checks",
    TEXTBOOK: POSTERIOR,
    "NumPyro, 0.95": POSTERIOR,
    "Stan, 0.95": POSTERIOR,
    "SciPy": POINTS + "a, b, d, tau, 200 resamples",
    "grid": POINTS + "a, b, d, tau, the best of 100,000 points",
    "simple-scaling-laws": POINTS
    + "a law without repetitions, of runs without them; 200 resamples",
}


@pytest.mark.parametrize("name", GIVES)
def test_start(board: Board, name: str) -> None:
    if name.startswith("Stan") and find_spec("stan") is None:
        pytest.skip("NO STAN: pystan is not installed; `make bench` does it, but on Windows")
    first, later, found = costs(name)
    row = {"program": name, "gives": GIVES[name]}
    row |= {"first ever, CPU": first.cpu, "first ever, clock": first.wall}
    row |= {"later, CPU": later.cpu, "later, clock": later.wall}
    if isinstance(found, Sampled):
        row |= {f"min {kind}-ESS": worth.ess(found, kind) for kind in ("bulk", "tail")}
    board.add(TITLE, **row)
    if name == OURS:
        assert min(worth.ess(found, kind) for kind in ("bulk", "tail")) >= ENOUGH
    elif isinstance(found, np.ndarray):
        assert np.isfinite(found).all()


def test_bars(board: Board) -> None:
    first, later, _ = costs(OURS)
    peer_first, peer_later, _ = costs(TEXTBOOK)
    board.measured("fit, CPU", *ratio(later, peer_later))
    board.measured("fit", later.wall)
    board.measured("first fit, CPU", *ratio(first, peer_first))
    board.measured("first fit", first.wall)
    board.measured("fit, grid", *ratio(later, costs("grid")[1]))


def costs(name: str) -> tuple[Cost, Cost, object]:
    """Costs with empty and with warm caches, and what was found."""
    first, study = samplers.first_ever(name), samplers.first_study(name)
    later = [samplers.run(name, study, repeat) for repeat in range(REPEATS.get(name, 1))]
    return first.cost, process.typical(each.cost for each in later), first.found


def ratio(cost: Cost, peer: Cost) -> tuple[float, str]:
    """CPU over that of a peer, and the seconds."""
    return cost.cpu / peer.cpu, f"{cost.cpu:.3g} s over {peer.cpu:.3g} s"
