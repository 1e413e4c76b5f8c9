"""Nested values, as JSON and tracking tools write them, laid flat under names with dots."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from typing import Any

from qqt_bayes.tables.cells import is_text

DEEPEST = 12
"""Levels of nesting that are read; what lies deeper is left as one cell."""
MOST_FIELDS = 5000
"""Fields of one record that are read: beyond it a document is data, not a description of a run."""


def flat(record: Mapping[Any, object]) -> dict[str, object]:
    """A nested record as one level of cells; lists of plain values stay out, those of records not.

    Examples
    --------
    >>> flat({"name": "a", "hyper": {"lr": 0.1, "tags": ["x"]}, "results": [{"loss": 3.2}]})
    {'name': 'a', 'hyper.lr': 0.1, 'results[0].loss': 3.2}
    """
    cells: dict[str, object] = {}
    todo: list[tuple[str, object, int]] = [("", record, 0)]
    while todo and len(cells) < MOST_FIELDS:
        name, value, depth = todo.pop()
        if isinstance(value, Mapping) and depth < DEEPEST:
            items = [(f"{name}.{key}" if name else str(key), inner) for key, inner in value.items()]
        elif isinstance(value, list) and depth < DEEPEST:
            items = [
                (f"{name}[{i}]", inner)
                for i, inner in enumerate(value)
                if isinstance(inner, Mapping)
            ]
        else:
            cells[name] = value if is_plain(value) else None
            continue
        todo += [(inner_name, inner, depth + 1) for inner_name, inner in reversed(items)]
    return cells


def is_plain(value: object) -> bool:
    """Whether a value can be a cell: a number, a text that any file can hold, or nothing."""
    if isinstance(value, str):
        return is_text(value)
    return value is None or isinstance(value, bool | int | float)


def parsed(cell: object) -> object:
    """A cell that is a record written as text, as JSON or as Python prints it, else the cell.

    Examples
    --------
    >>> parsed('{"lr": 0.1}'), parsed("{'lr': 0.1, 'x': None}"), parsed("{broken")
    ({'lr': 0.1}, {'lr': 0.1, 'x': None}, '{broken')
    """
    if not isinstance(cell, str) or not cell.strip().startswith("{"):
        return cell
    for read in (json.loads, ast.literal_eval):
        try:
            record = read(cell.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        if isinstance(record, Mapping):
            return record
    return cell


def columns_of(records: Sequence[Mapping[str, object]]) -> dict[str, list[object]]:
    """Records as columns, in order of appearance; what a record does not have is empty."""
    names = dict.fromkeys(name for record in records for name in record)
    return {name: [record.get(name) for record in records] for name in names}
