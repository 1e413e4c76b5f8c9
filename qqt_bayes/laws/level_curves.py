"""The law's curves of training sets under every draw of its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from qqt_bayes.errors import InputError
from qqt_bayes.laws.epochs import MAX_BLOCK_NUMBERS, Array, Epochs, of_one_size
from qqt_bayes.laws.law import Law
from qqt_bayes.laws.mixture import mixture_error
from qqt_bayes.progress import track

SAMPLE = ("chain", "draw")
"""Dimensions of the draws of a fit."""


def require_finite(error: xr.DataArray) -> None:
    """Refuse predictions that overflowed or came from a damaged fit.

    Raises
    ------
    InputError
        If an error is not finite.
    """
    finite = np.isfinite(error)
    if not finite.all():
        share = 1 - finite.mean().item()
        raise InputError(f"a share of {share:.2g} of the predicted errors is not finite")


def evaluate(
    law: Law,
    parameters: xr.Dataset,
    levels: xr.DataArray,
    budgets: NDArray[np.float64],
    exact: int = 16,
) -> xr.DataArray:
    """Error of levels at budgets under each draw of the law's parameters.

    Parameters
    ----------
    law : Law
    parameters : Dataset
        The law's parameters, `size_exponent` and `pool_size`, over `pool` and any of `chain`,
        `draw` and `group`.
    levels : DataArray, dims (level, pool)
        Unique samples that each level takes from each pool.
    budgets : array, shape (budget,)
        Samples seen.
    exact : int
        Epochs summed one by one, see `qqt_bayes.laws.epochs.collapse`.

    Returns
    -------
    DataArray, dims (chain, draw, group, level, budget)
        Without those of the first three that no parameter extends over.
    """
    lead, curves = curves_of(law, parameters, levels, [budgets] * levels.sizes["level"], exact)
    error = np.stack(curves, axis=1) if curves else np.empty((0, 0, budgets.size))
    shape = [parameters.sizes[dim] for dim in lead]
    return xr.DataArray(
        error.reshape(*shape, *error.shape[1:]),
        {
            **{dim: parameters[dim] for dim in lead},
            "level": levels["level"],
            "budget": ("budget", budgets, {"units": "samples"}),
        },
        (*lead, "level", "budget"),
        name="error",
    )


def curves_of(
    law: Law,
    parameters: xr.Dataset,
    levels: xr.DataArray,
    budgets: Sequence[Array],
    exact: int = 16,
) -> tuple[list[str], list[Array]]:
    """Error of each level at budgets of its own, under each draw.

    Parameters
    ----------
    law, parameters, levels, exact
        As for `evaluate`.
    budgets : sequence of array
        Samples seen, for each level.

    Returns
    -------
    lead : list of str
        As `flat_draws` returns it.
    curves : list of array, shape (draw, budget)
    """
    parameters = parameters.sel(pool=levels["pool"])
    lead, draws = flat_draws(law, parameters)
    sizes = parameters["pool_size"].values
    epochs_of = partial(of_one_size, exact=exact, replacement=law.replacement)
    with threadpool_limits(1, user_api="blas"):  # the products are small: threads would only wait
        return lead, [
            _curve(law, draws, taken, sizes, epochs_of(seen, taken.sum()))
            for taken, seen in track(
                list(zip(levels.values, budgets, strict=True)), "Evaluating the law"
            )
        ]


def _curve(
    law: Law, draws: Mapping[str, Array], taken: Array, sizes: Array, epochs: Epochs
) -> Array:
    """Error of one level, shape (draw, budget), by blocks of draws that stay in the cache."""
    count, seen = max(len(x) for x in draws.values()), epochs.samples_seen.size
    # the largest array has an entry for each draw, pool of the level, and node or budget; where
    # what a pool is worth depends on the others, for both
    nodes = epochs.node.size
    wide = max(nodes, seen) if law.separable else nodes * seen
    step = 1 + MAX_BLOCK_NUMBERS // (np.count_nonzero(taken) * wide)
    error = np.empty((count, seen))
    for first in range(0, count, step):
        block = slice(first, first + step)
        some = {name: x[block] for name, x in draws.items()}
        error[block] = mixture_error(law, some, taken, sizes, epochs)
    return error


def flat_draws(
    law: Law, parameters: xr.Dataset
) -> tuple[list[str], dict[str, NDArray[np.float64]]]:
    """The law's parameters as plain arrays, with chains, draws and groups along one axis.

    Parameters
    ----------
    law : Law
    parameters : Dataset
        As for `evaluate`.

    Returns
    -------
    lead : list of str
        Which of `chain`, `draw` and `group` the parameters extend over, in this order.
    draws : dict of array, shape (draw, pool) or (draw, 1)
        What the law takes, and `size_exponent`; the draws of the last of `lead` vary fastest.

    Examples
    --------
    >>> from qqt_bayes.laws.law import LAWS
    >>> b = xr.DataArray([[0.2, 0.1], [0.3, 0.2]], dims=("draw", "pool"))
    >>> shared = xr.Dataset({"a": 0.02, "d": 0.1, "tau": 5.0, "size_exponent": 1.0})
    >>> lead, draws = flat_draws(LAWS["utility"], shared.assign(b=b))
    >>> lead, draws["b"].shape, draws["d"].shape
    (['draw'], (2, 2), (2, 1))
    """
    names = law.arguments
    if "tau" in names:
        names = (*names, "size_exponent")
    used = {dim for name in names for dim in parameters[name].dims}
    lead = [dim for dim in (*SAMPLE, "group") if dim in used]
    draws = {name: _by_draw(parameters[name], parameters, lead) for name in names}
    if "size_exponent" in draws:
        draws["size_exponent"] = draws["size_exponent"][:, :1]  # one for all pools, in any case
    return lead, draws


def _by_draw(x: xr.DataArray, parameters: xr.Dataset, lead: list[str]) -> NDArray[np.float64]:
    """Values of a parameter, shape (draw, pool), with a single column if all pools share them."""
    if "pool" not in x.dims:
        x = x.expand_dims("pool")
    x = x.expand_dims({dim: parameters.sizes[dim] for dim in lead if dim not in x.dims})
    values: NDArray[np.float64] = x.transpose(*lead, "pool").values
    return values.reshape(-1, values.shape[-1])
