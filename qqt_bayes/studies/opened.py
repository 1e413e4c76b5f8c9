"""A study read back from its folder, with every number as it was decided: nothing is judged anew.

Probabilities, errors, regrets and choices are those of the folder's tables, whose digests
``study.json`` holds.  What only says how far levels and budgets lie from the runs is counted again
from the runs, by the function that counted it for the decision.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from qqt_bayes.decisions.study import Study
from qqt_bayes.errors import InadequateFit, InputError
from qqt_bayes.files import content_of
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.fit_file import NEEDED, open_fit
from qqt_bayes.report.python_text import for_python
from qqt_bayes.report.records import FLAGS
from qqt_bayes.report.study_text import nothing_decided
from qqt_bayes.report.verdict_text import Answer
from qqt_bayes.studies.folder import (
    DAMAGED,
    PUT_BACK,
    Saved,
    digest_of,
    open_study,
    read_whole,
    require_same,
)
from qqt_bayes.studies.reread import (
    comparison_of,
    crossovers_of,
    decision_of,
    moved_of,
    table_of,
)

DECISION, LAWS, COMPARISON = "decision.json", "laws.csv", "comparison.csv"
"""The files of a study that hold what was decided and how well laws predict."""
READ = (*NEEDED, "prior", "sample_stats")
"""Groups of a fit: what a decision rests on, and what says how far it hangs on its priors."""
SHARED = ("group", "budget", "leader", "proven", "winner", "extrapolation")
"""What it says of all levels at a budget."""


class Opened(NamedTuple):
    """A study as it was saved.

    Attributes
    ----------
    study : Study
    answers : list of Answer, or None
        What it said, in the words of its day; None if that has to be found again.
    date : str
        When it was made.
    """

    study: Study
    answers: list[Answer] | None
    date: str


def load_study(path: str | PathLike[str]) -> Study:
    """Read a study back from its folder, to ask it about more or to draw it; nothing is fitted.

    Parameters
    ----------
    path : path
        A folder that `qqt_bayes.study` or the command `qqt study` wrote.

    Returns
    -------
    Study
        With the decision as it was made.

    Raises
    ------
    InputError
        If the folder holds no whole study, or a file of it was changed by hand.
    InadequateFit
        If every law was refused, so that nothing was decided.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> study = qqt.load_study("study")
    >>> study
    <Study of 12 runs: 3 levels at 2 budgets, under utility 0.50, utility-free-size 0.50>
    >>> qqt.decide(study, budgets="1B")["choice"].item()
    'top 30%'
    """
    return open_whole(path).study


def open_whole(path: str | PathLike[str]) -> Opened:
    """Read a study that came to a decision.

    Raises
    ------
    InputError, InadequateFit
        As for `load_study`.
    """
    folder = Path(path)
    saved = open_study(folder)
    content = read_whole(folder)
    fits = {name: open_fit(file, READ) for name, file in saved.fits.items()}
    require_same(saved, list(fits.values()))
    if DECISION not in content["files"]:
        gates = {name: fit.gate for name, fit in fits.items()}
        words = nothing_decided(gates, str(path))
        raise InadequateFit(for_python(words), for_command=words)
    texts = {name: _as_written(folder, name, content) for name in (DECISION, LAWS, COMPARISON)}
    try:
        return _opened(folder, saved, content, fits, texts)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{folder}: a table of the study is damaged; {DAMAGED}") from error


def settings_of(path: str | PathLike[str]) -> dict[str, Any]:
    """What the decision of a study was made by, such as its margin; nothing if it came to none.

    A setting that an older study did not have yet is not in it.

    Raises
    ------
    InputError
        If the folder holds no whole study, or its decision was changed by hand.
    """
    folder = Path(path)
    content = read_whole(folder)
    if DECISION not in content["files"]:
        return {}
    try:
        settings: dict[str, Any] = json.loads(_as_written(folder, DECISION, content))["settings"]
        return dict(settings)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{folder / DECISION} is damaged; {DAMAGED}") from error


def _as_written(folder: Path, name: str, content: Mapping[str, Any]) -> bytes:
    """A file of a study, as the study wrote it."""
    if digest_of(folder / name) != content["files"].get(name):
        raise InputError(f"{folder / name} was changed after the study; {PUT_BACK}")
    return content_of(folder / name)


def _opened(
    folder: Path,
    saved: Saved,
    content: Mapping[str, Any],
    deciding: Mapping[str, Fit],
    texts: Mapping[str, bytes],
) -> Opened:
    said, models = json.loads(texts[DECISION]), content["models"]
    fits = {
        each["model"]: deciding.get(each["model"]) or _other(folder, each, content)
        for each in models
    }
    weights = dict(zip(saved.fits, saved.weights, strict=True))
    settings = said["settings"] | {name: int(said["settings"][name]) for name in FLAGS}
    rows = [
        {**{key: at[key] for key in SHARED if key in at}, **level}
        for at in said["decisions"]
        for level in at["levels"]
    ]
    decision = decision_of(pd.DataFrame(rows), settings, deciding, weights, saved.levels)
    alone = {
        str(name): decision_of(own, settings, {name: fits[name]}, {name: 1.0}, saved.levels)
        for name, own in table_of(texts[LAWS]).groupby("model", sort=False)
    }
    study = Study(
        fits=fits,
        theorem=next((each["model"] for each in models if each["theorem"]), None),
        laws=[each["model"] for each in models if each["law"]],
        weights=weights,
        levels=saved.levels,
        decision=decision.assign(crossovers_of(said["crossovers"], decision)),
        alone=alone,
        comparison=comparison_of(texts[COMPARISON], content["laws"], deciding),
        exponents=pd.DataFrame(content["size_exponents"]),
        moved=moved_of(said.get("moved")),
    )
    return Opened(study, [Answer(**each) for each in said["answers"]], content["date"])


def _other(folder: Path, said: Mapping[str, Any], content: Mapping[str, Any]) -> Fit:
    """A fit that takes no part in the decision: the theorem's, or one that was refused."""
    file = folder / Path(said["fit"]).name
    if digest_of(file) != content["files"][file.name]:
        raise InputError(f"{file} is not the fit that this study made; {PUT_BACK}")
    return open_fit(file)
