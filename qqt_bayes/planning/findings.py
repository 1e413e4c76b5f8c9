"""The findings as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.laws.law import LAWS
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.noise import checkpoints
from qqt_bayes.model.spec import Spec
from qqt_bayes.phrases import format_samples, joined, named, span
from qqt_bayes.planning.design import (
    inseparable,
    largest_rise,
    single_budget_groups,
    sizes_differ,
)
from qqt_bayes.planning.information import Information
from qqt_bayes.posterior.prior_sensitivity import DOMINATED
from qqt_bayes.tables.budgets import is_one_budget

FACTORS = (1.0, 2.0, 10.0)
"""Budgets, in units of the largest, at which the error is foretold."""
COMMON = 'common = { distribution = "Beta", alpha = 2.0, beta = 2.0 }'
"""What a model can say of checkpoints: about half, and anything from next to nothing to all."""
RISE = 0.01
"""How far errors rise with the budget, relative to themselves, before it is worth a sentence."""
DECADE = 10.0
"""Factor between the budgets below which floor and scale are hardly told apart."""


UNKNOWN = {
    "unknown": "How much these runs can teach is not quantified: hardly any draw of the prior "
    "gives errors that a table may hold at these budgets, the table is very large, or the model "
    "fixes every parameter of its law."
}


def _facts(spec: Spec, runs: xr.Dataset, epochs: pd.Series) -> Iterator[tuple[str, str]]:
    """What budgets and compositions rule out, whatever the noise."""
    least, most = epochs.idxmin(), epochs.idxmax()
    yield (
        "repetition",
        f"Pools are seen for at most {_epochs(epochs[least])} ({least}) to {epochs[most]:.3g} "
        f"({most})."
        if not np.isclose(epochs[least], epochs[most])
        else f"Each pool is seen for at most {_epochs(epochs[most])}.",
    )
    random = {name for name, value in spec.parameters.items() if isinstance(value, Prior)}
    yield from _about_budgets(runs, {"a", "d"} <= random)
    yield from _about_checkpoints(spec, runs)
    yield from _about_rises(spec, runs)
    if "tau" in random:
        yield from _about_repetition(spec, runs, epochs, "size_exponent" in random)
    for number, pools in enumerate(inseparable(runs), 1):
        yield (
            f"inseparable pools {number}",
            f"The runs never separate {joined(pools)}: their utilities (b) appear in fixed "
            "combinations only, and the prior alone tells one from another.",
        )


def _about_budgets(runs: xr.Dataset, trade: bool) -> Iterator[tuple[str, str]]:
    """What few budgets leave open; `trade` if floor and scale are both random."""
    seen, alone = runs["samples_seen"].values, single_budget_groups(runs)
    if is_one_budget(seen):
        yield (
            "one budget",
            f"All runs are at one budget ({span(np.sort(seen))}): errors at other budgets are "
            "not identified; a fit takes them from its prior and its law.",
        )
        return
    if trade and seen.max() < DECADE * seen.min():
        yield (
            "narrow budgets",
            f"Budgets span a factor of {seen.max() / seen.min():.2g}, less than ten: floor (d) and "
            "scale (a) trade against each other, and errors at larger budgets with them.",
        )
    if len(alone) == runs.sizes["group"] > 1:
        yield (
            "groups at one budget",
            "Each group has one budget: budget and group cannot be told apart, and how error falls "
            "is taken from the prior and from what the groups share.",
        )
    elif alone:
        yield (
            "groups at one budget",
            f"All runs of {joined(alone)} are at one budget{' each' if alone[1:] else ''}: how "
            "error falls is taken from other groups and the prior.",
        )


def _epochs(count: float) -> str:
    return f"{(shown := f'{count:.3g}')} epoch{'s' * (shown != '1')}"


def _about_checkpoints(spec: Spec, runs: xr.Dataset) -> Iterator[tuple[str, str]]:
    """What runs of one training have in common, and what they hide."""
    index, names = checkpoints(runs)
    shared = spec.likelihood.parameters.get("common")
    learned = isinstance(shared, Prior)
    if not names:
        if learned:
            yield (
                "no checkpoints",
                "No two runs are of one training: what such runs have in common (common) will be "
                "what the prior says.",
            )
        return
    count = f"{np.count_nonzero(index >= 0)} runs are checkpoints of {len(names)} training"
    yield (
        "checkpoints",
        f"{count}{'s' * (len(names) > 1)}: their errors lie above or below the curve together. "
        + (
            f"Model {spec.name} learns how much of their noise they share (common)."
            if learned
            else f"Model {spec.name} takes a share of {shared:g} of their noise as common."
            if shared is not None
            else f"Model {spec.name} takes them as independent, so it is surer of how high a curve "
            f"lies than it should be; a copy of it with the line `{COMMON}` under [likelihood] "
            "would learn what they share."
        ),
    )
    yield (
        "schedule",
        "A checkpoint inside a learning-rate schedule has a higher error than a run that was "
        "trained to its budget, and hides what repetition costs: keep those that end a schedule, "
        "or whose learning rate is constant.",
    )


def _about_rises(spec: Spec, runs: xr.Dataset) -> Iterator[tuple[str, str]]:
    """Where errors rise, if the law cannot."""
    rise = largest_rise(runs)
    if "kappa" in LAWS[spec.law].parameters or rise.empty:
        return
    least, most = rise.itertuples(index=False)
    if most.error > (1 + RISE) * least.error:
        yield (
            "rise",
            f"The error of {least.data}{f' ({least.group})' * (runs.sizes['group'] > 1)} rises "
            f"from {least.error:.3g} at {format_samples(least.samples_seen)} to {most.error:.3g} "
            f"at {format_samples(most.samples_seen)}: by chance, or by too much repetition, which "
            "only the law of model utility-overfit follows (qqt compare tells).",
        )


def _about_repetition(
    spec: Spec, runs: xr.Dataset, epochs: pd.Series, size_is_open: bool
) -> Iterator[tuple[str, str]]:
    once = epochs.index[epochs <= 1].tolist()
    tau = spec.parameters["tau"]
    by_pool = isinstance(tau, Prior) and "pool" in tau.over
    if len(once) == epochs.size:
        yield (
            "no repetition",
            "No run goes beyond one epoch: half-lives (tau) will be what the prior says.",
        )
    elif once and by_pool:
        yield (
            "pools not repeated",
            f"No run repeats {joined(once)}: the half-life there is the prior's or other pools'.",
        )
    if size_is_open and not sizes_differ(runs, by_pool, spec.size_reference):
        yield (
            "one size",
            "No half-life is seen in repeated training sets of different sizes: size_exponent will "
            "be what the prior says.",
        )


def _surprise(told: Information, spec: Spec, runs: xr.Dataset) -> Iterator[tuple[str, str]]:
    """Where the errors are not those that the priors expect."""
    error = runs["error"].values
    low, high = told.expected
    off = np.maximum(low - error, error - high)
    if np.mean(off > 0) > 1 / 2:
        worst = int(off.argmax())
        yield (
            "unexpected errors",
            f"The priors of model {spec.name} do not expect such errors: {np.sum(off > 0)} of "
            f"{off.size} runs are outside their 90 % intervals (the noise aside), "
            f"{runs['run'].values[worst]} most, with {error[worst]:.3g} instead of "
            f"{low[worst]:.3g} to {high[worst]:.3g}. What follows is of tables that they expect: "
            "take a model that is made for yours, or a copy of this one with other priors.",
        )


def _quantified(
    told: Information, open_ridges: list[dict[str, Any]], data: str, largest: float, alone: bool
) -> Iterator[tuple[str, str]]:
    """What the expected information says."""
    weak = told.contraction < DOMINATED
    if weak.any():
        names = named(
            [scalar for scalar, is_weak in zip(told.scalars, weak, strict=True) if is_weak]
        )
        yield (
            "prior-dominated",
            f"Left to the prior: {names} (expected to narrow by a tenth at most, if "
            "they are where it has them).",
        )
    for ridge in open_ridges[:1]:
        yield (
            "ridge",
            f"{joined(ridge['parameters'])} trade against each other: {ridge['left']:.2g} prior "
            "standard deviations along that line are expected to stay open.",
        )
    if alone:  # what is not identified has no precision
        return
    now, *later = told.posterior_sd
    words = [f"{x:.2g} at {f:g} times that" for x, f in zip(later, FACTORS[1:], strict=True)]
    yield (
        "forecast",
        f"If law and priors hold, the error of {data} will be known to {now:.2g} (standard "
        f"deviation) at {format_samples(largest)}, {joined(words)}; decisions add what the law may "
        "miss.",
    )
