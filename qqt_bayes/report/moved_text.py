"""How a decision moved since the study before it, in two sentences at most."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.decisions.moved import Moved
from qqt_bayes.phrases import chance_range, cost, joined, quoted, spans
from qqt_bayes.report.measures import unit


def moved(since: Moved, decision: xr.Dataset) -> str:
    """Where the choice moved, how sure both were and what the earlier one costs; where it did not.

    Parameters
    ----------
    since : Moved
    decision : Dataset
        The new one.

    Examples
    --------
    >>> rows = [("", 1e9, "a", "b", 0.6, 0.8, 0.004), ("", 2e9, "b", "b", 0.7, 0.9, 0.0)]
    >>> names = ["group", "budget", "choice_before", "choice", "probability_before",
    ...          "probability_best", "regret_of_before"]
    >>> both = pd.DataFrame(rows, columns=names)
    >>> decision = xr.Dataset(coords={"budget": [1e9, 2e9]})
    >>> print(moved(Moved("2026-03-14T09:30:00Z", 12, 0, ("law",), ("law",), both), decision))
    Since the study of 2026-03-14, of 12 runs, the choice has moved from a (P(best) 0.60) to b
    (0.80) at 1B samples, where the earlier choice costs 0.004 by today's draws. It is still b at 2B
    samples (P(best) 0.70 then, 0.90 now).
    """
    runs = f"{since.runs} run" if since.runs == 1 else f"{since.runs} runs"
    if since.missing:
        verb = "is" if since.missing == 1 else "are"
        runs += f", {since.missing} of which {verb} not among these,"
    begin = f"Since the study of {since.since[:10]}, of {runs.rstrip(',')},"
    rows, asked = since.budgets, decision["budget"].values
    if rows.empty:
        return f"{begin} nothing can be said of how the choice moved: no budget was asked in both."
    is_other = rows["choice_before"] != rows["choice"]
    counted = unit(decision.attrs)
    went = list(_moves(rows[is_other], asked, counted))
    stayed = list(_stays(rows[~is_other], asked, counted))
    if not went:
        where = "at any budget" if len(rows) == asked.size else "at any budget asked in both"
        return f"{begin} the choice has not moved {where}: it is {joined(stayed)}.{_laws(since)}"
    words = f"{begin} the choice has moved {joined(went)}."
    words += f" It is still {joined(stayed)}." if stayed else ""
    return words + _laws(since)


def _laws(since: Moved) -> str:
    """That other laws decide now than then, which may move a choice by itself."""
    if set(since.laws) == set(since.laws_before):
        return ""
    return (
        f" Then {joined(list(since.laws_before))} decided, now {joined(list(since.laws))}: that "
        "alone may move a choice."
    )


def _moves(rows: pd.DataFrame, asked: NDArray[np.float64], counted: str) -> Iterator[str]:
    """From what to what, at which budgets, for each group."""
    for (group, before, now), part in rows.groupby(
        ["group", "choice_before", "choice"], sort=False
    ):
        then, today = (_chances(part[f"probability_{name}"]) for name in ("before", "best"))
        words = f"from {quoted(before)} (P(best) {then}) to {quoted(now)} ({today})"
        words += f"{_of(group)} at {spans(part['budget'].to_numpy(), asked)} {counted}"
        costs = part["regret_of_before"].dropna()
        if len(costs):
            regret = cost(xr.DataArray(costs.to_numpy()))
            yield f"{words}, where the earlier choice costs {regret} by today's draws"
        else:
            yield f"{words}, where the earlier choice is no candidate as it was"


def _stays(rows: pd.DataFrame, asked: NDArray[np.float64], counted: str) -> Iterator[str]:
    """What is chosen as before, at which budgets, for each group."""
    for (group, choice), part in rows.groupby(["group", "choice"], sort=False):
        then, now = (_chances(part[f"probability_{name}"]) for name in ("before", "best"))
        both = f"{then} then and now" if then == now else f"{then} then, {now} now"
        where = spans(part["budget"].to_numpy(), asked)
        yield f"{quoted(choice)}{_of(group)} at {where} {counted} (P(best) {both})"


def _chances(probabilities: pd.Series) -> str:
    return chance_range(xr.DataArray(probabilities.to_numpy()))


def _of(group: Hashable) -> str:
    return f" for {quoted(str(group))}" if group else ""
