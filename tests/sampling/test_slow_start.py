"""Losses that begin slowly: refused by the law without a term for it, described with it."""

import math

import numpy as np
import pandas as pd
import pytest

import qqt_bayes as qqt
from qqt_bayes.calibration.simulate import simulate_runs
from qqt_bayes.posterior.checks import EARLY_RUNS
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.prediction import predict_known
from qqt_bayes.report.gate_text import verdict
from qqt_bayes.tables.composition import nested_levels
from qqt_bayes.tables.parameters import read_parameters
from qqt_bayes.tables.runs import read_runs

SLOW = "effective-reuse-onset"
BUDGETS = np.geomspace(0.25e9, 8e9, 6)
TRUTH = pd.DataFrame(
    {
        "pool": list("abc"),
        "unique_samples": 4e9,
        "Q": [0.3, 0.0, -0.3],
        "A": 0.7,
        "alpha": 0.35,
        "d": 2.6,
        "R": 4.0,
        "zeta": 0.5,
        "g": 0.0,
        "k": 3.0,
        "rho": 0.05,
        "z2": 0.1,
        "reference": float(np.exp(np.log(BUDGETS).mean())),
        "chance_error": math.inf,
        "B": 3.0,
        "onset": 0.4,
        "stretch": 1.2,
    }
)
LEVELS = nested_levels(TRUTH.set_index("pool")["unique_samples"])


@pytest.fixture(scope="module")
def runs():
    rows = [
        {"pool": pool, "unique_samples": 4e9, "samples_seen": n, "error": 3.0}
        for pool in TRUTH["pool"]
        for n in BUDGETS
    ]
    design = read_runs(pd.DataFrame(rows), kind="loss")
    return simulate_runs(read_parameters(TRUTH, law=SLOW), design, law=SLOW, noise=0.005, seed=3)


@pytest.fixture(scope="module", params=["effective-reuse", SLOW])
def fit(request, runs):
    return Fit.of(qqt.fit(runs, request.param, draws=500, tune=600, chains=2, seed=0))


def test_a_slow_start_is_refused_or_described(fit):
    failed = [check for check in fit.gate.failed if check.question == "law"]
    if fit.spec.name == SLOW:
        assert not failed
    else:
        early = [check for check in failed if check.id == "misfit_common"]
        assert [check.of.startswith(EARLY_RUNS) for check in early] == [True]
        assert f"try {SLOW}, which lets training begin slowly" in " ".join(
            verdict(fit.gate).split()
        )


def test_what_is_forecast_beyond_is_the_law_without_its_start(fit):
    beyond = [4 * BUDGETS[-1]]
    forecast = qqt.predict(fit, LEVELS, beyond)
    truth = predict_known(TRUTH, LEVELS, beyond, law=SLOW)
    off = float(abs(forecast.median(("chain", "draw")) - truth).max())
    assert (off < 0.08) == (fit.spec.name == SLOW)
