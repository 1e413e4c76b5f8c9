"""The sum over epochs on nodes is the sum written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qqt_bayes.laws.epochs import collapse
from qqt_bayes.laws.interpolation import EXACT, POINTS

EPOCHS = [0.3, 1.0, 1.5, 2.0, 15.99, 16.0, 16.01, 33.3, 100.0, 12_345.6, 65_536.0, 2e5 + 0.5, 1e6]
HALF_LIVES = [0.1, 0.5, 1.0, 2.0, 3.5, 7.0, 20.0, 100.0, 1e3, 1e4, 1e5, 1e6, np.inf]


def written_out(seen, unique, tau):
    """``log min(n, U) + sum_k 2^(-k/tau) log(min((k + 1) U, n) / (k U))``, units of 100,000."""
    before = np.arange(1, np.ceil(seen / unique)) * unique
    growth = np.log1p((np.minimum(before + unique, seen) - before) / before)
    left = 2.0 ** (-np.arange(1, growth.size + 1) / tau)
    return np.log(min(seen, unique) / 1e5) + np.sum(left * growth)


def on_nodes(epochs, tau):
    growth = epochs.growth(lambda samples: np.log(np.where(samples > 0, samples, 1.0)))
    return (2.0 ** (-epochs.node / tau) * growth).sum(-1)


@pytest.mark.parametrize("tau", HALF_LIVES)
@pytest.mark.parametrize("count", EPOCHS)
def test_sum_is_the_sum_written_out(count, tau):
    seen = count * 12.8e6
    assert abs(on_nodes(collapse(seen, 12.8e6), tau) - written_out(seen, 12.8e6, tau)) < 1e-9


@given(
    count=st.floats(0.01, 3e4),
    unique=st.floats(1e3, 1e9),
    tau=st.floats(-1, 6).map(lambda x: 10**x),
)
def test_sum_is_the_sum_written_out_anywhere(count, unique, tau):
    seen = count * unique
    found = on_nodes(collapse(seen, unique), tau)
    assert abs(found - written_out(seen, unique, tau)) < 1e-9


@pytest.mark.parametrize("count", EPOCHS)
def test_free_repetition_telescopes(count):
    assert on_nodes(collapse(count * 5e6, 5e6), np.inf) == pytest.approx(
        np.log(count * 50), abs=1e-9
    )


@pytest.mark.parametrize("count", EPOCHS)
def test_nodes_stand_for_every_epoch_once(count):
    epochs = collapse(count * 1e6, 1e6)
    np.testing.assert_allclose(epochs.count.sum(), np.floor(count), rtol=1e-12)
    np.testing.assert_allclose(epochs.last.sum(), 1.0)
    np.testing.assert_allclose(epochs.last @ epochs.node, np.floor(count), rtol=1e-12)


@pytest.mark.parametrize("degree", range(POINTS))
def test_polynomials_below_the_number_of_points_are_summed_exactly(degree):
    k = np.arange(100)
    epochs = collapse(100e6, 1e6)
    found = epochs.count @ (epochs.node / 100) ** degree
    np.testing.assert_allclose(found, np.sum((k / 100.0) ** degree), rtol=1e-12)


def test_runs_share_nodes_and_keep_their_own_counts():
    seen = np.array([0.5e6, 30e6, 2e9])
    together = collapse(seen, 1e6)
    assert together.count.shape == together.last.shape == (3, together.node.size)
    for i, each in enumerate(seen):
        np.testing.assert_allclose(on_nodes(together, 5.0)[i], on_nodes(collapse(each, 1e6), 5.0))
        np.testing.assert_array_equal(together.at(i).count, together.count[i])
    np.testing.assert_allclose(on_nodes(together.at([2, 0]), 5.0), on_nodes(together, 5.0)[[2, 0]])


def test_every_run_may_have_its_own_training_set():
    seen, unique = np.array([[6.4e6], [64e6]]), np.array([1e6, 2e6, 5e5])
    found = on_nodes(collapse(seen, unique), 3.0)
    expected = [[written_out(n, u, 3.0) for u in unique] for n in seen[:, 0]]
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize(("count", "blocks"), [(16, 1), (100, 3), (1e6, 16), (1e9, 26)])
def test_nodes_grow_as_the_logarithm_of_epochs(count, blocks):
    assert collapse(count * 1e3, 1e3).node.size == EXACT + POINTS * blocks


def test_epochs_are_exact_as_far_as_asked():
    epochs = collapse(1000.5e6, 1e6, exact=1000)  # rounded up to 1,024
    np.testing.assert_array_equal(epochs.node, np.arange(1001))
    assert set(epochs.count) == set(epochs.last) == {0.0, 1.0}
    assert abs(on_nodes(epochs, 7.0) - written_out(1000.5e6, 1e6, 7.0)) < 1e-14
