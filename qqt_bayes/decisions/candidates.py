"""Candidates beyond those of a table: nested unions of pools, and pools of another size.

What a team trained on is often a sample of what it decides about, and unions of pools are levels
that nobody trained.  Both are made on request only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.judge import judge
from qqt_bayes.decisions.stack import mix
from qqt_bayes.errors import InputError, alternatives, fault_list
from qqt_bayes.posterior.fit import Fit, of_same_runs
from qqt_bayes.posterior.prediction import predict
from qqt_bayes.tables.composition import nested_levels

EXPONENTS = 0.0, 0.5, 1.0
"""Size exponents to decide under: repetition does not care about the rest of the training set,
half-way, and the theorem."""
SIZE_PARAMETERS = "size_exponent", "g"
"""Names that the laws have for the size exponent."""
MOST_NAMED = 3
"""Pools that a union is named by one by one."""


def nested_by_quality(
    fits: Mapping[str, Fit], weights: NDArray[np.float64], group: str | None = None
) -> xr.DataArray:
    """The best pool, the two best, and so on, each pool whole, by what the runs say of quality.

    A pool is better if its expected error is lower after one epoch of as many samples as the
    smallest pool has: so neither size nor repetition enters.

    Parameters
    ----------
    fits : mapping of str to Fit
    weights : array, shape (fit,)
        Shares of the draws that are of each fit.
    group : str, optional
        The group whose errors count; the mean over groups if there are several and none is given.

    Returns
    -------
    DataArray, dims (level, pool)
        Unique samples; each level is named by what it holds.

    Raises
    ------
    InputError
        If fits are of different runs.
    """
    first = next(iter(of_same_runs(fits).values()))
    sizes = first.runs["pool_size"]
    least = sizes.min().item()
    alone = xr.DataArray(
        np.eye(sizes.size) * least,
        {"level": sizes["pool"].values, "pool": sizes["pool"]},
        ("level", "pool"),
    )
    each = [predict(fit, alone, [least], group=group, law_only=True) for fit in fits.values()]
    error = mix(each, weights).isel(budget=0)
    error = error.mean([dim for dim in error.dims if dim != "level"])
    order = np.argsort(error.values, kind="stable")
    names = sizes["pool"].values[order].tolist()
    levels = [union_name(names[:count]) for count in range(1, len(names) + 1)]
    return nested_levels(sizes[order].to_series()).assign_coords(level=levels)


def union_name(pools: list[str]) -> str:
    """The name of a union of pools, by what it holds.

    Examples
    --------
    >>> union_name(["a", "b"]), union_name(["a", "b", "c", "d"])
    ('a + b', 'a + b + ... + d (4 pools)')
    """
    if len(pools) <= MOST_NAMED:
        return " + ".join(pools)
    return f"{' + '.join(pools[:2])} + ... + {pools[-1]} ({len(pools)} pools)"


def scaled(
    levels: xr.DataArray, pool_sizes: xr.DataArray, target: float | Mapping[str, float]
) -> xr.DataArray:
    """Levels that take the same shares of larger (or smaller) pools.

    Parameters
    ----------
    levels : DataArray, dims (level, pool)
        Unique samples that are taken of the pools as they were trained on.
    pool_sizes : DataArray, dims (pool)
        The sizes of those.
    target : float, or mapping of str to float
        How many times as large the pools are that are decided about, or their sizes by name.

    Returns
    -------
    DataArray, dims (level, pool)

    Raises
    ------
    InputError
        If a factor is not a number above 0, or a pool that a level takes from has no size.
    """
    if not isinstance(target, Mapping):
        if not (np.isfinite(target) and target > 0):
            raise InputError(f"scale: expected a number above 0, such as 20, got {target:g}")
        return levels * target
    used = levels["pool"].values[(levels.values > 0).any(axis=levels.get_axis_num("level"))]
    faults = [
        f"no size for pool {name!r}, which levels take from{alternatives(name, target)}"
        for name in used.tolist()
        if name not in target
    ]
    if faults:
        raise InputError(fault_list("target_pools", faults, total=len(faults)))
    sizes = xr.DataArray([target[name] for name in used], {"pool": used}, ("pool",))
    return levels.sel(pool=used) * (sizes / pool_sizes.sel(pool=used))


def by_size_exponent(
    fits: Mapping[str, Fit],
    levels: xr.DataArray,
    budgets: NDArray[np.float64],
    criteria: Criteria,
    group: str | None,
) -> xr.Dataset:
    """What each law would choose if epochs stood grew with a training set's size by another power.

    The exponent of every draw is set to a value, all else as the runs left it: runs on pools of one
    size say next to nothing about it, and larger pools hang on it.

    Returns
    -------
    Dataset
        `choice_by_exponent` and `regret_by_exponent` (law, exponent, budget), and over group if
        there are several: the choice, and what it is expected to cost.
    """
    found = []
    for fit in fits.values():
        of_fit = []
        for exponent in EXPONENTS:
            error = predict(
                with_exponent(fit, exponent), levels, budgets, group=group, law_only=True
            )
            own = judge(error, criteria)
            chosen = own["level"] == own["choice"]
            of_fit.append(
                xr.Dataset(
                    {
                        "choice_by_exponent": own["choice"],
                        "regret_by_exponent": own["regret"].where(chosen).max("level"),
                    }
                )
            )
        found.append(
            xr.concat(of_fit, xr.DataArray(list(EXPONENTS), dims="exponent", name="exponent"))
        )
    return xr.concat(found, xr.DataArray(list(fits), dims="law", name="law"))


def with_exponent(fit: Fit, exponent: float) -> Fit:
    """A fit whose size exponent is one number in all draws."""
    names = [name for name in SIZE_PARAMETERS if name in fit.parameters]
    values = {name: xr.full_like(fit.parameters[name], exponent) for name in names}
    return replace(fit, parameters=fit.parameters.assign(values))
