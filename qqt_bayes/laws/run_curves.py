"""The runs as a law sees them: one entry for each pool that a run's training set takes from.

The entries lie flat, so a study of single pools costs no more than its runs.  Runs are parted by
their number of epochs: a run of two epochs needs two nodes, whatever the longest run needs.  Runs
of one training set in one group at one budget (replicates) are one curve's: it is evaluated once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.laws.epochs import Epochs, collapse
from qqt_bayes.laws.law import Law
from qqt_bayes.laws.means import Mixture
from qqt_bayes.laws.mixture import half_life

PART_BOUNDS = (16,)
"""Numbers of epochs that part the runs; each further one is a further call of the law."""

SegmentSum = Callable[[Any, NDArray[np.intp], int], Any]
"""Sums entries by rows: the entries, the row of each, how many rows."""


@dataclass(frozen=True)
class Part:
    """Entries of runs with like numbers of epochs.

    Attributes
    ----------
    runs : array, shape (run,)
        Positions of the runs in the table.
    cell : array, shape (run,)
        Which of the evaluated rows is each run's; replicates share one.
    row : array, shape (entry,)
        The row that each entry belongs to; sorted.
    pool, group : array, shape (entry,)
        Positions of each entry's pool and group.
    share, total, pool_size : array, shape (entry,)
        ``w_i``; ``U`` and ``N_i`` in samples.
    epochs : Epochs
        Of each entry.
    copy : array, shape (entry,), or int
        Which copy of the table it belongs to, see `repeat`.
    """

    runs: NDArray[np.intp]
    cell: NDArray[np.intp]
    row: NDArray[np.intp]
    pool: NDArray[np.intp]
    group: NDArray[np.intp]
    share: NDArray[np.float64]
    total: NDArray[np.float64]
    pool_size: NDArray[np.float64]
    epochs: Epochs
    copy: NDArray[np.intp] | int = 0

    @property
    def rows(self) -> int:
        """How many rows are evaluated."""
        return int(self.row[-1]) + 1

    @property
    def first(self) -> NDArray[np.intp]:
        """The first entry of each row, shape (row,)."""
        return starts_of(self.row)


def repeat(parts: list[Part], count: int) -> list[Part]:
    """Parts of several copies of a table, so that one call evaluates many sets of parameters.

    Parameters then extend over ("copy", ...); the errors come copy by copy.

    Parameters
    ----------
    parts : list of Part
    count : int
        How many copies.
    """
    table = sum(part.runs.size for part in parts)
    repeated = []
    for part in parts:
        each = np.tile(np.arange(part.row.size), count)
        copy = np.repeat(np.arange(count), part.row.size)
        repeated.append(
            Part(
                runs=(part.runs + table * np.arange(count)[:, None]).ravel(),
                cell=(part.cell + part.rows * np.arange(count)[:, None]).ravel(),
                row=part.row[each] + part.rows * copy,
                pool=part.pool[each],
                group=part.group[each],
                share=part.share[each],
                total=part.total[each],
                pool_size=part.pool_size[each],
                epochs=part.epochs.at(each),
                copy=copy,
            )
        )
    return repeated


def ingredients(runs: xr.Dataset, size_reference: float | None = None) -> list[Part]:
    """Flatten a table of runs into entries.

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it.
    size_reference : float, optional
        Unique samples at which half-lives are quoted, if not each pool's own size.
    """
    seen = runs["samples_seen"].to_numpy()
    taken = runs["unique_samples"].to_numpy()[runs["data_index"].to_numpy()]
    total = taken.sum(axis=1)
    sizes = runs["pool_size"].to_numpy()
    if size_reference is not None:
        sizes = np.full_like(sizes, size_reference)
    part_of_run = np.searchsorted(PART_BOUNDS, seen / total, side="right")
    parts = []
    for number in np.unique(part_of_run):
        chosen = np.flatnonzero(part_of_run == number)
        evaluated, cell = replicates(runs.isel(run=chosen))
        evaluated = chosen[evaluated]
        row, pool = np.nonzero(taken[evaluated])
        entry = evaluated[row]
        parts.append(
            Part(
                runs=chosen,
                cell=cell,
                row=row,
                pool=pool,
                group=runs["group_index"].to_numpy()[entry],
                share=taken[entry, pool] / total[entry],
                total=total[entry],
                pool_size=sizes[pool],
                epochs=collapse(
                    seen[evaluated], total[evaluated], replacement=draws_with_replacement(runs)
                ).at(row),
            )
        )
    return parts


def draws_with_replacement(runs: xr.Dataset) -> bool:
    """Whether the runs of a table drew their samples with replacement."""
    return "replacement" in runs and bool(runs["replacement"])


def starts_of(row: NDArray[np.intp]) -> NDArray[np.intp]:
    """The first entry of each row, given the row of each entry: `row` is sorted."""
    return np.flatnonzero(np.diff(row, prepend=-1))


def segment_sum(x: Any, row: NDArray[np.intp], _: int) -> Any:
    """Sum the entries of each row in NumPy: `row` is sorted, and no row is without an entry."""
    return np.add.reduceat(x, starts_of(row), axis=0)


def run_errors(
    parts: list[Part],
    law: Law,
    values: Mapping[str, tuple[Any, tuple[str, ...]]],
    xp: ModuleType = np,
    add: SegmentSum = segment_sum,
) -> Any:
    """Error of every run under the law, shape (run,).

    Parameters
    ----------
    parts : list of Part
    law : Law
    values : mapping of str to (array, tuple of str)
        The law's parameters and the dimensions they extend over, of "group" and "pool"; others
        do not matter.
    xp : module
        NumPy, or PyTensor's tensor module.
    add : callable
        ``add(x, row, n)``: sums the entries of each of n runs.
    """
    if not {*law.arguments} <= {*values}:  # as they are declared
        values = {
            name: (_centred(x, over), over) if name in law.centred else (x, over)
            for name, (x, over) in values.items()
        }
    order = np.argsort(np.concatenate([part.runs for part in parts]))
    before = np.cumsum([0] + [part.rows for part in parts])
    cell = np.concatenate([part.cell + at for part, at in zip(parts, before, strict=False)])[order]
    curves = [_part_errors(part, law, values, xp, add) for part in parts]
    errors = curves[0] if len(parts) == 1 else xp.concatenate(curves)
    return errors if np.array_equal(cell, np.arange(before[-1])) else errors[cell]


def _centred(x: Any, over: tuple[str, ...]) -> Any:
    """Values less their mean over all pools, the last axis; 0 where all pools share one."""
    return x - x.mean(axis=-1, keepdims=True) if "pool" in over else 0 * x


def _part_errors(
    part: Part,
    law: Law,
    values: Mapping[str, tuple[Any, tuple[str, ...]]],
    xp: ModuleType,
    add: SegmentSum,
) -> Any:
    position = {"group": part.group, "pool": part.pool, "copy": part.copy}
    each = {
        name: value[tuple(position[dim] for dim in over)] if over else value
        for name, (value, over) in values.items()
        if name in law.parameters or name in law.arguments
    }
    if law.derive is not None and not {*law.arguments} <= {*each}:
        derived = law.derive(each)
        each = {name: derived[name] for name in law.arguments}
    for name in ("b", "d", *law.centred):  # laws take means of these: a value for each entry
        if name in each and name not in law.shared:
            each[name] = each[name] * np.ones(part.row.size)
    if "tau" in law.arguments:
        tau, exponent = each.get("tau", np.inf), each.pop("size_exponent", 1.0)
        each["tau"] = half_life(tau, part.total, part.pool_size, exponent)
    single = part.row.size == part.rows  # each on one pool: a mean is the value itself

    def mean(x: Any) -> Any:
        # transposed, as an axis of nodes may come behind that of the entries
        return x if single else add((part.share * x.T).T, part.row, part.rows)

    def shared(x: Any) -> Any:
        return x if single or np.ndim(x) == 0 else x[part.first]

    return law.error(
        part.epochs,
        **each,
        mixture=Mixture(
            mean=mean,
            spread=(lambda x: x) if single else (lambda x: x[part.row]),
            shared=shared,
        ),
        xp=xp,
    )


def replicates(runs: xr.Dataset) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find the runs of one training set in one group at one budget, which share one curve.

    Parameters
    ----------
    runs : Dataset

    Returns
    -------
    first : array of int, shape (curve,)
        Position of the first run of each such curve, in ascending order.
    curve : array of int, shape (run,)
        The curve of each run.

    Examples
    --------
    >>> table = {"data_index": [0, 1, 0], "group_index": [0, 0, 0], "samples_seen": [5, 5, 5]}
    >>> first, curve = replicates(xr.Dataset({name: ("run", x) for name, x in table.items()}))
    >>> first.tolist(), curve.tolist()
    ([0, 1], [0, 1, 0])
    """
    names = ("data_index", "group_index", "samples_seen")
    key = np.stack([runs[name].to_numpy() for name in names])
    _, first, curve = np.unique(key, axis=1, return_index=True, return_inverse=True)
    order = np.argsort(first)  # `unique` numbers the curves by their keys, not by their first runs
    return first[order], np.argsort(order)[curve.ravel()]
