"""A decision about shares in plain words: what to take of each pool, what it gains, how sure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from qqt_bayes.decisions.trained import TO_TRAIN
from qqt_bayes.phrases import format_samples, joined, joined_ends, joined_names, quoted, span
from qqt_bayes.report.measures import expected_in_interval, measure, measured, unit

WHOLE = 0.999
"""Share of a pool from which on all of it is said to be taken."""
NO_GAIN = 5e-5
"""Gain that four decimals do not show."""


def is_of_shares(decision: xr.Dataset) -> bool:
    """Whether a decision is about how much to take of each pool."""
    return bool(decision.attrs.get("shares"))


def takes_of_pools(decision: xr.Dataset, level: str) -> str:
    """What a level takes of each pool: all of some, so many samples of others."""
    taken = decision["unique_samples"].sel(level=level)
    share = (taken / decision["pool_size"]).values
    pools, counts = list(map(quoted, decision["pool"].values.tolist())), taken.values
    whole = [name for name, x in zip(pools, share, strict=True) if x >= WHOLE]
    part = [
        f"{format_samples(count)} of {name} ({100 * x:.2g} % of the pool)"
        for name, count, x in zip(pools, counts, share, strict=True)
        if 0 < x < WHOLE
    ]
    every = len(whole) == len(pools)
    said = ["all pools"] if every else [f"all of {_every(whole)}"] if whole else []
    return ", and ".join(words for words in (*said, _every(part) if part else "") if words)


def _every(names: list[str]) -> str:
    """Names, each of them: who is to take pools needs to know all.

    Examples
    --------
    >>> _every(["a", "b", "c", "d", "e"])
    'a, b, c, d and e'
    """
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def verdict(decision: xr.Dataset) -> str:
    """What to take at the largest budget, what is expected of it, and what it gains."""
    return _sentence(decision.isel(budget=[-1]))


def stretches(decision: xr.Dataset) -> Iterator[str]:
    """What to take, a sentence for each stretch of budgets with one choice."""
    choices = decision["choice"].values.tolist()
    for _, places in groupby(range(len(choices)), key=choices.__getitem__):
        yield _sentence(decision.isel(budget=list(places)))


def _sentence(part: xr.Dataset) -> str:
    """What to take over a stretch of budgets with one choice."""
    choice = str(part["choice"].values[0])
    level = part.sel(level=choice)
    budgets, total = part["budget"].values, level["unique_samples"].sum().item()
    errors = [f"{measured(x, part.attrs):.3f}" for x in level["error_mean"].values[[0, -1]]]
    epochs = [format_samples(x) for x in level["repetitions"].values[[0, -1]]]
    where = f"{'At' if budgets.size == 1 else 'From'} {span(budgets)} {unit(part.attrs)}"
    return (
        f"{where} take {takes_of_pools(part, choice)}: {format_samples(total)} unique "
        f"{unit(part.attrs)}, seen {joined_ends(*epochs)} times; expected {measure(part.attrs)} "
        f"{joined_ends(*errors)}. {_gain(part, choice)}"
    )


def _gain(part: xr.Dataset, choice: str) -> str:
    """What the choice gains over the best set of whole pools."""
    names, gain = list(dict.fromkeys(part["best_subset"].values.tolist())), part["gain"].values
    if names == [""]:
        return "No set of whole pools keeps to the limits."
    if names == [choice]:
        return "It is a set of whole pools, and no shares that were found score lower."
    known = gain[np.isfinite(gain)]
    than = f"the best set of whole pools ({joined_names(filter(None, names))})"
    if known.max() < NO_GAIN:
        return f"That is no better than {than}."
    ends = joined_ends(*(f"{max(x, 0.0):.4f}" for x in known[[0, -1]]))
    return f"That is better than {than} by {ends}."


def untrained(decision: xr.Dataset) -> str:
    """That nobody trained what is chosen at the largest budget, and where to train it first."""
    last = decision.isel(budget=-1)
    chosen = last.sel(level=str(last["choice"].item()))
    if chosen["budgets_trained"].item() > 0:
        return ""
    target, counted = last["budget"].item(), unit(decision.attrs)
    budgets = joined([format_samples(share * target) for share in TO_TRAIN])
    most, epochs = last["most_repetitions"].item(), chosen["repetitions"].item()
    beyond = (
        f" Its data would be seen {format_samples(epochs)} times, and no run saw its data more "
        f"than {format_samples(most)} times."
        if epochs > most
        else ""
    )
    return (
        f"This was never trained, so it leads by forecasts alone and is no proven winner: train it "
        f"at {budgets} {counted} before you rely on it.{beyond}"
    )


def gap(decision: xr.Dataset) -> str:
    """How far from the best the shares found may be, and what was not searched for."""
    gaps = decision["optimality_gap"].values
    departs = (
        " Departures from the law are part of the judgement of what was found, not of the search."
        if decision.attrs.get("discrepancy")
        else ""
    )
    if not np.isfinite(gaps).any():
        return f"How far from the best they may be is not known: this law has no bound.{departs}"
    most = max(float(np.nanmax(gaps)), 1e-4)
    draws = decision.attrs["search_draws"]
    return (
        f"By the law alone, under the {draws} draws of the search, no training set within the "
        f"limits scores lower than the shares found by more than {most:.4f}.{departs}"
    )


def limits(decision: xr.Dataset) -> str:
    """What every training set had to keep to; nothing if that is no more than the pools' sizes."""
    attrs, words = decision.attrs, []
    if "most_samples" in attrs:
        words.append(f"at most {format_samples(attrs['most_samples'])} unique {unit(attrs)}")
    if "most_epochs" in attrs:
        words.append(f"at most {attrs['most_epochs']:g} epochs")
    if "always" in attrs:
        words.append(f"always {joined_names(_listed(attrs['always']))}")
    if "never" in attrs:
        words.append(f"nothing of {joined_names(_listed(attrs['never']))}")
    return f"Limits: {'; '.join(words)}." if words else ""


