"""Ranks of truths among posterior draws, of exact posteriors and of wrong ones, without a fit."""

import json

import numpy as np
import xarray as xr

from qqt_bayes.calibration.uniformity import RANKED_DRAWS, rank_of

REPLICATIONS = 1000
ABOUT = {"passed": True, "divergences": 0, "seconds": 1.5, "least_ess": 400.0, "legal": 1.0}
"""What a calibration holds of each replication beside the ranks."""


def ranks_of(each, names):
    """What `outside_bands` takes."""
    return xr.DataArray(np.array(each), {"scalar": names}, ("replication", "scalar"))


def conjugate(draw_pair, *, shift=0.0, widen=1.0):
    """Ranks of theta ~ N(0, 1) in its posterior under y ~ N(theta, 1), or in a wrong one."""
    rng = np.random.default_rng(1)
    ranks = []
    for _ in range(REPLICATIONS):
        theta, y = draw_pair(rng)
        draws = y / 2 + shift + widen * np.sqrt(0.5) * rng.standard_normal((4 * RANKED_DRAWS, 1))
        ranks.append(rank_of(np.array([theta]), draws))
    return ranks_of(ranks, ["theta"])


def any_pair(rng):
    """Every table."""
    theta = rng.standard_normal()
    return theta, theta + rng.standard_normal()


def made_ranks(scale, count=200):
    """Ranks of two scalars, the second as wide as said."""
    rng = np.random.default_rng(6)
    wide = np.clip(
        49.5 + scale * (rng.integers(0, RANKED_DRAWS + 1, count) - 49.5), 0, RANKED_DRAWS
    )
    ranks = np.stack([rng.integers(0, RANKED_DRAWS + 1, count), wide.round().astype(int)], axis=1)
    spec = {"spec": json.dumps({"name": "made"}), "legal": 1.0, "versions": "{}"}
    about = {name: ("replication", np.full(count, x)) for name, x in ABOUT.items()}
    every = xr.full_like(ranks_of(ranks, ["a", "b"]), 400.0, dtype=float)
    return xr.Dataset({"rank": ranks_of(ranks, ["a", "b"]), "ess": every, **about}, attrs=spec)
