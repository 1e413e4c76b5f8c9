"""Data that are extreme but legal: every number that the model and a forecast make of them is one.

The densities are those that the sampler sees: at the point about which it starts, and at others.
"""

import made
import numpy as np
import pandas as pd
import pytest
from command import qqt

from qqt_bayes.decisions.decide import decide
from qqt_bayes.model.draws import prior_draws, replicate
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import load_model
from qqt_bayes.posterior.prediction import predict
from qqt_bayes.sampling.kernel.plan import lay_out
from qqt_bayes.sampling.nutpie_adapter import Density, from_kernel
from qqt_bayes.sampling.search.profile import find_coordinates
from qqt_bayes.tables.runs import read_runs

SEEN = (64e6, 128e6, 1e9)


def table(pools, errors, seen=SEEN, size=made.SIZE):
    """Runs on each of some pools, all pools alike."""
    rows = [(f"pool {k}", size, each) for k in range(pools) for each in seen]
    runs = pd.DataFrame(rows, columns=["pool", "unique_samples", "samples_seen"])
    return runs.assign(error=np.resize(errors, len(runs)))


TABLES = {
    "errors near 0": table(2, [1e-6, 9e-7, 1e-7]),
    "errors near 1": table(2, [1 - 1e-7, 1 - 1e-6, 1.0]),
    "errors of 1": table(2, [1.0]),
    "one run": table(1, [0.5], [1e8]),
    "10^12 samples": table(2, [0.7, 0.6, 0.5], [1e10, 1e11, 1e12], size=1e12),
    "10^12 epochs": table(2, [0.7, 0.6, 0.5], [1, 1e6, 1e12], size=1),
    "identical pools": table(3, [0.7, 0.6, 0.5]),
    "500 pools": table(500, [0.7, 0.6, 0.5]),
}
BOUNDED, NEAR_AN_END = "utility-bounded", ("errors near 0", "errors near 1", "errors of 1")
"""Its floor has an upper end."""


@pytest.mark.parametrize(
    ("name", "model"),
    [*((name, "utility") for name in TABLES), *((name, BOUNDED) for name in NEAR_AN_END)],
)
def test_densities_are_finite(name, model):
    runs, spec = read_runs(TABLES[name]), load_model(model)
    problem = Problem(spec, runs)
    draws = prior_draws(problem, seed=0)
    again = replicate(problem, draws, seed=0)
    assert all(np.isfinite(x).all() for x in (*draws.values(), *again))
    layout = lay_out(problem, find_coordinates(problem, draws))
    density, middle = Density(from_kernel(layout)), layout.middle
    for step in (0.0, 1.0, 3.0):
        value, gradient = density(
            middle + step * np.random.default_rng(0).standard_normal(middle.size)
        )
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize("name", TABLES)
def test_check_has_words_for_them(name, tmp_path):
    TABLES[name].to_csv(path := tmp_path / "runs.csv", index=False)
    result = qqt("check", path)
    assert f"{len(TABLES[name])} run" in result.stderr
    assert "What a fit of model effective-reuse can learn" in result.stderr
    assert " nan" not in (result.stderr + result.stdout).lower()


@pytest.mark.parametrize("pools", [1, 10])
@pytest.mark.parametrize("model", ["utility", "power-law"])
def test_forecasts_are_finite(pools, model):
    """From one sample to a thousand times what anybody has."""
    fit, levels, budgets = made.fit(pools, model=model, draws=5), made.levels(pools), [1, 1e9, 1e15]
    assert np.isfinite(predict(fit, levels, budgets)).all()
    decision = decide(fit, levels, budgets)
    if pools > 1:  # where nothing crosses, there is no budget to name
        crossed = decision["crossover_probability"] > 0
        decision["crossover"] = decision["crossover"].where(crossed, 0.0)
    for name, x in decision.data_vars.items():
        assert x.dtype.kind != "f" or np.isfinite(x).all(), name
