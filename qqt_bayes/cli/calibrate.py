"""A simulation-based calibration as a table, words and a figure: what `qqt calibrate` gives."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import xarray as xr

from qqt_bayes.cli.output import emit, note, wrapped
from qqt_bayes.errors import InputError
from qqt_bayes.files import writable, write
from qqt_bayes.posterior.fit_file import ENGINE
from qqt_bayes.report.calibration_text import BAND_PROBABILITY, scalars, state, verdict
from qqt_bayes.report.figures.files import ENDINGS, write_figure
from qqt_bayes.report.figures.ranks import rank_ecdfs


def files(
    output: str | None, plot: str | None, sources: Iterable[str | None]
) -> tuple[Path | None, Path | None]:
    """The files to write, checked before long work.

    Raises
    ------
    InputError
        If one cannot be written, or has an ending that no figure has, or both are one file.
    """
    read = list(sources)
    if output and plot and Path(output).resolve() == Path(plot).resolve():
        raise InputError(f"{plot}: the ranks and their figure cannot be one file; name another.")
    ranks = writable(Path(output), read) if output else None
    return ranks, writable(Path(plot), [*read, output], ENDINGS) if plot else None


def report(found: xr.Dataset, form: str, ranks: Path | None, figure: Path | None) -> None:
    """Print the scalars of a calibration on stdout, with the verdict unless it is CSV.

    Parameters
    ----------
    found : Dataset
    form : {"table", "json", "csv"}
    ranks, figure : Path or None
        Files for the ranks (netCDF) and their figure.
    """
    name = json.loads(found.attrs["spec"])["name"]
    if ranks:
        write(ranks, bytes(found.to_netcdf(engine=ENGINE)))
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
