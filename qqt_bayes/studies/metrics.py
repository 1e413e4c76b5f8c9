"""Studies of one table under each of its metrics: a folder of studies, and which they are.

========================  ==========================================================================
``METRIC/``               the study of each metric, see `qqt_bayes.studies.folder`
``metrics.json``          the metrics and their folders, their weights and what was required of
                          them, written first: whether a study came to its end is said by its own
                          folder
========================  ==========================================================================

Nothing else in the folder is touched; a study of a metric replaces what an earlier one of the same
runs and models wrote, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

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


class Index(NamedTuple):
    """What a folder of studies by metric says of them.

    Attributes
    ----------
    folders : dict of str to Path
        Of the study of each metric.
    weights : dict of str to float, or None
        Of the metrics in their decision; None for equal ones.
    constraints : tuple of str
        What a choice had to keep to.
    """

    folders: dict[str, Path]
    weights: dict[str, float] | None = None
    constraints: tuple[str, ...] = ()


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


def prepare(
    out: Path,
    metrics: Sequence[str],
    weights: Mapping[str, float] | None = None,
    constraints: Sequence[str] = (),
    *,
    overwrite: bool,
) -> dict[str, Path]:
    """Make a folder ready for a study of each metric; the folder of each, which need not be there.

    It says how the metrics are joined, too, for whoever decides over them again.

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
    joining: dict[str, Any] = {"weights": dict(weights)} if weights is not None else {}
    joining |= {"require": list(constraints)} if constraints else {}
    write(out / METRICS, to_json_text({"metrics": rows, **joining}))
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
    if there and (others := sorted(set(_index(out).folders) - set(folders))):
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


def _index(out: Path) -> Index:
    """What the folder says of its studies, whether or not they came to an end.

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
        weights = found.get("weights")
        if weights is not None:
            weights = {str(metric): float(weight) for metric, weight in weights.items()}
        return Index(folders, weights, tuple(map(str, found.get("require", []))))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path} is damaged; {MAKE_AGAIN}") from error


def open_metrics(path: str | PathLike[str]) -> dict[str, Path]:
    """The folder of the study of each metric.

    Raises
    ------
    InputError
        If the index cannot be read, or the study of a metric is missing.
    """
    return open_index(path).folders


def open_index(path: str | PathLike[str]) -> Index:
    """What a folder says of its studies, each of which is there.

    Raises
    ------
    InputError
        If the index cannot be read, or the study of a metric is missing.
    """
    index = _index(Path(path))
    for metric, folder in index.folders.items():
        if not is_study(folder):
            raise InputError(
                f"{path} lacks the study of metric {metric!r}: there is none at {folder}; "
                f"put it back, or {MAKE_AGAIN}"
            )
    return index


def differing(
    levels: Mapping[str, xr.DataArray], budgets: Mapping[str, NDArray[np.float64]]
) -> tuple[str, str, str] | None:
    """What studies were asked otherwise: "levels" or "budgets", and of which two metrics.

    Parameters
    ----------
    levels, budgets : mapping
        By metric; none of either are compared if it is empty.
    """
    for other in list(levels)[1:]:
        if not _same_levels(levels[one := next(iter(levels))], levels[other]):
            return "levels", one, other
    for other in list(budgets)[1:]:
        if not _same_budgets(budgets[one := next(iter(budgets))], budgets[other]):
            return "budgets", one, other
    return None


def _same_budgets(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return np.array_equal(np.sort(one), np.sort(other))


def _same_levels(one: xr.DataArray, other: xr.DataArray) -> bool:
    if set(one["level"].values) != set(other["level"].values):
        return False
    if set(one["pool"].values) != set(other["pool"].values):
        return False
    # tables of levels hold as many digits as a CSV does
    return bool(np.allclose(other.reindex_like(one), one, rtol=1e-9, atol=0))
