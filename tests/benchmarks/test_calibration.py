"""Two hundred tables drawn from the model and fitted: how long it takes, and whether ranks fit."""

import time

import studies
from board import Board

from qqt_bayes.calibration.sbc import simulation_based_calibration
from qqt_bayes.calibration.uniformity import RANKED_DRAWS, outside_bands

TITLE = "Simulation-based calibration (five pools of five points)"
REPLICATIONS = 200
SETTINGS = {"chains": 4, "tune": 300, "draws": 300}
"""The ranks need 99 independent draws."""


def test_calibration(board: Board) -> None:
    runs = studies.published(0.003, seed=1)
    start = time.process_time(), time.perf_counter()
    found = simulation_based_calibration(
        runs, "utility", replications=REPLICATIONS, seed=1, **SETTINGS
    )
    cpu, wall = time.process_time() - start[0], time.perf_counter() - start[1]
    scalars = found.sizes["scalar"]
    alone, together = (outside_bands(found["rank"], 1 - p) for p in (0.05, 0.05 / scalars))
    diverged, fewest = int((found["divergences"] > 0).sum()), found["ess"].min("scalar")
    rows = {
        "draws": "{chains} x ({tune} + {draws})".format(**SETTINGS),
        "CPU, seconds": cpu,
        "clock, seconds": wall,
        "median fit, seconds": float(found["seconds"].median()),
        "slowest": float(found["seconds"].max()),
        "fits with divergences": diverged,
        "did not pass the gate": int((~found["passed"]).sum()),
        "lowest ESS, median fit": float(fewest.median()),
        f"fits with an ESS below {RANKED_DRAWS}": int((fewest < RANKED_DRAWS).sum()),
        "outside their 95 % band": ", ".join(alone) or "none",
        "outside the 95 % band of all": ", ".join(together) or "none",
    }
    for what, value in rows.items():
        board.add(TITLE, what=what, value=value)
    remark = f"{len(alone)} of {scalars} scalars outside their 95 % band ({scalars / 20:.1g} by "
    remark += f"chance), {len(together)} outside that of all; {diverged} fits diverged"
    board.measured("calibration", wall, remark)
