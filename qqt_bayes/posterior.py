"""A fit on disk and in memory: saved whole or not at all, and what it holds by name.

Nothing here samples or imports PyMC: reading a fit takes a second.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
import xarray as xr

from qqt_bayes.distributions import Prior
from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.gate import Gate
from qqt_bayes.methods import method_of
from qqt_bayes.spec import Spec
from qqt_bayes.writing import seal, unseal, write

ENGINE: Literal["h5netcdf"] = "h5netcdf"
DAMAGED = "damaged; make it again with `qqt fit`."
FORM: dict[str, tuple[str, ...]] = {
    **{dim: (dim,) for dim in ("run", "data", "group", "pool")},
    "unique_samples": ("data", "pool"),
    "pool_size": ("pool",),
    **dict.fromkeys(("error", "samples_seen", "data_index", "group_index"), ("run",)),
    **dict.fromkeys(("n_eval", "rounding", "weight"), ("run",)),
}
"""Dimensions of what a table of runs holds."""
OPTIONAL = ("training", "evaluation_variance")
"""What it may hold, over run."""


def save(fit: xr.DataTree, path: str | os.PathLike[str]) -> None:
    """Write a fit as netCDF; an earlier file at `path` stays whole until the new one is.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    content = fit.to_netcdf(engine=ENGINE)  # in memory: HDF5 itself may crash on a full disk
    write(Path(path), seal(bytes(content)))


def load(path: str | os.PathLike[str]) -> xr.DataTree:
    """Read a fit that `save` wrote.

    Raises
    ------
    InputError
        If there is no such file, or it is not a whole fit.
    """
    if not Path(path).is_file():
        raise InputError(f"There is no fit at {path}; `qqt fit RUNS -o {path}` makes one.")
    try:
        content = unseal(Path(path).read_bytes())
        with h5py.File(io.BytesIO(content)):  # h5netcdf would print a traceback
            pass
        with xr.open_datatree(io.BytesIO(content), engine=ENGINE) as tree:
            fit = tree.load()
    except Exception as error:  # a damaged or foreign file can make HDF5 raise anything
        raise InputError(
            f"{path} cannot be read as a fit: it is not netCDF, or {DAMAGED}"
        ) from error
    missing = [name for name in ("posterior", "observed_data", "constant_data") if name not in fit]
    missing += [name for name in ("spec", "gate", "kind") if name not in fit.attrs]
    if missing:
        raise InputError(
            f"{path} is netCDF but not a fit of qqt_bayes: it lacks {', '.join(missing)}; "
            "give a file that `qqt fit` wrote."
        )
    try:
        gate(fit), parameters(fit)
        _check_runs(runs(fit))
        _check_draws(fit)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise InputError(f"{path}: a part of the fit is {DAMAGED}") from error
    return fit


def specification(fit: xr.DataTree) -> Spec:
    """The specification that was fitted.

    Raises
    ------
    InputError
        If it is no fit.
    """
    if not isinstance(fit, xr.DataTree) or "spec" not in fit.attrs:
        kind = type(fit).__name__
        raise InputError(
            f"expected a fit, as qqt_bayes.fit or qqt_bayes.load returns it, got {kind}"
        )
    return Spec.from_dict(json.loads(fit.attrs["spec"]), source="specification stored in the fit")


def runs(fit: xr.DataTree) -> xr.Dataset:
    """The table of runs that was fitted, as `read_runs` returned it."""
    constant = fit.children["constant_data"].to_dataset(inherit=False)
    table = constant.assign(error=fit["observed_data"]["error"])
    names = ("kind", "metric", "source", "data_hash")
    return table.assign_attrs({name: fit.attrs[name] for name in names if name in fit.attrs})


def parameters(fit: xr.DataTree) -> xr.Dataset:
    """Draws of the law's parameters, fixed ones included.

    Returns
    -------
    Dataset
        ``a``, ``b``, ``d``, ``tau`` (epochs), ``size_exponent`` and what else the law has, over
        (chain, draw) and group or pool where they differ; ``pool_size`` (pool), the samples at
        which tau is quoted.
    """
    spec = specification(fit)
    posterior = fit.children["posterior"].to_dataset(inherit=False)
    constant = fit.children["constant_data"].to_dataset(inherit=False)
    absent = {"tau": np.inf, "size_exponent": 0.0}  # of power-law
    values = {}
    for name, declared in {**absent, **spec.parameters}.items():
        fixed = xr.zeros_like(posterior["chain"] * posterior["draw"], dtype=float)
        values[name] = posterior[name] if isinstance(declared, Prior) else fixed + declared
    sizes = constant["pool_size"]
    if spec.size_reference is not None:
        sizes = xr.full_like(sizes, spec.size_reference)
    drawn = xr.Dataset({**values, "pool_size": sizes}, attrs={"method": method_of(fit.attrs)})
    return drawn.assign_coords(group=constant["group"])


def _check_runs(table: xr.Dataset) -> None:
    """Raise ValueError unless a table of runs has the form that `read_runs` gives it."""
    optional = {name: ("run",) for name in OPTIONAL if name in table}
    for name, dims in {**FORM, **optional}.items():
        if name not in table or table[name].dims != dims:
            raise ValueError(f"{name} is not over {dims}")
    for dim in ("data", "group"):
        index = table[f"{dim}_index"]
        if index.dtype.kind != "i" or not index.isin(range(table.sizes[dim])).all():
            raise ValueError(f"{dim}_index is no index")
    positive = table[["error", "samples_seen", "weight", "pool_size"]].map(lambda x: x > 0)
    if not table["run"].size or not all(x.all() for x in positive.values()):
        raise ValueError("a run has a value that is not above 0")
    if not (table["unique_samples"] >= 0).all():
        raise ValueError("a training set takes less than nothing")


def _check_draws(fit: xr.DataTree) -> None:
    """Raise ValueError unless there are draws of each parameter, all where its prior has any."""
    spec = specification(fit)
    for name, prior in {**spec.parameters, **spec.likelihood.parameters}.items():
        if isinstance(prior, Prior):
            draws, (lower, upper) = fit["posterior"][name], prior.support
            if set(draws.dims) != {"chain", "draw", *prior.over} or not draws.size:
                raise ValueError(f"{name} has draws of another shape")
            if not ((draws >= lower) & (draws <= upper)).all():
                raise ValueError(f"{name} has draws where its prior has none")


def thin(fit: xr.DataTree, draws: int) -> xr.DataTree:
    """The fit with at most so many draws, at equal distances, in its posterior."""
    posterior = fit.children["posterior"].to_dataset(inherit=False)
    step = -(-posterior.sizes["chain"] * posterior.sizes["draw"] // draws)
    groups = {name: each.to_dataset(inherit=False) for name, each in fit.children.items()}
    groups["posterior"] = posterior.isel(draw=slice(None, None, step))
    return xr.DataTree.from_dict({"/": xr.Dataset(attrs=fit.attrs), **groups})


def gate(fit: xr.DataTree) -> Gate:
    """What the gate found when the fit was made."""
    return Gate.from_json(fit.attrs["gate"])


def require(fit: xr.DataTree, force: bool = False) -> None:
    """Refuse a fit that did not pass its gate.

    Raises
    ------
    InadequateFit
        If the gate failed, unless forced.
    """
    specification(fit)
    found = gate(fit)
    if not found.passed and not force:
        raise InadequateFit(f"{found}\nUse --force (force=True) to go on all the same.")
