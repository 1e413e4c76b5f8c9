"""Which runs are left out together, and that a run that is left out says nothing."""

import made
import numpy as np
import pytest
from scipy.special import logsumexp

from qqt_bayes.comparison import left_out
from qqt_bayes.comparison.loo import compare_laws
from qqt_bayes.errors import InputError
from qqt_bayes.posterior.fit import Fit


def test_folds() -> None:
    runs = Fit.of(made.fit()).runs
    index, seen = runs["data_index"].values, runs["samples_seen"].values
    assert [each.tolist() for each in left_out.folds(runs, "run")] == [[i] for i in range(12)]
    by_set = left_out.folds(runs, "training-set")
    assert [set(index[each]) for each in by_set] == [{0}, {1}, {2}]
    (largest,) = left_out.folds(runs, "largest-budget")
    assert set(seen[largest]) == {1.28e9}
    assert largest.size == 3
    one = runs.isel(run=[0, 4, 8])
    with pytest.raises(InputError, match="leaving out the largest budget leaves no run"):
        left_out.folds(one, "largest-budget")


def test_a_left_out_run_says_nothing() -> None:
    from qqt_bayes.model.noise import known_variance

    runs = Fit.of(made.fit()).runs
    table = left_out.without(runs, np.array([2, 5]))
    told = 1 / (made.NOISE**2 + known_variance(table))
    assert told[[2, 5]].max() < 1e-10 * told[0]
    assert told[0] == pytest.approx(made.NOISE**-2)
    assert (runs["rounding"] == 0).all()


@pytest.mark.slow
def test_a_refit_agrees_with_importance_weights_where_those_hold() -> None:
    from qqt_bayes import fit, read_runs

    runs = read_runs(*made.tables())
    whole = fit(runs, "utility", draws=1000, seed=1)
    scores = compare_laws({"utility": whole})
    run = int(np.argmin(scores["pareto_k"].values[0]))
    ((density, _, passed),) = left_out.refits(Fit.of(whole), [np.array([run])])
    elpd = logsumexp(density[:, 0]) - np.log(len(density))
    assert passed
    assert elpd == pytest.approx(scores["elpd"].values[0, run], abs=0.1)
