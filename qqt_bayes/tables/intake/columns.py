"""Columns under the names that the user's own tooling gave them, or that hold something else.

A mapping says what each column of a table of runs is called: `{"error": "val_loss"}`. Some keys are
arithmetic: `{"accuracy": "acc1"}` takes error = 1 - acc1. It comes from an argument, from text such
as "error=val_loss,accuracy=acc1", or from the table [columns] of a TOML file beside the runs.
"""

import csv
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from os.path import isfile
from pathlib import Path
from typing import Any

import numpy as np

from qqt_bayes.errors import InputError, alternatives, suggest
from qqt_bayes.tables.cells import Derived, Floats, Number, above
from qqt_bayes.tables.formats import PACKED, STANDARD_INPUT
from qqt_bayes.tables.intake.arithmetic import (
    ABOVE_0,
    EPOCHS,
    SCALED,
    factor_of,
    quotients,
    times_unique,
)
from qqt_bayes.tables.table import Table

type Columns = Mapping[str, str] | str
"""What the columns of a table of runs are called: a mapping, or text such as "error=val_loss"."""

ACCURACY = Number(
    "an accuracy in [0, 1)",
    lambda x: (x >= 0) & (x < 1),
    units="accuracy",
    advice='; accuracies in per cent are "accuracy%"',
)
PERCENT = Number("an accuracy in [0, 100) per cent", lambda x: (x >= 0) & (x < 100), units="%")
OF_100 = Number("an error rate in (0, 100] per cent", lambda x: (x > 0) & (x <= 100), units="%")
STEPS = Number("a number of steps above 0", above(0.0), units="steps")
BITS = Number("a loss in bits above 0", above(0.0), units="bits")
PERPLEXITY = Number("a perplexity above 1", above(1.0), units="perplexity")


@dataclass(frozen=True)
class Form:
    """A key that takes another quantity than the column of runs that it fills.

    Parameters
    ----------
    column : str
        The column of runs.
    number : Number
        What the user's cells may hold.
    value : callable
        The column's numbers from those, both of shape (row,).
    measure : str
        What the user measures, if the column is `error`.
    words : str
        The arithmetic, as a message says it.
    """

    column: str
    number: Number
    value: Callable[[Floats], Floats]
    measure: str = ""
    words: str = ""


def _log(values: Floats) -> Floats:
    return np.log(np.where(values > 0, values, np.nan))


FORMS = {
    "accuracy": Form("error", ACCURACY, lambda x: 1 - x, "accuracy", "error = 1 - it"),
    "accuracy%": Form("error", PERCENT, lambda x: 1 - x / 100, "accuracy", "error = 1 - it / 100"),
    "error%": Form("error", OF_100, lambda x: x / 100, "error", "error = it / 100"),
    "epochs": Form("samples_seen", EPOCHS, lambda x: x, words="samples_seen = it x unique_samples"),
    "steps": Form("samples_seen", STEPS, lambda x: x, words="samples_seen = it x samples a step"),
    "loss_bits": Form("error", BITS, lambda x: x * np.log(2), "loss", "error = it x log 2"),
    "ppl": Form("error", PERPLEXITY, _log, "loss", "error = log of it"),
}
"""The keys that are arithmetic."""

PLAIN_KEYS = (
    "error",
    "samples_seen",
    "unique_samples",
    "pool",
    "data",
    "group",
    "run",
    "metric",
    "training",
    "seed",
    "n_eval",
    "rounding",
    "weight",
    "replacement",
)
"""The columns of a table of runs, which may be called otherwise."""
COMPOSITION = "composition."
"""What a key begins with that is for the composition table alone."""
OF_COMPOSITION = ("data", "pool", "unique_samples")
"""The columns of a composition table."""
KEYS = (*PLAIN_KEYS, *FORMS, *(f"{COMPOSITION}{column}" for column in OF_COMPOSITION))
QUOTED = re.compile(r'(^|,)\s*([^,"=]+)="((?:[^"]|"")*)"')
"""A pair whose name alone stands in quotes."""
TOKENS = re.compile(r"tokens?([^a-z]|$)|(^|[^a-z])tok([^a-z]|$)", re.IGNORECASE)
"""A column's name that says that it counts tokens."""


