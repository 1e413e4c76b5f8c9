"""What a campaign believed, study by study, or on one day: what `qqt log` does."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qqt_bayes.cli.output import emit, note, warn, wrapped
from qqt_bayes.decisions.moved import SAME_BUDGET
from qqt_bayes.errors import InputError
from qqt_bayes.files import content_of
from qqt_bayes.phrases import quoted
from qqt_bayes.report import log_text
from qqt_bayes.studies.clock import written
from qqt_bayes.studies.log import DECISION, Entry, as_table, read_log
from qqt_bayes.tables.budgets import parse_budgets

DAY = len("2026-03-31")


def report(study: str, form: str, *, on: str | None, budget: str | None) -> None:
    """Print the studies of a folder in their order, or what the latest of a day decided.

    Parameters
    ----------
    study : str
        The folder.
    form : {"table", "json", "csv"}
    on : str or None
        A day, or a moment, in UTC unless it says otherwise.
    budget : str or None
        Only what was decided at that budget; for people, the largest of each study if not given.
    """
    until = None if on is None else end_of(on)
    samples = None if budget is None else _one(budget)
    found = read_log(Path(study))
    for fault in found.faults:
        warn(fault)
    entries = found.entries
    if until is None:
        _show_all(_at(as_table(entries), samples, entries[-1]), entries, form, samples)
        return
    past = [entry for entry in entries if entry.date <= until]
    if not past:
        raise InputError(log_text.before_the_first(str(on), entries[0].date, study))
    _show_one(past[-1], str(on), form, samples)


def end_of(text: str) -> str:
    """The last moment that is meant by a date, or by a date with a time.

    Raises
    ------
    UsageError
        If it is neither.

    Examples
    --------
    >>> end_of("2026-03-31"), end_of("2026-03-31T10:00+02:00"), end_of("2026-03-31 10:00")
    ('2026-03-31T23:59:59Z', '2026-03-31T08:00:00Z', '2026-03-31T10:00:00Z')
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise click.UsageError(
            f"--on takes a date in UTC, such as 2026-03-31 or 2026-03-31T17:00; got {text}."
        ) from None
    if len(text.strip()) <= DAY:
        moment = moment.replace(hour=23, minute=59, second=59)
    return written(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


def _show_all(table: pd.DataFrame, entries: list[Entry], form: str, samples: float | None) -> None:
    """Print all studies; for people, one budget of each."""
    if form == "table":
        if samples is None:
            largest = table.groupby(["date", "study"])["budget"].transform("max")
            table = table[table["budget"] == largest]
        emit(log_text.at_a_glance(table), form, dict)
        return
    emit(table, form, lambda: {"studies": [_content(entry, samples) for entry in entries]})


def _show_one(entry: Entry, on: str, form: str, samples: float | None) -> None:
    """Print the belief of one study: its verdict, and what it chose at each budget."""
    answered = _answered(entry)
    words = [log_text.belief_on(on, entry.said)]
    words += [line for each in answered["answers"] for line in _verdict(each)]
    words += [answered["moved"]["text"]] if "moved" in answered else []
    table = _at(as_table([entry]), samples, entry)
    if form == "table":
        sys.stdout.writelines(map(wrapped, words))
        sys.stdout.write("\n")
        emit(log_text.at_a_glance(table), form, dict)
        return
    emit(table, form, lambda: {"on": on, **_content(entry, samples), **answered})
    if form == "csv":
        note("\n".join(words))


def _answered(entry: Entry) -> dict[str, Any]:
    """What a study answered, and how it had moved, where it is kept: its files were checked."""
    if entry.folder is None:
        return {"answers": []}
    content = json.loads(content_of(entry.folder / DECISION))
    return {name: content[name] for name in ("answers", "moved") if name in content}


def _verdict(answer: dict[str, Any]) -> list[str]:
    """What has to be known before a verdict, and the verdict."""
    group = f"{quoted(answer['group'])}: " if answer["group"] else ""
    return [*answer["first"], f"{group}{answer['verdict']}"]


def _at(table: pd.DataFrame, samples: float | None, entry: Entry) -> pd.DataFrame:
    """The rows of one budget, if one is asked for.

    Raises
    ------
    InputError
        If there are none.
    """
    if samples is None:
        return table
    found = table[_same(table["budget"].to_numpy(), samples)]
    if found.empty:
        raise InputError(log_text.never_asked(samples, table, entry.said["unit"]))
    return found


def _content(entry: Entry, samples: float | None) -> dict[str, Any]:
    """A study for JSON, with the decisions that are asked for."""
    decisions = [
        each
        for each in entry.said["decisions"]
        if samples is None or _same(np.array([each["budget"]]), samples)[0]
    ]
    folder = None if entry.folder is None else str(entry.folder)
    return {**entry.said, "decisions": decisions, "folder": folder}


def _same(budgets: NDArray[np.float64], samples: float) -> NDArray[np.bool_]:
    return np.asarray(np.isclose(budgets, samples, rtol=SAME_BUDGET, atol=0))


def _one(text: str) -> float:
    """The budget that is asked for."""
    found = parse_budgets(text)
    if found.size != 1:
        raise click.UsageError(f"--budget takes one number, such as 2B; got {text}.")
    return float(found[0])
