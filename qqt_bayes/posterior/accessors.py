"""What a fit holds: spec, runs, draws, groups, gate."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.errors import InadequateFit, InputError, alternatives
from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.level_curves import _flat
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.spec import Spec
from qqt_bayes.posterior.gate import Gate
from qqt_bayes.posterior.methods import is_approximate, method_of


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


def by_draw(draws: xr.Dataset) -> dict[str, Any]:
    """Values of each variable, the draws of all chains one after the other, shape (draw, ...)."""
    flat = draws.stack(sample=("chain", "draw"))
    return {str(name): x.transpose("sample", ...).values for name, x in flat.items()}


def weakest_method(fits: Iterable[xr.DataTree]) -> str:
    """The method of fits, an approximate one if there is one."""
    return method_of(max((fit.attrs for fit in fits), key=is_approximate))


def require_same_runs(fits: Mapping[str, xr.DataTree]) -> None:
    """Refuse fits that cannot be compared.

    Raises
    ------
    InputError
        If there is none, one is no fit, or two are of different runs.
    """
    if not isinstance(fits, Mapping) or not fits:
        raise InputError("fits: expected a mapping of names to fits, with one fit at least")
    (first, *others), names = fits.values(), list(fits)
    specification(first)
    for name, fit in zip(names[1:], others, strict=True):
        specification(fit)
        if fit.attrs["kind"] != first.attrs["kind"]:
            raise InputError(
                f"{names[0]} is of runs with kind {first.attrs['kind']}, {name} of runs with kind "
                f"{fit.attrs['kind']}: their densities have other units; fit both to one table"
            )
        if fit.attrs["data_hash"] != first.attrs["data_hash"]:
            raise InputError(
                f"{names[0]} and {name} are fits of different runs ({_source(first)}; "
                f"{_source(fit)}): laws are compared on the same ones; fit both to one table"
            )


def _source(fit: xr.DataTree) -> str:
    runs = fit["observed_data"].sizes["run"]
    metric = f", metric {fit.attrs['metric']}" if fit.attrs["metric"] else ""
    return f"{fit.attrs['source']}{metric}: {runs} runs"


def the_group(runs: xr.Dataset, group: str | None) -> str | None:
    """The one group to speak about, or None for several.

    Parameters
    ----------
    runs : Dataset
    group : str or None
        The user's choice.

    Raises
    ------
    InputError
        If there is no such group.
    """
    names = runs["group"].values.tolist()
    if group is not None and group not in names:
        raise InputError(f"unknown group {group!r}{alternatives(group, names)}")
    return names[0] if len(names) == 1 else group


def in_group[Draws: (xr.Dataset, xr.DataArray)](draws: Draws, group: str | None) -> Draws:
    """What is said of one group: its part of draws that differ between groups."""
    if group is None or "group" not in draws.dims:
        return draws
    return draws.sel(group=group, drop=True)


def draws_of(fit: xr.DataTree, group: str | None) -> dict[str, NDArray[np.float64]]:
    """Draws of the law's parameters for one group, shape (draw, pool) or (draw, 1)."""
    law = LAWS[specification(fit).law]
    return _flat(law, in_group(parameters(fit), group))[1]
