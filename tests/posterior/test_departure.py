"""Departures from the law in predictions: they keep to the runs and widen beyond them."""

import made
import numpy as np
import pytest

from qqt_bayes import decide, predict


def test_predictions_keep_to_the_runs_and_widen_beyond():
    fit = made.fit(draws=400)
    budgets = [64e6, 1.28e9, 12.8e9, 128e9]
    law = predict(fit, made.levels(), budgets, law_only=True)
    wide = predict(fit, made.levels(), budgets)
    more = (wide.std(("chain", "draw")) / law.std(("chain", "draw"))).isel(level=0)
    assert more[0] < more[2] < more[3]
    assert more[3] > 2
    shift = (wide.mean(("chain", "draw")) / law.mean(("chain", "draw")) - 1).isel(budget=[0, 1])
    assert abs(shift).max() < 2 * made.NOISE


def test_a_new_run_departs_from_the_law_unless_told_not_to():
    fit = made.fit(draws=50)
    budgets, levels = [12.8e9], made.levels()
    new = predict(fit, levels, budgets, new_run=True)
    own = predict(fit, levels, budgets, new_run=True, law_only=True)
    assert (new.std(("chain", "draw")) > own.std(("chain", "draw"))).all()
    assert not new.equals(predict(fit, levels, budgets, new_run=True, seed=1))


def test_half_of_a_departure_is_common_to_groups():
    fit = made.fit(groups=2, draws=50)
    law, wide = (predict(fit, made.levels(), [12.8e9], law_only=x) for x in (True, False))
    assert wide.dims == law.dims
    one, other = (np.log(wide / law).sel(group=name).values for name in law["group"].values)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] == pytest.approx(0.5, abs=0.25)


def test_equal_candidates_depart_alike():
    """Of no regret to each other, and told apart from none."""
    fit = made.fit(draws=100)
    two = made.levels().isel(level=[0, 0]) * 0.7
    two = two.assign_coords(level=["one", "other"])
    wide = predict(fit, two, [12.8e9])
    np.testing.assert_array_equal(*(wide.sel(level=name).values for name in ("one", "other")))
    assert (decide(fit, two, [12.8e9])["probability_best"] == 0.5).all()


def test_no_departure_leads_to_an_error_rate_above_one():
    fit = made.fit(draws=400)
    fit["posterior"]["amplitude"].values[:] = 0.5
    wide = predict(fit, made.levels(), [1.0, 12.8e15])
    law = predict(fit, made.levels(), [1.0, 12.8e15], law_only=True)
    assert (wide <= np.maximum(law, 1)).all()
    assert (wide == 1).any()
