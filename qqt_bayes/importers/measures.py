"""How well a run did: which number says so, what it measures, and the error or loss that it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from qqt_bayes.errors import InputError, alternatives
from qqt_bayes.importers.draft import SETTINGS, Draft
from qqt_bayes.importers.meanings import MEASURES as MEASURE_NAMES
from qqt_bayes.importers.meanings import Product, looks_like, measure_of
from qqt_bayes.importers.sheet import METRIC, MOST_METRICS, VALUE, fractions_of, some
from qqt_bayes.tables.cells import Floats, Number, human_numbers_in, name_in, numbers_in
from qqt_bayes.tables.intake.columns import FORMS
from qqt_bayes.tables.intake.synonyms import names_between_commas, several_measures
from qqt_bayes.tables.rows import ERROR

KINDS = ("error", "loss", "accuracy", "error%", "accuracy%")
"""What the user may say that the values are."""


@dataclass(frozen=True)
class Measure:
    """A way in which results are written.

    Parameters
    ----------
    kind : {"error", "loss"}
        How the long table is to be read.
    number : Number
        What a cell may hold.
    turned : callable
        From such numbers to errors or losses.
    said : str
        The rule in words about "it", "" where nothing is turned.
    """

    kind: str
    number: Number
    turned: Callable[[Floats], Floats]
    said: str = ""


MEASURES = {
    **{kind: Measure(kind, number, lambda x: x) for kind, number in ERROR.items()},
    **{
        name: Measure(
            "loss" if form.measure == "loss" else "error", form.number, form.value, form.words
        )
        for name, form in FORMS.items()
        if form.column == "error"
    },
}
"""The measures by name, see `qqt_bayes.importers.meanings.MEASURES`."""


def plausible(values: Floats, measure: str) -> bool:
    """Whether all of some numbers could be values of a measure.

    Examples
    --------
    >>> plausible(np.array([3.2, 2.9]), "error"), plausible(np.array([0.71, 0.64]), "error")
    (False, True)
    """
    return bool(MEASURES[measure].number.holds(values).all())


def tidy(values: Floats) -> Floats:
    """Numbers without the dust of binary subtraction: 1 - 0.769 is 0.231.

    Examples
    --------
    >>> tidy(1 - np.array([0.769])).tolist()
    [0.231]
    """
    return np.array([float(f"{value:.12g}") for value in values])


def candidates(values: Floats) -> list[str]:
    """Kinds that the user could say of some numbers, as far as their size tells."""
    return [kind for kind in KINDS if plausible(values, kind)]


def measured(draft: Draft) -> tuple[Product, str] | None:
    """The column that says how well a run did, and what it measures."""
    found = _measure_column(draft)
    if found is None:
        return None
    product, measure = found
    kind, name = draft.options.kind, measure_name(draft, product)
    if draft.needs and product.column == VALUE:
        return None  # of several metrics none is chosen yet
    if measure in ("", "error") and kind:
        measure = kind
    elif measure == "" or (measure == "error" and "error" in draft.options.columns):
        measure = _by_name(draft, name, measure)
    elif kind and kind.rstrip("%") == measure.rstrip("%"):
        measure = kind  # an accuracy, which is in per cent
    elif kind and MEASURES[kind].kind != MEASURES[measure].kind:
        raise InputError(f"kind: {measure} of {product} cannot be read as {kind}")
    values = _finite(draft, product)
    if not measure or (len(values) and not _mostly(measure, values)):
        _need_kind(draft, name, values)
        return None
    return product, measure


def _mostly(measure: str, values: Floats) -> bool:
    """Whether most of some numbers could be values of a measure: the others are faults to mend."""
    return bool(np.mean(MEASURES[measure].number.holds(values)) > 0.5)


def measure_name(draft: Draft, product: Product) -> str:
    """The name that may tell what a column measures: of a sheet by metrics, that of the metric."""
    if product.column != VALUE or METRIC not in draft.table.columns:
        return product.column
    names = list(dict.fromkeys(map(name_in, draft.table.columns[METRIC])))
    return names[0] if len(names) == 1 else ""


def _measure_column(draft: Draft) -> tuple[Product, str] | None:
    given = [name for name in MEASURE_NAMES if name in draft.options.columns]
    if given:
        product = draft.product(given[0])
        assert product is not None
        return product, given[0]
    columns = draft.table.columns
    if VALUE in columns and (METRIC in columns or VALUE in draft.sheet.meanings):
        return Product(VALUE), draft.sheet.meanings.get(VALUE, "")
    metric = draft.options.metric
    if metric is not None and METRIC not in columns:
        if metric not in columns:
            raise InputError(
                f"metric: there is no column {metric!r}{alternatives(metric, columns)}"
            )
        return Product(metric), ""
    exact = [name for name in MEASURE_NAMES if name in columns]
    if len(exact) == 1:
        return Product(exact[0]), exact[0]
    _need_measure(draft, exact)
    return None


def _need_measure(draft: Draft, exact: Sequence[str]) -> None:
    """Ask for the column that says how well a run did; propose the likeliest."""
    found = {name: meaning for meaning in MEASURE_NAMES for name in draft.candidates(meaning)}
    found |= {name: name for name in exact}
    ordered = sorted(found, key=lambda name: looks_like(name, found[name]))
    words = "error: how well a run did (an error rate, an accuracy or a loss)"
    rates = [name for name in fractions_of(draft.table) if name not in found]
    settings = [name for name in rates if name.lower().startswith(SETTINGS)]
    fractions = [name for name in rates if name not in (*settings, *draft.sheet.weights)]
    if not ordered and not fractions:
        draft.need_column("error", words.partition(": ")[2])
        return
    if not ordered:
        draft.arguments.setdefault("kind", "KIND")
        names = some(map(repr, fractions[:MOST_METRICS]))
        need = f"{words}; no column is called like it; {names} are from 0 to 1"
        draft.need(need, error="COLUMN")
        return
    best = ordered[0]
    meaning = found[best]
    columns = draft.table.columns
    if METRIC not in columns:
        draft.metrics = names_between_commas(several_measures(filter(found.get, columns)))
    others = f"; numbers from 0 to 1 are in {_shortened(fractions)}, too" if fractions else ""
    if MEASURES[meaning].kind == "loss":
        draft.arguments.setdefault("kind", "loss")
        meaning, others = "error" if meaning == "loss" else meaning, ""
    names = some(map(repr, ordered[:MOST_METRICS]))
    if meaning == "accuracy" and not _mostly(meaning, _finite(draft, Product(best))):
        meaning = "accuracy%"
    if sum("[" in name for name in ordered) > 1:
        best = "COLUMN"  # elements of one list, of which none is likelier than the others
    draft.need(f"{words}; {names} may be it{others}", **{meaning: best})


def _shortened(names: Sequence[str]) -> str:
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return ", ".join(map(repr, names[:6])) + more


def _by_name(draft: Draft, name: str, given: str) -> str:
    """What a metric measures by its name, which is said; "" where that is no answer."""
    measure = measure_of(name)
    if not measure:
        return given
    if given == "error" and MEASURES[measure].kind == "error" and measure != "error":
        return ""  # called an error, but by its name an accuracy: that is asked
    draft.said.append(f"By its name {name!r} is taken for {_called(measure)}.")
    return measure


def _called(measure: str) -> str:
    words = {"error": "an error rate", "accuracy": "an accuracy", "loss": "a loss"}
    return words.get(measure, {"ppl": "a perplexity"}.get(measure, "a loss in bits"))


def _need_kind(draft: Draft, name: str, values: Floats) -> None:
    span = f" (from {values.min():.4g} to {values.max():.4g})" if len(values) else ""
    of = "" if name in ("", VALUE) else f" of {name!r}"
    possible = candidates(values) or list(KINDS)
    meant = measure_of(name)  # what is called an error may well be a loss
    by_name = [kind for kind in possible if meant != "error" and kind.rstrip("%") == meant]
    draft.arguments["kind"] = (by_name or (possible if len(possible) == 1 else ["KIND"]))[0]
    draft.need(f"kind: what the values{of} are{span}: {' or '.join(possible)}")


def _finite(draft: Draft, product: Product) -> Floats:
    cells = draft.table.columns[product.column]
    read = human_numbers_in if draft.options.human_numbers else numbers_in
    values = read(cells, counts=False)
    return values[np.isfinite(values)]
