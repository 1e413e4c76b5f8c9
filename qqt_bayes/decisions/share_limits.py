"""What training sets may take of their pools: the limits of a decision about shares, checked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from numbers import Real

import numpy as np
import xarray as xr

from qqt_bayes.decisions.share_search import SIZE_TOLERANCE, Room
from qqt_bayes.errors import InputError, alternatives, fault_list, listed
from qqt_bayes.laws.subset_curves import Array
from qqt_bayes.phrases import format_samples

type Always = str | Collection[str] | Mapping[str, float]
"""Pools that are taken whole, or the fewest unique samples of each by its name."""


@dataclass(frozen=True)
class Limits:
    """What every training set has to keep to.

    Attributes
    ----------
    most_samples : float or None
        The most unique samples, of all pools together.
    always : str, collection of str, or mapping of str to float
        Pools that are taken whole; or the fewest unique samples of each.
    never : str or collection of str
        Pools that nothing is taken from.
    most_epochs : float or None
        How often the training set may be seen at the most, budget over unique samples.
    """

    most_samples: float | None = None
    always: Always = ()
    never: str | Collection[str] = ()
    most_epochs: float | None = None

    def rooms(self, sizes: xr.DataArray, budgets: Array) -> list[Room]:
        """What a training set may take at each budget.

        Parameters
        ----------
        sizes : DataArray, dims (pool)
            Unique samples that there are of each pool.
        budgets : array, shape (budget,)
            Samples seen.

        Raises
        ------
        InputError
            With all faults: what is no number, no pool, or cannot be kept to.

        Examples
        --------
        >>> sizes = xr.DataArray([4e6, 6e6], {"pool": ["a", "b"]}, ("pool",))
        >>> room, = Limits(most_samples=5e6, always=["a"]).rooms(sizes, np.array([2e7]))
        >>> room.low, room.high, room.least, room.most
        (array([4000000.,       0.]), array([4000000., 6000000.]), 4000000.0, 5000000.0)
        >>> Limits(most_epochs=2, never="b").rooms(sizes, np.array([2e7]))
        Traceback (most recent call last):
        qqt_bayes.errors.InputError: limits of the shares: 1 fault
          most_epochs: at 20M samples, data that is seen at most 2 times takes 10M unique samples, \
but these limits leave 4M
        """
        if faults := [*self._no_numbers(), *self._no_pools(sizes)]:
            raise InputError(_said(faults))
        low, high = self._low(sizes), sizes.values * ~np.isin(sizes["pool"], self._never)
        most = high.sum() if self.most_samples is None else min(high.sum(), self.most_samples)
        faults = list(self._impossible(sizes, low, high, float(most), budgets))
        if faults:
            raise InputError(_said(faults))
        needed = np.zeros(budgets.size) if self.most_epochs is None else budgets / self.most_epochs
        return [
            Room(low, high, min(float(max(low.sum(), least, 1.0)), float(most)), float(most))
            for least in needed
        ]

    @property
    def _never(self) -> list[str]:
        return [self.never] if isinstance(self.never, str) else list(self.never)

    @property
    def _always(self) -> list[str]:
        return [self.always] if isinstance(self.always, str) else list(self.always)

    def _low(self, sizes: xr.DataArray) -> Array:
        """The fewest unique samples of each pool."""
        if isinstance(self.always, Mapping):
            return np.array([float(self.always.get(name, 0.0)) for name in sizes["pool"].values])
        low: Array = sizes.values * np.isin(sizes["pool"], self._always)
        return low

    def _no_numbers(self) -> Iterator[str]:
        """What should be a number and is none."""
        for name, least, words in (
            ("most_samples", 1.0, "a number of unique samples, at least 1"),
            ("most_epochs", 0.0, "a number of epochs above 0"),
        ):
            value = getattr(self, name)
            if value is None:
                continue
            if not _is_number(value) or not (value >= least and value > 0):
                yield f"{name}: expected {words}, got {value!r}"
        if isinstance(self.always, Mapping):
            for pool, value in self.always.items():
                if not _is_number(value) or value < 0:
                    yield f"always, pool {pool!r}: expected a number of samples, got {value!r}"

    def _no_pools(self, sizes: xr.DataArray) -> Iterator[str]:
        """Names that are no pool's, or stand on both lists."""
        pools = sizes["pool"].values.tolist()
        for where, names in (("always", self._always), ("never", self._never)):
            for name in names:
                if name not in pools:
                    hint = alternatives(str(name), pools)
                    yield f"{where}: unknown pool {str(name)!r} (not in the fit){hint}"
        if both := [name for name in self._always if name in self._never]:
            yield f"always and never both name {listed(both)}: take a pool off one of them"

    def _impossible(
        self, sizes: xr.DataArray, low: Array, high: Array, most: float, budgets: Array
    ) -> Iterator[str]:
        """Limits that no training set can keep to, each with the place."""
        beyond = low > sizes.values * (1 + SIZE_TOLERANCE)
        for name, asked, there in zip(
            sizes["pool"].values[beyond], low[beyond], sizes.values[beyond], strict=True
        ):
            yield (
                f"always, pool {str(name)!r}: {format_samples(asked)} unique samples are asked, "
                f"but there are {format_samples(there)}"
            )
        if not high.any():
            yield "never: it names every pool, so that there is nothing to train on"
            return
        if low.sum() > most * (1 + SIZE_TOLERANCE):
            yield (
                f"most_samples: at most {format_samples(most)} unique samples are allowed, but the "
                f"pools that are always taken have {format_samples(low.sum())}"
            )
        if self.most_epochs is None:
            return
        for budget in budgets[budgets / self.most_epochs > most * (1 + SIZE_TOLERANCE)]:
            yield (
                f"most_epochs: at {format_samples(budget)} samples, data that is seen at most "
                f"{self.most_epochs:g} times takes {format_samples(budget / self.most_epochs)} "
                f"unique samples, but these limits leave {format_samples(most)}"
            )

    def to_attrs(self) -> dict[str, float | list[str]]:
        """The limits that are set, as attributes of a result."""
        found: dict[str, float | list[str]] = {}
        for name in ("most_samples", "most_epochs"):
            if (value := getattr(self, name)) is not None:
                found[name] = float(value)
        if self._always:
            found["always"] = [str(name) for name in self._always]
        if self._never:
            found["never"] = [str(name) for name in self._never]
        return found


def _is_number(value: object) -> bool:
    """Whether something is a finite number, and no truth value."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    return bool(np.isfinite(float(value)))


def _said(faults: list[str]) -> str:
    return fault_list("limits of the shares", faults, total=len(faults))
