"""A fit on disk: saved whole or not at all, read in full or as far as a question needs it.

Nothing here samples or imports PyMC.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Collection
from math import isnan
from pathlib import Path

import numpy as np
import xarray as xr

from qqt_bayes.errors import Advice, InputError, UnknownLaw
from qqt_bayes.files import (
    OVERWRITE,
    content_of,
    is_sealed,
    is_study,
    require_free,
    seal,
    unseal,
    write,
)
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.spec import hash_spec
from qqt_bayes.posterior import netcdf
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.tables.cells import COUNT, at_least, is_name
from qqt_bayes.tables.order import hash_as_written, hash_runs
from qqt_bayes.tables.rows import COLUMNS, ERROR

MAKE_AGAIN = "make it again with `qqt fit`."
DAMAGED = f"damaged; {MAKE_AGAIN}"
RUN_TABLE_DIMS: dict[str, tuple[str, ...]] = {
    **{dim: (dim,) for dim in ("run", "data", "group", "pool")},
    "unique_samples": ("data", "pool"),
    "pool_size": ("pool",),
    **dict.fromkeys(("error", "samples_seen", "data_index", "group_index"), ("run",)),
    **dict.fromkeys(("n_eval", "rounding", "weight"), ("run",)),
}
"""Dimensions of what a table of runs holds."""
NEEDED = ("posterior", "observed_data", "constant_data")
"""Groups that every fit has, and all that predictions and decisions read."""
GROUPS = (
    *NEEDED,
    *("sample_stats", "posterior_predictive", "prior", "prior_predictive"),
    *("log_likelihood", "log_prior"),
)
"""All groups that are read; what else a file holds is none of a fit's."""
ATTRIBUTES = ("spec", "spec_hash", "gate", "kind", "metric", "data_hash")
"""Attributes that every fit has."""
OPTIONAL_OVER_RUN = ("training", "evaluation_variance")
"""What it may hold, over run."""


