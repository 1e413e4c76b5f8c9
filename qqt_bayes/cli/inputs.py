"""What the command line reads, and the levels and budgets that it takes when none are given."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.cli.output import note, warn
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.phrases import format_samples
from qqt_bayes.posterior import fit_file
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.levels import pool_multiple
from qqt_bayes.posterior.methods import is_approximate, mark
from qqt_bayes.posterior.prediction import predict, predict_known
from qqt_bayes.report import gate_text
from qqt_bayes.report.decision_text import oversize
from qqt_bayes.report.fit_text import remark
from qqt_bayes.tables.budgets import log_spaced, parse_budgets
from qqt_bayes.tables.composition import nested_levels, read_composition
from qqt_bayes.tables.parameters import read_parameters

SIGNATURES = (b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"CDF\x02", b"CDF\x05")
"""First bytes of netCDF files: those that are HDF5, and the older kinds."""

ENDINGS = (".nc", ".netcdf", ".h5", ".hdf5")

BUDGETS, BEYOND = 13, 4.0
"""Budgets to decide at by default: how many, and how far beyond the largest run."""


def is_fit(path: str) -> bool:
    """Whether a file is netCDF, by its first bytes, or claims to be it."""
    try:
        with Path(path).open("rb") as file:
            start = file.read(8)
    except OSError:
        start = b""
    return start.startswith(SIGNATURES) or Path(path).suffix.lower() in ENDINGS


def levels_for(path: str | None, known: xr.Dataset) -> tuple[xr.DataArray, str]:
    """Levels from a table, or those that suggest themselves.

    Parameters
    ----------
    path : str or None
        Of a composition table.
    known : Dataset
        Runs, or parameters: `pool_size` (pool) and perhaps `unique_samples` (data, pool).

    Returns
    -------
    tuple of DataArray and str
        Unique samples, dims (level, pool); and which they are, in words.
    """
    if path is not None:
        return read_composition(path), f"levels of {path}"
    if "unique_samples" in known and ((known["unique_samples"] > 0).sum("pool") > 1).any():
        sets = known["unique_samples"].rename(data="level")
        return sets, f"the {sets.sizes['level']} training sets of the runs"
    return nested_levels(known), "nested levels of the pools in their order, best first"


def budgets_about(runs: xr.Dataset) -> NDArray[np.float64]:
    """Budgets from the least of the runs to well beyond the largest."""
    seen = runs["samples_seen"].values
    return log_spaced(seen.min(), BEYOND * seen.max(), BUDGETS)


def candidates(
    fit: Fit, levels: str | None, budgets: str | None
) -> tuple[xr.DataArray, NDArray[np.float64]]:
    """Levels and budgets to judge, as given or as the fit's runs suggest; says which on stderr."""
    chosen, which = levels_for(levels, fit.runs)
    if levels is None:
        note(f"Levels: {which}; --levels gives others.")
    return chosen, budgets_for(fit, budgets)


def budgets_for(fit: Fit, budgets: str | None) -> NDArray[np.float64]:
    """Budgets as given, or as the fit's runs suggest; says which on stderr."""
    if budgets is not None:
        return parse_budgets(budgets)
    at = budgets_about(fit.runs)
    note(
        f"Budgets: {at.size} from {format_samples(at[0])} to {format_samples(at[-1])}; "
        "--budgets gives others."
    )
    return at


def predict_fit(
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


def predict_table(
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
    for sentence in oversize(pool_multiple(levels, known["pool_size"])):
        warn(sentence)
