"""The compute frontier in at most three sentences: what budgets reach, targets, what is unknown."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from qqt_bayes.decisions.frontier import AT_ONCE, BEYOND, FLOOR, REACHED
from qqt_bayes.decisions.study import in_each_group
from qqt_bayes.phrases import LEAST_COST, cost, format_samples, joined, spans
from qqt_bayes.report.decision_text import cautions
from qqt_bayes.report.limits_text import larger
from qqt_bayes.report.measures import (
    is_accuracy,
    is_new_run,
    measure,
    measured,
    measured_interval,
    over_what,
    unit,
)
from qqt_bayes.report.spoken import spoken

CLEARLY = 0.01
"""Share of a budget by which another is worth a word."""
MOST_TARGETS = 3
"""Targets that are told in words; the rest are in the table."""

NEVER = "never (floor)"
"""What the table of targets says of a level that does not reach one."""


def remarks(frontier: xr.Dataset) -> list[dict[str, str]]:
    """What is said of a frontier, each sentence with its id.

    Parameters
    ----------
    frontier : Dataset
        As `qqt_bayes.frontier` returns it.

    Returns
    -------
    list of dict
        `group` (if there are several), `id` and `text`. The ids: those of what has to be known
        first (`approximate`, `forced`, `larger`), then `frontier`, `targets` and
        `value_of_information`, a sentence each.
    """
    return [
        {**({"group": group} if group else {}), "id": remark_id, "text": text}
        for group, (own,) in in_each_group([spoken(frontier).sortby("budget")])
        for remark_id, text in _sentences(own)
    ]


def _sentences(own: xr.Dataset) -> Iterator[tuple[str, str]]:
    """What is said for one group."""
    yield from cautions(own)
    for sentence in larger(own):
        yield "larger", sentence
    yield "frontier", _reaches(own)
    if "target" in own.dims:
        yield "targets", _targets(own)
    if own.sizes["level"] > 1:
        yield "value_of_information", _value(own)


def _reaches(own: xr.Dataset) -> str:
    """What the best choice reaches at the ends of the budgets, and which level that is where."""
    budgets, choice = own["budget"].values, own["choice"].values
    names = list(dict.fromkeys(choice.tolist()))
    if len(names) == 1:
        which = str(names[0])
    else:
        which = joined([f"{name} at {spans(budgets[choice == name], budgets)}" for name in names])
    low, high = measured_interval(own["frontier"].isel(budget=-1), own.attrs)
    ends = [
        f"{measured(own['frontier_mean'].values[i], own.attrs):.3f} at {format_samples(budgets[i])}"
        for i in (0, -1)
    ]
    goes = f"goes from {ends[0]} to {ends[1]}" if budgets.size > 1 else f"is {ends[0]}"
    beyond = own["most_trained"].item()
    far = budgets[-1] > beyond * (1 + 1e-9)
    trained = f"; nothing was trained beyond {format_samples(beyond)}" if far else ""
    return (
        f"With the best choice at each budget ({which}) the expected {measure(own.attrs)}, "
        f"{over_what(own.attrs)}, "
        f"{goes} {unit(own.attrs)} ({100 * own.attrs['interval']:g}% interval {low:.3f} to "
        f"{high:.3f}){trained}."
    )


def _targets(own: xr.Dataset) -> str:
    """The least budgets that reach the first targets with the best choice."""
    shown = own.isel(target=slice(MOST_TARGETS))
    bound = "at least" if is_accuracy(own.attrs) else "at most"
    clauses = [_of_target(shown.isel(target=i)) for i in range(shown.sizes["target"])]
    first, *others = clauses
    rest = "".join(f"; of {bound} {each}" for each in others)
    more = own.sizes["target"] - shown.sizes["target"]
    also = f"; {more} more {'is' if more == 1 else 'are'} in the table" if more else ""
    article = "an" if measure(own.attrs)[0] in "ae" else "a"
    whose = " of one new training" if is_new_run(own.attrs) else ""
    words = (
        f"The best choice reaches {article} {measure(own.attrs)}{whose} of {bound} {first}{rest}"
        f"{also}."
    )
    if (own["reach"] == FLOOR).any():
        words += f' "{NEVER}" in the table: by the law alone that level does not come so low.'
    return words


def _of_target(at: xr.Dataset) -> str:
    """One target: the budgets by probability, and why there is none."""
    shares, own_unit = at["probability"].values, unit(at.attrs)
    how, budget = at["reach_by_choice"].values, at["budget_to_target_by_choice"].values
    first, last = (format_samples(at["budget"].values[i]) for i in (0, -1))
    words = {
        AT_ONCE: f"already at {first} {own_unit}",
        BEYOND: f"at no budget up to {last} {own_unit}",
        FLOOR: "at no budget (by the law alone these training sets do not come so low)",
    }
    parts = []
    for reach in (AT_ONCE, REACHED, BEYOND, FLOOR):
        which = np.flatnonzero(how == reach)
        if not which.size:
            continue
        budgets = _listed([format_samples(budget[i]) for i in which])
        when = words.get(reach, f"at {budgets} {own_unit}")
        if which.size < shares.size or reach == REACHED:
            when = f"with probability {_listed([f'{shares[i]:g}' for i in which])} {when}"
        parts.append(when)
    return f"{at['target'].item():g} {', '.join(parts)}{_sooner(at)}"


def _sooner(at: xr.Dataset) -> str:
    """A level that reaches the target at a clearly smaller budget than the choice, if there is."""
    share = at["probability"].values[-1]
    budget = at["budget_to_target"].sel(probability=share).fillna(np.inf)
    own = at["budget_to_target_by_choice"].fillna(np.inf).values[-1]
    least = budget.values.min()
    if not least < own * (1 - CLEARLY):
        return ""
    level = budget["level"].values[int(np.argmin(budget.values))]
    return f" (with {level} throughout already at {format_samples(least)} with {share:g})"


def _value(own: xr.Dataset) -> str:
    """What knowing the best level would be worth at most, and at which budget."""
    worth = own["evpi"]
    costs = (
        f"By this posterior, choosing today instead of knowing the best level is expected to cost "
        f"{cost(worth)} in {measure(own.attrs)} (the EVPI)"
    )
    checked = bool(own["proven"].all())
    if worth.max() < LEAST_COST:
        costs += " at any budget asked about"
        so = "further runs can hardly improve the choice"
    else:
        budget = format_samples(own["budget"].values[int(np.argmax(worth.values))])
        costs += f", the most at {budget} {unit(own.attrs)}"
        so = "no further runs can be worth more"
    if checked:
        return f"{costs}: {so}."
    return f"{costs}; where no winner is proven, this was never checked by runs, and may be more."


def _listed(words: list[str]) -> str:
    """Words with commas and one "and", however many.

    Examples
    --------
    >>> _listed(["a"]), _listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
