"""Whether the numbers of a table mean what they are taken for: what to ask before an answer.

Accuracies are legal error rates, numbers of millions legal samples, and a fit of them may pass its
gate.  Each function here asks one question; nothing is refused or mended.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from qqt_bayes.planning.accuracies import SCATTER, accuracies
from qqt_bayes.planning.question import Question
from qqt_bayes.planning.targets import questions_of_pools, questions_of_targets
from qqt_bayes.posterior.levels import Levels, as_budgets, as_levels
from qqt_bayes.tables.budgets import EXPONENT, is_one_budget
from qqt_bayes.tables.intake.columns import COMPOSITION
from qqt_bayes.tables.intake.headers import power_of
from qqt_bayes.tables.runs import require_runs

MOST_LOSS = 20.0
"""Nats above which no loss is one per token: guessing among a vocabulary of 250,000 costs 12.5, and
an untrained model somewhat more."""
GUESSING = 12.5
"""Nats that guessing costs: half of the runs were trained beyond that, if these are losses."""
LEAST_SET, LARGE_SET = 256, 1e4
"""Unique samples: a training set below the first is smaller than a usual batch, and pools that are
filtered by quality hold more than the second, at least where they are joined."""
BATCH = 256
"""What the counts of small experiments are multiples of; numbers of millions are hardly ever."""
MOST_EPOCHS = 2000.0
"""Epochs: published studies of repetition end at 1,740."""
MANY_EPOCHS = 16.0
"""Epochs from which on a repetition teaches little about the data: where every run of several
training sets is beyond, nobody could see which of them are good."""
FEW_EPOCHS = 1e-3
"""Epochs of a run far below which repetition plays no part, and no law holds."""
LEAST_PASSED = 0.01
"""The same of the run that sees most of its data."""
NAME_FACTOR = 4.0
"""How far a size may be from the one in a name: a crawl shrinks by half before it is used."""
SIZE_IN_NAME = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)([KMBT])(?![a-z\d])", re.IGNORECASE)
TOP = re.compile(r"(?<![a-z])(top|best|first|upper)[\s_-]*(\d+(?:\.\d+)?)(?![\d.])", re.IGNORECASE)
"""What a name has that is a share from the best downwards: the next larger one holds it."""
STATED_FACTOR = 1.5
"""How far epochs may be from those that a column states: batches that are not whole and samples
that could not be downloaded make less of a difference, a wrong unit or training set more."""
UNIT_GAP = 300.0
"""Factor between neighbouring sizes: a document has 500 to 2,000 tokens, and its sizes vary; pools
of one table, which are compared, lie within a factor of ten of the next."""


def questions(
    runs: xr.Dataset, *, budgets: ArrayLike | str | None = None, levels: Levels | None = None
) -> tuple[Question, ...]:
    """Whether the numbers of a table of runs mean what they are taken for, as ids and numbers.

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it.
    budgets : number, array_like or str, optional
        Samples seen at which to decide.
    levels : DataArray, path or DataFrame, optional
        What to decide between, see `read_composition`.

    Returns
    -------
    tuple of Question
        Empty where nothing is doubtful.

    Raises
    ------
    InputError
        If `runs` is no table of runs, or a budget or level is none.

    Examples
    --------
    >>> from qqt_bayes.tables.runs import read_runs
    >>> table = pd.DataFrame({"pool": ["a", "a"], "unique_samples": 12.8, "error": [0.7, 0.6],
    ...                       "samples_seen": [128, 1280]})
    >>> questions(read_runs(table))
    (Question(id='millions', of=('unique_samples',), values={'least': 12.8, 'most': 12.8}),)
    """
    require_runs(runs)
    samples = None if budgets is None else as_budgets(budgets)
    if levels is not None:
        levels = as_levels(levels, runs["pool"].values.tolist(), known="the runs")
    table = _as_table(runs)
    return (
        *accuracies(runs, table),
        *_perplexities(runs),
        *_millions(runs),
        *_epochs(table),
        *_checkpoints(table),
        *_units(table),
        *_swapped(runs, table),
        *_sweep(table),
        *_case(runs),
        *_overlap(runs),
        *_stated(runs),
        *questions_of_pools(runs),
        *questions_of_targets(runs, samples, levels),
    )


def _as_table(runs: xr.Dataset) -> pd.DataFrame:
    """A row for each run: its training set, group, budget, error, unique samples, epochs, seed."""
    data, seen = runs["data_index"].values, runs["samples_seen"].values
    unique = runs["unique_samples"].sum("pool").values[data]
    return pd.DataFrame(
        {
            "run": runs["run"].values,
            "data": runs["data"].values[data],
            "group": runs["group"].values[runs["group_index"].values],
            "samples_seen": seen,
            "error": runs["error"].values,
            "unique": unique,
            "epochs": seen / unique,
            "seed": runs["seed"].values,
        }
    )


def _perplexities(runs: xr.Dataset) -> Iterator[Question]:
    """Whether losses are larger than a loss per token can be."""
    error = runs["error"].values
    if runs.attrs["kind"] == "loss" and (error.max() > MOST_LOSS or np.median(error) > GUESSING):
        ends = {"least": float(error.min()), "most": float(error.max())}
        yield Question("perplexities", (), {**ends, "bar": MOST_LOSS})


def _millions(runs: xr.Dataset) -> Iterator[Question]:
    """Whether training sets are so small, or so broken, that samples were counted in millions."""
    unique = runs["unique_samples"].sum("pool").values
    seen = runs["samples_seen"].values
    counts = np.concatenate([unique, seen])
    broken = (counts % 1 > 0) & (counts < LARGE_SET)  # shares of larger counts may be broken, too
    small = unique.max() < LARGE_SET and (counts % BATCH > 0).any()
    if counts.min() < LEAST_SET or small or broken.any():
        of_sets = unique.min() <= LARGE_SET
        column, count = ("unique_samples", unique) if of_sets else ("samples_seen", seen)
        ends = {"least": float(count.min()), "most": float(count.max())}
        yield Question("millions", (column,), ends | _power_in_name(runs, column))


def _power_in_name(runs: xr.Dataset, column: str) -> dict[str, float]:
    """The power of ten that the name of a mapped column says, if it says one."""
    named = json.loads(runs.attrs.get("columns", "{}"))
    name = named.get(column) or named.get(f"{COMPOSITION}{column}") or ""
    return {"power": float(power)} if (power := power_of(name)) else {}


def _epochs(table: pd.DataFrame) -> Iterator[Question]:
    """Whether data are repeated more often than anybody would."""
    least, most = float(table["epochs"].min()), float(table["epochs"].max())
    several = table["data"].nunique() > 1
    if most > MOST_EPOCHS or (several and least > MANY_EPOCHS):
        bar = MOST_EPOCHS if most > MOST_EPOCHS else MANY_EPOCHS
        yield Question("epochs", (), {"least": least, "most": most, "bar": bar})


def _checkpoints(table: pd.DataFrame) -> Iterator[Question]:
    """Whether what is called an epoch is the way from one checkpoint to the next."""
    most = table.groupby("data", sort=False)[["unique", "epochs"]].max().reset_index()
    far = {
        (name, unique, epochs): named
        for name, unique, epochs in most.itertuples(index=False, name=None)
        if epochs > MANY_EPOCHS and (named := _least_size(name)) > NAME_FACTOR * unique
    }
    if far:  # the one that is repeated most goes first, and the numbers are of it
        first, *others = sorted(far, key=lambda each: -each[2])
        values = {"named": far[first], "unique": first[1], "epochs": first[2]}
        yield Question("checkpoints", (first[0], *(name for name, *_ in others)), values)
    epochs = table["epochs"]
    same = bool(np.ptp(epochs) < 1e-6 * epochs.max())
    whole = abs(epochs.mean() - round(epochs.mean())) < 1e-6 * epochs.max()
    # one pass of fresh data at every budget is a design; eight passes at each are a schedule
    if same and whole and epochs.mean() > 1.5 and not is_one_budget(table["samples_seen"].values):
        yield Question("checkpoints", (), {"epochs": float(epochs.mean())})


def _least_size(name: str) -> float:
    """The least number of samples that a name holds; 0 if it holds none.

    Examples
    --------
    >>> _least_size("LAION-2B"), _least_size("top 10%"), _least_size("2B of 400M")
    (2000000000.0, 0.0, 400000000.0)
    """
    found = SIZE_IN_NAME.findall(name)
    return min((float(x) * 10 ** EXPONENT[unit.upper()] for x, unit in found), default=0.0)


def _units(table: pd.DataFrame) -> Iterator[Question]:
    """Whether some sizes, or all, are in another unit than the rest."""
    unique = table.groupby("data")["unique"].first().sort_values()
    factor = (unique / unique.shift()).fillna(1.0)
    if factor.max() > UNIT_GAP:
        place = int(factor.argmax())
        both = (str(unique.index[place]), str(unique.index[place - 1]))
        yield Question("units", both, {"factor": float(factor.max()), "bar": UNIT_GAP})
    epochs = table["epochs"]
    if epochs.min() < FEW_EPOCHS or epochs.max() < LEAST_PASSED:
        run = str(table["run"][epochs.idxmin()])
        yield Question("units", (run,), {"epochs": float(epochs.min()), "bar": FEW_EPOCHS})


def _swapped(runs: xr.Dataset, table: pd.DataFrame) -> Iterator[Question]:
    """Whether unique samples vary where samples seen do not, as no design would have it.

    One budget for all pools and parts of them is a design, unless most of the parts are not even
    seen once; a budget of its own for each pool, at which it has several sizes, is none.
    """
    taken = runs["unique_samples"].values > 0
    if (taken.sum(axis=1) > 1).any():
        return
    pool = runs["pool"].values[taken.argmax(axis=1)][runs["data_index"].values]
    counts = table.groupby([pool, "group"])[["samples_seen", "unique"]].nunique()
    several = counts[counts["unique"] > 1]
    planned = is_one_budget(table["samples_seen"].values) and table["epochs"].median() >= 1
    if (counts["samples_seen"] == 1).all() and not several.empty and not planned:
        names = dict.fromkeys(str(pool) for pool, _ in several.index)
        yield Question("swapped", tuple(names), {"epochs": float(table["epochs"].min())})


def _sweep(table: pd.DataFrame) -> Iterator[Question]:
    """Whether runs of one cell, but for those of seeds, differ by more than chance."""
    keys = ["data", "group", "samples_seen"]
    unseeded = table[table["seed"].isna() | table.duplicated([*keys, "seed"], keep=False)]
    cells = unseeded.groupby(keys)["error"].agg(["size", "std", "min", "max"])
    far = cells[cells["std"] > SCATTER]
    if not far.empty:
        (data, group, seen), size, sd, least, most = next(
            far.sort_values("std", ascending=False).itertuples(name=None)
        )
        values = {"cells": len(far), "runs": size, "sd": sd, "least": least, "most": most}
        of: tuple[str, ...] = (data, group) if table["group"].nunique() > 1 else (data,)
        numbers = {name: float(x) for name, x in values.items()}
        yield Question("sweep", of, {**numbers, "samples_seen": float(seen), "bar": SCATTER})


def _case(runs: xr.Dataset) -> Iterator[Question]:
    """Names of one kind that are the same but for capitals and spaces."""
    for kind in ("pool", "data", "group"):
        alike: dict[str, list[str]] = {}
        for name in runs[kind].values.tolist():
            alike.setdefault(re.sub(r"[\s_]+", "", name).casefold(), []).append(name)
        for names in alike.values():
            # of a run on one pool, the training set bears its name: asked once
            if len(names) > 1 and not (kind == "data" and set(names) <= set(runs["pool"].values)):
                yield Question("case", tuple(names))


def _overlap(runs: xr.Dataset) -> Iterator[Question]:
    """Pools that each hold the one before, by their names and sizes: one sample counts twice."""
    sizes = runs["unique_samples"].max("data").to_series()
    matches = [(TOP.findall(name), name) for name in sizes.index]
    shares = sorted((float(found[0][1]), name) for found, name in matches if len(found) == 1)
    names = [name for _, name in shares]
    apart = all(one < other for (one, _), (other, _) in pairwise(shares))
    if len(names) > 1 and apart and all(sizes[a] < sizes[b] for a, b in pairwise(names)):
        yield Question("overlap", tuple(names))


def _stated(runs: xr.Dataset) -> Iterator[Question]:
    """Whether a column that nobody asked for states other epochs than samples and sizes give."""
    for column, told in json.loads(runs.attrs.get("epochs_stated", "{}")).items():
        factor, stated = told["factor"], told["stated"]
        if max(factor, 1 / factor) > STATED_FACTOR:
            values = {"stated": stated, "epochs": stated * factor, "factor": factor}
            yield Question("stated", (column, told["run"]), {**values, "bar": STATED_FACTOR})
