"""What limits a decision, in sentences: the law, the distance from the data, the sizes of pools."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import xarray as xr

from qqt_bayes.decisions.rules import TIE
from qqt_bayes.decisions.trained import LEAST_PROBABILITY
from qqt_bayes.phrases import (
    at_most_per_cent,
    format_epochs,
    format_samples,
    joined,
    joined_ends,
    quoted,
    span,
)
from qqt_bayes.report.measures import measure, unit
from qqt_bayes.report.shares_text import is_of_shares
from qqt_bayes.tables.budgets import is_one_budget
from qqt_bayes.tables.rows import HIGHEST

ONE_PASS = {False: 1.0, True: 0.1}
"""Epochs up to which no sample is seen twice; drawn with replacement, up to which hardly any is."""
LEAST_GAP = 3.0
"""Factor between trained budgets from which on interpolation is worth a sentence."""
MOST_NAMED = 3
"""Candidates that are named one by one."""
LEAST_MISFIT = 0.5
"""Share of the variance above which the law's misfit is worth a sentence."""


def _misfit(decision: xr.Dataset) -> Iterator[str]:
    """The budgets at which the law itself is more uncertain than its parameters."""
    if "misfit" not in decision:
        return
    lower, upper = (decision["error"].isel(quantile=i, drop=True) for i in (0, -1))
    matters = (decision["level"] == decision["choice"]) & (upper - lower > decision.attrs["margin"])
    share = decision["misfit"].where(matters).max("level").fillna(0).values
    if (most := share.max()) > LEAST_MISFIT:
        budget = format_samples(decision["budget"].values[share.argmax()])
        yield (
            f"At {budget} {unit(decision.attrs)} {100 * most:.0f} % of the variance of the "
            f"choice's {measure(decision.attrs)} is what the law itself may miss, as far as its "
            "fit to the runs and their distance tell."
        )


def _impossible(decision: xr.Dataset) -> Iterator[str]:
    """The budgets at which an interval of the choice reaches above 1, as no error rate can."""
    kind, upper = decision.attrs["kind"], decision["error"].isel(quantile=-1)
    beyond = (upper > HIGHEST[kind] + TIE) & (decision["level"] == decision["choice"])
    budgets = decision["budget"].values[beyond.any("level").values]
    if budgets.size:
        yield (
            f"At {span(budgets)} {unit(decision.attrs)} the interval reaches error rates above 1, "
            f"which cannot be: the law of {joined(decision.attrs['models'])} has no upper bound. "
            "A bounded one (utility-bounded) has."
        )


def _gaps(decision: xr.Dataset) -> Iterator[str]:
    """Which budgets lie between trained ones that are far apart."""
    wide = decision["gap"].values >= LEAST_GAP
    if wide.any():
        times = format_samples(decision["gap"].max().item(), 2)
        budgets = decision["budget"].values[wide]
        lie = "lies" if budgets.size == 1 else "lie"
        yield (
            f"{span(budgets)} {lie} between trained budgets that are {times} times apart: "
            "there the law interpolates."
        )


def _one_budget(decision: xr.Dataset) -> Iterator[str]:
    """A warning that all runs have one budget, where a decision is about another."""
    times = decision["extrapolation"].values
    least, most = (decision[name].item() for name in ("least_trained", "most_trained"))
    if is_one_budget(np.array([least, most])) and (times != 1).any():
        trained = joined_ends(format_samples(least), format_samples(most))
        yield (
            f"All its runs are at {trained} {unit(decision.attrs)}: how errors change with budget "
            "is what law and prior say, not the runs."
        )


def _extrapolations(decision: xr.Dataset) -> Iterator[str]:
    """Which budgets lie beyond, or below, all that was trained."""
    times = decision["extrapolation"].values
    for outside, word, limit, furthest in (
        (times > 1, "beyond", "most_trained", times.max()),
        (times < 1, "below", "least_trained", 1 / times.min()),
    ):
        if outside.any():
            budgets = decision["budget"].values[outside]
            up_to = "up to " if budgets.size > 1 else ""
            yield (
                f"Nothing was trained {word} {format_samples(decision[limit].item())} "
                f"{unit(decision.attrs)}: what is said of {span(budgets)} extrapolates, by a "
                f"factor of {up_to}{format_samples(furthest, 2)}."
            )


def _repetitions(decision: xr.Dataset) -> Iterator[str]:
    """The budgets at which the choice repeats its data more often than any run did."""
    choice = decision["level"] == decision["choice"]
    repeated = decision["repetitions"].where(decision["extrapolated_epochs"] & choice)
    if repeated.notnull().any():
        most = repeated.max("budget").fillna(0.0)
        name = decision["level"].values[int(np.argmax(most.values))]
        seen = format_epochs(most.max().item())
        known = format_epochs(decision["most_repetitions"].item())
        yield (
            f"Where {name} is chosen, a run goes through it up to {seen} times, more often than "
            f"any run of the table through its training set ({known})."
        )


def never_repeated(decision: xr.Dataset) -> Iterator[str]:
    """That no run repeats its data, so that the table may count sizes in another unit than runs.

    Where one pass is the most, that is a design, and worth a sentence only where candidates are
    repeated. Runs that see a part of their sets alone are what sizes in another unit look like, or
    sizes of a whole crawl: of 62 tables of real runs none is like that, and in each some run goes
    through its set 5 times or more.
    """
    most, drawn = decision["most_repetitions"].max().item(), bool(decision.attrs.get("replacement"))
    if most < ONE_PASS[drawn] * (1 - TIE):
        yield (
            f"No run has seen more than {at_most_per_cent(most)} of its training set, so these "
            "runs say nothing about repetition: are training sets and budgets counted in one unit?"
        )
    elif most <= 1 + TIE and not drawn and (decision["repetitions"] > 1 + TIE).any():
        yield (
            "No run goes through its training set more than once, so these runs say nothing about "
            "repetition."
        )


