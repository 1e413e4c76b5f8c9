"""Which training set each run saw: one of the composition table, or part of one pool."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf, nan

import numpy as np
import pandas as pd

from qqt_bayes.errors import Advice, alternatives, suggest
from qqt_bayes.tables.cells import COUNT, Floats
from qqt_bayes.tables.composition import SIZE_TOLERANCE, check_pools
from qqt_bayes.tables.table import Array, Names, Table

NEEDS_COMPOSITION = Advice(
    "column data: needs the composition table ({}), "
    "which says what each training set takes from each pool",
    {"composition": "FILE"},
)
POOLS_OF_COMPOSITION = "not in the composition table; a pools table can name more"


@dataclass(frozen=True)
class Origins:
    """Where the samples of each run come from.

    Parameters
    ----------
    data : array of str, shape (run,)
        Training set of the composition table, or "" for a run on one pool.
    pool : array of str, shape (run,)
        The one pool, or "".
    taken : array, shape (run,)
        Unique samples taken from that pool.
    """

    data: Names
    pool: Names
    taken: Floats

    def identity(self) -> dict[str, Array]:
        """What tells training sets apart."""
        alone = self.pool != ""
        return {
            "name": np.where(alone, self.pool, self.data),
            "taken": np.where(alone, self.taken, 0.0),
        }


def _judge_nameless(table: Table, names: Names) -> None:
    """Note runs of no training set; in one sentence where names stand above them, once each."""
    lacking = names == ""
    given = names[~lacking].tolist()
    if lacking.sum() > 1 and not lacking[0] and len(set(given)) == len(given):
        # merged cells of a sheet: a name for the rows up to the next one
        row = int(lacking.argmax())
        table.note(
            f"{lacking.sum()} rows have no data and no pool, the first of them below "
            f"{names[row - 1]!r} "
            f"({table.places[row]}): if each has the name above it, as in a sheet with merged "
            "cells, write that name into every row (in pandas .ffill())"
        )
    else:
        table.fault(lacking, "", lambda _: "has no data and no pool; expected one of them")


def origins(table: Table, recipes: pd.DataFrame, sizes: Mapping[str, float] | None) -> Origins:
    """Training set of each run, with all faults noted in the table.

    Parameters
    ----------
    table : Table
        Runs.
    recipes : DataFrame, shape (data, pool)
        The composition table; empty if there is none.
    sizes : mapping, optional
        The pools table.
    """
    data, pool = (table.names(column, optional=True) for column in ("data", "pool"))
    taken = table.numbers("unique_samples", replace(COUNT, default=nan))
    alone, mixed = pool != "", data != ""
    if not {"data", "pool"} & set(table.columns):
        near = suggest("data", table.columns) or suggest("pool", table.columns)
        table.lacks("pool", f"missing column 'data', or 'pool' with 'unique_samples'{near}")
    else:
        table.fault(alone & mixed, "", lambda _: "has data and pool; expected one of the two")
        _judge_nameless(table, np.where(mixed, data, pool))
    if alone.any():
        table.require("unique_samples")
    if "unique_samples" in table.columns:
        missing = COUNT.complaint(None)
        table.fault(alone & np.isnan(taken), "unique_samples", lambda _: missing)
    if sizes is not None:
        check_pools(table, pool, taken, sizes)
    elif len(recipes):
        check_pools(table, pool, taken, dict.fromkeys(recipes, inf), POOLS_OF_COMPOSITION)
    if len(recipes):
        _check_data(table, data, np.where(mixed, taken, nan), recipes)
    elif mixed.any():
        table.note(NEEDS_COMPOSITION)
    return Origins(data, pool, taken)


def _check_data(table: Table, data: Names, stated: Floats, recipes: pd.DataFrame) -> None:
    totals = recipes.sum(axis=1, skipna=False).to_dict()  # NaN where the composition has faults
    total = np.array([totals.get(name, nan) for name in data])
    table.fault(
        [bool(name) and name not in totals for name in data],
        "data",
        lambda i: f"unknown training set {data[i]!r}{alternatives(data[i], totals)}",
    )
    table.fault(
        abs(stated - total) > SIZE_TOLERANCE * total,
        "unique_samples",
        lambda i: (
            f"{data[i]!r} has {total[i]:.15g} in the composition table, here {stated[i]:.15g}; "
            "leave the cell empty or correct one of them"
        ),
    )


def sizes_of(found: Origins, recipes: pd.DataFrame) -> tuple[int, int]:
    """How many training sets and pools the runs use, before one is held against the other.

    Examples
    --------
    >>> pool = np.array(["a", "b", "a"], dtype=object)
    >>> sizes_of(Origins(np.array(["", "", ""]), pool, np.array([5, 5, 2])), pd.DataFrame())
    (3, 2)
    """
    alone = found.pool != ""
    singles = pd.MultiIndex.from_arrays([found.pool[alone], found.taken[alone]]).nunique()
    pools = {*recipes, *found.pool[alone]}
    return singles + len(recipes), len(pools)


def combine(found: Origins, recipes: pd.DataFrame) -> tuple[Names, pd.DataFrame]:
    """Name of each run's training set, and the unique samples of all that are used.

    Parameters
    ----------
    found : Origins
        Without faults.
    recipes : DataFrame, shape (data, pool)
        The composition table.

    Returns
    -------
    names : array of str, shape (run,)
        For a run on one pool the pool's name, with the unique samples if they differ between runs.
    unique_samples : DataFrame, shape (data, pool)
        The rows of the composition table that are used, then the single pools; only pools that are
        used.

    Examples
    --------
    >>> pool = np.array(["a", "", "a"], dtype=object)
    >>> data = np.array(["", "both", ""], dtype=object)
    >>> recipes = pd.DataFrame({"a": [5.0], "b": [7.0]}, index=["both"])
    >>> names, unique_samples = combine(Origins(data, pool, np.array([5, np.nan, 2])), recipes)
    >>> names.tolist()
    ['a (5)', 'both', 'a (2)']
    >>> unique_samples
             a    b
    both   5.0  7.0
    a (5)  5.0  0.0
    a (2)  2.0  0.0
    """
    alone = found.pool != ""
    pairs = list(zip(found.pool[alone], found.taken[alone], strict=True))
    single = _name_single_pools(list(dict.fromkeys(pairs)), set(recipes.index))
    names = found.data.copy()
    names[alone] = [single[pair] for pair in pairs]

    mixed = recipes.index[recipes.index.isin(found.data)]
    used = {*recipes.columns[(recipes.loc[mixed] > 0).any()], *found.pool}
    pools = [pool for pool in dict.fromkeys([*recipes, *found.pool[alone]]) if pool in used]
    table = recipes.reindex(index=[*mixed, *single.values()], columns=pools, fill_value=0.0)
    unique_samples = table.to_numpy(dtype=float, copy=True)
    columns = table.columns.get_indexer([pool for pool, _ in single])
    rows = np.arange(len(mixed), len(table))
    unique_samples[rows, columns] = [taken for _, taken in single]
    return names, pd.DataFrame(unique_samples, index=table.index, columns=pools)


def _name_single_pools(
    pairs: list[tuple[str, float]], reserved: set[str]
) -> dict[tuple[str, float], str]:
    """Name for each (pool, unique samples), none of them reserved and no two alike."""
    sizes = Counter(pool for pool, _ in pairs)
    names = {}
    for pool, taken in pairs:
        name = pool if sizes[pool] == 1 else f"{pool} ({taken:.15g})"
        while name in reserved:
            name += " alone"
        names[pool, taken] = name
        reserved.add(name)
    return names
