"""A study on disk: a folder that holds its fits, its decision, its text and its figures.

========================  ==========================================================================
``MODEL.nc``              a fit of each model
``decision.csv, .json``   the joint decision: every level at every budget; settings and remarks
``laws.csv``              the same by each law on its own, with a column `model`
``comparison.csv``        what each law says of each run that is left out
``levels.csv``            the levels, as a composition table
``summary.txt``           what it comes to
``*.png, *.svg``          the figures
``study.json``            when it was made, which models decide together, with which weights, and
                          the SHA-256 of each fit, table and text: written first as a study in the
                          making, and last as whole, with the SHA-256 of what it says itself
``log.jsonl``             a line for each study that was made here: what it decided, on which runs
``history/``              the earlier studies, each whole in a folder of its own
========================  ==========================================================================

Of a study in which every law was refused there are the fits, ``levels.csv`` and ``study.json``: who
decides on them all the same need not fit again.

A study may replace what an earlier one of the same runs and models wrote, and one of more runs
follows on it (see `qqt_bayes.studies.campaign`); nothing else is replaced.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.decisions.study import Study
from qqt_bayes.errors import Advice, InputError
from qqt_bayes.files import STUDY, content_of, require_one_metric, slug, write
from qqt_bayes.phrases import in_lines
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.report.records import (
    SCHEMA,
    comparison_by_law,
    comparison_by_run,
    to_csv,
    to_frame,
    to_json,
    to_json_text,
)
from qqt_bayes.report.study_text import moved_of, summary
from qqt_bayes.tables.composition import read_composition

TABLES = "decision", "laws", "comparison", "levels"
"""Names of the tables, without their ending."""
TEXTS = (*(f"{name}.csv" for name in TABLES), "decision.json", "summary.txt")
"""Files that bear no mark of their own, so that `study.json` lists their digests."""
LEVELS = "levels.csv"
"""The table that is read again."""
OTHER_LEVELS = Advice("{} takes those of another file", {"levels": "FILE"})
"""What to do with levels that were changed on purpose."""
DIGEST = "digest"
"""Key of `study.json`: the digest of all else that it says."""
DAMAGED = "make it again with `qqt study`"
PUT_BACK = f"put back what the study wrote, or {DAMAGED}"


HISTORY = "history"
"""Name of the folder inside a study's that holds the earlier studies."""
BELIEF = 16
"""Characters of the hash that `belief` gives."""


def fit_path(folder: Path, model: str) -> Path:
    """The file of a model's fit."""
    return folder / f"{slug(model)}.nc"


