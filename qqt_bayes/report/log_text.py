"""The log of a campaign in words and tables: what each study decided, what was believed when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from qqt_bayes.phrases import format_samples, joined
from qqt_bayes.report.winner_text import winners


def at_a_glance(log: pd.DataFrame) -> pd.DataFrame:
    """The log for people: a row for each study, group and budget.

    Parameters
    ----------
    log : DataFrame
        As `qqt_bayes.study_log` returns it.

    Examples
    --------
    >>> log = pd.DataFrame({"date": ["2026-03-14T09:30:00Z"], "runs": [12], "budget": [1e9],
    ...     "choice": ["a"], "probability_best": [0.8], "regret": [0.001], "winner": ["undecided"],
    ...     "leader": ["undecided"], "proven": [True], "gate_passed": [True]})
    >>> at_a_glance(log).to_dict("records")
    [{'date': '2026-03-14 09:30', 'runs': 12, 'budget': 1000000000.0, 'choice': 'a',
      'P(best)': 0.8, 'regret': 0.001, 'winner': 'undecided'}]
    """
    named = [
        winners(log.iloc[[place]].to_dict("list"), {"gate_passed": passed})[0]
        for place, passed in enumerate(log["gate_passed"])
    ]
    return pd.DataFrame(
        {
            "date": [_moment(date) for date in log["date"]],
            "runs": log["runs"].to_numpy(),
            **({"group": log["group"].to_numpy()} if "group" in log else {}),
            "budget": log["budget"].to_numpy(),
            "choice": log["choice"].to_numpy(),
            "P(best)": log["probability_best"].to_numpy(),
            "regret": log["regret"].to_numpy(),
            "winner": named,
        }
    )


def belief_on(day: str, said: Mapping[str, Any]) -> str:
    """Which study was the latest on a day, and what it rested on.

    Parameters
    ----------
    day : str
        As it was asked for.
    said : mapping
        What the log says of that study.
    """
    weights = [f"{name} ({weight:.2f})" for name, weight in said["models"].items() if weight]
    runs = "1 run" if said["runs"] == 1 else f"{said['runs']} runs"
    return (
        f"On {day} the latest study was that of {_moment(said['date'])} UTC: {runs}, decided under "
        f"{joined(weights)}."
    )


def before_the_first(day: str, first: str, folder: str) -> str:
    """What to say of a day on which there was no study yet."""
    return f"On {day} there was no study in {folder} yet: the first is of {_moment(first)} UTC."


def never_asked(budget: float, log: pd.DataFrame, unit: str) -> str:
    """What to say of a budget that no study was asked about."""
    asked = sorted(set(log["budget"]))
    return (
        f"no study here was asked about {format_samples(budget)} {unit}; asked were "
        f"{joined([format_samples(each) for each in asked])}"
    )


def _moment(date: str) -> str:
    """A date as people write it, to the minute."""
    return date[:16].replace("T", " ")
