"""What is read of nutpie is there, and means what the adapter and the sampler take it to mean."""

import ctypes
import inspect
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from importlib.metadata import version
from operator import attrgetter

import numpy as np
import nutpie
import pymc as pm
import pytest

from qqt_bayes.sampling import nutpie_adapter
from qqt_bayes.sampling.nutpie_adapter import DENSITY, EXPAND, CompiledModel, Density, Variable
from qqt_bayes.sampling.nutpie_sampler import extension, no_u_turn

ADAPTER = f"qqt_bayes.sampling relies on it (nutpie {version('nutpie')})"
SETTINGS = {"draws": 20, "tune": 50, "chains": 2, "seed": 3, "target_accept": 0.9}


@pytest.fixture(scope="module")
def compiled():
    """``x ~ N(mean, 2^2)`` in two dimensions, and its square."""
    with pm.Model(coords={"side": ["left", "right"]}) as model:
        mean = pm.Data("mean", np.array([1.0, -1.0]))
        x = pm.Normal("x", mean, 2.0, dims="side")
        pm.Deterministic("square", x**2, dims="side")
        pm.Deterministic("table", pm.math.stack([x, x, x]))
    return nutpie_adapter.compile_model(model)


@pytest.mark.parametrize(
    "name",
    [
        "compiled_logp_func.address",
        "compiled_expand_func.address",
        "user_data.ctypes.data",
        "n_dim",
        "n_expanded",
        "shape_info",
        "dims",
        "coords",
        "initial_point_func",
    ],
)
def test_a_compiled_model_has_what_is_read_of_it(compiled, name):
    try:
        attrgetter(name)(compiled.owner)
    except AttributeError:
        pytest.fail(f"A compiled model has no {name}: {ADAPTER}.")


@pytest.mark.parametrize(
    ("name", "kind"), [("compiled_logp_func", DENSITY), ("compiled_expand_func", EXPAND)]
)
def test_the_c_functions_take_what_they_are_given(compiled, name, kind):
    function = getattr(compiled.owner, name).ctypes
    taken, given = list(function.argtypes), list(kind._argtypes_)
    assert taken == given, f"{name} takes {taken} instead of {given}: {ADAPTER}."
    assert function.restype is ctypes.c_int64, f"{name} returns no error code: {ADAPTER}."


def test_all_that_is_expanded_has_a_name(compiled):
    assert compiled.expanded == compiled.owner.n_expanded


def test_the_compiler_has_the_arguments_that_it_is_given():
    missing = {"model", "freeze_model"} - set(
        inspect.signature(nutpie.compile_pymc_model).parameters
    )
    assert not missing, f"nutpie.compile_pymc_model has no argument {sorted(missing)}: {ADAPTER}."


@pytest.mark.parametrize(
    "name",
    [
        "LogpFunc",
        "ExpandFunc",
        "PyVariable.new_variables",
        "PyMcModel",
        "PyNutsSettings.Diag",
        "PyNutsSettings.LowRank",
        "PyNutsSettings.update",
        "PyNutsSettings.as_dict",
        "ProgressType.none",
        "PyStorage.arrow",
        "PySampler.from_pymc",
        "PySampler.wait",
        "PySampler.abort",
        "PySampler.take_results",
        "PyTrace.get_arrow_trace",
        "PyChainProgress.finished_draws",
        "PyChainProgress.divergences",
    ],
)
def test_the_extension_has_what_is_called(name):
    try:
        attrgetter(name)(extension())
    except AttributeError:
        pytest.fail(f"{extension().__name__} has no {name}: {ADAPTER}.")


def test_density_and_gradient_are_those_of_the_model(compiled):
    density = Density(compiled)
    value, gradient = density(np.array([3.0, -1.0]))
    assert density.size == 2
    assert value == pytest.approx(-0.5 - 2 * np.log(2 * np.sqrt(2 * np.pi)))
    np.testing.assert_allclose(gradient, [-0.5, 0.0])


def test_where_there_is_no_density_it_is_said_so(compiled):
    value, gradient = Density(compiled)(np.array([np.nan, 0.0]))
    assert value == -np.inf
    np.testing.assert_array_equal(gradient, [0.0, 0.0])


def test_variables_have_their_names_shapes_and_labels(compiled):
    points = np.array([[[3.0, -1.0], [0.5, 2.0], [0.0, 1.0]]])
    found = Density(compiled).variables(points)
    assert found["x"].dims == ("chain", "draw", "side")
    assert found["side"].values.tolist() == ["left", "right"]
    assert found["table"].dims == ("chain", "draw", "table_dim_0", "table_dim_1")
    np.testing.assert_array_equal(found["x"], points)
    np.testing.assert_array_equal(found["square"], points**2)
    np.testing.assert_array_equal(found["table"].isel(table_dim_0=2), points)


