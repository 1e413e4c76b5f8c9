"""Which unique samples a training set takes from each pool."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.errors import InputError, alternatives
from qqt_bayes.tables.cells import COUNT, Floats, name_in
from qqt_bayes.tables.formats import Source, read_table
from qqt_bayes.tables.intake.columns import OF_COMPOSITION, for_composition, rename
from qqt_bayes.tables.intake.needed import above_composition
from qqt_bayes.tables.intake.proposal import propose_names
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
    read = read_recipes(source, None if pools is None else read_sizes(pools))
    if read.table.missing:
        propose_names(read.table)
    read.table.check()
    return _composition(read.taken.to_numpy(), dim, list(read.taken.index), list(read.taken))


class Recipes(NamedTuple):
    """A composition table, and what was read of it.

    Attributes
    ----------
    table : Table
        With its faults.
    taken : DataFrame, shape (data, pool)
        Unique samples. Of a table with faults, NaN: it names training sets and pools only.
    columns : dict of str to str
        The pairs of the mapping of columns that hold for it.
    """

    table: Table
    taken: pd.DataFrame
    columns: dict[str, str]

    @property
    def totals(self) -> dict[str, float]:
        """Unique samples of each training set; NaN where the table has faults."""
        totals: dict[str, float] = self.taken.sum(axis=1, skipna=False).to_dict()
        return totals

    def beside(self, runs: Table) -> pd.DataFrame:
        """What was read, as far as runs can be held against it.

        Where the training sets or the pools of this table could not be read, those of the runs
        stand in: their names are then no faults of the runs.
        """
        if not self.table.faults:
            return self.taken
        known = {"data": list(self.taken.index), "pool": list(self.taken.columns)}
        for column, names in known.items():
            if not all(map(name_in, self.table.columns.get(column, [None]))):
                names.extend(filter(None, map(name_in, runs.columns.get(column, []))))
        index, columns = (list(dict.fromkeys(names)) for names in known.values())
        return pd.DataFrame(np.nan, index, columns)


def read_recipes(
    source: Source,
    sizes: Mapping[str, float] | None,
    human_numbers: bool | None = None,
    columns: Mapping[str, str] | None = None,
) -> Recipes:
    """A composition table, checked against the sizes of the pools if they are known.

    Nothing is raised for its faults, which it holds. With `human_numbers`, numbers are read as
    people write them, too; None if nobody was asked. `columns` is the mapping of columns that was
    given for it and the table of runs; with one, lines above the header may be left out.
    """
    above = None if columns is None else above_composition(columns)
    table = read_table(source, "composition", above)
    table.human_numbers = human_numbers
    own = for_composition(columns or {}, table)
    rename(table, own, {})
    table.require(*(name for name in OF_COMPOSITION if name not in table.missing))
    data, pool = table.names("data"), table.names("pool")
    taken = table.numbers("unique_samples", TAKEN)
    if sizes is not None:
        check_pools(table, pool, taken, sizes)
    table.distinct("", {"data": data, "pool": pool}, " (same data and pool)")
    if table.complaint() is not None:
        named = [list(dict.fromkeys(names[names != ""])) for names in (data, pool)]
        return Recipes(table, pd.DataFrame(np.nan, *named), own)
    rows, names = pd.factorize(data)
    places, pools = pd.factorize(pool)
    check_composition(table.name, len(names), len(pools))
    unique_samples = np.zeros((len(names), len(pools)))
    unique_samples[rows, places] = taken
    return Recipes(table, _composition(unique_samples, "data", names, pools).to_pandas(), own)


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
    if table.missing:
        propose_names(table)
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
