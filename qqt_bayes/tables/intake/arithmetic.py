"""Columns times numbers or other columns, and over them: "step*1024", "Tokens/Epochs"."""

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from qqt_bayes.tables.cells import COUNT, Floats, Number, above, name_in
from qqt_bayes.tables.table import Table

SCALED = ("samples_seen", "unique_samples", "n_eval", "steps")
"""Keys whose column may be multiplied by a number, or by another column."""
FACTOR = re.compile(r"(.*\S)\s*[*\u00d7]\s*([\d.]+(?:e\+?\d+)?)", re.ASCII | re.IGNORECASE)
"""A column's name and the number that it is multiplied by."""
ABOVE_0 = Number("a number above 0", above(0.0), units="samples")
"""What is multiplied or divided."""
ROUNDED_EPOCHS = 0.02
"""How far sizes that are samples over epochs may lie apart for the rounding of epochs: 0.29 for
0.286 is off by 1.4 %, and nobody trains on sets of one name whose sizes differ by less."""
STARS = re.compile(r"[*\u00d7]")
"""What stands between a column's name and the column that it is multiplied by."""
EPOCHS = Number("a number of epochs above 0", above(0.0), units="epochs")


def factor_of(
    key: str, given: str, known: Mapping[str, object]
) -> tuple[str, float | None, str, str]:
    """The column of a pair, the number or the column it is multiplied by, and the one it is over.

    Examples
    --------
    >>> factor_of("unique_samples", "T (B)*1e9/Epochs", {"T (B)": [1.2], "Epochs": [2]})
    ('T (B)', 1000000000.0, '', 'Epochs')
    >>> factor_of("steps", "step*batch", {"step": [5], "batch": [512]})
    ('step', None, 'batch', '')
    """
    if given in known or key not in SCALED:
        return given, None, "", ""
    for slash in re.finditer("/", given) if key == "unique_samples" else ():
        column, over = given[: slash.start()].strip(), given[slash.end() :].strip()
        name, factor, times, _ = factor_of("samples_seen", column, known)
        if name in known and over in known:
            return name, factor, times, over
    for star in STARS.finditer(given):  # a name may have a star in it
        column, times = given[: star.start()].strip(), given[star.end() :].strip()
        if column in known and times in known:
            return column, None, times, ""
    match = FACTOR.fullmatch(given)
    return (given, None, "", "") if match is None else (match[1], float(match[2]), "", "")


def alike_in_sets(sizes: Floats, sets: Sequence[object]) -> Floats:
    """Sizes, those of one training set made one where they are alike but for rounding.

    Epochs are mostly printed with three digits, so that each run would have a set of its own.

    Examples
    --------
    >>> alike_in_sets(np.array([3.598, 3.596, 3.598, 1.2, 2.4]), ["a", "a", "a", "b", "b"])
    array([3.598, 3.598, 3.598, 1.2  , 2.4  ])
    """
    whole = pd.Series(sizes)
    each = whole.groupby([name_in(cell) for cell in sets])
    middle = each.transform("median")
    apart = (abs(whole - middle) / middle).groupby(each.ngroup()).transform("max")
    settled: Floats = np.where(apart <= ROUNDED_EPOCHS, middle, whole)
    return settled


def quotients(table: Table, factor: float) -> Callable[[Floats], Floats]:
    """Samples over epochs, times a factor; alike for one training set of the table."""

    def settled(given: Floats) -> Floats:
        cells = table.columns.get("pool", table.columns.get("data", table.places))
        return alike_in_sets(given * factor, cells)

    return settled


def times_unique(table: Table, totals: Mapping[str, float]) -> Callable[[Floats], Floats]:
    """Epochs times the unique samples of each row; NaN where these are at fault."""

    def times(epochs: Floats) -> Floats:
        unique = np.full(len(table), np.nan)
        if "unique_samples" in table.columns:
            form = table.derived.get("unique_samples")
            unique = table.read(table.columns["unique_samples"], COUNT.counts)
            unique = form.value(table.with_columns(form, unique)) if form else unique
        if "data" in table.columns:
            of_sets = [totals.get(name_in(cell), np.nan) for cell in table.columns["data"]]
            unique = np.where(np.isnan(unique), of_sets, unique)
        return epochs * np.where(unique > 0, unique, np.nan)

    return times
