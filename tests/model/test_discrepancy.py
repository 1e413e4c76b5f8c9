"""What the law cannot describe: its covariance, and the likelihood that it is integrated out of."""

from dataclasses import replace
from itertools import pairwise

import made
import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from scipy import integrate, stats

from qqt_bayes.model import problem as module
from qqt_bayes.model.build import build
from qqt_bayes.model.conditioning import TYPICAL_SIGMA, condition, expected, left_out
from qqt_bayes.model.curves import amplitude_of, curves, located, printed
from qqt_bayes.model.discrepancy import (
    BETWEEN_GROUPS,
    LENGTH,
    OF_LOSS,
    TREND,
    Cells,
    along,
    between_sets,
    covariance,
    joined,
    prior_departures,
    variances,
)
from qqt_bayes.model.draws import prior_draws, replicate
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import load_model
from qqt_bayes.sampling.inference import labelled
from qqt_bayes.sampling.kernel.plan import lay_out
from qqt_bayes.sampling.nutpie_adapter import Density, from_kernel
from qqt_bayes.tables.runs import read_runs


def sets(*taken, group=0):
    """Training sets at one budget."""
    index = np.arange(len(taken))
    return Cells(np.array(taken), 0 * index + group, np.array([1e6]), index, 0 * index)


@pytest.fixture
def problem():
    """Two groups of which one set has replicates, with rounding, evaluation noise and weights."""
    table, composition = made.tables(groups=2)
    several = table.iloc[[0, 0, 3, 3, 3]].assign(error=lambda t: t["error"] + 0.002)
    table = pd.concat([table, several], ignore_index=True).assign(rounding=0.001, n_eval=20_000)
    table["seed"] = np.arange(len(table))
    weight = np.resize([1.0, 0.5, 2.0], len(table))
    return Problem(load_model("utility"), read_runs(table.assign(weight=weight), composition))


# --- the covariance ------------------------------------------------------------------------------


@pytest.mark.parametrize(("u", "v"), [(0.5, 2.0), (2.0, 2.0), (-1.0, -3.0), (-1.0, 2.0), (0, 1)])
def test_trend_is_the_integral_of_a_slope_that_is_forgotten(u, v):
    """Cov(int_0^u s, int_0^v s) = int_0^u int_0^v exp(-|x - y|) dx dy."""

    def over_y(x):
        ends = sorted([0, v, min(max(x, min(0, v)), max(0, v))])
        parts = [integrate.quad(lambda y: np.exp(-abs(x - y)), *part)[0] for part in pairwise(ends)]
        return np.sign(v) * sum(parts)

    of_slope = np.sign(u) * integrate.quad(over_y, *sorted([0, u]))[0]
    found = along(np.array([float(u)]), np.array([float(v)])).item()
    assert found == pytest.approx(1 + TREND**2 * of_slope, abs=1e-12)


def test_sets_share_what_is_common_and_what_their_pools_are():
    """Two pools of one size differ by (0, 2, -2) in the features of the third part."""
    found = between_sets(*[sets([1e6, 0], [0, 1e6], [2e6, 2e6])] * 2)
    apart = np.exp(-8 / (2 * LENGTH**2))
    assert found[0, 0] == pytest.approx(1)
    assert found[0, 1] == pytest.approx((1 + 0 + apart) / 3)
    distance = np.log(4) ** 2 + 1 + 1
    near = np.exp(-distance / (2 * LENGTH**2))
    assert found[0, 2] == pytest.approx((1 + 1 / np.sqrt(2) + near) / 3)


def test_it_changes_continuously_with_the_training_set():
    """One sample more changes nothing, so neither a grid of levels nor a twin does."""
    one = sets([1e6, 5e5], [1e6 + 1, 5e5], [1.3e6, 5e5])
    found = between_sets(one, one)
    assert found[0, 1] == pytest.approx(1, abs=1e-9)
    assert 0.95 < found[0, 2] < 0.999


@pytest.mark.parametrize("share", [0.1, 0.01])
def test_a_little_of_another_pool_changes_little(share):
    """By the square of its share, so that levels between two trained ones are told by both."""
    found = between_sets(*[sets([1e6, 0], [1e6 * (1 - share), 1e6 * share])] * 2)
    assert 1 - found[0, 1] < 2 * share**2


