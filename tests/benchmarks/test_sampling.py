"""Posteriors of the same model by every sampler, each in a process of its own.

The peers' settings: 4 chains; nutpie's, NumPyro's and Stan's own acceptance rate of 0.8, and 0.95,
which a user would turn to after the divergences that 0.8 gives here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import process
import pytest
import studies
import worth
from board import Board
from draws import Settings
from process import Fits, Timed

CONVERGED = 1.02
"""R-hat of a posterior that counts."""
AGREE = 6.0
"""Monte-Carlo errors by which posteriors may differ: means and deviations of some thirty scalars
are compared, with errors that are estimates themselves."""
FIRST = next(iter(studies.FIVE_POOLS))
"""The study that is fitted with nothing compiled, too."""
ENOUGH = "Seconds to 400 effective draws (five pools, fresh process with import and compilation)"


@dataclass(frozen=True)
class Peer:
    """A sampler, its settings, and whether it should find our posterior to Monte-Carlo error.

    At an acceptance rate of 0.8 the peers diverge: how far that takes them is shown, not asserted.
    """

    sampler: str
    settings: Settings
    options: dict[str, Any]
    careful: bool


OURS = Peer("ours", Settings(), {}, careful=True)
FIVE_POOLS = {
    "ours": OURS,
    "PyMC centred, 0.8": Peer("PyMC", Settings(), {"centred": True}, careful=False),
    "PyMC centred, 0.95": Peer("PyMC", Settings(accept=0.95), {"centred": True}, careful=True),
    "PyMC non-centred, 0.8": Peer("PyMC", Settings(), {"centred": False}, careful=False),
    "PyMC non-centred, 0.95": Peer("PyMC", Settings(accept=0.95), {"centred": False}, careful=True),
    "NumPyro, 0.95": Peer("NumPyro", Settings(500, 500, accept=0.95), {}, careful=True),
    "Stan, 0.95": Peer("Stan", Settings(500, 500, accept=0.95), {}, careful=True),
}
SHORT = Settings(300, 300)
MEDIUM = {
    "ours": OURS,
    "PyMC centred, 0.8": Peer("PyMC", SHORT, {"centred": True}, careful=False),
    "PyMC non-centred, 0.8": Peer("PyMC", SHORT, {"centred": False}, careful=False),
    "NumPyro, 0.8": Peer("NumPyro", Settings(150, 250), {}, careful=True),
    "Stan, 0.8": Peer("Stan", Settings(150, 250), {}, careful=True),
}

DOUBLED = ("PyMC centred, 0.95", "PyMC non-centred, 0.8")
"""Other settings of a program that is started with nothing compiled already."""
TEXTBOOK = [name for name in MEDIUM if name.startswith("PyMC")]
COLD = {f"{name}, nothing compiled": name for name in FIVE_POOLS if name not in DOUBLED}

Fit = Callable[[str, str, Peer], Timed]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fresh")


@pytest.fixture
def fit(benchmark, fits: Fits, folder: Path) -> Fit:
    """Times one posterior, and keeps it."""

    def timed(study: str, name: str, peer: Peer) -> Timed:
        if peer.sampler == "Stan" and find_spec("stan") is None:
            pytest.skip("NO STAN: pystan is not installed; `make bench` does it, but on Windows")
        found = benchmark.pedantic(
            lambda: process.run(
                folder,
                peer.sampler,
                study,
                peer.settings,
                cache=name.split(",", maxsplit=1)[0],
                **peer.options,
            )
        )
        fits.setdefault(study, {})[name] = found
        return found

    return timed


@pytest.mark.parametrize("name", COLD)
@pytest.mark.benchmark(group="five pools, nothing compiled")
def test_cold(fit: Fit, board: Board, name: str) -> None:
    """The first use of a cache; with the model in it, `test_five_pools` follows."""
    cold = fit(FIRST, name, FIVE_POOLS[COLD[name]])
    board.beside(ENOUGH, {"sampler": COLD[name]}, "cold cache", cold.seconds_to_enough())


@pytest.mark.parametrize("name", FIVE_POOLS)
@pytest.mark.parametrize("study", studies.FIVE_POOLS)
@pytest.mark.benchmark(group="five pools")
def test_five_pools(fit: Fit, board: Board, fits: Fits, study: str, name: str) -> None:
    warm = fit(study, name, FIVE_POOLS[name])
    report(board, f"Five pools of five points: {study}", name, fits[study])
    if study == FIRST:
        board.beside(ENOUGH, {"sampler": name}, "warm cache", warm.seconds_to_enough())
    check(fits[study], name, FIVE_POOLS[name])


@pytest.mark.parametrize("name", MEDIUM)
@pytest.mark.benchmark(group="DataComp medium")
def test_medium(fit: Fit, board: Board, fits: Fits, name: str) -> None:
    fit(studies.MEDIUM, name, MEDIUM[name])
    title = "DataComp medium (20 runs, ten bands, up to 100 epochs; size exponent free)"
    report(board, title, name, fits[studies.MEDIUM])
    check(fits[studies.MEDIUM], name, MEDIUM[name])


def test_ratios(board: Board, fits: Fits) -> None:
    """Ours over the peers, from the same run."""
    ratios = [over_best(fits[study]) for study in studies.FIVE_POOLS]
    each = ", ".join(f"{ratio:.2g} ({peer})" for ratio, peer in ratios)
    board.measured("five pools", median(ratio for ratio, _ in ratios), each)
    board.measured("five pools, worst", min(ratio for ratio, _ in ratios))
    medium = fits[studies.MEDIUM]
    ratio, peer = over_best({name: x for name, x in medium.items() if name in ("ours", *TEXTBOOK)})
    best, best_peer = over_best(medium)
    board.measured("medium", ratio, f"{peer}; over the best of all peers {best:.2g} ({best_peer})")


def over_best(found: dict[str, Timed]) -> tuple[float, str]:
    """ESS per second of ours over that of the best peer, and who that is.

    Who did not converge is worth nothing; if no peer did, all of them count.
    """
    speed, sound = {}, {}
    for name in set(found) - set(COLD):
        speed[name] = worth.ess_per_second(found[name].sampled)
        if worth.rhat(found[name].sampled) < CONVERGED:
            sound[name] = speed[name]
    ours = sound.pop("ours", 0.0)
    del speed["ours"]
    peers = sound or speed
    best = max(peers, key=peers.__getitem__)
    return ours / peers[best], best


def report(board: Board, title: str, name: str, found: dict[str, Timed]) -> None:
    """A row of what a sampler did, beside ours."""
    timed, reference = found[name], found["ours"]
    sampled, settings = timed.sampled, timed.settings
    speed = worth.ess_per_second(sampled)
    board.add(
        title,
        sampler=name,
        draws=f"{settings.chains} x ({settings.tune} + {settings.draws})",
        sampling=f"{sampled.sampling_seconds:.1f} s",
        **{
            "min bulk-ESS": round(worth.ess(sampled)),
            "ESS per second": speed,
            "ours over it": worth.ess_per_second(reference.sampled) / speed,
            "gradients a draw": round(sampled.steps),
            "divergences": sampled.divergences,
            "R-hat": f"{worth.rhat(sampled):.3f}",
            "difference from ours, MC errors": worth.disagreement(sampled, reference.sampled)
            if name != "ours"
            else "-",
        },
    )


def check(found: dict[str, Timed], name: str, peer: Peer) -> None:
    """The same posterior as ours, where the sampler was careful and converged."""
    if name != "ours" and peer.careful and worth.rhat(found[name].sampled) < CONVERGED:
        assert worth.disagreement(found[name].sampled, found["ours"].sampled) < AGREE
