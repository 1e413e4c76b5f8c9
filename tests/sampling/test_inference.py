"""A real fit holds what it should, by every method, and what is asked of it is checked."""

import warnings
from dataclasses import replace

import arviz
import made
import numpy as np
import pytest
import xarray as xr

import qqt_bayes as qqt
from qqt_bayes.errors import InputError
from qqt_bayes.model.build import CURVE
from qqt_bayes.model.draws import prior_draws
from qqt_bayes.model.likelihood import COORDINATE
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.posterior.gate import Gate
from qqt_bayes.posterior.how_drawn import COMPILED, HowDrawn
from qqt_bayes.report.gate_text import verdict
from qqt_bayes.sampling import inference
from qqt_bayes.sampling.kernel.plan import lay_out
from qqt_bayes.sampling.many import fit_many
from qqt_bayes.sampling.nutpie_adapter import Density, from_kernel
from qqt_bayes.sampling.samplers import dispersed, has_start, middle_of_starts
from qqt_bayes.sampling.search.profile import find_coordinates
from qqt_bayes.tables.runs import read_runs

GROUPS = {
    "prior",
    "prior_predictive",
    "posterior",
    "posterior_predictive",
    "log_likelihood",
    "log_prior",
    "sample_stats",
    "observed_data",
    "constant_data",
}
DRAWS, CHAINS, SEED = 200, 2, 1
SETTINGS = {"draws": DRAWS, "tune": 300, "chains": CHAINS, "seed": SEED}


@pytest.fixture(scope="module")
def runs():
    return read_runs(*made.tables())


@pytest.fixture(scope="module")
def two(runs):
    """The same runs, and others of the same trainings: short but real fits."""
    others = runs.assign(error=runs["error"] - 0.05)
    return list(fit_many([runs, others], "utility", **SETTINGS))


@pytest.fixture(scope="module")
def fit(two):
    return two[0]


def test_groups(fit, runs):
    assert set(fit.children) == GROUPS
    sizes = {"chain": CHAINS, "draw": DRAWS, "run": runs.sizes["run"]}
    for group in ("posterior_predictive", "log_likelihood"):
        assert dict(fit[group]["error"].sizes) == sizes
        assert np.isfinite(fit[group]["error"]).all()
    assert {"diverging", "energy"} <= set(fit["sample_stats"].data_vars)
    xr.testing.assert_equal(
        fit["observed_data"]["error"], runs["error"].drop_vars(["data", "group"], errors="ignore")
    )
    assert set(fit["constant_data"].data_vars) == set(runs.data_vars) - {"error"}


def test_attributes(fit, runs):
    assert Spec.from_dict(made.spec_of(fit)) == load_model("utility")
    assert fit.attrs["spec_hash"] == load_model("utility").hash
    assert fit.attrs["data_hash"] == runs.attrs["data_hash"]
    assert [fit.attrs[name] for name in ("kind", "measure", "unit")] == ["error"] * 2 + ["samples"]
    assert fit.attrs["reading"] == runs.attrs["reading"]
    assert fit.attrs["seed"] == SEED
    assert f'"qqt_bayes": "{qqt.__version__}"' in fit.attrs["versions"]
    assert fit.attrs["sampling_time"] > 0
    assert fit.attrs["compile_time"] > 0
    drawn = HowDrawn.of(qqt.Fit.of(fit))
    assert (drawn.density, drawn.tune) == (COMPILED, SETTINGS["tune"])
    assert drawn.targets[-1] == drawn.target_accept
    ids = {check.id for check in Gate.from_json(fit.attrs["gate"]).checks}
    assert {"rhat", "ess_bulk", "ess_tail", "divergences", "bfmi", "residuals_budget"} <= ids


@pytest.fixture(scope="module", params=["laplace", "pathfinder", "smc"])
def other(request, runs):
    """The first of them by another method."""
    settings = {"draws": DRAWS, "chains": CHAINS, "seed": SEED}
    return qqt.fit(runs, "utility", method=request.param, **settings)


def test_the_same_seed_gives_the_same_draws_whatever_was_fitted_before(fit, runs):
    again = qqt.fit(runs, "utility", **SETTINGS)
    xr.testing.assert_equal(again["posterior"].to_dataset(), fit["posterior"].to_dataset())


