"""A study on disk: a folder that holds its fits, its decision, its text and its figures.

========================  ==========================================================================
``MODEL.nc``              a fit of each model
``decision.csv, .json``   the joint decision: every level at every budget; settings and remarks
``laws.csv``              the same by each law on its own, with a column `model`
``comparison.csv``        what each law says of each run that is left out
``levels.csv``            the levels, as a composition table
``summary.txt``           what it comes to
``*.png, *.svg``          the figures
``study.json``            which models decide together, with which weights: written last, so that a
                          folder that has it is whole
========================  ==========================================================================
"""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.decisions.study import Study
from qqt_bayes.errors import InputError
from qqt_bayes.files import slug, write
from qqt_bayes.phrases import in_lines
from qqt_bayes.report.records import (
    comparison_by_run,
    to_csv,
    to_frame,
    to_json,
    to_json_text,
)
from qqt_bayes.report.study_text import summary
from qqt_bayes.tables.composition import read_composition

CONTENT = "study.json"
"""Name of the file by which a folder is known as a study."""
DAMAGED = "make it again with `qqt study`"


def fit_path(folder: Path, model: str) -> Path:
    """The file of a model's fit."""
    return folder / f"{slug(model)}.nc"


def write_study(study: Study, folder: Path) -> None:
    """Write all of a study but its fits, which are there already.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    from qqt_bayes.report.figures.files import write_figures

    (folder / CONTENT).unlink(missing_ok=True)  # not whole until it is written again
    levels = study.levels.rename(level="data").to_series()
    tables = {
        "decision": to_frame(study.decision),
        "laws": pd.concat(
            [to_frame(each).assign(model=name) for name, each in study.alone.items()]
        ),
        "levels": levels[levels > 0].reset_index(),
    }
    if study.comparison is not None:
        tables["comparison"] = comparison_by_run(study.comparison).reset_index()
    for name, table in tables.items():
        write(folder / f"{name}.csv", to_csv(table))
    words = summary(study)
    write(folder / "decision.json", to_json_text(to_json(study.decision) | {"study": words}))
    write(folder / "summary.txt", in_lines(words))
    usable = {name: study.fits[name] for name in study.alone}
    write_figures(usable, study.decision, study.levels, folder)
    write(folder / CONTENT, to_json_text(_content(study)))


def _content(study: Study) -> dict[str, Any]:
    """What `study.json` holds."""
    models = [
        {
            "model": name,
            "fit": fit_path(Path(), name).name,
            "weight": study.weights.get(name, 0.0),
            "theorem": name == study.theorem,
            "gate_passed": fit.gate.passed,
        }
        for name, fit in study.fits.items()
    ]
    return {
        "models": models,
        "budgets": study.decision["budget"].values.tolist(),
        "data_hash": next(iter(study.fits.values())).attrs["data_hash"],
    }


class Saved(NamedTuple):
    """What a decision needs of a study on disk.

    Attributes
    ----------
    fits : dict of str to Path
        Of the laws that decide together, by model.
    weights : list of float
    levels : DataArray, dims (level, pool)
    budgets : array
    """

    fits: dict[str, Path]
    weights: list[float]
    levels: xr.DataArray
    budgets: NDArray[np.float64]


def is_study(path: str | PathLike[str]) -> bool:
    """Whether a path is a folder."""
    return Path(path).is_dir()


def open_study(path: str | PathLike[str]) -> Saved:
    """Read which fits of a study's folder decide together, and what was decided between.

    Raises
    ------
    InputError
        If the folder is no whole study.
    """
    folder = Path(path)
    try:
        content = json.loads((folder / CONTENT).read_text(encoding="utf-8"))
        deciding = [each for each in content["models"] if each["weight"] > 0]
        fits = {each["model"]: folder / Path(each["fit"]).name for each in deciding}
        weights = [float(each["weight"]) for each in deciding]
        budgets = np.asarray(content["budgets"], float)
    except FileNotFoundError:
        raise InputError(
            f"{path} is a folder without {CONTENT}, so no whole study; {DAMAGED}"
        ) from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder / CONTENT} is damaged; {DAMAGED}") from error
    return Saved(fits, weights, read_composition(folder / "levels.csv"), budgets)
