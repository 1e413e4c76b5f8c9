"""What a model expects before any fit: what `qqt prior` prints, draws and writes."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from qqt_bayes.cli.inputs import files_read, runs_of
from qqt_bayes.cli.output import emit, note, wrapped
from qqt_bayes.cli.replaced import draws_and_figure, require_priors
from qqt_bayes.files import seal, write
from qqt_bayes.model.spec import load_model
from qqt_bayes.posterior import netcdf
from qqt_bayes.posterior.prior_predictive import LEGAL, prior_predictive
from qqt_bayes.progress import shown
from qqt_bayes.report.prior_text import coverage, for_people, group_of, summary, table

CURVE = 40
"""Budgets behind a curve of the figure."""


def report(
    runs: str,
    model: str,
    form: str,
    *,
    reading: dict[str, Any],
    budgets: str | None,
    draws: int,
    seed: int,
    output: str | None,
    plot: str | None,
    overwrite: bool,
) -> None:
    """Draw from the priors of a model on the design of RUNS, and print what they expect.

    Parameters
    ----------
    runs, model : str
        RUNS, and a model's name or file.
    form : {"table", "json", "csv"}
    reading : dict
        How to read RUNS: the other options of `qqt_bayes.cli.options.runs`.
    budgets : str or None
    draws, seed : int
    output, plot : str or None
        Files for the draws (netCDF) and their figure.
    overwrite : bool
        Whether files are replaced that are no such draws or figures.

    Raises
    ------
    InputError
        If a file cannot be written or is not to be replaced, or the model or RUNS has a fault.
    """
    read = [model, *files_read(runs, reading)]
    drawn_to, figure = draws_and_figure(
        output, plot, read, require_priors, "draws", overwrite=overwrite
    )
    spec, design = load_model(model), runs_of(runs, reading)
    with shown("Drawing from the priors"):
        found = prior_predictive(design, spec, budgets, draws=draws, seed=seed)
    if drawn_to:
        write(drawn_to, seal(netcdf.to_bytes(found)))
    if figure:
        from qqt_bayes.report.figures.files import write_prior  # matplotlib, for a figure alone

        at = group_of(found, "prior_at_budgets")["budget"].values
        seen = design["samples_seen"].values
        ends = min(at.min(), seen.min()), max(at.max(), seen.max())
        along = np.geomspace(*ends, CURVE) if ends[0] < ends[1] else np.array(ends[:1])
        write_prior(prior_predictive(design, spec, along, draws=draws, seed=seed), figure)
    words, expected = summary(found), coverage(found)
    rows = table(found)
    emit(
        for_people(found) if form == "table" else rows,
        form,
        lambda: {
            "settings": dict(found.attrs),
            "summary": words,
            "legal_draws": found.attrs[LEGAL],
            "runs": {n: getattr(expected, n) for n in ("inside", "below", "above")},
            "prior": rows.to_dict("records"),
        },
    )
    if form == "table":
        sys.stdout.write("\n" + wrapped(words))
    elif form == "csv":
        note(words)
