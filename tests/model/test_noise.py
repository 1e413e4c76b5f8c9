"""How far runs lie from their curves: by budget, by training, by what is known of an error."""

import made
import numpy as np
import pytest
from scipy import stats

from qqt_bayes.decisions.decide import decide
from qqt_bayes.model.build import build
from qqt_bayes.model.curves import curves, located
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.draws import prior_draws, replicate
from qqt_bayes.model.noise import (
    TRAINING,
    common_deviation,
    evaluation_variance,
    independent_variance,
    known_variance,
    reference_budget,
    run_variance,
)
from qqt_bayes.model.problem import Problem
from qqt_bayes.planning import information
from qqt_bayes.posterior import gate
from qqt_bayes.posterior.fit import Fit, by_draw
from qqt_bayes.sampling.search import least_squares
from qqt_bayes.sampling.search.least_squares import penalised
from qqt_bayes.sampling.search.profile import find_coordinates
from qqt_bayes.tables.runs import read_runs

SIGMA = 0.004


@pytest.fixture
def runs():
    """Two trainings of four checkpoints, the others alone; weights, rounding, evaluation noise."""
    table, composition = made.tables()
    names = ["x"] * 4 + ["y"] * 4 + ["z", "", "", "v"]
    weight = np.resize([1.0, 0.3], len(table))
    table = table.assign(training=names, weight=weight, rounding=0.001, n_eval=50_000)
    return read_runs(table, composition)


def test_known_variance_has_both_its_parts(runs):
    rate = (runs["error"] * 50_000 + 0.5) / 50_001
    expected = rate * (1 - rate) / 50_000 + 0.001**2 / 3
    np.testing.assert_allclose(known_variance(runs), expected)


# --- a power of the budget ----------------------------------------------------------------------


def test_a_run_of_the_mean_budget_scatters_by_sigma(runs):
    seen = runs["samples_seen"].values
    noise = {"sigma": SIGMA, "budget_exponent": -0.3}
    own = run_variance(runs, noise, 0.0) * runs["weight"].values
    np.testing.assert_allclose(
        own, (SIGMA * (seen / reference_budget(runs)) ** -0.3) ** 2, rtol=1e-12
    )
    assert np.prod(own / SIGMA**2) == pytest.approx(1)


def test_an_exponent_of_zero_changes_nothing(runs):
    plain, zero = {"sigma": SIGMA}, {"sigma": SIGMA, "budget_exponent": 0.0}
    np.testing.assert_array_equal(run_variance(runs, plain), run_variance(runs, zero))
    np.testing.assert_array_equal(
        independent_variance(runs, plain), independent_variance(runs, zero)
    )
    spec = made.law_alone()
    rng = np.random.default_rng(0)
    free = {
        name: 0.1 * np.exp(0.1 * rng.standard_normal((5, *[3] * bool(value.over))))
        for name, value in {**spec.parameters, **spec.likelihood.parameters}.items()
        if isinstance(value, Prior)
    }
    found = [
        replicate(Problem(each, runs), free, 1)
        for each in (spec, made.law_alone(budget_exponent=0.0))
    ]
    for x, y in zip(*found, strict=True):
        np.testing.assert_array_equal(x, y)


def test_whatever_knows_sigma_knows_the_budget():
    """Gate, departures, search and information see large runs as ten times noisier."""
    fit = made.with_budget_exponent(1.0)
    runs, spec = Fit.of(fit).runs, Fit.of(fit).spec
    grown = runs["samples_seen"].values / reference_budget(runs)
    problem, posterior = Problem(spec, runs), by_draw(Fit.of(fit).posterior)
    _, sigma, _ = located(problem, posterior, curves(problem, posterior))
    np.testing.assert_allclose(np.median(sigma, axis=0), made.NOISE * grown, rtol=0.01)
    draws = {name: x.values.reshape(-1, *x.shape[2:]) for name, x in fit["prior"].items()}
    draws["budget_exponent"] = np.ones(5)
    squares = penalised(problem, draws)
    np.testing.assert_allclose(least_squares.run_variance(squares, SIGMA) / SIGMA**2, grown**2)
    values = {"sigma": np.full(1, SIGMA), "budget_exponent": np.ones(1)}
    found = information._noise(spec, runs, values, runs["error"].values)
    np.testing.assert_allclose(found, SIGMA * grown)
    fit["constant_data"]["n_eval"].values[:] = 1e6
    curve = runs["error"].values + np.zeros((4, 12))
    (check,) = (each for each in gate._adequacy(fit, curve, curve, {}) if "scatter" in each.id)
    known = gate.known_noise(Fit.of(fit).runs, grown**-2.0)
    assert check.value == pytest.approx(made.NOISE / known, rel=0.01)
    assert np.isfinite(decide(fit, made.levels(), [1e9])["regret"]).all()


# --- checkpoints of one training ----------------------------------------------------------------


