"""A plan of further runs, made by hand."""

import pandas as pd
import xarray as xr

from qqt_bayes.planning.plan import Plan


def plan(costs=(1200.0, 300.5), *, value=0.003, worth=1e6, unit="EUR"):
    """A plan of some runs on level a, which would save an error of 0.003 of 0.005."""
    count = len(costs)
    runs = pd.DataFrame(
        {
            "data": ["a"] * count,
            "unique_samples": 1e7,
            "samples_seen": 1e8,
            "epochs": 10.0,
            "training": range(1, count + 1),
            "cost": costs,
            "total_cost": pd.Series(costs, dtype=float).cumsum(),
            "expected_regret": 0.005 - value,
        }
    )
    none = xr.DataArray([[1e7]], {"level": ["a"], "pool": ["x"]}, ("level", "pool"))
    return Plan(
        runs=runs,
        candidates=pd.DataFrame({"data": ["a"], "cost": [300.0]}),
        parameters=pd.DataFrame({"model": [], "parameter": [], "value": []}),
        levels=none,
        sets=none.rename(level="data"),
        target=1e9,
        choice="a",
        expected_regret=0.005,
        value=value,
        chosen_after=pd.Series([1.0], ["a"]),
        allowance=2000.0,
        cheapest_run=2500.0,
        least_allowance=3000.0,
        unit=unit,
        worth=worth,
        counted="samples",
        group="all",
        known=None,
        prior=False,
    )