def save(fit: xr.DataTree, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a fit as netCDF; an earlier file at `path` stays whole until the new one is.

    Parameters
    ----------
    fit : DataTree
    path : path
    overwrite : bool
        Replace whatever file is there; if not given, only a fit that `save` wrote is replaced, of
        the same runs and the same specification.

    Raises
    ------
    InputError
        If the file cannot be written, or another one is there.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> runs = qqt.read_runs("runs.csv", "composition.csv")
    >>> qqt.save(qqt.fit(runs, "power-law", draws=100, tune=200), "quick.nc")
    >>> qqt.load("quick.nc").attrs["data_hash"] == qqt.load("fit.nc").attrs["data_hash"]
    True
    """
    require_free([Path(path)], is_saved, "fit", overwrite=overwrite)
    if not overwrite:
        require_same(Path(path), {fit.attrs.get("data_hash")}, fit.attrs.get("spec_hash"))
    content = netcdf.to_bytes(fit)  # in memory: HDF5 itself may crash on a full disk
    write(Path(path), seal(content))


def is_saved(path: Path) -> bool:
    """Whether a file is a fit that `save` wrote, as far as its seal and its attributes say."""
    return is_sealed(path) and netcdf.root_attributes(path).keys() >= {"spec", "gate"}


def require_same(path: Path, data_hashes: Collection[str | None], spec_hash: str | None) -> None:
    """Refuse to replace a fit of other runs or of another specification, unless none is there.

    Parameters
    ----------
    path : Path
        Of a fit that `save` wrote, if it is there.
    data_hashes : collection of str
        Of the new fit's runs, any of which will do.
    spec_hash : str
        Of its specification.

    Raises
    ------
    InputError
        Saying which of the two differs.
    """
    there = netcdf.root_attributes(path)
    if not there:  # no file, since any other has been refused by now
        return
    is_other = {
        "other runs": there.get("data_hash") not in data_hashes,
        "another model": there.get("spec_hash") != spec_hash,
    }
    if any(is_other.values()):
        what = " and ".join(words for words, is_so in is_other.items() if is_so)
        advice = Advice("{} replaces it", OVERWRITE)
        raise InputError(
            f"{path} is there already and is a fit of {what}; name another file, or {advice}",
            [advice],
        )


def load(path: str | os.PathLike[str]) -> xr.DataTree:
    """Read a fit that `save` wrote.

    Raises
    ------
    InputError
        If there is no such file, or it is not a whole fit.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> fit = qqt.load("fit.nc")
    >>> dict(fit["posterior"].sizes)
    {'chain': 4, 'draw': 600, 'pool': 3}
    """
    if is_study(Path(path)):
        raise InputError(
            f"{path} is the folder of a study: qqt_bayes.load_study reads it, and qqt_bayes.load "
            "one fit of it, a file in it"
        )
    return _read(path)[0]


def open_fit(path: str | os.PathLike[str], groups: tuple[str, ...] = NEEDED) -> Fit:
    """Read what predictions and decisions need of a fit that `save` wrote.

    Parameters
    ----------
    path : path
    groups : tuple of str
        Those of `GROUPS` that are read, `NEEDED` among them.

    Returns
    -------
    Fit
        With these groups and all attributes; what `load` returns has all groups.

    Raises
    ------
    InputError
        As for `load`.
    """
    return _read(path, groups)[1]


def _read(
    path: str | os.PathLike[str], groups: tuple[str, ...] = GROUPS
) -> tuple[xr.DataTree, Fit]:
    """A fit, all of it or some groups, as it was saved; and the same opened and checked."""
    if not os.path.lexists(path):
        raise InputError(f"There is no fit at {path}; `qqt fit RUNS -o {path}` makes one.")
    content = content_of(Path(path))
    try:
        inner = unseal(content)
        fit = netcdf.from_bytes(inner, groups)
    except Exception as error:  # a damaged or foreign file can make HDF5 raise anything
        raise InputError(
            f"{path} cannot be read as a fit: it is not netCDF, or {DAMAGED}"
        ) from error
    missing = [name for name in NEEDED if name not in fit]
    missing += [name for name in ATTRIBUTES if name not in fit.attrs]
    if missing:
        raise InputError(
            f"{path} is netCDF but not a fit of qqt_bayes: it lacks {', '.join(missing)}; "
            "give a file that `qqt fit` wrote."
        )
    try:
        opened = Fit.of(fit)
        _check_runs(opened.runs)
        _check_values(opened.runs)
        _check_draws(opened)
        _check_hashes(opened)
    except UnknownLaw:
        raise
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise InputError(f"{path}: a part of the fit is {DAMAGED}") from error
    if len(inner) == len(content):
        _require_true(path, netcdf.from_bytes(inner, GROUPS), opened)
    return fit, opened


def _require_true(path: str | os.PathLike[str], fit: xr.DataTree, opened: Fit) -> None:
    """Refuse a file without a seal that is not what its runs and draws come to; warn of others."""
    from qqt_bayes.posterior.recheck import require_true  # which no sealed file needs

    try:
        require_true(fit, opened)
    except Exception as error:  # numbers that nobody foresaw can make NumPy raise anything
        why = f" ({error})" if type(error) is ValueError else ""
        raise InputError(f"{path}: a part of the fit is damaged{why}; {MAKE_AGAIN}") from error
    warnings.warn(
        f"{path} does not end with the digest that `qqt fit` writes: another program or an older "
        "version wrote it. Its checks were computed again from its runs and draws, and agree.",
        stacklevel=4,  # who called `load` or `open_fit`
    )


def _check_runs(table: xr.Dataset) -> None:
    """Raise ValueError unless a table of runs has the form that `read_runs` gives it."""
    optional = {name: ("run",) for name in OPTIONAL_OVER_RUN if name in table}
    for name, dims in {**RUN_TABLE_DIMS, **optional}.items():
        if name not in table or table[name].dims != dims:
            raise ValueError(f"{name} is not over {dims}")
    for dim in ("run", "data", "group", "pool"):
        if not all(map(is_name, table[dim].values.tolist())):
            raise ValueError(f"a name of {dim} holds what no table's may")
    for dim in ("data", "group"):
        index = table[f"{dim}_index"]
        if index.dtype.kind != "i" or not index.isin(range(table.sizes[dim])).all():
            raise ValueError(f"{dim}_index is no index")
    if not table["run"].size:
        raise ValueError("there are no runs")


def _check_values(table: xr.Dataset) -> None:
    """Raise ValueError unless every number of a table of runs is one that `read_runs` takes."""
    numbers = {"error": ERROR[table.attrs["kind"]], **COLUMNS}
    for name in numbers.keys() & set(table):
        values, number = table[name].values, numbers[name]
        unknown = np.isnan(values) & (number.default is not None and isnan(number.default))
        if not (number.holds(values) | unknown).all():
            raise ValueError(f"{name} is not {number.words}")
    if not COUNT.holds(table["pool_size"].values).all():
        raise ValueError("a pool has no size")
    taken = table["unique_samples"].values
    if not (at_least(0.0)(taken).all() and (taken > 0).any(axis=1).all()):
        raise ValueError("a training set takes nothing, or less")
    for name, most in (("chance_error", 1), ("replacement", 1), ("evaluation_variance", np.inf)):
        if name in table and not ((table[name] >= 0) & (table[name] <= most)).all():
            raise ValueError(f"{name} is out of range")


def _check_draws(fit: Fit) -> None:
    """Raise ValueError unless there are draws of each parameter, all where its prior has any."""
    declared = {**fit.spec.parameters, **fit.spec.noise}
    for name, prior in declared.items():
        if isinstance(prior, Prior):
            draws, (lower, upper) = fit.posterior[name], prior.support
            if set(draws.dims) != {"chain", "draw", *prior.over} or not draws.size:
                raise ValueError(f"{name} has draws of another shape")
            if not ((draws >= lower) & (draws <= upper) & np.isfinite(draws)).all():
                raise ValueError(f"{name} has draws where its prior has none")


def _check_hashes(fit: Fit) -> None:
    """Raise ValueError unless the runs and the specification are those that the hashes are of."""
    spec = json.loads(fit.attrs["spec"])
    of_runs = (of(fit.runs) for of in (hash_runs, hash_as_written))  # the second for older fits
    if fit.attrs["spec_hash"] != hash_spec(spec) or fit.attrs["data_hash"] not in of_runs:
        raise ValueError("runs or specification are not those that were fitted")