def covariance(runs, noise):
    """Of the errors of all runs, from what the training moves and what is each run's own."""
    names = runs["training"].values
    moved = common_deviation(runs, noise)
    same = (names[:, None] == names) & (names != "")
    return same * np.outer(moved, moved) + np.diag(run_variance(runs, noise, 0.0))


def test_checkpoints_share_a_part_of_their_variance(runs):
    """Compound symmetry: rho between any two of a training, and no variance is lost or won."""
    noise = {"sigma": SIGMA, "budget_exponent": 0.2, "common": 0.7}
    found = covariance(runs, noise)
    alone = run_variance(runs, {**noise, "common": 0.0}, 0.0)
    np.testing.assert_allclose(np.diag(found), alone, rtol=1e-12)
    correlation = found / np.sqrt(np.outer(alone, alone))
    np.testing.assert_allclose(correlation[:4, :4][~np.eye(4, dtype=bool)], 0.7)
    assert np.count_nonzero(correlation) == 4 * 4 + 4 * 4 + 4


@pytest.mark.parametrize("common", [0.0, 0.5, 1.0])
def test_what_a_level_is_told_is_what_independent_runs_would_tell(runs, common):
    """The precision of a level under the covariance: ``1' C^-1 1``, where noise is alike."""
    runs = runs.assign(weight=0 * runs["weight"] + 1)
    noise = {"sigma": SIGMA, "common": common}
    exact = np.ones(12) @ np.linalg.pinv(covariance(runs, noise), hermitian=True) @ np.ones(12)
    assert (1 / independent_variance(runs, noise, 0.0)).sum() == pytest.approx(exact)


@pytest.mark.parametrize("rounding", [0.0, 0.001])
def test_given_the_rest_the_effect_of_a_training_has_its_own_coordinate(runs, rounding):
    """Where noise is normal, the coordinate is standard normal whatever the law says."""
    runs = runs.assign(rounding=0 * runs["rounding"] + rounding)
    spec = made.law_alone(common=Prior("Beta", {"alpha": 2.0, "beta": 2.0}))
    problem = Problem(spec, runs)
    assert build(problem).coords["training"] == ("x", "y")
    draws = prior_draws(problem, seed=0)
    assert draws[TRAINING].shape == (1000, 2)
    moved = build(problem, find_coordinates(problem, draws))
    density = moved.compile_logp(mode="FAST_COMPILE")
    name = f"{TRAINING}_coordinate"
    rng = np.random.default_rng(1)
    for _ in range(3):
        point = {
            k: x + 0.3 * rng.standard_normal(x.shape) for k, x in moved.initial_point().items()
        }
        u = np.array([[0.0, 0.0], [1.5, 0.0], [0.0, -1.0], [1.5, -1.0]])
        found = [density(point | {name: each}) for each in u]
        gain = np.array(found) - found[0]
        np.testing.assert_allclose(
            gain, -(u**2).sum(axis=1) / 2, atol=1e-6 if not rounding else 0.2
        )


def test_the_effects_of_trainings_integrate_to_their_covariance(runs):
    """Without rounding the density of all runs is a multivariate normal one, the effects gone."""
    runs = runs.assign(rounding=0 * runs["rounding"])
    spec = made.law_alone(common=0.6, budget_exponent=0.3)
    declared = build(Problem(spec, runs))
    names = [v.name for v in declared.value_vars]
    point = {k: x + 0.1 for k, x in declared.initial_point().items()}
    mean, sigma = declared.compile_fn(
        declared.replace_rvs_by_values([declared["curve"], declared["sigma"]]),
        inputs=declared.value_vars,
        on_unused_input="ignore",
        mode="FAST_COMPILE",
    )(point)
    noise = {"sigma": sigma, "common": 0.6, "budget_exponent": 0.3}
    moved, own = common_deviation(runs, noise), run_variance(runs, noise)
    each = [runs["training"].values == name for name in ("x", "y")]
    told = np.array([1 + np.sum(moved[some] ** 2 / own[some]) for some in each])
    lack = moved * (runs["error"].values - mean) / own
    point[TRAINING] = np.array([lack[some].sum() for some in each]) / told
    assert TRAINING in names
    parts = [declared["error"], declared[TRAINING]]
    found = declared.compile_logp(vars=parts, mode="FAST_COMPILE")(point)
    known = evaluation_variance(runs) * np.eye(12)
    expected = stats.multivariate_normal(mean, covariance(runs, noise) + known)
    integral = found + np.log(2 * np.pi) - np.log(told).sum() / 2
    assert integral == pytest.approx(expected.logpdf(runs["error"].values), rel=1e-9)


def test_a_table_without_trainings_leaves_the_share_to_its_prior():
    runs = read_runs(*made.tables())
    spec = made.law_alone(common=Prior("Beta", {"alpha": 2.0, "beta": 2.0}))
    model = build(Problem(spec, runs))
    assert "common" in model
    assert TRAINING not in model
