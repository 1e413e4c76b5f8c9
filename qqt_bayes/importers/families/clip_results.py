"""Evaluations that DataComp, OpenCLIP and CLIP_benchmark leave in folders, one for each model."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from pathlib import Path

import pandas as pd

from qqt_bayes.errors import InputError, fault_list
from qqt_bayes.importers.draft import Options
from qqt_bayes.importers.meanings import measure_of
from qqt_bayes.importers.needs import NeedsMore, Request, in_words
from qqt_bayes.importers.sheet import (
    METRIC,
    MOST_METRICS,
    RUN,
    VALUE,
    Sheet,
    counted,
    fractions_of,
    some,
)
from qqt_bayes.importers.sources import Found, columns_of, documents_in
from qqt_bayes.progress import track
from qqt_bayes.tables.cells import is_empty, name_in
from qqt_bayes.tables.evaluations import PATTERN, read_evaluations
from qqt_bayes.tables.formats import Source, read_table
from qqt_bayes.tables.table import Table

READS = (
    "a folder of eval_results*.jsonl (DataComp), results.jsonl (OpenCLIP) or CLIP_benchmark's JSON"
)
TRAINING = "**/results.jsonl"
"""Files that OpenCLIP writes while it trains: a line for each checkpoint."""
RESAMPLED = (
    "DataComp draws shards with replacement, and OpenCLIP does where it resamples: if these "
    "runs did, say so in a column replacement (true)."
)
INNER = ("eval", "checkpoints")
"""Folders inside the folder of a run, which name no run."""


def recognise(found: Found, options: Options) -> Sheet | None:
    """A row for each model and metric, from whichever of the three kinds lies in the folder."""
    folder = found.folder
    if folder is not None and any(folder.glob(PATTERN)):
        return _datacomp(folder, options)
    if folder is not None and any(folder.glob(TRAINING)):
        return _open_clip(folder)
    if found.table is not None:
        return _file_of_datacomp(found.table) or _table_of_benchmark(found.table)
    documents = found.documents if folder is None else documents_in(folder, "**/*.json")
    if documents and all(map(_is_benchmark, documents.values())):
        return _clip_benchmark(found.name, documents)
    return None


def _datacomp(folder: Path, options: Options) -> Sheet:
    """DataComp's evaluations; with a mapping, as `read_evaluations` reads them."""
    if options.mapping is None:
        return _unmapped(folder)
    metric = options.metric
    if (
        metric is None
        and len(known := list(dict.fromkeys(_unmapped(folder).table.columns[METRIC]))) > 1
    ):
        names = some(repr(name) for name in known[:MOST_METRICS])
        need = f"metric: which of {len(known)} to take: {names}"
        arguments = {"mapping": in_words(options.mapping), "metric": "METRIC"}
        raise NeedsMore(Request(str(folder), "DataComp's evaluations", (), [need], {}, arguments))
    runs = read_evaluations(folder, _with_paths(options.mapping, folder), metric)
    columns: dict[str, list[object]] = {str(name): runs[name].tolist() for name in runs}
    said = [f"error = 1 - main_metric of {runs[METRIC].iloc[0]!r}.", *_resampled(columns)]
    table = Table(str(folder), columns, [f"run {name_in(run)!r}" for run in columns[RUN]])
    return Sheet("DataComp's evaluations", table, said, is_mapped=True)


def _file_of_datacomp(table: Table) -> Sheet | None:
    """One file of DataComp's evaluations, whose run is named by its folder."""
    keys, values = table.columns.get("key"), table.columns.get("metrics.main_metric")
    if keys is None or values is None:
        return None
    path = Path(table.name)
    run = next((part for part in reversed(path.parts[:-1]) if part not in INNER), path.stem)
    rows: list[tuple[object, ...]] = [
        (run, name_in(key), value, place)
        for key, value, place in zip(keys, values, table.places, strict=True)
    ]
    return _by_metric(table.name, "DataComp's evaluations", rows, {VALUE: "accuracy"})


