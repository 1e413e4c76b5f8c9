"""Runs as a law sees them: replicates are evaluated once, in whatever order they stand."""

import made
import numpy as np
import pandas as pd
import pytest

from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.mixture import mixture_error
from qqt_bayes.laws.run_curves import ingredients, repeat, run_errors
from qqt_bayes.tables.runs import read_runs

THETA = {"a": 0.02, "b": np.array([0.2, 0.15, 0.1]), "d": 0.1, "tau": np.array([4.0, 6.0, 8.0])}


@pytest.fixture
def replicated():
    """Three trainings of each kind, shuffled: some of few epochs, some of many."""
    table, composition = made.tables()
    many = table[table["samples_seen"] == table["samples_seen"].max()].assign(samples_seen=5e9)
    trainings = [pd.concat([table, many]).assign(seed=seed) for seed in range(3)]
    tripled = pd.concat(trainings).sample(frac=1, random_state=1)
    return read_runs(tripled, composition)


def test_each_run_has_its_curve(replicated):
    values = {name: (np.asarray(x), ("pool",) * np.ndim(x)) for name, x in THETA.items()}
    found = run_errors(ingredients(replicated), LAWS["utility"], values)
    theta = {name: np.reshape(x, (1, -1)) for name, x in THETA.items()}
    taken = replicated["unique_samples"].values[replicated["data_index"].values]
    expected = [
        mixture_error(LAWS["utility"], theta, row, replicated["pool_size"], [seen])[0, 0]
        for row, seen in zip(taken, replicated["samples_seen"].values, strict=True)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_replicates_are_evaluated_once(replicated):
    parts = ingredients(replicated)
    assert len(parts) == 2
    assert sum(part.rows for part in parts) == replicated.sizes["run"] / 3


def test_copies_of_a_table_stand_one_behind_the_other(replicated):
    parts = ingredients(replicated)
    scales = np.array([0.01, 0.02, 0.05])
    shared = {name: (np.asarray(x), ("pool",) * np.ndim(x)) for name, x in THETA.items()}
    together = run_errors(repeat(parts, 3), LAWS["utility"], shared | {"a": (scales, ("copy",))})
    alone = [run_errors(parts, LAWS["utility"], shared | {"a": (a, ())}) for a in scales]
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-12)
