"""What the law cannot describe: covariance, amplitude, conditioning, and what predictions get."""

from itertools import pairwise

import made
import numpy as np
import pytest
import xarray as xr
from scipy import integrate, stats

from qqt_bayes import decide, predict
from qqt_bayes.posterior.discrepancy import (
    AMPLITUDE_FREEDOM,
    AMPLITUDE_GRID,
    AMPLITUDE_SCALE,
    Cells,
    along,
    amplitudes,
    covariance,
    departures,
)
from qqt_bayes.posterior.fit import Fit

BUDGETS = np.array([1e6, 4e6, 16e6, 64e6])


def cells(budgets=BUDGETS, shares=((1.0, 0.0), (0.0, 1.0), (0.5, 0.5))):
    share = np.repeat(np.array(shares), len(budgets), axis=0)
    own = np.repeat(np.arange(len(shares)), len(budgets))
    return Cells(share, np.tile(np.asarray(budgets, float), len(shares)), own)


@pytest.mark.parametrize(("u", "v"), [(0.5, 2.0), (2.0, 2.0), (-1.0, -3.0), (-1.0, 2.0), (0, 1)])
def test_trend_is_the_integral_of_a_slope_that_is_forgotten(u, v):
    """Cov(int_0^u s, int_0^v s) = int_0^u int_0^v exp(-|x - y|) dx dy."""

    def over_y(x):
        ends = sorted([0, v, min(max(x, min(0, v)), max(0, v))])
        parts = [integrate.quad(lambda y: np.exp(-abs(x - y)), *part)[0] for part in pairwise(ends)]
        return np.sign(v) * sum(parts)

    expected = np.sign(u) * integrate.quad(over_y, *sorted([0, u]))[0]
    assert along(np.array(float(u)), np.array(float(v))) == pytest.approx(expected, abs=1e-12)


def test_sets_share_what_is_common_and_what_their_pools_are():
    one = Cells(np.array([[1.0, 0], [0, 1], [1, 1], [1, 0]]), np.full(4, 1e6), np.arange(4) % 3)
    half = 1 / np.sqrt(2)
    expected = [[3, 1, 1 + half, 3], [1, 3, 1 + half, 1], [1 + half, 1 + half, 3, 1 + half]]
    level, trend = covariance(one, one, np.log(1e6))
    np.testing.assert_allclose(level[:3] * 3, expected)
    assert (trend == 0).all()


def test_amplitudes_are_their_priors_where_the_law_could_absorb_everything():
    """One cell whose curve the data chose: the share of the variance that is noise's is one."""
    z = np.random.default_rng(0).standard_normal((4000, 1))
    level, trend = amplitudes(0.01 * z, np.array([1e-4]), np.ones((2, 1, 1))).T
    unit = stats.t(AMPLITUDE_FREEDOM).ppf((1 + np.array([0.25, 0.5, 0.75])) / 2)
    found = np.quantile(level, [0.25, 0.5, 0.75])
    np.testing.assert_allclose(found, AMPLITUDE_SCALE[0] * unit, rtol=0.3)
    assert 0.3 < np.median(trend) / AMPLITUDE_SCALE[1] / unit[1] < 3


def test_one_budget_tells_the_level_and_not_the_trend():
    seen = cells([1e8], np.eye(12))
    unit = covariance(seen, seen, np.log(1e8))
    level, trend = amplitudes(np.zeros((50, 12)), np.full(12, 1e-6), unit).T
    assert np.median(level) < 0.005
    assert np.median(trend) > AMPLITUDE_SCALE[1] / 2


@pytest.mark.parametrize("trend", [0.01, 0.05, 0.2])
def test_amplitudes_are_found(trend):
    """Of many studies the pairs enclose both in most."""
    seen, rng = cells(np.geomspace(1e6, 256e6, 9)), np.random.default_rng(1)
    unit = covariance(seen, seen, np.log(seen.budget).mean())
    true = np.array([0.03, trend])
    root = np.linalg.cholesky(np.tensordot(true**2, unit, 1) + 1e-6 * np.eye(27))
    inside = []
    for _ in range(20):
        residual = np.tile(root @ rng.standard_normal(27), (50, 1))
        pairs = amplitudes(residual, np.full(27, 1e-6), unit)
        inside.append((pairs.min(axis=0) <= true * 1.3) & (true / 1.3 <= pairs.max(axis=0)))
    assert (np.sum(inside, axis=0) >= 16).all()