def test_between_groups_half_is_left():
    one, other = sets([1e6, 2e6]), sets([1e6, 2e6], group=1)
    assert between_sets(one, other).item() == pytest.approx(BETWEEN_GROUPS)


def test_it_is_a_covariance_whose_diagonal_is_known():
    rng = np.random.default_rng(0)
    cells = Cells(
        rng.uniform(0, 1e6, (7, 3)),
        np.arange(7) % 2,
        np.geomspace(1e5, 1e9, 5),
        rng.integers(7, size=60),
        rng.integers(5, size=60),
    )
    found = covariance(cells, cells, np.log(1e7))
    assert np.linalg.eigvalsh(found).min() > -1e-9
    np.testing.assert_allclose(np.diag(found), variances(cells, np.log(1e7)), rtol=1e-12)
    both = joined(cells, cells)
    assert both.taken.shape[0] <= 7
    np.testing.assert_allclose(
        covariance(both, both, np.log(1e7)), np.tile(found, (2, 2)), rtol=1e-12
    )


def test_departures_before_the_runs_have_this_covariance():
    taken = np.array([[1e6, 0], [1e6, 1e6]])
    cells = Cells(taken, np.zeros(2, int), np.array([1e6, 1e7]), *np.divmod(np.arange(4), 2))
    drawn = prior_departures(cells, np.log(1e6), 20_000, np.random.default_rng(1))
    np.testing.assert_allclose(
        np.cov(drawn.T), covariance(cells, cells, np.log(1e6)), rtol=0.05, atol=0.05
    )


# --- the likelihood ------------------------------------------------------------------------------


def full(problem, draws, i):
    """Residuals of log errors and their covariance, run by run, as the definition has them."""
    data, mean, sigma = problem.seen, *located(problem, draws, curves(problem, draws))[:2]
    s = amplitude_of(problem, draws)[i]
    of_runs = s**2 * data.covariance[np.ix_(data.cell, data.cell)]
    noise = printed(problem, sigma)[i] / data.mean**2
    return data.log_error - np.log(mean[i]), of_runs + np.diag(noise)


@pytest.fixture
def draws(problem):
    return {name: x[:6] for name, x in prior_draws(problem, seed=0).items()}


def test_of_one_run_x_is_the_log_error_and_of_several_it_is_linear(problem):
    data, error = problem.seen, problem.runs["error"].values
    alone = np.bincount(data.cell)[data.cell] == 1
    assert alone.any()
    assert not alone.all()
    np.testing.assert_allclose(data.log_error[alone], np.log(error[alone]), rtol=1e-14)
    np.testing.assert_allclose(data.log_error, np.log(error), atol=1e-5)


def test_all_runs_together_are_jointly_normal(problem, draws):
    found = replicate(problem, draws, 1).joint
    for i, value in enumerate(found):
        residual, total = full(problem, draws, i)
        log_density = stats.multivariate_normal(cov=total).logpdf(residual)
        assert value == pytest.approx(log_density - np.log(problem.seen.mean).sum(), rel=1e-9)


def test_each_run_given_the_others_is_what_conditioning_says(problem, draws):
    again = replicate(problem, draws, 1)
    for i in range(len(again.joint)):
        residual, total = full(problem, draws, i)
        for run in (0, 4, len(residual) - 1):
            rest = np.delete(np.arange(len(residual)), run)
            gain = np.linalg.solve(total[np.ix_(rest, rest)], total[rest, run])
            scale = np.sqrt(total[run, run] - gain @ total[rest, run])
            density = stats.norm(gain @ residual[rest], scale).logpdf(residual[run])
            assert again.log_density[i, run] == pytest.approx(
                density - np.log(problem.seen.mean[run]), rel=1e-7, abs=1e-7
            )


def test_runs_that_are_left_out_together_are_not_predicted_from_each_other(problem, draws):
    fold = np.flatnonzero(problem.runs["data_index"].values == 0)
    again = replicate(problem, draws, 1, fold)
    rest = np.delete(np.arange(problem.runs.sizes["run"]), fold)
    for i in range(len(again.joint)):
        residual, total = full(problem, draws, i)
        gain = np.linalg.solve(total[np.ix_(rest, rest)], total[np.ix_(rest, fold)])
        scale = np.sqrt(np.diag(total[np.ix_(fold, fold)] - gain.T @ total[np.ix_(rest, fold)]))
        density = stats.norm(residual[rest] @ gain, scale).logpdf(residual[fold])
        expected = density - np.log(problem.seen.mean[fold])
        # What is left out has a large variance instead of none: densities near 0 differ, too.
        np.testing.assert_allclose(again.log_density[i, fold], expected, rtol=1e-4, atol=1e-4)


