"""The model is the law, its coordinates change nothing, and a real fit holds what it should."""

import warnings
from dataclasses import replace

import arviz
import made
import numpy as np
import pymc as pm
import pytest
import xarray as xr

import qqt_bayes as qqt
from qqt_bayes.errors import InputError
from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.run_curves import run_errors
from qqt_bayes.model.build import CURVE, build, replicate
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.floor import fit_line, on_line
from qqt_bayes.model.likelihood import COORDINATE
from qqt_bayes.model.noise import SCATTER
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.posterior.gate import Gate
from qqt_bayes.report.gate_text import verdict
from qqt_bayes.sampling import inference
from qqt_bayes.sampling.inference import Compilation, prior_draws
from qqt_bayes.sampling.many import fit_many
from qqt_bayes.sampling.nutpie_adapter import Density
from qqt_bayes.sampling.profile import find_coordinates
from qqt_bayes.sampling.samplers import dispersed, has_start, middle_of_starts
from qqt_bayes.tables.runs import read_runs

MODE = "FAST_COMPILE"  # each function is called a few times only
GROUPS = {
    "prior",
    "prior_predictive",
    "posterior",
    "posterior_predictive",
    "log_likelihood",
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
def compilation():
    """What all of the fits below share."""
    return Compilation()


@pytest.fixture(scope="module")
def two(runs, compilation):
    """The same runs, and others of the same trainings, fitted by one compiled model.

    They are short but real fits: a minute, nearly all of it compilation.
    """
    others = runs.assign(error=runs["error"] - 0.05)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inference, "Compilation", lambda: compilation)
        return list(fit_many([runs, others], "utility", **SETTINGS))


@pytest.fixture(scope="module")
def fit(two):
    return two[0]


# --- a real fit --------------------------------------------------------------------------------


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
    assert fit.attrs["seed"] == SEED
    assert f'"qqt_bayes": "{qqt.__version__}"' in fit.attrs["versions"]
    assert fit.attrs["sampling_time"] > 0
    assert fit.attrs["compile_time"] > 0
    ids = {check.id for check in Gate.from_json(fit.attrs["gate"]).checks}
    assert {"rhat", "ess_bulk", "ess_tail", "divergences", "bfmi", "residuals_budget"} <= ids


@pytest.fixture(scope="module", params=["laplace", "pathfinder", "smc"])
def other(request, two, runs, compilation):
    """The first of them by another method, with the model that the second has left."""
    settings = {"draws": DRAWS, "chains": CHAINS, "seed": SEED, "compilation": compilation}
    return qqt.fit(runs, "utility", method=request.param, **settings)


def test_the_same_seed_gives_the_same_draws_compiled_anew(fit, runs):
    again = qqt.fit(runs, "utility", **SETTINGS, compilation=Compilation())
    xr.testing.assert_equal(again["posterior"].to_dataset(), fit["posterior"].to_dataset())


def test_a_compiled_model_takes_other_runs(two, runs):
    """Its prediction is on the other runs: ten standard deviations from the first."""
    for each, errors in zip(two, (runs["error"], runs["error"] - 0.05), strict=True):
        mean = each["posterior_predictive"]["error"].mean(("chain", "draw"))
        np.testing.assert_allclose(mean, errors, atol=0.01)
        np.testing.assert_array_equal(each["observed_data"]["error"], errors)
        assert (each["log_likelihood"]["error"].mean(("chain", "draw")) > 0).all()


def test_a_best_fit_where_the_model_has_no_values_does_not_stop_a_fit(two, runs, compilation):
    problem = Problem(load_model("utility"), runs)
    coordinates = find_coordinates(problem, some_draws(problem))
    compiled = compilation.of(problem, coordinates)
    (best,) = coordinates.optima
    several = replace(coordinates, optima=np.array([best, best + 800]))
    assert np.isfinite(dispersed(compiled, several).initial_point_func(1)).all()


