"""Runs that repeat others: one sentence for all of them, by what differs between the repeats."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.errors import Advice, listed
from qqt_bayes.tables.cells import Floats, name_in
from qqt_bayes.tables.synonyms import means
from qqt_bayes.tables.table import Array, Table

SAME = "same training set, samples_seen, group and seed"
"""What makes a run the repeat of another."""
REPLICATES = "add a column run, or seed, if they are replicates"

Positions = NDArray[np.int64]


def judge_repeats(table: Table, keys: Mapping[str, Array]) -> None:
    """Note the rows that repeat others in all keys, in one sentence, and those that are identical.

    Parameters
    ----------
    table : Table
        Runs.
    keys : mapping of str to array, shape (run,)
        What tells runs apart.
    """
    first = table.repeats(keys)
    again = first != np.arange(len(table))
    if not again.any():
        return
    texts = {name: _texts(cells) for name, cells in table.columns.items()}
    rows = list(zip(*texts.values(), strict=True))
    seen: set[tuple[str, ...]] = set()
    identical = np.zeros(len(table), dtype=bool)
    for i, row in enumerate(rows):
        identical[i] = bool(again[i]) and row in seen
        seen.add(row)
    if identical.any():
        _note_identical(table, first, identical, rows)
    if (again & ~identical).any():
        _note_repeats(table, first, again & ~identical, texts)


def best_of(first: Positions, error: Floats) -> NDArray[np.bool_]:
    """Which runs to keep: of those with one cell the one of least error, the first of equal ones.

    Parameters
    ----------
    first : array of int, shape (run,)
        Position of the first run in the same cell.
    error : array, shape (run,)

    Examples
    --------
    >>> best_of(np.array([0, 0, 2, 0]), np.array([0.5, 0.4, 0.7, 0.4]))
    array([False,  True,  True, False])
    """
    order = np.lexsort((np.arange(len(error)), error, first))
    kept = np.zeros(len(error), dtype=bool)
    kept[order[np.r_[True, np.diff(first[order]) != 0][: len(order)]]] = True
    return kept


def _texts(cells: list[object]) -> list[str]:
    return [name_in(cell) for cell in cells]


def _note_identical(
    table: Table, first: Positions, where: NDArray[np.bool_], rows: list[tuple[str, ...]]
) -> None:
    places = np.flatnonzero(where).tolist()
    twin = rows.index(rows[places[0]])
    example = f"row {table.places[places[0]].removeprefix('row ')}"
    if len(places) == 1:
        table.note(
            f"{example} is identical to {table.places[twin]}: the same run twice? leave one out"
        )
    else:
        table.note(
            f"{len(places)} rows are identical to others, {example} to {table.places[twin]}: "
            "leave them out"
        )


def _note_repeats(
    table: Table, first: Positions, where: NDArray[np.bool_], texts: Mapping[str, list[str]]
) -> None:
    rows = np.flatnonzero(where).tolist()
    differing = [
        name for name, cells in texts.items() if any(cells[i] != cells[first[i]] for i in rows)
    ]
    settings = [name for name in differing if _is_setting(table, name)]
    example = f"{table.places[rows[0]]} repeats {table.places[first[rows[0]]]}"
    if len(rows) == 1:
        start = f"{table.places[rows[0]]}: repeats {table.places[first[rows[0]]]} ({SAME})"
        end = ""
    else:
        start, end = f"{len(rows)} rows repeat others", f" ({example}: {SAME})"
    if not settings:
        table.note(f"{start}; they differ in the error alone: {REPLICATES}{end}")
        return
    group = _group(settings, texts, first, where)
    but = f"{start} but for {', '.join(settings) if len(settings) < 6 else listed(settings)}"
    if group is None:
        least = Advice("{} keeps the least error of each cell", {"best": True})
        table.note(Advice(f"{but}: {least.sentence}; or {REPLICATES}{end}", least.arguments))
        return
    table.note(Advice(f"{but}: {{}}{end}", {"group": group}))
    left = _left(texts[group], first, where)
    if left:
        table.note(
            Advice(
                f"beside that, {left} rows repeat others of their {group}: {{}} keeps the least "
                "error of each cell",
                {"best": True},
            )
        )


def _is_setting(table: Table, name: str) -> bool:
    """Whether a column says what was done, not what came of it or what the run is called."""
    if name in ("error", "rounding", "weight", "n_eval") or name in table.called.values():
        return False
    return means(name, "result") is None and (
        means(name, "run") is None or means(name, "group") is not None
    )


def _group(
    settings: list[str],
    texts: Mapping[str, list[str]],
    first: Positions,
    where: NDArray[np.bool_],
) -> str | None:
    """The setting that looks most like a model's size and tells most repeats apart, if any."""
    places = {name: place for name in settings if (place := means(name, "group")) is not None}
    # settings that are searched are of no group: they differ within one
    order = sorted(places, key=lambda name: (_left(texts[name], first, where), places[name]))
    return order[0] if order else None


def _left(cells: list[str], first: Positions, where: NDArray[np.bool_]) -> int:
    """Rows that still repeat another one of their cell, if a column tells them apart, too."""
    rows = np.flatnonzero(where)
    members = {*rows.tolist(), *first[rows].tolist()}
    return len(members) - len({(int(first[i]), cells[i]) for i in members})