def shares_table(decision: xr.Dataset) -> pd.DataFrame:
    """The decision for people: what to take at each budget, and what is expected of it.

    Returns
    -------
    DataFrame
        Columns `budget`, `take`, `unique samples`, `epochs`, `error [90%]`, `gain` (over the best
        set of whole pools) and `gap`.
    """
    interval = f"{measure(decision.attrs)} [{100 * decision.attrs['interval']:g}%]"
    rows = []
    for budget in decision["budget"].values:
        at = decision.sel(budget=budget)
        level = at.sel(level=at["choice"].item())
        mean, ends = level["error_mean"], level["error"]
        rows.append(
            {
                "budget": budget,
                "take": _short(decision, str(at["choice"].item())),
                f"unique {unit(decision.attrs)}": level["unique_samples"].sum().item(),
                "epochs": level["repetitions"].item(),
                interval: expected_in_interval(mean, ends, decision.attrs),
                "gain": at["gain"].item(),
                "gap": at["optimality_gap"].item(),
            }
        )
    return pd.DataFrame(rows)


def _short(decision: xr.Dataset, level: str) -> str:
    """What a level takes of each pool, in percent where it is not all."""
    share = (decision["unique_samples"].sel(level=level) / decision["pool_size"]).values
    if (share >= WHOLE).all():
        return "all pools"
    return ", ".join(
        quoted(name) if x >= WHOLE else f"{100 * x:.2g}% of {quoted(name)}"
        for name, x in zip(decision["pool"].values.tolist(), share, strict=True)
        if x > 0
    )


def _listed(names: ArrayLike) -> list[str]:
    """Names as a list: one name comes back from a file as text."""
    return [names] if isinstance(names, str) else [str(name) for name in np.atleast_1d(names)]
