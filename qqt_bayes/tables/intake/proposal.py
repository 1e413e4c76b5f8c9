"""What to say where a table of runs lacks columns: those it has, and which look like the needed.

Nothing is taken by its looks: the message ends with the mapping of columns that would be right if
the looks are, ready to be given.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping

import numpy as np

from qqt_bayes.errors import Advice, listed
from qqt_bayes.phrases import joined
from qqt_bayes.tables.cells import Floats, human_numbers_in, name_in, numbers_in
from qqt_bayes.tables.intake.arithmetic import SCALED
from qqt_bayes.tables.intake.columns import COMPOSITION, FORMS, OF_COMPOSITION, target
from qqt_bayes.tables.intake.gaps import is_gap
from qqt_bayes.tables.intake.headers import in_units, judge_title
from qqt_bayes.tables.intake.synonyms import (
    alike,
    budget_names,
    means,
    names_between_commas,
    per_step,
    several_measures,
)
from qqt_bayes.tables.table import Table

LOSSES = {"loss": "a loss", "loss_bits": "a loss in bits", "ppl": "a perplexity"}
"""Kinds of losses, in words."""
ENOUGH = 0.8
"""Share of the cells that are numbers in a column of numbers."""
FEW_GROUPS = 3
"""Groups that a table of a few runs may have; a larger one has at most half as many as runs."""
PLACEHOLDER = "SAMPLES_PER_STEP"
"""What the user has to fill in."""
WIDE = (
    "the columns {} look like budgets: a table of runs has one row for each run, with its budget "
    "in samples_seen and its result in error; `qqt import` makes that of a wide table"
)
NO_HEADER = (
    "the header holds numbers ({}): a table of runs starts with a line that names its columns"
)
CHART = (
    "{} and the like are a chart of many runs, as W&B exports it: a table of runs has one row for "
    "each run; `qqt import` makes that of it"
)


def propose(
    table: Table, kind: str, sets: Collection[str] = (), composition: Table | None = None
) -> None:
    """Add to tables' hints what they may have in place of the columns that they lack.

    Parameters
    ----------
    table : Table
        Runs.
    kind : {"error", "loss"}
    sets : collection of str
        Training sets of the composition table.
    composition : Table, optional
        The composition table. One mapping for both ends the message.

    Examples
    --------
    >>> table = Table("runs.csv", {"val_loss": [3.2], "seen": [9]}, ["row 2"], missing=["error"])
    >>> propose(table, "error")
    >>> print(*table.hints, sep="; ")
    error: 'val_loss' looks like it, a loss; if that is right, \
columns={'error': 'val_loss'}, kind='loss' says so
    """
    of_sets = None if composition is None else _of_composition(composition)
    if of_sets is not None and "data" in of_sets.found:
        sets = {name_in(cell) for cell in of_sets.table.columns[of_sets.found["data"]]}
    of_runs = _of_runs(table, kind, sets)
    searches = [search for search in (of_sets, of_runs) if search is not None]
    if not any(search.found for search in searches):
        return
    found = {} if of_runs is None else of_runs.found
    own = {} if composition is None else composition.given
    own = own if of_sets is None else own | of_sets.found
    columns = _for_both(table.given | found, own, table)
    losses = of_runs is not None and of_runs.loss and kind != "loss"
    arguments = {"columns": columns, **({"kind": "loss"} if losses else {})}
    count = sum(len(search.found) for search in searches)
    right = "if that is right" if count == 1 else "if these are right"
    number = ""
    if PLACEHOLDER in found.get("steps", ""):
        number = f", with a number in place of {PLACEHOLDER}"
    lacking = [name for search in searches for name in search.lacking]
    if "error" in table.missing and (metrics := _several_metrics(table)):
        table.hints.append(_import_each(table, metrics, found))
    added = f"; {_to_add(lacking)}" if lacking else ""
    searches[-1].table.hints.append(Advice(f"{right}, {{}} says so{number}{added}", arguments))


def propose_names(table: Table) -> None:
    """Add to a composition table's hints how its columns have to be called.

    Examples
    --------
    >>> table = Table("levels.csv", {"mix": ["a"], "pool": ["x"], "docs": [5]}, ["row 2"])
    >>> table.require("data", "pool", "unique_samples")
    >>> propose_names(table)
    >>> print(*table.hints, sep="; ")
    data: 'mix' looks like it; unique_samples: 'docs' looks like it; if these are right, call them \
