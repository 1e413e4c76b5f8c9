"""What to say where a table of runs lacks columns: those it has, and which look like the needed.

Nothing is taken by its looks: the message ends with the mapping of columns that would be right if
the looks are, ready to be given.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qqt_bayes.errors import Advice, listed
from qqt_bayes.phrases import joined
from qqt_bayes.tables.cells import Floats, human_numbers_in
from qqt_bayes.tables.columns import FORMS
from qqt_bayes.tables.gaps import is_gap
from qqt_bayes.tables.synonyms import alike, budget_names
from qqt_bayes.tables.table import Table

ENOUGH = 0.8
"""Share of the cells that are numbers in a column of numbers."""
WIDE = (
    "the columns {} look like budgets: a table of runs has one row for each run, with its budget "
    "in samples_seen and its result in error; `qqt import` makes that of a wide table"
)


def propose(table: Table, kind: str) -> None:
    """Add to a table's hints what it has in place of the columns of runs that it lacks.

    Parameters
    ----------
    table : Table
    kind : {"error", "loss"}

    Examples
    --------
    >>> table = Table("runs.csv", {"val_loss": [3.2], "seen": [9]}, ["row 2"], missing=["error"])
    >>> propose(table, "error")
    >>> print(*table.hints, sep="; ")
    the columns are 'val_loss', 'seen'; error: 'val_loss' looks like it, a loss; if that is right, \