def test_chains_start_about_every_best_fit(two, runs, compilation):
    """Each seed starts a chain about one of them: the same seed about the same."""
    problem = Problem(load_model("utility"), runs)
    coordinates = find_coordinates(problem, some_draws(problem))
    compiled = compilation.of(problem, coordinates)
    (best,) = coordinates.optima
    assert dispersed(compiled, coordinates) is compiled
    shift = np.zeros(best.size)
    shift[-1] = -0.3  # of the floor
    several = replace(coordinates, optima=np.array([best, best + shift]))
    start = dispersed(compiled, several).initial_point_func
    around = compiled.initial_point_func
    places = np.array([start(seed) - around(seed) for seed in range(4)])
    np.testing.assert_allclose(places[:2], places[2:], atol=1e-12)
    density = Density(compiled)
    found = density.variables((middle_of_starts(density) + places)[None, :2])
    for place, optimum in enumerate(several.optima):
        free = [np.ravel(f.scale.free(found[f.name].values[0, place])) for f in coordinates.fields]
        np.testing.assert_allclose(np.concatenate(free), optimum, atol=0.01)


def test_chains_set_out_as_declared_where_the_coordinates_have_no_start(
    two, runs, compilation, monkeypatch
):
    """As where errors of 1e5 have a noise of 1e-3, and the search has found no best fit."""
    problem = Problem(load_model("utility"), runs)
    coordinates = find_coordinates(problem, some_draws(problem))
    compiled = compilation.of(problem, coordinates)
    assert has_start(compiled, SEED)
    nowhere = replace(coordinates, splines=1e6 * coordinates.splines)
    assert not has_start(compilation.of(problem, nowhere), SEED)
    asked = []
    monkeypatch.setattr(inference, "find_coordinates", lambda *_: nowhere)
    monkeypatch.setattr(inference, "_compile", lambda *of: asked.append(of[-1]) or compiled)
    found = qqt.fit(runs, problem.spec, **SETTINGS, compilation=compilation)
    assert asked == [None]
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
    with pytest.raises(InputError, match="target_accept should be between 0 and 1, but got"):
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


# --- the declared model is the law -------------------------------------------------------------


