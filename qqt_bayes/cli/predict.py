"""Predictions of a fit, or of known parameters, as tables: what `qqt predict` prints."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from qqt_bayes.cli.inputs import candidates, levels_for
from qqt_bayes.cli.output import note, warn
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.posterior import fit_file
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.levels import pool_multiple
from qqt_bayes.posterior.methods import is_approximate, mark
from qqt_bayes.posterior.prediction import predict, predict_known
from qqt_bayes.report import gate_text
from qqt_bayes.report.fit_text import remark
from qqt_bayes.report.limits_text import oversize
from qqt_bayes.tables.parameters import read_parameters


def of_fit(
    path: str,
    levels: str | None,
    budgets: str | None,
    probability: float,
    new_run: bool,
    group: str | None,
    force: bool,
) -> pd.DataFrame:
    """Predictions of a fit that passed its gate, or is forced: a row for each group, level, budget.

    They include what the law itself may miss, as decisions do.

    Returns
    -------
    DataFrame
        Columns `group` (if there are several), `level`, `budget`, `error_median`, `error_lower`,
        `error_upper` and `error_mean`; `method` if that is approximate.
    """
    criteria = Criteria(interval=probability)
    fit = Fit.of(fit_file.load(path))
    fit.require_passed(force)
    if not fit.gate.passed:
        warn(gate_text.verdict(fit.gate))
    elif is_approximate(fit.attrs):
        warn(remark(fit.attrs))
    chosen, at = candidates(fit, levels, budgets)
    error = predict(fit, chosen, at, new_run=new_run, group=group, discrepancy=True)
    _beware(chosen, fit.runs)
    lower, median, upper = error.quantile(criteria.quantiles, SAMPLE, skipna=False)
    columns = {"error_median": median, "error_lower": lower, "error_upper": upper}
    data = xr.Dataset({name: part.drop_vars("quantile") for name, part in columns.items()})
    data["error_mean"] = error.mean(SAMPLE)
    order = [dim for dim in ("group", "level", "budget") if dim in data.dims]
    frame = data.to_dataframe(dim_order=order).reset_index()
    return frame[[*order, *data]].assign(**mark(error.attrs))


def of_parameters(
    path: str, levels: str | None, budgets: str, law: str, rows: str | None
) -> pd.DataFrame:
    """Predictions of known parameters: columns `level`, `budget` and `error`."""
    parameters = read_parameters(path, fit=rows)
    chosen, which = levels_for(levels, parameters)
    if levels is None:
        note(f"Levels: {which}; --levels gives others.")
    error = predict_known(parameters, chosen, budgets, law=law)
    _beware(chosen, parameters)
    return error.to_dataframe().reset_index()[["level", "budget", "error"]]


def _beware(levels: xr.DataArray, known: xr.Dataset) -> None:
    """Warn of levels that take more of a pool than is known to be there."""
    for sentence in oversize(pool_multiple(levels, known["pool_size"])):
        warn(sentence)
