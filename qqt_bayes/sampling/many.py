"""One specification, many tables: one after the other here, or at once on a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from threading import Lock
from typing import Any

import xarray as xr

from qqt_bayes.errors import InputError
from qqt_bayes.laws.law import LAWS
from qqt_bayes.model.spec import DEFAULT_MODEL, Spec, load_model
from qqt_bayes.sampling import cluster
from qqt_bayes.sampling.inference import fit

PACKAGES = ("qqt_bayes", "pymc", "pytensor", "nutpie", "numba", "arviz", "xarray", "numpy")
"""The packages of which a worker needs the same version: another one may draw otherwise."""


def fit_many(
    tables: Iterable[xr.Dataset],
    spec: Spec | str = DEFAULT_MODEL,
    *,
    dask: str | None = None,
    **settings: Any,
) -> Iterator[xr.DataTree]:
    """Fit one specification to many tables.

    On a cluster the draws are the same as here.

    Parameters
    ----------
    tables : iterable of Dataset
        As `read_runs` returns them; a cluster gets all of them at once.
    spec : Spec or str
    dask : str, optional
        Address of a Dask scheduler, such as ``tcp://host:8786``, whose workers fit the tables. A
        worker fits one at a time on several cores: start as many as have the cores, with
        ``dask worker ADDRESS --nthreads 1``. It needs ``pip install 'qqt_bayes[distributed]'``.
        Whoever reaches a scheduler can run code on its workers and on what is connected to it: keep
        it in a network of your own, or take ``tls://`` with the certificates of Dask's own
        configuration.
    **settings
        As in `fit`; every table has the same seed.

    Yields
    ------
    DataTree
        The fit of each table, as `fit` returns it, in the order of the tables.

    Raises
    ------
    InputError
        If a number is out of range or the specification has a fault; on a cluster, if none answers
        or its versions differ. Where it could not fit all tables, the attribute ``finished`` of the
        error has the fits that were not yielded, by the number of their table from 0.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> runs = qqt.read_runs("runs.csv", "composition.csv")
    >>> tables = [runs, runs.isel(run=slice(0, 8))]
    >>> fits = qqt.fit_many(tables, "power-law", draws=100, tune=200)
    >>> [fit["observed_data"].sizes["run"] for fit in fits]
    [12, 8]
    """
    if dask is None:
        yield from (fit(runs, spec, **settings) for runs in tables)
        return
    ready: dict[int, xr.DataTree] = {}
    due = 0
    try:
        for number, fitted in fit_as_finished(tables, spec, dask, **settings):
            ready[number] = fitted
            while due in ready:
                yield ready.pop(due)
                due += 1
    except cluster.Unfinished as error:
        error.finished = ready
        raise


def fit_as_finished(
    tables: Iterable[xr.Dataset],
    spec: Spec | str,
    dask: str,
    **settings: Any,
) -> Iterator[tuple[int, xr.DataTree]]:
    """Fit tables on a cluster, as `fit_many`; each fit comes when it is done, with its number.

    Parameters
    ----------
    tables : iterable of Dataset
    spec : Spec or str
    dask : str
        Address of the scheduler.
    **settings
        As in `fit`, but for `progress`.

    Raises
    ------
    InputError
        As `fit_many`.
    """
    if LAWS[load_model(spec).law].own:
        raise InputError(
            f"law {load_model(spec).law!r} was registered by register_law in this process, and the "
            "workers of a cluster do not know it; fit here, without dask"
        )
    call = partial(_on_worker, load_model(spec), settings | {"progress": False})
    return cluster.as_finished(call, list(tables), dask, PACKAGES)


_one_at_a_time = Lock()
"""Held by the fit that a worker is busy with."""


def _on_worker(spec: Spec, settings: dict[str, Any], runs: xr.Dataset) -> xr.DataTree:
    """Fit one table in the process of a worker.

    A worker may be given several tables at once; since each fit uses several cores, they wait for
    one another.
    """
    with _one_at_a_time:
        return fit(runs, spec, **settings)