def _table_of_benchmark(table: Table) -> Sheet | None:
    """The table that CLIP_benchmark builds: its column dataset is what models were tested on."""
    columns = table.columns
    if not {"dataset", "model", "pretrained", "task"} <= set(columns):
        return None
    measures = [n for n, c in columns.items() if n in fractions_of(table) or measure_of(n)]
    rows: list[tuple[object, ...]] = [
        (
            f"{name_in(columns['model'][i])} {name_in(columns['pretrained'][i])}",
            f"{name_in(columns['dataset'][i])} {measure}",
            columns[measure][i],
            place,
        )
        for i, place in enumerate(table.places)
        for measure in measures
        if not is_empty(columns[measure][i])
    ]
    return _by_metric(table.name, "a table of CLIP_benchmark", rows, {}) if rows else None


def _with_paths(mapping: Source, folder: Path) -> pd.DataFrame:
    """A mapping that names runs by their folders, with the files that it means."""
    table = pd.DataFrame(read_table(mapping, "mapping").columns)
    column = "path" if "path" in table else RUN
    if column not in table:
        return table
    files = {run_of(path, folder): str(path.relative_to(folder)) for path in folder.glob(PATTERN)}
    names = [name_in(cell) for cell in table[column]]
    return table.assign(**{RUN: names, "path": [files.get(name, name) for name in names]})


def _unmapped(folder: Path) -> Sheet:
    rows: list[tuple[object, ...]] = []
    faults = []
    for path in track(sorted(folder.glob(PATTERN)), "Reading evaluations"):
        try:
            lines = read_table(path, "evaluation")
            lines.check()
        except InputError as error:
            faults.append(str(error))
            continue
        keys, metrics = (lines.columns.get(name, []) for name in ("key", "metrics"))
        for key, scores in zip(keys, metrics, strict=False):
            value = scores.get("main_metric") if isinstance(scores, Mapping) else None
            rows.append((run_of(path, folder), name_in(key), value, str(path)))
    if faults:
        raise InputError(fault_list(str(folder), faults, len(faults)))
    return _by_metric(str(folder), "DataComp's evaluations", rows, {VALUE: "accuracy"})


def _by_metric(
    name: str, what: str, rows: list[tuple[object, ...]], meanings: Mapping[str, str]
) -> Sheet:
    columns = {c: [row[i] for row in rows] for i, c in enumerate((RUN, METRIC, VALUE))}
    return Sheet(what, Table(name, columns, [str(row[3]) for row in rows]), (), meanings)


def run_of(path: Path, folder: Path) -> str:
    """What a run is called: by its folder.

    Examples
    --------
    >>> run_of(Path("results/b32/eval/eval_results.jsonl"), Path("results"))
    'b32'
    """
    parts = list(path.relative_to(folder).parts[:-1])
    while parts and parts[-1] in INNER:
        parts.pop()
    return "/".join(parts) or path.stem


def _open_clip(folder: Path) -> Sheet:
    """What OpenCLIP logged of each training: the line of its last checkpoint."""
    records, places, faults = [], [], []
    for path in track(sorted(folder.glob(TRAINING)), "Reading logs of trainings"):
        try:
            lines = read_table(path, "results")
            lines.check()
        except InputError as error:
            faults.append(str(error))
            continue
        last = {name: cells[-1] for name, cells in lines.columns.items()}
        records.append({RUN: run_of(path, folder)} | last)
        places.append(f"{path}, {lines.places[-1]}")
    if faults:
        raise InputError(fault_list(str(folder), faults, len(faults)))
    columns = columns_of(records)
    said = [f"Of each of {counted(len(records), 'training')} the last line is taken."]
    said += _resampled(columns)
    return Sheet("OpenCLIP's results", Table(str(folder), columns, places), said)


def _resampled(columns: Container[str]) -> list[str]:
    """How to say that shards were drawn with replacement, unless the columns do."""
    return [] if "replacement" in columns else [RESAMPLED]


def _is_benchmark(document: object) -> bool:
    return (
        isinstance(document, Mapping)
        and isinstance(document.get("metrics"), Mapping)
        and {"dataset", "model"} <= set(document)
    )


def _clip_benchmark(name: str, documents: Mapping[Path, object]) -> Sheet:
    rows = [row for path, document in documents.items() for row in _scores(path, document)]
    return _by_metric(name, "results of CLIP_benchmark", rows, {})


def _scores(path: Path, document: object) -> Iterator[tuple[object, ...]]:
    assert isinstance(document, Mapping)
    run = " ".join(filter(None, (name_in(document.get(k)) for k in ("model", "pretrained"))))
    for measure, value in document["metrics"].items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield run, f"{name_in(document['dataset'])} {measure}", value, str(path)