def one_training(decision: xr.Dataset) -> Iterator[str]:
    """Which levels that may be the best are known by checkpoints of one training alone."""
    if "subsets" in decision.attrs or is_of_shares(decision):
        return
    likely = decision["probability_best"].max("budget") >= LEAST_PROBABILITY
    once = (decision["trainings"] == 1) & (decision["budgets_trained"] > 1)
    if names := decision["level"].values[(likely & once).values].tolist():
        listed = joined(names) if len(names) <= MOST_NAMED else f"{len(names)} of the levels"
        each = " each" if len(names) > 1 else ""
        yield (
            f"Beware: all runs of {listed} are checkpoints of one training{each}, which share its "
            "luck. How far another training would lie from it is not in the probabilities, so "
            "that no winner is named; train the likeliest levels a second time."
        )


def _replacement(decision: xr.Dataset) -> Iterator[str]:
    """How candidates are taken to be drawn from, where the runs drew with replacement."""
    if decision.attrs.get("replacement"):
        yield (
            "The runs drew their samples with replacement, and candidates are taken to be drawn "
            "in the same way: one epoch leaves 37 % of a training set unseen. Of training in whole "
            "passes these numbers say nothing."
        )


def oversize(pool_multiple: xr.DataArray) -> Iterator[str]:
    """A warning if levels take more of a pool than is known to be there.

    Parameters
    ----------
    pool_multiple : DataArray, dims (level)
        The most that each takes of a pool, as a multiple of the pool.
    """
    beyond = pool_multiple[pool_multiple.values > 1 + TIE]
    if beyond.size:
        names = [quoted(str(name)) for name in beyond["level"].values]
        who = f"{joined(names)} take up to" if len(names) > 1 else f"{names[0]} takes"
        yield (
            f"Beware: {who} {format_samples(beyond.max().item())} times as much from a pool as "
            "there is, as far as is known. Is that the right unit?"
        )


def _never_trained(decision: xr.Dataset) -> Iterator[str]:
    """Which levels that may be the best were never trained themselves; of subsets most were not."""
    if "subsets" in decision.attrs or is_of_shares(decision):
        return
    likely = decision["probability_best"].max("budget") >= LEAST_PROBABILITY
    never = decision["level"].values[(likely & (decision["budgets_trained"] == 0)).values].tolist()
    if never:
        them = "it" if len(never) == 1 else "them"
        yield (
            f"No run is on {joined(never)}: what is said of {them} follows from the runs on other "
            "training sets, and such forecasts are the least safe."
        )


def _named_as_another(decision: xr.Dataset) -> Iterator[str]:
    """Which levels have the name of a training set that takes other samples."""
    if "named_as_another" in decision and decision["named_as_another"].any():
        names = decision["level"].values[decision["named_as_another"].values].tolist()
        has = "has" if len(names) == 1 else "have"
        yield (
            f"Beware: {joined(names)} {has} the name of a training set of the runs, but "
            f"{'takes' if len(names) == 1 else 'take'} other samples. Is that meant, and in the "
            "same unit?"
        )


def larger(decision: xr.Dataset) -> Iterator[str]:
    """That candidates take more of a pool than was trained, and what hangs on their size."""
    beyond = decision["pool_multiple"].where(decision["pool_multiple"] > 1 + TIE, drop=True)
    if not beyond.size:
        return
    most, budget = format_samples(beyond.max().item()), decision["budget"].values[-1]
    names = beyond["level"].values.tolist()
    who = joined(names) if len(names) <= MOST_NAMED else f"{len(names)} of the candidates"
    take = "takes" if len(names) == 1 else "take"
    words = (
        f"Beware: {who} {take} up to {most} times as much of a pool as any run, so that no run "
        "shows how many epochs of it training stands."
    )
    if "choice_by_exponent" not in decision:
        yield words
        return
    each = []
    for law in decision["law"].values.tolist():
        at = decision["choice_by_exponent"].sel(law=law, budget=budget)
        names = list(dict.fromkeys(map(str, at.values.tolist())))
        each.append(f"by {law} {names[0] if len(names) == 1 else ', '.join(map(str, at.values))}")
    exponents = joined([f"{x:g}" for x in decision["exponent"].values])
    yield (
        f"{words} If these grew with the size to the power {exponents}, the choice at "
        f"{format_samples(budget)} {unit(decision.attrs)} would be {joined(each)}. If the sizes "
        "are in another unit than those trained, correct them."
    )


LIMITS: dict[str, Callable[[xr.Dataset], Iterator[str]]] = {
    "never_trained": _never_trained,
    "named_as_another": _named_as_another,
    "misfit": _misfit,
    "impossible_errors": _impossible,
    "interpolation": _gaps,
    "one_budget": _one_budget,
    "extrapolation": _extrapolations,
    "repetitions": _repetitions,
    "no_repetition": never_repeated,
    "one_training": one_training,
    "oversize": larger,
    "replacement": _replacement,
}
"""What limits a decision, by id: that levels were never trained, or are named as other training
sets; that the law itself may miss most of what is unknown; that an interval holds errors which
cannot be; that budgets lie far between trained ones, or outside them; that all runs have one
budget; that the choice repeats its data more often than any run did; that no run repeats any; that
all runs of a level are checkpoints of one training; that candidates take more of a pool than any
run did; that samples are drawn with replacement."""
