"""Pools of falling utility under a made posterior, and the errors of their subsets written out."""

import numpy as np
import xarray as xr

from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.mixture import mixture_error
from qqt_bayes.laws.subset_curves import WholePools

BUDGETS = np.array([2e6, 3e7, 8e8])
SIZES = {"equal": 5e6, "unequal": np.array([1e6, 2e6, 4e6, 8e6] * 8)}


def some_pools(count, sizes="equal", *, law="utility", draws=40, exponent=1.0, spread=0.3, seed=1):
    """Pools of falling utility under a made posterior."""
    rng = np.random.default_rng(seed)

    def about(value):
        return value * np.exp(spread * rng.standard_normal((draws, np.size(value))))

    parameters = {
        "a": about(0.025),
        "b": about(np.geomspace(0.18, 0.06, count)),
        "d": about(0.1),
        "tau": about(np.geomspace(3, 8, count)),
        "size_exponent": exponent * np.ones((draws, 1)),
        "kappa": about(0.05),
    }
    taken = np.broadcast_to(SIZES[sizes], 32)[:count] * np.ones(count)
    return WholePools(LAWS[law], parameters, taken, np.full(count, 4e6), BUDGETS)


def written_out(pools, members):
    """Errors of subsets one by one, dims (chain, draw, level, budget)."""
    errors = [
        mixture_error(pools.law, pools.parameters, each * pools.taken, pools.reference, BUDGETS)
        for each in members
    ]
    dims = ("chain", "level", "draw", "budget")
    coords = {"level": np.arange(len(members)), "budget": BUDGETS}
    return xr.DataArray(np.array(errors)[None], coords, dims)
