"""Effective draws a second of sampling, beside other samplers of the same model."""

from importlib.util import find_spec
from statistics import median

import pytest
import samplers
import studies
import worth
from board import Board
from sampled import Sampled
from samplers import FIRST, OURS, TEXTBOOK

CONVERGED = 1.02
"""R-hat of a posterior that counts."""
AGREE = 6.0
"""Monte-Carlo errors by which posteriors may differ: means and deviations of some thirty scalars
are compared, with errors that are estimates themselves."""
CENTRED, HASTY = "PyMC centred, 0.95", "PyMC non-centred, 0.8"
"""The textbook's other form; and nutpie's own acceptance rate, at which it diverges here: how far
that takes it is shown, not asserted."""
FIVE_POOLS = {study: [OURS, TEXTBOOK, CENTRED] for study in studies.FIVE_POOLS}
FIVE_POOLS[FIRST] += ["NumPyro, 0.95", "Stan, 0.95"]
SAMPLERS = FIVE_POOLS | {studies.MEDIUM: [OURS, HASTY]}


@pytest.mark.parametrize(
    ("study", "name"), [(study, name) for study, names in SAMPLERS.items() for name in names]
)
def test_sampling(board: Board, study: str, name: str) -> None:
    if name.startswith("Stan") and find_spec("stan") is None:
        pytest.skip("NO STAN: pystan is not installed; `make bench` does it, but on Windows")
    found, ours = draws(name, study), draws(OURS, study)
    apart = worth.disagreement(found, ours) if name != OURS else 0.0
    speed = worth.ess_per_second(found)
    chains, kept = found.draws["a"].shape
    board.add(
        f"Sampling, once compiled: {study}",
        sampler=name,
        draws=f"{chains} x {kept}",
        seconds=found.seconds,
        **{
            "min bulk-ESS": round(worth.ess(found)),
            "ESS per second": speed,
            "ours over it": worth.ess_per_second(ours) / speed,
            "gradients a draw": round(found.steps),
            "divergences": found.divergences,
            "R-hat": f"{worth.rhat(found):.3f}",
            "difference from ours, MC errors": apart,
        },
    )
    if name != HASTY and worth.rhat(found) < CONVERGED:
        assert apart < AGREE


def test_bars(board: Board) -> None:
    ratios = [over_best(study) for study in FIVE_POOLS]
    each = ", ".join(f"{ratio:.2g} ({peer})" for ratio, peer in ratios)
    board.measured("five pools", median(ratio for ratio, _ in ratios), each)
    board.measured("five pools, worst", min(ratio for ratio, _ in ratios))
    board.measured("medium", *over_best(studies.MEDIUM))


def over_best(study: str) -> tuple[float, str]:
    """ESS per second of ours over that of the best peer, and who that is.

    Who did not converge is worth nothing; if no peer did, all of them count.
    """
    peers = [name for name in SAMPLERS[study] if name != OURS]
    peers = [name for name in peers if find_spec("stan") or not name.startswith("Stan")]
    sound = [name for name in peers if worth.rhat(draws(name, study)) < CONVERGED]
    speed = {name: worth.ess_per_second(draws(name, study)) for name in sound or peers}
    best = max(speed, key=speed.__getitem__)
    assert worth.rhat(draws(OURS, study)) < CONVERGED
    return worth.ess_per_second(draws(OURS, study)) / speed[best], best


def draws(name: str, study: str) -> Sampled:
    """A posterior with all that does not depend on the study compiled."""
    return samplers.run(name, study).found
