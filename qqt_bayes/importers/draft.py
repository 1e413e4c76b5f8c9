"""Runs in the making: a sheet, what the user said of it, and what is still needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import compress

import numpy as np

from qqt_bayes.errors import shown
from qqt_bayes.importers.mapping import joined
from qqt_bayes.importers.meanings import MEASURES, Product, likely, resolve
from qqt_bayes.importers.needs import MAPPING, NeedsMore, Request, has, in_words, table_head
from qqt_bayes.importers.sheet import METRIC, VALUE, Sheet, counted, is_countable, is_naming, some
from qqt_bayes.tables.cells import Floats, Number, above, name_in, number_in
from qqt_bayes.tables.formats import Source
from qqt_bayes.tables.intake.arithmetic import SCALED
from qqt_bayes.tables.intake.headers import in_units
from qqt_bayes.tables.table import Table

POSITIVE = Number("a number above 0", above(0.0))
"""What a factor of a product may be."""
COUNTED = ("steps", "epochs")
"""Meanings that a column's name alone does not settle: it may be the number of a checkpoint."""
SETTINGS = ("params.", "config.", "hyperparameters.", "args.", "tags.")
"""Beginnings of the names of columns that hold what was set, not what came out."""
TEXTUAL = ("pool", "data", "group", "metric")
"""Meanings whose columns hold names; the columns of others hold numbers."""


@dataclass(frozen=True)
class Options:
    """What the user said, see `qqt_bayes.import_runs`."""

    mapping: Source | None = None
    metric: str | None = None
    kind: str | None = None
    samples_per_step: float | None = None
    columns: Mapping[str, Product] = field(default_factory=dict)
    human_numbers: bool = False
    skip_rows: int | None = None
    beside: tuple[str, ...] = ()
    """Columns of other metrics, which are read at their own turn."""


