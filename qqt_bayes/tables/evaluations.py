"""Folders of evaluation files, as DataComp and OpenCLIP leave them, turned into a table of runs.

Each `eval_results*.jsonl` holds one JSON object a line, an evaluation with its `key` and its
`metrics.main_metric`. What the files cannot know (pool, samples seen) comes from a mapping table.
"""

from collections import defaultdict
from collections.abc import Iterator
from glob import escape, glob
from os import PathLike, fspath
from pathlib import Path, PurePath

import pandas as pd

from qqt_bayes.errors import InputError
from qqt_bayes.tables.cells import Number
from qqt_bayes.tables.formats import Source, read_table
from qqt_bayes.tables.table import Table

ACCURACY = Number("an accuracy in [0, 1)", lambda value: (value >= 0) & (value < 1))
PATTERN = "**/eval_results*.jsonl"
"""Files that are read where the user names a folder."""


def read_evaluations(
    pattern: str | PathLike[str], mapping: Source, metric: str | None = None
) -> pd.DataFrame:
    """Runs table from evaluation files and a mapping.

    Parameters
    ----------
    pattern : str or path
        A glob such as "results/**/eval_results*.jsonl", or the folder of those files.
    mapping : path or DataFrame
        Column `path`, the name of the folder that a file lies in or the end of the file's path, and
        the columns of a runs table but `metric` and `error`. Every file needs one row.
    metric : str, optional
        The `key` to read; may be left out if there is only one.

    Returns
    -------
    DataFrame
        The mapping with `metric` and `error = 1 - main_metric`; `path` becomes `run` if the mapping
        has no such column.

    Raises
    ------
    InputError
        With all faults of the files, or of the mapping.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> mapping = pd.DataFrame({"path": ["top10"], "pool": "0-10%", "unique_samples": 12.8e6,
    ...                         "samples_seen": 128e6})
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "top10", "eval_results.jsonl")
    ...     file.parent.mkdir()
    ...     _ = file.write_text('{"key": "imagenet1k", "metrics": {"main_metric": 0.25}}')
    ...     read_evaluations(folder, mapping).iloc[0].to_dict()
    {'run': 'top10', 'pool': '0-10%', 'unique_samples': 12800000.0, 'samples_seen': 128000000.0, \
'metric': 'imagenet1k', 'error': 0.75}
    """
    table = evaluations(pattern, mapping, metric)
    table.check()
    return pd.DataFrame(table.columns)


def evaluations(pattern: str | PathLike[str], mapping: Source, metric: str | None) -> Table:
    """`read_evaluations` as a table whose other columns are still to be checked."""
    if not isinstance(pattern, str | PathLike):
        kind = type(pattern).__name__
        raise InputError(f"a mapping needs a pattern of evaluation files, got {kind}")
    runs = read_table(mapping, "mapping")
    runs.require("path")
    for column in ("metric", "error"):
        if column in runs.columns:
            runs.note(f"column {column!r} comes from the evaluation files; leave it out")
    paths = runs.names("path").tolist()
    runs.check()

    lines = _lines(pattern, paths)
    read = dict.fromkeys(lines.names("path"))
    metric = lines.choose("key", metric, "metric")
    path, key = lines.names("path"), lines.names("key", optional=True)
    lines.distinct("key", {"path": path, "key": key})
    kept = set(path)
    for name in read:
        if name not in kept:
            lines.note(f"no line with key {metric!r} for path {name!r}")
    lines.keep(key == metric)
    accuracy = lines.numbers("main_metric", ACCURACY)
    error = dict(zip(lines.names("path"), 1 - accuracy, strict=True))
    lines.check()

    if "run" not in runs.columns:
        runs.columns = {"run": runs.columns["path"], **runs.columns}
        del runs.columns["path"]
    runs.columns["metric"] = [metric] * len(runs)
    runs.columns["error"] = [error[name] for name in paths]
    return runs


def _lines(pattern: str | PathLike[str], paths: list[str]) -> Table:
    """Every line of every file, with the path in the mapping that its file belongs to."""
    lines = Table(str(pattern), {"path": [], "key": [], "main_metric": []}, [])
    rows: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for path in paths:
        rows[PurePath(path).parts].append(path)
    unread = dict.fromkeys(paths)
    for file in _files(pattern):
        matches = [path for tail in set(_tails(file)) for path in rows.get(tail, [])]
        for path in matches:
            unread.pop(path, None)
        if len(matches) != 1:
            lines.note(f"{file}: expected one row of the mapping for it, got {len(matches)}")
            continue
        try:
            _append(lines, read_table(file, "evaluation"), matches[0])
        except InputError as error:
            lines.note(str(error))
    for path in unread:
        lines.note(f"no file for path {path!r} of the mapping")
    return lines


def _append(lines: Table, evaluation: Table, path: str) -> None:
    nothing: list[object] = [None] * len(evaluation)
    lines.absorb(evaluation)
    lines.columns["path"] += [path] * len(evaluation)
    lines.columns["key"] += evaluation.columns.get("key", nothing)
    lines.columns["main_metric"] += [
        metrics.get("main_metric") if isinstance(metrics, dict) else None
        for metrics in evaluation.columns.get("metrics", nothing)
    ]
    lines.places += [f"{evaluation.name}, {place}" for place in evaluation.places]


def _tails(file: PurePath) -> Iterator[tuple[str, ...]]:
    """Ends of a file's path, and of its folder's."""
    for parts in (file.parts, file.parent.parts):
        for start in range(len(parts)):
            yield parts[start:]


def _files(pattern: str | PathLike[str]) -> list[Path]:
    folder = Path(pattern)
    full = Path(escape(fspath(folder)), PATTERN) if folder.is_dir() else folder
    files = [Path(name) for name in sorted(glob(fspath(full), recursive=True))]
    files = [file for file in files if file.is_file()]
    if not files:
        raise InputError(f"{full}: no file matches")
    return files
