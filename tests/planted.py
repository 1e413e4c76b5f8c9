"""Tables of real runs as they are, and the same tables with a misunderstanding planted in them.

What is asked about them is counted in `tests/planning/test_questions_planted.py`.  Seeds below
`REPORTED` were looked at when thresholds were chosen; those from there on were not.

>>> planted(REPORTED).kind
'swapped columns'
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd
import xarray as xr
from places import CASE_STUDIES

from qqt_bayes.tables.composition import read_composition
from qqt_bayes.tables.runs import read_runs

REPORTED = 1000
"""The first seed that no threshold was chosen by."""
WORLDS = (
    "classification",
    "equal",
    "language",
    "near_duplicates",
    "no_augmentation",
    "noisy_score",
    "sigmoid",
    "unequal",
)


@dataclass(frozen=True)
class Inputs:
    """What a user would give: tables, the kind of the runs, and perhaps pools and levels."""

    runs: pd.DataFrame
    composition: pd.DataFrame | None = None
    kind: str = "error"
    pools: pd.DataFrame | None = None
    levels: pd.DataFrame | None = None

    def read(self) -> tuple[xr.Dataset, xr.DataArray | None]:
        """Runs and levels, as the command reads them."""
        runs = read_runs(self.runs, self.composition, self.pools, kind=self.kind)
        return runs, None if self.levels is None else read_composition(self.levels)


@dataclass(frozen=True)
class Planted:
    """A table with a misunderstanding: which, of what, and what the user gives."""

    kind: str
    base: str
    inputs: Inputs


@cache
def right() -> dict[str, Inputs]:
    """Tables of real runs, whole and in parts, whose numbers mean what they say."""
    found: dict[str, Inputs] = {}
    for world in WORLDS:
        found |= _world(world)
    folder = CASE_STUDIES / "datacomp_medium"
    sets, levels = (pd.read_csv(folder / f"{name}.csv") for name in ("composition", "levels"))
    demo = Inputs(pd.read_csv(folder / "runs.csv"), sets)
    found["demo"], found["demo, levels"] = demo, replace(demo, levels=levels)
    folder = CASE_STUDIES / "held_out" / "data"
    runs, sets = (pd.read_csv(folder / f"datacomp_{name}.csv") for name in ("runs", "composition"))
    for metric, table in runs.groupby("metric"):
        found[f"DataComp {metric}"] = Inputs(table, sets)
        found |= _groups(f"DataComp {metric}", Inputs(table, sets))
    language = Inputs(pd.read_csv(folder / "language_models.csv"), kind="loss")
    cherti = Inputs(pd.read_csv(CASE_STUDIES / "cherti" / "runs.csv"))
    found |= {"language models": language, "Cherti": cherti}
    found |= _groups("language models", language) | _groups("Cherti", cherti)
    for name in ("demo", "DataComp imagenet", "DataComp average-38", "language models", "Cherti"):
        found[f"{name}, smaller half"] = _half(found[name])
    for name in ("DataComp imagenet", "language models", "Cherti"):
        found[f"{name}, larger half"] = _half(found[name], larger=True)
    return found


def _world(world: str) -> dict[str, Inputs]:
    """A world of mini_clip: whole, its smaller and larger budgets, its pools, its proxies."""
    folder = CASE_STUDIES / "mini_clip" / "worlds" / world
    kind = "loss" if world == "language" else "error"
    runs, sets = (pd.read_csv(folder / f"{name}.csv") for name in ("runs", "composition"))
    whole = Inputs(runs, sets, kind)
    found = {
        world: whole,
        f"{world}, smaller half": _half(whole),
        f"{world}, larger half": _half(whole, larger=True),
        f"{world}, pools": replace(whole, runs=runs[runs["data"].isin(list("ABCD"))]),
    }
    if (folder / "proxy.csv").exists():
        runs, sets = (pd.read_csv(folder / f"proxy{name}.csv") for name in ("", "_composition"))
        found[f"{world}, proxies"] = Inputs(runs, sets, kind)
    return found


def _groups(name: str, inputs: Inputs) -> dict[str, Inputs]:
    """The part of each group."""
    parts = inputs.runs.groupby("group")
    return {f"{name}, {group}": replace(inputs, runs=part) for group, part in parts}


def _half(inputs: Inputs, larger: bool = False) -> Inputs:
    """The runs at the smaller half of the budgets, or at the larger."""
    seen = inputs.runs["samples_seen"]
    middle = np.median(seen.unique())
    return replace(inputs, runs=inputs.runs[(seen > middle) if larger else (seen <= middle)])


def planted(seed: int) -> Planted:
    """A table with a misunderstanding; kinds take turns, all else is drawn."""
    rng = np.random.default_rng(seed)
    kind = list(KINDS)[seed % len(KINDS)]
    bases = {name: x for name, x in right().items() if kind in LOSSES_ONLY or x.kind == "error"}
    if kind in LOSSES_ONLY:
        bases = {name: x for name, x in bases.items() if x.kind == "loss"}
    if kind in MILLIONS_ONLY:  # thousands of a small world are samples of a smaller one
        bases = {name: x for name, x in bases.items() if x.runs["samples_seen"].min() > 1e7}
    if kind == "worst first":  # each pool was trained alone
        bases = {name: x for name, x in bases.items() if name.removesuffix(", pools") in WORLDS}
    bases = {name: x for name, x in bases.items() if _decides(x)}
    base = str(rng.choice(list(bases)))
    return Planted(kind, base, KINDS[kind](_alone(bases[base]), rng))


def _decides(inputs: Inputs) -> bool:
    """Whether there are several training sets or budgets, without which nothing is decided."""
    return len(inputs.runs[["samples_seen"]].drop_duplicates()) > 1 and len(inputs.runs) > 3


def _alone(inputs: Inputs) -> Inputs:
    """The same with the columns that people have: no evaluation set, no rounding."""
    kept = ["run", "data", "pool", "group", "unique_samples", "samples_seen", "error", "seed"]
    runs = inputs.runs
    return replace(inputs, runs=runs[[name for name in kept if name in runs]])


def _scaled(inputs: Inputs, unique: float = 1.0, seen: float = 1.0, digits: int = 4) -> Inputs:
    """Counts in other units, with some digits."""

    def rounded(count: pd.Series) -> pd.Series:
        return count.map(lambda x: float(f"{x:.{digits - 1}e}"))

    def of_sets(table: pd.DataFrame | None) -> pd.DataFrame | None:
        if table is None or "unique_samples" not in table:
            return table
        return table.assign(unique_samples=rounded(table["unique_samples"] * unique).clip(lower=1))

    runs = of_sets(inputs.runs)
    assert runs is not None
    runs = runs.assign(samples_seen=rounded(runs["samples_seen"] * seen).clip(lower=1))
    return replace(inputs, runs=runs, composition=of_sets(inputs.composition))


def _some_documents(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """Some pools in documents: of one half of them, or of one."""
    table = inputs.runs if inputs.composition is None else inputs.composition
    pools = table["pool"].unique()
    few = rng.permutation(pools)[: max(1, len(pools) // 2)]
    factor = np.where(table["pool"].isin(few), 1 / rng.uniform(500, 2000), 1.0)
    counted = table.assign(unique_samples=(table["unique_samples"] * factor).round().clip(lower=1))
    if inputs.composition is None:
        return replace(inputs, runs=counted)
    return replace(inputs, composition=counted)


def _accuracies(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """One minus the errors."""
    return replace(inputs, runs=inputs.runs.assign(error=1 - inputs.runs["error"]))


def _some_accuracies(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """One minus the errors of half of the training sets, which came from another table."""
    runs = _sets_in_runs(inputs)
    sets = runs["pool"].unique()
    few = runs["pool"].isin(rng.permutation(sets)[: max(1, len(sets) // 2)])
    error = inputs.runs["error"].where(~few.to_numpy(), 1 - inputs.runs["error"])
    return replace(inputs, runs=inputs.runs.assign(error=error))


def _per_cent(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """Accuracies in per cent, read as losses since error rates would refuse them."""
    return replace(
        inputs, runs=inputs.runs.assign(error=100 * (1 - inputs.runs["error"])), kind="loss"
    )


def _perplexities(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """The exponential of the losses."""
    return replace(inputs, runs=inputs.runs.assign(error=np.exp(inputs.runs["error"])))


def _swapped(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """Samples seen and unique samples, each under the name of the other."""
    runs = _sets_in_runs(inputs)
    both = {"samples_seen": runs["unique_samples"], "unique_samples": runs["samples_seen"]}
    runs = runs.assign(**both, run=[f"run {i}" for i in range(len(runs))])
    return replace(inputs, runs=runs, composition=None)


def _sets_in_runs(inputs: Inputs) -> pd.DataFrame:
    """Runs with the size of their training set beside them, which is called a pool."""
    runs = inputs.runs
    if inputs.composition is not None:
        sizes = inputs.composition.groupby("data")["unique_samples"].sum()
        runs = runs.assign(pool=runs["data"], unique_samples=runs["data"].map(sizes))
        runs = runs.drop(columns="data")
    return runs


def _worst_first(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """Levels that join the pools in the order of their errors, worst first."""
    runs = _sets_in_runs(inputs)
    table = runs if inputs.composition is None else inputs.composition
    sizes = table.groupby("pool")["unique_samples"].max()
    # at the least budget, where no pool is repeated
    error = runs[runs["samples_seen"] == runs["samples_seen"].min()].groupby("pool")["error"]
    error = error.mean().reindex(sizes.index)
    order = error.sort_values(ascending=False).index
    rows = [
        {"data": f"top {i + 1}", "pool": pool, "unique_samples": sizes[pool]}
        for i in range(len(order))
        for pool in order[: i + 1]
    ]
    return replace(inputs, levels=pd.DataFrame(rows))


def _real_pools(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """Sizes of the whole pools, of which a tenth or less was trained."""
    table = inputs.runs if inputs.composition is None else inputs.composition
    sizes = table.groupby("pool")["unique_samples"].max() * rng.choice([10, 20, 50, 100])
    return replace(inputs, pools=sizes.reset_index())


def _real_levels(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """Levels of the whole pools."""
    runs = _sets_in_runs(inputs)
    table = runs.assign(data=runs["pool"]) if inputs.composition is None else inputs.composition
    table = table[["data", "pool", "unique_samples"]].drop_duplicates()
    factor = rng.choice([10, 20, 50, 100])
    return replace(inputs, levels=table.assign(unique_samples=table["unique_samples"] * factor))


def _sweep(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """Several settings of each run, of which the best is that run."""
    settings, spread = int(rng.integers(3, 6)), rng.uniform(0.1, 0.3)
    runs = inputs.runs.drop(columns=["run", "seed"], errors="ignore")
    runs = runs.groupby([x for x in runs if x != "error"], as_index=False).mean()
    runs = runs.loc[runs.index.repeat(settings)].reset_index(drop=True)
    worse = np.exp(spread * abs(rng.standard_normal(len(runs))))
    worse[::settings] = 1.0
    error = runs["error"] * worse
    error = error.clip(upper=0.999) if inputs.kind == "error" else error
    return replace(inputs, runs=runs.assign(error=error, run=[f"run {i}" for i in runs.index]))


def _checkpoints(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """Every run passes an eighth (...) of its own samples for an epoch, which is a checkpoint."""
    runs = _sets_in_runs(inputs)
    count = int(rng.choice([8, 16, 32]))
    runs = runs.assign(unique_samples=runs["samples_seen"] / count)
    runs = runs.assign(run=[f"run {i}" for i in range(len(runs))])
    return replace(inputs, runs=runs, composition=None)


def _sixteenths(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """Every training set by the number of samples between two checkpoints."""
    return _scaled(inputs, unique=1 / rng.choice([16, 32, 64]), digits=12)


def _capitals(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """Some rows of a training set with its name in capitals, or with a space."""
    runs = _sets_in_runs(inputs)
    count = runs["pool"].value_counts()
    name = rng.choice(sorted(count.index[count > 1]))
    other = name.swapcase() if name.swapcase() != name else name.replace("-", " -")
    other = other if other != name else f"{name[:1]} {name[1:]}"
    here = (runs["pool"] == name) & (runs.groupby("pool").cumcount() == 0)
    return replace(
        inputs, runs=runs.assign(pool=runs["pool"].where(~here, other)), composition=None
    )


KINDS: dict[str, Callable[[Inputs, np.random.Generator], Inputs]] = {
    "accuracies": _accuracies,
    "some accuracies": _some_accuracies,
    "accuracies in per cent": _per_cent,
    "perplexities": _perplexities,
    "millions": lambda inputs, rng: _scaled(inputs, 1e-6, 1e-6),
    "budgets in millions": lambda inputs, rng: _scaled(inputs, seen=1e-6),
    "sizes in millions": lambda inputs, rng: _scaled(inputs, unique=1e-6),
    "steps": lambda inputs, rng: _scaled(inputs, seen=1 / rng.choice([4096, 8192, 32768])),
    "documents": lambda inputs, rng: _scaled(inputs, unique=1 / rng.uniform(500, 2000), digits=12),
    "some in documents": _some_documents,
    "swapped columns": _swapped,
    "worst first": _worst_first,
    "real pools": _real_pools,
    "real levels": _real_levels,
    "sweep": _sweep,
    "checkpoints": _checkpoints,
    "sixteenths": _sixteenths,
    "capitals": _capitals,
}
"""What is planted, by its name."""
LOSSES_ONLY = {"perplexities", "documents", "some in documents"}
"""Kinds that are of language models."""
MILLIONS_ONLY = {"millions", "budgets in millions", "sizes in millions", "steps"}
"""Kinds that are of web crawls."""
