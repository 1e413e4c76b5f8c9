"""Predictions of a fit, or of known parameters, as tables: what `qqt predict` prints."""

from __future__ import annotations

from pathlib import Path

import click
import pandas as pd
import xarray as xr

from qqt_bayes.cli import options
from qqt_bayes.cli.inputs import budgets_for, go_on, is_fit, levels_for, levels_of
from qqt_bayes.cli.long_tables import first_rows
from qqt_bayes.cli.output import emit, note, warn
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.planning.targets import questions_of_targets
from qqt_bayes.posterior.fit_file import open_fit
from qqt_bayes.posterior.levels import as_levels, pool_multiple
from qqt_bayes.posterior.methods import is_approximate
from qqt_bayes.posterior.prediction import predict, predict_known
from qqt_bayes.progress import shown
from qqt_bayes.report import gate_text
from qqt_bayes.report.fit_text import remark
from qqt_bayes.report.limits_text import oversize
from qqt_bayes.report.records import prediction_frame
from qqt_bayes.tables.parameters import read_parameters


def report(
    source: str,
    form: str,
    *,
    levels: str | None,
    budgets: str | None,
    law: str | None,
    rows: str | None,
    replacement: bool,
    new_run: bool,
    interval: float,
    only_group: str | None,
    yes: bool,
    force: bool,
) -> None:
    """Predict errors and print them.

    Parameters
    ----------
    source : str
        File of a fit, or of a table of known parameters.
    form : {"table", "json", "csv"}
    levels, budgets
        The options of the command that both sources have.
    law, rows, replacement
        Those for a table of parameters alone.
    new_run, interval, only_group, yes, force
        Those for a fit alone.

    Raises
    ------
    UsageError
        If an option of the other source is given, or there are parameters and no budgets.
    """
    if Path(source).is_dir():
        raise click.UsageError(f"{source} is a folder; give one of its fits: {source}/MODEL.nc.")
    from_fit = is_fit(source)
    for_fit = {"--new-run": new_run, "--only-group": only_group, "--force": force}
    for_fit["--yes"] = yes
    for_fit["--interval"] = options.given("interval")
    for_parameters = {"--law": law, "--fit": rows, "--replacement": replacement}
    for name, is_given in (for_parameters if from_fit else for_fit).items():
        if is_given:
            raise click.UsageError(
                f"{name} is for {'a table of parameters' if from_fit else 'a fit'}; "
                f"{source} is {'a fit' if from_fit else 'no fit (netCDF)'}."
            )
    if from_fit:
        table = of_fit(source, levels, budgets, interval, new_run, only_group, yes, force)
    elif budgets is None:
        raise click.UsageError("A table of parameters has no budgets of its own: give --budgets.")
    else:
        table = of_parameters(source, levels, budgets, law or "utility", rows, replacement)
    emit(
        first_rows(table, form, "levels and budgets"),
        form,
        lambda: {"predictions": table.to_dict("records")},
    )


def of_fit(
    path: str,
    levels: str | None,
    budgets: str | None,
    interval: float,
    new_run: bool,
    group: str | None,
    yes: bool,
    force: bool,
) -> pd.DataFrame:
    """Predictions of a fit that passed its gate, or is forced: a row for each group, level, budget.

    They include what the law itself may miss, as decisions do.

    Returns
    -------
    DataFrame
        As `prediction_frame` makes it.
    """
    criteria = Criteria(interval=interval)
    fit = open_fit(path)
    fit.require_passed(force)
    if not fit.gate.passed:
        warn(gate_text.verdict(fit.gate))
    elif is_approximate(fit.attrs):
        warn(remark(fit.attrs))
    taken, samples = as_levels(levels_of(fit, levels), fit.pools), budgets_for(fit, budgets)
    if fit.replacement:
        note("Levels are taken to be drawn with replacement, as the runs were.")
    go_on(questions_of_targets(fit.runs, samples, taken), yes)
    with shown("Predicting errors"):
        error = predict(fit, taken, samples, new_run=new_run, group=group)
        table = prediction_frame(error, criteria.quantiles)
    _beware(taken, fit.runs)
    return table


def of_parameters(
    path: str, levels: str | None, budgets: str, law: str, rows: str | None, replacement: bool
) -> pd.DataFrame:
    """Predictions of known parameters: columns `level`, `budget` and `error`."""
    parameters = read_parameters(path, fit=rows, law=law)
    taken, which = levels_for(levels, parameters)
    if levels is None:
        note(f"Levels: {which}; --levels gives others.")
    error = predict_known(parameters, taken, budgets, law=law, replacement=replacement)
    _beware(taken, parameters)
    return error.to_dataframe().reset_index()[["level", "budget", "error"]]


def _beware(levels: xr.DataArray, known: xr.Dataset) -> None:
    """Warn of levels that take more of a pool than is known to be there."""
    for sentence in oversize(pool_multiple(levels, known["pool_size"])):
        warn(sentence)
