"""Ranks of the truth are uniform where a posterior is exact, and only there."""

import numpy as np
import pytest
from arviz_stats.ecdf_utils import get_pointwise_confidence_band, simulate_confidence_bands
from drawn_ranks import any_pair, conjugate, ranks_of

from qqt_bayes.calibration.uniformity import (
    ENDS,
    RANKED_DRAWS,
    ecdf_band,
    ecdf_differences,
    jointly,
    outside_bands,
    p_values,
)

SURE = 0.999
"""Bands that right ranks leave once in a thousand times only."""


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
    ranks = np.random.default_rng(2).integers(0, RANKED_DRAWS + 1, (replications, 1000))
    outside = outside_bands(ranks_of(ranks, np.arange(1000)))
    assert 0.03 < len(outside) / 1000 < 0.07


@pytest.mark.parametrize("count", [50, 200])
def test_the_band_is_that_of_arviz_to_within_a_rank(count):
    """Both rest on simulations."""
    at = ENDS / (RANKED_DRAWS + 1)
    rng = np.random.default_rng(0)
    pointwise = simulate_confidence_bands(count, 1, at, 0.95, 5000, rng)
    theirs = get_pointwise_confidence_band(pointwise, count, at)
    for our, their in zip(ecdf_band(count, 0.95), theirs, strict=True):
        assert abs(our + at - their).max() * count < 1 + 1e-6


@pytest.mark.parametrize("probability", [0.95, SURE])
def test_a_p_value_says_whether_the_ecdf_leaves_its_band(probability):
    ranks = np.random.default_rng(3).integers(0, RANKED_DRAWS + 1, (100, 3000))
    ranks = ranks_of(ranks, np.arange(3000))
    lower, upper = ecdf_band(100, probability)
    apart = ecdf_differences(ranks).to_numpy()
    leaves = ((apart < lower - 1e-9) | (apart > upper + 1e-9)).any(axis=1)
    assert 0 < leaves.sum() < 300
    np.testing.assert_array_equal(leaves, p_values(ranks).to_numpy() <= 1 - probability)
    assert outside_bands(ranks, probability) == np.flatnonzero(leaves).tolist()


def test_p_values_of_uniform_ranks_are_uniform():
    ranks = np.random.default_rng(4).integers(0, RANKED_DRAWS + 1, (500, 4000))
    p = np.sort(p_values(ranks_of(ranks, np.arange(4000))))
    assert abs(p - np.linspace(0, 1, 4000)).max() < 0.03


def test_joint_bands_hold_all_scalars_95_in_100():
    ranks = np.random.default_rng(5).integers(0, RANKED_DRAWS + 1, (100, 8000))
    p = p_values(ranks_of(ranks, np.arange(8000))).to_numpy().reshape(400, 20)
    assert 0.03 < (p.min(axis=1) <= 1 - jointly(0.95, 20)).mean() < 0.08
