"""A decision in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

import numpy as np
import xarray as xr

from qqt_bayes.decisions.rules import TIE, choosing
from qqt_bayes.decisions.trained import LEAST_PROBABILITY
from qqt_bayes.phrases import (
    CERTAIN,
    LEAST_COST,
    NO_DOUBT,
    chance,
    chance_at_least,
    chance_range,
    cost,
    format_samples,
    joined,
    joined_names,
    quoted,
    span,
)
from qqt_bayes.posterior.levels import UNDECIDED
from qqt_bayes.posterior.methods import is_approximate
from qqt_bayes.report.fit_text import remark
from qqt_bayes.report.limits_text import LIMITS
from qqt_bayes.report.measures import judged, measure, measured, measured_interval, over_what, unit
from qqt_bayes.report.proof_text import to_settle, why_not_proven
from qqt_bayes.report.rules_text import BASIS, disagreements, scored
from qqt_bayes.report.shares_text import gap, is_of_shares, limits, stretches
from qqt_bayes.report.spoken import spoken

CALIBRATED_ON = "on the page case_studies/held_out/results.md"
"""Where forecasts of held-out runs are."""
RELIABILITY = (
    "How often such probabilities came true on held-out runs, where levels had been trained and "
    f"where not, is {CALIBRATED_ON}."
)
UNFIT = "but no winner is named, because this rests on a fit that did not pass its gate"
"""Why a level that leads is not the winner where a fit was used by force."""


def summary(decision: xr.Dataset) -> str:
    """A decision as a paragraph that a research lead can act on.

    Parameters
    ----------
    decision : Dataset
        As `qqt_bayes.decide` returns it.

    Returns
    -------
    str
        One paragraph; with several groups one for each.
    """
    return paragraphs(remarks(decision))


def remarks(decision: xr.Dataset) -> list[dict[str, str]]:
    """The sentences of a summary, each with the id of what it says.

    Parameters
    ----------
    decision : Dataset
        As `qqt_bayes.decide` returns it.

    Returns
    -------
    list of dict
        `group` (if there are several), `id` and `text`. The ids: `approximate`, `forced`,
        `only_level`, `choice`, `leads`, `undecided`, `settle`, `crossovers`, `rules`, `shares`,
        `limits`, `gap`, `basis`, `reliability`, and those of `LIMITS`.
    """
    decision = spoken(decision).sortby("budget")
    if "group" not in decision.dims:
        return [{"id": remark_id, "text": text} for remark_id, text in _sentences(decision)]
    return [
        {"group": str(name), "id": remark_id, "text": text}
        for name in decision["group"].values
        for remark_id, text in _sentences(decision.sel(group=name))
    ]


def paragraphs(sentences: list[dict[str, str]]) -> str:
    """The sentences of a decision as its summary.

    Parameters
    ----------
    sentences : list of dict
        As `remarks` returns them.

    Examples
    --------
    >>> paragraphs([{"id": "basis", "text": "One."}, {"id": "choice", "text": "Two."}])
    'One. Two.'
    """
    if "group" not in sentences[0]:
        return " ".join(sentence["text"] for sentence in sentences)
    groups = {
        name: " ".join(sentence["text"] for sentence in of_group)
        for name, of_group in groupby(sentences, key=itemgetter("group"))
    }
    texts = list(groups.values())
    if len(set(texts)) == 1:
        every = joined_names(groups)
        return f"{every}, between which nothing differs in this model: {texts[0]}"
    return "\n\n".join(f"{quoted(name)}: {text}" for name, text in groups.items())


def _sentences(decision: xr.Dataset) -> Iterator[tuple[str, str]]:
    """What is said of the decision for one group, each sentence with its id."""
    yield from cautions(decision)
    if is_of_shares(decision):
        for sentence in stretches(decision):
            yield "shares", sentence
        if sentence := limits(decision):
            yield "limits", sentence
        yield "gap", gap(decision)
        yield "basis", _basis(decision)
    elif decision.sizes["level"] == 1:
        yield "only_level", _only_level(decision)
    else:
        yield from map(_of_part, _parts(decision))
        if sentence := to_settle(decision):
            yield "settle", sentence
        for sentence in _crossovers(decision):
            yield "crossovers", sentence
        for sentence in disagreements(decision):
            yield "rules", sentence
        yield "basis", _basis(decision)
        if decision.attrs.get("discrepancy"):
            yield "reliability", RELIABILITY
    for limit, sentences in LIMITS.items():
        for sentence in sentences(decision):
            yield limit, sentence


def cautions(decision: xr.Dataset) -> Iterator[tuple[str, str]]:
    """What puts every number in doubt, with its id: an approximation, or a fit used by force."""
    if is_approximate(decision.attrs):
        yield "approximate", remark(decision.attrs)
    if not decision.attrs["gate_passed"]:
        yield (
            "forced",
            "The fit did not pass its checks and was used by force: every number here may be "
            "wrong.",
        )


def _of_part(part: xr.Dataset) -> tuple[str, str]:
    """What is said of a stretch of budgets: the winner, the leader, or between which it is open."""
    if part["leader"].values[0] == UNDECIDED:
        return "undecided", _undecided(part)
    if part["winner"].values[0] == UNDECIDED:
        return "leads", f"{_leads(part)} {why_not_proven(part)}".strip()
    return "choice", _decided(part)


def _basis(decision: xr.Dataset) -> str:
    """The rule of a decision, the number of its draws, and the model that they are of."""
    rule, several = BASIS[choosing(decision.attrs["rule"])], len(decision.attrs["models"]) > 1
    draws = f"{decision.attrs['draws']:,} posterior draws of {judged(decision.attrs)} of "
    draws += _models(decision)
    if decision.attrs.get("discrepancy"):
        draws += f" and of departures from {'their laws' if several else 'its law'}"
    if "subsets" not in decision.attrs:
        what = "Training sets" if is_of_shares(decision) else "Levels"
        return f"{what} are compared by {rule(decision.attrs)} under {draws}."
    sets = f"{decision.attrs['subsets']:,} sets of whole pools that"
    sets += f" {decision.sizes['pool']} pools allow"
    named = f"the {decision.sizes['level']} that matter are listed"
    short = decision.attrs["shortlisted"]
    among = (
        f"The law alone sorted out all but {short}, which were judged with departures from it: "
        "probabilities and costs are among these."
        if short
        else ""
    )
    if not decision.attrs["searched"]:
        first = f"The {sets} are compared by {rule(decision.attrs)} under {draws}; {named}."
        return f"{first} {among}".strip()
    gap = max(decision["optimality_gap"].max().item(), LEAST_COST)
    against = (
        "Probabilities and costs are against all of them."
        if decision.attrs["complete"]
        else "Probabilities are among the sets that the search evaluated: against all of them they "
        "may be lower, and costs higher, so no winner is named."
    )
    return (
        f"Of the {sets}, those that a search found best by {rule(decision.attrs)} are compared "
        f"under {draws}; {named}. "
        f"None of the others scores better than the choice by more than {gap:.2g}. "
        f"{among or against}"
    )


def _models(decision: xr.Dataset) -> str:
    """The model of a decision by its name; of several models, each with its share of the draws."""
    names, weights = decision.attrs["models"], decision.attrs["weights"]
    if len(names) == 1:
        return f"model {names[0]}"
    each = [f"{name} ({weight:.0%} of them)" for name, weight in zip(names, weights, strict=True)]
    return f"the models {joined(each)}"


def _parts(decision: xr.Dataset) -> Iterator[xr.Dataset]:
    """Stretches of consecutive budgets with the same choice, leader and winner."""
    names = (decision[name].values for name in ("choice", "leader", "winner"))
    keys = list(zip(*names, strict=True))
    for _, places in groupby(range(len(keys)), key=keys.__getitem__):
        yield decision.isel(budget=list(places))


def _only_level(decision: xr.Dataset) -> str:
    """What is expected of the one level that there is."""
    level = decision.isel(level=0)
    ends = []
    for i in (0, -1):
        mean = measured(level["error_mean"].values[i], decision.attrs)
        low, high = measured_interval(level["error"].isel(budget=i), decision.attrs)
        interval = f"{_percent(decision)} interval {low:.3f} to {high:.3f}"
        ends.append(f"{mean:.3f} ({interval}) at {format_samples(level['budget'].values[i])}")
    return (
        f"There is one level, {level['level'].item()}, and nothing to choose between; its expected "
        f"{measure(decision.attrs)}, {over_what(decision.attrs)}, is "
        f"{' and '.join(dict.fromkeys(ends))} {unit(decision.attrs)}."
    )


def _decided(part: xr.Dataset) -> str:
    """Which level to take over a stretch of budgets, how sure that is and what it costs."""
    choice, winner = part["choice"].values[0], part["winner"].values[0]
    sure = chance_at_least(part["probability_best"].sel(level=winner))
    doubt = f", although {winner} is best with probability {sure}" if choice != winner else ""
    chances = [f"best with probability {sure}"] if choice == winner else []
    if not chances or sure != NO_DOUBT:
        chances.append(_within_margin(part))
    return (
        f"{_where(part)} take {choice} ({scored(part)}){doubt}: it is {' and '.join(chances)}; "
        f"choosing it is expected to cost {cost(part['choice_regret'])} in {measure(part.attrs)}"
        f"{_worst(part, ', ')}."
    )


def _leads(part: xr.Dataset) -> str:
    """Which level leads over a stretch of budgets where none is proven to win."""
    choice, leader = part["choice"].values[0], part["leader"].values[0]
    sure = chance_at_least(part["probability_best"].sel(level=leader))
    taken = "" if choice == leader else f" The rule takes {choice}, not {leader}."
    regret = part["regret"].sel(level=leader)
    why = "but this is not proven" if part.attrs["gate_passed"] else UNFIT
    return (
        f"{_where(part)} {leader} leads (best with probability {sure}, {scored(part)}, expected to "
        f"cost {cost(regret)} in {measure(part.attrs)}{_worst(part, ', ')}), {why}.{taken}"
    )


def _undecided(part: xr.Dataset) -> str:
    """Between which levels it is open over a stretch of budgets, and which the rule takes."""
    names = _contenders(part)
    best = [chance_range(part["probability_best"].sel(level=name)) for name in names]
    best[0] = f"best with probability {best[0]}"
    rivals = joined([f"{name} ({words})" for name, words in zip(names, best, strict=True)])
    regret, margin = part["regret"].sel(level=names), part.attrs["margin"]
    bound = f", within the margin of {margin:g}" if regret.max() <= margin else ""
    return (
        f"{_where(part)} it is undecided between {rivals}: "
        f"{'either' if len(names) == 2 else 'each'} is expected to cost {cost(regret)} in "
        f"{measure(part.attrs)}{bound}{_worst(part, '; ')}. "
        f"The rule takes {part['choice'].values[0]} ({scored(part)}), {_within_margin(part)}."
    )


def _contenders(part: xr.Dataset) -> list[str]:
    """The fewest levels, likeliest first, that reach the asked probability at every budget."""
    best = part["probability_best"].transpose("level", "budget").values
    order = np.argsort(-best, axis=0, kind="stable")
    total = np.cumsum(np.take_along_axis(best, order, axis=0), axis=0)
    needed = (total < part.attrs["probability"] - TIE).sum(axis=0) + 1
    found = {place for i, count in enumerate(needed) for place in order[:count, i].tolist()}
    names = part["level"].values
    return [str(names[place]) for place in sorted(found, key=lambda place: -best[place].mean())]


def _crossovers(decision: xr.Dataset) -> Iterator[str]:
    """Which level overtakes which, where either is worth choosing: one sentence, if any."""
    if "crossover" not in decision:
        return
    likeliest = decision["probability_best"].max("budget")
    clauses = []
    for i in np.flatnonzero(decision["crossover_probability"] >= LEAST_PROBABILITY):
        pair = decision.isel(pair=i)
        between = [pair["earlier"].item(), pair["later"].item()]
        if (likeliest.sel(level=between) < LEAST_PROBABILITY).all():
            continue  # neither is worth choosing anywhere
        low, median, high = (format_samples(x) for x in pair["crossover"].values)
        found, below = (pair[f"crossover_{name}"].item() for name in ("probability", "below"))
        perhaps = "" if found >= CERTAIN else f"with probability {chance(found)}, then "
        always = f", and is ahead throughout with probability {chance(below)}"
        clauses.append(
            f"{pair['later'].item()} overtakes {pair['earlier'].item()} {perhaps}at {median} "
            f"{unit(decision.attrs)} ({_percent(decision)} interval {low} to {high})"
            f"{always if below > 1 - CERTAIN else ''}"
        )
    if clauses:
        yield f"From {span(decision['budget'].values)} {unit(decision.attrs)} {'; '.join(clauses)}."


def _where(part: xr.Dataset) -> str:
    """The budgets of a stretch, as the beginning of a sentence."""
    budgets = part["budget"].values
    return f"{'At' if budgets.size == 1 else 'From'} {span(budgets)} {unit(part.attrs)}"


def _within_margin(part: xr.Dataset) -> str:
    """How sure it is that the choice is within the margin of the best."""
    chosen = part["level"] == part["choice"]
    sure = chance_at_least(part["probability_within_margin"].where(chosen).max("level"))
    return f"within {part.attrs['margin']:g} of the best with probability {sure}"


def _worst(part: xr.Dataset, before: str) -> str:
    """What the worst level costs; of subsets, the worst is not among those that are listed."""
    if "subsets" in part.attrs:
        return ""
    worst = int(np.argmax(part["regret"].max("budget").values))
    name = part["level"].values[worst]
    return f"{before}the worst level ({name}) {cost(part['regret'].isel(level=worst))}"


def _percent(decision: xr.Dataset) -> str:
    """The probability that intervals hold, in percent."""
    return f"{100 * decision.attrs['interval']:g}%"
