"""One gradient of the log density: the compiled one, PyTensor's of the same, and the textbook's."""

from collections.abc import Callable
from statistics import median
from time import thread_time
from timeit import Timer

import numpy as np
import pymc as pm
import pytest
import studies
import textbook
import written
import xarray as xr
from board import Board
from pymc.model.transform.conditioning import remove_value_transforms

import qqt_bayes as qqt
from qqt_bayes.model.build import build
from qqt_bayes.model.coordinates import Coordinates
from qqt_bayes.model.draws import prior_draws
from qqt_bayes.model.problem import Problem
from qqt_bayes.sampling.kernel.plan import lay_out
from qqt_bayes.sampling.nutpie_adapter import (
    DENSITY,
    NUMBERS,
    CompiledModel,
    Density,
    compile_model,
    from_kernel,
)
from qqt_bayes.sampling.search.profile import find_coordinates

TITLE = "One gradient of the log density, microseconds of CPU"
OURS, PYTENSOR, TEXTBOOK = "ours", "PyTensor, the same", "PyTensor, the textbook's"
REPEATS = 9
"""Batches of calls, of which the median counts; the densities take turns."""
ROUND_OFF = 1e-6
"""Of the largest slope: how far gradients of the same density may be apart."""

# Numba does not keep what holds a large table; a compilation is not what is timed here.
pytestmark = pytest.mark.filterwarnings("ignore:Cannot cache compiled function")


def study(pools: int, epochs: int, each: int = 5) -> xr.Dataset:
    """Pools that are evaluated `each` times, the last time after `epochs`."""
    seen = np.linspace(0.2, 1, each) * epochs
    parameters = studies.drawn_parameters(pools, np.random.default_rng(0))
    return studies.simulate(parameters, tuple(seen), 0.003, seed=0)


@pytest.mark.parametrize(
    ("bar", "runs", "spec", "kinds"),
    [
        ("five pools", lambda: study(5, 10), "utility", (OURS, PYTENSOR, TEXTBOOK)),
        (
            "DataComp",
            studies.datacomp_both,
            studies.model_of(studies.BOTH),
            (OURS, PYTENSOR, TEXTBOOK),
        ),
        ("500 pools", lambda: study(500, 10, each=50), "utility", (OURS, PYTENSOR)),
    ],
    ids=["five pools", "DataComp small and medium", "500 pools"],
)
def test_gradient(board: Board, bar: str, runs, spec: str, kinds) -> None:
    table = runs()
    problem, coordinates = coordinates_of(table, spec)
    declared = build(problem, coordinates)
    compiled = {
        OURS: from_kernel(lay_out(problem, coordinates)),
        PYTENSOR: compile_model(declared),
    }
    ours, same = (Density(compiled[kind]) for kind in (OURS, PYTENSOR))
    u, order = ours.starts(1, seed=0)[0], places(declared, compiled[PYTENSOR])
    at = {OURS: u, PYTENSOR: u[np.argsort(order)]}
    expected = same(at[PYTENSOR])[1][order]
    np.testing.assert_allclose(ours(u)[1], expected, atol=ROUND_OFF * abs(expected).max())
    if TEXTBOOK in kinds:
        model = textbook.model(written.write_out(table))
        compiled[TEXTBOOK] = compile_model(model)
        at[TEXTBOOK] = Density(compiled[TEXTBOOK]).starts(1, seed=0)[0]
    time = microseconds(compiled, at)
    where = "parameters as declared" if coordinates is None else "fit's coordinates"
    row = {"runs": table.sizes["run"], "pools": table.sizes["pool"], "in": where}
    board.add(TITLE, problem=bar, **row, **time)
    board.measured(f"gradient, {bar}", time[OURS] / time[PYTENSOR], where)


def test_epochs(board: Board) -> None:
    """A run of many epochs costs hardly more than one of a few: the sum over them is collapsed."""
    compiled = {}
    for epochs in (10, 10**6):
        problem, coordinates = coordinates_of(study(5, epochs), "utility")
        compiled[f"{epochs:,} epochs"] = from_kernel(lay_out(problem, coordinates))
    at = {each: Density(model).starts(1, seed=0)[0] for each, model in compiled.items()}
    time = microseconds(compiled, at)
    few, many = time.values()
    for problem, each in time.items():
        board.add(
            TITLE, problem=problem, runs=25, pools=5, **{"in": "fit's coordinates", OURS: each}
        )
    board.measured("epochs", many / few)


def coordinates_of(runs: xr.Dataset, spec: str) -> tuple[Problem, Coordinates | None]:
    """A problem, and the coordinates that `fit` samples it in."""
    problem = Problem(qqt.load_model(spec), runs)
    return problem, find_coordinates(problem, prior_draws(problem, seed=0))


def places(model: pm.Model, compiled: CompiledModel) -> np.ndarray:
    """Where nutpie puts a model's coordinates when it compiles it: the order is its own."""
    each = (compiled.variables[value.name].place for value in model.value_vars)
    return np.concatenate([np.r_[place] for place in each])


def microseconds(compiled: dict[str, CompiledModel], at: dict[str, np.ndarray]) -> dict[str, float]:
    """Median time of a call of each C function at a point."""
    timers = {kind: Timer(caller(compiled[kind], at[kind]), timer=thread_time) for kind in compiled}
    count = {kind: max(1, timer.autorange()[0] // 4) for kind, timer in timers.items()}
    times: dict[str, list[float]] = {kind: [] for kind in timers}
    for _ in range(REPEATS):
        for kind, timer in timers.items():
            times[kind].append(timer.timeit(count[kind]) / count[kind])
    return {kind: 1e6 * median(each) for kind, each in times.items()}


def caller(compiled: CompiledModel, u: np.ndarray) -> Callable[[], None]:
    """Calls the C function as a sampler does: with addresses, and nothing made on the way."""
    function, memory = DENSITY(compiled.density), compiled.memory.ctypes.data
    arrays = u, np.empty(compiled.size), np.empty(1)
    pointers = [x.ctypes.data_as(NUMBERS) for x in arrays]  # which keep their arrays alive

    def call() -> None:
        assert function(compiled.size, *pointers, memory) == 0

    return call


@pytest.mark.parametrize("name", ["published, noise 0.003", studies.MEDIUM, studies.BOTH])
def test_textbook_has_the_declared_density(name: str) -> None:
    """At the same parameters: the peer has our priors and our law.

    Printed errors are taken as they are: where we average over what was rounded to them, the peer
    adds the variance of rounding to that of the noise, which is the same near the posterior alone.
    """
    runs = studies.load(name)
    runs = runs.assign(rounding=0 * runs["rounding"])
    mine = build(Problem(qqt.load_model(studies.model_of(name)), runs))
    theirs = textbook.model(written.write_out(runs), centred=True)
    names = sorted(variable.name for variable in mine.free_RVs)
    assert names == sorted(variable.name for variable in theirs.free_RVs)
    draws = zip(*pm.draw([mine[name] for name in names], draws=5, random_seed=1), strict=True)
    points = [dict(zip(names, each, strict=True)) for each in draws]
    np.testing.assert_allclose(
        log_densities(mine, points), log_densities(theirs, points), rtol=1e-9
    )


def log_densities(model: pm.Model, points: list[dict[str, np.ndarray]]) -> list[float]:
    """At each of several points, on the scale of the parameters."""
    function = remove_value_transforms(model).compile_logp(mode="FAST_COMPILE")
    return [float(function(point)) for point in points]
