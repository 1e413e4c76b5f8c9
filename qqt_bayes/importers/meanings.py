"""What columns mean: the words of the long table, how others call them, and products of columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qqt_bayes.errors import InputError, alternatives
from qqt_bayes.tables.cells import number_in
from qqt_bayes.tables.intake.arithmetic import factor_of
from qqt_bayes.tables.intake.columns import COMPOSITION, Columns, columns_of
from qqt_bayes.tables.intake.synonyms import LIKE, means, words_of

MEASURES = ("error", "error%", "accuracy", "accuracy%", "loss", "ppl", "loss_bits")
"""Meanings of a column that says how well a run did; all but an error or a loss are turned."""
BUDGETS = ("samples_seen", "steps", "epochs")
"""Meanings of a column that says how long a run was."""
SETS = ("pool", "data")
"""Meanings of a column that says what a run was trained on."""
OTHERS = ("unique_samples", "run", "group", "metric", "seed", "n_eval", "training", "replacement")
"""The other columns of the long table that are taken over."""
MEANINGS = (*MEASURES, *BUDGETS, *SETS, *OTHERS)

SETTLED = {
    "metric": r"(.*_)?((downstream|eval|test)_(data_?set|set|task)|metric|benchmark)",
    "seed": r"(.*_)?seed",
}
"""Names of what a table of runs can do without, and so does not look for elsewhere."""


@dataclass(frozen=True)
class Product:
    """A column, perhaps times a number or another column, or over one, as `columns` writes it."""

    column: str
    factor: str = ""
    over: str = ""

    def __str__(self) -> str:
        """The product as `columns` writes it."""
        product = f"{self.column}*{self.factor}" if self.factor else self.column
        return f"{product}/{self.over}" if self.over else product


def looks_like(column: str, meaning: str) -> int:
    """How surely a column's name stands for a meaning: 0 is surest, -1 not at all.

    Of a name with dots, as nested records have it, the end may say it alone.

    Examples
    --------
    >>> looks_like("params.unique_tokens", "unique_samples"), looks_like("val/loss", "loss")
    (0, 0)
    >>> looks_like("lr", "loss")
    -1
    """
    if meaning in SETTLED:
        return 0 if re.fullmatch(SETTLED[meaning], words_of(column)) else -1
    if meaning not in LIKE:
        return -1
    names = {column, column.rpartition(".")[2]}
    places = [place for name in names if (place := means(name, meaning)) is not None]
    return min(places, default=-1)


def likely(columns: Iterable[str], meaning: str) -> list[str]:
    """Columns whose name stands for a meaning, the surest first, then in their order.

    Examples
    --------
    >>> likely(["train_loss", "lr", "val_loss"], "loss")
    ['val_loss', 'train_loss']
    """
    found = [(looks_like(column, meaning), column) for column in columns]
    return [column for place, column in sorted(found, key=lambda x: x[0]) if place >= 0]


def measure_of(name: str) -> str:
    """What the name of a metric says that its values are, "" if it says nothing.

    Examples
    --------
    >>> measure_of("eval/lm/CE loss"), measure_of("hellaswag acc_norm"), measure_of("vtab")
    ('loss', 'accuracy', '')
    """
    for meaning in ("loss_bits", "ppl", "loss", "accuracy", "error"):
        if looks_like(name, meaning) >= 0:
            return meaning
    return ""


def parse_columns(columns: Columns | None) -> dict[str, Product]:
    """What the user says that columns mean, as `read_runs` takes it, and products of two columns.

    Raises
    ------
    InputError
        If the text has another form, or a meaning that is not known.

    Examples
    --------
    >>> parse_columns('accuracy="acc,none"')
    {'accuracy': Product(column='acc,none', factor='', over='')}
    """
    if columns is not None and not isinstance(columns, str | Mapping):
        kind = type(columns).__name__
        raise InputError(f"columns: expected text or a mapping of keys to columns, got {kind}")
    products = {}
    for meaning, text in columns_of(columns).items():
        if meaning.startswith(COMPOSITION):
            raise InputError(
                f"columns: {meaning!r} is for reading a composition table, which an import writes"
            )
        column, star, factor = text.rpartition("*")
        product = Product(column.strip(), factor.strip()) if star else Product(text.strip())
        products[meaning] = product
    return products


def resolve(product: Product, columns: Mapping[str, object]) -> Product:
    """A product in terms of the columns that there are; a name with a star in it is one column.

    Raises
    ------
    InputError
        If there is no such column.
    """
    if str(product) in columns:
        return Product(str(product))
    name, number, times, over = factor_of("unique_samples", str(product), columns)
    if over:
        return Product(name, times or (f"{number:.15g}" if number else ""), over)
    if product.column not in columns:
        raise InputError(
            f"columns: there is no column {product.column!r}{alternatives(product.column, columns)}"
        )
    if product.factor and product.factor not in columns and not number_in(product.factor) > 0:
        raise InputError(
            f"columns: expected a positive number or a column after '*', got {product.factor!r}"
        )
    return product


def written(products: Mapping[str, str]) -> str:
    """Meanings and columns as the text that `parse_columns` reads.

    Examples
    --------
    >>> written({"error": "acc,none", "pool": "source"})
    'error="acc,none",pool=source'
    """
    quoted = {name: f'"{text}"' if "," in text else text for name, text in products.items()}
    return ",".join(f"{name}={text}" for name, text in quoted.items())