def test_amplitudes_are_those_of_their_posterior_on_average():
    """Many cells tell both: the mean of the logs of the pairs is the most probable one."""
    seen = cells(np.geomspace(1e6, 1e12, 40))
    variance = np.full(120, 1e-8)
    unit = covariance(seen, seen, np.log(seen.budget).mean())
    level, trend = 0.03, AMPLITUDE_SCALE[1] * AMPLITUDE_GRID[9]
    root = np.linalg.cholesky(level**2 * unit[0] + trend**2 * unit[1] + 1e-8 * np.eye(120))
    rng = np.random.default_rng(0)
    found = [
        np.log(amplitudes(np.tile(root @ rng.standard_normal(120), (9, 1)), variance, unit)[:, 1])
        for _ in range(30)
    ]
    assert np.mean(found) == pytest.approx(np.log(trend), abs=0.06)


def test_their_own_intervals_hold_departures():
    """Truths from the prior, asked at ten times the largest budget."""
    seen, wanted = cells(np.geomspace(1e7, 1e8, 4), np.eye(4)), cells([1e9], np.eye(4))
    parts = zip(vars(seen).values(), vars(wanted).values(), strict=True)
    every = Cells(*map(np.concatenate, parts))
    unit = covariance(every, every, np.log(seen.budget).mean())
    rng, inside = np.random.default_rng(1), []
    for _ in range(100):
        pair = np.array(AMPLITUDE_SCALE) * abs(rng.standard_t(AMPLITUDE_FREEDOM, 2))
        both = rng.multivariate_normal(np.zeros(20), np.tensordot(pair**2, unit, 1), method="eigh")
        residual = np.tile(both[:16] + 0.005 * rng.standard_normal(16), (640, 1))
        delta, _ = departures(residual, np.full(16, 0.005**2), seen, wanted, rng)
        low, high = np.quantile(delta, [0.05, 0.95], axis=0)
        inside.append((low <= both[16:]) & (both[16:] <= high))
    assert 0.86 < np.mean(inside) < 0.95


def test_draws_are_those_of_the_exact_conditional():
    rng = np.random.default_rng(2)
    seen, wanted = cells(), cells([64e6, 640e6], [[1.0, 0], [0.2, 0.8]])
    wanted.own[2:] = 9  # a new set
    residual = np.tile(0.02 * rng.standard_normal(len(seen.budget)), (32_000, 1))
    variance = np.full(len(seen.budget), 1e-4)
    delta, pairs = departures(residual, variance, seen, wanted, np.random.default_rng(3))
    centre = np.log(seen.budget).mean()
    for pair in np.unique(pairs, axis=0):
        unit, cross, own = (
            np.tensordot(pair**2, covariance(one, other, centre), 1)
            for one, other in ((seen, seen), (wanted, seen), (wanted, wanted))
        )
        weight = cross @ np.linalg.inv(unit + np.diag(variance))
        spread = np.sqrt(np.diag(own - weight @ cross.T))
        each = delta[(pairs == pair).all(axis=1)]
        middle = weight @ residual[0] - spread**2 / 2
        far = np.abs(each.mean(axis=0) - middle) / spread * np.sqrt(len(each))
        assert far.max() < 5
        np.testing.assert_allclose(each.std(axis=0), spread, rtol=0.15)


def test_predictions_keep_to_the_runs_and_widen_beyond():
    fit = made.fit(draws=400)
    budgets = [64e6, 1.28e9, 12.8e9, 128e9]
    law = predict(fit, made.levels(), budgets)
    wide = predict(fit, made.levels(), budgets, discrepancy=True)
    more = (wide.std(("chain", "draw")) / law.std(("chain", "draw"))).isel(level=0)
    assert more[0] < more[2] < more[3]
    assert more[3] > 2
    shift = (wide.mean(("chain", "draw")) / law.mean(("chain", "draw")) - 1).isel(budget=[0, 1])
    assert abs(shift).max() < 2 * made.NOISE


