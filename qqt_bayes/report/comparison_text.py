"""A comparison of laws in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.comparison.verdicts import (
    BAD_K,
    TELLING,
    Verdict,
    deciding_runs,
    evidence_state,
    inside_interval,
    verdicts,
)
from qqt_bayes.phrases import chance, format_samples, joined, quoted
from qqt_bayes.posterior.methods import is_approximate
from qqt_bayes.report.fit_text import remark

MOST_RUNS_NAMED = 3
"""Runs that a sentence names."""
LEAST_IN_TAIL = 1e-3
"""Bayes factor below which a normal tail tells no more than that it is small."""
DIFFERENCES = {
    "small": "too little to tell them apart.",
    "unclear": "the scores lean to {best}, but a few other runs could turn that.",
    "clear": "the scores speak for {best}.",
}
"""What is said of a law that is behind the best, by the state of their difference."""
ODDS = {
    "less_likely": "the runs make {what} {times:.1f} times less likely",
    "alike": "{what} is about as likely after the runs as before (Bayes factor {ratio:.1f})",
    "more_likely": "the runs make {what} {times:.1f} times more likely",
}
"""What is said of a hypothesis about the size exponent, by the state of its Bayes factor."""
LEFT_OUT = {
    "run": "each run from all others",
    "training-set": "the runs of each training set from those of the others",
    "largest-budget": "the runs at the largest budget from those below it",
}
UNTIL_REFITTED = "until `qqt compare --refit` replaces them"
"""What helps scores that are not to be trusted."""


def verdict(
    comparison: xr.Dataset, telling: xr.Dataset | None = None, exponents: pd.DataFrame | None = None
) -> str:
    """What a comparison comes to, as paragraphs that a research lead can act on.

    Parameters
    ----------
    comparison : Dataset
        As `compare_laws` returns it.
    telling : Dataset, optional
        As `telling_runs` returns it for the two best laws.
    exponents : DataFrame, optional
        As `size_exponents` returns it.
    """
    ranked = comparison.sortby("elpd_sum", ascending=False)
    found = verdicts(comparison, telling, exponents)
    paragraphs = [" ".join(_scores(ranked, found))]
    if ranked.sizes["law"] > 1:
        paragraphs.append(" ".join(_deciding(ranked, found)))
    if telling is not None:
        paragraphs.append(_next(telling, *ranked["law"].values[:2]))
    paragraphs.append(" ".join(_theorem(ranked, exponents)))
    return "\n\n".join(filter(None, paragraphs))


def scores(comparison: xr.Dataset) -> str:
    """How well each law predicts left-out runs, as one paragraph.

    Parameters
    ----------
    comparison : Dataset
        As `compare_laws` returns it.
    """
    ranked = comparison.sortby("elpd_sum", ascending=False)
    return " ".join(_scores(ranked, verdicts(comparison)))


def _scores(ranked: xr.Dataset, found: list[Verdict]) -> Iterator[str]:
    """The laws, the best first: how far each is behind, its weight, what its intervals hold."""
    runs = ranked.sizes["run"]
    if is_approximate(ranked.attrs):
        yield remark(ranked.attrs)
    yield (
        f"Laws are compared by how well they predict {LEFT_OUT[ranked.attrs['leave_out']]}: by the "
        f"sum of the log densities of {runs} left-out runs (elpd)."
    )
    names = [str(name) for name in ranked["law"].values]
    yield from _cautions(runs, found)
    for each in of_id(found, "difference"):
        error = float(ranked["behind_se"].sel(law=each.of))
        yield (
            f"{each.of} is {each.value:.1f} behind {names[0]} (standard error {error:.1f}): "
            + DIFFERENCES[each.state].format(best=names[0])
        )
    for name, weight in zip(names, ranked["weight"].values, strict=True):
        within = inside_interval(ranked.sel(law=name))
        stacked = f"weight {weight:.2f} by stacking; " if len(names) > 1 else ""
        yield f"{name}: {stacked}its 90% intervals hold {within.sum()} of {runs} left-out runs."
    if len(names) > 1:
        yield "Weights are those of the mixture that predicts best, not chances of being right."


def of_id(found: list[Verdict], verdict_id: str, state: str | None = None) -> list[Verdict]:
    """The verdicts with an id and, if it is given, in a state."""
    same = [each for each in found if each.id == verdict_id]
    return same if state is None else [each for each in same if each.state == state]


def _cautions(runs: int, found: list[Verdict]) -> Iterator[str]:
    """What the scores rest on that will not hold them."""
    if bad := of_id(found, "k_hat", "untrusted"):
        counts = [f"{each.value} of {runs} under {each.of}" for each in bad]
        yield (
            f"Beware: scores that are not to be trusted: {_and(counts)} (k-hat above {BAD_K}: a "
            "run moves the fit too much to be left out without sampling). What follows rests on "
            f"them, {UNTIL_REFITTED}."
        )
    if weak := of_id(found, "gate", "failed"):
        yield f"Beware: the fit of {_and([each.of for each in weak])} did not pass its gate."
    if failed := of_id(found, "refits", "failed"):
        counts = [f"{each.value} of {each.of}" for each in failed]
        yield f"Beware: the chains of some refits do not agree: {_and(counts)}."


def _deciding(ranked: xr.Dataset, found: list[Verdict]) -> Iterator[str]:
    """The runs that speak most for either of the two best laws, and whether one decides alone."""
    best, second = ranked["law"].values[:2]
    frame = deciding_runs(ranked)
    for law, other, side in (
        (best, second, frame[frame["gain"] > 0]),
        (second, best, frame[frame["gain"] < 0]),
    ):
        some = side.head(MOST_RUNS_NAMED)
        if len(some):
            named = [f"{_run(row)} ({abs(row.gain):.1f})" for row in some.itertuples()]
            yield f"The runs that speak most for {law} against {other}: {_and(named)}."
    if of_id(found, "one_run", "one_run"):
        yield (
            f"One run, {_run(frame.iloc[0])}, makes up more than half of the difference: see that "
            "it is right, or repeat it."
        )


def _next(telling: xr.Dataset, best: str, second: str) -> str:
    """The run that would best tell the two best laws apart, and whether it would."""
    where = {
        name: telling.attrs[name] for name in ("group", "level", "budget") if name in telling.attrs
    }
    cell = telling.sel(where)
    right = float(cell["probability_right"])
    one, other = cell["expected"].values
    group = f" ({quoted(where['group'])})" if "group" in where else ""
    run = f"{quoted(where['level'])} at {format_samples(where['budget'])}{group}"
    known = (
        f"{best} expects {one:.3f} there, {second} {other:.3f}, and the run would point to the "
        f"right one with probability {chance(right)}"
    )
    if right >= TELLING:
        return f"One more run would decide between them: {run}; {known}."
    return (
        f"No single run among these would decide between them. The best is {run}: {known}; "
        "0.50 is no better than a coin."
    )


def theorem(comparison: xr.Dataset, exponents: pd.DataFrame) -> str:
    """What the laws with a free size exponent say of the theorem, as one paragraph; or nothing.

    Parameters
    ----------
    comparison : Dataset
        As `compare_laws` returns it.
    exponents : DataFrame
        As `size_exponents` returns it.
    """
    return " ".join(_theorem(comparison, exponents))


def _theorem(ranked: xr.Dataset, exponents: pd.DataFrame | None) -> Iterator[str]:
    """What each law with a free size exponent says of it, and the odds of theorem and no effect."""
    if exponents is None or exponents.empty:
        return
    combined = int((ranked["pools"] > 1).sum())
    yield (
        "Combination theorem: in a training set of U samples a pool of N has its half-life times "
        "(U/N)^g; g = 1 is the theorem, g = 0 no effect of size. "
        + (
            f"{combined} of {ranked.sizes['run']} runs are on combinations."
            if combined
            else "No run is on a combination: what is said of g is of parts of one pool, if there "
            "are any."
        )
    )
    for row in exponents.itertuples():
        of, held = f" of {quoted(row.of)}" if row.of else "", ranked.sel(law=row.law)
        refused = "" if held["gate_passed"] else ", whose fit did not pass its gate"
        yield (
            f"{row.law}{refused}: g{of} is {row.median:.2f} (90% {row.lower:.2f} to "
            f"{row.upper:.2f}; before the runs {row.prior_lower:.2f} to {row.prior_upper:.2f})."
        )
        theorem = _odds("g = 1", row.theorem, row.theorem_in_tail)
        none = _odds("g = 0", row.no_size_effect, row.no_size_effect_in_tail)
        yield f"Against a free g, {theorem}, and {none}."
        held = held.isel(run=np.flatnonzero(held["pools"] > 1))
        if combined:
            within = inside_interval(held)
            yield f"Its 90% intervals hold {within.sum()} of the {combined} combined runs."


def _odds(what: str, ratio: float, in_tail: bool) -> str:
    """A Bayes factor in words; one from the tail of a normal as an order of magnitude at best."""
    state = evidence_state(ratio)
    if in_tail and state == "less_likely":
        magnitude = int(np.clip(round(-np.log10(max(ratio, LEAST_IN_TAIL))), 1, 3))
        more = " or more" if ratio <= LEAST_IN_TAIL else ""
        return f"the runs make {what} less likely, by a factor of some {10**magnitude:,}{more}"
    return ODDS[state].format(what=what, ratio=ratio, times=max(ratio, 1 / ratio))


def _run(row: Any) -> str:
    """A run by its training set and budget."""
    return f"{quoted(row.data)} at {format_samples(row.samples_seen)}"


def _and(words: list[str]) -> str:
    """Words joined by "and"; one alone as it is."""
    return joined(words) if len(words) > 1 else words[0]
