"""Departures from the law in predictions: they keep to the runs and widen beyond them."""

import made
import numpy as np
import xarray as xr

from qqt_bayes import decide, predict
from qqt_bayes.posterior.fit import Fit


def test_predictions_keep_to_the_runs_and_widen_beyond():
    fit = made.fit(draws=400)
    budgets = [64e6, 1.28e9, 12.8e9, 128e9]
    law = predict(fit, made.levels(), budgets)
    wide = predict(fit, made.levels(), budgets, discrepancy=True)
    more = (wide.std(("chain", "draw")) / law.std(("chain", "draw"))).isel(level=0)
    assert more[0] < more[2] < more[3]
    assert more[3] > 2
    shift = (wide.mean(("chain", "draw")) / law.mean(("chain", "draw")) - 1).isel(budget=[0, 1])
    assert abs(shift).max() < 2 * made.NOISE


def test_a_new_run_departs_from_the_law_unless_told_not_to():
    fit = made.fit(draws=50)
    budgets, levels = [12.8e9], made.levels()
    new = predict(fit, levels, budgets, new_run=True)
    assert new.identical(predict(fit, levels, budgets, new_run=True, discrepancy=True))
    own = predict(fit, levels, budgets, new_run=True, discrepancy=False)
    assert (new.std(("chain", "draw")) > own.std(("chain", "draw"))).all()
    assert not new.equals(predict(fit, levels, budgets, new_run=True, seed=1))


def test_each_group_has_departures_of_its_own():
    fit = made.fit(groups=2, draws=50)
    law, wide = (predict(fit, made.levels(), [12.8e9], discrepancy=x) for x in (False, True))
    assert wide.dims == law.dims
    one, other = (np.log(wide / law).sel(group=name).values for name in law["group"].values)
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.3


def test_an_outlier_under_a_heavy_tail_bends_nothing():
    """One run of four is ten deviations off: Student's t takes it for what it is."""
    shift = {}
    for model in ("utility", "cherti"):
        fit, budgets = made.fit(groups=2, model=model, draws=200), [made.BUDGETS[1]]
        expected = predict(fit, made.levels(), budgets).median(("chain", "draw"))
        of = (fit["constant_data"]["samples_seen"] == budgets[0]).values
        observed = fit["observed_data"]["error"].values
        observed[:] = noisefree(fit)
        observed[np.flatnonzero(of)[0]] += 10 * made.NOISE
        found = predict(fit, made.levels(), budgets, discrepancy=True).median(("chain", "draw"))
        shift[model] = float(abs(found - expected).max()) / made.NOISE
    assert shift["utility"] > 5
    assert shift["cherti"] < 3


def noisefree(fit):
    """The errors that the law of a fit expects of its runs."""
    runs = Fit.of(fit).runs
    curve = predict(fit, runs["unique_samples"].rename(data="level"), made.BUDGETS)
    place = {
        "level": ("run", runs["data_index"].values),
        "budget": ("run", np.searchsorted(made.BUDGETS, runs["samples_seen"].values)),
        "group": ("run", runs["group_index"].values),
    }
    at = {dim: xr.Variable(*index) for dim, index in place.items()}
    return curve.median(("chain", "draw")).isel(at).values


def test_equal_candidates_depart_alike():
    """Of no regret to each other, and told apart from none."""
    fit = made.fit(draws=100)
    two = made.levels().isel(level=[0, 0]) * 0.7
    two = two.assign_coords(level=["one", "other"])
    wide = predict(fit, two, [12.8e9], discrepancy=True)
    np.testing.assert_array_equal(*(wide.sel(level=name).values for name in ("one", "other")))
    assert (decide(fit, two, [12.8e9])["probability_best"] == 0.5).all()


def test_no_departure_leads_to_an_error_rate_above_one():
    fit = made.fit(draws=400)
    fit["observed_data"]["error"].values[:] = np.linspace(0.97, 0.5, 12)
    wide = predict(fit, made.levels(), [1.0, 12.8e15], discrepancy=True)
    law = predict(fit, made.levels(), [1.0, 12.8e15])
    assert (wide <= np.maximum(law, 1)).all()
    assert (wide == 1).any()