@pytest.mark.parametrize("name", [*LAWS, "utility-free-size"])
def test_model_is_law(runs, name):
    """The model's curve in PyTensor is the law in NumPy, for parameters from all over the place."""
    spec = load_model(name)
    assert spec.law == name or name not in LAWS
    problem = Problem(spec, runs)
    model = build(problem)
    free = {key: prior for key, prior in spec.parameters.items() if isinstance(prior, Prior)}
    fixed = {
        key: (np.float64(x), ()) for key, x in spec.parameters.items() if not isinstance(x, Prior)
    }
    curve = model.compile_fn(
        model[CURVE], inputs=[model[key] for key in free], point_fn=False, mode=MODE
    )
    rng = np.random.default_rng(3)
    centres = {"a": 0.02, "b": 0.15, "d": 0.1, "tau": 5.0, "size_exponent": 0.7, "kappa": 0.05}
    for _ in range(3):
        values = {
            key: centres[key]
            * np.exp(0.5 * rng.standard_normal([runs.sizes[dim] for dim in prior.over]))
            for key, prior in free.items()
        }
        with_dims = {key: (np.asarray(values[key]), free[key].over) for key in free}
        expected = run_errors(problem.entries, LAWS[spec.law], fixed | with_dims)
        assert np.ptp(expected) > 0.01  # the runs differ, so there is something to compare
        np.testing.assert_allclose(curve(*values.values()), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", ["utility", "utility-bounded-free-size", "cherti"])
def test_runs_again_are_as_pymc_has_them(runs, name):
    """Mean errors and log densities of all draws at once, beside PyMC's, one draw at a time."""
    spec = load_model(name)
    problem = Problem(spec, runs)
    declared = build(problem)
    prior, draws = prior_draws(declared, seed=0)
    curve, error, density = replicate(problem, draws, 1)
    values = prior["prior"].to_dataset(inherit=False)
    np.testing.assert_allclose(curve, values[CURVE].values.reshape(curve.shape), rtol=1e-9)
    tree = xr.DataTree.from_dict({"posterior": values.drop_vars(CURVE)})
    with declared:
        pymc = pm.compute_log_likelihood(tree, extend_inferencedata=False, progressbar=False)
    np.testing.assert_allclose(density, pymc["error"].values.reshape(density.shape), rtol=1e-9)
    noise = (error - curve) / draws["sigma"].reshape(len(curve), -1)
    assert abs(np.median(noise)) < 0.03
    assert np.median(abs(noise)) == pytest.approx(0.7, abs=0.1)  # quartile, 0.674 if it is normal


# --- coordinates -------------------------------------------------------------------------------


def some_draws(problem):
    """Prior draws of a specification."""
    return prior_draws(build(problem), seed=0)[1]


FIXED_FLOOR = {"d": 0.1}
OTHER_FLOOR = {"d": Prior("Uniform", {"lower": 0.05, "upper": 3.0})}
CHECKPOINTS = {
    "common": Prior("Beta", {"alpha": 2.0, "beta": 2.0}),
    "budget_exponent": Prior("Normal", {"mu": 0.0, "sigma": 0.25}),
}
OTHER_SCALE = {"a": Prior("InverseGamma", {"alpha": 3.0, "beta": 0.1})}


@pytest.mark.parametrize(
    ("name", "others", "given_floor"),
    [
        ("utility", {}, ("a", "tau", "b")),
        ("utility", FIXED_FLOOR, ("a", "tau", "b")),
        ("utility", OTHER_FLOOR | {"b": 0.15}, ("a", "tau")),
        ("utility", OTHER_SCALE, ("a", "tau", "b")),
        ("utility-unpooled", {}, ("a", "tau", "b")),
        ("utility-bounded-free-size", {}, ("size_exponent", "a", "tau", "b")),
        ("utility-overfit", {}, ("size_exponent", "a", "kappa", "tau", "b")),
        ("power-law", {}, ("a", "b")),
        ("cherti", {}, ("a", "tau", "b")),
        ("utility", CHECKPOINTS, ("a", "tau", "b")),
        ("cherti", CHECKPOINTS, ("a", "tau", "b")),
    ],
)
def test_coordinates_change_the_variables_only(runs, name, others, given_floor):
    """In coordinates u the log density gains log |dv / du|, and nothing else.

    ``v`` are the parameters on PyMC's own unconstrained scales; the determinant comes from central
    differences of u -> v, through all levels of a hierarchy.
    """
    spec = load_model(name)
    scatter = {key: others[key] for key in others if key in SCATTER}
    rest = {key: others[key] for key in others if key not in SCATTER}
    likelihood = replace(spec.likelihood, parameters=spec.likelihood.parameters | scatter)
    spec = replace(spec, parameters=spec.parameters | rest, likelihood=likelihood)
    if "common" in scatter:
        names = np.array(["x"] * 4 + ["y"] * 4 + ["z"] + [""] * 3)
        runs = runs.assign(training=("run", names), rounding=0 * runs["rounding"] + 0.002)
    problem = Problem(spec, runs)
    coordinates = find_coordinates(problem, some_draws(problem))
    assert tuple(f.name for f in coordinates.given_floor) == given_floor

    declared, moved = build(problem), build(problem, coordinates)
    coordinate = [v.name for v in moved.value_vars if v.name.endswith(COORDINATE)]
    moving = [name.removesuffix(COORDINATE) for name in coordinate]
    assert {"d", *given_floor} - {"d" if not isinstance(spec.parameters["d"], Prior) else ""} <= {
        *moving
    }
    there_names = {}
    unconstrained = []
    for key in moving:
        rv = declared[key]
        transform = declared.rvs_to_transforms[rv]
        there_names[key] = declared.rvs_to_values[rv].name
        moved_value = moved.replace_rvs_by_values([moved[key]])[0]
        inputs = rv.owner.inputs
        unconstrained.append(transform.forward(moved_value, *inputs) if transform else moved_value)
    parameters = moved.compile_fn(
        unconstrained, inputs=moved.value_vars, on_unused_input="ignore", mode=MODE
    )
    declared_density, moved_density = (m.compile_logp(mode=MODE) for m in (declared, moved))

    def vector(point):
        return np.concatenate([np.ravel(each) for each in parameters(point)])

    rng = np.random.default_rng(4)
    for _ in range(2):
        point = {
            key: np.asarray(x + 0.3 * rng.standard_normal(np.shape(x)))
            for key, x in moved.initial_point().items()
        }
        there = {key: x for key, x in point.items() if not key.endswith(COORDINATE)}
        there |= dict(zip(there_names.values(), parameters(point), strict=True))
        assert set(there) == set(declared.initial_point())
        columns = []
        for key in coordinate:
            for i in np.ndindex(point[key].shape):
                step = np.zeros_like(point[key])
                step[i] = 1e-4
                up, down = (vector(point | {key: point[key] + sign * step}) for sign in (1, -1))
                columns.append((up - down) / 2e-4)
        _, log_determinant = np.linalg.slogdet(np.stack(columns, axis=1))
        gain = moved_density(point) - declared_density(there)
        assert gain == pytest.approx(log_determinant, abs=1e-4)


def test_errors_far_below_what_the_prior_expects_have_coordinates(runs):
    """The search starts where the law is far above all errors, and must see a slope there."""
    spec = load_model("utility")
    low = runs.assign(error=0.01 + 0.1 * (runs["error"] - runs["error"].min()))
    problem = Problem(spec, low)
    coordinates = find_coordinates(problem, some_draws(problem))
    assert all(np.isfinite(each).all() for each in coordinates.arrays().values())
    assert coordinates.floor_unit > 0.001


@pytest.mark.parametrize("support", [(0.0, 0.5), (0.0, np.inf), (0.2, 3.0)])
def test_a_floor_reaches_all_of_its_support_and_no_more(support):
    """Up and up, to the ends of the support, and the derivative by central differences."""
    floor = np.linspace(0.25, 0.4, 9)
    line = fit_line(floor, ((floor - 0.3) / 0.04) ** 2 / 2, 0.45, 0.01, support)
    u = np.linspace(-30, 30, 60)
    at, log_derivative = on_line(u, line, support, np)
    assert (np.diff(at) > 0).all()
    assert at[0] == pytest.approx(support[0], abs=1e-3)
    assert support[0] < at[0]
    assert at[-1] < support[1]
    far, _ = on_line(np.array(1e9), line, support, np)
    assert far == pytest.approx(min(support[1], far), rel=1e-5)
    assert far > 0.49
    up, down = (on_line(u + sign * 1e-5, line, support, np)[0] for sign in (1, -1))
    np.testing.assert_allclose(log_derivative, np.log((up - down) / 2e-5), atol=1e-3)


def test_the_line_makes_a_floor_normal():
    """Where the profile is a normal density, equal steps along the line are equal steps of it."""
    floor = np.linspace(0.2, 0.4, 41)
    line = fit_line(floor, ((floor - 0.3) / 0.02) ** 2 / 2, 0.8, 0.01, (0.0, np.inf))
    u = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    at, _ = on_line(u, line, (0.0, np.inf), np)
    np.testing.assert_allclose(at, 0.3 + 0.02 * u, atol=0.003)


@pytest.mark.parametrize("noise", [0.001, 0.01])
def test_beyond_the_least_error_a_unit_moves_the_floor_by_the_noise(noise):
    """Below it, as the profile says; where errors cannot follow, no step must be too long."""
    floor = np.linspace(0.1, 0.5, 41)
    line = fit_line(floor, ((floor - 0.3) / 0.1) ** 2 / 2, 0.45, noise, (0.0, np.inf))
    u = np.linspace(-3, 60, 1000)
    step = np.diff(on_line(u, line, (0.0, np.inf), np)[0]) / np.diff(u)
    assert step.max() > 0.08
    assert step[-1] == pytest.approx(noise, rel=0.02)
