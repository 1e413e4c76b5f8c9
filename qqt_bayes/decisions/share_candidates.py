"""What is judged beside the shares that a search finds: sets of whole pools, and training sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.decisions.candidates import scaled
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.enumeration import Advance, enumerate_subsets, score_of
from qqt_bayes.decisions.rules import ROUNDING
from qqt_bayes.decisions.share_search import Room
from qqt_bayes.decisions.subsets import ALL_POOLS, JOIN, MAX_ENUMERATED_POOLS, shortlist
from qqt_bayes.laws.subset_curves import Array, Members, WholePools
from qqt_bayes.phrases import format_samples
from qqt_bayes.posterior.fit import Fit

KEPT_BY_LAW = 2
"""Sets of whole pools, of each budget, that are kept where the law alone judges."""
ALIKE = 1e-3
"""Share of the smaller of two training sets by which they may differ and still be one."""
DUST = 1e-6
"""Share of a pool that is as good as nothing, or as good as all if it is all that is left out."""


def sizes_of(fit: Fit, target: float | Mapping[str, float] | None) -> xr.DataArray:
    """Unique samples that there are of each pool, as large as is decided about; dims (pool)."""
    sizes = fit.runs["pool_size"].astype(float)
    if target is None:
        return sizes
    return scaled(sizes.expand_dims(level=["all"]), sizes, target).isel(level=0, drop=True)


def training_sets_of(fit: Fit, target: float | Mapping[str, float] | None) -> xr.DataArray:
    """The training sets of the runs, from pools of that size; dims (level, pool)."""
    sets = fit.runs["unique_samples"].transpose("data", "pool").rename(data="level").astype(float)
    return sets if target is None else scaled(sets, fit.runs["pool_size"], target)


def best_wholes(
    pools: WholePools,
    rooms: Sequence[Room],
    criteria: Criteria,
    advance: Advance,
    *,
    departs: bool,
) -> Members:
    """The sets of whole pools within the limits that may be the best of their kind at some budget.

    They are those that `qqt_bayes.best_subsets` would judge with departures from the law, or, where
    the law alone judges, the best by it. Of more pools than are enumerated, they are unions, the
    best pool first.
    """

    def allowed(members: Members) -> NDArray[np.bool_]:
        return np.stack([room.holds(members * pools.taken) for room in rooms], axis=1)

    if pools.taken.size > MAX_ENUMERATED_POOLS:
        members = _unions(pools, rooms[0], criteria)
        return members[allowed(members).any(axis=1)]
    ranking = enumerate_subsets(pools, criteria, advance)
    within = allowed(ranking.members)
    ranking = replace(
        ranking,
        score=np.where(within, ranking.score, np.inf),
        probability=ranking.probability * within,
    )
    order = np.argsort(ranking.score, axis=0, kind="stable")[:KEPT_BY_LAW]
    kept = shortlist(ranking) if departs else np.unique(order)
    return ranking.members[kept[within[kept].any(axis=1)]]


def _unions(pools: WholePools, room: Room, criteria: Criteria) -> Members:
    """Unions of whole pools at each budget: those that must be there, and then the best first."""
    count = pools.taken.size
    singles = score_of(pools.errors(np.eye(count, dtype=bool)).swapaxes(0, 1), criteria)[0]
    must, may = room.low >= room.high, room.high > 0
    ranks = np.array([np.argsort(np.lexsort((score, ~must))) for score in singles])
    found = (ranks[:, None] < np.arange(1, count + 1)[:, None]) & may
    members: Members = np.unique(found.reshape(-1, count), axis=0)
    return members[members.any(axis=1)]


def is_whole(levels: xr.DataArray, sizes: xr.DataArray) -> xr.DataArray:
    """Which levels take of every pool all or nothing, dims (level)."""
    taken, there = xr.align(levels, sizes, join="exact")
    all_or_nothing: xr.DataArray = (abs(taken - there) <= DUST * there) | (taken == 0)
    return all_or_nothing.all("pool")


def levels_of(
    pools: Sequence[str],
    sizes: xr.DataArray,
    trained: xr.DataArray,
    wholes: Array,
    found: Sequence[Array],
    budgets: Array,
    rooms: Sequence[Room],
) -> xr.DataArray:
    """All that is judged, each once: training sets of the runs, whole pools, shares.

    Training sets that are alike have the name of the first, if it keeps to the limits where the
    other does.

    Parameters
    ----------
    pools : sequence of str
        In the order in which names say them.
    sizes : DataArray, dims (pool)
    trained : DataArray, dims (level, pool)
    wholes : array, shape (set, pool)
        Sets of whole pools, unique samples.
    found : sequence of array, shape (pool,)
        Shares that were found at each budget, unique samples.
    budgets : array, shape (budget,)
    rooms : sequence of Room
        What training sets may take at each budget.

    Returns
    -------
    DataArray, dims (level, pool)
    """
    named: dict[str, Array] = {}

    def held(taken: Array) -> NDArray[np.bool_]:
        return np.array([room.holds(taken) for room in rooms])

    def stands_for(other: Array, taken: Array) -> bool:
        apart = np.abs(taken - other).max()
        return bool(
            apart <= ALIKE * min(taken.sum(), other.sum()) and (held(other) >= held(taken)).all()
        )

    def offer(name: str, taken: Array) -> None:
        dust = (taken < DUST * sizes.values) & (taken < DUST * taken.sum())
        taken = np.where(dust, 0.0, taken)
        taken = taken * max(1.0, (1 + ROUNDING) / taken.sum())  # one sample is the least there is
        if any(stands_for(other, taken) for other in named.values()):
            return
        named[next(each for each in _names(name) if each not in named)] = taken

    for level in trained:
        offer(str(level["level"].item()), level.values)
    for taken in wholes:
        of = dict(zip(sizes["pool"].values.tolist(), taken, strict=True))
        took = [name for name in pools if of[name] > 0]
        offer(ALL_POOLS if len(took) == len(pools) else JOIN.join(took), taken)
    for budget, taken in zip(budgets, found, strict=True):
        offer(f"shares for {format_samples(budget)}", taken)
    return xr.DataArray(
        np.array(list(named.values())),
        {"level": list(named), "pool": sizes["pool"].values},
        ("level", "pool"),
        name="unique_samples",
        attrs={"units": "samples"},
    )


def _names(name: str) -> Iterator[str]:
    """A name, and others for what cannot have it.

    Examples
    --------
    >>> from itertools import islice
    >>> list(islice(_names("top 10%"), 2))
    ['top 10%', 'top 10% (2)']
    """
    yield name
    number = 2
    while True:
        yield f"{name} ({number})"
        number += 1