def test_each_fit_is_of_its_own_runs(two, runs):
    """Its prediction is on the other runs: ten standard deviations from the first."""
    for each, errors in zip(two, (runs["error"], runs["error"] - 0.05), strict=True):
        mean = each["posterior_predictive"]["error"].mean(("chain", "draw"))
        np.testing.assert_allclose(mean, errors, atol=0.01)
        np.testing.assert_array_equal(each["observed_data"]["error"], errors)
        assert (each["log_likelihood"]["error"].mean(("chain", "draw")) > 0).all()


def test_a_best_fit_where_the_model_has_no_values_does_not_stop_a_fit(runs):
    problem = Problem(load_model("utility"), runs)
    coordinates = find_coordinates(problem, prior_draws(problem, seed=0))
    compiled = from_kernel(lay_out(problem, coordinates))
    (best,) = coordinates.optima
    several = replace(coordinates, optima=np.array([best, best + 800]))
    assert np.isfinite(dispersed(compiled, several).start(1)).all()


def test_chains_start_about_every_best_fit(runs):
    """Each seed starts a chain about one of them: the same seed about the same."""
    problem = Problem(load_model("utility"), runs)
    coordinates = find_coordinates(problem, prior_draws(problem, seed=0))
    compiled = from_kernel(lay_out(problem, coordinates))
    (best,) = coordinates.optima
    assert dispersed(compiled, coordinates) is compiled
    shift = np.zeros(best.size)
    shift[-1] = -0.3  # of the floor
    several = replace(coordinates, optima=np.array([best, best + shift]))
    start = dispersed(compiled, several).start
    around = compiled.start
    places = np.array([start(seed) - around(seed) for seed in range(4)])
    np.testing.assert_allclose(places[:2], places[2:], atol=1e-12)
    density = Density(compiled)
    found = density.variables((middle_of_starts(density) + places)[None, :2])
    for place, optimum in enumerate(several.optima):
        free = [np.ravel(f.scale.free(found[f.name].values[0, place])) for f in coordinates.fields]
        np.testing.assert_allclose(np.concatenate(free), optimum, atol=0.01)


def test_chains_set_out_as_declared_where_the_coordinates_have_no_start(runs, monkeypatch):
    """As where errors of 1e5 have a noise of 1e-3, and the search has found no best fit."""
    problem = Problem(load_model("utility"), runs)
    coordinates = find_coordinates(problem, prior_draws(problem, seed=0))
    compiled = from_kernel(lay_out(problem, coordinates))
    assert has_start(compiled, SEED)
    nowhere = replace(coordinates, splines=1e6 * coordinates.splines)
    assert not has_start(from_kernel(lay_out(problem, nowhere)), SEED)
    asked = []
    monkeypatch.setattr(inference, "find_coordinates", lambda *_: nowhere)
    usual = inference._compiled
    monkeypatch.setattr(inference, "_compiled", lambda *of: asked.append(of[-1]) or usual(*of))
    found = qqt.fit(runs, problem.spec, **SETTINGS)
    first, second = asked
    assert first is nowhere
    assert second is None
    assert np.isfinite(found["posterior"]["a"]).all()


def test_only_parameters_are_kept(fit):
    """Neither coordinates nor curve: the posterior holds what the prior holds."""
    posterior, prior = fit["posterior"], fit["prior"]
    assert set(posterior.data_vars) == set(prior.data_vars)
    assert set(posterior.data_vars) == set(made.fit(draws=4)["posterior"].data_vars)
    assert CURVE not in posterior
    assert not [name for name in posterior.data_vars if name.endswith(COORDINATE)]


def test_near_the_truth(fit):
    """The posterior means of the pools' utilities are in the right place, though the fit is short.

    b trades against a and d, so its truth is within three posterior standard deviations only.
    """
    draws, truth = fit["posterior"]["b"], made.truth()["b"].isel(group=0)
    z = (draws.mean(("chain", "draw")).values - truth.values) / draws.std(("chain", "draw")).values
    assert (abs(z) < 3).all()


def test_arviz_takes_it(fit):
    summary = arviz.summary(fit)
    assert {"a", "d", "sigma", "b[0-10%]", "tau[20-30%]"} <= set(summary.index)
    with warnings.catch_warnings():  # twelve runs, nine parameters: some runs are influential
        warnings.filterwarnings("ignore", "Estimated shape parameter of Pareto", UserWarning)
        loo = arviz.loo(fit)
    assert np.isfinite([loo.elpd, loo.se, loo.p]).all()
    assert loo.n_data_points == fit["observed_data"].sizes["run"]


def test_saved_and_loaded(fit, tmp_path):
    qqt.save(fit, tmp_path / "fit.nc")
    loaded = qqt.load(tmp_path / "fit.nc")
    xr.testing.assert_identical(loaded, fit)
    assert loaded.attrs == fit.attrs


