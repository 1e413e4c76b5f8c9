"""A wide table: a row for each filter or model, a column for each budget."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np

from qqt_bayes.errors import InputError
from qqt_bayes.importers.draft import Options
from qqt_bayes.importers.long_table import MULTIPLE
from qqt_bayes.importers.sheet import METRIC, RUN, VALUE, Sheet, is_numeric, some
from qqt_bayes.importers.sources import Found
from qqt_bayes.tables.budgets import parse_budgets
from qqt_bayes.tables.cells import name_in, number_in
from qqt_bayes.tables.human_numbers import written
from qqt_bayes.tables.table import Table

READS = "a wide table with a column for each budget (128M, 640M, or 2 epochs, or multiples 30x)"
BUDGET = re.compile(
    r"(?P<word>.*?)[\s_@=:(]*(?<![A-Za-z0-9.,])"
    r"(?P<number>(\d+\.?\d*) ?[KMBGT]|\d+\.?\d*e\+?\d+|\d{5,18})"
    r"[\s_]*((samples|tokens|pairs|images|examples)([\s_]*seen)?)?\)?"
    r"([\s_:(]+(?P<end>[a-z][^()]*)\)?)?",
    re.IGNORECASE | re.ASCII,
)
"""Name of a column that is a budget, with a word of the metric before or behind it."""
TIMES = re.compile(
    r"(?P<word>.*?)[\s_@=:(]*(?<![A-Za-z0-9.,])"
    r"(x ?(?P<after>\d+\.?\d*)|(?P<number>\d+\.?\d*) ?(x|\u00d7|(?P<epochs>ep|epochs?)))\)?",
    re.IGNORECASE,
)
"""Name of a column that is a multiple, or a number of epochs."""
COMMAS = re.compile(r"\d[\d.]*,[\d.,]*", re.ASCII)
"""A number with a comma in a column's name."""
FEWEST = 2
"""Columns with such names that make a table wide."""
NOT_RUNS = re.compile(
    r"unique|param|model|imagenet|flickr|coco|size|flop|std|stderr|±", re.IGNORECASE
)
"""Words beside a number of a column that is no result at a budget."""


def recognise(found: Found, options: Options) -> Sheet | None:
    """A wide table made long: a row for each cell that a run stands in."""
    table = found.table
    if table is None:
        return None
    for axis, read in (("samples_seen", _budget), ("epochs", _epochs), (MULTIPLE, _multiple)):
        across = _of_several({name: place for name in table.columns if (place := read(name))})
        if across:
            return _long(table, axis, across, options)
    return None


def _of_several(across: dict[str, tuple[str, float]]) -> dict[str, tuple[str, float]]:
    """The columns whose word stands before several numbers: "ImageNet 1k" alone is no budget.

    Examples
    --------
    >>> _of_several({"acc@1M": ("acc", 1e6), "acc@2M": ("acc", 2e6), "CIFAR 1M": ("CIFAR", 1e6)})
    {'acc@1M': ('acc', 1000000.0), 'acc@2M': ('acc', 2000000.0)}
    """
    numbers: dict[str, set[float]] = defaultdict(set)
    for word, number in across.values():
        numbers[word].add(number)
    return {name: place for name, place in across.items() if len(numbers[place[0]]) >= FEWEST}


def _with_points(name: str) -> str:
    """A column's name with plain numbers in place of those with a comma that mean one thing only.

    Examples
    --------
    >>> _with_points("error@1,28B"), _with_points("12,800,000"), _with_points("1,280M")
    ('error@1.28B', '12800000', '1,280M')
    """

    def plain(match: re.Match[str]) -> str:
        found = written(match[0])
        return f"{found.values[0]:.15g}" if found and len(found.values) == 1 else match[0]

    return COMMAS.sub(plain, name.strip())


def _budget(name: str) -> tuple[str, float] | None:
    match = BUDGET.fullmatch(_with_points(name))
    if not match:
        return None
    word = " ".join(filter(None, (match["word"].strip(), (match["end"] or "").strip())))
    if NOT_RUNS.search(word):
        return None
    try:
        return word, float(parse_budgets(match["number"])[0])
    except InputError:
        return None


def _epochs(name: str) -> tuple[str, float] | None:
    match = TIMES.fullmatch(_with_points(name))
    return (
        (match["word"].strip(), number_in(match["number"])) if match and match["epochs"] else None
    )


def _multiple(name: str) -> tuple[str, float] | None:
    match = TIMES.fullmatch(_with_points(name))
    if not match or match["epochs"] or NOT_RUNS.search(match["word"]):
        return None
    return match["word"].strip(), number_in(match["after"] or match["number"])


def _long(table: Table, axis: str, across: dict[str, tuple[str, float]], options: Options) -> Sheet:
    """A row for each row and budget, with the other columns repeated."""
    others = {name: cells for name, cells in table.columns.items() if name not in across}
    labels = _labels(table, others)
    words = list(dict.fromkeys(word for word, _ in across.values()))
    columns: dict[str, list[object]] = {name: [] for name in (RUN, *others, axis, VALUE)}
    metrics: list[object] = []
    places = []
    for i, label in enumerate(labels):
        for name, (word, number) in across.items():
            columns[RUN].append(f"{label} {name}".strip())
            for other, cells in others.items():
                if other != RUN:
                    columns[other].append(cells[i])
            columns[axis].append(number)
            columns[VALUE].append(table.columns[name][i])
            metrics.append(word)
            places.append(f"{table.places[i]}, column {name}")
    if any(words):
        columns[METRIC] = metrics
    said = [_said(axis, list(across))]
    measure = ""
    if options.kind is None and not any(words) and _fall(table, across):
        measure = "error"
        said.append(
            "The values are below 1 and fall along the columns, so they are read as error rates; "
            "give the kind if they are something else."
        )
    meanings = {VALUE: measure} | ({} if axis == MULTIPLE else {axis: axis})
    words_of = [name for name, cells in others.items() if name != RUN and not is_numeric(cells)]
    whole = Table(table.name, columns, places)
    rows_by = words_of[0] if len(words_of) == 1 else ""
    return Sheet("a wide table", whole, said, meanings, rows_by=rows_by)


def _said(axis: str, names: list[str]) -> str:
    words = {"samples_seen": "budgets in samples seen", "epochs": "budgets in epochs"}
    return f"The columns {some(names)} are read as {words.get(axis, 'multiples')}."


def _labels(table: Table, others: dict[str, list[object]]) -> list[str]:
    """What a row is called: its run, or its words."""
    words = [cells for name, cells in others.items() if name == RUN] or [
        cells for cells in others.values() if not is_numeric(cells)
    ]
    labels = [" ".join(filter(None, map(name_in, row))) for row in zip(*words, strict=True)]
    if len(set(labels)) == len(table) and all(labels):
        return labels
    labels = labels or [""] * len(table)
    return [f"{label} {place}".strip() for label, place in zip(labels, table.places, strict=True)]


def _fall(table: Table, across: dict[str, tuple[str, float]]) -> bool:
    """Whether all rows are numbers below 1 that fall from the least budget to the largest."""
    ordered = sorted(across, key=lambda name: across[name][1])
    cells = [[number_in(table.columns[name][i]) for name in ordered] for i in range(len(table))]
    rows = [np.array([value for value in row if np.isfinite(value)]) for row in cells]
    return (
        all(((row > 0) & (row <= 1)).all() for row in rows)
        and all(row[-1] < row[0] for row in rows if len(row) > 1)
        and any(len(row) > 1 for row in rows)
    )
