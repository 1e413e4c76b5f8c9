"""What the law cannot describe: covariance, amplitudes, and draws given residuals."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

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
