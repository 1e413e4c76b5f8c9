"""The runs of each metric of a table, each read as the kind that `--kind` says of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import xarray as xr

from qqt_bayes.cli.inputs import pairs_in, runs_of
from qqt_bayes.errors import Advice, InputError, alternatives
from qqt_bayes.tables.intake.columns import FORMS, columns_beside, columns_of, target
from qqt_bayes.tables.rows import ERROR
from qqt_bayes.tables.runs import metrics

type Reading = dict[str, Any]
"""How to read RUNS: the options of `qqt_bayes.cli.options.runs`."""

KINDS = (*ERROR, *(key for key, form in FORMS.items() if form.column == "error"))
"""What the numbers of a metric may be: a kind of table, or a form of one."""


def readings(runs: str, reading: Reading) -> dict[str, Reading]:
    """How to read each metric of RUNS, in the order of the table.

    Parameters
    ----------
    runs : str
    reading : dict
        The options, of which `kind` may be of all metrics ("loss") or of each
        ("imagenet=accuracy,val_loss=loss"); a metric that is not named has error rates.

    Raises
    ------
    InputError
        If RUNS has no metrics, or a kind is none or of no metric.
    """
    names = metrics(runs, reading["columns"], reading["skip_rows"])
    if "=" not in reading["kind"]:
        return {name: reading | {"metric": name} for name in names}
    kinds = kinds_of(reading["kind"], names)
    return {name: _of_kind(runs, reading, name, kinds.get(name, "error")) for name in names}


def kinds_of(text: str, metrics: Sequence[str]) -> dict[str, str]:
    """The kind of each metric from words such as imagenet=accuracy,val_loss=loss.

    Raises
    ------
    InputError
        If they are not so.

    Examples
    --------
    >>> kinds_of('"mean, of 38=accuracy%",val_loss=loss', ["val_loss", "mean, of 38"])
    {'mean, of 38': 'accuracy%', 'val_loss': 'loss'}
    """
    found: dict[str, str] = {}
    for pair, name, kind in pairs_in(text):
        if kind is None:
            raise InputError(
                "kind: expected one for all metrics, such as loss, or METRIC=KIND for each, such "
                f"as imagenet=accuracy,val_loss=loss, got {pair!r}"
            )
        if name not in metrics:
            raise InputError(f"kind: there is no metric {name!r}{alternatives(name, metrics)}")
        if kind not in KINDS:
            raise InputError(f"kind of {name}: unknown kind {kind!r}{alternatives(kind, KINDS)}")
        if name in found:
            raise InputError(f"kind: {name!r} stands there twice")
        found[name] = kind
    return found


def _of_kind(runs: str, reading: Reading, metric: str, kind: str) -> Reading:
    """How to read a metric of a kind: its numbers stand in the column that holds all errors."""
    given = reading["columns"]
    columns = columns_of(given) if given is not None else columns_beside(runs)[0]
    of_errors = [key for key in columns if target(key) == "error"]
    column = columns[of_errors[0]] if of_errors else "error"
    key = kind if kind in FORMS else "error"
    named = {each: name for each, name in columns.items() if each not in of_errors}
    if key != column:
        named[key] = column
    is_loss = kind == "loss" or (kind in FORMS and FORMS[kind].measure == "loss")
    return reading | {
        "metric": metric,
        "kind": "loss" if is_loss else "error",
        "columns": named if named or given is not None or columns else None,
        # guessing has an error rate, and no loss
        "chance_error": None if is_loss else reading["chance_error"],
    }


def runs_of_metric(
    runs: str, readings: Mapping[str, Reading], metric: str, kinds: str = ""
) -> xr.Dataset:
    """The runs of one of several metrics; a fault is said with what reads this metric otherwise.

    Parameters
    ----------
    runs : str
    readings : mapping of str to dict
        As `readings` returns them.
    metric : str
    kinds : str
        As they were given, to be given again with another.

    Raises
    ------
    InputError
        If RUNS or an option has a fault.
    """
    try:
        return runs_of(runs, readings[metric])
    except InputError as error:
        message, advice = str(error), []
        for each in error.advice:
            kind = _meant(each)
            again = {"kind": _and(kinds, metric, kind, list(readings))}
            meant = Advice(each.sentence, again) if kind else each
            message = message.replace(str(each), str(meant))
            advice.append(meant)
        raise InputError(message, advice, error.faults) from error


def _and(kinds: str, metric: str, kind: str, metrics: Sequence[str]) -> str:
    """Kinds as they were given, with another of one metric.

    Examples
    --------
    >>> _and("imagenet=accuracy", "loss, mean", "loss", ["imagenet", "loss, mean"])
    'imagenet=accuracy,"loss, mean=loss"'
    """
    every = (kinds_of(kinds, metrics) if "=" in kinds else {}) | {metric: kind}
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([f"{name}={own}" for name, own in every.items()])
    return line.getvalue()


def _meant(advice: Advice) -> str:
    """The kind of its numbers that an advice would give to a table of one metric; "" if none."""
    columns = advice.arguments.get("columns")
    forms = [key for key in columns if key in KINDS] if isinstance(columns, dict) else []
    return str(advice.arguments.get("kind", "")) or next((key for key in forms if key in FORMS), "")
