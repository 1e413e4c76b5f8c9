"""Baselines without a posterior: what they forecast, and where they abstain."""

import made
import numpy as np
import pandas as pd
import pytest
from designs import runs_of
from scipy import stats

from qqt_bayes.comparison.baselines import (
    _richest,
    least_squares_bootstrap,
    power_law,
    single_scale,
)
from qqt_bayes.comparison.scores import coverage, forecast_rows
from qqt_bayes.comparison.splits import Question, split
from qqt_bayes.tables.runs import read_runs


def test_single_scale_trusts_the_largest_budget_that_all_saw():
    early = runs_of(
        ("a", 1e6, 1e6, 0.5, "g"),
        ("b", 1e6, 1e6, 0.6, "g"),
        ("a", 1e6, 2e6, 0.45, "g"),
        ("b", 1e6, 2e6, 0.40, "g"),
        ("a", 1e6, 4e6, 0.1, "g"),
        ("c", 1e6, 4e6, 0.1, "g"),
        ("b", 1e6, 2e6, 0.9, "h"),
    )
    error = pd.Series({"a": 0.1, "b": 0.2})
    assert single_scale(early, Question("g", 9e6, error, np.arange(2))) == "b"
    assert single_scale(early, Question("h", 9e6, error, np.arange(2))) is None


def test_the_power_laws_intervals_hold_what_they_say():
    """Two thousand training sets on lines, four runs each; and a Student t by another route."""
    rng = np.random.default_rng(0)
    seen = np.array([1e6, 2e6, 4e6, 8e6, 64e6])
    rows = [
        ("crawl", 1e6 + i, n, 0.5 * (n / 1e6) ** -0.1 * np.exp(0.05 * rng.normal()), "g")
        for i in range(2000)
        for n in seen
    ]
    early, late = split(runs_of(*rows, kind="loss"))
    found = power_law(early, late)
    inside = coverage(forecast_rows(late, found)).mean()
    np.testing.assert_allclose(inside, [0.5, 0.8, 0.9], atol=0.03)
    x, y = np.log(seen[:4]), np.log([row[3] for row in rows[:4]])
    line = stats.linregress(x, y)
    at, around = np.log(64e6) - x.mean(), y - line.intercept - line.slope * x
    variance = (around @ around) / 2 * (1 + 1 / 4) + line.stderr**2 * at**2
    end = line.intercept + line.slope * np.log(64e6) + stats.t.ppf(0.95, 2) * variance**0.5
    upper = forecast_rows(late, found)["95%"].iloc[0]
    assert np.log(upper) == pytest.approx(end, abs=0.01)


def test_the_power_law_abstains_without_a_line_or_an_interval():
    runs = runs_of(
        *(("one", 1e6, 1e6, y, "g") for y in (0.5, 0.51, 0.52)),
        ("two", 1e6, 1e6, 0.5, "g"),
        ("two", 1e6, 2e6, 0.4, "g"),
        ("one", 1e6, 8e6, 0.3, "g"),
        ("two", 1e6, 8e6, 0.3, "g"),
    )
    found = power_law(*split(runs))
    assert np.isnan(found.new_run).all()
    np.testing.assert_allclose(found.curve[0], [np.nan, 0.4 * 0.8**2])


def test_least_squares_finds_the_law_that_made_the_runs():
    runs, composition = made.tables(pools=3, groups=2)
    early, late = split(read_runs(runs, composition), share=0.3)
    found = least_squares_bootstrap(early, late, resamples=20)
    true = made.curves("utility", made.truth(3, 2))[..., -1].ravel()
    order = late["group_index"].values * 3 + late["data_index"].values
    np.testing.assert_allclose(found.curve.mean(axis=0), true[order], atol=0.015)
    assert (found.new_run.std(axis=0) > found.curve.std(axis=0)).mean() > 0.7


@pytest.mark.parametrize(
    ("points", "seeds", "expected"),
    [(4, 1, (2, 2)), (3, 2, (2, 2)), (3, 1, (2, 1)), (2, 2, (1, 1)), (2, 1, None), (1, 9, None)],
)
def test_the_richest_law_that_the_runs_of_two_pools_can_tell(points, seeds, expected):
    rows = [(p, 1e6, 1e6 * (k + 1), 0.5, "g") for p in "ab" for k in range(points)] * seeds
    assert _richest(runs_of(*rows)) == expected
