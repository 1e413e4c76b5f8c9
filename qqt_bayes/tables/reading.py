"""What reading changed in a table of runs, short enough to stay with every fit of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from qqt_bayes.phrases import shortened

MAX_KEPT = 5
"""Names that are kept of each kind, beside their number: as many as somebody looks up."""
MAX_CHARACTERS = 80
"""Characters that are kept of each: a cell may hold a page, an attribute of netCDF 64 KiB."""


def record_of(
    columns: Mapping[str, str],
    columns_from: str,
    left_out: Mapping[str, Sequence[str]],
    least_budget: float | None,
    as_written: Sequence[str],
) -> str:
    """What reading changed in a table of runs, as JSON of ids, names and numbers.

    Parameters
    ----------
    columns : mapping of str to str
        What the table calls its columns, by the keys of `qqt_bayes.tables.intake.columns`.
    columns_from : str
        Name of the file that says so; empty if that was an argument.
    left_out : mapping of str to sequence of str
        Names of what was left out, by kind; kinds of which nothing was left out are not kept.
    least_budget : float or None
        The budget below which runs were left out.
    as_written : sequence of str
        The cells that were read as people write numbers.

    Examples
    --------
    >>> record_of({}, "", {"dropped_rows": ["row 3 (error: empty)"], "early_rows": []}, None, [])
    '{"left_out": {"dropped_rows": {"count": 1, "first": ["row 3 (error: empty)"]}}}'
    """
    kept = {
        "columns": dict(columns),
        "columns_from": columns_from,
        "left_out": {kind: _in_short(names) for kind, names in left_out.items() if names},
        "least_budget": least_budget,
        "as_written": _in_short(as_written) if as_written else {},
    }
    return json.dumps({name: value for name, value in kept.items() if value})


def _in_short(names: Sequence[str]) -> dict[str, object]:
    """How many there are, and the first of them, each once."""
    first = list(dict.fromkeys(names))[:MAX_KEPT]
    return {"count": len(names), "first": [shortened(name, MAX_CHARACTERS) for name in first]}
