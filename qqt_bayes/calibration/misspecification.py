"""Coverage where the law is wrong: tables drawn from one specification, fitted by another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.calibration.prior_tables import SAMPLER, prior_tables, seed_of
from qqt_bayes.calibration.sbc import every_set
from qqt_bayes.laws.run_curves import ingredients
from qqt_bayes.model.build import replicate
from qqt_bayes.model.spec import Spec, load_model, require_kind
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.prediction import predict
from qqt_bayes.sampling.inference import Compilation, fit

TIMES = (1, 4)
"""Times the largest budget of the runs: where intervals are asked for."""


def coverage_elsewhere(
    runs: xr.Dataset,
    truth: Spec | str,
    fitted: Spec | str,
    *,
    replications: int = 50,
    seed: int = 0,
    probability: float = 0.9,
    compilation: Compilation | None = None,
    **settings: Any,
) -> pd.DataFrame:
    """Whether intervals of the mean error hold where runs follow another law than the fit's.

    Parameters
    ----------
    runs : Dataset
        The design; see `qqt_bayes.calibration.sbc.simulation_based_calibration`.
    truth, fitted : Spec or str
        What tables are drawn from, with its parameters from its priors, and what is fitted.
    replications, seed : int
    probability : float
        Of the intervals.
    compilation : Compilation, optional
        As in `fit`; for several calls with the same trainings and `fitted`.
    **settings
        As in `fit`.

    Returns
    -------
    DataFrame
        A row for each replication, training set and group (`data`, `group`), budget in units of the
        largest (`times`), and whether errors may depart from the law (`departures`): `observed`
        (the true mean error), `lower`, `upper`, `inside`, and `failed` (names of the gate's checks
        that the fit failed).

    Raises
    ------
    InputError
        As from `simulation_based_calibration`.
    """
    truth, fitted = load_model(truth), load_model(fitted)
    require_kind(truth, runs.attrs["kind"])
    tables = prior_tables(truth, runs, replications, seed)
    levels = tables.design["unique_samples"].rename(data="level")
    largest = float(tables.design["samples_seen"].max())
    shared = Compilation(prior_seed=seed) if compilation is None else compilation
    asked = [every_set(tables.design, times * largest) for times in TIMES]
    parts = [ingredients(each, truth.size_reference) for each in asked]
    tails = [(1 - probability) / 2, (1 + probability) / 2]
    found = []
    for i in range(replications):
        one = {name: np.asarray(x)[None] for name, x in tables.truth(i).items()}
        own = seed_of(seed, SAMPLER, i)
        each = fit(tables.table(i), fitted, seed=own, compilation=shared, **settings)
        failed = [check.name for check in Fit.of(each).gate.checks if not check.passed]
        about = {"replication": i, "failed": "; ".join(failed)}
        for departures in (False, True):
            told = predict(
                each, levels, [times * largest for times in TIMES], discrepancy=departures, seed=own
            )
            ends = told.quantile(tails, ("chain", "draw"))
            for place, times in enumerate(TIMES):
                table = asked[place]
                curve = replicate(truth, table, parts[place], one, seed=0)[0][0]
                for run, error in enumerate(curve):
                    data, group = (
                        table[dim].to_numpy()[table[f"{dim}_index"][run]]
                        for dim in ("data", "group")
                    )
                    here = ends.isel(budget=place).sel(level=data)
                    here = here.sel(group=group) if "group" in here.dims else here
                    lower, upper = map(float, here.values)
                    found.append(
                        {
                            **about,
                            "data": data,
                            "group": group,
                            "times": times,
                            "departures": departures,
                            "observed": float(error),
                            "lower": lower,
                            "upper": upper,
                            "inside": lower <= error <= upper,
                        }
                    )
    return pd.DataFrame(found)
