"""Studies whose truth is known: do the intervals hold it as often as they say?

The result is written to `tests/data/recovery.json`.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import qqt_bayes as qqt
from qqt_bayes.law import LAWS
from qqt_bayes.pool import mixture_error

STUDIES, POOLS = 20, 5
EPOCHS = (2, 4, 6, 8, 10)
SIZE = 12.8e6
RESULT = Path(__file__).parent / "data" / "recovery.json"


def truth(rng):
    """Five pools about the published parameters."""
    table = {
        "pool": [f"band {i + 1}" for i in range(POOLS)],
        "unique_samples": SIZE,
        "a": np.exp(rng.normal(-3.7, 0.2)),
        "b": np.exp(rng.normal(-2.1, 0.3, POOLS)),
        "d": rng.uniform(0.05, 0.2),
        "tau": np.exp(rng.normal(1.6, 0.4, POOLS)),
    }
    return qqt.read_parameters(pd.DataFrame(table))


def study(known, rng):
    """Each pool alone at five budgets, with run-to-run noise."""
    rows = [(pool, SIZE, k * SIZE, 0.5) for pool in known["pool"].values for k in EPOCHS]
    columns = ["pool", "unique_samples", "samples_seen", "error"]
    design = qqt.read_runs(pd.DataFrame(rows, columns=columns))
    return qqt.simulate_runs(known, design, noise=0.003, seed=int(rng.integers(2**31)))


def inside(draws, known):
    """Whether the central 90 % of the draws hold what is known."""
    lower, upper = draws.quantile([0.05, 0.95], ("chain", "draw"))
    return ((lower <= known) & (known <= upper)).values.ravel()


@pytest.mark.slow
def test_intervals_cover_the_truth():
    rng = np.random.default_rng(2026)
    budgets = [32e6, 128e6, 512e6]
    covered = {"b": [], "tau": [], "error of levels": []}
    gates = []
    for seed in range(STUDIES):
        known = truth(rng)
        fit = qqt.fit(study(known, rng), "utility", seed=seed)
        levels = qqt.nested_levels(known)
        theta = {name: known[name].values[None] for name in ("a", "b", "d", "tau")}
        errors = np.concatenate(
            [
                mixture_error(
                    LAWS["utility"],
                    theta | {"size_exponent": [[1.0]]},
                    taken,
                    known["pool_size"],
                    budgets,
                )
                for taken in levels.values
            ]
        )
        predicted = qqt.predict(fit, levels, budgets)
        errors = xr.DataArray(errors, coords={"level": levels["level"], "budget": budgets})
        covered["b"].extend(inside(fit["posterior"]["b"], known["b"]))
        covered["tau"].extend(inside(fit["posterior"]["tau"], known["tau"]))
        covered["error of levels"].extend(inside(predicted, errors))
        gates.append(json.loads(fit.attrs["gate"])["passed"])
    shares = {name: float(np.mean(each)) for name, each in covered.items()}
    result = {"studies": STUDIES, "coverage of 90 % intervals": shares, "passed gate": sum(gates)}
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    for name, share in shares.items():
        assert 0.80 <= share <= 0.98, f"90 % intervals of {name} covered the truth in {share:.0%}"
