"""Check the table of a cost file and name every fault by its dotted key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from math import inf, isfinite
from numbers import Real
from typing import Any

import xarray as xr

from qqt_bayes.errors import alternatives, shown
from qqt_bayes.tables.cells import CONTROLS

LARGEST_PRICE = 1e15
"""In any currency; of a sample, a run or a pool."""
COUNTS = {
    "sample": 1.0,
    "thousand_samples": 1e3,
    "million_samples": 1e6,
    "billion_samples": 1e9,
}
"""What prices may be for, by the ends of their keys: `price_per_million_samples`."""
GPU_HOURS = ("price_per_gpu_hour", "samples_per_gpu_hour")

type Bar = tuple[str, Callable[[float], bool]]
"""What a number must be, in words and as a check."""

PRICE: Bar = (f"a number from 0 to {LARGEST_PRICE:g}", lambda x: 0 <= x <= LARGEST_PRICE)
ABOVE: Bar = (f"a number above 0, up to {LARGEST_PRICE:g}", lambda x: 0 < x <= LARGEST_PRICE)
THROUGHPUT: Bar = (f"a number from 1 to {LARGEST_PRICE:g}", lambda x: 1 <= x <= LARGEST_PRICE)
SHARE: Bar = ("a number from 1e-6 to 1", lambda x: 1e-6 <= x <= 1)
OWNED: Bar = ("true, false or a number of samples", lambda x: 0 <= x < inf)
ANY: Bar = ("a finite number", isfinite)


def rates(stem: str) -> list[str]:
    """The keys by which a price for samples may be given.

    Examples
    --------
    >>> rates("price")[:2]
    ['price_per_sample', 'price_per_thousand_samples']
    """
    return [f"{stem}_per_{count}" for count in COUNTS]


TRAINING = [*rates("price"), *GPU_HOURS, "price_per_run"]
POOL = [*rates("price"), *rates("scoring"), "share_kept", "price", "owned"]


def read_cost_fields(table: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    r"""Turn the table of a cost file into what `Costs` is made of.

    Parameters
    ----------
    table : mapping
        The structure of the TOML file.

    Returns
    -------
    fields : dict
        Of use only if there is no fault: `currency`; `training`, price per sample and per run, or
        None; `groups`, the same by group; `pools`, arguments of `PoolPrice` by pool; `worth`, of an
        error that is smaller by 0.01; `worth_of_errors`, errors with what each is worth.
    faults : list of str
        A sentence for each fault, led by its dotted key.

    Examples
    --------
    >>> _, faults = read_cost_fields({"currency": "EUR", "trainning": {"price_per_sample": -1}})
    >>> print(*faults, sep="\n")
    trainning: a cost file has no such key; did you mean 'training'?
    training: expected a table with prices of training, but it is missing
    """
    reader = _Reader()
    return reader.fields(table), reader.faults


def unfitting(
    pools: Collection[str],
    groups: Collection[str],
    runs: xr.Dataset | None,
    samples: xr.DataArray | None,
) -> Iterator[str]:
    """What prices by pool and group lack for some runs, and what they have too much."""
    if runs is not None:
        own = {name: runs[name].values.tolist() for name in ("pool", "group")}
        for name in pools:
            if name not in own["pool"]:
                yield f"pools.{name}: the runs have no such pool{alternatives(name, own['pool'])}"
        # one file may serve several tables of one group each: other prices then do no harm
        serves = len(own["group"]) == 1 and own["group"][0] in groups
        for name in groups:
            if name not in own["group"] and not serves:
                yield (
                    f"training.groups.{name}: the runs have no such group"
                    f"{alternatives(name, own['group'])}"
                )
    if samples is not None:
        yield from unpriced(pools, samples)


def unpriced(pools: Collection[str], samples: xr.DataArray) -> Iterator[str]:
    """Pools that are taken from and have no price, if any pool has one."""
    for name in taken_from(samples) if pools else ():
        if name not in pools:
            yield (
                f"pools.{name}: expected a price, because levels take from it, but there is none; "
                "where it is paid for, write owned = true"
            )


def taken_from(samples: xr.DataArray) -> list[str]:
    """The pools that are taken from."""
    taken = (samples > 0).any([dim for dim in samples.dims if dim != "pool"])
    found: list[str] = samples["pool"].values[taken.values].tolist()
    return found


class _Reader:
    """Reads a table and notes every fault; a stand-in takes the place of a value that has one."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def fields(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """Everything that a cost file says."""
        self.no_others("", table, "a cost file", ["currency", "worth", "training", "pools"])
        training = self.table("training", table.get("training"), "with prices of training")
        groups = self.tables("training.groups", training.get("groups", {}))
        self.no_others("training.", training, "training", [*TRAINING, "groups"])
        base = {key: training[key] for key in TRAINING if key in training}
        priced = {*base} & {*rates("price"), *GPU_HOURS}
        is_table = isinstance(table.get("training"), Mapping)  # what is none was said already
        own = self.training("training", base) if is_table and (priced or not groups) else None
        worth, of_errors = self.worth(table.get("worth"))
        return {
            "currency": self.currency(table.get("currency")),
            "training": own,
            "groups": {name: self.group(name, base, each) for name, each in groups.items()},
            "pools": {
                name: self.pool(f"pools.{name}", each)
                for name, each in self.tables("pools", table.get("pools", {})).items()
            },
            "worth": worth,
            "worth_of_errors": of_errors,
        }

    def currency(self, raw: object) -> str:
        """The name of the currency."""
        if not isinstance(raw, str) or not raw.strip() or CONTROLS.search(raw) or len(raw) > 20:
            self.expected("currency", "a short text such as 'EUR'", raw)
            return ""
        return raw.strip()

    def training(self, key: str, table: Mapping[str, Any]) -> tuple[float, float]:
        """The price of training for a sample, and for a run."""
        per_run = self.number(f"{key}.price_per_run", table.get("price_per_run", 0.0), PRICE)
        by_sample = [name for name in rates("price") if name in table]
        by_hour = [name for name in GPU_HOURS if name in table]
        if by_sample and by_hour:
            self.fault(
                key, f"{by_sample[0]} and {by_hour[0]} both say what training costs; give one"
            )
        if not by_sample and not by_hour:
            self.fault(
                key,
                "expected price_per_sample, price_per_million_samples or the like, or "
                "price_per_gpu_hour with samples_per_gpu_hour, but there is none",
            )
            return 1.0, per_run
        if by_hour:
            price, throughput = (
                self.number(f"{key}.{name}", table.get(name), bar)
                for name, bar in zip(GPU_HOURS, (ABOVE, THROUGHPUT), strict=True)
            )
            return price / throughput, per_run
        return self.rate(key, "price", table, ABOVE), per_run

    def group(
        self, name: str, base: Mapping[str, Any], table: Mapping[str, Any]
    ) -> tuple[float, float]:
        """The prices of training in a group: those of all groups, but for what it says itself."""
        key = f"training.groups.{name}"
        self.no_others(f"{key}.", table, "a group", TRAINING)
        own = {x: table[x] for x in TRAINING if x in table}
        replaced: set[str] = set()
        if {*own} & {*rates("price")}:
            replaced = {*rates("price"), *GPU_HOURS}
        elif {*own} & {*GPU_HOURS}:
            replaced = {*rates("price")}
        kept = {x: value for x, value in base.items() if x not in replaced}
        return self.training(key, kept | own)

    def pool(self, key: str, table: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments of `PoolPrice`."""
        self.no_others(f"{key}.", table, "a pool", POOL)
        scoring = self.rate(key, "scoring", table, PRICE)
        kept = self.number(f"{key}.share_kept", table.get("share_kept", 1.0), SHARE)
        if "share_kept" in table and not scoring:
            self.fault(
                f"{key}.share_kept",
                "says how many samples have to be scored for one that is kept, but no price of "
                "scoring is given; give scoring_per_million_samples, or leave it out",
            )
        owned = table.get("owned", 0.0)
        whole = owned is True
        number = 0.0 if isinstance(owned, bool) else self.number(f"{key}.owned", owned, OWNED)
        priced = [name for name in [*rates("price"), *rates("scoring"), "price"] if name in table]
        if not priced and not owned:
            self.fault(
                key,
                "expected price_per_million_samples or another price, or owned = true, but there "
                "is none",
            )
        return {
            "per_sample": self.rate(key, "price", table, PRICE) + scoring / kept,
            "once": self.number(f"{key}.price", table.get("price", 0.0), PRICE),
            "owned": number,
            "owns_trained": whole,
        }

    def worth(self, raw: object) -> tuple[float, tuple[tuple[float, float], ...]]:
        """What an error that is smaller by 0.01 is worth; or what errors are, as pairs."""
        if raw is None:
            return 0.0, ()
        if not isinstance(raw, Mapping):
            words = "a number above 0, what an error smaller by 0.01 is worth, or a table with "
            return self.number("worth", raw, (f"{words}error and value", ABOVE[1])), ()
        self.no_others("worth.", raw, "a table of worth", ["error", "value"])
        errors = self.numbers("worth.error", raw.get("error"), ABOVE)
        values = self.numbers("worth.value", raw.get("value"), ANY)
        if not errors or not values:
            return 0.0, ()
        if len(errors) != len(values):
            self.fault(
                "worth.value",
                f"expected a number for each of {len(errors)} errors, got {len(values)}",
            )
            return 0.0, ()
        pairs = sorted(zip(errors, values, strict=True))
        for (low, best), (high, worst) in pairwise(pairs):
            if low == high:
                self.fault("worth.error", f"{low:g} stands there twice")
            elif best < worst:
                self.fault(
                    "worth.value",
                    f"an error of {low:g} is worth {best:g}, less than the larger error of "
                    f"{high:g}, which is worth {worst:g}",
                )
        if len({*values}) == 1:
            self.fault("worth.value", "expected two different values at least")
        return 0.0, tuple(pairs)

    def rate(self, key: str, stem: str, table: Mapping[str, Any], bar: Bar) -> float:
        """A price for one sample, given for one or for many; 0 if there is none."""
        given = [name for name in rates(stem) if name in table]
        if len(given) > 1:
            self.fault(key, f"{given[0]} and {given[1]} say the same; give one")
        if not given:
            return 0.0
        count = COUNTS[given[0].removeprefix(f"{stem}_per_")]
        return self.number(f"{key}.{given[0]}", table[given[0]], bar) / count

    def numbers(self, key: str, raw: object, bar: Bar) -> list[float]:
        """A list of numbers, two at least."""
        if not isinstance(raw, list | tuple) or len(raw) < 2:
            self.expected(key, "a list of two numbers or more", raw)
            return []
        return [self.number(f"{key}[{i}]", each, bar) for i, each in enumerate(raw)]

    def number(self, key: str, raw: object, bar: Bar) -> float:
        """A number, or 1 with a fault."""
        words, holds = bar
        number = float("nan")
        if isinstance(raw, Real) and not isinstance(raw, bool):
            try:
                number = float(raw)
            except OverflowError:  # an integer of more than 308 digits
                number = inf
        if not holds(number):
            self.expected(key, words, raw)
            return 1.0
        return number

    def tables(self, key: str, raw: object) -> dict[str, Mapping[str, Any]]:
        """Tables by name."""
        found = self.table(key, raw, "by name")
        return {
            str(name): self.table(f"{key}.{name}", each, "of prices")
            for name, each in found.items()
        }

    def table(self, key: str, raw: object, words: str) -> Mapping[str, Any]:
        """A table; an empty one with a fault."""
        if isinstance(raw, Mapping):
            return raw
        self.expected(key, f"a table {words}", raw)
        return {}

    def no_others(
        self, where: str, table: Mapping[str, Any], owner: str, known: Sequence[str]
    ) -> None:
        """Note each key of a table that is not known."""
        for name in [str(name) for name in table if name not in known]:
            self.fault(f"{where}{name}", f"{owner} has no such key{alternatives(name, known)}")

    def expected(self, key: str, words: str, raw: object) -> None:
        """Note that something else was expected than what came."""
        got = "but it is missing" if raw is None else f"got {shown(raw)}"
        self.fault(key, f"expected {words}, {got}")

    def fault(self, key: str, sentence: str) -> None:
        """Note a fault under its dotted key."""
        self.faults.append(f"{key}: {sentence}")
