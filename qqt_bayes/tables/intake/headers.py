"""What headers say of the unit of a column, as "Tokens (B)", and whether titles are above them."""

import re
from collections.abc import Sequence

import numpy as np

from qqt_bayes.errors import Advice, listed
from qqt_bayes.tables.cells import is_empty, name_in, number_in, numbers_in, with_point
from qqt_bayes.tables.table import Table

POWERS = {"k": 3, "thousand": 3, "m": 6, "mn": 6, "million": 6, "b": 9, "bn": 9, "g": 9}
POWERS |= {"billion": 9, "t": 12, "tn": 12, "trillion": 12}
"""Powers of ten by the endings that people write."""
UNIT = re.compile(
    r".*\S\s*(?:[(\[]\s*(?:in\s+)?(k|mn?|bn?|g|tn?|(?:thou|m|b|tr)[a-z]*?(?:sand|illion)s?)\b[^()\]]*"
    r"[)\]]|[\s,_]in[\s_]((?:thou|m|b|tr)[a-z]*?(?:sand|illion)s?))\s*",
    re.IGNORECASE,
)
"""A name that ends in its unit: in brackets, or behind "in"."""
UNNAMED = re.compile(r"column \d+", re.ASCII)
"""What a column without a name is called."""
LARGEST = 1e6
"""A count from here on is no longer one of thousands or millions: the name's ending means else."""


def power_of(name: str) -> int:
    """The power of ten in which a column counts by its name; 0 if that says nothing.

    Examples
    --------
    >>> [power_of(name) for name in ("Tokens (B)", "samples [M]", "tokens in billions", "tokens")]
    [9, 6, 9, 0]
    >>> power_of("Avg. acc (%)"), power_of("docs (thousands)"), power_of("loss (bits)")
    (0, 3, 0)
    """
    match = UNIT.fullmatch(name)
    if match is None:
        return 0
    return POWERS.get((match[1] or match[2]).lower().removesuffix("s"), 0)


def in_units(name: str, cells: Sequence[object]) -> str:
    """A column as a mapping writes it: times what its name says, if its cells are plain numbers.

    Examples
    --------
    >>> in_units("Tokens (B)", ["1,2", 8.4]), in_units("Tokens (B)", ["1.2B"])
    ('Tokens (B)*1e9', 'Tokens (B)')
    """
    power = power_of(name)
    numbers = numbers_in([with_point(cell) for cell in cells], counts=True)
    held = numbers[~np.isnan(numbers)]
    small = held.size and np.isfinite(held).all() and held.max() < LARGEST
    return f"{name}*1e{power}" if power and small else name


def title_above(place: str, cells: Sequence[object], skippable: bool) -> str | Advice:
    """What to say where a title stands above the header, "" if such cells can be no header.

    Parameters
    ----------
    place : str
        What messages call the row that seems to be the header: "row 3".
    cells : sequence
    skippable : bool
        Whether the user can say how many rows to leave out.

    Examples
    --------
    >>> title_above("row 3", ["Run", "Tokens"], skippable=False)
    "the header seems to be row 3 ('Run', 'Tokens'): delete the rows above it"
    >>> str(title_above("row 3", ["Run", "Tokens"], skippable=True))
    "the header seems to be row 3 ('Run', 'Tokens'): skip_rows=2 leaves out the rows above it"
    >>> title_above("row 3", ["a", "1.5"], skippable=True)
    ''
    """
    names = [name_in(cell) for cell in cells if not is_empty(cell)]
    plain = any(np.isfinite(number_in(with_point(name))) for name in names)
    if plain or len(names) < 2 or len(set(names)) < len(names):
        return ""
    seems = f"the header seems to be {place} ({listed(names)})"
    if not skippable:
        return f"{seems}: delete the rows above it"
    above = int(place.removeprefix("row ")) - 1
    return Advice(f"{seems}: {{}} leaves out the rows above it", {"skip_rows": above})


def judge_title(table: Table) -> str | Advice:
    """What to say of a table most of whose columns have no name in the first row, "" if nothing is.

    Examples
    --------
    >>> table = Table("t", {"May": ["Run"], "column 2": ["Tokens"], "column 3": [None]}, ["row 3"])
    >>> judge_title(table)
    "the header seems to be row 3 ('Run', 'Tokens'): delete the rows above it"
    """
    named = [name for name in table.columns if not UNNAMED.fullmatch(name)]
    if 2 * len(named) > len(table.columns) or len(table.columns) < 3:
        return ""
    skippable = table.skipped is not None
    first = zip(table.places[:5], zip(*table.columns.values(), strict=True), strict=False)
    for place, cells in first:
        more = sum(not is_empty(cell) for cell in cells) > len(named)
        if more and (words := title_above(place, cells, skippable)):
            return words
    return ""
