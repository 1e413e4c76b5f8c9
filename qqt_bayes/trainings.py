"""Which runs are checkpoints of one training: a table's column `training`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.tables import Array, Names, Table

AGAIN = " (same training and samples_seen); a training has one checkpoint at each budget"


def trainings(table: Table, seen: Array, identity: Mapping[str, Array]) -> dict[str, Names]:
    """Name of each run's training, or nothing if the table has no such column.

    Parameters
    ----------
    table : Table
        Runs; it takes the faults.
    seen : array, shape (run,)
        Samples seen.
    identity : mapping of str to array, shape (run,)
        What checkpoints of one training have in common: training set, group, seed.
    """
    if "training" not in table.columns:
        return {}
    names = table.names("training", optional=True)
    metrics = table.present("metric")
    table.distinct("training", {"training": names, "samples_seen": seen, **metrics}, AGAIN)
    first: dict[str, int] = {}
    of = np.array([first.setdefault(name, i) for i, name in enumerate(names)], dtype=int)
    other = np.zeros(len(table), dtype=bool)
    for values in identity.values():
        unlike = values != values[of]
        if values.dtype.kind == "f":
            unlike &= ~(np.isnan(values) & np.isnan(values[of]))
        other |= unlike
    table.fault(
        other & (names != ""),
        "training",
        lambda i: (
            f"{names[i]!r} has another training set, group or seed than {table.places[of[i]]}; "
            "a training has one of each: give the other another name"
        ),
    )
    return {"training": names}


def checkpoints(runs: xr.Dataset) -> tuple[NDArray[np.intp], list[str]]:
    """Which training of several runs each run is of, -1 for none; and the names of those.

    Examples
    --------
    >>> names = ("run", ["x", "y", "x", "", ""])
    >>> checkpoints(xr.Dataset({"training": names, "error": ("run", np.full(5, 0.5))}))
    (array([ 0, -1,  0, -1, -1]), ['x'])
    """
    if "training" not in runs:
        return np.full(runs.sizes["run"], -1), []
    names = runs["training"].values.tolist()
    several = [name for name in dict.fromkeys(names) if name and names.count(name) > 1]
    index = {name: i for i, name in enumerate(several)}
    return np.array([index.get(name, -1) for name in names]), several
