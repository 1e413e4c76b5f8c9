"""Forecasts of held-out runs by a fit, and which are marked as refused or abstained."""

import made
import numpy as np
import pandas as pd
import pytest
from designs import runs_of

from qqt_bayes.comparison.held_out import _least, baselines, forecast, held_out, score_fits
from qqt_bayes.comparison.scores import Forecast
from qqt_bayes.comparison.splits import Question, questions, split
from qqt_bayes.tables.runs import read_runs

# --- baselines ------------------------------------------------------------------------------------


def test_abstentions_of_baselines_are_marked():
    runs = runs_of(*((p, 1e6, n, 0.5, "g") for p in "ab" for n in (1e6, 9e6)))
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


def test_forecasts_that_tie_share_the_probability():
    """Best in the draws are: a; a and b alike but for rounding; b. Of a point nothing is said."""
    error = pd.Series({"a": 0.4, "b": 0.5})
    curve = np.array([[0.3, 0.4], [0.4 + 1e-15, 0.4], [0.5, 0.45]])
    asked = Question("all", 1e9, error, np.arange(2))
    choice, probability = _least(Forecast(curve, curve), asked)
    assert (choice, probability) == ("a", pytest.approx(0.5))
    choice, probability = _least(Forecast(curve[2:], curve), asked)
    assert choice == "b"
    assert np.isnan(probability)


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
        near = np.broadcast_to(expected, found.curve.shape)  # but for departures from the law
        np.testing.assert_allclose(found.curve, near, rtol=10 * made.AMPLITUDE)
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


def test_forecasts_of_a_refused_fit_are_marked():
    found = held_out(
        read_runs(*made.tables()),
        "utility",
        share=0.3,
        fit=lambda runs, spec: made.fit(passed=False),
    )
    assert found.runs["status"].tolist() == ["refused"] * 3
    assert found.decisions[["way", "status", "levels"]].values.tolist() == [
        ["utility", "refused", 3]
    ]
    assert found.decisions["choice"].item() in {"top 1", "top 2", "top 3"}
    assert 0 < found.decisions["probability_best"].item() <= 1
    assert found.runs["crps"].max() < 0.02
    assert found.levels["probability_best"].sum() == pytest.approx(1)
    assert found.decisions["proven"].item() == 1  # where it was tried, whatever the gate says
    assert found.differences["inside"].size == 3


def test_a_forecast_by_several_fits_has_as_many_draws_of_each_as_its_weight_says():
    runs = read_runs(*made.tables())
    late = split(runs, share=0.3)[1]
    fits = {"one": made.fit(spread=0.003), "other": made.fit(spread=0.002)}
    each = {name: forecast(fit, late).curve for name, fit in fits.items()}
    both = forecast(list(fits.values()), late, [1, 3]).curve
    draws = len(each["one"])
    of_one = sum((row == each["one"]).all(axis=1).any() for row in both)
    of_other = sum((row == each["other"]).all(axis=1).any() for row in both)
    assert of_one == pytest.approx(draws / 3, abs=1)
    assert of_one + of_other == len(both)
    found = score_fits(fits, late, questions(late), weights=[0, 1], way="both")
    alone = score_fits({"other": fits["other"]}, late, questions(late))
    assert found.decisions["way"].tolist() == ["both"]
    columns = ["choice", "probability_best", "regret", "proven"]
    assert found.decisions[columns].equals(alone.decisions[columns])
