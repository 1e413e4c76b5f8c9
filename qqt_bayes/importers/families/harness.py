"""Results of lm-evaluation-harness: a folder for each model, a results file for each evaluation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from qqt_bayes.errors import InputError
from qqt_bayes.importers.draft import Options
from qqt_bayes.importers.sheet import METRIC, RUN, VALUE, Sheet, counted
from qqt_bayes.importers.sources import Found, documents_in
from qqt_bayes.tables.table import Table

READS = "results of lm-evaluation-harness: a folder with results*.json, or one such file"
PATTERN = "**/results*.json"
"""Files of a folder that are read."""


def recognise(found: Found, options: Options) -> Sheet | None:
    """A row for each model, task and measure; of repeated evaluations the last is taken."""
    documents = found.documents
    if found.folder is not None:
        documents = documents_in(found.folder, PATTERN)
    results = {path: d for path, d in documents.items() if isinstance(d, Mapping) and _is_one(d)}
    if not results:
        return None
    if other := [str(path) for path in documents if path not in results]:
        raise InputError(f"{other[0]}: expected results of lm-evaluation-harness as beside it")
    latest: dict[tuple[str, str], tuple[object, object, str]] = {}
    again: dict[str, None] = {}
    for path, document in results.items():
        run = _run(path, found.folder, document)
        for metric, value, count in _values(document):
            if (run, metric) in latest:
                again[run] = None
            latest[run, metric] = value, count, str(path)
    return _sheet(found.name, latest, list(again), counted(len(results), "results file"))


def _sheet(
    name: str,
    latest: dict[tuple[str, str], tuple[object, object, str]],
    again: list[str],
    read: str,
) -> Sheet:
    columns: dict[str, list[object]] = {
        RUN: [run for run, _ in latest],
        METRIC: [metric for _, metric in latest],
        VALUE: [value for value, _, _ in latest.values()],
        "n_eval": [count for _, count, _ in latest.values()],
    }
    if all(count is None for count in columns["n_eval"]):
        del columns["n_eval"]
    said = [f"Read {read}."]
    if again:
        said.append(f"Evaluated more than once, the last is taken: {', '.join(again)}.")
    table = Table(name, columns, [path for _, _, path in latest.values()])
    meanings = {"n_eval": "n_eval"} if "n_eval" in columns else {}
    return Sheet("results of lm-evaluation-harness", table, said, meanings)


def _is_one(document: Mapping[str, object]) -> bool:
    results = document.get("results")
    return (
        isinstance(results, Mapping)
        and bool(results)
        and all(isinstance(scores, Mapping) for scores in results.values())
        and bool({"config", "configs", "config_general", "versions", "n-shot"} & set(document))
    )


def _run(path: Path, folder: Path | None, document: Mapping[str, object]) -> str:
    """What a model is called: by its folder, or by what the file says of it."""
    if folder is not None and path.parent != folder:
        return path.parent.relative_to(folder).as_posix()
    name = document.get("model_name")
    if not isinstance(name, str):
        config = document.get("config")
        arguments = config.get("model_args") if isinstance(config, Mapping) else None
        match = re.search(r"pretrained=([^,]+)", arguments if isinstance(arguments, str) else "")
        name = match[1] if match else path.stem
    return name.strip() or path.stem


def _values(document: Mapping[str, object]) -> Iterator[tuple[str, object, object]]:
    """Metric, value and size of the evaluation set of each measure that is no standard error."""
    results, counts = document["results"], document.get("n-samples")
    assert isinstance(results, Mapping)
    for task, scores in results.items():
        for name, value in scores.items():
            measure, _, selected = str(name).partition(",")
            if not isinstance(value, int | float) or measure.endswith("_stderr"):
                continue
            of_filter = f",{selected}" if selected not in ("", "none") else ""
            yield f"{task} {measure}{of_filter}", value, _count(counts, task)


def _count(counts: object, task: object) -> object:
    sizes = counts.get(task) if isinstance(counts, Mapping) else None
    size = sizes.get("effective") if isinstance(sizes, Mapping) else None
    return size if isinstance(size, int | float) and not isinstance(size, bool) else None
