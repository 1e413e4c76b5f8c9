"""Larger budgets are held out whole, and forecasts and choices of them scored by the book."""

import made
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from qqt_bayes.comparison.baselines import (
    _richest,
    least_squares_bootstrap,
    power_law,
    single_scale,
)
from qqt_bayes.comparison.held_out import baselines, forecast, held_out
from qqt_bayes.comparison.scores import (
    INTERVALS,
    QUANTILES,
    Forecast,
    coverage,
    crps,
    decision_row,
    forecast_rows,
)
from qqt_bayes.comparison.splits import Question, questions, split
from qqt_bayes.errors import InputError
from qqt_bayes.tables.budgets import rungs
from qqt_bayes.tables.runs import read_runs

POINTS = (np.arange(4000) + 0.5) / 4000


def table(*rows, kind="error"):
    """Runs from (pool, unique samples, samples seen, error, group)."""
    columns = ["pool", "unique_samples", "samples_seen", "error", "group"]
    frame = pd.DataFrame(rows, columns=columns).assign(run=range(len(rows)))
    return read_runs(frame, kind=kind)


def question(**error):
    return Question("all", 1e9, pd.Series(error), np.arange(len(error)))


# --- scores ---------------------------------------------------------------------------------------


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


# --- what is held out -----------------------------------------------------------------------------


def test_early_runs_are_the_table_that_had_no_others():
    """A fit of them knows nothing of what is held out, but the sizes of the pools."""
    runs, composition = made.tables(groups=2)
    early, late = split(read_runs(runs, composition), share=0.3)
    alone = read_runs(runs[runs["samples_seen"] <= 320e6], composition)
    alone = alone.assign_coords(run=early["run"])
    xr.testing.assert_equal(early, alone)
    assert (early["samples_seen"].max(), late["samples_seen"].min()) == (320e6, 1280e6)
    assert early.sizes["run"] + late.sizes["run"] == len(runs)
    assert (
        early.attrs["data_hash"] != split(read_runs(runs, composition), 0.2)[0].attrs["data_hash"]
    )


def test_runs_that_early_runs_cannot_predict_are_counted():
    runs = table(
        ("seen", 1e6, 1e6, 0.5, "small"),
        ("seen", 1e6, 9e6, 0.4, "small"),
        ("seen", 1e6, 9e6, 0.3, "large"),
        ("new", 1e6, 9e6, 0.4, "small"),
    )
    early, late = split(runs)
    assert early["pool"].values.tolist() == late["pool"].values.tolist() == ["seen"]
    assert early["group"].values.tolist() == late["group"].values.tolist() == ["small"]
    assert (late["error"].values.tolist(), late.attrs["excluded"]) == ([0.4], 2)


@pytest.mark.parametrize(
    ("share", "words"),
    [(1.0, "between 0 and 1"), (0.01, "no run is as small"), (0.5, "no larger run is of a group")],
)
def test_splits_that_leave_nothing_are_refused(share, words):
    runs = table(("a", 1e6, 1e6, 0.5, "g"), ("b", 1e6, 9e6, 0.4, "g"))
    with pytest.raises(InputError, match=words):
        split(runs, share)


def test_a_rung_does_not_grow_without_end():
    assert rungs(np.array([1.0, 1.15, 1.3, 1.45])).tolist() == [0, 0, 1, 1]


def test_there_is_a_question_where_two_candidates_were_trained():
    runs = table(
        *((pool, 1e6, 1e6, 0.5, "g") for pool in "abc"),
        ("a", 1e6, 10.0e6, 0.40, "g"),
        ("a", 1e6, 10.0e6, 0.44, "g"),
        ("b", 1e6, 10.4e6, 0.41, "g"),
        ("c", 1e6, 10.4e6, 0.30, "g"),
        ("a", 1e6, 30e6, 0.2, "g"),
    )
    late = split(runs)[1]
    (one,) = questions(late, ["a", "b"])
    assert (one.error.round(6).to_dict(), one.best, one.budget) == (
        {"a": 0.42, "b": 0.41},
        "b",
        10.0e6,
    )
    assert late["error"].values[one.runs].tolist() == [0.40, 0.41]
    assert questions(late)[0].best == "c"
    with pytest.raises(InputError, match="no larger run was made on d"):
        questions(late, ["a", "d"])