def begun(folder: Path) -> dict[str, Any]:
    """What `study.json` says, whole or not; nothing if it is damaged or somebody else's."""
    try:
        content = json.loads((folder / STUDY).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def write_study(study: Study, folder: Path, date: str) -> None:
    """Write all of a study but its fits, which are there already, into a folder made for it.

    Parameters
    ----------
    study : Study
    folder : Path
    date : str
        When it was made.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    from qqt_bayes.report.figures.files import write_figures

    texts = _texts(study)
    digests = {name: sha256(text.encode()).hexdigest() for name, text in texts.items()}
    digests |= _of_fits(study.fits, folder)
    content = begun(folder) | _content(study) | {"date": date, "files": digests}
    write(folder / STUDY, to_json_text(content))
    for name, text in texts.items():
        write(folder / name, text)
    usable = {name: study.fits[name] for name in study.alone}
    write_figures(usable, study.decision, folder)
    _conclude(folder, content)


def belief_of(study: Study) -> str:
    """What `belief` says of a study that is not written yet."""
    tables = {"decision.csv": to_frame(study.decision), LEVELS: _of_levels(study.levels)}
    digests = {name: sha256(to_csv(each).encode()).hexdigest() for name, each in tables.items()}
    return belief(_content(study) | {"files": digests})


def belief(content: Mapping[str, Any]) -> str:
    """A hash of what a study decided and on what, by which one is known that says the same again.

    Fits hold how long they took, and texts how the decision moved: they are no part of it.

    Parameters
    ----------
    content : mapping
        What `study.json` says.
    """
    models = [
        {name: each[name] for name in ("model", "weight", "spec_hash", "seed")}
        for each in content["models"]
    ]
    files = {name: content["files"][name] for name in ("decision.csv", LEVELS)}
    said = {"models": models, "files": files}
    said |= {name: content[name] for name in ("data_hash", "budgets")}
    return sha256(to_json_text(said).encode()).hexdigest()[:BELIEF]


def _conclude(folder: Path, content: Mapping[str, Any]) -> None:
    """Say that a study is whole, with the digest of all that `study.json` says."""
    content = {**content, "whole": True}
    write(folder / STUDY, to_json_text(content | {DIGEST: _own_digest(content)}))


def _of_fits(models: Iterable[str], folder: Path) -> dict[str, str]:
    """SHA-256 of the file of each model's fit."""
    return {path.name: digest_of(path) for path in (fit_path(folder, x) for x in models)}


def digest_of(path: Path) -> str:
    """SHA-256 of a file.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    return sha256(content_of(path)).hexdigest()


def _own_digest(content: Mapping[str, object]) -> str:
    """SHA-256 of what `study.json` says, but for this digest, however it is laid out."""
    said = {name: value for name, value in content.items() if name != DIGEST}
    return sha256(to_json_text(said).encode()).hexdigest()


def _texts(study: Study) -> dict[str, str]:
    """The tables and texts of a study, by the names of their files."""
    tables = {
        "decision": to_frame(study.decision),
        "laws": pd.concat(
            [to_frame(each).assign(model=name) for name, each in study.alone.items()]
        ),
        "levels": _of_levels(study.levels),
    }
    tables["comparison"] = comparison_by_run(study.comparison).reset_index()
    words = summary(study)
    decision = to_json(study.decision, study.deciding) | {"study": words, **moved_of(study)}
    texts = {f"{name}.csv": to_csv(tables[name]) for name in TABLES}
    return texts | {"decision.json": to_json_text(decision), "summary.txt": in_lines(words)}


def write_refused(
    fits: Mapping[str, Fit],
    weights: Mapping[str, float],
    theorem: str | None,
    levels: xr.DataArray,
    budgets: NDArray[np.float64],
    folder: Path,
) -> None:
    """Write what a decision by force needs beside the fits, where every law was refused.

    Parameters
    ----------
    fits : mapping of str to Fit
        By the names of their models.
    weights : mapping of str to float
        Shares of the laws that were to decide.
    theorem : str or None
        The model of the theorem, if it was fitted beside the laws.
    levels : DataArray, dims (level, pool)
    budgets : array, shape (budget,)
    folder : Path

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    text = to_csv(_of_levels(levels))
    digests = {LEVELS: sha256(text.encode()).hexdigest()} | _of_fits(fits, folder)
    content = begun(folder) | {
        "models": _models(fits, weights, theorem, list(weights)),
        "budgets": budgets.tolist(),
        **_origin(next(iter(fits.values()))),
    }
    write(folder / STUDY, to_json_text(content | {"files": digests}))
    write(folder / LEVELS, text)
    _conclude(folder, content | {"files": digests})


def _of_levels(levels: xr.DataArray) -> pd.DataFrame:
    """Levels as a composition table."""
    taken = levels.rename(level="data").to_series()
    return taken[taken > 0].reset_index()


def _content(study: Study) -> dict[str, Any]:
    """What `study.json` holds."""
    return {
        "models": _models(study.fits, study.weights, study.theorem, study.laws),
        "budgets": study.decision["budget"].values.tolist(),
        "laws": comparison_by_law(study.comparison).to_dict("records"),
        "size_exponents": study.exponents.to_dict("records"),
        **_origin(next(iter(study.fits.values()))),
    }


def _models(
    fits: Mapping[str, Fit], weights: Mapping[str, float], theorem: str | None, laws: Sequence[str]
) -> list[dict[str, Any]]:
    """What `study.json` says of each fit."""
    return [
        {
            "model": name,
            "fit": fit_path(Path(), name).name,
            "weight": weights.get(name, 0.0),
            "theorem": name == theorem,
            "law": name in laws,
            "gate_passed": fit.gate.passed,
            "failed_checks": [check.id for check in fit.gate.failed],
            "spec_hash": fit.attrs["spec_hash"],
            "seed": fit.seed,
        }
        for name, fit in fits.items()
    ]


def _origin(first: Fit) -> dict[str, Any]:
    """What `study.json` says of the runs and of what made it."""
    return {
        "source": first.attrs["source"],
        "data_hash": first.attrs["data_hash"],
        "runs": first.runs.sizes["run"],
        "versions": first.versions,
    }


def read_whole(folder: Path) -> dict[str, Any]:
    """What `study.json` of a whole study says.

    Raises
    ------
    InputError
        If the folder is no whole study, or `study.json` was changed by hand.
    """
    try:
        content: dict[str, Any] = json.loads(content_of(folder / STUDY))
        if content["schema"] != SCHEMA:
            raise ValueError(f"schema {content['schema']!r}")
        if not content.get("whole", True):
            earlier = sorted(path.parent for path in (folder / HISTORY).glob(f"[!.]*/{STUDY}"))
            before = f"; the study before it is in {earlier[-1]}" if earlier else ""
            raise InputError(
                f"{folder} holds a study that did not come to its end; {DAMAGED}, or give its fits "
                f"one by one{before}"
            )
        if content[DIGEST] != _own_digest(content):
            raise InputError(f"{folder / STUDY} was changed after the study; {PUT_BACK}")
    except InputError:
        raise
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise InputError(f"{folder / STUDY} is damaged; {DAMAGED}") from error
    return content


class Saved(NamedTuple):
    """What a decision needs of a study on disk.

    Attributes
    ----------
    fits : dict of str to Path
        Of the laws that decide together, by model.
    hashes : list of tuple of str
        Of the specification and the runs of each.
    weights : list of float
    levels : DataArray, dims (level, pool)
    budgets : array
    refused : list of str
        Laws that take no part because their fits did not pass their gates.
    digests : list of str
        SHA-256 of each file of `fits`, as the study wrote it.
    """

    fits: dict[str, Path]
    hashes: list[tuple[str, str]]
    weights: list[float]
    levels: xr.DataArray
    budgets: NDArray[np.float64]
    refused: list[str]
    digests: list[str]


def open_study(path: str | PathLike[str]) -> Saved:
    """Read which fits of a study's folder decide together, and what was decided between.

    Raises
    ------
    InputError
        If the folder is no whole study, or a file of it was changed by hand.
    """
    folder = Path(path)
    require_one_metric(folder)
    if not (folder / STUDY).exists():
        raise InputError(f"{path} is a folder without {STUDY}, so no whole study; {DAMAGED}")
    content = read_whole(folder)
    try:
        deciding = [each for each in content["models"] if each["weight"] > 0]
        fits = {each["model"]: folder / Path(each["fit"]).name for each in deciding}
        weights = [float(each["weight"]) for each in deciding]
        hashes = [(str(each["spec_hash"]), str(content["data_hash"])) for each in deciding]
        budgets = np.asarray(content["budgets"], float)
        refused = [
            str(each["model"])
            for each in content["models"]
            if each.get("law") and not each["weight"] > 0
        ]
        digests = [str(content["files"][file.name]) for file in fits.values()]
        of_levels = str(content["files"][LEVELS])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder / STUDY} is damaged; {DAMAGED}") from error
    if digest_of(folder / LEVELS) != of_levels:
        raise InputError(
            f"{folder / LEVELS} was changed after the study; {PUT_BACK}; {OTHER_LEVELS}",
            [OTHER_LEVELS],
        )
    levels = read_composition(folder / LEVELS)
    return Saved(fits, hashes, weights, levels, budgets, refused, digests)


def require_same(study: Saved, fits: Sequence[Fit]) -> None:
    """Refuse fits that are not those that the study made: of its runs and models, to the last bit.

    Parameters
    ----------
    study : Saved
    fits : sequence of Fit
        Read from its files, in their order.

    Raises
    ------
    InputError
        Naming the first file that holds another fit.
    """
    for (name, path), hashes, fit in zip(study.fits.items(), study.hashes, fits, strict=True):
        if (fit.attrs.get("spec_hash"), fit.attrs.get("data_hash")) != hashes:
            raise InputError(
                f"{path} is not the fit of {name} that this study made: it is of another model or "
                f"of other runs; {DAMAGED}"
            )
    for (name, path), digest in zip(study.fits.items(), study.digests, strict=True):
        if digest_of(path) != digest:
            raise InputError(
                f"{path} is a fit of {name}, but not the one that this study made; {PUT_BACK}"
            )
