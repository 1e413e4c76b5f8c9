"""Replications from the prior: what a calibration holds, and that a wrong sampler is caught."""

import json
from types import SimpleNamespace

import made
import numpy as np
import pandas as pd
import prior_sampler
import pytest
import xarray as xr

from qqt_bayes.calibration import sbc
from qqt_bayes.calibration.sbc import LOG_LIKELIHOOD, simulation_based_calibration
from qqt_bayes.calibration.uniformity import RANKED_DRAWS, outside_bands
from qqt_bayes.errors import InputError
from qqt_bayes.model.noise import evaluation_variance
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.posterior.prediction import predict_known
from qqt_bayes.tables.runs import read_runs

# --- replications, with a sampler that is made ----------------------------------------------------


@pytest.fixture
def losses():
    """Any positive number is a legal loss, so every table drawn is kept, or nearly."""
    return read_runs(*made.tables(), kind="loss")


@pytest.fixture
def sampled(monkeypatch):
    """Seeds given to a sampler that returns the prior."""
    return SimpleNamespace(seeds=prior_sampler.install(monkeypatch))


def test_the_prior_in_place_of_the_posterior_is_caught(losses, sampled):
    """By the log likelihood alone, as Modrak et al. show."""
    found = simulation_based_calibration(losses, "utility", replications=40, draws=100, chains=2)
    alone = 0.05 / found.sizes["scalar"]
    assert outside_bands(found["rank"], 1 - alone) == [LOG_LIKELIHOOD]
    assert len(set(sampled.seeds)) == 40


def test_what_a_calibration_holds(losses, sampled):
    found = simulation_based_calibration(
        losses, "utility", replications=2, seed=3, draws=50, chains=2
    )
    assert dict(found.sizes) == {"replication": 2, "scalar": 8 + 2 * 3 + 2 * 3 + 1 + 1}
    names = found["scalar"].values.tolist()
    assert {"a", "sigma", "b[0-10%]", "error of top 2", LOG_LIKELIHOOD} <= set(names)
    assert found["rank"].dtype.kind == "i"
    assert 0 <= found["rank"].min() <= found["rank"].max() <= RANKED_DRAWS
    assert found["ess"].dims == ("replication", "scalar")
    assert found["passed"].values.tolist() == [False, False]
    assert found["divergences"].values.tolist() == [0, 0]
    assert (found["seconds"] > 0).all()
    assert Spec.from_dict(json.loads(found.attrs["spec"])) == load_model("utility")
    again = simulation_based_calibration(
        losses, "utility", replications=2, seed=3, draws=50, chains=2
    )
    xr.testing.assert_identical(again.drop_vars("seconds"), found.drop_vars("seconds"))


def test_errors_beyond_the_data_are_those_of_the_law(losses, sampled):
    """The truths of decision quantities, by another way than the model's."""
    found = simulation_based_calibration(losses, "utility", replications=1, draws=50, chains=2)
    truth = found["truth"].isel(replication=0).to_series()
    pools = losses["pool"].values
    rows = {name: [truth[f"{name}[{pool}]"] for pool in pools] for name in ("b", "tau")}
    sizes = losses["pool_size"].values
    table = {"pool": pools, "a": truth["a"], "d": truth["d"], **rows, "unique_samples": sizes}
    budget = 4 * float(losses["samples_seen"].max())
    errors = predict_known(pd.DataFrame(table), made.levels(), budget).squeeze().to_series()
    for name, error in errors.items():
        assert truth[f"error of {name} at 4x"] == pytest.approx(error, rel=1e-6)
    gap = truth["second best less best at 4x"]
    assert min(abs(gap - (x - y)) for x in errors for y in errors if x is not y) < 1e-6


def test_errors_are_named_by_group(sampled):
    runs = read_runs(*made.tables(groups=2), kind="loss")
    found = simulation_based_calibration(runs, "cherti", replications=1, draws=50, chains=2)
    each = [f"error of top 1, arch {i}" for i in (1, 2)]
    each += [f"second best less best, arch {i} at 4x" for i in (1, 2)]
    assert {*each, f"{each[0]} at 4x"} <= set(found["scalar"].values)


def test_the_noise_of_evaluation_is_held(monkeypatch):
    """Whatever the errors that are drawn; how far they are rounded stays what it was."""
    table, composition = made.tables()
    runs = read_runs(table.assign(n_eval=1000, rounding=0.01), composition, kind="error")
    fitted = []

    def stop(problem, settings):
        fitted.append(problem.runs)
        raise InterruptedError

    monkeypatch.setattr(sbc, "posterior_draws", stop)
    with pytest.raises(InterruptedError):
        simulation_based_calibration(runs, "utility-bounded", replications=1)
    (drawn,) = fitted
    assert abs(drawn["error"] - runs["error"]).max() > 0.01
    np.testing.assert_array_equal(evaluation_variance(drawn), evaluation_variance(runs))
    np.testing.assert_array_equal(drawn["rounding"], runs["rounding"])


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings", [{"replications": 0}, {"draws": 24, "chains": 4}], ids=["no replication", "draws"]
)
def test_numbers_out_of_range(losses, settings):
    with pytest.raises(InputError, match="should be at least"):
        simulation_based_calibration(losses, **settings)


# --- the real sampler -----------------------------------------------------------------------------


@pytest.mark.slow
def test_the_sampler_is_calibrated():
    """Five pools, each alone: two minutes."""
    size = 12.8e6
    rows = [(f"band {i}", size, k * size, 0.5) for i in range(5) for k in (2, 4, 6, 8, 10)]
    columns = ["pool", "unique_samples", "samples_seen", "error"]
    runs = read_runs(pd.DataFrame(rows, columns=columns))
    found = simulation_based_calibration(runs, "utility", replications=60, seed=2)
    assert outside_bands(found["rank"], 1 - 0.05 / found.sizes["scalar"]) == []
    assert (found["divergences"] > 0).mean() < 0.2
    assert found["ess"].min() > RANKED_DRAWS
