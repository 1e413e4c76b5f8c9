"""Fits that are read, compared and reported: what `qqt compare` does."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from qqt_bayes.cli.inputs import named_by_model, read_study
from qqt_bayes.cli.output import emit, note, wrapped
from qqt_bayes.comparison.left_out import folds
from qqt_bayes.comparison.loo import compare_laws
from qqt_bayes.comparison.theorem import size_exponents
from qqt_bayes.comparison.verdicts import deciding_runs, verdicts
from qqt_bayes.errors import InputError
from qqt_bayes.planning.next_run import telling_runs
from qqt_bayes.posterior import fit_file
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.progress import shown, track
from qqt_bayes.report.comparison_text import verdict
from qqt_bayes.report.records import comparison_by_law, comparison_by_run
from qqt_bayes.tables.budgets import log_spaced, parse_budgets
from qqt_bayes.tables.composition import read_composition

NEXT_RUN_BUDGETS = 7
"""How many budgets a next run may have by default."""
MAX_NEXT_RUN_FACTOR = 10.0
"""How far the largest of them is beyond the largest run."""


def report(
    paths: tuple[str, ...],
    leave_out: str,
    refit: bool,
    levels: str | None,
    budgets: str | None,
    form: str,
) -> None:
    """Compare fits and print what was found.

    Parameters
    ----------
    paths : tuple of str
        Files of fits, or the folder of a study.
    leave_out, refit, levels, budgets
        The options of the command.
    form : {"table", "json", "csv"}

    Raises
    ------
    InputError
        If what is left out needs refits, which the user did not ask for.
    """
    with shown("Reading the fits"):
        if Path(paths[0]).is_dir():
            fits, _ = read_study(paths[0], lambda path: Fit.of(fit_file.load(path)))
        else:
            read = track(paths, "Reading the fits")
            fits = named_by_model(paths, [Fit.of(fit_file.load(path)) for path in read])
    if leave_out != "run" and not refit:
        needed = len(folds(next(iter(fits.values())).runs, leave_out))
        raise InputError(
            f"leaving out by {leave_out} needs {needed} refits of each law; --refit allows them"
        )
    with shown("Leaving out runs"):
        comparison = compare_laws(fits, leave_out=leave_out, refit=refit)
    exponents = size_exponents(fits)
    with shown("Looking for the run that tells the laws apart"):
        telling = _telling(fits, comparison, levels, budgets) if len(fits) > 1 else None
    words = verdict(comparison, telling, exponents)
    by_run = comparison_by_run(comparison)
    if form == "table":
        frame = comparison_by_law(comparison)
    else:
        frame = by_run.join(comparison["verdict"].to_series(), on="law")
    emit(frame, form, lambda: _content(comparison, by_run, telling, exponents, words))
    if form == "table":
        sys.stdout.write("\n" + wrapped(words))
    elif form == "csv":
        note(words)


def _telling(
    fits: Mapping[str, Fit], comparison: xr.Dataset, levels: str | None, budgets: str | None
) -> xr.Dataset:
    """How well each next run would tell the two best laws apart."""
    runs = next(iter(fits.values())).runs
    seen = runs["samples_seen"].values
    sets = runs["unique_samples"].rename(data="level")
    best, second = comparison["elpd_sum"].to_series().nlargest(2).index
    return telling_runs(
        fits[best],
        fits[second],
        sets if levels is None else read_composition(levels),
        log_spaced(seen.min(), MAX_NEXT_RUN_FACTOR * seen.max(), NEXT_RUN_BUDGETS)
        if budgets is None
        else parse_budgets(budgets),
    )


def _content(
    comparison: xr.Dataset,
    by_run: pd.DataFrame,
    telling: xr.Dataset | None,
    exponents: pd.DataFrame,
    words: str,
) -> dict[str, Any]:
    """What JSON says of a comparison."""
    ids = ["verdict", "bad_refits", "gate_passed"]
    laws = comparison_by_law(comparison).join(comparison[ids].to_dataframe()[ids], on="law")
    content: dict[str, Any] = {
        "settings": dict(comparison.attrs),
        "summary": words,
        "verdicts": [asdict(each) for each in verdicts(comparison, telling, exponents)],
        "laws": laws.to_dict("records"),
        "runs": by_run.to_dict("records"),
        "size_exponents": exponents.to_dict("records"),
    }
    if telling is not None:
        content["deciding_runs"] = deciding_runs(comparison).to_dict("records")
        content["next_run"] = telling.attrs | {
            "probability_right": telling["probability_right"].sel(telling.attrs).item()
        }
    return content
