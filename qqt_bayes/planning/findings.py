"""What a design can and cannot teach, as ids with their subjects and numbers.

`qqt_bayes.report.identifiability_text` makes a sentence of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.laws.law import LAWS
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.noise import checkpoints
from qqt_bayes.model.spec import Spec
from qqt_bayes.planning.design import (
    inseparable,
    largest_rise,
    single_budget_groups,
    sizes_differ,
)
from qqt_bayes.planning.information import Information, Ridge
from qqt_bayes.posterior.prior_sensitivity import LEAST_CONTRACTION
from qqt_bayes.tables.budgets import is_one_budget

FORECAST_BUDGETS = (1.0, 2.0, 10.0)
"""Budgets, in units of the largest, at which the error is forecast."""
LEAST_RISE = 0.01
"""How far errors rise with the budget, relative to themselves, before it is worth saying."""
LEAST_SPAN = 10.0
"""Factor between the budgets below which floor and scale are hardly told apart."""
MOST_UNEXPECTED = 0.5
"""Share of runs outside the intervals of their priors above which the priors are questioned."""
REPEATED = {"tau", "R"}
"""Parameters that say how often data can be repeated: half-lives, and repeat limits."""

FINDINGS = {
    "repetition": "how often pools are seen at most: `least` and `most` epochs; of the pools where",
    "one_budget": "all runs are at one budget, within `least` and `most` samples",
    "narrow_budgets": "the largest budget is `factor` times the least, below the `bar`",
    "groups_at_one_budget": "of groups with one budget each; `all_groups`, whether that is all",
    "checkpoints": "`runs` are checkpoints of `trainings`; what the model makes of the noise that "
    "they share: `common`, a number, or null where it is learned (`learned`) or not known",
    "no_checkpoints": "the model would learn what checkpoints share, but there are none",
    "schedule": "checkpoints inside a learning-rate schedule hide what repetition costs",
    "rise": "of a training set (and group): its error rises from `least` at `least_at` samples to "
    "`most` at `most_at`, by more than the `bar` relative to itself",
    "no_repetition": "no run goes beyond one epoch; `most`, the most epochs of any; `half_lives`, "
    "whether the model has some",
    "pools_not_repeated": "of pools that no run repeats",
    "one_size": "no half-life is seen in repeated training sets of different sizes",
    "inseparable_pools": "of pools that runs never separate",
    "unexpected_errors": "of the run that is farthest off: `outside` of `runs` are outside their "
    "90 % intervals, it with `error` instead of `lower` to `upper`",
    "prior_dominated": "`scalars` (parameter; group and pool) whose contraction is below the `bar`",
    "ridge": "`sides` (each of scalars) that trade: `left` prior standard deviations stay open",
    "forecast": "of a training set: the standard deviations `sd` of its error at `budgets`",
    "unknown": "how much the runs can teach is not quantified",
}
"""Every finding by its id, which is never renamed, with its subjects and numbers."""


@dataclass(frozen=True)
class Finding:
    """One thing that a design can or cannot teach.

    Attributes
    ----------
    id : str
        One of `FINDINGS`.
    of : tuple of str
        The pools, groups, training sets or runs that it is about.
    values : dict
        Its numbers by name, see `FINDINGS`; `bar` where there is one.
    """

    id: str
    of: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)


def facts(spec: Spec, runs: xr.Dataset, epochs: pd.Series) -> Iterator[Finding]:
    """What budgets and compositions rule out, whatever the noise.

    Parameters
    ----------
    spec : Spec
    runs : Dataset
        As `read_runs` returns it.
    epochs : Series
        As `most_epochs` returns it.
    """
    ends = str(epochs.idxmin()), str(epochs.idxmax())
    least, most = (float(epochs[end]) for end in ends)
    yield Finding("repetition", ends, {"least": least, "most": most})
    random = {name for name, value in spec.parameters.items() if isinstance(value, Prior)}
    yield from _about_budgets(runs, {"a", "d"} <= random or {"height", "floor"} <= random)
    yield from _about_checkpoints(spec, runs)
    yield from _about_rises(spec, runs)
    if most <= 1 and random & REPEATED:
        yield Finding("no_repetition", values={"most": most, "half_lives": "tau" in random})
    if "tau" in random:
        yield from _about_repetition(spec, runs, epochs, "size_exponent" in random)
    for pools in inseparable(runs):
        yield Finding("inseparable_pools", tuple(pools))


def _about_budgets(runs: xr.Dataset, trade: bool) -> Iterator[Finding]:
    """What few budgets leave open; `trade` if floor and scale are both random."""
    seen, alone = runs["samples_seen"].values, single_budget_groups(runs)
    least, most = float(seen.min()), float(seen.max())
    if is_one_budget(seen):
        yield Finding("one_budget", values={"least": least, "most": most})
        return
    if trade and most < LEAST_SPAN * least:
        yield Finding("narrow_budgets", values={"factor": most / least, "bar": LEAST_SPAN})
    if alone:
        every = len(alone) == runs.sizes["group"] > 1
        yield Finding("groups_at_one_budget", tuple(alone), {"all_groups": every})


def _about_checkpoints(spec: Spec, runs: xr.Dataset) -> Iterator[Finding]:
    """What runs of one training have in common, and what they hide."""
    index, names = checkpoints(runs)
    shared = spec.likelihood.parameters.get("common")
    learned, common = (True, None) if isinstance(shared, Prior) else (False, shared)
    if not names:
        if learned:
            yield Finding("no_checkpoints")
        return
    count = {"runs": int(np.count_nonzero(index >= 0)), "trainings": len(names)}
    yield Finding("checkpoints", values={**count, "common": common, "learned": learned})
    yield Finding("schedule")


def _about_rises(spec: Spec, runs: xr.Dataset) -> Iterator[Finding]:
    """Training sets whose errors rise with the budget, under a law that cannot rise."""
    rise = largest_rise(runs)
    if "kappa" in LAWS[spec.law].parameters or rise.empty:
        return
    least, most = rise.itertuples(index=False)
    if most.error > (1 + LEAST_RISE) * least.error:
        of = (str(least.data), str(least.group)) if runs.sizes["group"] > 1 else (str(least.data),)
        values = {
            "least": float(least.error),
            "least_at": float(least.samples_seen),
            "most": float(most.error),
            "most_at": float(most.samples_seen),
        }
        yield Finding("rise", of, values | {"bar": LEAST_RISE})


def _about_repetition(
    spec: Spec, runs: xr.Dataset, epochs: pd.Series, size_is_open: bool
) -> Iterator[Finding]:
    """The pools whose runs cannot tell a half-life, and runs that cannot tell the size exponent."""
    once = epochs.index[epochs <= 1].tolist()
    tau = spec.parameters["tau"]
    by_pool = isinstance(tau, Prior) and "pool" in tau.over
    if once and by_pool and len(once) < epochs.size:
        yield Finding("pools_not_repeated", tuple(once))
    if size_is_open and not sizes_differ(runs, by_pool, spec.size_reference):
        yield Finding("one_size")


def surprises(information: Information, runs: xr.Dataset) -> Iterator[Finding]:
    """Runs whose errors are not among those that the priors expect."""
    error = runs["error"].values
    low, high = information.expected
    off = np.maximum(low - error, error - high)
    if np.mean(off > 0) > MOST_UNEXPECTED:
        worst = int(off.argmax())
        values = {
            "outside": int(np.sum(off > 0)),
            "runs": off.size,
            "error": float(error[worst]),
            "lower": float(low[worst]),
            "upper": float(high[worst]),
        }
        of = (str(runs["run"].values[worst]),)
        yield Finding("unexpected_errors", of, values | {"bar": MOST_UNEXPECTED})


def quantified(
    information: Information, ridges: list[Ridge], data: str, budgets: list[float]
) -> Iterator[Finding]:
    """What the expected information says.

    Parameters
    ----------
    information : Information
    ridges : list of Ridge
        Directions that stay open, the widest first.
    data : str
        The training set whose error is forecast.
    budgets : list of float
        Where; empty if errors at other budgets are not identified, and so have no precision.
    """
    for ridge in ridges[:1]:  # more than one confuses more than it helps
        yield Finding("ridge", values={"sides": ridge.sides, "left": ridge.left})
    if budgets:
        sd = information.posterior_sd.tolist()
        yield Finding("forecast", (data,), {"budgets": budgets, "sd": sd})
    weak = information.contraction < LEAST_CONTRACTION
    if weak.any():  # last, as it may list many parameters
        both = zip(information.scalars, weak, strict=True)
        scalars = [scalar for scalar, is_weak in both if is_weak]
        yield Finding("prior_dominated", values={"scalars": scalars, "bar": LEAST_CONTRACTION})