def test_another_method_gives_the_same_groups(other, two):
    assert set(other.children) == GROUPS
    for group in GROUPS - {"sample_stats"}:
        ours, reference = (x[group].to_dataset(inherit=False) for x in (other, two[0]))
        assert set(ours.data_vars) == set(reference.data_vars)
        assert dict(ours.sizes) == dict(reference.sizes)
        for name in ours.coords:
            assert (ours[name] == reference[name]).all()
    assert np.isfinite(other["sample_stats"]["lp"]).all()


def test_another_method_finds_the_posterior(other, two):
    """Within half a standard deviation of a short run of NUTS, of the logarithms."""
    for name in ("a", "b", "d", "tau", "sigma"):
        x, y = (np.log(each["posterior"][name]) for each in (other, two[0]))
        sample = ("chain", "draw")
        assert (abs(x.mean(sample) - y.mean(sample)) / y.std(sample)).max() < 0.5
        assert abs(np.log(x.std(sample) / y.std(sample))).max() < 0.6


def test_a_fit_says_by_which_method_it_is(other, two, tmp_path):
    method = other.attrs["method"]
    assert two[0].attrs["method"] == "nuts"
    gate = Gate.from_json(other.attrs["gate"])
    assert ("Log marginal likelihood" in verdict(gate)) == (method == "smc")
    first = gate.checks[0].id
    stats = other["sample_stats"]
    if method == "smc":
        assert first == "rhat"
        evidence = stats["log_marginal_likelihood"]
        assert evidence.dims == ("chain",)
        assert np.ptp(evidence.values) < 1
    else:
        assert first == "pareto_k"
        assert stats.attrs["pareto_k"] < 1
        assert np.isfinite(stats["lp_approx"]).all()
    qqt.save(other, tmp_path / "fit.nc")
    loaded = qqt.load(tmp_path / "fit.nc")
    assert loaded.attrs == other.attrs
    assert loaded["sample_stats"].attrs == stats.attrs
    assert arviz.summary(loaded).shape[0] > 8


@pytest.mark.parametrize("options", [{"target_accept": 0.9}, {"low_rank": True}])
@pytest.mark.parametrize("method", ["laplace", "pathfinder", "smc"])
def test_options_of_nuts_are_for_nuts(runs, method, options):
    (name,) = options
    with pytest.raises(InputError, match=f"{name} is for method 'nuts', but got method '{method}'"):
        qqt.fit(runs, method=method, **options)


def test_an_unknown_method(runs):
    with pytest.raises(InputError, match="unknown method 'laplac'; did you mean 'laplace'"):
        qqt.fit(runs, method="laplac")


@pytest.mark.parametrize(("name", "value"), [("draws", 0), ("tune", 0), ("chains", 0)])
def test_numbers_out_of_range(runs, name, value):
    with pytest.raises(InputError, match=rf"{name} should be at least \d, but got {value}\."):
        qqt.fit(runs, **{name: value})


@pytest.mark.parametrize("value", [0, 1, 2, np.nan])
def test_acceptance_rates_out_of_range(runs, value):
    with pytest.raises(InputError, match="target acceptance should be between 0 and 1, but got"):
        qqt.fit(runs, target_accept=value)


def test_losses_have_no_bound(runs):
    losses = runs.assign_attrs(kind="loss")
    with pytest.raises(InputError, match="model utility-bounded: its law is for error rates"):
        qqt.fit(losses, "utility-bounded")


def test_what_is_no_table_and_no_model(runs):
    with pytest.raises(
        InputError, match="runs: expected a Dataset, as read_runs returns it, got s"
    ):
        qqt.fit("runs.csv")
    with pytest.raises(InputError, match="model: expected a name, a path or a Spec, got dict"):
        qqt.fit(runs, {"law": "utility"})


def test_a_model_that_leaves_nothing_to_infer(runs):
    about = made.law_alone().to_dict()
    numbers = {"a": 0.02, "b": 0.15, "d": 0.1, "tau": 5.0}
    known = about | {"name": "known", "parameters": numbers | {"size_exponent": 1.0}}
    noise = {"distribution": "Normal", "sigma": 0.004}
    with pytest.raises(InputError, match="known sets every parameter to a number"):
        qqt.fit(runs, Spec.from_dict(known | {"likelihood": noise}))
    few = qqt.fit(runs, Spec.from_dict(known), draws=10, tune=50, chains=1)
    assert list(few["posterior"]) == ["sigma"]
