"""How far approximate methods are from NUTS, and what they save."""

import inspect
from pathlib import Path

import process
import pytest
import studies
import worth
from board import Board
from draws import Settings

import qqt_bayes as qqt

METHODS = ("laplace", "pathfinder")
TITLE = "Approximate methods against NUTS"
OFFERED = "method" in inspect.signature(qqt.fit).parameters


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("approximate")


@pytest.mark.skipif(not OFFERED, reason="qqt_bayes.fit has no argument `method`")
@pytest.mark.parametrize("study", [next(iter(studies.FIVE_POOLS)), studies.MEDIUM])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.benchmark(group="approximate methods")
def test_distance(benchmark, board: Board, folder: Path, study: str, method: str) -> None:
    exact = process.run(folder, "ours", study, Settings()).sampled
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
