"""The names of nutpie that its adapter relies on are there, and mean what it takes them to mean."""

import ctypes
import inspect
from importlib.metadata import version
from operator import attrgetter

import numpy as np
import nutpie
import pymc as pm
import pytest

from qqt_bayes.sampling import nutpie_adapter
from qqt_bayes.sampling.nutpie_adapter import Density

ADAPTER = f"qqt_bayes.sampling.nutpie_adapter relies on it (nutpie {version('nutpie')})"
NUMBERS = ctypes.POINTER(ctypes.c_double)


@pytest.fixture(scope="module")
def compiled():
    """``x ~ N(mean, 2^2)`` in two dimensions, and its square."""
    with pm.Model(coords={"side": ["left", "right"]}) as model:
        mean = pm.Data("mean", np.array([1.0, -1.0]))
        x = pm.Normal("x", mean, 2.0, dims="side")
        pm.Deterministic("square", x**2, dims="side")
        pm.Deterministic("table", pm.math.stack([x, x, x]))
    return nutpie_adapter.compile_model(model, constant_data=False)


@pytest.mark.parametrize(
    "name",
    [
        "compiled_logp_func.ctypes",
        "compiled_expand_func.ctypes",
        "user_data.ctypes.data",
        "n_dim",
        "n_expanded",
        "shape_info",
        "dims",
        "coords",
        "initial_point_func",
        "shared_var_keys",
        "with_data",
    ],
)
def test_a_compiled_model_has_what_is_read_of_it(compiled, name):
    try:
        attrgetter(name)(compiled)
    except AttributeError:
        pytest.fail(f"A compiled model has no {name}: {ADAPTER}.")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("compiled_logp_func", [ctypes.c_uint64, *[NUMBERS] * 3, ctypes.c_void_p]),
        ("compiled_expand_func", [*[ctypes.c_uint64] * 2, *[NUMBERS] * 2, ctypes.c_void_p]),
    ],
)
def test_the_c_functions_take_what_they_are_given(compiled, name, arguments):
    function = getattr(compiled, name).ctypes
    taken = list(function.argtypes)
    assert taken == arguments, f"{name} takes {taken} instead of {arguments}: {ADAPTER}."
    assert function.restype is ctypes.c_int64, f"{name} returns no error code: {ADAPTER}."


@pytest.mark.parametrize(
    ("function", "names"),
    [
        ("compile_pymc_model", {"model", "freeze_model"}),
        (
            "sample",
            {
                "compiled_model",
                "draws",
                "tune",
                "chains",
                "seed",
                "adaptation",
                "save_warmup",
                "progress_bar",
                "progress_callback",
                "blocking",
            },
        ),
    ],
)
def test_functions_have_the_arguments_that_are_given(function, names):
    missing = names - set(inspect.signature(getattr(nutpie, function)).parameters)
    assert not missing, f"nutpie.{function} has no argument {sorted(missing)}: {ADAPTER}."


@pytest.mark.parametrize("name", ["finished_draws", "divergences"])
def test_chains_say_how_far_they_are(name):
    assert hasattr(nutpie.ChainProgress, name), f"nutpie.ChainProgress has no {name}: {ADAPTER}."


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


def test_other_data_leave_the_first_as_they_were(compiled):
    other = nutpie_adapter.with_data(
        compiled, {"mean": np.array([3.0, -1.0]), "no data": np.zeros(1)}
    )
    u = np.array([3.0, -1.0])
    assert Density(other)(u)[0] - Density(compiled)(u)[0] == pytest.approx(0.5)


def test_chains_start_where_they_are_told_and_the_same_seed_draws_the_same(compiled):
    asked = []

    def start(seed):
        asked.append(seed)
        return np.array([2.0, 0.5])  # nutpie starts nowhere where the gradient is 0

    moved = nutpie_adapter.with_starts(compiled, start)
    settings = {"draws": 20, "tune": 50, "chains": 2, "seed": 3, "target_accept": 0.9}
    draws = [
        nutpie_adapter.no_u_turn(moved, **settings, low_rank=low_rank, progress=progress)
        for low_rank, progress in (
            (False, None),
            (False, lambda done, diverged: None),
            (True, None),
        )
    ]
    assert asked
    assert draws[0]["posterior"]["x"].shape == (2, 20, 2)
    assert {"diverging", "energy"} <= set(draws[0]["sample_stats"].data_vars)
    x = [each["posterior"]["x"].values for each in draws]
    np.testing.assert_array_equal(x[0], x[1])
    assert not np.array_equal(x[0], x[2])


class Interrupted:
    """A sampler whose user has no patience."""

    def __init__(self):
        self.cancelled = False

    def wait(self):
        raise KeyboardInterrupt

    def cancel(self):
        self.cancelled = True


def test_an_interrupt_stops_the_chains(compiled, monkeypatch):
    settings = {"draws": 10, "tune": 10, "chains": 1, "seed": 0}
    sampler = nutpie.sample(compiled, **settings, progress_bar=False, blocking=False)
    for name in ("wait", "cancel"):
        assert callable(getattr(sampler, name, None)), f"A sampler has no {name}: {ADAPTER}."
    sampler.wait()
    stand_in = Interrupted()
    monkeypatch.setattr(nutpie, "sample", lambda *_, **__: stand_in)
    with pytest.raises(KeyboardInterrupt):
        nutpie_adapter.no_u_turn(
            compiled, **settings, target_accept=0.9, low_rank=False, progress=None
        )
    assert stand_in.cancelled
