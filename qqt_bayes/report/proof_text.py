"""Why no winner is named, and which runs one would need."""

from __future__ import annotations

import xarray as xr

from qqt_bayes.decisions.rules import ROUNDING
from qqt_bayes.decisions.trained import (
    FARTHEST,
    LEAST_BUDGETS,
    LEAST_TRAININGS,
    runs_to_settle,
)
from qqt_bayes.phrases import format_samples, joined
from qqt_bayes.report.measures import unit
from qqt_bayes.report.shares_text import is_of_shares
from qqt_bayes.report.spoken import spoken

MOST_NAMED = 3
"""Levels that are named one by one where several lack the same."""
WHICH_RUNS = "`qqt design` says which runs lower the expected regret most"
"""Where to learn which runs are worth making, which need not be those that a proof asks for."""


def why_not_proven(part: xr.Dataset) -> str:
    """Why no winner is named: levels that were not trained enough, and how far the budget is."""
    if not part.attrs["gate_passed"]:
        return ""
    if "subsets" in part.attrs:
        return "Most of these sets were never trained."
    few = part["level"].values[part["budgets_trained"].values < LEAST_BUDGETS].tolist()
    reasons = []
    if few:
        names = joined(few) if len(few) <= MOST_NAMED else f"{len(few)} of the levels"
        was = "was" if len(few) == 1 else "were"
        reasons.append(f"{names} {was} trained at fewer than {LEAST_BUDGETS} budgets")
    else:
        once = part["level"].values[part["trainings"].values < LEAST_TRAININGS].tolist()
        if once:
            names = joined(once) if len(once) <= MOST_NAMED else f"{len(once)} of the levels"
            reasons.append(
                f"all runs of {names} are checkpoints of one training"
                f"{' each' if len(once) > 1 else ''}, which share its luck, so that nothing shows "
                "how far another training would differ"
            )
    nearest = part["level_most_trained"].where(part["budgets_trained"] >= LEAST_BUDGETS).min()
    times = part["budget"].max().item() / nearest.item()
    if times > FARTHEST:
        reasons.append(
            f"the budget is {times:.3g} times the largest that every level was trained at"
            if not few
            else f"the budget is up to {times:.3g} times the largest that a level was trained at"
        )
    return f"The reason: {' and '.join(reasons)}." if reasons else ""


def to_settle(decision: xr.Dataset) -> str:
    """What levels must be trained for before a winner can be named; nothing of subsets.

    These runs are what the proof asks for.  Whether they lower the expected regret more than others
    for their compute is another question, which `qqt_bayes.design` answers.
    """
    if "subsets" in decision.attrs or is_of_shares(decision):
        return ""
    decision = spoken(decision)
    target, budgets = runs_to_settle(decision)
    if not budgets:
        return ""
    least, most = next(iter(budgets.values()))
    compute = len(budgets) * (least + most) / target
    names, each = joined(list(budgets)), ", each at" if len(budgets) > 1 else " at"
    if (decision["pool_multiple"].sel(level=list(budgets)) > 1 + ROUNDING).any():
        names += " on the larger pools that this is about, not on those of your runs"
    return (
        f"No winner can be named at {format_samples(target)} {unit(decision.attrs)} before runs "
        f"of {names}{each} {format_samples(least)} and {format_samples(most)} "
        f"{unit(decision.attrs)}, together {compute:.2g} times the compute of one run at "
        f"{format_samples(target)}. Even then the levels may lie too close to be told apart: "
        f"{WHICH_RUNS}."
    )