columns={'error': 'val_loss'}, kind='loss' says so
    """
    table.hints.append(f"the columns are {listed(table.columns)}")
    wide = budget_names(list(table.columns))
    if wide:
        table.hints.append(WIDE.format(joined([repr(name) for name in wide])))
    asked = _asked(table)
    if not asked:
        return
    search = _Search(table, set(wide), kind)
    for column in asked:
        search.seek(column)
    if search.found and "group" not in table.columns:
        search.seek_group()
    table.hints += search.said
    if search.found:
        losses = search.loss and kind != "loss"
        arguments = {"columns": search.found, **({"kind": "loss"} if losses else {})}
        right = "if that is right" if len(search.found) == 1 else "if these are right"
        table.hints.append(Advice(f"{right}, {{}} says so", arguments))


def _asked(table: Table) -> list[str]:
    """The columns of runs that are lacking, those that a lacking pool needs among them."""
    order = ["error", "samples_seen", "unique_samples", "pool"]
    lacking = set(table.missing)
    if "pool" in lacking and "unique_samples" not in table.columns:
        lacking.add("unique_samples")
    return [column for column in order if column in lacking]


class _Search:
    """Columns found for those that are lacking, and the sentences about them."""

    def __init__(self, table: Table, wide: set[str], kind: str) -> None:
        self.table, self.kind = table, kind
        self.free = [name for name in table.columns if name not in wide and name not in table.used]
        self.found: dict[str, str] = {}
        self.said: list[str] = []
        self.loss = False

    def seek(self, column: str) -> None:
        """Find a column, and say what was found."""
        if column == "error":
            self._seek_error()
        elif column == "samples_seen":
            self._seek_budget()
        elif not self._take(column, column, numbers=column != "pool"):
            self.said.append(f"{column}: no column looks like it; add one")

    def seek_group(self) -> None:
        """Find a column of the models' sizes, which groups may be."""
        names = [name for name in self.free if self._distinct(name) > 1]
        if names := [name for name in alike("group", names) if not self._counts(name)]:
            self._say("group", names, "group (optional)")

    def _take(self, key: str, label: str, numbers: bool = True, words: str = "") -> bool:
        names = [name for name in self.free if not numbers or _is_numeric(self._numbers(name))]
        names = alike(key, names)
        if names:
            self._say(key, names, label, words)
        return bool(names)

    def _say(self, key: str, names: list[str], label: str, words: str = "") -> None:
        first, *others = names
        also = f" (so do {listed(others)})" if others else ""
        self.said.append(f"{label}: {first!r} looks like it{words}{also}")
        self.found[key] = first
        self.free.remove(first)

    def _seek_budget(self) -> None:
        if self._take("samples_seen", "samples_seen"):
            return
        names = [name for name in self.free if _is_numeric(self._numbers(name))]
        known = "unique_samples" in self.table.columns or "unique_samples" in self.found
        for key, ready in {
            "epochs": known or bool(alike("unique_samples", names)),
            "steps": True,
        }.items():
            if ready and (found := alike(key, names)):
                name = found[0]
                self.free.remove(name)
                self.found[key] = name if key == "epochs" else f"{name}*SAMPLES_PER_STEP"
                words = FORMS[key].words.replace("it", repr(name))
                self.said.append(f"samples_seen: {name!r} looks like {key}: {words}")
                return
        self.said.append("samples_seen: no column looks like it; add one")

    def _seek_error(self) -> None:
        if self.kind == "error":
            if (names := alike("error", self._rates(1.0))) or (
                names := alike("error", self._rates(100.0))
            ):
                per_cent = self._numbers(names[0])[~np.isnan(self._numbers(names[0]))].max() > 1
                self._say("error%" if per_cent else "error", names, "error")
                return
            if self._seek_accuracy():
                return
        for key, words in {
            "loss": "a loss",
            "loss_bits": "a loss in bits",
            "ppl": "a perplexity",
        }.items():
            names = alike(key, [n for n in self.free if _is_numeric(self._numbers(n))])
            if names:
                self._say("error" if key == "loss" else key, names, "error", f", {words}")
                self.loss = key == "loss"
                return
        self.said.append("error: no column looks like it; add one")

    def _seek_accuracy(self) -> bool:
        """Accuracies by name; where no loss has a name, numbers in [0, 1], too."""
        for most, key in {1.0: "accuracy", 100.0: "accuracy%"}.items():
            rates = self._rates(most)
            named = alike("accuracy", rates)
            losses = any(alike(each, self.free) for each in ("loss", "loss_bits", "ppl"))
            names = named or (rates if most == 1.0 and not losses else [])
            if not names:
                continue
            first = names[0]
            others = len(rates) - 1
            holds = f"and {others} others hold" if others > 1 else "holds"
            span = "[0, 1]" if most == 1.0 else "[0, 100]"
            words = FORMS[key].words.replace("it", repr(first))
            self.said.append(
                f"error: {first!r} {holds} numbers in {span}: if accuracies, {key}={first} takes "
                f"{words}"
            )
            self.found[key] = first
            self.free.remove(first)
            return True
        return False

    def _rates(self, most: float) -> list[str]:
        """Free columns of numbers from 0 to some bound, not all of them whole."""
        found = []
        for name in self.free:
            numbers = self._numbers(name)
            held = numbers[np.isfinite(numbers)]
            within = _is_numeric(numbers) and held.min() >= 0 and held.max() <= most
            if within and (held % 1 != 0).any():
                found.append(name)
        return found

    def _numbers(self, name: str) -> Floats:
        cells = [None if is_gap(cell) else cell for cell in self.table.columns[name]]
        return human_numbers_in(cells, True)

    def _distinct(self, name: str) -> int:
        return len({str(cell) for cell in self.table.columns[name]})

    def _counts(self, name: str) -> bool:
        return _is_numeric(self._numbers(name))


def _is_numeric(numbers: Floats) -> bool:
    """Whether enough of the cells that are not empty are numbers."""
    held = numbers[~np.isnan(numbers)]
    return bool(held.size and np.isfinite(held).mean() >= ENOUGH)


def found_in(table: Table) -> Mapping[str, str]:
    """The mapping that the hints of a table propose."""
    for hint in table.hints:
        if isinstance(hint, Advice) and "columns" in hint.arguments:
            found = hint.arguments["columns"]
            return found if isinstance(found, dict) else {}
    return {}