data and unique_samples
    """
    search = _of_composition(table)
    if search is None or not search.found:
        return
    right = (
        "if that is right, call it" if len(search.found) == 1 else "if these are right, call them"
    )
    added = f"; {_to_add(search.lacking)}" if search.lacking else ""
    table.hints.append(f"{right} {joined(list(search.found))}{added}")


def _several_metrics(table: Table) -> list[str]:
    """Columns of numbers that are called measures, if there are several."""
    return several_measures(_Search(table, "error", ()).numeric())


def _import_each(table: Table, metrics: list[str], found: dict[str, str]) -> Advice:
    """How a table with a row for each run and metric is made of one with metrics across."""
    pairs = {key: name for key, name in (table.given | found).items() if target(key) != "error"}
    arguments = {"metric": names_between_commas(metrics), **({"columns": pairs} if pairs else {})}
    command = shlex.join(["qqt", "import", table.name, "-o", "long.csv"])
    named = joined([repr(name) for name in metrics])
    return Advice(
        f"{named} look like metrics; to take each, with rows of its own: {command} {{}}", arguments
    )


def _to_add(lacking: list[str]) -> str:
    """That columns have to be added, as a part of a sentence."""
    return f"{joined(lacking)} {'has' if len(lacking) == 1 else 'have'} to be added"


def _of_composition(table: Table) -> _Search | None:
    """What looks like the columns that a composition table lacks; None if it lacks none."""
    asked = [column for column in OF_COMPOSITION if column in table.missing]
    if not asked:
        return None
    if title := judge_title(table):
        table.hints.append(title)
        return None
    search = _Search(table, "error", ())
    for column in asked:
        search.seek_in_composition(column)
    table.hints += search.said
    return search


def _of_runs(table: Table, kind: str, sets: Collection[str]) -> _Search | None:
    """What looks like the columns that a table of runs lacks; None if nothing is to be sought."""
    asked = _asked(table, sets)
    if not asked:
        return None
    if numbers := [name for name in table.columns if re.fullmatch(r"\d*\.\d+", name)]:
        table.hints.append(NO_HEADER.format(joined([repr(name) for name in numbers])))
        return None
    if title := judge_title(table):
        table.hints.append(title)
        return None
    if wide := budget_names(list(table.columns)):
        table.hints.append(WIDE.format(joined([repr(name) for name in wide])))
        return None
    if chart := [name for name in table.columns if name.endswith(("__MIN", "__MAX"))]:
        table.hints.append(CHART.format(repr(chart[0])))
        return None
    search = _Search(table, kind, sets)
    for column in asked:
        search.seek(column)
    if search.found and "group" not in table.columns:
        search.seek_group()
    table.hints += search.said
    return search


def _for_both(columns: dict[str, str], pairs: Mapping[str, str], runs: Table) -> dict[str, str]:
    """A mapping for runs with the pairs of their composition.

    A key stands for both tables where that gives the runs no other column than it should.
    """
    for key, name in pairs.items():
        column = name if name in runs.columns else name.rpartition("*")[0] or name
        shared = columns.get(key) == name or (key not in columns and column not in runs.columns)
        columns = columns | {key if shared else f"{COMPOSITION}{key}": name}
    return columns


def _asked(table: Table, sets: Collection[str]) -> list[str]:
    """The columns of runs that are lacking, those that a lacking pool needs among them."""
    order = ["error", "samples_seen", "unique_samples", "pool"]
    lacking = set(table.missing)
    if "pool" in lacking and not sets and "unique_samples" not in table.columns:
        lacking.add("unique_samples")
    return [column for column in order if column in lacking]


class _Search:
    """Columns found for those that are lacking, and the sentences about them."""

    def __init__(self, table: Table, kind: str, sets: Collection[str]) -> None:
        self.table, self.kind, self.sets = table, kind, sets
        self.free = [name for name in table.columns if name not in table.used]
        self.found: dict[str, str] = {}
        self.said: list[str] = []
        self.lacking: list[str] = []
        self.loss = False

    def seek(self, column: str) -> None:
        """Find a column, and say what was found."""
        if column == "error":
            self._seek_error()
        elif column == "samples_seen":
            self._seek_budget()
        elif column == "pool" and self.sets:
            self._seek_sets()
        elif not self._take(column) and not (column == "unique_samples" and self._seek_quotient()):
            self._lacks(column)

    def seek_in_composition(self, column: str) -> None:
        """Find a column of a composition table, by its name or as the only one that it can be."""
        numeric = self.numeric()
        if column == "unique_samples":
            names = alike(column, numeric) or alike("samples_seen", numeric)
            names = names or (numeric if len(numeric) == 1 else [])
        else:
            names = alike(column, self._texts())
        if names:
            self._say(column, names, column)
        else:
            self._lacks(column)

    def _lacks(self, column: str) -> None:
        """Say that no column looks like one that is needed."""
        self.lacking.append(column)
        self.said.append(f"{column}: no column looks like it; add one")

    def _seek_quotient(self) -> bool:
        """Unique samples as samples seen over epochs, where the table has both."""
        seen = self.found.get("samples_seen") or self.table.given.get("samples_seen")
        seen = seen or ("samples_seen" if "samples_seen" in self.table.columns else "")
        epochs = alike("epochs", self.numeric())[:1] if seen else []
        for name in epochs:
            self.found["unique_samples"] = f"{seen}/{name}"
            self.free.remove(name)
            words = f"{seen!r} over {name!r}, samples seen over epochs, is it"
            self.said.append(f"unique_samples: no column looks like it, but {words}")
        return bool(epochs)

    def _seek_sets(self) -> None:
        """Find the column that names training sets of the composition table."""
        least = max(1, ENOUGH * len(self.table))
        cells = {name: map(name_in, self.table.columns[name]) for name in self.free}
        known = {name: sum(cell in self.sets for cell in of) for name, of in cells.items()}
        if names := [name for name, count in known.items() if count >= least]:
            self._say("data", names, "data", ": it names training sets of the composition table")
        else:
            self.lacking.append("data")
            self.said.append("data: no column names the training sets of the composition table")

    def seek_group(self) -> None:
        """Find a column of the models' sizes, which groups may be."""
        most = max(FEW_GROUPS, len(self.table) // 2)
        names = [name for name in self._texts() if 1 < len(set(self._names(name))) <= most]
        if names := alike("group", names):
            self._say("group", names, "group (optional)")

    def _take(self, column: str) -> bool:
        """Find a column by its name, among those that can hold what is meant."""
        names = alike(column, self._texts() if column == "pool" else self.numeric())
        if names:
            self._say(column, names, column)
        return bool(names)

    def numeric(self) -> list[str]:
        """Free columns whose cells are numbers, mostly."""
        return [name for name in self.free if _is_numeric(self._numbers(name))]

    def _texts(self) -> list[str]:
        """Free columns whose cells are no plain numbers, mostly; else those of whole numbers."""
        plain = {name: numbers_in(self.table.columns[name], counts=True) for name in self.free}
        texts = [name for name, numbers in plain.items() if not _is_numeric(numbers)]
        whole = [name for name in self.free if name not in texts and _are_whole(plain[name])]
        return texts or whole

    def _names(self, name: str) -> list[str]:
        return [str(cell) for cell in self.table.columns[name]]

    def _say(self, key: str, names: list[str], label: str, words: str = "") -> None:
        first, *others = names
        also = f" (so do {listed(others)})" if others else ""
        taken = in_units(first, self.table.columns[first]) if key in SCALED else first
        if taken != first:
            words += f", times {taken.rpartition('*')[2]} as its name says"
        self.said.append(f"{label}: {first!r} looks like it{words}{also}")
        self.found[key] = taken
        self.free.remove(first)

    def _seek_budget(self) -> None:
        if self._take("samples_seen"):
            return
        numeric = self.numeric()
        known = {"unique_samples", *alike("unique_samples", numeric)} & set(self.table.columns)
        # without sizes, which then have to be added, epochs are less use than steps
        for key in ("epochs", "steps") if known or self.sets else ("steps", "epochs"):
            for name in alike(key, numeric)[:1]:
                self.free.remove(name)
                each = per_step(self.numeric())[:1] if key == "steps" else []
                if each:
                    self.found[key] = f"{name}*{each[0]}"
                    self.free.remove(each[0])
                    self.said.append(
                        f"samples_seen: {name!r} looks like steps and {each[0]!r} like what one "
                        f"sees: samples_seen = {name!r} x {each[0]!r}"
                    )
                    return
                self.found[key] = name if key == "epochs" else f"{name}*{PLACEHOLDER}"
                self.said.append(f"samples_seen: {name!r} looks like {key}: {_formula(key, name)}")
                return
        self._lacks("samples_seen")

    def _seek_error(self) -> None:
        if self.kind == "error" and (self._seek_rate() or self._seek_accuracy()):
            return
        for meaning, words in LOSSES.items():
            if names := alike(meaning, self.numeric()):
                key = "error" if meaning == "loss" else meaning
                self._say(key, names, "error", f", {words}")
                self.loss = meaning == "loss"
                return
        self._lacks("error")

    def _seek_rate(self) -> bool:
        for most, key in {1.0: "error", 100.0: "error%"}.items():
            if names := alike("error", self._rates(most)):
                self._say(key, names, "error", "" if most == 1.0 else ", in per cent")
                return True
        return False

    def _seek_accuracy(self) -> bool:
        """Accuracies by name; where no loss has a name, numbers in [0, 1], too."""
        is_loss = any(alike(meaning, self.free) for meaning in LOSSES)
        for most, key in {1.0: "accuracy", 100.0: "accuracy%"}.items():
            rates = self._rates(most)
            names = alike("accuracy", rates) or (rates if most == 1.0 and not is_loss else [])
            for first in names[:1]:
                others = len(rates) - 1
                more = f"and {others} others hold" if others > 1 else "and 1 other hold"
                holds = more if others else "holds"
                self.said.append(
                    f"error: {first!r} {holds} numbers in [0, {most:g}]: if accuracies, "
                    f"{key}={first} takes {_formula(key, first)}"
                )
                self.found[key] = first
                self.free.remove(first)
                return True
        return False

    def _rates(self, most: float) -> list[str]:
        """Free columns of numbers from 0 to some bound, not all of them whole."""
        found = []
        for name in self.free:
            if means(name, "swept") is not None:  # a learning rate is no accuracy
                continue
            numbers = self._numbers(name)
            held = numbers[np.isfinite(numbers)]
            within = _is_numeric(numbers) and held.min() >= 0 and held.max() <= most
            if within and (held % 1 != 0).any():
                found.append(name)
        return found

    def _numbers(self, name: str) -> Floats:
        cells = [None if is_gap(cell) else cell for cell in self.table.columns[name]]
        return human_numbers_in(cells, True)


def _formula(key: str, name: str) -> str:
    return FORMS[key].words.replace("it", repr(name), 1)


def _are_whole(numbers: Floats) -> bool:
    held = numbers[np.isfinite(numbers)]
    return bool((held % 1 == 0).all())


def _is_numeric(numbers: Floats) -> bool:
    """Whether enough of the cells that are not empty are numbers."""
    held = numbers[~np.isnan(numbers)]
    return bool(held.size and np.isfinite(held).mean() >= ENOUGH)
