"""A table of mixtures: a row for each training set, the weights of its pools in columns."""

from __future__ import annotations

import numpy as np

from qqt_bayes.importers.draft import Options
from qqt_bayes.importers.families.own_table import MIXTURES, NAMES, run_names
from qqt_bayes.importers.meanings import MEANINGS, looks_like, measure_of
from qqt_bayes.importers.sheet import RUN, Sheet, counted, is_numeric, some
from qqt_bayes.importers.sources import Found
from qqt_bayes.tables.cells import LARGEST, Floats, number_in
from qqt_bayes.tables.table import Table

READS = "a table of mixtures: pools in neighbouring columns that sum to 1, to 100 or to a total"
WHOLES = (1.0, 100.0)
"""What the weights of a mixture may sum to."""
TOLERANCE = 0.005
"""How far a sum may be from the whole, as a part of it, since weights are printed rounded."""


def recognise(found: Found, options: Options) -> Sheet | None:
    """A table of mixtures, each a training set of its own."""
    table = found.table
    if table is None:
        return None
    weights, total = _weights(table)
    if not weights:
        return None
    names = run_names(table, (*NAMES, *MIXTURES))
    columns = {RUN: names} | {name: c for name, c in table.columns.items() if name != RUN}
    whole = repr(total) if total else "the same in every row"
    said = [
        f"The columns {some(weights)} sum to {whole}, so they are read as what a mixture takes "
        f"from {counted(len(weights), 'pool')}."
    ]
    meanings = {"unique_samples": total} if total else {}
    mixed = Table(table.name, columns, table.places)
    return Sheet("a table of mixtures", mixed, said, meanings, weights)


def _weights(table: Table) -> tuple[list[str], str]:
    """The longest row of neighbouring columns that sum to a whole in all rows, and its column."""
    best: tuple[list[str], str] = [], ""
    totals = {name: _numbers(table, name) for name in table.columns if _is_total(table, name)}
    for block in _blocks(table):
        values = np.array([_numbers(table, name) for name in block])
        start, stop, total = _longest(values, block, totals)
        if stop - start > len(best[0]):
            best = block[start:stop], total
    return best


def _blocks(table: Table) -> list[list[str]]:
    """Neighbouring columns that could be weights: numbers from 0 on that measure nothing."""
    blocks: list[list[str]] = [[]]
    for name, cells in table.columns.items():
        is_word = name in MEANINGS or measure_of(name) or looks_like(name, "unique_samples") >= 0
        if not is_word and is_numeric(cells) and any(_numbers(table, name) > 0):
            blocks[-1].append(name)
        else:
            blocks.append([])
    return [block for block in blocks if len(block) > 1]


def _numbers(table: Table, name: str) -> Floats:
    """Numbers of a column; 0 where it is empty, below 0 or beyond all that is trained on."""
    values = np.array([number_in(cell) for cell in table.columns[name]])
    return np.where((values >= 0) & (values <= LARGEST), values, 0.0)


def _is_total(table: Table, name: str) -> bool:
    is_size = any(looks_like(name, meaning) >= 0 for meaning in ("samples_seen", "unique_samples"))
    return is_size and is_numeric(table.columns[name])


def _longest(values: Floats, names: list[str], totals: dict[str, Floats]) -> tuple[int, int, str]:
    """The longest range of columns that sum to a whole in all rows; (0, 0, "") if there is none."""
    sums = np.vstack([np.zeros(values.shape[1]), values.cumsum(0)])
    count = len(values)
    for length in range(count, 1, -1):
        for start in range(count - length + 1):
            inside = names[start : start + length]
            total = sums[start + length] - sums[start]
            if not _are_mixed(values[start : start + length], total):
                continue
            for name, whole in totals.items():
                if name not in inside and _equal(total, whole):
                    return start, start + length, name
            if any(_equal(total, whole) for whole in WHOLES):
                return start, start + length, ""
    return 0, 0, ""


def _are_mixed(values: Floats, total: Floats) -> bool:
    """Whether two columns count in one row: else their sum is that of one column."""
    return bool(((values > TOLERANCE * total).sum(axis=0) > 1).any())


def _equal(total: Floats, whole: Floats | float) -> bool:
    return bool((total > 0).all() and (abs(total - whole) <= TOLERANCE * total).all())
