"""Draws of a declared model: under one seed, parameters and noise are independent."""

import made
import numpy as np
import pandas as pd

from qqt_bayes.model.draws import curves, errors_again, prior_draws, replicate
from qqt_bayes.model.priors import count
from qqt_bayes.model.problem import Problem
from qqt_bayes.tables.runs import read_runs


def problem():
    """As many runs as random numbers: one stream would give both the same, draw by draw."""
    rows = {
        "pool": "x",
        "unique_samples": 1e6,
        "samples_seen": np.geomspace(1e6, 4e7, 9),
        "error": 0.5,
    }
    found = Problem(made.law_alone(), read_runs(pd.DataFrame(rows)))
    assert count(found.spec, {"group": 1, "pool": 1}) == found.runs.sizes["run"]
    return found


def test_the_noise_of_predicted_errors_does_not_follow_the_parameters():
    """Of 81 correlations of 1,000 draws, none is as large as 5 deviations of one by chance."""
    draws = prior_draws(problem(), seed=3)
    noise = errors_again(problem(), draws, seed=3) - curves(problem(), draws)
    scores = [np.log(x).ravel() for name, x in draws.items() if not name.endswith("_mu")]
    scores += [draws["b_mu"], draws["tau_mu"]]
    z = (noise / draws["sigma"][:, None]).T
    found = np.corrcoef(np.concatenate([z, scores]))[: len(z), len(z) :]
    assert found.shape == (9, 9)
    assert abs(found).max() < 5 / np.sqrt(1000)


def test_errors_again_are_those_of_replicate():
    draws = prior_draws(problem(), seed=0, draws=10)
    np.testing.assert_array_equal(
        errors_again(problem(), draws, seed=1), replicate(problem(), draws, seed=1).error
    )
