"""Decision rules in words: what each compares levels by, and why rules disagree where they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any

import pandas as pd
import xarray as xr

from qqt_bayes.decisions.rules import EXPECTED, RULES, TIE, choosing
from qqt_bayes.phrases import chance, format_samples, joined_ends, span
from qqt_bayes.report.measures import measure, measured, unit

BASIS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "expected": lambda c: f"expected {measure(c)}",
    "cvar": lambda c: f"the mean {measure(c)} over the worst {tail(c)} of draws",
    "target": lambda c: f"the probability that the {c['kind']} is at most {c['target']:g}",
    "regret": lambda c: "expected regret",
    "minimax-regret": lambda c: f"the regret that is exceeded in at most {tail(c)} of draws",
    "cvar-regret": lambda c: f"the mean regret over the worst {tail(c)} of draws",
}
"""What each rule compares levels by, in words, from the attributes of a decision."""
SCORE: dict[str, tuple[str, Callable[[float], str]]] = {
    "expected": ("expected {measure}", "{:.3f}".format),
    "cvar": ("CVaR", "{:.3f}".format),
    "target": ("probability", lambda score: chance(-score)),
    "regret": ("expected regret", "{:.2g}".format),
    "minimax-regret": ("reliable bound of regret", "{:.2g}".format),
    "cvar-regret": ("CVaR of regret", "{:.2g}".format),
}
"""A rule's score in short: what it is called, and how a value is shown."""
LOOKS_AT = {
    "cvar": "looks at the worst draws alone",
    "target": "counts the draws that meet the target, not by how much",
    "minimax-regret": "looks at the regret that remains when its worst draws are left out",
    "cvar-regret": "looks at the draws of greatest regret alone",
}
"""In what each rule differs from the expected error; expected regret chooses as that does."""


def tail(criteria: Mapping[str, Any]) -> str:
    """The share of draws that are the worst."""
    return f"{1 - criteria['cvar_level']:.3g}"


def shown_score(rule: str, score: float, attributes: Mapping[str, Any]) -> str:
    """A rule's score as a number in the user's own terms."""
    of_error = rule != "target" and not RULES[rule].of_regret
    return SCORE[rule][1](measured(score, attributes) if of_error else score)


def scored(part: xr.Dataset) -> str:
    """What the rule says of the choice, at the least and the largest budget of a stretch."""
    rule = choosing(part.attrs["rule"])
    chosen = part["level"] == part["choice"]
    scores = part["score"].where(chosen).max("level").values.tolist()
    alike = (part["score"].max("level") - part["score"].min("level") <= TIE).all()
    tie = ", as of every level: the expected error decides" if alike else ""
    ends = joined_ends(*(shown_score(rule, scores[i], part.attrs) for i in (0, -1)))
    return f"{SCORE[rule][0].format(measure=measure(part.attrs))} {ends}{tie}"


def disagreements(decision: xr.Dataset) -> Iterator[str]:
    """Where rules choose differently and which number makes them; or that all choose alike.

    Parameters
    ----------
    decision : Dataset
        Of one group, budgets ascending, as `qqt_bayes.decide` returns it with rule "all".
    """
    if "choice_by_rule" not in decision:
        return
    by_rule = decision["choice_by_rule"].transpose("budget", "rule").values
    differ = False
    for _, places in groupby(range(len(by_rule)), key=lambda i: tuple(by_rule[i])):
        part = decision.isel(budget=list(places))
        if len(set(part["choice_by_rule"].values[:, -1].tolist())) > 1:
            differ = True
            yield _disagreement(part)
    if not differ:
        yield f"All {by_rule.shape[1]} rules choose alike at every budget."


def _disagreement(part: xr.Dataset) -> str:
    """What each rule takes over a stretch of budgets, and the scores that tell it apart."""
    last = part.isel(budget=-1)
    own = str(last["choice"].item())
    rules = last["rule"].values.tolist()
    choice = dict(zip(rules, last["choice_by_rule"].values.tolist(), strict=True))
    same = [rule for rule in rules if choice[rule] == own]
    others = [_why(last, rule, choice[rule], own) for rule in rules if choice[rule] != own]
    budgets = part["budget"].values
    where = f"{'At' if budgets.size == 1 else 'From'} {span(budgets)} {unit(part.attrs)}"
    at = f" (scores at {format_samples(budgets[-1])})" if budgets.size > 1 else ""
    take = "takes" if len(same) == 1 else "take"
    return f"{where} the rules disagree{at}: {', '.join(same)} {take} {own}; {'; '.join(others)}."


def _why(last: xr.Dataset, rule: str, other: str, own: str) -> str:
    """Why a rule takes another level than the expected error does."""
    scores, expected = (last["score_by_rule"].sel(rule=name) for name in (rule, EXPECTED))
    each = [scores.sel(level=name).item() for name in (other, own)]
    of_other, of_own = (shown_score(rule, score, last.attrs) for score in each)
    compared = f"{of_other} with {other} and {of_own} with {own}"
    if of_other == of_own:
        compared = f"{of_other} with both, by {abs(each[1] - each[0]):.1g} better with {other}"
    gap = expected.sel(level=other).item() - expected.sel(level=own).item()
    name = SCORE[rule][0] + (" of meeting the target" if rule == "target" else "")
    return (
        f"{rule}, which {LOOKS_AT[rule]}, takes {other}: the {name} is {compared}, "
        f"although the expected {measure(last.attrs)} of {other} is {gap:.2g} worse"
    )


def choices_by_rule(decision: xr.Dataset) -> pd.DataFrame:
    """What each rule chooses, a row for each group and budget and a column for each rule."""
    order = [dim for dim in ("group", "budget", "rule") if dim in decision["choice_by_rule"].dims]
    rows = decision["choice_by_rule"].to_series().reorder_levels(order).unstack("rule")
    return rows[decision["rule"].values.tolist()].rename_axis(columns=None).reset_index()


def dominated(decision: xr.Dataset) -> pd.DataFrame:
    """Pairs of levels of which one dominates the other, a row for each group, budget and pair.

    Returns
    -------
    DataFrame
        Columns `group` (if there are several), `budget`, `level`, `other` and `order`, 1 or 2: the
        strongest in which the level dominates the other.
    """
    first, second = decision["dominates_first"], decision["dominates_second"]
    order = [dim for dim in ("group", "budget", "level", "other") if dim in first.dims]
    strongest = (2 - first).where(second | first).rename("order")
    rows = strongest.to_series().reorder_levels(order).dropna().astype(int)
    return rows.sort_index(level=order[:-2], sort_remaining=False).reset_index()
