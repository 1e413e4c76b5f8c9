"""Ranks of the truth are uniform where a posterior is exact, and only there."""

import json
from types import SimpleNamespace

import made
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from qqt_bayes import calibration
from qqt_bayes.calibration import LIKELIHOOD, simulation_based_calibration
from qqt_bayes.errors import InputError
from qqt_bayes.inference import prior_draws
from qqt_bayes.model import build
from qqt_bayes.noise import evaluation_variance
from qqt_bayes.runs import read_runs
from qqt_bayes.spec import Spec, load_model
from qqt_bayes.uniformity import RANKED, outside_bands, rank_of

REPLICATIONS = 1000
SURE = 0.999
"""Bands that right ranks leave once in a thousand times only."""


# --- the ranks and their band ------------------------------------------------------------------


def ranks_of(each, names):
    """What `outside_bands` takes."""
    return xr.DataArray(np.array(each), {"scalar": names}, ("replication", "scalar"))


def conjugate(draw_pair, *, shift=0.0, widen=1.0):
    """Ranks of theta ~ N(0, 1) in its posterior under y ~ N(theta, 1), or in a wrong one."""
    rng = np.random.default_rng(1)
    ranks = []
    for _ in range(REPLICATIONS):
        theta, y = draw_pair(rng)
        draws = y / 2 + shift + widen * np.sqrt(0.5) * rng.standard_normal((4 * RANKED, 1))
        ranks.append(rank_of(np.array([theta]), draws))
    return ranks_of(ranks, ["theta"])


def any_pair(rng):
    """Every table."""
    theta = rng.standard_normal()
    return theta, theta + rng.standard_normal()


def legal_pair(rng):
    """The first pair whose table is legal."""
    return next(pair for pair in iter(lambda: any_pair(rng), None) if pair[1] > 0.5)


def legal_under_the_same_truth(rng):
    """The first legal table under a truth that does not move: no longer the joint prior."""
    theta = rng.standard_normal()
    return theta, next(y for y in iter(lambda: theta + rng.standard_normal(), None) if y > 0.5)


@pytest.mark.parametrize("draw_pair", [any_pair, legal_pair])
def test_ranks_in_the_exact_posterior_are_uniform(draw_pair):
    assert outside_bands(conjugate(draw_pair), SURE) == []


@pytest.mark.parametrize("wrong", [{"shift": 0.15}, {"widen": 0.7}, {"widen": 1.4}])
def test_a_wrong_posterior_is_caught(wrong):
    assert outside_bands(conjugate(any_pair, **wrong), SURE) == ["theta"]


def test_errors_drawn_again_under_the_same_truth_are_caught():
    """Why a pair is dropped as a whole."""
    assert outside_bands(conjugate(legal_under_the_same_truth), SURE) == ["theta"]


@pytest.mark.parametrize("replications", [20, 200])
def test_the_band_holds_95_in_100(replications):
    ranks = np.random.default_rng(2).integers(0, RANKED + 1, (replications, 1000))
    outside = outside_bands(ranks_of(ranks, np.arange(1000)))
    assert 0.03 < len(outside) / 1000 < 0.07


# --- replications, with a sampler that is made ----------------------------------------------------


@pytest.fixture
def losses():
    """Any positive number is a legal loss, so every table drawn is kept, or nearly."""
    return read_runs(*made.tables(), kind="loss")


@pytest.fixture
def sampled(monkeypatch):
    """A sampler that returns the prior: parameters do not tell, what depends on the data does."""
    priors, seeds = {}, []

    def from_the_prior(runs, spec, *, seed, draws, chains, **_):
        seeds.append(seed)
        if spec.name not in priors:
            priors[spec.name] = prior_draws(build(spec, runs), seed=0)[0]["prior"]
        prior = priors[spec.name].to_dataset(inherit=False).drop_vars(["curve", "draw"])
        some = np.random.default_rng(seed).permutation(prior.sizes["draw"])[: chains * draws]
        each = [prior.isel(chain=0, draw=part) for part in np.split(some, chains)]
        posterior = xr.concat(each, "chain")
        diverging = xr.zeros_like(posterior["a"], dtype=bool)
        groups = {"posterior": posterior, "sample_stats": xr.Dataset({"diverging": diverging})}
        fit = xr.DataTree.from_dict(groups)
        fit.attrs["gate"] = json.dumps({"passed": False})
        return fit

    monkeypatch.setattr(calibration, "fit", from_the_prior)
    return SimpleNamespace(seeds=seeds)


