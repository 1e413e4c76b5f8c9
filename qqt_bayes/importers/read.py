"""One call from what another tool wrote to the long table of runs."""

from __future__ import annotations

import os
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Protocol

import pandas as pd

from qqt_bayes.errors import Advice, InputError, alternatives
from qqt_bayes.importers import several_metrics
from qqt_bayes.importers.draft import Options
from qqt_bayes.importers.families import (
    clip_results,
    document,
    harness,
    mixtures,
    own_table,
    runs_table,
    wandb_chart,
    wide,
)
from qqt_bayes.importers.long_table import Imported, long_table
from qqt_bayes.importers.meanings import parse_columns
from qqt_bayes.importers.measures import KINDS
from qqt_bayes.importers.needs import NeedsMore, not_recognised
from qqt_bayes.importers.sheet import Sheet, counted, some
from qqt_bayes.importers.sources import Found, find
from qqt_bayes.tables.formats import Source
from qqt_bayes.tables.intake.headers import judge_title
from qqt_bayes.tables.intake.synonyms import names_between_commas
from qqt_bayes.tables.runs import read_runs


class Family(Protocol):
    """What every module of `qqt_bayes.importers.families` has."""

    READS: str

    def recognise(self, found: Found, options: Options) -> Sheet | None:
        """The sheet of what lies there, None if it is of another kind."""


FAMILIES: tuple[Family, ...] = (
    harness,
    clip_results,
    document,
    wandb_chart,
    runs_table,
    mixtures,
    wide,
    own_table,
)
"""The families in the order in which they are asked: the surest signs first."""

KNOWN = (".csv", ".tsv", ".gz", ".xlsx", ".parquet", ".pq", ".json", ".jsonl", ".ndjson")
"""Ends of the names of files whose faults are told as they are: the kind is right."""


def import_runs(
    source: str | PathLike[str] | pd.DataFrame,
    *,
    mapping: Source | None = None,
    metric: str | None = None,
    kind: str | None = None,
    samples_per_step: float | None = None,
    columns: str | dict[str, str] | None = None,
    human_numbers: bool = False,
    skip_rows: int | None = None,
) -> pd.DataFrame:
    """Runs from what another tool wrote, as the long table that `read_runs` reads.

    Read are charts and tables of runs exported from Weights & Biases and MLflow, folders of results
    of lm-evaluation-harness, OpenCLIP, CLIP_benchmark and DataComp, wide tables (budgets, weights
    of mixtures or metrics across), JSON documents, and tables of runs under other names.

    Parameters
    ----------
    source : path or DataFrame
        A file or a folder.
    mapping : path or DataFrame, optional
        What the source does not know of its runs, such as `pool` and `unique_samples`: column
        `run`, or columns that the source has, too.
    metric : str, optional
        Which metric to take, where there are several. Of several columns between commas
        ("val_loss,downstream_error") each is taken, a row for each metric.
    kind : {"error", "loss", "accuracy", "error%", "accuracy%"}, optional
        What the values are; the last two are in per cent.
    samples_per_step : float, optional
        Samples (or tokens) that a step sees, where a run is counted in steps.
    columns : str or dict, optional
        Which column means what, as for `read_runs`: "error=val_loss,samples_seen=tokens". In place
        of error there may be accuracy, ppl or loss_bits; in place of samples_seen epochs, or steps
        ("steps=step*512"). A product may be of two columns, one of the mapping: "steps=step*batch".
    human_numbers : bool
        Whether numbers are read as people write them, too: 12.8M, 1,000,000.
    skip_rows : int, optional
        Lines above the header of a CSV, or rows of a sheet, such as a title.

    Returns
    -------
    DataFrame
        Its attributes hold what it was made of (`what`), the `kind` to read it with, what was
        derived or left out (`said`), the kind of each of several metrics (`kinds`) and, for
        mixtures, the records of their `composition`.

    Raises
    ------
    NeedsMore
        If the source was recognised, but more has to be known: with the call that is ready.
    InputError
        If it is of no known kind or damaged.

    Examples
    --------
    >>> wide = pd.DataFrame({"filter": ["top 10%"], "unique_samples": [12.8e6],
    ...                      "128M": [0.769], "640M": [0.672]})
    >>> import_runs(wide, columns="pool=filter")[["pool", "samples_seen", "error"]]
          pool  samples_seen  error
    0  top 10%     128000000  0.769
    1  top 10%     640000000  0.672
    """
    imported = import_table(
        source,
        mapping=mapping,
        metric=metric,
        kind=kind,
        samples_per_step=samples_per_step,
        columns=columns,
        human_numbers=human_numbers,
        skip_rows=skip_rows,
    )
    frame = imported.runs
    frame.attrs = {"what": imported.what, "kind": imported.kind, "said": list(imported.said)}
    if imported.kinds:
        frame.attrs["kinds"] = dict(imported.kinds)
    if imported.composition is not None:
        frame.attrs["composition"] = imported.composition.to_dict("records")
    return frame


