"""The folder of a study before it is written: new, or left by an earlier one of the same question.

A study replaces what an earlier one of the same runs and models wrote, and nothing else, unless the
user says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from qqt_bayes.errors import Advice, InputError, listed
from qqt_bayes.files import OVERWRITE, STUDY, new_folder, writable, write
from qqt_bayes.model.spec import Spec
from qqt_bayes.posterior.fit_file import is_saved
from qqt_bayes.report.figures.names import figures_in, is_figure
from qqt_bayes.report.records import to_json_text
from qqt_bayes.studies.folder import TEXTS, begun, fit_path


def prepared(
    folder: Path, data_hash: str, specs: Sequence[Spec], instead: Sequence[str], *, overwrite: bool
) -> Path:
    """Make a folder ready for a study: new, or cleared of an earlier study, and of that alone.

    Fits are left until others of their names replace them.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    data_hash : str
        Of the runs.
    specs : sequence of Spec
        The models that are asked for.
    instead : sequence of str
        Names of models that may be fitted in the place of some.
    overwrite : bool
        Replace files of the names that a study uses, whoever wrote them.

    Raises
    ------
    InputError
        If the folder holds files that no study wrote, or a study of other runs or models, and
        `overwrite` is not given; if it cannot be written.
    """
    asked = {"data_hash": data_hash, "spec_hashes": sorted(spec.hash for spec in specs)}
    models = [*(spec.name for spec in specs), *instead]
    if not overwrite:
        _require_own(folder, asked, models)
    writable(new_folder(folder) / STUDY)
    there = replaced(folder, models)
    for path in there:
        writable(path)
    for path in there:
        if path.name in TEXTS or is_figure(path):
            path.unlink()
    write(folder / STUDY, to_json_text({"whole": False, **asked, "files": {}}))
    return folder


def replaced(folder: Path, models: Iterable[str] = ()) -> list[Path]:
    """Files of a folder whose names a study uses: tables, texts and figures, and fits of models."""
    named = [folder / name for name in TEXTS] + [fit_path(folder, model) for model in models]
    return [path for path in named if os.path.lexists(path)] + figures_in(folder)


def _require_own(folder: Path, asked: Mapping[str, object], models: Iterable[str]) -> None:
    """Refuse a folder in which a study would replace what no study of the same question wrote."""
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
    if any(earlier.get(name) != value for name, value in asked.items()):
        raise InputError(
            f"{folder} holds a study of other runs or models; name a new folder, or {advice}",
            [advice],
        )
    foreign = [path.name for path in replaced(folder, models) if not _is_own(path, earlier)]
    if foreign:
        raise InputError(
            f"{folder} holds files that a study would replace and that are not as the earlier one "
            f"wrote them: {listed(foreign)}; name a new folder, or {advice}",
            [advice],
        )


def _is_own(path: Path, earlier: Mapping[str, Any]) -> bool:
    """Whether a file is as a study wrote it: its digest is listed, or it bears this tool's mark."""
    if path.name not in TEXTS:
        return is_saved(path) or is_figure(path)
    listed_there = earlier.get("files")
    if not path.is_file() or not isinstance(listed_there, dict):
        return False
    return bool(listed_there.get(path.name) == sha256(path.read_bytes()).hexdigest())