# --- baselines ------------------------------------------------------------------------------------


def test_single_scale_trusts_the_largest_budget_that_all_saw():
    early = table(
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
    early, late = split(table(*rows, kind="loss"))
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
    runs = table(
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
    assert _richest(table(*rows)) == expected


def test_abstentions_of_baselines_are_marked():
    runs = table(*((p, 1e6, n, 0.5, "g") for p in "ab" for n in (1e6, 9e6)))
    found = baselines(runs)
    assert found.runs.groupby("way")["status"].unique().map(list).to_dict() == {
        "least squares": ["abstains"],
        "power law": ["abstains"],
    }
    assert dict(zip(found.decisions["way"], found.decisions["status"], strict=True)) == {
        "single scale": "answered",
        "least squares": "abstains",
        "power law": "abstains",
    }


# --- a fit ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("groups", [1, 2])
def test_a_fit_predicts_each_run_of_its_training_set_budget_and_group(groups):
    model = "cherti" if groups == 2 else "utility"
    fit = made.fit(3, groups, model, spread=0.0)
    late = split(read_runs(*made.tables(3, groups)), share=0.3)[1]
    found = forecast(fit, late)
    true = made.curves("utility", made.truth(3, groups))[..., -1]
    expected = true.reshape(groups, 3)[late["group_index"], late["data_index"]]
    if model == "utility":
        np.testing.assert_allclose(found.curve, np.broadcast_to(expected, found.curve.shape))
    else:  # half-lives are quoted at 100 million samples there
        assert np.isfinite(found.curve).all()
    assert found.new_run.shape == (100, 3 * groups)
    assert np.corrcoef(expected, found.new_run.mean(axis=0))[0, 1] > 0.99


def test_a_forecast_is_of_a_measured_run():
    """Of 400 images: their noise is ten times that of the runs."""
    fit = made.fit(spread=0.0)
    table, composition = made.tables()
    found = {
        n: forecast(fit, split(read_runs(table.assign(n_eval=n), composition), share=0.3)[1])
        for n in (400, 10**9)
    }
    error = found[400].curve[0]
    more = found[400].new_run.var(axis=0) - found[10**9].new_run.var(axis=0)
    np.testing.assert_allclose(more, error * (1 - error) / 400, rtol=0.5)


def test_no_interval_reaches_beyond_an_error_rate_of_one():
    late = split(read_runs(*made.tables()), share=0.3)[1]
    samples = np.linspace(0.5, 1.5, 101)[:, None] * np.ones(late.sizes["run"])
    rows = forecast_rows(late, Forecast(samples, samples))
    assert (rows[["75%", "95%"]] == 1).all(axis=None)
    np.testing.assert_allclose(rows["crps"], crps(np.minimum(samples, 1), late["error"].values))


def test_forecasts_of_a_refused_fit_are_marked():
    found = held_out(
        read_runs(*made.tables()), share=0.3, fit=lambda runs, spec: made.fit(passed=False)
    )
    assert found.runs["status"].tolist() == ["refused"] * 3
    assert found.decisions[["way", "status", "levels"]].values.tolist() == [
        ["utility", "refused", 3]
    ]
    assert found.decisions["choice"].item() in {"top 1", "top 2", "top 3"}
    assert 0 < found.decisions["probability_best"].item() <= 1
    assert found.runs["crps"].max() < 0.02


def test_forecast_rows_are_in_the_order_of_the_runs():
    late = split(read_runs(*made.tables()), share=0.3)[1]
    samples = np.linspace(0.3, 0.5, 101)[:, None] + 0.1 * np.arange(3)
    rows = forecast_rows(late, Forecast(samples, samples))
    np.testing.assert_allclose(rows["50%"], [0.4, 0.5, 0.6])
    np.testing.assert_allclose(rows["5%"], [0.31, 0.41, 0.51])
    assert rows["observed"].tolist() == late["error"].values.tolist()
