"""A comparison of laws in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.comparison.loo import BAD_K, INTERVAL
from qqt_bayes.phrases import chance, format_samples, joined
from qqt_bayes.posterior.methods import is_approximate
from qqt_bayes.report.fit_text import remark

SMALL = 4.0
"""Difference in elpd that says little, whatever its standard error (Sivula, Magnusson, Matamoros
and Vehtari 2025, arXiv:2008.10296)."""
SURE = 2.0
"""Standard errors beyond which a difference is called clear."""
NAMED = 3
"""Runs that a sentence names."""
TELLS = 0.9
"""Probability from which on a new run is called telling."""
LEFT_OUT = {
    "run": "each run from all others",
    "training-set": "the runs of each training set from those of the others",
    "largest-budget": "the runs at the largest budget from those below it",
}


def verdict(
    comparison: xr.Dataset, telling: xr.Dataset | None = None, exponents: pd.DataFrame | None = None
) -> str:
    """A comparison as paragraphs that a research lead can act on.

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
    paragraphs = [" ".join(_scores(ranked))]
    if ranked.sizes["law"] > 1:
        paragraphs.append(" ".join(_deciding(ranked)))
    if telling is not None:
        paragraphs.append(_next(telling, *ranked["law"].values[:2]))
    paragraphs.append(" ".join(_theorem(ranked, exponents)))
    return "\n\n".join(filter(None, paragraphs))


def deciding_runs(comparison: xr.Dataset) -> pd.DataFrame:
    """How much each run speaks for the best law against the second, largest first.

    Returns
    -------
    DataFrame
        Columns `run`, `data`, `samples_seen`, `group` and `gain`, the difference of log densities.
    """
    first, second = comparison.sortby("elpd_sum", ascending=False)["elpd"][:2]
    columns = ["run", "data", "samples_seen", "group", "gain"]
    frame = (first - second).rename("gain").to_dataframe().reset_index()[columns]
    return frame.sort_values("gain", key=abs, ascending=False, ignore_index=True)


def _scores(ranked: xr.Dataset) -> Iterator[str]:
    runs = ranked.sizes["run"]
    if is_approximate(ranked.attrs):
        yield remark(ranked.attrs)
    yield (
        f"Laws are compared by how well they predict {LEFT_OUT[ranked.attrs['leave_out']]}: by the "
        f"sum of the log densities of {runs} left-out runs (elpd)."
    )
    names = [str(name) for name in ranked["law"].values]
    yield from _cautions(ranked, names)
    for name, behind, error in zip(
        names[1:], ranked["behind"].values[1:], ranked["behind_se"].values[1:], strict=True
    ):
        yield f"{name} is {behind:.1f} behind {names[0]} (standard error {error:.1f}): " + (
            "too little to tell them apart."
            if behind < SMALL
            else f"the scores speak for {names[0]}."
            if behind > SURE * error
            else f"the scores lean to {names[0]}, but a few other runs could turn that."
        )
    for name, weight in zip(names, ranked["weight"].values, strict=True):
        within = _inside(ranked.sel(law=name))
        stacked = f"weight {weight:.2f} by stacking; " if len(names) > 1 else ""
        yield f"{name}: {stacked}its 90% intervals hold {within.sum()} of {runs} left-out runs."
    if len(names) > 1:
        yield "Weights are those of the mixture that predicts best, not chances of being right."


def _cautions(ranked: xr.Dataset, names: list[str]) -> Iterator[str]:
    """What the scores rest on that will not hold them."""
    runs = ranked.sizes["run"]
    bad = {n: int(k) for n, k in zip(names, ranked["bad_k"].values, strict=True) if k}
    if bad:
        counts = [f"{count} of {runs} under {name}" for name, count in bad.items()]
        yield (
            f"Beware: scores that are not to be trusted: {_and(counts)} (k-hat above {BAD_K}: a "
            "run moves the fit too much to be left out without sampling). What follows rests on "
            "them, until --refit replaces them."
        )
    weak = ranked["law"].values[~ranked["gate_passed"].values].tolist()
    if weak:
        yield f"Beware: the fit of {_and(weak)} did not pass its gate."
    failed = {n: int(k) for n, k in zip(names, ranked["bad_refits"].values, strict=True) if k}
    if failed:
        counts = [f"{count} of {name}" for name, count in failed.items()]
        yield f"Beware: the chains of some refits do not agree: {_and(counts)}."


def _inside(of_law: xr.Dataset) -> np.ndarray:
    """Whether the interval of each run holds it."""
    low, high = (of_law["predicted"].sel(quantile=INTERVAL[i]) for i in (0, -1))
    held: np.ndarray = ((low <= of_law["error"]) & (of_law["error"] <= high)).values
    return held


def _deciding(ranked: xr.Dataset) -> Iterator[str]:
    best, second = ranked["law"].values[:2]
    frame = deciding_runs(ranked)
    for law, other, side in (
        (best, second, frame[frame["gain"] > 0]),
        (second, best, frame[frame["gain"] < 0]),
    ):
        some = side.head(NAMED)
        if len(some):
            named = [f"{_run(row)} ({abs(row.gain):.1f})" for row in some.itertuples()]
            yield f"For {law} against {other} speak most {_and(named)}."
    most = frame.iloc[0]
    total = float(frame["gain"].sum())
    if most["gain"] > total / 2 > 0:
        yield (
            f"One run, {_run(most)}, makes up more than half of the difference: see that it is "
            "right, or repeat it."
        )


def _next(telling: xr.Dataset, best: str, second: str) -> str:
    where = {
        name: telling.attrs[name] for name in ("group", "level", "budget") if name in telling.attrs
    }
    cell = telling.sel(where)
    right = float(cell["probability_right"])
    one, other = cell["expected"].values
    group = f" ({where['group']})" if "group" in where else ""
    run = f"{where['level']} at {format_samples(where['budget'])}{group}"
    known = (
        f"{best} expects {one:.3f} there, {second} {other:.3f}, and the run would point to the "
        f"right one with probability {chance(right)}"
    )
    if right >= TELLS:
        return f"One more run would decide between them: {run}; {known}."
    return (
        f"No single run among these would decide between them. The best is {run}: {known}; "
        "0.50 is a coin's."
    )


def _theorem(ranked: xr.Dataset, exponents: pd.DataFrame | None) -> Iterator[str]:
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
        of, held = f" of {row.of}" if row.of else "", ranked.sel(law=row.law)
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
            yield f"Its 90% intervals hold {_inside(held).sum()} of the {combined} combined runs."


def _odds(what: str, ratio: float, in_tail: bool) -> str:
    """A Bayes factor in words."""
    if in_tail and ratio < 1 / 3:
        magnitude = int(np.clip(round(-np.log10(max(ratio, 1e-3))), 1, 3))
        return f"the runs make {what} less likely, by a factor of some {10**magnitude:,}" + (
            " or more" if ratio <= 1e-3 else ""
        )
    if 1 / 3 < ratio < 3:
        return f"{what} is about as likely after the runs as before (Bayes factor {ratio:.1f})"
    more = "more" if ratio > 1 else "less"
    return f"the runs make {what} {max(ratio, 1 / ratio):.1f} times {more} likely"


def _run(row: Any) -> str:
    return f"{row.data} at {format_samples(row.samples_seen)}"


def _and(words: list[str]) -> str:
    return joined(words) if len(words) > 1 else words[0]
