"""From a sheet to the long table of runs: what each column means is settled here, and said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qqt_bayes.errors import InputError, alternatives
from qqt_bayes.importers.draft import Draft, Options
from qqt_bayes.importers.meanings import BUDGETS, Product
from qqt_bayes.importers.measures import MEASURES, measure_name, measured, tidy
from qqt_bayes.importers.sheet import METRIC, MOST_METRICS, VALUE, Sheet, some
from qqt_bayes.phrases import as_written
from qqt_bayes.tables.cells import COUNT, Floats, name_in, number_in
from qqt_bayes.tables.intake.arithmetic import alike_in_sets
from qqt_bayes.tables.intake.columns import FORMS
from qqt_bayes.tables.intake.synonyms import per_step
from qqt_bayes.tables.rows import COLUMNS

MULTIPLE = "multiple"
"""Column of a wide sheet whose columns are multiples of something that it does not say."""


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
    kinds : mapping of str to str
        The kind of each metric, where several were read.
    """

    runs: pd.DataFrame
    what: str
    kind: str
    said: tuple[str, ...]
    composition: pd.DataFrame | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)


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
    found = measured(draft)
    if found:
        draft.drop_without_number(found[0])
    budget = _budget(draft)
    _trained_on(draft, needs_size=budget is not None and budget[0] == "epochs")
    if found and not draft.needs and not len(draft.table):
        raise InputError(f"{draft.table.name}: no run is left. {' '.join(draft.said)}")
    draft.check()
    assert found and budget  # else something had been needed
    product, measure = found
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


def _budget(draft: Draft) -> tuple[str, Product] | None:
    """How long a run was: in samples, or in steps or epochs, which are turned into samples."""
    options = draft.options
    given = [name for name in BUDGETS if name in options.columns]
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
            raise InputError(f"samples per step are for steps, but {product} counts {meaning}")
        return meaning, product
    if not product.factor and per_step is None:
        draft.arguments["samples_per_step"] = "N"
        draft.need(
            f"samples_per_step: how many samples (or tokens) one step of {product.column!r} sees: "
            "batch size times devices times accumulation (times sequence length); where runs "
            f"differ, steps={product.column}*COLUMN with a column of the mapping"
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
        column = draft.as_counted("samples_seen", seen[0])
        draft.need(f"{words}; {some(map(repr, seen[:3]))} may be it", samples_seen=column)
    elif steps and (each := per_step(draft.table.columns)):
        draft.need(
            f"{words}; {steps[0]!r} counts steps, and {each[0]!r} may be what one sees",
            steps=f"{steps[0]}*{each[0]}",
        )
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
        seen = draft.columns.get("samples_seen", "samples_seen")
        if mixed and seen in draft.table.columns and not draft.candidates("unique_samples"):
            draft.need(
                "unique_samples: how many different samples a mixture holds in all; if a run saw "
                f"none of them twice, that is {seen!r}",
                unique_samples=seen,
            )
            return
        epochs = draft.candidates("epochs")
        known = seen in draft.table.columns or "samples_seen" in draft.columns
        if not mixed and known and epochs and not draft.candidates("unique_samples"):
            draft.need(
                "unique_samples: how many different samples of the pool a run could see; "
                f"samples seen over epochs ({epochs[0]!r}) may be it",
                unique_samples=f"{seen}/{epochs[0]}",
            )
        else:
            draft.need_column(
                "unique_samples", f"how many different samples of {whole} a run could see"
            )
    for meaning in ("group", "seed", METRIC) if draft.needs else ():
        for name in draft.candidates(meaning)[:1] if draft.product(meaning) is None else ():
            if len({name_in(cell) for cell in draft.table.columns[name]}) > 1:
                draft.columns[meaning] = name


def _written_out(
    draft: Draft, product: Product, measure: str, counted_in: str, budget: Product
) -> Imported:
    """The long table, after every cell that it is made of has been checked."""
    rule, table = MEASURES[measure], draft.table
    raw = draft.values(product, rule.number)
    size = draft.product("unique_samples")
    unique = None if size is None else draft.values(size, COUNT)
    of_set = draft.product("pool") or draft.product("data")
    if unique is not None and size is not None and size.over and of_set is not None:
        unique = alike_in_sets(unique, table.columns[of_set.column])
        draft.said.append(f"unique_samples = {str(size).replace('*', ' x ')}.")
    if counted_in == "epochs":
        assert unique is not None
        seen = draft.values(budget, FORMS["epochs"].number) * unique
        draft.said.append(f"samples_seen = {budget} x unique_samples.")
    else:
        seen = draft.values(budget, COUNT)
        if str(budget) != "samples_seen":
            draft.said.append(f"samples_seen = {str(budget).replace('*', ' x ')}.")
    names = table.names(draft.sheet.key)
    columns: dict[str, object] = {_named(draft, names, seen): names}
    columns |= _trained_columns(draft)
    if unique is not None and not draft.sheet.weights and "pool" in columns:
        columns["unique_samples"] = whole(unique)
    columns |= {"samples_seen": whole(seen)} | _other_columns(draft)
    table.check()
    if rule.said:
        name = measure_name(draft, product)
        it = name if name not in ("", VALUE) else "the value"
        draft.said.append(f"{re.sub(r'\bit\b', lambda _: it, rule.said)}.")
    columns["error"] = tidy(rule.turned(raw))
    frame = pd.DataFrame(columns)
    composition = _composition(draft, unique) if draft.sheet.weights else None
    if read := table.read_as_written():
        draft.said.append(as_written(read))
    if left := _not_read(draft):
        draft.said.append(f"Columns that are not read: {some(left)}.")
    return Imported(frame, draft.sheet.what, rule.kind, tuple(draft.said), composition)


def _named(draft: Draft, names: NDArray[np.object_], seen: NDArray[np.float64]) -> str:
    """What names are of: of runs, or of trainings, if checkpoints at other budgets share them."""
    rows = pd.DataFrame({"name": names, "seen": seen})
    if draft.product("training") or rows.groupby("name")["seen"].nunique().max() < 2:
        return "run"
    draft.said.append(
        f"Rows of one {draft.sheet.key} are checkpoints of one training, which share its luck."
    )
    return "training"


def _not_read(draft: Draft) -> list[str]:
    """Columns that nothing was taken from, so that none is dropped without a word."""
    sheet = draft.sheet
    inner = {METRIC, VALUE, MULTIPLE, sheet.key, *sheet.meanings.values()}
    taken = draft.table.used | inner | {*sheet.weights, *sheet.read, *draft.options.beside}
    return [name for name in draft.table.columns if name not in taken]


def _trained_columns(draft: Draft) -> dict[str, object]:
    if draft.sheet.weights:
        return {"data": draft.table.names(draft.sheet.key)}
    for name in ("pool", "data"):
        if product := draft.product(name):
            return {name: draft.table.names(product.column)}
    return {}


def _other_columns(draft: Draft) -> dict[str, object]:
    columns: dict[str, object] = {}
    for name in ("group", METRIC, "training", "replacement"):
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
