"""Laws of training sets drawn with replacement are what a simulation of the draws finds."""

import numpy as np
import pytest
from scipy.special import gammainc
from scipy.stats import poisson

from qqt_bayes.laws.epochs import collapse, log_samples
from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.mixture import mixture_error
from qqt_bayes.laws.sights import nodes_of_mean
from qqt_bayes.laws.subset_curves import WholePools

EPOCHS = [0.3, 1.0, 3.5, 15.99, 33.3, 1000.5, 12_345.6, 2e5 + 0.5]
HALF_LIVES = [0.1, 1.0, 3.5, 20.0, 1e3, 1e5, np.inf]
UNIQUE = 20_000
"""Samples of the simulated pools: enough that a Poisson number is as good as a binomial one."""
UNIT = 1e5
"""Samples per unit of the laws, in which the simulated pools are a fifth of one."""


def written_out(seen, unique, tau):
    """``log n - sum_k P(K >= k) / k (1 - 2^(-k/tau))``, units of 100,000."""
    epochs = seen / unique
    k = np.arange(1, int(epochs + 12 * np.sqrt(epochs) + 40))
    return np.log(seen / UNIT) - np.sum(gammainc(k, epochs) / k * (1 - 2.0 ** (-k / tau)))


@pytest.mark.parametrize("tau", HALF_LIVES)
@pytest.mark.parametrize("count", EPOCHS)
def test_the_sum_over_sights_is_the_sum_written_out(count, tau):
    epochs = collapse(count * 12.8e6, 12.8e6, replacement=True)
    found = (2.0 ** (-epochs.node / tau) * epochs.growth(log_samples)).sum()
    assert abs(found - written_out(count * 12.8e6, 12.8e6, tau)) < 1e-9


@pytest.mark.parametrize("count", EPOCHS)
def test_every_draw_is_a_sight(count):
    epochs = collapse([count * 5e6, 5e6], 5e6, replacement=True)
    np.testing.assert_allclose(epochs.count.sum(-1), [count, 1.0], rtol=2e-9)
    np.testing.assert_allclose(epochs.count[1, 0], 1 - np.exp(-1))


def test_runs_share_nodes_and_keep_their_own_counts():
    seen, unique = np.array([[0.5e6], [30e6], [2e9]]), np.array([1e6, 3e6])
    together = collapse(seen, unique, replacement=True)
    for index in np.ndindex(3, 2):
        alone = collapse(seen[index[0], 0], unique[index[1]], replacement=True)
        size = alone.node.size
        np.testing.assert_array_equal(together.node[:size], alone.node)
        np.testing.assert_array_equal(together.at(index).count[:size], alone.count)
        np.testing.assert_array_equal(
            together.growth(log_samples)[index][:size], alone.growth(log_samples)
        )


@pytest.mark.parametrize("mean", [0.01, 1.0, 7.0, 30.0, 1000.0])
@pytest.mark.parametrize(
    ("knee", "stood", "close"), [(1, 4, 1e-9), (3, 4, 1e-6), (3, 0.7, 1e-5), (6, 4, 1e-4)]
)
def test_few_nodes_are_the_mean_over_sights(mean, knee, stood, close):
    k = np.arange(int(mean + 12 * np.sqrt(mean) + 40))

    def worth(k):
        return (1 + ((1 + k) / (1 + stood)) ** knee) ** (-1 / knee)

    node, weight = nodes_of_mean(np.array(mean))
    expected = poisson.pmf(k, mean) @ worth(k)
    assert weight @ worth(node) == pytest.approx(expected, rel=close)


# --- against a simulation ------------------------------------------------------------------------


def simulated(count, seed=0):
    """How often each draw's sample was seen before, draw by draw; and the sights of each sample."""
    drawn = np.random.default_rng(seed).integers(UNIQUE, size=round(count * UNIQUE))
    order = np.argsort(drawn, kind="stable")
    first = np.flatnonzero(np.diff(drawn[order], prepend=-1))
    place = np.arange(drawn.size) - np.repeat(first, np.diff(np.append(first, drawn.size)))
    before = np.empty(drawn.size)
    before[order] = place
    return before, np.bincount(drawn, minlength=UNIQUE)


def growth(quantity, draws):
    """Growth of a function of the samples seen, draw by draw."""
    at = quantity(np.arange(draws + 1) / UNIT)
    at[0] = 0
    return np.diff(at)


def log_growth(draws):
    with np.errstate(divide="ignore"):
        return growth(np.log, draws)


A, B, D, TAU, KAPPA = 40.0, 0.2, 0.1, 2.5, 0.05
SHARED = {
    **{"Q": 0, "r": 0, "R": 4.0, "zeta": 0.6, "g": -0.1, "k": 3.0, "rho": 0.05, "z2": 0.1},
    **{"alpha": 0.35, "A": 0.4, "d": 0.1, "reference": 3e4, "typical_size": 1e4},
    **{"chance_error": 1.0},
}
RISE = {"omega": 1.5, "memory": 1.2}
ONSET = {"B": 0.3, "onset": 0.5, "stretch": 0.8}
OWN = {"effective-reuse-overfit": RISE, "effective-reuse-onset": ONSET}


def utility(before, sights):
    used = log_growth(before.size) @ 2.0 ** (-before / TAU)
    return np.exp(-B * (np.log(A) + used)) + D


def utility_overfit(before, sights):
    left = (1 + KAPPA) * 2.0 ** (-before / TAU) - KAPPA
    return np.exp(-B * (np.log(A) + log_growth(before.size) @ left)) + D