@dataclass
class Draft:
    """A sheet on its way to a long table.

    Parameters
    ----------
    sheet : Sheet
    options : Options
    table : Table
        The sheet's rows that are still in, with the mapping's columns.
    said, needs : list of str
        Sentences about what was derived or left out, and about what is missing.
    columns, arguments : dict of str
        What the call that is ready to paste gives.
    to_map : list of str
        Columns that a mapping table has to give.
    metrics : str
        Columns that are called measures, where there are several.
    """

    sheet: Sheet
    options: Options
    table: Table
    said: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    to_map: list[str] = field(default_factory=list)
    metrics: str = ""

    @classmethod
    def of(cls, sheet: Sheet, options: Options) -> Draft:
        """The first draft: the mapping is joined, and what the user gave is kept for the call."""
        table, said = sheet.table, list(sheet.said)
        if options.mapping is not None and not sheet.is_mapped:
            table, left_out = joined(table, options.mapping, sheet.key)
            said += left_out
        table.human_numbers = options.human_numbers
        draft = cls(sheet, options, table, said)
        draft.columns = {meaning: str(product) for meaning, product in options.columns.items()}
        mapping = None if options.mapping is None else in_words(options.mapping)
        given = {"mapping": mapping, "metric": options.metric, "kind": options.kind}
        given["samples_per_step"] = _plain(options.samples_per_step)
        given["skip_rows"] = _plain(options.skip_rows)
        draft.arguments = {name: str(value) for name, value in given.items() if value is not None}
        if options.human_numbers:
            draft.arguments["human_numbers"] = "True"
        return draft

    def product(self, meaning: str) -> Product | None:
        """What stands for a meaning: as the user says, the kind of file, or a name."""
        if meaning in self.options.columns:
            return resolve(self.options.columns[meaning], self.table.columns)
        if meaning in self.sheet.meanings:
            return Product(self.sheet.meanings[meaning])
        is_column = meaning in self.table.columns and meaning not in COUNTED
        return Product(meaning) if is_column else None

    def candidates(self, meaning: str) -> list[str]:
        """Columns whose name, and what they hold, could stand for a meaning."""
        columns = self.table.columns
        holds = is_naming if meaning in TEXTUAL else is_countable
        fit = [name for name, cells in columns.items() if holds(cells)]
        if meaning in MEASURES:
            fit = [name for name in fit if not name.lower().startswith(SETTINGS)]
        taken = {METRIC, VALUE, self.sheet.key, *self.columns.values()}
        return [name for name in likely(fit, meaning) if name not in taken]

    def need(self, sentence: str, **columns: str) -> None:
        """Note what is missing, with the columns that the call to paste proposes."""
        self.needs.append(sentence)
        self.columns |= columns

    def need_column(self, meaning: str, words: str) -> None:
        """Note a missing column: what looks like it is proposed, else it is for the mapping."""
        if found := self.candidates(meaning):
            column = self.as_counted(meaning, found[0])
            sentence = f"{meaning}: {words}; {some(map(repr, found[:3]))} may be it"
            self.need(sentence, **{meaning: column})
        else:
            self.to_map.append(meaning)
            where = (
                "so add it to the mapping"
                if self.options.mapping is not None
                else "so a mapping table gives it"
            )
            self.need(f"{meaning}: {words}; no column looks like it, {where}")

    def as_counted(self, meaning: str, name: str) -> str:
        """A column as the call to paste gives it: counts, times what its name says."""
        return in_units(name, self.table.columns[name]) if meaning in SCALED else name

    def check(self) -> None:
        """Raise one `NeedsMore` if anything is missing."""
        if not self.needs:
            return
        head: list[str] = []
        if self.to_map and self.options.mapping is None:
            key = self._mapped_by()
            names = dict.fromkeys(map(name_in, self.sheet.table.columns[key]))
            head = table_head(list(names), key, self.to_map)
            self.arguments["mapping"] = MAPPING
        what = f"{self.sheet.what} ({counted(len(self.sheet.runs), 'run')})"
        read = [*self.said, *self._columns_in_words()]
        given = self.columns, self.arguments
        mixed = bool(self.sheet.weights)
        request = Request(
            self.table.name, what, read, self.needs, *given, head, mixed, self.metrics
        )
        raise NeedsMore(request)

    def _mapped_by(self) -> str:
        """The column that a mapping has a row for each name of: the pools', if it is of sizes."""
        pool = self.columns.get("pool", "pool")
        if self.to_map == ["unique_samples"] and pool in self.sheet.table.columns:
            return pool
        return self.sheet.rows_by or self.sheet.key

    def _columns_in_words(self) -> list[str]:
        inner = {METRIC, VALUE, self.sheet.key, *self.sheet.meanings.values()}
        own = [name for name in self.table.columns if name not in inner]
        return [has(own)] if own else []

    def drop(
        self, where: Iterable[bool], reason: str, cells: Iterable[object] | None = None
    ) -> None:
        """Leave rows out, and say which and why."""
        where = list(where)
        names = list(compress(map(name_in, self.table.columns[self.sheet.key]), where))
        if not names:
            return
        if cells is not None:
            held = [shown(cell) if name_in(cell) else "empty" for cell in compress(cells, where)]
            names = [f"{name} ({cell})" for name, cell in zip(names, held, strict=True)]
        self.said.append(f"Left out, because {reason}: {some(names)}.")
        self.table.keep(~np.array(where, dtype=bool))

    def drop_without_number(self, product: Product) -> None:
        """Leave out rows that hold no number at all in a column: nothing, or words."""
        cells = self.table.columns[product.column]
        self.drop(
            [not _has_number(cell) for cell in cells],
            f"{'the cell' if product.column == VALUE else repr(product.column)} holds no number",
            list(cells),
        )

    def values(self, product: Product, number: Number) -> Floats:
        """Numbers of a column or product, each of the kind that is expected."""
        if product.over:
            left = self.values(Product(product.column, product.factor), POSITIVE)
            right = self.table.numbers(product.over, POSITIVE)
            return self.checked(
                np.where((left > 0) & (right > 0), left / right, 1.0), number, str(product)
            )
        if not product.factor:
            return self.table.numbers(product.column, number)
        left = self.table.numbers(product.column, POSITIVE)
        if product.factor in self.table.columns:
            right = self.table.numbers(product.factor, POSITIVE)
        else:
            right = np.full(len(self.table), number_in(product.factor))
        return self.checked(
            np.where((left > 0) & (right > 0), left * right, 1.0), number, str(product)
        )

    def checked(self, values: Floats, number: Number, name: str) -> Floats:
        """Numbers that were derived, after those that cannot be have been noted as faults."""
        wrong = ~number.holds(values)
        self.table.fault(wrong, "", lambda i: f"{name}: {number.complaint(float(values[i]))}")
        return values


def _has_number(cell: object) -> bool:
    """Whether a cell holds a finite number, or at least a digit, which is then a fault to mend."""
    value = number_in(cell)
    return bool(np.isfinite(value)) or (value < 0 and any(map(str.isdigit, str(cell)[:100])))


def _plain(value: float | None) -> str | None:
    return None if value is None else f"{value:.15g}"
