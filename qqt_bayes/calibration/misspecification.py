"""Coverage of intervals where the law is wrong: tables drawn from one law, fitted by another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.calibration.prior_tables import SAMPLER_SEEDS, Array, prior_tables, seed_for
from qqt_bayes.calibration.sbc import every_set, names_of_runs
from qqt_bayes.model.curves import curves
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import Spec, load_model, require_kind
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.prediction import predict
from qqt_bayes.sampling.inference import fit

BUDGET_FACTORS = (1, 4)
"""Budgets at which coverage is measured, in units of the largest budget of the runs."""

COLUMNS = (
    "replication",
    "failed",
    "data",
    "group",
    "times",
    "departures",
    "observed",
    "lower",
    "upper",
    "inside",
)
"""Columns of what `coverage_elsewhere` returns, in this order."""


def coverage_elsewhere(
    runs: xr.Dataset,
    truth: Spec | str,
    fitted: Spec | str,
    *,
    replications: int = 50,
    seed: int = 0,
    probability: float = 0.9,
    **settings: Any,
) -> pd.DataFrame:
    """Whether intervals of the mean error hold the truth where runs follow another law.

    Parameters
    ----------
    runs : Dataset
        The design; see `qqt_bayes.calibration.sbc.simulation_based_calibration`.
    truth, fitted : Spec or str
        The specification that tables are drawn from, with parameters from its priors and without
        departures from its law, and the one that is fitted to them.
    replications, seed : int
    probability : float
        Of the intervals.
    **settings
        As in `fit`.

    Returns
    -------
    DataFrame
        A row for each replication, training set and group (`data`, `group`), budget in units of the
        largest (`times`), and whether errors may depart from the law (`departures`): `observed`
        (the true mean error), `lower`, `upper`, `inside`, and `failed` (ids of the gate's checks
        that the fit failed).

    Raises
    ------
    InputError
        As from `simulation_based_calibration`.
    """
    # tables follow the other law exactly: departures of its own would be one more truth to hold
    truth, fitted = load_model(truth).law_alone(), load_model(fitted)
    require_kind(truth, runs.attrs["kind"])
    tables = prior_tables(truth, runs, replications, seed)
    largest = float(tables.design["samples_seen"].max())
    problems = {
        times: Problem(truth, every_set(tables.design, times * largest), design=tables.design)
        for times in BUDGET_FACTORS
    }
    tails = [(1 - probability) / 2, (1 + probability) / 2]
    rows = []
    for i in range(replications):
        own_seed = seed_for(seed, SAMPLER_SEEDS, i)
        each = fit(tables.table(i), fitted, seed=own_seed, **settings)
        failed = [check.id for check in Fit.of(each).gate.failed]
        true_errors = {
            times: _true_errors(problem, tables.truth(i)) for times, problem in problems.items()
        }
        for departures in (False, True):
            predicted = predict(
                each,
                tables.design["unique_samples"].rename(data="level"),
                [times * largest for times in BUDGET_FACTORS],
                law_only=not departures,
                seed=own_seed,
            )
            ends = predicted.quantile(tails, ("chain", "draw"))
            about = {"replication": i, "failed": "; ".join(failed), "departures": departures}
            for place, times in enumerate(BUDGET_FACTORS):
                found = _inside(ends.isel(budget=place), problems[times].runs, true_errors[times])
                rows += [about | {"times": times} | row for row in found]
    return pd.DataFrame(rows)[list(COLUMNS)]


def _true_errors(problem: Problem, values: dict[str, Array]) -> Array:
    """Mean error of each run of a design under known parameters, shape (run,)."""
    one_draw = {name: np.asarray(x)[None] for name, x in values.items()}
    true_errors: Array = curves(problem, one_draw)[0]
    return true_errors


def _inside(ends: xr.DataArray, design: xr.Dataset, errors: Array) -> list[dict[str, Any]]:
    """A row for each run: its true mean error, the ends of its interval, and whether it is inside.

    Parameters
    ----------
    ends : DataArray, dims (quantile, level) and group if the prediction has groups
    design : Dataset
        Its runs.
    errors : array, shape (run,)
    """
    rows = []
    for (data, group), error in zip(names_of_runs(design), errors, strict=True):
        here = ends.sel(level=data)
        here = here.sel(group=group) if "group" in here.dims else here
        lower, upper = map(float, here.values)
        row = {"data": data, "group": group, "observed": float(error)}
        rows.append(row | {"lower": lower, "upper": upper, "inside": lower <= error <= upper})
    return rows
