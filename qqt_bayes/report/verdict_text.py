"""The answer in five seconds: a verdict at one budget, and at most three sentences about it.

All else that is known of a decision is in `qqt_bayes.report.decision_text`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.decisions.rules import ROUNDING, TIE
from qqt_bayes.decisions.study import choices, in_each_group
from qqt_bayes.decisions.trained import LEAST_PROBABILITY
from qqt_bayes.phrases import chance, cost, format_epochs, format_samples, joined, quoted, spans
from qqt_bayes.posterior.levels import UNDECIDED
from qqt_bayes.report.decision_text import UNFIT, cautions
from qqt_bayes.report.limits_text import larger, never_repeated, one_training
from qqt_bayes.report.measures import (
    expected_in_interval,
    is_accuracy,
    measure,
    measured,
    measured_interval,
    of_what,
    unit,
    with_interval,
)
from qqt_bayes.report.proof_text import to_settle
from qqt_bayes.report.rules_text import disagreements
from qqt_bayes.report.shares_text import gap, is_of_shares, limits, untrained, verdict
from qqt_bayes.report.spoken import spoken

MOST_CANDIDATES = 12
"""Candidates that are listed; the rest are in the CSV."""
MOST_POOLS = 3
"""Pools that a candidate is described by one by one."""
NEEDED = ("choice", "leader", "winner", "probability_best", "choice_regret", "error_mean")
"""What a verdict is made of."""
MANY_EPOCHS = 10.0
"""Epochs from which on data that lasts no longer may be a sample of what is decided about."""
MOST_RIVALS = 3
"""Levels that are named where it is undecided."""
SCALED = "(--scale 20, or --target-pools FILE)"
"""How that is said."""
LARGER_CRAWL = (
    f"If they are samples of a larger crawl, say how much larger it is {SCALED}: then it repeats "
    "less, and another filter may win."
)
"""What somebody who decides may have to say of pools that no candidate lasts the budget with."""


class Answer(NamedTuple):
    """What is said of a decision for one group.

    Attributes
    ----------
    group : str
        Empty if there is one group only.
    first : list of str
        What has to be known before the verdict: that candidates were never trained at their size,
        or may be samples of larger ones, or that no run repeats its data.
    verdict : str
    bullets : list of str
        Why; what would change it; what to run next: those that there is something to say of.
    """

    group: str
    first: list[str]
    verdict: str
    bullets: list[str]

    @property
    def lines(self) -> list[str]:
        """The same, each on a line of its own."""
        name = f"{quoted(self.group)}: " if self.group else ""
        return [*self.first, f"{name}{self.verdict}", *(f"- {each}" for each in self.bullets)]


def left_out(refused: Sequence[str], used: Sequence[str]) -> list[str]:
    """That laws of a study take no part, as what comes before its verdict.

    Examples
    --------
    >>> print(*left_out(["effective-reuse"], ["utility"]))
    Beware: the fit of effective-reuse was refused, so all this rests on utility alone.
    >>> left_out([], ["utility"])
    []
    """
    if not refused:
        return []
    fits = "fit" if len(refused) == 1 else "fits"
    was = "was" if len(refused) == 1 else "were"
    return [
        f"Beware: the {fits} of {joined(list(refused))} {was} refused, so all this rests on "
        f"{joined(list(used))} alone."
    ]


def answers(
    decision: xr.Dataset, alone: Mapping[str, xr.Dataset] | None = None, *, priced: bool = False
) -> list[Answer]:
    """The answer at the largest budget of a decision, for each of its groups.

    Parameters
    ----------
    decision : Dataset
        As `qqt_bayes.decide` returns it.
    alone : mapping of str to Dataset, optional
        The decisions of single laws that it is made of, by their names.
    priced : bool
        Whether prices are asked about: then no runs are named that may not be worth theirs.
    """
    others = {name: spoken(each) for name, each in (alone or {}).items()}
    groups = in_each_group([spoken(decision), *others.values()])
    return [
        _answer(group, own.sortby("budget"), dict(zip(others, each, strict=True)), priced)
        for group, (own, *each) in groups
    ]


def _answer(
    group: str, decision: xr.Dataset, alone: Mapping[str, xr.Dataset], priced: bool
) -> Answer:
    """The answer for one group."""
    doubts = [sentence for _, sentence in cautions(decision)]
    limits_of_runs = *never_repeated(decision), *one_training(decision)
    first = [*doubts, *larger(decision), *limits_of_runs, *proxies(decision)]
    if is_of_shares(decision):
        bullets = [each for each in (untrained(decision), limits(decision), gap(decision)) if each]
        return Answer(group, first, verdict(decision), bullets)
    if decision.sizes["level"] == 1:
        return Answer(group, first, _verdict(decision), [])
    rules = " ".join(disagreements(decision.isel(budget=[-1])))
    bullets = [_why(decision), rules, _change(decision, alone)]
    bullets += [] if priced else [to_settle(decision)]
    return Answer(group, first, _verdict(decision), [each for each in bullets if each])


def verdicts(decision: xr.Dataset) -> list[str]:
    """The verdict at each budget.

    Parameters
    ----------
    decision : Dataset
        Of one group, as `qqt_bayes.decide` returns it.
    """
    needed = spoken(decision)[list(NEEDED)]
    return [_verdict(needed.isel(budget=[i])) for i in range(decision.sizes["budget"])]


def _verdict(decision: xr.Dataset) -> str:
    """What to take at the largest budget, or that this is not known."""
    if decision.sizes["level"] == 1:
        return f"There is one candidate, {decision['level'].values[0]}, and nothing to choose."
    last = decision.isel(budget=-1)
    choice, leader, winner = (str(last[name].item()) for name in ("choice", "leader", "winner"))
    best = last["probability_best"]
    where = f"At {format_samples(last['budget'].item())} {unit(decision.attrs)}"
    costs = f"{_regret(decision)} that of the best level"
    if winner != UNDECIDED and winner == choice:
        return (
            f"{where} take {choice}: it is best with probability {_sure(best, choice)}, and its "
            f"{measure(decision.attrs)} is expected to be {costs}."
        )
    if winner != UNDECIDED:
        return (
            f"{where} {winner} is best with probability {_sure(best, winner)}, but the rule takes "
            f"{choice}, whose {measure(decision.attrs)} is expected to be {costs}."
        )
    if leader != UNDECIDED:
        taken = "" if leader == choice else f" The rule takes {choice}."
        why = "but it is not proven" if decision.attrs["gate_passed"] else UNFIT
        return (
            f"{where} {leader} leads (best with probability {_sure(best, leader)}), {why}.{taken}"
        )
    order = best.sortby(best, ascending=False)
    likely = [
        f"{name} ({_sure(best, name)})"
        for name in order["level"].values[(order >= LEAST_PROBABILITY).values][:MOST_RIVALS]
    ]
    return (
        f"{where} it is undecided; likeliest to be best are {joined(likely)}. "
        f"The rule takes {choice}, {_why_taken(decision)}{costs}, whichever it is."
    )


def _regret(decision: xr.Dataset) -> str:
    """How far the choice is expected to be from the best level, on which side."""
    side = "below" if is_accuracy(decision.attrs) else "above"
    return f"{cost(decision['choice_regret'].isel(budget=-1))} {side}"


def _why_taken(decision: xr.Dataset) -> str:
    """That the choice has the least expected error, where it has: other rules may take others."""
    named, expected = measure(decision.attrs), decision["error_mean"].isel(budget=-1)
    if (expected.sel(level=str(decision["choice"].values[-1])) > expected.min() + TIE).item():
        return f"whose {named} is expected to be "
    best = "highest" if is_accuracy(decision.attrs) else "lowest"
    return f"which has the {best} expected {named}: on average "


def _sure(best: xr.DataArray, level: str) -> str:
    """How likely a level is the best."""
    return chance(best.sel(level=level).item())


def _why(decision: xr.Dataset) -> str:
    """The errors of the choice and the likeliest other level, and how often they are repeated."""
    last = decision.isel(budget=-1)
    choice = str(last["choice"].item())
    rivals = last["probability_best"].where(last["level"] != choice, -1.0)
    rival = str(last["level"].values[int(np.argmax(rivals.values))])
    low, high = measured_interval(last["error"].sel(level=choice), decision.attrs)
    own, other = (
        measured(last["error_mean"].sel(level=name).item(), decision.attrs)
        for name in (choice, rival)
    )
    epochs = {name: last["repetitions"].sel(level=name).item() for name in (choice, rival)}
    drawn = bool(decision.attrs.get("replacement"))
    how = ", drawn with replacement as those of the table were," if drawn else ""
    seen = (
        f"; a run{how} goes through {choice} {format_epochs(epochs[choice])} times and through "
        f"{rival} {format_epochs(epochs[rival])} times{' on average' if drawn else ''}"
        if max(epochs.values()) > 1 or drawn
        else ""
    )
    return (
        f"Why: the {of_what(decision.attrs)} of {choice} is {own:.3f} "
        f"({100 * decision.attrs['interval']:g}% interval {low:.3f} to {high:.3f}), of {rival} "
        f"{other:.3f}{seen}."
    )


def _change(decision: xr.Dataset, alone: Mapping[str, xr.Dataset]) -> str:
    """What would change the choice: another law, or another of the budgets asked about."""
    last, budgets = decision["budget"].values[-1], decision["budget"].values
    choice = str(decision["choice"].values[-1])
    words = []
    for name, own in alone.items():
        other = str(own["choice"].sel(budget=last).item())
        if other != choice:
            row = choices(own, decision).set_index("budget").loc[last]
            words.append(f"{name} alone would take {other}, which costs {row.regret_by_other:.2g}")
    changed = decision["choice"].values != choice
    if changed.any():
        names = dict.fromkeys(decision["choice"].values[changed].tolist())
        each = [
            f"{name} at {spans(budgets[decision['choice'].values == name], budgets)}"
            for name in names
        ]
        words.append(
            f"of the budgets asked about, the rule takes {joined(each)} {unit(decision.attrs)}"
        )
    return f"What would change it: {'; '.join(words)}." if words else ""


def proxies(decision: xr.Dataset) -> Iterator[str]:
    """That pools may be samples of larger ones, where no candidate lasts the budget."""
    is_scaled = (decision["pool_multiple"] > 1 + ROUNDING).any()
    least = decision["repetitions"].isel(budget=-1).min().item()
    if least < MANY_EPOCHS or is_scaled or "subsets" in decision.attrs or is_of_shares(decision):
        return
    yield (
        f"Beware: at {format_samples(decision['budget'].values[-1])} {unit(decision.attrs)} a run "
        f"would go through every candidate {format_epochs(least)} times or more, if the "
        f"pools hold no more than the runs took. {LARGER_CRAWL}"
    )


def candidates(decision: xr.Dataset) -> pd.DataFrame:
    """What each candidate is and what is expected of it at the largest budget, the best first.

    Returns
    -------
    DataFrame
        Columns `group` (if there are several), `candidate`, `takes`, `unique samples`, `epochs`,
        `P(best)`, `error [90%]` and `regret`.
    """
    interval = with_interval(decision.attrs)
    rows = []
    for group, (own,) in in_each_group([decision.sortby("budget")]):
        last = own.isel(budget=-1)
        for i in np.argsort(last["regret"].values, kind="stable")[:MOST_CANDIDATES]:
            level = last.isel(level=int(i))
            mean, ends = level["error_mean"], level["error"]
            rows.append(
                {
                    **({"group": group} if group else {}),
                    "candidate": level["level"].item(),
                    "takes": takes(level["unique_samples"]),
                    f"unique {unit(decision.attrs)}": level["unique_samples"].sum().item(),
                    "epochs": level["repetitions"].item(),
                    "P(best)": level["probability_best"].item(),
                    interval: expected_in_interval(mean, ends, decision.attrs),
                    "regret": level["regret"].item(),
                }
            )
    return pd.DataFrame(rows)


def takes(unique_samples: xr.DataArray, most: int = MOST_POOLS) -> str:
    """Which pools a candidate takes from: by name and number, or how many if they are many.

    Examples
    --------
    >>> takes(xr.DataArray([1e6, 0, 2.5e6], {"pool": ["a", "b", "c"]}, ("pool",)))
    '1M of a, 2.5M of c'
    """
    some = unique_samples[unique_samples.values > 0]
    if some.size > most:
        return f"{some.size} pools"
    pairs: Sequence[tuple[str, float]] = list(zip(some["pool"].values, some.values, strict=True))
    return ", ".join(f"{format_samples(count)} of {quoted(pool)}" for pool, count in pairs)
