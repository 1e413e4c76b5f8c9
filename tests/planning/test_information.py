"""Expected information where it is exact, and what trades against what."""

from dataclasses import replace

import numpy as np
from designs import each_alone
from scipy import stats

from qqt_bayes.model.distributions import Likelihood, Prior
from qqt_bayes.model.spec import load_model
from qqt_bayes.planning.information import Information, expected_information, find_ridges
from qqt_bayes.tables.runs import read_runs


def test_expected_information_of_a_linear_model_is_exact():
    """Power law with a known and b known: error = curve + d, d uniform, noise known."""
    seen, sigma, width = [1e6, 1e7, 1e8], 0.05, 0.2
    spec = replace(
        load_model("power-law"),
        parameters={
            "a": 1.0,
            "b": 0.2,
            "d": Prior("Uniform", {"lower": 0.0, "upper": width}),
        },
        likelihood=Likelihood("Normal", {"sigma": sigma}),
        discrepancy={},
    )
    runs = read_runs(each_alone(seen, ["x"]))
    told = expected_information(spec, runs, runs.isel(run=[0]), seed=3)
    z = np.random.default_rng(3).standard_normal(told.draws)
    slope = width * stats.norm.pdf(z)  # of d by z; of every error, too
    after = 1 / (1 + len(seen) * slope**2 / sigma**2)
    np.testing.assert_allclose(told.contraction, [np.median(1 - after)], rtol=1e-4)
    np.testing.assert_allclose(told.prior_sd, [np.median(slope)], rtol=1e-4)
    np.testing.assert_allclose(told.posterior_sd, [np.median(slope * np.sqrt(after))], rtol=1e-4)


def test_what_trades_is_named_once_and_what_does_not_is_not():
    """Of two scalars with correlation -0.99 and one alone, the two are a ridge."""
    left = np.array([[1.0, -0.99, 0.0], [-0.99, 1.0, 0.0], [0.0, 0.0, 1.0]])
    told = Information(
        (("a", ""), ("d", ""), ("tau", "x")), np.zeros(3), left, None, None, None, 10
    )
    (only,) = find_ridges(told)
    assert only.sides == ((("a", ""),), (("d", ""),))
    np.testing.assert_allclose(only.left, np.sqrt(1.99))


def test_one_parameter_trades_between_pools_that_move_apart_only():
    def of(correlation):
        left = np.array([[1.0, correlation], [correlation, 1.0]])
        return find_ridges(
            Information((("b", "x"), ("b", "y")), np.zeros(2), left, None, None, None, 10)
        )

    assert of(0.9) == []
    assert {*of(-0.9)[0].sides} == {(("b", "x"),), (("b", "y"),)}
