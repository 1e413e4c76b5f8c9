"""Whether several tables of runs are of the same trainings, each evaluated by another metric."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import xarray as xr

from qqt_bayes.errors import InputError, listed
from qqt_bayes.laws.run_curves import draws_with_replacement
from qqt_bayes.phrases import format_samples


def require_same_trainings(runs: Mapping[str, xr.Dataset]) -> None:
    """Refuse metrics of different trainings, and one metric that is given twice.

    Raises
    ------
    InputError
        Naming two metrics and what differs.
    """
    (name, first), *others = runs.items()
    seen = {first.attrs["data_hash"]: name}
    for other, table in others:
        if (twin := seen.setdefault(table.attrs["data_hash"], other)) != other:
            raise InputError(
                f"metrics: {twin!r} and {other!r} are fits of the same metric and runs; give fits "
                "of several laws to one metric in a list"
            )
        if words := difference(name, first, other, table):
            raise InputError(
                f"metrics: {name!r} and {other!r} are of different trainings, which have no "
                f"decision in common: {words}; fit all metrics to the runs of "
                "one table"
            )


def difference(name: str, first: xr.Dataset, other: str, table: xr.Dataset) -> str:
    """What differs first between the trainings of two metrics, in words; nothing if nothing does.

    How often each was repeated is not compared: an evaluation may be missing.
    """
    for what, one, two in (
        ("budgets are counted in", _unit(first), _unit(table)),
        ("samples are drawn with replacement:", _drawn(first), _drawn(table)),
    ):
        if one != two:
            return f"{what} {one} for {name!r} and {two} for {other!r}"
    for what, ones, twos in (
        ("group", _names(first, "group"), _names(table, "group")),
        ("pool", _names(first, "pool"), _names(table, "pool")),
        ("training set", _names(first, "data"), _names(table, "data")),
    ):
        if ones != twos:
            alone = sorted(ones - twos) or sorted(twos - ones)
            of = name if ones - twos else other
            return f"{what} {listed(alone)} {_is(alone)} in the runs of {of!r} alone"
    sizes, others = (each["pool_size"].to_series() for each in (first, table))
    for pool, size in sizes.items():
        if size != others[pool]:
            counts = f"{format_samples(size)} for {name!r} and {format_samples(others[pool])}"
            return f"pool {pool!r} holds {counts} for {other!r}"
    taken, others = _sets(first), _sets(table)
    for data in taken:
        if taken[data] != others[data]:
            return f"training set {data!r} takes other samples for {name!r} than for {other!r}"
    cells, others = set(trainings(first)), set(trainings(table))
    for of, (mine, theirs) in ((name, (cells, others)), (other, (others, cells))):
        if left := sorted(mine - theirs):
            group, data, budget = left[0]
            where = f" in group {group!r}" if first.sizes["group"] > 1 else ""
            more = f", and {len(left) - 1} more" if len(left) > 1 else ""
            return (
                f"{data!r} at {format_samples(budget)}{where} is in the runs of {of!r} alone{more}"
            )
    return ""


def _unit(runs: xr.Dataset) -> str:
    return str(runs.attrs.get("unit", "samples"))


def _drawn(runs: xr.Dataset) -> str:
    return "yes" if draws_with_replacement(runs) else "no"


def _names(runs: xr.Dataset, dim: str) -> set[str]:
    return set(runs[dim].values.tolist())


def _sets(runs: xr.Dataset) -> dict[str, dict[str, float]]:
    """What each training set takes from each pool."""
    table = runs["unique_samples"].transpose("data", "pool").to_pandas()
    return {
        str(data): {str(pool): float(x) for pool, x in row.items() if x > 0}
        for data, row in table.iterrows()
    }


def trainings(runs: xr.Dataset) -> list[tuple[str, str, float]]:
    """Group, training set and budget of every run, in their order."""
    groups = runs["group"].values[runs["group_index"].values].tolist()
    data = runs["data"].values[runs["data_index"].values].tolist()
    return list(zip(groups, data, runs["samples_seen"].values.tolist(), strict=True))


def _is(names: Collection[str]) -> str:
    return "is" if len(names) == 1 else "are"
