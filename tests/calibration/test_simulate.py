"""Runs that are simulated scatter as they are told to."""

import made
import numpy as np

from qqt_bayes.calibration.simulate import simulate_runs
from qqt_bayes.model.noise import reference_budget
from qqt_bayes.tables.parameters import read_parameters
from qqt_bayes.tables.runs import read_runs


def test_simulated_runs_scatter_by_their_budget():
    truth = made.truth().isel(group=0).to_dataframe().reset_index().drop(columns=["group", "kappa"])
    known = read_parameters(truth.assign(unique_samples=made.SIZE))
    design = read_runs(*made.tables())
    some = [
        simulate_runs(known, design, noise=1e-4, budget_exponent=x, seed=1)["error"].values
        for x in (0.0, 1.0)
    ]
    curve = simulate_runs(known, design, noise=0.0)["error"].values
    grown = design["samples_seen"].values / reference_budget(design)
    np.testing.assert_allclose(some[1] - curve, (some[0] - curve) * grown, rtol=1e-6)
