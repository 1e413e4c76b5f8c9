"""The law's curves of training sets under every draw of its parameters."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes import posterior
from qqt_bayes.epochs import collapse
from qqt_bayes.errors import InputError, alternatives
from qqt_bayes.law import LAWS, Law
from qqt_bayes.pool import mixture_error
from qqt_bayes.rules import SAMPLE

BLOCK = 1_000_000
"""Numbers in an intermediate array: 8 MB, which stay in the cache."""


def the_group(runs: xr.Dataset, group: str | None) -> str | None:
    """The one group to speak about, or None for several.

    Parameters
    ----------
    runs : Dataset
    group : str or None
        The user's choice.

    Raises
    ------
    InputError
        If there is no such group.
    """
    names = runs["group"].values.tolist()
    if group is not None and group not in names:
        raise InputError(f"unknown group {group!r}{alternatives(group, names)}")
    return names[0] if len(names) == 1 else group


def in_group[Draws: (xr.Dataset, xr.DataArray)](draws: Draws, group: str | None) -> Draws:
    """What is said of one group: its part of draws that differ between groups."""
    if group is None or "group" not in draws.dims:
        return draws
    return draws.sel(group=group, drop=True)


def evaluate(
    law: Law,
    parameters: xr.Dataset,
    levels: xr.DataArray,
    budgets: NDArray[np.float64],
    exact: int = 16,
) -> xr.DataArray:
    """Error under each draw, dims (..., level, budget), in blocks of draws."""
    parameters = parameters.sel(pool=levels["pool"])
    lead, draws = _flat(law, parameters)
    count = max(len(x) for x in draws.values())
    error = np.empty((count, *levels.shape[:1], budgets.size))
    for i, taken in enumerate(levels.values):
        nodes = collapse(budgets, taken.sum(), exact=exact).node.size
        step = 1 + BLOCK // (np.count_nonzero(taken) * budgets.size * nodes)
        for first in range(0, count, step):
            block = slice(first, first + step)
            error[block, i] = mixture_error(
                law,
                {name: x[block] for name, x in draws.items()},
                taken,
                parameters["pool_size"].values,
                budgets,
                exact=exact,
            )
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


def draws_of(fit: xr.DataTree, group: str | None) -> dict[str, NDArray[np.float64]]:
    """Draws of the law's parameters for one group, shape (draw, pool) or (draw, 1)."""
    law = LAWS[posterior.specification(fit).law]
    return _flat(law, in_group(posterior.parameters(fit), group))[1]


def _flat(law: Law, parameters: xr.Dataset) -> tuple[list[str], dict[str, NDArray[np.float64]]]:
    """The dimensions of draws, and the parameters with those as one."""
    names = (*law.arguments, "size_exponent")
    used = {dim for name in names for dim in parameters[name].dims}
    lead = [dim for dim in (*SAMPLE, "group") if dim in used]
    draws = {name: _by_draw(parameters[name], parameters, lead) for name in names}
    draws["size_exponent"] = draws["size_exponent"][:, :1]
    return lead, draws


def _by_draw(x: xr.DataArray, parameters: xr.Dataset, lead: list[str]) -> NDArray[np.float64]:
    """Values of a parameter, shape (draw, pool), with a single column if all pools share them."""
    if "pool" not in x.dims:
        x = x.expand_dims("pool")
    x = x.expand_dims({dim: parameters.sizes[dim] for dim in lead if dim not in x.dims})
    values: NDArray[np.float64] = x.transpose(*lead, "pool").values
    return values.reshape(-1, values.shape[-1])
