"""A fit opened once: specification, runs, draws and gate of a posterior as one frozen value.

`qqt_bayes.fit` and `qqt_bayes.load` return a DataTree, an ArviZ object like any other.  What
predicts, decides, compares or draws takes that or a `Fit`, opens it at its door with `Fit.of`, and
hands the `Fit` on, so that one decision parses one specification.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.errors import Advice, InputError, alternatives, listed
from qqt_bayes.laws.law import LAWS, Law
from qqt_bayes.laws.level_curves import flat_draws
from qqt_bayes.laws.run_curves import draws_with_replacement
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.problem import constants_of
from qqt_bayes.model.spec import Spec
from qqt_bayes.posterior.gate import Gate, require_passed
from qqt_bayes.posterior.methods import is_approximate, method_of
from qqt_bayes.posterior.own_law import OWN_LAW, require_own_law, require_registered
from qqt_bayes.tables.order import canonical, in_order

ABSENT = {"tau": np.inf, "size_exponent": 0.0}
"""What a law without repetition (`power-law`) has in place of parameters that others declare."""


@dataclass(frozen=True, eq=False)
class Fit:
    """What a posterior holds, read once and handed on.

    Attributes
    ----------
    spec : Spec
        The specification that was fitted.
    runs : Dataset
        The table of runs that was fitted, as `read_runs` returned it.
    parameters : Dataset
        Draws of the law's parameters, fixed ones included: ``a``, ``b``, ``d``, ``tau`` (epochs),
        ``size_exponent`` and what else the law has, over (chain, draw) and group or pool where they
        differ; ``pool_size`` (pool), the samples at which tau is quoted.
    gate : Gate
        What the gate found when the fit was made.
    datasets : mapping of str to Dataset
        The groups of the ArviZ object by name: ``posterior``, ``prior``, ``log_likelihood``, ...
    attrs : mapping
        Attributes of the fit: seed, versions, hashes, times.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> qqt.Fit.of(qqt.load("fit.nc")).gate.passed
    True
    """

    spec: Spec
    runs: xr.Dataset
    parameters: xr.Dataset
    gate: Gate
    datasets: Mapping[str, xr.Dataset]
    attrs: Mapping[Any, Any]

    @classmethod
    def of(cls, fit: AnyFit) -> Fit:
        """Open a fit; one that is open already is returned as it is.

        Raises
        ------
        InputError
            If it is no fit.
        """
        if isinstance(fit, cls):
            return fit
        if not isinstance(fit, xr.DataTree) or "spec" not in fit.attrs:
            kind = type(fit).__name__
            hint = ""
            if isinstance(fit, str | PathLike):
                hint = f" ({fit}); read a file by qqt_bayes.load, a study by qqt_bayes.load_study"
            raise InputError(
                f"expected a fit, as qqt_bayes.fit or qqt_bayes.load returns it, got {kind}{hint}"
            )
        source = "specification stored in the fit"
        table = json.loads(fit.attrs["spec"])
        require_registered(table)
        spec = Spec.from_dict(table, source=source)
        datasets = {name: each.to_dataset(inherit=False) for name, each in fit.children.items()}
        runs = _runs(datasets, fit.attrs)
        require_own_law(spec, runs, datasets["posterior"], fit.attrs.get(OWN_LAW))
        return cls(
            spec=spec,
            runs=runs,
            parameters=law_parameters(spec, runs, datasets["posterior"], method_of(fit.attrs)),
            gate=Gate.from_json(fit.attrs["gate"]),
            datasets=datasets,
            attrs=fit.attrs,
        )

    @property
    def posterior(self) -> xr.Dataset:
        """Draws of all that was sampled: the law's parameters and the noise's."""
        return self.datasets["posterior"]

    @property
    def law(self) -> Law:
        """The law that was fitted."""
        return LAWS[self.spec.law].drawn(self.replacement)

    @property
    def replacement(self) -> bool:
        """Whether the runs drew samples with replacement."""
        return draws_with_replacement(self.runs)

    @property
    def kind(self) -> str:
        """Whether errors are error rates ("error") or losses ("loss")."""
        return str(self.runs.attrs["kind"])

    @property
    def measure(self) -> str:
        """What the user measured: "error", "accuracy" (of which errors were made) or "loss"."""
        return str(self.runs.attrs.get("measure", self.kind))

    @property
    def unit(self) -> str:
        """What is counted, such as "samples" or "tokens"."""
        return str(self.runs.attrs.get("unit", "samples"))

    @property
    def method(self) -> str:
        """The method of inference."""
        return method_of(self.attrs)

    @property
    def seed(self) -> int:
        """The seed of the draws."""
        return int(self.attrs["seed"])

    @property
    def versions(self) -> dict[str, str]:
        """The packages that made the fit, with their versions."""
        found: dict[str, str] = json.loads(self.attrs["versions"])
        return found

    @property
    def groups(self) -> list[str]:
        """Names of the groups (architectures, scales) of the runs."""
        names: list[str] = self.runs["group"].values.tolist()
        return names

    @property
    def pools(self) -> list[str]:
        """Names of the pools."""
        names: list[str] = self.runs["pool"].values.tolist()
        return names

    @property
    def draws(self) -> int:
        """Draws of the posterior, of all chains together."""
        sizes = self.posterior.sizes
        return int(sizes["chain"] * sizes["draw"])

    def one_group(self, group: str | None) -> str | None:
        """The one group to speak about: the user's choice, or the only one; None for several.

        Raises
        ------
        InputError
            If there is no such group.
        """
        require_group(group, self.groups)
        return self.groups[0] if len(self.groups) == 1 else group

    def require_one_group(self, group: str | None, purpose: str) -> str:
        """The one group to speak about, as `one_group`.

        Parameters
        ----------
        group : str or None
        purpose : str
            What is only done for one group, as the beginning of a sentence: "prices are of".

        Raises
        ------
        InputError
            If there is no such group, or there are several and none is chosen.
        """
        one = self.one_group(group)
        if one is None:
            first = self.groups[0]
            choose = Advice("{}", {"group": first}, {"only_group": first})
            raise InputError(
                f"the fit has several groups, {listed(self.groups)}; {purpose} "
                f"one of them: choose one, such as {choose}",
                [choose],
            )
        return one

    def flat_parameters(self, group: str | None) -> dict[str, NDArray[np.float64]]:
        """Draws of the law's parameters for one group, shape (draw, pool) or (draw, 1)."""
        return flat_draws(self.law, in_group(self.parameters, group))[1]

    def thinned(self, draws: int) -> Fit:
        """The fit with about so many draws, at equal distances, in posterior and parameters."""
        posterior = self.posterior
        step = -(-posterior.sizes["chain"] * posterior.sizes["draw"] // draws)
        every = {"draw": slice(None, None, step)}
        return replace(
            self,
            parameters=self.parameters.isel(every),
            datasets={**self.datasets, "posterior": posterior.isel(every)},
        )

    def in_one_order(self) -> Fit:
        """The fit with pools, training sets and groups by name: random numbers go by it.

        So what is drawn does not depend on the order in which a table was written.
        """
        runs = canonical(self.runs)
        names = {dim: runs[dim].values.tolist() for dim in ("data", "pool", "group")}
        posterior = in_order(self.posterior, names)
        return replace(
            self,
            runs=runs,
            parameters=in_order(self.parameters, names),
            datasets={**self.datasets, "posterior": posterior},
        )

    def require_passed(self, force: bool = False) -> None:
        """Refuse a fit that did not pass its gate.

        Raises
        ------
        InadequateFit
            If the gate failed, unless forced.
        """
        require_passed(self.gate, force)


def require_group(group: str | None, groups: Sequence[str]) -> None:
    """Refuse a group that is none of those there are; no group is none in particular.

    Raises
    ------
    InputError
        Naming the likeliest, or all.
    """
    if group is not None and group not in groups:
        raise InputError(f"unknown group {group!r}{alternatives(group, groups)}")


type AnyFit = xr.DataTree | Fit
"""A fit as `qqt_bayes.fit` and `qqt_bayes.load` return it, or opened."""


def _runs(datasets: Mapping[str, xr.Dataset], attrs: Mapping[Any, Any]) -> xr.Dataset:
    """The table of runs, from what ArviZ calls observed and constant data."""
    table = datasets["constant_data"].assign(error=datasets["observed_data"]["error"])
    names = ("kind", "metric", "measure", "unit", "reading", "source", "data_hash")
    return table.assign_attrs({name: attrs[name] for name in names if name in attrs})


def law_parameters(spec: Spec, runs: xr.Dataset, posterior: xr.Dataset, method: str) -> xr.Dataset:
    """Draws of the law's parameters, with fixed ones as draws that do not differ."""
    fixed = xr.zeros_like(posterior["chain"] * posterior["draw"], dtype=float)
    values = {
        name: posterior[name] if isinstance(declared, Prior) else fixed + declared
        for name, declared in {**ABSENT, **spec.parameters}.items()
    }
    sizes = runs["pool_size"]
    if spec.size_reference is not None:
        sizes = xr.full_like(sizes, spec.size_reference)
    law = LAWS[spec.law]
    values |= centred(law, values)
    if law.derive is not None:
        values = law.derive(values | constants_of(law, runs))
    drawn = xr.Dataset({**values, "pool_size": sizes}, attrs={"method": method})
    return drawn.assign_coords(group=runs["group"])


def centred(law: Law, values: Mapping[Any, xr.DataArray]) -> dict[str, xr.DataArray]:
    """The parameters that a law counts from their mean over all pools; 0 where pools share one."""
    return {
        name: values[name] - values[name].mean("pool")
        if "pool" in values[name].dims
        else 0 * values[name]
        for name in law.centred
    }


def by_draw(draws: xr.Dataset) -> dict[str, Any]:
    """Values of each variable, the draws of all chains one after the other, shape (draw, ...)."""
    flat = draws.stack(sample=("chain", "draw"))
    return {str(name): x.transpose("sample", ...).values for name, x in flat.items()}


def in_group[Draws: (xr.Dataset, xr.DataArray)](draws: Draws, group: str | None) -> Draws:
    """The part of draws that is of one group, where draws differ between groups."""
    if group is None or "group" not in draws.dims:
        return draws
    return draws.sel(group=group, drop=True)


def weakest_method(fits: Iterable[Fit]) -> str:
    """The method of several fits, an approximate one if there is one."""
    return method_of(max((fit.attrs for fit in fits), key=is_approximate))


def of_same_runs(fits: Mapping[str, AnyFit]) -> dict[str, Fit]:
    """Open fits that are to be compared, and refuse those of different runs.

    Raises
    ------
    InputError
        If there is none, one is no fit, or two are of different runs.
    """
    if not isinstance(fits, Mapping) or not fits:
        raise InputError("fits: expected a mapping of names to fits, with one fit at least")
    opened = {name: Fit.of(fit) for name, fit in fits.items()}
    (name_of_first, first), *others = opened.items()
    for name, fit in others:
        if fit.kind != first.kind:
            raise InputError(
                f"{name_of_first} is of runs with kind {first.kind}, {name} of runs with kind "
                f"{fit.kind}: their densities have other units; fit both to one table"
            )
        if fit.attrs["data_hash"] != first.attrs["data_hash"]:
            raise InputError(
                f"{name_of_first} and {name} are fits of different runs ({_source(first)}; "
                f"{_source(fit)}): laws are compared on the same ones; fit both to one table"
            )
    return opened


def opened(fits: AnyFit | Sequence[AnyFit] | Mapping[str, AnyFit]) -> dict[str, Fit]:
    """Fits by their names, open: those of their models if they have no others.

    Raises
    ------
    InputError
        If there is none, one is no fit, or two are of different runs.
    """
    if isinstance(fits, Mapping) and not isinstance(fits, xr.DataTree | xr.Dataset):
        return of_same_runs(fits)
    several: Sequence[Any] = fits if isinstance(fits, list | tuple) else [fits]
    each = [Fit.of(fit) for fit in several]
    names = [fit.spec.name for fit in each]
    if len(set(names)) < len(names):
        names = [f"{name} ({number})" for number, name in enumerate(names, start=1)]
    return of_same_runs(dict(zip(names, each, strict=True)))


def _source(fit: Fit) -> str:
    """Where the runs of a fit are from, as part of a sentence."""
    metric = f", metric {fit.attrs['metric']}" if fit.attrs["metric"] else ""
    return f"{fit.attrs['source']}{metric}: {fit.runs.sizes['run']} runs"
