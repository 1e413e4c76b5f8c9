"""Runs that repeat others: one sentence for all of them, by what differs between the repeats."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from qqt_bayes.errors import Advice
from qqt_bayes.tables.cells import Floats, Mask, name_in, numbers_in
from qqt_bayes.tables.intake.synonyms import means, words_of
from qqt_bayes.tables.table import Array, Table

SAME = "same training set, samples_seen, group and seed"
"""What makes a run the repeat of another."""
LEAST = "{} keeps the least error of each cell"
MOST_SETTINGS = 6
"""Settings that the sentence names."""
FEWEST_MEASURED = 4
"""Cells of which some would be alike if they were settings."""
REPLICATES = "add a column run, or seed, if they are replicates"

Positions = NDArray[np.int64]


def judge_repeats(table: Table, keys: Mapping[str, Array]) -> None:
    """Note the rows that repeat others in all keys, in one sentence, and those that are identical.

    Parameters
    ----------
    table : Table
        Runs.
    keys : mapping of str to array, shape (run,)
        What tells runs apart, `group` among it.
    """
    first = table.repeats(keys)
    again, texts = _but_for_identical(table, first)
    if again.any():
        grouped = len(np.unique(keys["group"])) > 1
        _note_repeats(table, first, again, texts, grouped)


def _but_for_identical(
    table: Table, first: Positions
) -> tuple[NDArray[np.bool_], dict[str, list[str]]]:
    """Note rows that are identical; which others repeat one, and all cells as text, if any do.

    Parameters
    ----------
    table : Table
    first : array, shape (row,)
        Position of the first row that each repeats.
    """
    again = first != np.arange(len(table))
    if not again.any():
        return again, {}
    texts = {name: [name_in(cell) for cell in cells] for name, cells in table.columns.items()}
    twin = _twins(texts, again)
    identical = twin != np.arange(len(table))
    if identical.any():
        _note_identical(table, twin, np.flatnonzero(identical).tolist())
    return again & ~identical, texts


def judge_names(table: Table, keys: Mapping[str, Array], cell: Mapping[str, Array]) -> None:
    """Note the rows that have the name of another run, in one sentence if there are several.

    Parameters
    ----------
    table : Table
        Runs.
    keys : mapping of str to array, shape (run,)
        Their names and what else tells the names apart.
    cell : mapping of str to array, shape (run,)
        What else is known of each run, its `samples_seen` among it.
    """
    first = table.repeats(keys)
    again, _ = _but_for_identical(table, first)
    rows = np.flatnonzero(again).tolist()
    if len(rows) == 1:
        table.fault(again, "run", lambda i: f"repeats {table.places[first[i]]}")
    elif rows:
        example = f"{table.places[rows[0]]} that of {table.places[first[rows[0]]]}"
        name = table.called.get("run", "run")
        if "training" not in table.columns and _are_checkpoints(table, keys, cell):
            others = {key: column for key, column in table.given.items() if column != name}
            table.note(
                Advice(
                    f"column {name}: {len(rows)} rows have the name of another run at another "
                    f"budget ({example}); {{}} if they are checkpoints of one training, which "
                    "share its luck",
                    {"columns": others | {"training": name}},
                )
            )
            return
        table.note(
            f"column run: {len(rows)} rows repeat the name of another run ({example}); give each "
            "run a name of its own, or leave the column out"
        )


def _are_checkpoints(table: Table, keys: Mapping[str, Array], cell: Mapping[str, Array]) -> bool:
    """Whether rows of one name differ in their budgets, and in nothing else that is known."""
    of_name = {name: x for name, x in cell.items() if name != "samples_seen"}
    at_budgets = table.repeats({**keys, "samples_seen": cell["samples_seen"]})
    differ = unlike(of_name, table.repeats(keys))
    return bool(not differ.any() and (at_budgets == np.arange(len(table))).all())


def unlike(cell: Mapping[str, Array], first: Positions) -> Mask:
    """Which rows differ in anything from the first row that each repeats.

    Parameters
    ----------
    cell : mapping of str to array, shape (row,)
    first : array of int, shape (row,)

    Examples
    --------
    >>> unlike({"seed": np.array([1.0, np.nan, np.nan])}, np.array([0, 0, 1]))
    array([False,  True, False])
    """
    differ = np.zeros(len(first), dtype=bool)
    for values in cell.values():
        unequal = values != values[first]
        if values.dtype.kind == "f":  # two runs without a seed do not differ in it
            unequal &= ~(np.isnan(values) & np.isnan(values[first]))
        differ |= unequal
    return differ


def _twins(texts: Mapping[str, list[str]], again: Mask) -> Positions:
    """Position of the first row with the same text in every column; its own if there is none."""
    seen: dict[tuple[str, ...], int] = {}
    twin = np.arange(len(again))
    for i, row in enumerate(zip(*texts.values(), strict=True)):
        j = seen.setdefault(row, i)
        twin[i] = j if again[i] else i
    return twin


def best_of(first: Positions, error: Floats) -> Mask:
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


def _note_identical(table: Table, twin: Positions, rows: list[int]) -> None:
    example = f"{table.places[rows[0]]} is identical to {table.places[twin[rows[0]]]}"
    if len(rows) == 1:
        table.note(f"{example}: the same run twice? leave one out")
    else:
        table.note(f"{len(rows)} rows are identical to others ({example}): leave them out")


def _note_repeats(
    table: Table, first: Positions, where: Mask, texts: Mapping[str, list[str]], grouped: bool
) -> None:
    rows = np.flatnonzero(where).tolist()
    differing = [
        name for name, cells in texts.items() if any(cells[i] != cells[first[i]] for i in rows)
    ]
    members = sorted({*rows, *first[rows].tolist()})
    settings = [
        name
        for name in differing
        if _is_setting(table, name) and not _is_measured(name, [texts[name][i] for i in members])
    ]
    row, other = table.places[rows[0]], table.places[first[rows[0]]]
    if len(rows) == 1:
        start, end = f"{row}: repeats {other} ({SAME})", ""
    else:
        start, end = f"{len(rows)} rows repeat others", f" ({row} repeats {other}: {SAME})"
    names = [name for name in differing if means(name, "run") is not None]
    names = [name for name in names if not _left(texts[name], first, where)]
    seeds = [name for name in names if "seed" in words_of(name)]
    if seeds or not settings:
        # what else differs between seeds, as a time of day does, is no setting
        if names := seeds or names:
            mapping = table.given | {"seed" if "seed" in words_of(names[0]) else "run": names[0]}
            sentence = f"{start} but for {names[0]}; {{}} if they are replicates{end}"
            table.note(Advice(sentence, {"columns": mapping}))
            return
        table.note(f"{start} but for the error; {REPLICATES}{end}")
        return
    but = f"{start} but for {_in_short(settings)}"
    group = None if grouped else _group(settings, texts, first, where)
    if group is None:
        table.note(Advice(f"{but}: {LEAST}; or {REPLICATES}{end}", {"best": True}))
        return
    table.note(Advice(f"{but}: {{}}{end}", {"group": group}))
    if left := _left(texts[group], first, where):
        rows_left = "1 row repeats another" if left == 1 else f"{left} rows repeat others"
        table.note(Advice(f"with that, {rows_left} still: {LEAST}", {"best": True}))


def _in_short(names: list[str]) -> str:
    """Names of columns, the first of many."""
    more = f" and {len(names) - MOST_SETTINGS} more" if len(names) > MOST_SETTINGS else ""
    return ", ".join(names[:MOST_SETTINGS]) + more


def _is_setting(table: Table, name: str) -> bool:
    """Whether a column says what was done, not what came of it or what the run is called."""
    if name in ("error", "rounding", "weight", "n_eval") or name in table.called.values():
        return False
    return means(name, "result") is None and (
        means(name, "run") is None or means(name, "group") is not None
    )


def _is_measured(name: str, cells: list[str]) -> bool:
    """Whether a column of an unknown name holds fractions of which no two are alike."""
    if means(name, "group") is not None or means(name, "swept") is not None:
        return False
    numbers = numbers_in(cells, counts=False)
    fractions = bool(np.isfinite(numbers).all() and (numbers % 1 != 0).any())
    return fractions and len(cells) >= FEWEST_MEASURED and len(set(cells)) == len(cells)


def _group(
    settings: list[str],
    texts: Mapping[str, list[str]],
    first: Positions,
    where: Mask,
) -> str | None:
    """Of the settings that look most like a model's size the one that parts most repeats."""
    places = {name: place for name in settings if (place := means(name, "group")) is not None}
    order = sorted(places, key=lambda name: (places[name], _left(texts[name], first, where)))
    return order[0] if order else None


def _left(cells: list[str], first: Positions, where: Mask) -> int:
    """Rows that still repeat another one of their cell, if a column tells them apart, too."""
    rows = np.flatnonzero(where)
    members = {*rows.tolist(), *first[rows].tolist()}
    return len(members) - len({(int(first[i]), cells[i]) for i in members})
