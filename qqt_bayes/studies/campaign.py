"""Studies that follow on each other in one folder, as runs are added: a campaign.

The latest is at the top of the folder; the earlier ones are in its history, and the log says what
each decided.  A study that says the same as the latest did takes its place and its date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import xarray as xr

from qqt_bayes.decisions.moved import Moved, beside
from qqt_bayes.decisions.study import Study
from qqt_bayes.errors import InputError
from qqt_bayes.posterior.fit_file import open_fit
from qqt_bayes.studies import clock
from qqt_bayes.studies.folder import LEVELS, begun, belief_of, digest_of, write_study
from qqt_bayes.studies.history import decided, fits_of, forget, kept
from qqt_bayes.studies.log import Entry, entry_of, read_log, record
from qqt_bayes.tables.composition import read_composition
from qqt_bayes.tables.grown import lacking


def earlier_runs(folder: Path, models: list[str]) -> xr.Dataset | None:
    """The runs of the study in a folder or, if it made no fit, of the last one before it.

    Parameters
    ----------
    folder : Path
    models : list of str
        Models whose fits may be there although `study.json` does not say so yet.
    """
    for place in [folder, *reversed(kept(folder))]:
        found = fits_of(place, begun(place), models)
        if found:
            return open_fit(found[0]).runs
    return None


def published(study: Study, folder: Path) -> Study:
    """Write a study beside its fits, log it, and say how its decision moved.

    Parameters
    ----------
    study : Study
    folder : Path
        Made ready for it, with its fits and with what earlier studies left.

    Returns
    -------
    Study
        The same with what moved.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    date, moved = follow(study, folder)
    study = replace(study, moved=moved)
    write_study(study, folder, date)
    record(folder)
    latest = entry_of(folder).said
    for place in kept(folder):
        if decided(begun(place)) and _same(place, latest):
            forget(place)  # it was made again, and stands in its own place
    return study


def follow(study: Study, folder: Path) -> tuple[str, Moved | None]:
    """The date of a study, and how its decision moved since the one before it.

    Parameters
    ----------
    study : Study
        Decided, and not written to the folder yet.
    folder : Path
        With what earlier studies left.
    """
    try:
        entries = read_log(folder).entries
    except InputError:  # the first study here
        return clock.now(), None
    date = clock.now()
    if entries[-1].said["belief"] == belief_of(study):
        date = entries.pop().date
    if not entries:
        return date, None
    return date, _moved(study, entries[-1])


def _moved(study: Study, last: Entry) -> Moved | None:
    """How a decision moved since an earlier study; None if they are of other things altogether."""
    runs = next(iter(study.fits.values())).runs
    missing, levels = 0, study.levels[:0]
    if last.folder is not None:
        before = _runs_of(last.folder)
        if before is not None:
            lost = lacking(runs, before)
            missing = len(lost.missing) + len(lost.changed)
            if lost.settings or missing == lost.total:
                return None
        levels = read_composition(last.folder / LEVELS)
    rows = beside(study.decision, study.levels, last.decisions, levels)
    before_then = tuple(name for name, weight in last.said["models"].items() if weight)
    runs_then = int(last.said["runs"])
    return Moved(last.date, runs_then, missing, before_then, tuple(study.weights), rows)


def _runs_of(folder: Path) -> xr.Dataset | None:
    """The runs of a kept study, from a fit that is as the study made it; None if none is."""
    content = begun(folder)
    for path in fits_of(folder, content, []):
        if content["files"].get(path.name) == digest_of(path):
            return open_fit(path).runs
    return None


def _same(place: Path, latest: Mapping[str, Any]) -> bool:
    """Whether a kept study is the latest one, which was made again."""
    try:
        said = entry_of(place).said
    except InputError:  # changed by hand: it stays, and the log says so
        return False
    return bool(said["belief"] == latest["belief"] and said["date"] == latest["date"])
