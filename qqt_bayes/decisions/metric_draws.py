"""Errors of several metrics under the draws of their posteriors, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import numpy as np
import xarray as xr

from qqt_bayes.laws.level_curves import SAMPLE


def paired(errors: Mapping[str, xr.DataArray], seed: int = 0) -> xr.DataArray:
    """Draws of several metrics side by side, each with draws of the others at random.

    Fits that were made with one seed share their random numbers, and draws of the same place would
    go up and down together: so all but one metric, the first by name, are put in a random order.

    Parameters
    ----------
    errors : mapping of str to DataArray, dims (chain, draw, ...)
        By metric.
    seed : int

    Returns
    -------
    DataArray, dims (metric, chain, draw, ...)
        One chain, of as many draws as the metric with the fewest has.

    Examples
    --------
    >>> one, other = (xr.DataArray([[x, 2 * x, 3 * x]], dims=SAMPLE) for x in (1.0, 10.0))
    >>> found = paired({"a": one, "b": other})
    >>> found.sel(metric="a").values[0], np.sort(found.sel(metric="b").values[0])
    (array([1., 2., 3.]), array([10., 20., 30.]))
    """
    flat = {name: each.transpose(*SAMPLE, ...) for name, each in errors.items()}
    draws = min(each.sizes["chain"] * each.sizes["draw"] for each in flat.values())
    found = []
    for name, each in flat.items():
        values = each.values.reshape(-1, *each.shape[2:])
        places = np.linspace(0, len(values) - 1, draws).round().astype(int)
        if name != min(flat):
            entropy = int.from_bytes(sha256(name.encode()).digest()[:8])
            places = np.random.default_rng((seed, entropy)).permutation(places)
        found.append(values[places][None])
    template = next(iter(flat.values()))
    kept = {name: x for name, x in template.coords.items() if not {name, *x.dims} & {*SAMPLE}}
    return xr.DataArray(np.stack(found), {"metric": list(flat), **kept}, ("metric", *template.dims))
