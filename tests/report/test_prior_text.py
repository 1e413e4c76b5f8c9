"""Numbers of a prior that was made by hand, in the table and in the sentences."""

import made
import numpy as np
import pytest

from qqt_bayes.posterior.prior_predictive import prior_predictive
from qqt_bayes.report.prior_text import coverage, for_people, summary, table
from qqt_bayes.tables.runs import read_runs


@pytest.fixture
def prior():
    """Three training sets at four budgets; every run expects 0.1, 0.2, ..., 1.1."""
    found = prior_predictive(read_runs(*made.tables()), "utility", "64M, 2G", draws=11)
    draws = np.linspace(0.1, 1.1, 11)
    for group in ("prior_predictive", "prior_at_budgets"):
        error = found[group]["error"]
        shape = (1, 11) + (1,) * (error.ndim - 2)
        found[group]["error"] = error.copy(data=draws.reshape(shape) + 0 * error.values)
    seen = found["observed_data"]["error"]
    values = np.full(seen.size, 0.5)
    values[:3] = 0.09, 1.11, 1.12
    found["observed_data"]["error"] = seen.copy(data=values)
    return found


def test_the_table_counts(prior):
    found = table(prior)
    assert found.shape == (6, 8)
    row = found.iloc[0]
    np.testing.assert_allclose(
        row[["error_lower", "error_median", "error_upper"]].astype(float), [0.1, 0.6, 1.1]
    )
    assert row["illegal"] == pytest.approx(1 / 11)
    assert found["run"].notna().sum() == 3  # at 64M only


def test_runs_outside_are_counted_and_said(prior):
    found = coverage(prior)
    assert (found.inside, found.below, found.above, found.runs) == (9, 1, 2, 12)
    prior.attrs["legal_draws"] = 0.25
    words = summary(prior)
    assert "has 9 of 12 runs inside the 90% interval" in words
    assert "(1 below theirs, 2 above)" in words
    assert "Under 75% of the draws" in words
    assert "these priors are too wide" in words
    assert "surprise" not in words
    prior["observed_data"]["error"] = 0 * prior["observed_data"]["error"] + 0.01
    assert "Most of the runs surprise these priors" in summary(prior)


def test_accuracies_are_shown_where_these_were_given(prior):
    prior.attrs["measure"] = "accuracy"
    shown = for_people(prior)
    assert shown["accuracy [90%]"][0] == "0.400 [-0.100, 0.900]"
    assert "(2 below theirs, 1 above)" in summary(prior)


def test_what_overflowed_counts_as_illegal(prior):
    error = prior["prior_at_budgets"]["error"]
    prior["prior_at_budgets"]["error"] = error.where(error < 0.95)  # nan in two draws
    assert table(prior)["illegal"].to_numpy() == pytest.approx(2 / 11)
    assert table(prior)["error_upper"].to_numpy() == pytest.approx(np.inf)