def import_table(
    source: str | PathLike[str] | pd.DataFrame,
    *,
    mapping: Source | None = None,
    metric: str | None = None,
    kind: str | None = None,
    samples_per_step: float | None = None,
    columns: str | dict[str, str] | None = None,
    human_numbers: bool = False,
    skip_rows: int | None = None,
) -> Imported:
    """`import_runs`, with all that is known of the table beside it."""
    if kind is not None and kind not in KINDS:
        raise InputError(f"unknown kind {kind!r}{alternatives(str(kind), KINDS)}")
    if samples_per_step is not None and not 0 < samples_per_step < 1e18:
        raise InputError(f"samples per step: expected a number above 0, got {samples_per_step!r}")
    meant = parse_columns(columns)
    options = Options(mapping, metric, kind, samples_per_step, meant, human_numbers, skip_rows)
    found = _found(source, skip_rows)
    names = several_metrics.named(metric, () if found.table is None else found.table.columns)
    if not names:
        return _imported(found, options)
    try:
        imports = {
            name: _imported(found, several_metrics.of_metric(options, names, name))
            for name in names
        }
    except NeedsMore as error:
        given = {**error.request.arguments, "metric": names_between_commas(names)}
        raise NeedsMore(replace(error.request, arguments=given)) from None
    return several_metrics.joined(imports)


def _imported(found: Found, options: Options) -> Imported:
    """The runs of what lies there, verified."""
    try:
        imported = long_table(recognised(found, options), options)
    except NeedsMore:
        raise
    except InputError as error:
        if found.name in str(error):
            raise
        raise InputError(f"{found.name}: {error}", error.advice) from None
    _verify(found.name, imported)
    return imported


def _found(source: str | PathLike[str] | pd.DataFrame, skip_rows: int | None) -> Found:
    """What lies at a path; of a file of a foreign kind it is said what is read instead."""
    try:
        return find(source, skip_rows)
    except InputError as error:
        if isinstance(source, pd.DataFrame) or not isinstance(source, str | PathLike):
            raise
        path = Path(source)
        if path.suffix.lower() in KNOWN or not os.path.exists(path):
            raise
        saw = str(error).removeprefix(f"{path}: ")
        raise not_recognised(str(path), saw, [family.READS for family in FAMILIES]) from None


def recognised(found: Found, options: Options) -> Sheet:
    """The sheet of the first family that knows what lies there.

    Raises
    ------
    InputError
        If none does: what was seen, what is read, and how to write the table by hand.
    """
    for family in FAMILIES:
        if sheet := family.recognise(found, options):
            return replace(sheet, said=[*found.said, *sheet.said])
    title = "" if found.table is None else judge_title(found.table)
    saw = f"{_saw(found)} But {title}." if title else _saw(found)
    advice = [title] if isinstance(title, Advice) else []
    raise not_recognised(found.name, saw, [family.READS for family in FAMILIES], advice)


def _saw(found: Found) -> str:
    """What lies there, in a sentence."""
    if found.table is not None:
        rows = counted(len(found.table), "row")
        return f"a table with {rows} and the columns {some(found.table.columns)}."
    if found.folder is not None:
        names = sorted(path.name for path in found.folder.glob("*"))
        return f"a folder with {some(names) if names else 'nothing in it'}."
    document = next(iter(found.documents.values()), None)
    if isinstance(document, dict):
        return f"a JSON document with the keys {some(map(str, document))}."
    return f"a JSON document of type {type(document).__name__}."


def _verify(name: str, imported: Imported) -> None:
    """Read the runs as every other command will: what is not legal does not leave this room."""
    if "data" in imported.runs and imported.composition is None:
        return  # the composition table is the user's
    try:
        read_runs(imported.runs, imported.composition, kind=imported.kind)
    except InputError as error:
        raise InputError(f"{name}: read as {imported.what}, but {error}", error.advice) from None
