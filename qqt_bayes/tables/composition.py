"""Which unique samples a training set takes from each pool."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.errors import InputError, alternatives
from qqt_bayes.tables.cells import COUNT, Floats
from qqt_bayes.tables.formats import Source, read_table
from qqt_bayes.tables.limits import check_composition
from qqt_bayes.tables.table import Names, Table

TAKEN = replace(COUNT, advice="; a pool from which nothing is taken has no row")
SIZE_TOLERANCE = 1e-9
"""Relative difference of two numbers of samples that is rounding: fractions of a pool are often
computed in floating point."""


def read_composition(
    source: Source, *, dim: str = "level", pools: Source | None = None
) -> xr.DataArray:
    """Training sets, or the levels to decide between, from a composition table.

    Parameters
    ----------
    source : path or DataFrame
        Columns `data` (name of the training set), `pool` and `unique_samples` (at least 1; a pool
        from which a training set takes nothing has no row).
    dim : str
        Name of the dimension of training sets.
    pools : path or DataFrame, optional
        Columns `pool` and `unique_samples`: all pools, each with its size, against which to check.

    Returns
    -------
    DataArray, dims (dim, pool)
        Unique samples, in order of first appearance.

    Raises
    ------
    InputError
        With all faults of the table, each with its row and column.

    Examples
    --------
    >>> table = pd.DataFrame({"data": ["top 10%", "top 20%", "top 20%"],
    ...                       "pool": ["0-10%", "0-10%", "10-20%"], "unique_samples": 12.8e6})
    >>> read_composition(table).sel(level="top 10%").values
    array([12800000.,        0.])
    """
    return composition_of(source, dim, None if pools is None else read_sizes(pools))


def composition_of(
    source: Source,
    dim: str,
    sizes: Mapping[str, float] | None,
    human_numbers: bool | None = None,
    as_written: list[str] | None = None,
) -> xr.DataArray:
    """`read_composition`, checked against the sizes of the pools if they are known.

    With `human_numbers`, numbers are read as people write them, too; None if nobody was asked. Such
    cells, and what they were read as, are added to `as_written`.
    """
    table = read_table(source, "composition")
    table.human_numbers = human_numbers
    table.require("data", "pool", "unique_samples")
    data, pool = table.names("data"), table.names("pool")
    taken = table.numbers("unique_samples", TAKEN)
    if sizes is not None:
        check_pools(table, pool, taken, sizes)
    table.distinct("", {"data": data, "pool": pool}, " (same data and pool)")
    table.check()
    if as_written is not None:
        as_written += table.read_as_written()
    rows, names = pd.factorize(data)
    columns, pools = pd.factorize(pool)
    check_composition(table.name, len(names), len(pools))
    unique_samples = np.zeros((len(names), len(pools)))
    unique_samples[rows, columns] = taken
    return _composition(unique_samples, dim, names, pools)


def read_sizes(
    source: Source, human_numbers: bool | None = None, as_written: list[str] | None = None
) -> dict[str, float]:
    """Unique samples of each pool, from a table of pools.

    With `human_numbers`, numbers are read as people write them, too; None if nobody was asked. Such
    cells, and what they were read as, are added to `as_written`.

    Examples
    --------
    >>> read_sizes(pd.DataFrame({"pool": ["0-10%", "10-20%"], "unique_samples": 12.8e6}))
    {'0-10%': 12800000.0, '10-20%': 12800000.0}
    """
    table = read_table(source, "pools")
    table.human_numbers = human_numbers
    table.require("pool", "unique_samples")
    pool, size = table.names("pool"), table.numbers("unique_samples", COUNT)
    table.distinct("pool", {"pool": pool})
    table.check()
    if as_written is not None:
        as_written += table.read_as_written()
    return dict(zip(pool.tolist(), size.tolist(), strict=True))


def check_pools(
    table: Table,
    pool: Names,
    taken: Floats,
    sizes: Mapping[str, float],
    known: str = "not in the pools table",
) -> None:
    """Note each row with a pool that is not in `sizes`, or that takes more than the pool has."""
    size = np.array([sizes.get(name, inf) for name in pool])
    table.fault(
        [name not in sizes and bool(name) for name in pool],
        "pool",
        lambda i: f"unknown pool {pool[i]!r} ({known}){alternatives(pool[i], sizes)}",
    )
    table.fault(
        taken > size * (1 + SIZE_TOLERANCE),
        "unique_samples",
        lambda i: f"takes {taken[i]:.15g} from pool {pool[i]!r}, which has {size[i]:.15g}",
    )


def nested_levels(pools: dict[str, float] | pd.Series | xr.Dataset | xr.DataTree) -> xr.DataArray:
    """Levels "top 1", "top 2", ...: the best pool, the two best, and so on, each pool whole.

    Parameters
    ----------
    pools : dict, Series or Dataset
        Unique samples by pool, in order of quality (best first); or runs, parameters or anything
        else that has them as `pool_size`.

    Returns
    -------
    DataArray, dims (level, pool)
        Unique samples.

    Raises
    ------
    InputError
        If there is no pool, or a pool occurs twice or has less than one sample.

    Examples
    --------
    >>> nested_levels({"0-10%": 10, "10-20%": 30}).to_pandas()
    pool   0-10%  10-20%
    level
    top 1   10.0     0.0
    top 2   10.0    30.0
    """
    try:
        if not isinstance(pools, dict | pd.Series):
            pools = pools["pool_size"].to_series()
    except (AttributeError, KeyError, TypeError):
        kind = type(pools).__name__
        raise InputError(f"expected sizes of pools by name, or pool_size, got {kind}") from None
    series = pd.Series(pools, dtype=object)
    size = read_sizes(pd.DataFrame({"pool": series.keys(), "unique_samples": series.tolist()}))
    unique_samples = np.tril(np.ones((len(size), len(size)))) * list(size.values())
    levels = [f"top {count}" for count in range(1, len(size) + 1)]
    return _composition(unique_samples, "level", levels, list(size))


def _composition(
    unique_samples: Floats, dim: str, names: Sequence[str], pools: Sequence[str]
) -> xr.DataArray:
    return xr.DataArray(
        unique_samples,
        coords={dim: np.array(names, dtype=str), "pool": np.array(pools, dtype=str)},
        dims=(dim, "pool"),
        name="unique_samples",
        attrs={"units": "samples"},
    )
