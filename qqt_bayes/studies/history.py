"""The earlier studies of a campaign: each whole in a folder of its own, `history/DATE-DATA_HASH`.

A study moves there, fits and all, before another takes its place: first as a draft, which is given
its name when all of it is there, and only then are its files taken away.  So a process that is
killed leaves each study whole in at least one place.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Any

from qqt_bayes.errors import InputError
from qqt_bayes.files import DRAFT, STUDY, new_folder, slug
from qqt_bayes.posterior import netcdf
from qqt_bayes.posterior.fit_file import is_saved
from qqt_bayes.report.figures.names import FORMATS, figures_in, is_figure
from qqt_bayes.studies.clock import of_file
from qqt_bayes.studies.folder import HISTORY, TEXTS, fit_path

HASH_SHOWN = 12
"""Characters of the hash of the runs in the name of a kept study."""


def decided(content: Mapping[str, Any]) -> bool:
    """Whether `study.json` is of a study that came to its end, and to a decision."""
    files = content.get("files")
    return bool(content.get("whole")) and isinstance(files, dict) and "decision.json" in files


def fits_of(folder: Path, content: Mapping[str, Any], models: Iterable[str]) -> list[Path]:
    """Files of the fits that a study made, whole or not, of the runs that it says it is of.

    Parameters
    ----------
    folder : Path
    content : mapping
        What its `study.json` says.
    models : iterable of str
        Models whose fits may be there although `study.json` does not say so yet.
    """
    said, known = content.get("models"), content.get("data_hash")
    if known is None:
        return []
    listed = [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []
    names = [str(each.get("model")) for each in listed]
    paths = [fit_path(folder, name) for name in dict.fromkeys([*names, *models])]
    return [
        path
        for path in paths
        if is_saved(path) and netcdf.root_attributes(path).get("data_hash") == known
    ]


def keep(folder: Path, content: Mapping[str, Any], models: Iterable[str]) -> list[Path]:
    """Copy a study to the history, before another takes its place.

    Parameters
    ----------
    folder : Path
    content, models
        As for `fits_of`.

    Returns
    -------
    list of Path
        The files of the study, which may be taken away now: but for `study.json`, which another
        has to replace.

    Raises
    ------
    InputError
        If that is not possible.
    """
    named = [folder / name for name in TEXTS if (folder / name).is_file()]
    figures = [path for path in figures_in(folder, formats=FORMATS) if is_figure(path)]
    paths = [*named, *figures, *fits_of(folder, content, models)]
    history = new_folder(folder / HISTORY)
    draft = history / f".{token_hex(8)}{DRAFT}"
    try:
        _clear(history)
        draft.mkdir()
        for path in [*paths, folder / STUDY]:
            _put(path, draft / path.name)
        place = _place(history, date_of(folder, content), str(content.get("data_hash")), draft)
        if place is None:
            shutil.rmtree(draft)
        else:
            draft.rename(place)
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{history}: the earlier study cannot be kept there: {reason}") from None
    return paths


def date_of(folder: Path, content: Mapping[str, Any]) -> str:
    """When a study was made: as it says, or as its file does if it is older than such dates."""
    return str(content.get("date") or of_file((folder / STUDY).stat().st_mtime))


def kept(folder: Path) -> list[Path]:
    """Folders of the earlier studies, by their dates."""
    found = (folder / HISTORY).glob(f"*/{STUDY}")
    return sorted(path.parent for path in found if not path.parent.name.startswith("."))


def forget(kept_study: Path) -> None:
    """Take a study out of the history, because the same one stands in its place again."""
    draft = kept_study.with_name(f".{token_hex(8)}{DRAFT}")
    try:
        kept_study.rename(draft)
        shutil.rmtree(draft)
        if not any(kept_study.parent.iterdir()):
            kept_study.parent.rmdir()
    except OSError as error:
        raise InputError(f"{kept_study} cannot be removed: {error.strerror or error}") from None


def _place(history: Path, date: str, data_hash: str, draft: Path) -> Path | None:
    """A new name for a study that is to be kept; None if it is kept there already."""
    # whatever `study.json` says, it is a name, and of no hidden folder
    name = slug(f"{date}-{data_hash[:HASH_SHOWN]}").lstrip(".-") or "study"
    number = 1
    while True:
        place = history / (name if number == 1 else f"{name}-{number}")
        if not os.path.lexists(place):
            return place
        own = (draft / STUDY).read_bytes()
        if (place / STUDY).is_file() and (place / STUDY).read_bytes() == own:
            return None
        number += 1


def _clear(history: Path) -> None:
    """Remove drafts that a killed process left: all that is in them is elsewhere, too."""
    for stray in history.glob(f".*{DRAFT}"):
        shutil.rmtree(stray)


def _put(path: Path, target: Path) -> None:
    """The same file under another name, or a copy where a file system has one name for each."""
    if not path.is_symlink():  # what it leads to may change
        with suppress(OSError):
            os.link(path, target)
            return
    shutil.copy2(path, target)
