"""Fits that are read, compared and reported: what `qqt compare` does."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from qqt_bayes.cli.output import emit, note, wrapped
from qqt_bayes.comparison.left_out import folds
from qqt_bayes.comparison.loo import compare_laws
from qqt_bayes.comparison.theorem import size_exponents
from qqt_bayes.comparison.verdicts import deciding_runs, verdicts
from qqt_bayes.errors import InputError
from qqt_bayes.planning.next_run import telling_runs
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.report.comparison_text import verdict
from qqt_bayes.report.records import laws, runs_of
from qqt_bayes.tables.budgets import log_spaced, parse_budgets
from qqt_bayes.tables.composition import read_composition

BUDGETS, BEYOND = 7, 10.0
"""Budgets of a next run: how many, and how far beyond the largest."""


def named(paths: Sequence[str], fits: Sequence[Fit]) -> dict[str, Fit]:
    """Fits by the names of their models; by those of their files where two have one model.

    Raises
    ------
    InputError
        If a file is given twice.
    """
    names = [fit.spec.name for fit in fits]
    if len(set(names)) < len(names):
        names = [str(Path(path)) for path in paths]
    if len(set(names)) < len(names):
        raise InputError(f"a fit is given twice: {', '.join(paths)}")
    return dict(zip(names, fits, strict=True))


def shares(fits: Mapping[str, Fit], weights: str | None) -> list[float]:
    """Weights of fits, as given or by stacking; says which on stderr.

    Raises
    ------
    InputError
        If what is given are no numbers.
    """
    if weights is not None:
        try:
            return [float(word) for word in weights.split(",")]
        except ValueError as error:
            raise InputError(
                f"weights: expected numbers such as 0.7,0.3, got {weights!r}"
            ) from error
    found = compare_laws(fits)
    stacked: list[float] = found["weight"].values.tolist()
    each = [f"{name} {share:.2f}" for name, share in zip(fits, stacked, strict=True)]
    note(f"Weights by stacking: {', '.join(each)}; --weights gives others.")
    if found["bad_k"].any():
        note("They rest on scores that are not to be trusted: see `qqt compare`.")
    return stacked


def report(
    fits: Mapping[str, Fit],
    leave_out: str,
    refit: bool,
    levels: str | None,
    budgets: str | None,
    form: str,
) -> None:
    """Compare fits and print what was found.

    Raises
    ------
    InputError
        If what is left out needs refits, which the user did not ask for.
    """
    if leave_out != "run" and not refit:
        needed = len(folds(next(iter(fits.values())).runs, leave_out))
        raise InputError(
            f"leaving out by {leave_out} needs {needed} refits of each law; "
            "allow them with --refit (refit=True)"
        )
    found = compare_laws(fits, leave_out=leave_out, refit=refit)
    exponents = size_exponents(fits)
    telling = None
    if len(fits) > 1:
        runs = next(iter(fits.values())).runs
        seen = runs["samples_seen"].values
        sets = runs["unique_samples"].rename(data="level")
        best, second = found["elpd_sum"].to_series().nlargest(2).index
        telling = telling_runs(
            fits[best],
            fits[second],
            sets if levels is None else read_composition(levels),
            log_spaced(seen.min(), BEYOND * seen.max(), BUDGETS)
            if budgets is None
            else parse_budgets(budgets),
        )
    words = verdict(found, telling, exponents)
    rows = runs_of(found).join(found["verdict"].to_series(), on="law")
    frame = laws(found) if form == "table" else rows
    emit(frame, form, _content(found, telling, exponents, words))
    if form == "table":
        sys.stdout.write("\n" + wrapped(words))
    elif form == "csv":
        note(words)


def _content(
    found: xr.Dataset, telling: xr.Dataset | None, exponents: pd.DataFrame, words: str
) -> dict[str, Any]:
    ids = ["verdict", "bad_refits", "gate_passed"]
    content: dict[str, Any] = {
        "settings": dict(found.attrs),
        "summary": words,
        "verdicts": [asdict(each) for each in verdicts(found, telling, exponents)],
        "laws": laws(found).join(found[ids].to_dataframe()[ids], on="law").to_dict("records"),
        "runs": runs_of(found).to_dict("records"),
        "size_exponents": exponents.to_dict("records"),
    }
    if telling is not None:
        content["deciding_runs"] = deciding_runs(found).to_dict("records")
        content["next_run"] = telling.attrs | {
            "probability_right": telling["probability_right"].sel(telling.attrs).item()
        }
    return content
