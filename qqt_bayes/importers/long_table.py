"""From a sheet to the long table of runs: what each column means is settled here, and said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from qqt_bayes.errors import InputError, alternatives, listed
from qqt_bayes.importers.draft import Draft, Options
from qqt_bayes.importers.meanings import BUDGETS, Product, looks_like, measure_of
from qqt_bayes.importers.meanings import MEASURES as MEASURE_NAMES
from qqt_bayes.importers.measures import KINDS, MEASURES, candidates, tidy
from qqt_bayes.importers.sheet import METRIC, VALUE, Sheet, some
from qqt_bayes.tables.cells import COUNT, Floats, name_in, number_in
from qqt_bayes.tables.runs import COLUMNS

MULTIPLE = "multiple"
"""Column of a wide sheet whose columns are multiples of something that it does not say."""
MOST_METRICS = 12
"""Metrics that a sentence names."""


@dataclass(frozen=True)
class Imported:
    """A long table of runs and how it came to be.

    Parameters
    ----------
    runs : DataFrame
        What `read_runs` reads.
    what : str
        The kind of file that it was made of.
    kind : {"error", "loss"}
        How `read_runs` is to read it.
    said : tuple of str
        A sentence for each thing that was derived, chosen or left out.
    composition : DataFrame, optional
        What each training set takes from each pool, where the runs are on mixtures.
    """

    runs: pd.DataFrame
    what: str
    kind: str
    said: tuple[str, ...]
    composition: pd.DataFrame | None = None


def long_table(sheet: Sheet, options: Options) -> Imported:
    """The long table of a sheet.

    Raises
    ------
    NeedsMore
        If the sheet, the mapping and the options do not say all that runs need.
    InputError
        With all cells at fault.
    """
    draft = Draft.of(sheet, options)
    if not len(draft.table):
        raise InputError(f"{draft.table.name}: no run is left. {' '.join(draft.said)}")
    _choose_metric(draft)
    measured = _measured(draft)
    if measured:
        draft.drop_without_number(measured[0])
    budget = _budget(draft)
    _trained_on(draft, needs_size=budget is not None and budget[0] == "epochs")
    if measured and not draft.needs and not len(draft.table):
        raise InputError(f"{draft.table.name}: no run is left. {' '.join(draft.said)}")
    draft.check()
    assert measured and budget  # else something had been needed
    product, measure = measured
    return _written_out(draft, product, measure, *budget)


def _choose_metric(draft: Draft) -> None:
    """Keep the rows of the chosen metric, where a sheet has a row for each run and metric."""
    product, chosen = draft.product(METRIC), draft.options.metric
    if product is None:
        return
    names = np.array([name_in(cell) for cell in draft.table.columns[product.column]], dtype=object)
    known = list(dict.fromkeys(names.tolist()))
    if chosen is None and len(known) > 1:
        draft.need(
            f"metric: which of {len(known)} to take: {some(map(repr, known[:MOST_METRICS]))}"
        )
        draft.arguments["metric"] = "METRIC"
        return
    if chosen is not None and chosen not in known:
        near = [name for name in known if name.split(" ")[0] == chosen]
        if len(near) != 1:
            near = near or known
            raise InputError(
                f"{draft.table.name}: unknown metric {chosen!r}{alternatives(chosen, near)}"
            )
        chosen = near[0]
    if chosen is not None and len(known) > 1:
        draft.table.keep(names == chosen)
        draft.said.append(f"Of {len(known)} metrics, {chosen!r} is taken.")


def _measured(draft: Draft) -> tuple[Product, str] | None:
    """The column that says how well a run did, and what it measures."""
    found = _measure_column(draft)
    if found is None:
        return None
    product, measure = found
    kind, name = draft.options.kind, _measure_name(draft, product)
    if draft.needs and product.column == VALUE:
        return None  # of several metrics none is chosen yet
    if measure in ("", "error") and kind:
        measure = kind
    elif measure == "" or (measure == "error" and "error" in draft.options.columns):
        measure = _by_name(draft, name, measure)
    elif kind and MEASURES[kind].kind != MEASURES[measure].kind:
        raise InputError(f"kind: {measure} of {product} cannot be read as {kind}")
    values = _finite(draft, product)
    if len(values) and (not measure or np.mean(MEASURES[measure].number.holds(values)) <= 0.5):
        _need_kind(draft, name, values)
        return None
    return product, measure or "error"


def _measure_name(draft: Draft, product: Product) -> str:
    """The name that may tell what a column measures: of a sheet by metrics, that of the metric."""
    if product.column != VALUE or METRIC not in draft.table.columns:
        return product.column
    names = list(dict.fromkeys(map(name_in, draft.table.columns[METRIC])))
    return names[0] if len(names) == 1 else ""


def _measure_column(draft: Draft) -> tuple[Product, str] | None:
    given = [name for name in MEASURE_NAMES if name in draft.options.columns]
    if len(given) > 1:
        raise InputError(f"columns: expected one of {listed(given)}, got {len(given)}")
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
    if not ordered:
        draft.need(f"{words}; no column looks like it: name the column", error="COLUMN")
        return
    best = ordered[0]
    meaning = found[best]
    if MEASURES[meaning].kind == "loss":
        draft.arguments.setdefault("kind", "loss")
        meaning = "error" if meaning == "loss" else meaning
    draft.need(f"{words}; {some(map(repr, ordered[:MOST_METRICS]))} may be it", **{meaning: best})


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
    least, most = values.min(), values.max()
    possible = candidates(values) or list(KINDS)
    by_name = [kind for kind in possible if kind.rstrip("%") == measure_of(name)]
    draft.arguments["kind"] = (by_name or (possible if len(possible) == 1 else ["KIND"]))[0]
    draft.need(
        f"kind: what the values of {name or VALUE!r} are (from {least:.4g} to {most:.4g}): "
        f"{' or '.join(possible)}"
    )


def _finite(draft: Draft, product: Product) -> Floats:
    cells = draft.table.columns[product.column]
    values = np.fromiter(map(number_in, cells), float, len(cells))
    return values[np.isfinite(values)]


def _budget(draft: Draft) -> tuple[str, Product] | None:
    """How long a run was: in samples, or in steps or epochs, which are turned into samples."""
    options = draft.options
    given = [name for name in BUDGETS if name in options.columns]
    if len(given) > 1:
        raise InputError(f"columns: expected one of {listed(given)}, got {len(given)}")
    for meaning in given or BUDGETS:
        product = draft.product(meaning)
        if product is not None:
            return _counted_in_samples(draft, meaning, product)
    steps = draft.candidates("steps")
    if options.samples_per_step is not None and steps:
        draft.said.append(f"By its name {steps[0]!r} is taken for the number of steps.")
        return _counted_in_samples(draft, "steps", Product(steps[0]))
    _need_budget(draft, steps)
    return None


def _counted_in_samples(draft: Draft, meaning: str, product: Product) -> tuple[str, Product] | None:
    per_step = draft.options.samples_per_step
    if meaning != "steps":
        if per_step is not None:
            raise InputError(f"samples_per_step is for steps, but {product} counts {meaning}")
        return meaning, product
    if not product.factor and per_step is None:
        draft.arguments["samples_per_step"] = "N"
        draft.need(
            f"samples_per_step: how many samples (or tokens) a step of {product.column!r} sees: "
            "batch size times devices times accumulation (times sequence length)"
        )
        return None
    return meaning, product if product.factor else Product(product.column, f"{per_step:.15g}")


def _need_budget(draft: Draft, steps: Sequence[str]) -> None:
    words = "samples_seen: how many samples (or tokens) a run has seen"
    epochs = draft.candidates("epochs")
    if MULTIPLE in draft.table.columns:
        draft.need(
            f"samples_seen: the names of the columns are multiples; if they count epochs, "
            f"epochs={MULTIPLE}, else times a number of samples, or a column that holds it",
            samples_seen=f"{MULTIPLE}*COLUMN",
        )
    elif seen := draft.candidates("samples_seen"):
        draft.need(f"{words}; {some(map(repr, seen[:3]))} may be it", samples_seen=seen[0])
    elif steps:
        draft.need(f"{words}; {steps[0]!r} counts steps: times N samples", steps=f"{steps[0]}*N")
    elif epochs:
        draft.need(f"{words}; {epochs[0]!r} counts epochs", epochs=epochs[0])
    else:
        draft.need_column("samples_seen", words.partition(": ")[2])


def _trained_on(draft: Draft, *, needs_size: bool) -> None:
    """Ask for what the runs were trained on, where that is not known."""
    mixed = bool(draft.sheet.weights)
    if not mixed and draft.product("data") is None and draft.product("pool") is None:
        draft.need_column("pool", "what a run was trained on (filter, source, data set)")
    is_data = not mixed and draft.product("data") is not None and draft.product("pool") is None
    if (not is_data or needs_size) and draft.product("unique_samples") is None:
        whole = "the mixture" if mixed else "the pool"
        draft.need_column(
            "unique_samples", f"how many different samples of {whole} a run could see"
        )
    if draft.needs and draft.product("group") is None:
        for name in draft.candidates("group")[:1]:
            if len({name_in(cell) for cell in draft.table.columns[name]}) > 1:
                draft.columns["group"] = name


def _written_out(
    draft: Draft, product: Product, measure: str, counted_in: str, budget: Product
) -> Imported:
    """The long table, after every cell that it is made of has been checked."""
    rule, table = MEASURES[measure], draft.table
    raw = draft.values(product, rule.number)
    size = draft.product("unique_samples")
    unique = None if size is None else draft.values(size, COUNT)
    if counted_in == "epochs":
        assert unique is not None
        seen = draft.values(budget, COLUMNS["weight"]) * unique
        draft.said.append(f"samples_seen = {budget} x unique_samples.")
    else:
        seen = draft.values(budget, COUNT)
        if str(budget) != "samples_seen":
            draft.said.append(f"samples_seen = {str(budget).replace('*', ' x ')}.")
    columns: dict[str, object] = {"run": table.names(draft.sheet.key)}
    columns |= _trained_columns(draft)
    if unique is not None and not draft.sheet.weights and "pool" in columns:
        columns["unique_samples"] = whole(unique)
    columns |= {"samples_seen": whole(seen)} | _other_columns(draft)
    table.check()
    if rule.said:
        draft.said.append(f"{rule.said}, from {_measure_name(draft, product) or product!s}.")
    columns["error"] = tidy(rule.turned(raw))
    frame = pd.DataFrame(columns)
    composition = _composition(draft, unique) if draft.sheet.weights else None
    return Imported(frame, draft.sheet.what, rule.kind, tuple(draft.said), composition)


def _trained_columns(draft: Draft) -> dict[str, object]:
    if draft.sheet.weights:
        return {"data": draft.table.names(draft.sheet.key)}
    for name in ("pool", "data"):
        if product := draft.product(name):
            return {name: draft.table.names(product.column)}
    return {}


def _other_columns(draft: Draft) -> dict[str, object]:
    columns: dict[str, object] = {}
    for name in ("group", METRIC, "training"):
        if product := draft.product(name):
            columns[name] = draft.table.names(product.column, optional=name == "training")
    for name in ("seed", "n_eval"):
        if product := draft.product(name):
            columns[name] = whole(draft.table.numbers(product.column, COLUMNS[name]))
    return columns


def _composition(draft: Draft, unique: Floats | None) -> pd.DataFrame:
    """What each mixture takes from each pool: its weight times the whole."""
    assert unique is not None
    table, weights = draft.table, draft.sheet.weights
    shares = np.array([[number_in(cell) for cell in table.columns[name]] for name in weights])
    taken = shares / shares.sum(0) * unique
    runs = table.names(draft.sheet.key)
    draft.said.append("A mixture takes from a pool its weight times unique_samples of the mixture.")
    rows = [
        {"data": run, "pool": pool, "unique_samples": round(float(taken[j, i]))}
        for i, run in enumerate(runs)
        for j, pool in enumerate(weights)
        if taken[j, i] >= 1
    ]
    return pd.DataFrame(rows)


def whole(values: Floats) -> pd.Series:
    """Numbers as whole ones where all are, so that a file has no needless decimals."""
    series = pd.Series(values)
    if np.isfinite(values).all() and (values == np.round(values)).all() and len(values):
        return series.astype("int64")
    return series