def columns_of(columns: Columns | None) -> dict[str, str]:
    """The mapping that an argument gives, checked as far as it can be without the table.

    Raises
    ------
    InputError
        If the text holds no pairs, a key is unknown or two keys fill one column.

    Examples
    --------
    >>> columns_of('error=val_loss, "pool=data, source",steps=step*1024')
    {'error': 'val_loss', 'pool': 'data, source', 'steps': 'step*1024'}
    """
    if columns is None:
        return {}
    pairs = _pairs(columns) if isinstance(columns, str) else _flat(columns)
    faults = [
        fault for key, name in pairs.items() if (fault := _fault_of_pair(key, name)) is not None
    ]
    filled: dict[str, str] = {}
    for key in pairs:
        column = target(key)
        if column in filled:
            both = f"{filled[column]!r} and {key!r} both give {column}; leave one out"
            faults.append(both + _quotient_instead(pairs))
        filled[column] = key
    if faults:
        raise InputError(f"columns: {'; '.join(faults)}")
    return pairs


def _quotient_instead(pairs: Mapping[str, str]) -> str:
    """What to give in place of epochs beside samples: unique samples are their quotient."""
    if not {"samples_seen", "epochs"} <= set(pairs) or "unique_samples" in pairs:
        return ""
    quotient = f"unique_samples={pairs['samples_seen']}/{pairs['epochs']}"
    return f" (in place of epochs, {quotient} takes unique samples from both)"


def _flat(columns: Mapping[str, object]) -> dict[str, Any]:
    """A mapping whose pairs for the composition table may stand in a table of their own."""
    own = columns.get("composition")
    if not isinstance(own, Mapping):
        return dict(columns)
    others = {key: name for key, name in columns.items() if key != "composition"}
    return others | {f"{COMPOSITION}{key}": name for key, name in own.items()}


def target(key: str) -> str:
    """The column of runs that a key fills."""
    return FORMS[key].column if key in FORMS else key


def _pairs(text: str) -> dict[str, str]:
    try:
        cells = next(csv.reader([QUOTED.sub(r'\1"\2=\3"', text)], skipinitialspace=True), [])
    except csv.Error:  # more than one line
        cells = [text]
    pairs: dict[str, str] = {}
    for cell in cells or [""]:
        key, equals, name = (part.strip() for part in cell.partition("="))
        if not (key and equals and name) or "\n" in key:
            raise InputError(
                f"columns: expected pairs such as error=val_loss,pool=source, got {cell!r}; "
                "a name with a comma in it needs quotes"
            )
        if key in pairs:
            raise InputError(f"columns: {key!r} is given twice")
        pairs[key] = name
    return pairs


def _fault_of_pair(key: object, name: object) -> str | None:
    if not isinstance(key, str) or not isinstance(name, str):
        return f"expected names as text, got {key!r} and {name!r}"
    if key not in KEYS:
        swapped = f"; the other way round: {name}={key}" if name in KEYS else ""
        return f"unknown key {key!r}{swapped or alternatives(key, KEYS)}"
    return None


def columns_beside(source: object) -> tuple[dict[str, str], str]:
    """The table [columns] of the TOML file beside a file of runs, and the TOML file's name.

    Both are empty where there is none.

    Raises
    ------
    InputError
        If the TOML file cannot be read.
    """
    if not isinstance(source, str | PathLike) or source == STANDARD_INPUT:
        return {}, ""
    path = Path(source)
    stem = Path(path.stem).stem if path.suffix.lower() == PACKED else path.stem
    try:
        beside = path.with_name(f"{stem}.toml")
        is_there = beside != path and isfile(beside)
        text = beside.read_bytes().decode("utf-8-sig") if is_there else ""
        table = tomllib.loads(text).get("columns")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{beside}: not valid TOML, which may name the columns: {error}") from None
    except (OSError, ValueError):  # there is none, or no file can have that name
        return {}, ""
    try:
        return (columns_of(table), beside.name) if isinstance(table, dict) else ({}, "")
    except InputError as error:
        raise InputError(f"{beside}: {error}") from None


def for_composition(columns: Mapping[str, str], table: Table) -> dict[str, str]:
    """Those pairs of a mapping that hold for a composition table.

    These are the pairs that are for it alone, and of the others those that name a column which it
    has, in place of one that it lacks.

    Examples
    --------
    >>> table = Table("sets.csv", {"mix": ["a"], "bucket": ["x"], "unique_samples": [5]}, ["row 2"])
    >>> pairs = {"error": "loss", "data": "mix", "composition.pool": "bucket"}
    >>> for_composition(pairs, table)
    {'data': 'mix', 'pool': 'bucket'}
    """
    shared = {
        key: name
        for key, name in columns.items()
        if key in OF_COMPOSITION
        and key not in table.columns
        and factor_of(key, name, table.columns)[0] in table.columns
    }
    return shared | {
        key.removeprefix(COMPOSITION): name
        for key, name in columns.items()
        if key.startswith(COMPOSITION)
    }


