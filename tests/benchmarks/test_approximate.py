"""How far other methods are from NUTS, and what they save."""

from pathlib import Path

import process
import pytest
import studies
import worth
from board import Board
from draws import Sampled, Settings

METHODS = ("laplace", "pathfinder", "smc")
TITLE = "Other methods against NUTS"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("approximate")


@pytest.fixture(scope="module", params=[next(iter(studies.FIVE_POOLS)), studies.MEDIUM])
def nuts(request: pytest.FixtureRequest, folder: Path) -> tuple[str, Sampled]:
    """A study and its posterior."""
    return request.param, process.run(folder, "ours", request.param, Settings()).sampled


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.benchmark(group="other methods")
def test_distance(
    benchmark, board: Board, folder: Path, nuts: tuple[str, Sampled], method: str
) -> None:
    study, exact = nuts
    found = benchmark.pedantic(
        lambda: process.run(folder, "ours", study, Settings(), method=method)
    ).sampled
    shift, ratio = worth.distance(found, exact)
    board.add(
        TITLE,
        study=study,
        method=method,
        **{
            "largest shift of a mean, posterior sds": shift,
            "largest ratio of sds": ratio,
            "seconds, compiled": found.sampling_seconds,
            "seconds of NUTS, compiled": exact.sampling_seconds,
        },
    )
