"""Several laws as one: a mixture of their draws, as many of each as its weight says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from qqt_bayes.errors import InputError
from qqt_bayes.laws.level_curves import SAMPLE

Array = NDArray[np.float64]


def mix(errors: Sequence[xr.DataArray], weights: Array | Sequence[float]) -> xr.DataArray:
    """Draws of several laws as those of one: as many of each as its weight says.

    Parameters
    ----------
    errors : sequence of DataArray, dims (chain, draw, ...)
        As `predict` returns them, alike but for their draws.
    weights : array_like, shape (law,)

    Returns
    -------
    DataArray, dims (chain, draw, ...)
        One chain, with as many draws as the weights allow; of one law, its own.

    Examples
    --------
    >>> one, other = (xr.DataArray(np.full((2, 50), x), dims=SAMPLE) for x in (0.0, 1.0))
    >>> mix([one, other], [0.3, 0.7]).mean().item()
    0.7
    """
    if len(errors) == 1:
        return errors[0]
    flat = [each.transpose(*SAMPLE, ...) for each in errors]
    counts = np.array([each.sizes["chain"] * each.sizes["draw"] for each in flat])
    shares = as_shares(weights, len(flat))
    draws = np.min(counts[shares > 0] / shares[shares > 0])
    ends = np.round(draws * np.cumsum(shares)).astype(int)
    taken = []
    for each, count in zip(flat, np.diff(ends, prepend=0), strict=True):
        values = each.values.reshape(-1, *each.shape[2:])
        taken.append(values[np.linspace(0, len(values) - 1, count).round().astype(int)])
    kept = {name: x for name, x in flat[0].coords.items() if not {name, *x.dims} & {*SAMPLE}}
    return xr.DataArray(
        np.concatenate(taken)[None], kept, flat[0].dims, name=flat[0].name, attrs=flat[0].attrs
    )


def as_shares(weights: ArrayLike | None, count: int) -> Array:
    """Weights of fits as shares that sum to 1; equal ones if there are none.

    Raises
    ------
    InputError
        If they are not as many numbers of at least 0, with one above.

    Examples
    --------
    >>> as_shares([1, 3], 2), as_shares(None, 2)
    (array([0.25, 0.75]), array([0.5, 0.5]))
    """
    if weights is None:
        return np.full(count, 1 / count)
    try:
        shares = np.asarray(weights, float)
    except (TypeError, ValueError):
        shares = np.full(0, np.nan)
    if shares.shape != (count,) or not (np.isfinite(shares) & (shares >= 0)).all():
        numbers = "1 number" if count == 1 else f"{count} numbers"
        raise InputError(f"weights: expected {numbers} of at least 0, got {weights}")
    if shares.sum() == 0:
        raise InputError("weights: expected at least one above 0, but all are 0")
    found: Array = shares / shares.sum()
    return found
