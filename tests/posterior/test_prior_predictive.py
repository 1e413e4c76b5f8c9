"""What a model expects before any fit: the prior of a fit, carried to errors."""

import made
import numpy as np
import pytest
import xarray as xr

import qqt_bayes as qqt
from qqt_bayes.errors import InputError
from qqt_bayes.model.draws import prior_draws
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.posterior import netcdf
from qqt_bayes.posterior.prior_predictive import prior_predictive
from qqt_bayes.tables.rows import ERROR
from qqt_bayes.tables.runs import read_runs


@pytest.fixture(scope="module")
def runs():
    return read_runs(*made.tables(groups=2))


@pytest.fixture(scope="module")
def found(runs):
    return prior_predictive(runs, "cherti", "64M, 5B", draws=300, seed=3)


def test_it_is_the_prior_of_a_fit_with_the_same_seed(runs):
    quick = {"method": "laplace", "draws": 50, "chains": 1, "seed": 3}
    fit, prior = qqt.fit(runs, "cherti", **quick), prior_predictive(runs, "cherti", seed=3)
    for group in ("prior", "prior_predictive"):
        expected = fit[group].to_dataset(inherit=False)
        same = prior[group].to_dataset(inherit=False)
        same = same.sel(run=expected["run"]) if "run" in same.dims else same
        xr.testing.assert_allclose(same, expected, rtol=1e-12)


def test_every_set_of_every_group_is_looked_at(found, runs):
    cells = found["prior_at_budgets"]
    assert dict(cells.sizes) == {"chain": 1, "draw": 300, "set": 6, "budget": 2}
    pairs = set(zip(cells["data"].values, cells["group"].values, strict=True))
    assert pairs == {(d, g) for d in runs["data"].values for g in runs["group"].values}
    assert cells["error"].attrs == {
        "long_name": "error of one training predicted from the prior",
        "units": "error rate",
    }


def test_errors_at_budgets_are_those_of_the_law(runs):
    """Without noise and departures, by the public function for known parameters."""
    spec = load_model("power-law").law_alone().to_dict()
    spec["likelihood"]["sigma"] = 1e-9
    spec = Spec.from_dict(spec)
    one = read_runs(*made.tables())
    found = prior_predictive(one, spec, "64M, 5B", draws=20)
    draws = prior_draws(Problem(spec, one), 0, 20)
    theta = xr.Dataset(
        {
            "a": draws["a"][4],
            "b": ("pool", np.broadcast_to(draws["b"][4], 3)),
            "d": draws["d"][4],
            "tau": np.inf,
            "pool_size": ("pool", one["pool_size"].values),
        },
        {"pool": one["pool"].values},
    )
    expected = qqt.predict_known(theta, made.levels(), "64M, 5B", law="power-law")
    cells = found["prior_at_budgets"].to_dataset(inherit=False).isel(chain=0, draw=4)
    for level in made.levels()["level"].values:
        mine = cells["error"].values[cells["data"].values.tolist().index(level)]
        np.testing.assert_allclose(mine, expected.sel(level=level), rtol=1e-6)


def test_legal_draws_are_counted(found):
    error = found["prior_predictive"]["error"].values[0]
    share = ERROR["error"].holds(error).all(axis=1).mean()
    assert found.attrs["legal_draws"] == share
    assert 0 < share < 1


def test_it_is_written_and_read(found):
    again = netcdf.from_bytes(netcdf.to_bytes(found))
    xr.testing.assert_identical(again, found)


def test_arviz_takes_it(found):
    import arviz as az
    import matplotlib as mpl

    with mpl.rc_context({"backend": "Agg"}):
        assert az.plot_ppc_dist(found, group="prior_predictive") is not None
        mpl.pyplot.close("all")
    assert "sigma" in az.summary(found, group="prior", kind="stats").index


def test_what_cannot_be_drawn_is_refused(runs):
    with pytest.raises(InputError, match="draws should be at least 1"):
        prior_predictive(runs, "utility", draws=0)
    with pytest.raises(InputError, match="its law is for error rates"):
        prior_predictive(read_runs(*made.tables(), kind="loss"), "utility-bounded")
    fixed = load_model("power-law").law_alone().to_dict()
    fixed["parameters"] = {"a": 0.02, "b": 0.1, "d": 0.1}
    fixed["likelihood"]["sigma"] = 0.01
    with pytest.raises(InputError, match="it has no prior"):
        prior_predictive(runs, Spec.from_dict(fixed))
