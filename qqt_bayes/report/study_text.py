"""A study in plain words: the joint decision, each law's own, the theorem's, what they rest on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.decisions.study import Study, choices, in_each_group
from qqt_bayes.phrases import chance_range, cost, joined, quoted, spans
from qqt_bayes.posterior.gate import Gate
from qqt_bayes.report import gate_text
from qqt_bayes.report.comparison_text import scores, theorem
from qqt_bayes.report.decision_text import paragraphs, remarks
from qqt_bayes.report.measures import unit
from qqt_bayes.report.moved_text import moved
from qqt_bayes.report.spoken import spoken
from qqt_bayes.report.verdict_text import answers, left_out

Array = NDArray[np.float64]

OTHER_WEIGHTS = "`qqt decide STUDY --weights` takes others, or `stacking`"
"""How to give the laws other weights."""
IN_MEMORY = "`force=True` decides on them"
"""How to go on with refused fits that were saved nowhere."""


def summary(study: Study) -> str:
    """What a study comes to, as paragraphs that a research lead can act on.

    The answer comes first, then the joint decision, what each law alone would choose, what
    the theorem would choose where that differs, how well the laws predict runs that are left out,
    and which fits were refused.

    Parameters
    ----------
    study : Study
    """
    found = left_out(study.refused_laws, list(study.weights))
    told = answers(study.decision, study.deciding)
    # groups may have a caution in common, which is said once
    found += dict.fromkeys(words for each in told for words in each.first)
    found += [line for each in told for line in each._replace(first=[]).lines]
    found += [] if study.moved is None else [moved(study.moved, study.decision)]
    found += [paragraphs(remarks(study.decision)), *laws_alone(study)]
    found += of_theorem(study)
    if len(study.weights) > 1:
        weights = joined([f"{name} {weight:.2f}" for name, weight in study.weights.items()])
        found.append(
            f"{scores(study.comparison)} The decision itself is made with the weights {weights}; "
            f"{OTHER_WEIGHTS}."
        )
    return "\n\n".join([*found, *refusals(study)])


def moved_of(study: Study) -> dict[str, Any]:
    """What JSON has of how the decision moved; nothing of a first study."""
    if study.moved is None:
        return {}
    return {"moved": {**study.moved.to_dict(), "text": moved(study.moved, study.decision)}}


def nothing_decided(gates: Mapping[str, Gate], folder: str) -> str:
    """Why a study decided nothing: the checks that each law failed, and then what can be done.

    Parameters
    ----------
    gates : mapping of str to Gate
        Of the laws that were to decide, none of which passed.
    folder : str
        Where the fits were saved; empty if nowhere.
    """
    verdicts = [f"{gate_text.refused(name, gate)}." for name, gate in gates.items()]
    saved = f" The fits are saved in {folder}." if folder else ""
    way = f"`qqt decide {shlex.quote(folder)} --force` decides on them" if folder else IN_MEMORY
    forced = f"{way} all the same, without a winner."
    ranks = {name: words for name, gate in gates.items() if (words := gate_text.still(gate))}
    still = ""
    if ranks:
        words = next(iter(ranks.values())).strip()
        still = f" Of {joined(list(ranks))}: {words[0].lower()}{words[1:]}"
    todo = f"What to do: {gate_text.mend(gates)}."
    return "\n".join([*verdicts, f"Nothing was decided.{saved} {todo}", f"{forced}{still}"])


def laws_alone(study: Study) -> Iterator[str]:
    """What each law alone would choose, and what that costs by the other laws."""
    names = list(study.weights)
    if len(names) < 2:
        return
    decisions = [spoken(study.alone[name]) for name in names]
    for group, of_laws in in_each_group(decisions):
        alone = dict(zip(names, of_laws, strict=True))
        words = [f"{name} alone takes {_stretches(each)}." for name, each in alone.items()]
        yield " ".join([*_of(group), *words, _disagreement(alone)])


def _stretches(decision: xr.Dataset, budgets: Array | None = None) -> str:
    """What a decision chooses at which budgets, all or some, with the probability of being best.

    For example "top 30% at 64M to 256M samples (P(best) 0.62 to 0.96) and ...".
    """
    own = choices(decision, decision)
    own = own if budgets is None else own[own["budget"].isin(budgets)]
    words = []
    for choice, rows in groupby(own.itertuples(index=False), key=lambda row: row.choice):
        part = pd.DataFrame(rows)
        best = chance_range(xr.DataArray(part["probability_best"].to_numpy()))
        where = spans(part["budget"].to_numpy(), decision["budget"].values)
        words.append(f"{choice} at {where} {unit(decision.attrs)} (P(best) {best})")
    return joined(words)


def _differing(decision: xr.Dataset, other: xr.Dataset) -> pd.DataFrame:
    """The rows of `choices` at budgets where two decisions choose different levels."""
    rows = choices(decision, other)
    return rows[rows["choice"] != rows["choice_of_other"]]


def _disagreement(alone: Mapping[str, xr.Dataset]) -> str:
    """Where laws choose differently, and what the choice of each costs if another is right."""
    costs, budgets = [], []
    for one, decision in alone.items():
        for other, by in alone.items():
            if one == other:
                continue
            differ = _differing(decision, by)
            if len(differ):
                budgets.append(differ["budget"].to_numpy())
                regret = xr.DataArray(differ["regret_by_other"].to_numpy())
                costs.append(f"{cost(regret)} where {one} chooses and {other} is right")
    if not budgets:
        return "They agree at every budget."
    differing = np.unique(np.concatenate(budgets))
    asked = next(iter(alone.values()))["budget"].values
    where = (
        "at every budget"
        if differing.size == asked.size
        else f"at {spans(differing, asked)} {unit(next(iter(alone.values())).attrs)}"
    )
    return f"They choose differently {where}: there a wrong law costs {joined(costs)}."


def of_theorem(study: Study) -> Iterator[str]:
    """What the combination theorem would choose where that differs, and what runs say of it."""
    name = study.theorem
    if name is not None and name in study.alone:
        pairs = [spoken(study.alone[name]), spoken(study.decision)]
        for group, (own, joint) in in_each_group(pairs):
            differ = _differing(own, joint)
            begin = (
                f"With the size exponent at 1, as the combination theorem has it (model {name}),"
            )
            if not len(differ):
                words = f"{begin} the choices would be the same."
            else:
                regret = cost(xr.DataArray(differ["regret_by_other"].to_numpy()))
                chosen = _stretches(own, differ["budget"].to_numpy())
                words = (
                    f"{begin} the choice would be another: {chosen}; by the joint decision that "
                    f"costs {regret}."
                )
            yield " ".join([*_of(group), words])
    if len(study.exponents):
        yield theorem(study.comparison, study.exponents)


def refusals(study: Study) -> Iterator[str]:
    """Which fits did not pass their checks, why, and that they take no part."""
    for name, gate in study.refused.items():
        yield f"{gate_text.refused(name, gate)}: nothing that is said here rests on it."


def _of(group: str) -> list[str]:
    """The beginning of a paragraph about one of several groups."""
    return [f"{quoted(group)}:"] if group else []
