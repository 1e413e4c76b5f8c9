"""Forecasts and choices scored by the book: CRPS, coverage and regret."""

import made
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from qqt_bayes.comparison.scores import (
    INTERVALS,
    QUANTILES,
    Forecast,
    coverage,
    crps,
    decision_row,
    difference_rows,
    forecast_rows,
    level_rows,
)
from qqt_bayes.comparison.splits import Question, split
from qqt_bayes.tables.runs import read_runs

POINTS = (np.arange(4000) + 0.5) / 4000


def question(**error):
    return Question("all", 1e9, pd.Series(error), np.arange(len(error)))


@pytest.mark.parametrize("y", [-2.0, 0.3, 1.0, 4.0])
def test_crps_of_a_normal_is_the_closed_form(y):
    z = (y - 1.0) / 0.5
    exact = 0.5 * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - np.pi**-0.5)
    assert crps(stats.norm.ppf(POINTS, 1.0, 0.5), y) == pytest.approx(exact, abs=2e-4)


def test_crps_is_the_double_sum():
    x = np.random.default_rng(0).normal(size=(7, 2))
    pairs = np.abs(x[:, None] - x[None]).mean(axis=(0, 1))
    y = np.array([0.2, -3.0])
    np.testing.assert_allclose(crps(x, y), np.abs(x - y).mean(axis=0) - pairs / 2)
    np.testing.assert_allclose(crps([0.4], 0.1), 0.3)
    assert np.isnan(crps([0.4, np.nan], 0.1))


def test_crps_of_weighted_samples_is_that_of_samples_repeated():
    x, times = np.array([0.4, -0.3, 0.1]), np.array([3, 1, 2])
    expected = crps(np.repeat(x, times), 0.2)
    assert crps(x, 0.2, np.log(times)) == pytest.approx(expected)
    assert crps(x, 0.2, np.log(times) - 1000) == pytest.approx(expected)  # up to a constant


def test_runs_without_a_forecast_count_in_no_coverage():
    rows = pd.DataFrame([{"observed": 0.5} | dict.fromkeys(QUANTILES, x) for x in (0.5, np.nan)])
    assert coverage(rows).to_dict("list") == {name: [1.0] for name in INTERVALS}


@pytest.mark.parametrize(
    ("choice", "regret", "right"), [("a", 0, 1), ("b", 0.003, 1), ("c", 0.0031, 0)]
)
def test_a_choice_within_the_margin_is_right(choice, regret, right):
    row = decision_row(question(a=0.5, b=0.503, c=0.5031), choice)
    assert row["regret"] == pytest.approx(regret)
    assert (row["right"], row["best"], row["levels"]) == (right, "a", 3)


def test_no_choice_has_no_regret():
    row = decision_row(question(a=0.5, b=0.6), None)
    assert np.isnan([row["regret"], row["right"]]).all()


def test_no_interval_reaches_beyond_an_error_rate_of_one():
    late = split(read_runs(*made.tables()), share=0.3)[1]
    samples = np.linspace(0.5, 1.5, 101)[:, None] * np.ones(late.sizes["run"])
    rows = forecast_rows(late, Forecast(samples, samples))
    assert (rows[["75%", "95%"]] == 1).all(axis=None)
    np.testing.assert_allclose(rows["crps"], crps(np.minimum(samples, 1), late["error"].values))


def test_forecast_rows_are_in_the_order_of_the_runs():
    late = split(read_runs(*made.tables()), share=0.3)[1]
    samples = np.linspace(0.3, 0.5, 101)[:, None] + 0.1 * np.arange(3)
    rows = forecast_rows(late, Forecast(samples, samples))
    np.testing.assert_allclose(rows["50%"], [0.4, 0.5, 0.6])
    np.testing.assert_allclose(rows["5%"], [0.31, 0.41, 0.51])
    assert rows["observed"].tolist() == late["error"].values.tolist()


# --- levels and their differences -----------------------------------------------------------------

TENTHS = np.arange(11) / 10
"""Draws whose 5 % and 95 % quantiles are 0.05 and 0.95."""


def of_levels(*errors, counts):
    """Levels a and b with errors that were seen; a's draws are `TENTHS`, its new runs 0.2 above."""
    curve = np.stack([TENTHS, np.zeros(11)], axis=1)
    asked = Question("all", 1e9, pd.Series(errors, ["a", "b"]), np.array([0, 1]), counts)
    return asked, Forecast(curve, curve + np.array([0.2, 0.0]))


@pytest.mark.parametrize(("error", "inside"), [(0.14, 0.0), (0.16, 1.0), (1.04, 1.0), (1.06, 0.0)])
def test_the_interval_of_a_difference_has_the_noise_of_a_mean(error, inside):
    """Of four runs the mean is half of the 0.2 above the curve: 0.15 to 1.05."""
    asked, forecast = of_levels(error, 0.0, counts=np.array([4, 1]))
    row = difference_rows(asked, forecast).iloc[0]
    assert (row["level"], row["other"], row["inside"]) == ("a", "b", inside)
    assert row[["observed", "5%", "95%"]].tolist() == pytest.approx([error, 0.15, 1.05])


def test_what_draws_share_does_not_widen_a_difference():
    """Both levels have the same draws: their difference is known, though neither error is."""
    curve = np.stack([TENTHS, TENTHS - 0.3], axis=1)
    asked = Question("all", 1e9, pd.Series({"a": 0.9, "b": 0.6}), np.array([0, 1]))
    row = difference_rows(asked, Forecast(curve, curve)).iloc[0]
    assert row[["observed", "5%", "95%"]].tolist() == pytest.approx([0.3] * 3)


def test_levels_have_intervals_and_probabilities_by_their_names():
    asked, forecast = of_levels(1.2, 0.0, counts=None)
    best = pd.Series({"b": 0.9, "a": 0.1})
    rows = level_rows(asked, forecast, best, proven=True).set_index("level")
    assert rows.loc["a", ["5%", "95%"]].tolist() == pytest.approx([0.25, 1.15])
    assert rows["inside"].tolist() == [0, 1]
    assert rows[["probability_best", "is_best", "proven"]].values.tolist() == [
        [0.1, 0, 1],
        [0.9, 1, 1],
    ]