def test_what_is_predicted_has_the_density_that_is_said(problem, draws):
    many = {name: np.repeat(x[:1], 4000, axis=0) for name, x in draws.items()}
    again, data = replicate(problem, many, 1), problem.seen
    mean, sigma, _ = located(problem, draws, curves(problem, draws))
    given = condition(data, amplitude_of(problem, draws), mean, printed(problem, sigma))
    centre, deviation = left_out(data, given)
    z = (np.log(again.predicted) - centre[0]) / deviation[0]
    assert stats.kstest(z[:, 0], "norm").pvalue > 0.01
    assert abs(z.std(axis=0) - 1).max() < 0.06


def test_the_model_in_pymc_has_the_same_density(problem, draws):
    tree = xr.DataTree.from_dict({"posterior": labelled(problem, draws)})
    with build(problem):
        found = pm.compute_log_likelihood(tree, extend_inferencedata=False, progressbar=False)
    total = found["log_error"].values.reshape(len(draws["a"]), -1)[:, 0]
    scale = np.log(problem.seen.mean).sum()
    np.testing.assert_allclose(total - scale, replicate(problem, draws, 1).joint, rtol=1e-9)


def test_the_departure_of_a_cell_keeps_to_its_runs(problem, draws):
    """Where the noise is next to nothing it is the mean residual."""
    data = problem.seen
    mean = curves(problem, draws)
    given = condition(data, 0 * draws["amplitude"] + 0.1, mean, 1e-12 + 0 * mean)
    found, _ = expected(given, mean, data.cell, np.arange(mean.shape[1]))
    np.testing.assert_allclose(found, np.log(mean) + given.of_cell[:, data.cell], atol=1e-6)


def test_losses_depart_by_less(problem, draws):
    other = Problem(problem.spec, problem.runs.assign_attrs(kind="loss"))
    ratio = amplitude_of(other, draws) / amplitude_of(problem, draws)
    np.testing.assert_allclose(ratio, OF_LOSS)


def test_in_tables_of_many_cells_the_noise_is_shared_out_once(problem, draws, monkeypatch):
    """So that it is exact where sigma is what it was shared out at, and near it elsewhere."""
    assert problem.turn is None
    monkeypatch.setattr(module, "MOST_CELLS", 0)
    turned = Problem(problem.spec, problem.runs)
    assert turned.turn is not None
    for sigma, close in ((TYPICAL_SIGMA, 1e-9), (2 * TYPICAL_SIGMA, 0.05)):
        at = draws | {"sigma": np.full(6, sigma)}
        exact, found = (replicate(each, at, 1) for each in (problem, turned))
        np.testing.assert_allclose(found.joint, exact.joint, rtol=close)
    at = draws | {"sigma": np.full(6, TYPICAL_SIGMA)}
    exact, found = (replicate(each, at, 1) for each in (problem, turned))
    np.testing.assert_allclose(found.log_density, exact.log_density, rtol=1e-6, atol=1e-6)
    fold = np.arange(3)
    exact, found = (replicate(each, at, 1, fold) for each in (problem, turned))
    np.testing.assert_allclose(found.log_density[:, fold], exact.log_density[:, fold], rtol=1e-3)


def test_the_gradient_of_that_is_its_own(problem, monkeypatch):
    monkeypatch.setattr(module, "MOST_CELLS", 0)
    layout = lay_out(Problem(problem.spec, problem.runs), None)
    density, rng = Density(from_kernel(layout)), np.random.default_rng(0)
    point = layout.middle + 0.3 * rng.standard_normal(layout.middle.size)
    step = 1e-5 * np.eye(point.size)
    slope = [(density(point + each)[0] - density(point - each)[0]) / 2e-5 for each in step]
    np.testing.assert_allclose(density(point)[1], slope, rtol=1e-5, atol=1e-4)


def test_an_amplitude_may_be_a_number(problem, draws):
    known = Problem(replace(problem.spec, discrepancy={"amplitude": 0.02}), problem.runs)
    np.testing.assert_array_equal(amplitude_of(known, draws), np.full(6, 0.02))
    assert "amplitude" not in prior_draws(known, 0)