@pytest.mark.parametrize("low_rank", [False, True])
def test_draws_are_those_of_nutpies_own_sample(compiled, low_rank):
    ours = no_u_turn(compiled, **SETTINGS, low_rank=low_rank, progress=None)
    theirs = nutpie.sample(
        compiled.owner,
        **SETTINGS,
        adaptation="low_rank" if low_rank else "diag",
        save_warmup=False,
        progress_bar=False,
    )
    for group in ("posterior", "sample_stats"):
        expected = theirs[group].to_dataset(inherit=False)
        unneeded = "divergence_message", "table_dim_0", "table_dim_1"  # text, and labels 0, 1, 2
        expected = expected.drop_vars(unneeded, errors="ignore")
        found = ours[group].to_dataset(inherit=False)
        assert found.equals(expected)
        for name in expected.variables:
            assert found[name].dtype == expected[name].dtype
    assert {"diverging", "energy"} <= set(ours["sample_stats"].data_vars)
    named = ours["sample_stats"].attrs
    for name in ("inference_library_version", "inference_library_settings"):
        assert named[name] == theirs["sample_stats"].attrs[name]


def test_what_is_known_of_divergences_is_absent_elsewhere():
    """A standard normal variable that has no density beyond 1."""

    @DENSITY
    def density(size, u, gradient, value, memory):
        value[0], gradient[0] = -(u[0] ** 2) / 2, -u[0]
        return int(abs(u[0]) > 1)

    @EXPAND
    def expand(size, expanded, u, variables, memory):
        variables[0] = u[0]
        return 0

    density_at, expand_at = (ctypes.cast(each, ctypes.c_void_p).value for each in (density, expand))
    model = CompiledModel(
        size=1,
        density=density_at,
        expand=expand_at,
        memory=np.empty(0),
        start=lambda seed: np.array([0.5]),
        variables={"x": Variable(slice(0, 1), (), ())},
        coords={},
        owner=None,
    )
    trace = no_u_turn(model, **SETTINGS, low_rank=False, progress=None)
    assert (np.abs(trace["posterior"]["x"]) <= 1).all()
    stats = trace["sample_stats"].to_dataset()
    diverging = stats["diverging"].values
    assert diverging.any()
    assert not diverging.all()
    assert (stats["divergence_draw"].values[~diverging] == 0).all()
    assert (stats["divergence_draw"].values[diverging] > 0).all()
    assert np.isnan(stats["divergence_energy_error"].values[~diverging]).all()


def test_chains_start_where_they_are_told_and_progress_changes_nothing(compiled):
    asked, told = [], []

    def start(seed):
        asked.append(seed)
        return np.array([2.0, 0.5])  # nutpie starts nowhere where the gradient is 0

    moved = replace(compiled, start=start)
    still, shown = (
        no_u_turn(moved, **SETTINGS, low_rank=False, progress=progress)["posterior"]["x"]
        for progress in (None, lambda done, diverged: told.append((done, diverged)))
    )
    assert asked
    assert told[-1] == (140, 0)  # two chains of 20 and 50
    assert still.shape == (2, 20, 2)
    np.testing.assert_array_equal(still, shown)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_an_interrupt_stops_the_chains(compiled):
    """It comes when they have begun, however busy the machine is, and long before their end."""
    told, interrupt = [], threading.Timer(0.05, signal.raise_signal, [signal.SIGINT])

    def progress(done, diverged):
        told.append(done)
        if len(told) == 1:
            interrupt.start()

    settings = SETTINGS | {"draws": 2_000_000}
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever ran before
    try:
        with pytest.raises(KeyboardInterrupt):
            no_u_turn(compiled, **settings, low_rank=False, progress=progress)
    finally:
        signal.signal(signal.SIGINT, before)
    time.sleep(0.3)  # the last calls of the other thread
    before = len(told)
    time.sleep(0.5)
    assert told
    assert told[-1] < 2_000_000
    assert len(told) == before


def test_the_extension_is_loaded_once_and_without_the_package():
    code = """
import sys
from qqt_bayes.sampling.nutpie_sampler import extension
ours = extension()
assert "nutpie" not in sys.modules
import nutpie
assert sys.modules["nutpie._lib"] is ours
assert nutpie.ChainProgress is ours.PyChainProgress
"""
    subprocess.run([sys.executable, "-c", code], check=True)