def test_the_prior_in_place_of_the_posterior_is_caught(losses, sampled):
    """By the log likelihood alone, as Modrak et al. show."""
    found = simulation_based_calibration(losses, replications=40, draws=100, chains=2)
    alone = 0.05 / found.sizes["scalar"]
    assert outside_bands(found["rank"], 1 - alone) == [LIKELIHOOD]
    assert len(set(sampled.seeds)) == 40


def test_what_a_calibration_holds(losses, sampled):
    found = simulation_based_calibration(losses, replications=2, seed=3, draws=50, chains=2)
    assert dict(found.sizes) == {"replication": 2, "scalar": 7 + 2 * 3 + 3 + 1}
    names = found["scalar"].values.tolist()
    assert {"a", "sigma", "b[0-10%]", "error of top 2", LIKELIHOOD} <= set(names)
    assert found["rank"].dtype.kind == "i"
    assert 0 <= found["rank"].min() <= found["rank"].max() <= RANKED
    assert found["ess"].dims == ("replication", "scalar")
    assert found["passed"].values.tolist() == [False, False]
    assert found["divergences"].values.tolist() == [0, 0]
    assert (found["seconds"] > 0).all()
    assert Spec.from_dict(json.loads(found.attrs["spec"])) == load_model("utility")
    again = simulation_based_calibration(losses, replications=2, seed=3, draws=50, chains=2)
    xr.testing.assert_identical(again.drop_vars("seconds"), found.drop_vars("seconds"))


def test_errors_are_named_by_group(sampled):
    runs = read_runs(*made.tables(groups=2), kind="loss")
    found = simulation_based_calibration(runs, "cherti", replications=1, draws=50, chains=2)
    assert {"error of top 1, arch 1", "error of top 1, arch 2"} <= set(found["scalar"].values)


def test_the_noise_of_evaluation_is_held(monkeypatch):
    """Whatever the errors that are drawn; how far they are rounded stays what it was."""
    table, composition = made.tables()
    runs = read_runs(table.assign(n_eval=1000, rounding=0.01), composition, kind="error")
    fitted = []

    def stop(table, *_, **__):
        fitted.append(table)
        raise InterruptedError

    monkeypatch.setattr(calibration, "fit", stop)
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


def test_priors_that_lead_elsewhere():
    """Floors of exp(3): no table that is drawn holds error rates."""
    table = load_model("utility").to_dict()
    table["parameters"]["d"] = {"distribution": "LogNormal", "mu": 3.0, "sigma": 0.1}
    with pytest.raises(InputError, match="Only 0 of 1000 tables"):
        simulation_based_calibration(
            read_runs(*made.tables()), Spec.from_dict(table), replications=1
        )


# --- the real sampler -----------------------------------------------------------------------------


@pytest.mark.slow
def test_the_sampler_is_calibrated():
    """Five pools, each alone: two minutes."""
    size = 12.8e6
    rows = [(f"band {i}", size, k * size, 0.5) for i in range(5) for k in (2, 4, 6, 8, 10)]
    columns = ["pool", "unique_samples", "samples_seen", "error"]
    runs = read_runs(pd.DataFrame(rows, columns=columns))
    found = simulation_based_calibration(runs, replications=60, seed=2)
    assert outside_bands(found["rank"], 1 - 0.05 / found.sizes["scalar"]) == []
    assert (found["divergences"] > 0).mean() < 0.2
    assert found["ess"].min() > RANKED
