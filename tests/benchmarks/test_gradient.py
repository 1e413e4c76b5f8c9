"""One gradient of the log density: nodes and coordinates against the sum written out."""

from collections.abc import Callable

import numpy as np
import ours
import pymc as pm
import pytest
import studies
import textbook
import written
import xarray as xr
from board import Board
from pymc.blocking import DictToArrayBijection
from pymc.model.transform.optimization import freeze_dims_and_data

KINDS = ("ours", "nodes only", "written out")
EPOCHS = [10**i for i in range(1, 7)]
POOLS = [5, 50, 500]
RUNS = [25, 250, 2_500, 25_000]
BOTH = "Gradient, DataComp small and medium (48 runs, ten bands, 1,000 epochs), microseconds"
UTILITY = "utility"

# Numba does not keep what holds a large table; a compilation is not what is timed here.
pytestmark = pytest.mark.filterwarnings("ignore:Cannot cache compiled function")


def model(kind: str, runs: xr.Dataset, spec: str) -> pm.Model:
    """Ours as `fit` samples it, ours as declared, or the textbook's."""
    if kind == "ours":
        return ours.in_coordinates(runs, spec)
    if kind == "nodes only":
        return ours.declared(runs, spec)
    if kind == "ragged":
        return textbook.bounded_model(written.write_out(runs), centred=False, ragged=True)
    return textbook.model(written.write_out(runs), centred=False)


def gradient(model: pm.Model) -> tuple[Callable[..., object], object]:
    """The log density with its gradient, compiled, and a point."""
    function = freeze_dims_and_data(model).logp_dlogp_function(ravel_inputs=True, mode="NUMBA")
    function.set_extra_values({})
    point = DictToArrayBijection.map(model.initial_point())
    density, slope = function(point)
    assert np.isfinite(density)
    assert np.isfinite(slope).all()
    return function, point


def microseconds(benchmark, kind: str, runs: xr.Dataset, spec: str) -> float:
    """Median time of a gradient."""
    function, point = gradient(model(kind, runs, spec))
    benchmark(function, point)
    return 1e6 * benchmark.stats["median"]


def study(pools: int, epochs: int, each: int = 5) -> xr.Dataset:
    """Pools that are evaluated `each` times, the last time after `epochs`."""
    seen = np.linspace(0.2, 1, each) * epochs
    return studies.simulate(studies.drawn_parameters(pools, seed=0), tuple(seen), 0.003, seed=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("epochs", EPOCHS)
@pytest.mark.benchmark(group="gradient by epochs", max_time=0.5)
def test_epochs(benchmark, board: Board, epochs: int, kind: str) -> None:
    title = "Gradient by epochs (five pools, 25 runs), microseconds"
    time = microseconds(benchmark, kind, study(5, epochs), UTILITY)
    board.beside(title, {"epochs": epochs}, kind, time)
    if kind == "ours" and epochs == EPOCHS[-1]:
        first = next(row for row in board.tables[title] if row["epochs"] == EPOCHS[0])
        board.measured("epochs", time / first["ours"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pools", POOLS)
@pytest.mark.benchmark(group="gradient by pools", max_time=0.5)
def test_pools(benchmark, board: Board, pools: int, kind: str) -> None:
    title = "Gradient by pools (five runs each, 10 epochs), microseconds"
    time = microseconds(benchmark, kind, study(pools, 10), UTILITY)
    board.beside(title, {"pools": pools}, kind, time)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.benchmark(group="gradient by runs", max_time=0.5)
def test_runs(benchmark, board: Board, runs: int, kind: str) -> None:
    title = "Gradient by runs (five pools, 10 epochs), microseconds"
    time = microseconds(benchmark, kind, study(5, 10, each=runs // 5), UTILITY)
    board.beside(title, {"runs": runs}, kind, time)


@pytest.mark.parametrize("kind", [*KINDS, "ragged"])
@pytest.mark.benchmark(group="gradient of DataComp small and medium", max_time=0.5)
def test_both_scales(benchmark, board: Board, kind: str) -> None:
    runs, spec = studies.load(studies.BOTH), studies.model_of(studies.BOTH)
    assert written.write_out(runs).before.shape == (48, 1000)
    board.beside(BOTH, {}, kind, microseconds(benchmark, kind, runs, spec))
    (row,) = board.tables[BOTH]
    if kind == "ragged":
        beside = f"over a sum without padding: {row['ragged'] / row['ours']:.1f}"
        board.measured("gradient", row["written out"] / row["ours"], beside)


def test_all_kinds_are_one_density() -> None:
    """Up to a constant, at the same parameters: the peers have the declared priors and law."""
    for name in ("published, noise 0.003", studies.MEDIUM, studies.BOTH):
        runs, spec = studies.load(name), studies.model_of(name)
        mine = ours.declared(runs, spec)
        theirs = [textbook.model(written.write_out(runs), centred=True)]
        if spec != UTILITY:
            ragged = textbook.bounded_model(written.write_out(runs), ragged=True)
            theirs.append(ragged)
        points = pm.draw([mine[name] for name in names(mine)], draws=5, random_seed=1)
        for other in theirs:
            assert set(names(mine)) == set(names(other))
            np.testing.assert_allclose(
                log_densities(mine, points), log_densities(other, points), rtol=1e-9
            )


def names(model: pm.Model) -> list[str]:
    """Its random parameters."""
    return sorted(variable.name for variable in model.free_RVs)


def log_densities(model: pm.Model, points: list[np.ndarray]) -> list[float]:
    """At each of several points, on the scale of the parameters."""
    inputs = [model[name] for name in names(model)]
    function = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    values = {v.name: v for v in model.value_vars}
    found = []
    for point in zip(*points, strict=True):
        given = {}
        for variable, x in zip(inputs, point, strict=True):
            transform = model.rvs_to_transforms[variable]
            value = model.rvs_to_values[variable]
            assert value.name in values
            free = x if transform is None else transform.forward(x, *variable.owner.inputs).eval()
            given[value.name] = free
        found.append(float(function(given)))
    return found
