"""A table of mixtures: a row for each training set, the weights of its pools in columns."""

from __future__ import annotations

import numpy as np

from qqt_bayes.importers.draft import Options
from qqt_bayes.importers.families.own_table import MIXTURES, NAMES, run_names
from qqt_bayes.importers.meanings import MEANINGS, measure_of
from qqt_bayes.importers.sheet import RUN, Sheet, counted, is_numeric, some
from qqt_bayes.importers.sources import Found
from qqt_bayes.tables.cells import Floats, number_in
from qqt_bayes.tables.table import Table

READS = "a table of mixtures: the weights of the pools in neighbouring columns that sum to 1 or 100"
WHOLES = (1.0, 100.0)
"""What the weights of a mixture may sum to."""
TOLERANCE = 0.005
"""How far a sum may be from the whole, as a part of it, since weights are printed rounded."""


def recognise(found: Found, options: Options) -> Sheet | None:
    """A table of mixtures, each a training set of its own."""
    table = found.table
    if table is None or not (weights := _weights(table)):
        return None
    names = run_names(table, (*NAMES, *MIXTURES))
    columns = {RUN: names} | {name: c for name, c in table.columns.items() if name != RUN}
    said = (
        f"The columns {some(weights)} sum to the same in every row, so they are read as the "
        f"weights of {counted(len(weights), 'pool')}."
    )
    return Sheet(
        "a table of mixtures", Table(table.name, columns, table.places), [said], weights=weights
    )


def _weights(table: Table) -> list[str]:
    """The longest row of neighbouring columns that sum to one whole everywhere."""
    best: list[str] = []
    for block in _blocks(table):
        values = np.array([[max(number_in(c), 0.0) for c in table.columns[n]] for n in block])
        start, stop = _longest(np.nan_to_num(values))
        if stop - start > len(best):
            best = block[start:stop]
    return best if len(best) > 1 else []


def _blocks(table: Table) -> list[list[str]]:
    """Neighbouring columns that could be weights: numbers from 0 to 100 that measure nothing."""
    blocks: list[list[str]] = [[]]
    for name, cells in table.columns.items():
        if (
            name not in MEANINGS
            and not measure_of(name)
            and is_numeric(cells)
            and _are_shares(cells)
        ):
            blocks[-1].append(name)
        else:
            blocks.append([])
    return [block for block in blocks if len(block) > 1]


def _are_shares(cells: list[object]) -> bool:
    values = np.nan_to_num([number_in(cell) for cell in cells])
    return bool(((values >= 0) & (values <= max(WHOLES))).all())


def _longest(values: Floats) -> tuple[int, int]:
    """The longest range of columns whose sum is one whole in all rows; (0, 0) if there is none."""
    sums = np.vstack([np.zeros(values.shape[1]), values.cumsum(0)])
    count = len(values)
    for length in range(count, 1, -1):
        for start in range(count - length + 1):
            total = sums[start + length] - sums[start]
            if any((abs(total - whole) <= TOLERANCE * whole).all() for whole in WHOLES):
                return start, start + length
    return 0, 0