def for_runs(columns: Mapping[str, str], table: Table, taken: Mapping[str, str]) -> dict[str, str]:
    """Those pairs of a mapping that hold for a table of runs.

    Parameters
    ----------
    columns : mapping of str to str
    table : Table
        Runs, under their own names.
    taken : mapping of str to str
        The pairs that hold for the composition table: what they name and the runs do not have is no
        fault of the runs.
    """
    return {
        key: name
        for key, name in columns.items()
        if not key.startswith(COMPOSITION)
        and (taken.get(key) != name or factor_of(key, name, table.columns)[0] in table.columns)
    }


def rename(table: Table, columns: Mapping[str, str], totals: Mapping[str, float]) -> None:
    """Give the columns of a table the names of a table of runs, and note those that it lacks.

    Parameters
    ----------
    table : Table
    columns : mapping of str to str
        As `columns_of` returns it.
    totals : mapping of str to float
        Unique samples of each training set of the composition table, for epochs.
    """
    original = dict(table.columns)
    for key, given in columns.items():
        column = target(key)
        name, factor, times, over = factor_of(key, given, original)
        before = name.partition("*")[0].strip()
        if key in SCALED and name not in original and before in original:
            table.note(
                f"{key}={name}: expected a number or a column behind *, such as {before}*1024"
            )
            continue
        if name not in original:
            near = suggest(name, original)
            table.lacks(column, f"no column {name!r} for {key}{near}")
            continue
        if key == "steps" and factor is None and not times:
            table.note(f"steps={name}: how many samples is a step? write steps={name}*1024 or so")
        if column != name and column in original and column not in table.hidden:
            table.hidden.append(column)
        table.repeated -= {column} - {name}
        table.given[key] = given
        table.columns[column] = original[name]
        table.used.add(name)
        table.called[column] = name
        if column == "training" and name == "run":
            table.columns.pop("run")  # names of trainings, which their checkpoints share
        form = _form(key, factor or 1.0, times)
        if over:
            table.derived[column] = Derived(ABOVE_0, quotients(table, factor or 1.0), times, over)
        elif key == "epochs":
            table.derived[column] = Derived(EPOCHS, times_unique(table, totals))
        elif form is not None:
            table.derived[column] = form
    table.called = {column: name for column, name in table.called.items() if column != name}


def _form(key: str, factor: float, times: str) -> Derived | None:
    if key in FORMS:
        form = FORMS[key]
        return Derived(form.number, lambda x: form.value(x) * factor, times)
    if factor != 1.0 or times:
        return Derived(ABOVE_0, lambda x: x * factor, times)
    return None


def measure_of(columns: Mapping[str, str], kind: str) -> str:
    """What the user measures: an accuracy, an error or a loss.

    Examples
    --------
    >>> measure_of({"accuracy": "acc1"}, "error"), measure_of({}, "loss")
    ('accuracy', 'loss')
    """
    forms = [FORMS[key].measure for key in columns if key in FORMS and FORMS[key].measure]
    return (forms or [kind])[0]


def kind_of(columns: Mapping[str, str], kind: str) -> str:
    """The kind of the table, which the forms of losses say, too.

    Raises
    ------
    InputError
        If accuracies are to be read as losses.
    """
    measure = measure_of(columns, kind)
    if kind == "loss" and measure == "accuracy":
        raise InputError('columns: accuracies give error rates, but the kind is "loss"')
    return "loss" if measure == "loss" else kind


def unit_of(columns: Mapping[str, str], unit: str | None) -> str:
    """What is counted: as given, or tokens where a mapped column's name says so.

    Raises
    ------
    InputError
        If the unit is no word.

    Examples
    --------
    >>> unit_of({"samples_seen": "tokens_trained"}, None), unit_of({}, None), unit_of({}, "pairs")
    ('tokens', 'samples', 'pairs')
    """
    if unit is not None:
        if not isinstance(unit, str) or not re.fullmatch(r"[^\W\d_][\w -]{0,29}", unit):
            raise InputError(f"unit: expected a word such as samples or tokens, got {unit!r}")
        return unit
    keys = "samples_seen", "unique_samples", "steps", f"{COMPOSITION}unique_samples"
    counted = [columns.get(key, "") for key in keys]
    return "tokens" if any(map(TOKENS.search, counted)) else "samples"