def test_a_new_run_departs_from_the_law_unless_told_not_to():
    fit = made.fit(draws=50)
    budgets, levels = [12.8e9], made.levels()
    new = predict(fit, levels, budgets, new_run=True)
    assert new.identical(predict(fit, levels, budgets, new_run=True, discrepancy=True))
    own = predict(fit, levels, budgets, new_run=True, discrepancy=False)
    assert (new.std(("chain", "draw")) > own.std(("chain", "draw"))).all()
    assert not new.equals(predict(fit, levels, budgets, new_run=True, seed=1))


def test_each_group_has_departures_of_its_own():
    fit = made.fit(groups=2, draws=50)
    law, wide = (predict(fit, made.levels(), [12.8e9], discrepancy=x) for x in (False, True))
    assert wide.dims == law.dims
    one, other = (np.log(wide / law).sel(group=name).values for name in law["group"].values)
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.3


def test_decide_says_how_much_of_the_interval_is_misfit():
    fit, budgets = made.fit(draws=200), [128e6, 128e9]
    decision = decide(fit, made.levels(), budgets)
    assert (decision["misfit"].sel(budget=128e9) > 0.5).all()
    own = decide(fit, made.levels(), budgets, discrepancy=False)
    assert (own["misfit"] == 0).all()
    best = [each["probability_best"].sel(budget=128e9).max() for each in (decision, own)]
    assert best[0] < best[1]


def test_an_outlier_under_a_heavy_tail_bends_nothing():
    """One run of four is ten deviations off: Student's t takes it for what it is."""
    shift = {}
    for model in ("utility", "cherti"):
        fit, budgets = made.fit(groups=2, model=model, draws=200), [made.BUDGETS[1]]
        expected = predict(fit, made.levels(), budgets).median(("chain", "draw"))
        of = (fit["constant_data"]["samples_seen"] == budgets[0]).values
        observed = fit["observed_data"]["error"].values
        observed[:] = noisefree(fit)
        observed[np.flatnonzero(of)[0]] += 10 * made.NOISE
        found = predict(fit, made.levels(), budgets, discrepancy=True).median(("chain", "draw"))
        shift[model] = float(abs(found - expected).max()) / made.NOISE
    assert shift["utility"] > 5
    assert shift["cherti"] < 3


def noisefree(fit):
    """The errors that the law of a fit expects of its runs."""
    runs = Fit.of(fit).runs
    curve = predict(fit, runs["unique_samples"].rename(data="level"), made.BUDGETS)
    place = {
        "level": ("run", runs["data_index"].values),
        "budget": ("run", np.searchsorted(made.BUDGETS, runs["samples_seen"].values)),
        "group": ("run", runs["group_index"].values),
    }
    at = {dim: xr.Variable(*index) for dim, index in place.items()}
    return curve.median(("chain", "draw")).isel(at).values


def test_equal_candidates_depart_alike():
    """Of no regret to each other, and told apart from none."""
    fit = made.fit(draws=100)
    two = made.levels().isel(level=[0, 0]) * 0.7
    two = two.assign_coords(level=["one", "other"])
    wide = predict(fit, two, [12.8e9], discrepancy=True)
    np.testing.assert_array_equal(*(wide.sel(level=name).values for name in ("one", "other")))
    assert (decide(fit, two, [12.8e9])["probability_best"] == 0.5).all()


def test_no_departure_leads_to_an_error_rate_above_one():
    fit = made.fit(draws=400)
    fit["observed_data"]["error"].values[:] = np.linspace(0.97, 0.5, 12)
    wide = predict(fit, made.levels(), [1.0, 12.8e15], discrepancy=True)
    law = predict(fit, made.levels(), [1.0, 12.8e15])
    assert (wide <= np.maximum(law, 1)).all()
    assert (wide == 1).any()
