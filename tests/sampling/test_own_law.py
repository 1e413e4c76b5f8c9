"""A law from user code is sampled, saved, loaded and decided on like any other."""

import made
import made_law
import numpy as np
import pytensor
import pytest
import xarray as xr

import qqt_bayes as qqt
from qqt_bayes.errors import InputError
from qqt_bayes.model.build import build
from qqt_bayes.model.problem import Problem
from qqt_bayes.sampling.kernel.plan import covers, lay_out
from qqt_bayes.sampling.nutpie_adapter import Density, from_kernel
from qqt_bayes.tables.runs import read_runs

SETTINGS = {"draws": 200, "tune": 300, "chains": 2}
LAWS = [
    ({"derivatives": made_law.slopes}, {}),
    (
        {
            "formula": made_law.halving,
            "numbers": made_law.NUMBERS | made_law.HALVING,
            "derivatives": made_law.halving_slopes,
        },
        made_law.HALVES,
    ),
]


@pytest.fixture(scope="module")
def runs():
    return read_runs(*made.tables())


@pytest.mark.parametrize(("law", "priors"), LAWS)
@pytest.mark.parametrize("groups", [1, 2])
def test_the_compiled_density_is_that_of_the_declared_model(law, priors, groups):
    with made_law.registered(**law):
        problem = Problem(made_law.spec(**priors), read_runs(*made.tables(groups=groups)))
        assert covers(problem.spec)
        layout = lay_out(problem, None)
        ours = Density(from_kernel(layout))
        as_it_is = pytensor.compile.mode.Mode(
            "py", None
        )  # to compile would take longer than to run
        theirs = build(problem).logp_dlogp_function(ravel_inputs=True, mode=as_it_is)
    theirs.set_extra_values({})
    rng = np.random.default_rng(0)
    apart = []
    for _ in range(10):
        point = layout.middle + rng.uniform(-1, 1, layout.middle.size)
        value, gradient = ours(point)
        expected, slopes = theirs(point)
        np.testing.assert_allclose(gradient, slopes, rtol=0, atol=1e-9 * abs(slopes).max())
        apart.append(value - expected)
    np.testing.assert_allclose(apart, apart[0], rtol=0, atol=1e-9 * abs(expected))  # a constant


@pytest.fixture(scope="module")
def path(runs, tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "fit.nc"
    with made_law.registered(derivatives=made_law.slopes):
        qqt.save(qqt.fit(runs, made_law.spec(), **SETTINGS), path)
    return path


def test_a_fit_is_loaded_and_decided_on(path):
    with made_law.registered(derivatives=made_law.slopes):
        fit = qqt.load(path)
        assert fit["posterior"]["rate"].dims == ("chain", "draw", "pool")
        error = qqt.predict(fit, made.levels(), [1e8], law_only=True)
        decision = qqt.decide(fit, made.levels(), "64M, 1G", force=True)
        subsets = qqt.best_subsets(fit, "1G", force=True)
        assert len(qqt.learned(fit)) == 7
    draws = fit["posterior"].to_dataset(inherit=False).isel(chain=0, draw=0)
    theta = {n: np.broadcast_to(draws[n].values, 3) for n in ("top", "rate", "floor")}
    taken = made.levels().sel(level="top 2").values
    expected = made_law.written_out(theta, taken, taken, 1e8)
    found = error.sel(level="top 2").isel(chain=0, draw=0, budget=0).item()
    assert found == pytest.approx(expected, rel=1e-9)
    assert decision.sizes["budget"] == 2
    assert subsets.attrs["subsets"] == 7


def test_a_fit_needs_its_law(path):
    with pytest.raises(InputError, match=r"law 'fading' that .* after qqt_bayes.register_law"):
        qqt.load(path)

    def other(n, U, xp, *, top, rate, floor):
        return made_law.fading(n, U, xp, top=top, rate=1.01 * rate, floor=floor)

    with (
        made_law.registered(other),
        pytest.raises(InputError, match="made with another law 'fading'"),
    ):
        qqt.load(path)


@pytest.mark.filterwarnings("ignore:.*has no compiled log density:UserWarning")
def test_without_derivatives_the_posterior_is_the_same(runs, path):
    """PyMC's compilation takes most of a minute; draws are others, their means are not."""
    spec_of = made_law.table() | {"discrepancy": {"amplitude": 0.01}}
    means = []
    for more in ({}, {"derivatives": made_law.slopes}):
        with made_law.registered(**more):
            fit = qqt.fit(
                runs, qqt.load_model(type(made_law.spec()).from_dict(spec_of)), **SETTINGS
            )
        draws = fit["posterior"].to_dataset(inherit=False)[["top", "rate", "floor"]]
        means.append((draws.mean(("chain", "draw")), draws.std(("chain", "draw"))))
    (one, spread), (other, _) = means
    worst = max(float(x.max()) for x in (abs(one - other) / spread).data_vars.values())
    assert worst < 0.5  # of a deviation, by some hundred effective draws


def test_derivatives_that_numba_cannot_compile_are_a_fault(runs):
    def slopes(n, U, top, rate, floor):
        import decimal

        return decimal.Decimal(n), 0.0, 0.0, 0.0

    with (
        made_law.registered(derivatives=slopes),
        pytest.raises(InputError, match="its derivatives cannot be compiled"),
    ):
        qqt.fit(runs, made_law.spec(), **SETTINGS)


def test_its_parameters_are_drawn(path):
    with made_law.registered(derivatives=made_law.slopes):
        fit = qqt.load(path)
        panels = qqt.plot_parameters(fit)
    labels = {axes.get_xlabel() for axes in panels}
    assert {"top", "rate", "floor"} <= labels
    assert isinstance(fit, xr.DataTree)
