"""What columns mean: the words of the long table, how others call them, and products of columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qqt_bayes.errors import InputError, alternatives
from qqt_bayes.tables.cells import number_in

MEASURES = ("error", "error%", "accuracy", "accuracy%", "loss", "ppl", "loss_bits")
"""Meanings of a column that says how well a run did; all but an error or a loss are turned."""
BUDGETS = ("samples_seen", "steps", "epochs")
"""Meanings of a column that says how long a run was."""
SETS = ("pool", "data")
"""Meanings of a column that says what a run was trained on."""
OTHERS = ("unique_samples", "run", "group", "metric", "seed", "n_eval", "training")
"""The other columns of the long table that are taken over."""
MEANINGS = (*MEASURES, *BUDGETS, *SETS, *OTHERS)

NAMES: dict[str, tuple[str, ...]] = {
    "samples_seen": (
        r"(samples|tokens|examples|images|pairs|sequences)_(seen|trained|processed|consumed)",
        r"(seen|trained|consumed|total|train|training|num)_(samples|tokens|examples|images|pairs)",
        r"(?<!unique_)tokens",
        r"total|budget",
    ),
    "steps": (r"(global_|train_|training_|max_)?steps?", r"iterations?|iters?|updates"),
    "epochs": (r"(num_|n_|train_|max_)?epochs?",),
    "unique_samples": (
        r"unique_(samples|tokens|examples|images|pairs)",
        r"(data|dataset|pool|corpus)_(size|tokens|samples)|train_num_samples|d_tokens",
    ),
    "pool": (
        r"(train_|training_|upstream_)?(?<!downstream_)(?<!eval_)(?<!test_)(?<!val_)"
        r"(dataset|data)(_name|_mix|_source)?|corpus",
        r"pool|filter|source|subset|mixture|training_set|pretrained",
    ),
    "group": (r"(model_)?(arch|architecture|size|scale)", r"(n_)?params|(?<!run_)model(_name)?"),
    "metric": (r"(downstream|eval|test)_(dataset|set|task)|metric|benchmark",),
    "seed": (r"(random_)?seed",),
    "loss": (r"(val|valid|validation|eval|test)_.*(loss|nll|ce)", r"(ce_)?loss|nll|cross_entropy"),
    "loss_bits": (r"bpb|bits_per_byte",),
    "ppl": (r"ppl|perplexity",),
    "accuracy": (
        r"(val|valid|validation|eval|test)_(acc|accuracy)(1|_1|_norm)?",
        r"acc(uracy)?(_?1|_norm)?|top_?1|exact_match|imagenet_?1k|main_metric",
    ),
    "error": (r"(val|valid|eval|test|top1)_err(or)?", r"err(or)?(_rate)?"),
}
"""How others call a meaning: patterns of the end of a name, the surest first."""


@dataclass(frozen=True)
class Product:
    """A column, or a column times a number or another column, as `columns` writes it."""

    column: str
    factor: str = ""

    def __str__(self) -> str:
        """The product as `columns` writes it."""
        return f"{self.column}*{self.factor}" if self.factor else self.column


def looks_like(column: str, meaning: str) -> int:
    """How surely a column's name stands for a meaning: 0 is surest, -1 not at all.

    Examples
    --------
    >>> looks_like("params.unique_tokens", "unique_samples"), looks_like("val/loss", "loss")
    (0, 0)
    >>> looks_like("lr", "loss")
    -1
    """
    word = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")
    for place, pattern in enumerate(NAMES.get(meaning, ())):
        if re.search(f"(?:^|_)(?:{pattern})$", word):
            return place
    return -1


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


def parse_columns(columns: str | Mapping[str, str] | None) -> dict[str, Product]:
    """What the user says that columns mean, from text such as "pool=source,steps=step*512".

    A column whose name holds a comma stands in double quotes.

    Raises
    ------
    InputError
        If the text has another form, or a meaning that is not known.

    Examples
    --------
    >>> parse_columns('accuracy="acc,none"')
    {'accuracy': Product(column='acc,none', factor='')}
    """
    if columns is None:
        return {}
    if isinstance(columns, str):
        columns = _pairs(columns)
    if not isinstance(columns, Mapping):
        kind = type(columns).__name__
        raise InputError(f"columns: expected text or a mapping of meanings to columns, got {kind}")
    products = {}
    for meaning, text in columns.items():
        if meaning not in MEANINGS:
            raise InputError(
                f"columns: unknown meaning {meaning!r}{alternatives(str(meaning), MEANINGS)}"
            )
        if not isinstance(text, str) or not text.strip():
            raise InputError(f"columns: expected the name of a column for {meaning}, got {text!r}")
        column, star, factor = text.rpartition("*")
        products[meaning] = (
            Product(column.strip(), factor.strip()) if star else Product(text.strip())
        )
    return products


def _pairs(text: str) -> dict[str, str]:
    """Text in pairs at commas; double quotes keep a comma inside."""
    protected = re.sub(r'=\s*"([^"]*)"', lambda m: f"={m[1].replace(',', chr(0))}", text)
    parts = next(csv.reader(io.StringIO(protected), quoting=csv.QUOTE_NONE), [])
    pairs: dict[str, str] = {}
    for part in filter(str.strip, parts):
        meaning, equals, column = part.partition("=")
        if not equals or not column.strip():
            raise InputError(
                f"columns: expected pairs such as error=val_loss,pool=source, got {part.strip()!r}"
            )
        if meaning.strip() in pairs:
            raise InputError(f"columns: {meaning.strip()} is given more than once")
        pairs[meaning.strip()] = column.replace("\0", ",")
    return pairs


def resolve(product: Product, columns: Mapping[str, object]) -> Product:
    """A product in terms of the columns that there are; a name with a star in it is one column.

    Raises
    ------
    InputError
        If there is no such column.
    """
    if str(product) in columns:
        return Product(str(product))
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
