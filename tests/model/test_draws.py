"""Draws of a declared model: under one seed, parameters and noise are independent."""

import made
import numpy as np
import pandas as pd
import pytest

from qqt_bayes.laws.law import LAWS
from qqt_bayes.model.draws import curves, errors_again, prior_draws, replicate
from qqt_bayes.model.priors import count
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import list_models, load_model
from qqt_bayes.tables.runs import read_runs

SIZES = ("samples_seen", "unique_samples", "pool_size")


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


@pytest.mark.parametrize(
    "model",
    sorted(set(list_models()) - {"cherti", "utility-released"}),
)
def test_priors_know_no_unit_of_samples(model):
    """A field that counts tokens, or trains a thousand times longer, has the same errors a priori.

    The two models of published fits are of their scale.
    """
    kind = "error" if LAWS[load_model(model).law].bounded else "loss"
    runs = read_runs(*made.tables(), kind=kind)
    larger = runs.assign({name: 1000 * runs[name] for name in SIZES})
    found = []
    for table in (runs, larger):
        each = Problem(load_model(model), table)
        found.append(curves(each, prior_draws(each, seed=3)))
    np.testing.assert_allclose(*found, rtol=1e-9)


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
