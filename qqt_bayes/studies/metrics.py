"""Studies of one table under each of its metrics: a folder of studies, and which they are.

========================  ==========================================================================
``METRIC/``               the study of each metric, see `qqt_bayes.studies.folder`
``metrics.json``          the metrics and their folders, written first: whether a study came to its
                          end is said by its own folder
========================  ==========================================================================

Nothing else in the folder is touched; a study of a metric replaces what an earlier one of the same
runs and models wrote, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from qqt_bayes.errors import Advice, InputError, listed
from qqt_bayes.files import (
    METRICS,
    OVERWRITE,
    content_of,
    is_study,
    new_folder,
    slug,
    writable,
    write,
)
from qqt_bayes.report.records import SCHEMA, to_json_text

MAKE_AGAIN = "make it again with `qqt study`"


def metric_folders(out: Path, metrics: Sequence[str]) -> dict[str, Path]:
    """The folder of each metric's study.

    Raises
    ------
    InputError
        If two metrics would share one.

    Examples
    --------
    >>> found = metric_folders(Path("study"), ["ImageNet top-1", "retrieval"])
    >>> [path.name for path in found.values()]
    ['ImageNet-top-1', 'retrieval']
    """
    words = [slug(metric) for metric in metrics]
    for metric, word in zip(metrics, words, strict=True):
        # some file systems take names in capitals and in small letters for the same
        if [other.lower() for other in words].count(word.lower()) > 1 or not word.strip("."):
            raise InputError(
                f"no folder of its own can be named after metric {metric!r}; rename it in the table"
            )
    return {metric: out / word for metric, word in zip(metrics, words, strict=True)}


def prepare(out: Path, metrics: Sequence[str], *, overwrite: bool) -> dict[str, Path]:
    """Make a folder ready for a study of each metric; the folder of each, which need not be there.

    Raises
    ------
    InputError
        If it holds what no such studies wrote, or studies of other metrics, and `overwrite` is not
        given; if it cannot be written.
    """
    folders = metric_folders(out, metrics)
    if not overwrite:
        _require_own(out, folders)
    writable(new_folder(out) / METRICS)
    rows = [{"metric": metric, "folder": path.name} for metric, path in folders.items()]
    write(out / METRICS, to_json_text({"metrics": rows}))
    return folders


def _require_own(out: Path, folders: dict[str, Path]) -> None:
    if not out.is_dir():
        return
    advice = Advice("{} replaces what has the names of their files", OVERWRITE)
    there = [path.name for path in sorted(out.iterdir()) if not path.name.startswith(".")]
    if there and METRICS not in there:
        raise InputError(
            f"{out} is no folder of studies by metric and not empty: it holds {listed(there)}; "
            f"name a new folder, or {advice}",
            [advice],
        )
    if there and (others := sorted(set(_index(out)) - set(folders))):
        raise InputError(
            f"{out} holds studies of other metrics: {listed(others)}; name a new folder, or "
            f"{advice}",
            [advice],
        )
    for folder in folders.values():
        if folder.exists() and not is_study(folder) and any(folder.iterdir()):
            raise InputError(
                f"{folder} is no folder of a study and not empty; name a new folder, or {advice}",
                [advice],
            )


def _index(out: Path) -> dict[str, Path]:
    """The folders of the metrics, whether or not their studies came to an end.

    Raises
    ------
    InputError
        If the index cannot be read.
    """
    path = out / METRICS
    content = content_of(path)
    try:
        found: dict[str, Any] = json.loads(content)
        if found["schema"] != SCHEMA:
            raise ValueError(f"schema {found['schema']!r}")
        folders = {
            str(each["metric"]): out / Path(str(each["folder"])).name for each in found["metrics"]
        }
        if not folders:
            raise ValueError("no metric")
        return folders
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path} is damaged; {MAKE_AGAIN}") from error


def open_metrics(path: str | PathLike[str]) -> dict[str, Path]:
    """The folder of the study of each metric.

    Raises
    ------
    InputError
        If the index cannot be read, or the study of a metric is missing.
    """
    folders = _index(Path(path))
    for metric, folder in folders.items():
        if not is_study(folder):
            raise InputError(
                f"{path} lacks the study of metric {metric!r}: there is none at {folder}; "
                f"put it back, or {MAKE_AGAIN}"
            )
    return folders
