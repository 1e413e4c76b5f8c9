"""The folder of a study before it is written: new, or left by an earlier one of the same question.

A study takes the place of an earlier one of the same models whose runs are all among its own: the
earlier one moves to the history of the folder. Nothing else is replaced, unless the user says so; a
study that is in the way is kept even then.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import xarray as xr

from qqt_bayes.errors import Advice, InputError, listed
from qqt_bayes.files import OVERWRITE, STUDY, new_folder, writable, write
from qqt_bayes.model.spec import Spec
from qqt_bayes.phrases import joined
from qqt_bayes.posterior.fit_file import is_saved
from qqt_bayes.report.figures.names import figures_in, is_figure
from qqt_bayes.report.records import to_json_text
from qqt_bayes.studies import clock
from qqt_bayes.studies.campaign import earlier_runs
from qqt_bayes.studies.folder import TEXTS, begun, fit_path
from qqt_bayes.studies.history import decided, fits_of, keep
from qqt_bayes.tables.grown import Lacking, lacking
from qqt_bayes.tables.order import hash_runs

OTHERS = Advice("{} goes on all the same and moves the earlier study to the history", OVERWRITE)
"""What to do about runs that are not those of the study before."""


def prepared(
    folder: Path,
    runs: xr.Dataset,
    specs: Sequence[Spec],
    instead: Sequence[str],
    *,
    overwrite: bool,
) -> Path:
    """Make a folder ready for a study: new, or cleared of an earlier study, and of that alone.

    An earlier study that came to a decision, and one of other runs or models that has fits, moves
    to the history of the folder. Otherwise fits are left until others of their names replace them.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    runs : Dataset
    specs : sequence of Spec
        The models that are asked for.
    instead : sequence of str
        Names of models that may be fitted in the place of some.
    overwrite : bool
        Replace files of the names that a study uses, whoever wrote them.

    Raises
    ------
    InputError
        If the folder holds files that no study wrote, or a study of other models or of runs that
        are not all among these, and `overwrite` is not given; if it cannot be written.
    """
    hashes = sorted(spec.hash for spec in specs)
    asked: dict[str, Any] = {"data_hash": hash_runs(runs), "spec_hashes": hashes}
    models = [*(spec.name for spec in specs), *instead]
    if not overwrite:
        _require_own(folder, asked, models, runs)
    writable(new_folder(folder) / STUDY)
    for path in replaced(folder, models):
        writable(path)
    earlier = begun(folder)
    is_other = any(earlier.get(name) != value for name, value in asked.items())
    moved: list[Path] = []
    if decided(earlier) or (is_other and fits_of(folder, earlier, models)):
        moved = keep(folder, earlier, models)
    making = {"whole": False, "date": clock.now(), **asked}
    # with the digests of what is taken away next, so that who is killed meanwhile may go on
    write(folder / STUDY, to_json_text(making | {"files": earlier.get("files", {})}))
    for path in {*moved, *replaced(folder)}:
        if path in moved or path.name in TEXTS or is_figure(path):
            path.unlink()
    return folder


def replaced(folder: Path, models: Iterable[str] = ()) -> list[Path]:
    """Files of a folder whose names a study uses: tables, texts and figures, and fits of models."""
    named = [folder / name for name in TEXTS] + [fit_path(folder, model) for model in models]
    return [path for path in named if os.path.lexists(path)] + figures_in(folder)


def _require_own(
    folder: Path, asked: Mapping[str, Any], models: Sequence[str], runs: xr.Dataset
) -> None:
    """Refuse a folder in which a study would replace what no study of its campaign wrote."""
    if not folder.is_dir():
        return
    there = [path.name for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    advice = Advice("{} replaces what has the names of a study's files", OVERWRITE)
    if STUDY not in there:
        if there:
            raise InputError(
                f"{folder} is no folder of a study and not empty: it holds {listed(there)}; "
                f"name a new folder, or {advice}",
                [advice],
            )
        return
    earlier = begun(folder)
    if earlier.get("spec_hashes") != asked["spec_hashes"]:
        own = list(models[: len(asked["spec_hashes"])])  # what may stand in for some comes after
        raise InputError(
            f"{folder} holds a study by {_named(earlier)}, and this one is by {joined(own)}; "
            f"name a new folder or the same models, or {advice}",
            [advice],
        )
    if earlier.get("data_hash") != asked["data_hash"]:
        _require_all_runs(folder, models, runs)
    foreign = [path.name for path in replaced(folder, models) if not _is_own(path, earlier)]
    if foreign:
        raise InputError(
            f"{folder} holds files that a study would replace and that are not as the earlier one "
            f"wrote them: {listed(foreign)}; name a new folder, or {advice}",
            [advice],
        )


def _named(earlier: Mapping[str, Any]) -> str:
    """The models of an earlier study, as far as its record names them."""
    models = earlier.get("models")
    named = [
        str(each["model"])
        for each in (models if isinstance(models, list) else [])
        if isinstance(each, Mapping) and "model" in each
    ]
    return joined(named) if named else "other models"


def _require_all_runs(folder: Path, models: Sequence[str], runs: xr.Dataset) -> None:
    """Refuse a table that lacks runs of the study that it is to follow on."""
    before = earlier_runs(folder, list(models))
    if before is None:  # a study that was ended before its first fit: nothing rests on its runs
        if decided(begun(folder)):
            raise InputError(
                f"{folder} holds a study of other runs, and its fits are not as it wrote them, so "
                f"these runs cannot be compared with its own; name a new folder, or {OTHERS}",
                [OTHERS],
            )
        return
    found = lacking(runs, before)
    if reasons := _reasons(found):
        raise InputError(
            f"{folder} holds a study of other runs: {'; '.join(reasons)}. A study follows on an "
            f"earlier one in its folder if it has all of its runs; name a new folder, or {OTHERS}",
            [OTHERS],
        )


def _reasons(found: Lacking) -> list[str]:
    """Why a table does not follow on an earlier one, with the rows."""
    if found.settings:
        return [f"these are of {joined(found.settings)}"]
    total = found.total
    reasons = []
    if found.missing:
        reasons.append(
            f"the table lacks {len(found.missing)} of its {total} runs, {joined(found.missing)}"
        )
    if found.changed:
        count = len(found.changed)
        have = "has" if count == 1 else "have"
        reasons.append(f"{count} of its {total} runs {have} another error, {joined(found.changed)}")
    return reasons


def _is_own(path: Path, earlier: Mapping[str, Any]) -> bool:
    """Whether a file is as a study wrote it: its digest is listed, or it bears this tool's mark."""
    if path.name not in TEXTS:
        return is_saved(path) or is_figure(path)
    listed_there = earlier.get("files")
    if not path.is_file() or not isinstance(listed_there, dict):
        return False
    return bool(listed_there.get(path.name) == sha256(path.read_bytes()).hexdigest())
