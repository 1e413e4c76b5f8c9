"""Two hundred tables drawn from the model and fitted: how long it takes, and whether ranks fit."""

import pytest
import studies
from board import Board

from qqt_bayes.calibration.sbc import simulation_based_calibration
from qqt_bayes.calibration.uniformity import RANKED_DRAWS, outside_bands

TITLE = "Simulation-based calibration (five pools of five points)"
REPLICATIONS = 200
SETTINGS = {"chains": 4, "tune": 300, "draws": 300}
"""The ranks need 99 independent draws."""


@pytest.mark.benchmark(group="calibration")
def test_calibration(benchmark, board: Board) -> None:
    runs = studies.published(0.003, seed=1)
    found = benchmark.pedantic(
        lambda: simulation_based_calibration(
            runs, "utility", replications=REPLICATIONS, seed=1, **SETTINGS
        ),
        rounds=1,
    )
    scalars = found.sizes["scalar"]
    alone, together = (outside_bands(found["rank"], 1 - p) for p in (0.05, 0.05 / scalars))
    diverged = int((found["divergences"] > 0).sum())
    fewest, seconds = found["ess"].min("scalar"), found["seconds"]
    row = {
        "draws": "{chains} x ({tune} + {draws})".format(**SETTINGS),
        "compilation and first fit, seconds": float(seconds[0]),
        "median fit, seconds": float(seconds[1:].median()),
        "slowest": float(seconds[1:].max()),
        "fits with divergences": diverged,
        "divergences": int(found["divergences"].sum()),
        "did not pass the gate": int((~found["passed"]).sum()),
        "lowest ESS, median fit": float(fewest.median()),
        "lowest ESS, worst fit": float(fewest.min()),
        f"fits with an ESS below {RANKED_DRAWS}": int((fewest < RANKED_DRAWS).sum()),
        "legal tables drawn": f"{found.attrs['legal']:.0%}",
        "outside their 95 % band": ", ".join(alone) or "none",
        "outside the 95 % band of all": ", ".join(together) or "none",
    }
    for what, value in row.items():
        board.add(TITLE, what=what, value=value)
    remark = f"{len(alone)} of {scalars} scalars outside their 95 % band ({scalars / 20:.1g} by "
    remark += f"chance), {len(together)} outside that of all; {diverged} fits diverged"
    board.measured("calibration", benchmark.stats["mean"], remark)