def utility_released(before, sights):
    grown, left = log_growth(before.size), 2.0 ** (-before / TAU)
    is_first = before == 0
    first = np.exp(-B * (np.log(A) + grown @ is_first))
    return (first + D) * np.exp(-B * (grown @ np.where(is_first, 0, left)))


def utility_bounded(before, sights):
    grown = growth(lambda n: np.log1p(A * n), before.size)
    return (1 - D) * np.exp(-B * (grown @ 2.0 ** (-before / TAU))) + D


def data_constrained(before, sights):
    stands = TAU / np.log(2)
    worth = np.where(sights > 0, 1 + stands * (1 - np.exp(-(sights - 1) / stands)), 0)
    return (A * worth.sum() / UNIT) ** -B + D


def effective_data(before, sights):
    return (A * np.sum(2.0 ** (-before / TAU)) / UNIT) ** -B + D


def power_law(before, sights):
    return (A * before.size / UNIT) ** -B + D


def effective_reuse(before, sights, omega=0.0, memory=1.0, B=0.0, onset=1.0, stretch=1.0):
    stands = 1 + SHARED["R"] * (UNIQUE / SHARED["typical_size"]) ** SHARED["g"]
    worth = sights * (1 + (sights / stands) ** 3.0) ** (-(1 - 0.05) / 3.0)
    memorised = (sights / (memory * stands)) ** 2
    effective = np.sum(worth * np.exp(-omega * memorised / (1 + memorised)))
    scale = 1 / ((0.9 / 0.4) ** (1 / 0.35) - 1)
    error = 0.1 + 0.9 * (1 + effective / SHARED["reference"] / scale) ** -0.35
    waits = np.exp(-((effective / SHARED["reference"] / onset) ** stretch))
    return error + B * (1 - error) * waits


def effective_reuse_overfit(before, sights):
    return effective_reuse(before, sights, **RISE)


def effective_reuse_onset(before, sights):
    return effective_reuse(before, sights, **ONSET)


SIMULATED = {
    each.__name__.replace("_", "-"): each
    for each in (
        utility,
        utility_overfit,
        utility_released,
        utility_bounded,
        effective_data,
        data_constrained,
        power_law,
        effective_reuse,
        effective_reuse_overfit,
        effective_reuse_onset,
    )
}


def theta(name):
    if name.startswith("effective-reuse"):
        values = SHARED | OWN.get(name, {})
    else:
        values = {"a": A, "b": B, "d": D, "tau": TAU, "kappa": KAPPA, "size_exponent": 0.0}
    return {key: [[float(value)]] for key, value in values.items()}


@pytest.mark.parametrize("count", [0.5, 1.0, 6.0, 40.0])
@pytest.mark.parametrize("name", SIMULATED)
def test_a_law_is_what_a_simulation_finds(name, count):
    law = LAWS[name].drawn(True)
    found = mixture_error(law, theta(name), [UNIQUE], [UNIQUE], [round(count * UNIQUE)])
    simulation = np.mean([SIMULATED[name](*simulated(count, seed)) for seed in range(5)])
    assert found.item() == pytest.approx(simulation, abs=5e-4)
    if name != "power-law" and count in (1.0, 6.0):
        without = mixture_error(LAWS[name], theta(name), [UNIQUE], [UNIQUE], [count * UNIQUE])
        assert abs(found.item() - without.item()) > 2e-3


@pytest.mark.parametrize("name", SIMULATED)
def test_subsets_are_mixtures(name):
    """Tables of means say the same of training sets of whole pools, at several budgets."""
    law, taken = LAWS[name].drawn(True), np.array([1e6, 2.5e6, 4e5])
    draws = {key: np.array(x) for key, x in theta(name).items()}
    of_pools = "b" if "b" in law.arguments else "Q"
    draws[of_pools] = draws[of_pools] + np.array([[0.1, 0.0, -0.1], [0.12, 0.05, -0.1]])
    budgets, members = (
        np.array([1e6, 3e7, 4e8]),
        np.array([[True, True, False], [True, True, True]]),
    )
    found = WholePools(law, draws, taken, taken, budgets).errors(members)
    for chosen, error in zip(members, found, strict=True):
        expected = mixture_error(law, draws, chosen * taken, taken, budgets)
        np.testing.assert_allclose(error.T, np.broadcast_to(expected, (2, 3)), rtol=1e-12)


def test_a_mixture_of_effective_data_is_its_integral():
    """``sum_i w_i b_i integral e^(-s_i x) dx / mean((1 - e^(-s x)) / s)``, step by step."""
    law, taken, tau = LAWS["effective-data"].drawn(True), np.array([3e6, 1e6]), np.array([1.5, 6])
    share, speed, b = taken / taken.sum(), 1 - 2 ** (-1 / tau), np.array([0.3, 0.15])
    edges = np.geomspace(1e-7, 20, 400_001)
    x, step = np.sqrt(edges[1:] * edges[:-1]), np.diff(np.log(edges))
    left = np.exp(-speed[:, None] * x)
    before = share @ ((1 - left) / speed[:, None])
    used = (left * x / before) @ step + np.log(4e6 * edges[0] / UNIT)
    expected = np.exp(-share @ (b * (np.log(0.02) + used))) + 0.1
    draws = {"a": [[0.02]], "b": [b], "d": [[0.1]], "tau": [tau], "size_exponent": [[0.0]]}
    found = mixture_error(law, draws, taken, taken, [20 * 4e6])
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_every_law_is_simulated():
    assert {*SIMULATED} == {*LAWS}
