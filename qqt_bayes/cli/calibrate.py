"""A simulation-based calibration as a table, words and a figure: what `qqt calibrate` gives."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import xarray as xr

from qqt_bayes.calibration.uniformity import prior_sbc
from qqt_bayes.cli.inputs import files_read, runs_of
from qqt_bayes.cli.output import emit, note, wrapped
from qqt_bayes.cli.replaced import draws_and_figure, require_ranks
from qqt_bayes.files import seal, write
from qqt_bayes.model.spec import load_model, require_kind
from qqt_bayes.posterior import netcdf
from qqt_bayes.report.calibration_text import BAND_PROBABILITY, scalars, state, verdict
from qqt_bayes.report.figures.files import write_figure
from qqt_bayes.report.figures.ranks import rank_ecdfs


def report(
    runs: str,
    model: str,
    form: str,
    *,
    reading: dict[str, Any],
    replications: int,
    seed: int,
    output: str | None,
    plot: str | None,
    overwrite: bool,
) -> None:
    """Calibrate a model on the design of RUNS and print what was found.

    Parameters
    ----------
    runs, model : str
        RUNS, and a model's name or file.
    form : {"table", "json", "csv"}
    reading : dict
        How to read RUNS: the other options of `qqt_bayes.cli.options.runs`.
    replications, seed : int
        See `simulation_based_calibration`.
    output, plot : str or None
        Files for the ranks (netCDF) and their figure, checked before long work.
    overwrite : bool
        Whether files are replaced that are no ranks or figures.

    Raises
    ------
    InputError
        If a file cannot be written or is not to be replaced, or the model or RUNS has a fault.
    """
    read = [model, *files_read(runs, reading)]
    ranks, figure = draws_and_figure(
        output, plot, read, require_ranks, "ranks", overwrite=overwrite
    )
    spec, design = load_model(model), runs_of(runs, reading)
    require_kind(spec, design.attrs["kind"])
    note(f"Fitting model {spec.name} to {replications} tables of {design.sizes['run']} runs ...")
    from qqt_bayes.calibration.sbc import simulation_based_calibration  # slow: after the note

    found = simulation_based_calibration(
        design, spec, replications=replications, seed=seed, progress=True
    )
    print_and_write(found, form, ranks, figure)


def print_and_write(found: xr.Dataset, form: str, ranks: Path | None, figure: Path | None) -> None:
    """Write the ranks of a calibration and their figure; print its scalars and the verdict.

    Parameters
    ----------
    found : Dataset
    form : {"table", "json", "csv"}
    ranks, figure : Path or None
        Files for the ranks (netCDF) and their figure.
    """
    name = json.loads(found.attrs["spec"])["name"]
    if ranks:
        groups = {"/": found, "prior_sbc": prior_sbc(found["rank"])}  # the second for ArviZ
        write(ranks, seal(netcdf.to_bytes(xr.DataTree.from_dict(groups))))
    if figure:
        write_figure(rank_ecdfs({name: found["rank"]}, BAND_PROBABILITY), figure)
    table, words = scalars(found), verdict(found)
    emit(
        table,
        form,
        lambda: {
            "settings": dict(found.attrs),
            "summary": words,
            "verdict": state(table, found.sizes["replication"]),
            "calibrated": bool(table["inside_jointly"].all()),
            "scalars": table.to_dict("records"),
        },
    )
    if form == "table":
        sys.stdout.write("\n" + wrapped(words))
    elif form == "csv":
        note(words)
