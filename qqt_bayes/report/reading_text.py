"""What reading changed in a table of runs, as sentences: columns, and what was left out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from qqt_bayes.phrases import format_samples, joined
from qqt_bayes.tables.intake.columns import FORMS, target

LEFT_OUT = {
    "skipped_rows": "Rows above the header, left out",
    "commented_rows": "Rows that are commented out with # and left out",
    "dropped_rows": "Rows without a number they need, left out by --drop-missing",
    "beaten_rows": "Rows with a better run of the same cell, left out by --best",
    "early_rows": "Rows below the budget of --from, left out",
}
"""What `read_runs` left out of the rows of a table, for somebody who gave the options."""
UNUSED = {
    "unused_columns": "Columns that are not used",
    "unused_data": "Training sets that no run is on",
    "unused_pools": "Pools that no run takes from",
}
"""What `read_runs` found no use for."""
OF_PAGE = {
    "skipped_rows": "Rows above the header, which were left out",
    "commented_rows": "Rows that are commented out and so left out",
    "dropped_rows": "Rows that lack a number and were left out",
    "beaten_rows": "Rows left out because a run that differs in settings alone did better",
    "early_rows": "Rows left out because training had hardly begun, below {}",
    "other_metrics": "Other metrics of the table, which are no part of this",
    **UNUSED,
}
"""The same for who reads a page, and never gave an option."""


def sentences(reading: Mapping[str, Any]) -> list[str]:
    """What a page says of what reading changed.

    Parameters
    ----------
    reading : mapping
        As `qqt_bayes.tables.reading` keeps it; empty for fits of older versions.

    Examples
    --------
    >>> for each in sentences({
    ...     "columns": {"accuracy%": "top-1", "pool": "source"},
    ...     "left_out": {"early_rows": {"count": 7, "first": ["row 2", "row 3"]}},
    ...     "least_budget": 1e9,
    ... }):
    ...     print(each)
    As the table of runs was read: error = 1 - 'top-1' / 100 and pool = 'source'.
    Rows left out because training had hardly begun, below 1B: 7 (row 2, row 3 and 5 more).
    """
    said = []
    if columns := reading.get("columns"):
        beside = reading.get("columns_from")
        as_file = f", as {beside} says" if beside else ""
        taken = _all_joined([_taken(key, name) for key, name in columns.items()])
        said.append(f"As the table of runs was read{as_file}: {taken}.")
    least = format_samples(reading.get("least_budget") or 0)
    for kind, found in reading.get("left_out", {}).items():
        if kind in OF_PAGE:  # a later version may know more
            said.append(f"{OF_PAGE[kind].format(least)}: {_counted(**found)}.")
    if cells := reading.get("as_written"):
        of_all = f"{cells['count']}, such as {', '.join(cells['first'])}"
        said.append(f"Cells that were read as people write numbers: {of_all}.")
    return said


def _taken(key: str, name: str) -> str:
    """How a column of runs comes from the table's.

    Examples
    --------
    >>> _taken("epochs", "ep"), _taken("steps", "step*1024"), _taken("pool", "source")
    ("samples_seen = 'ep' x unique_samples", "samples_seen = 'step*1024'", "pool = 'source'")
    """
    if key == "steps":  # whose name says itself how many samples a step has
        return f"{target(key)} = {name!r}"
    if key not in FORMS:
        return f"{key} = {name!r}"
    return re.sub(r"\bit\b", lambda _: repr(name), FORMS[key].words, count=1)


def _all_joined(words: list[str]) -> str:
    """All of some words: of columns, none is left out."""
    return joined(words) if len(words) < 3 else f"{', '.join(words[:-1])} and {words[-1]}"


def _counted(count: int, first: Sequence[str]) -> str:
    """How many, and the first by name."""
    rest = count - len(first)
    return f"{count} ({', '.join(first)}{f' and {rest} more' if rest > 0 else ''})"
