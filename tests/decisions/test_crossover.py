"""Where one level's curve overtakes another's, draw by draw."""

import made
import numpy as np
import pytest
import xarray as xr

from qqt_bayes.decisions.crossover import first_crossing, summarise_crossing
from qqt_bayes.decisions.decide import decide
from qqt_bayes.posterior.prediction import predict


def curves(*errors):
    """Draws of a curve at 1, 10 and 100 samples."""
    budgets = {"budget": [1.0, 10.0, 100.0]}
    return xr.DataArray(np.array([errors]), budgets, ("chain", "draw", "budget"))


@pytest.mark.parametrize(
    ("lead", "budget"),
    [
        ([0.1, -0.1, -0.1], 10**0.5),  # the later level is behind by so much
        ([0.1, 0.1, -0.3], 10**1.25),
        ([0.3, 0.0, -0.1], 10.0),
        ([0.0, 0.1, -0.1], 10**1.5),
        ([0.1, -0.1, 0.1], 10**0.5),
        ([-0.1, 0.1, -0.1], 10**1.5),  # ahead, behind, ahead again
        ([-0.1, -0.1, -0.1], np.nan),
        ([0.1, 0.1, 0.1], np.nan),
        ([-0.1, 0.1, 0.1], np.nan),
        ([0.0, 0.0, 0.0], np.nan),
        ([0.1, 0.0, 0.1], np.nan),
        ([1e-15, -1e-15, -1e-15], np.nan),  # rounding
    ],
)
def test_first_crossing(lead, budget):
    found = first_crossing(curves([0.5, 0.5, 0.5]), curves(0.5 + np.array(lead)))
    np.testing.assert_allclose(found.values, [[budget]], rtol=1e-9)


def test_crossings_are_a_distribution():
    """Of five draws two cross; one is always ahead, one never, one at first."""
    leads = [
        [0.1, -0.1, -0.1],
        [0.1, 0.1, -0.1],
        [-0.1, -0.2, -0.3],
        [0.3, 0.2, 0.1],
        [-0.1, 0.1, 1],
    ]
    found = summarise_crossing(curves(*np.zeros((5, 3))), curves(*leads), [0.0, 0.5, 1.0])
    assert found["crossover_probability"] == 0.4
    assert found["crossover_below"] == 0.2
    np.testing.assert_allclose(found["crossover"][[0, 2]], [10**0.5, 10**1.5])
    assert found["crossover"].attrs["units"] == "samples"
    none = summarise_crossing(curves(*np.zeros((4, 3))), curves(*np.zeros((4, 3))), [0.5])
    assert none["crossover"].isnull().all()
    assert none["crossover_probability"] == none["crossover_below"] == 0


def test_crossovers_are_where_the_curves_cross():
    fit = made.fit(spread=0, draws=2)
    decision = decide(fit, made.levels(), [20e6, 5e9], discrepancy=False)
    assert decision["pair"].values.tolist() == ["top 1 to top 2", "top 2 to top 3"]
    assert decision["later"].values.tolist() == ["top 2", "top 3"]
    np.testing.assert_allclose(decision["crossover_probability"], 1)
    for i, budget in enumerate(decision["crossover"].sel(quantile=0.5).values):
        pair, near = made.levels()[i : i + 2], [budget / 1.01, budget * 1.01]
        around = predict(fit, pair, near, law_only=True)[0, 0]
        lead = around.diff("level").values.ravel()
        assert lead[0] > 0 > lead[1]
    inner = decide(fit, made.levels(), [64e6, 5e9], discrepancy=False)
    np.testing.assert_allclose(inner["crossover_below"], [1, 0])
    assert inner["crossover"].sel(pair="top 1 to top 2").isnull().all()


@pytest.mark.parametrize(("levels", "budgets"), [(1, [64e6, 5e9]), (3, [64e6])])
def test_no_crossovers_without_two_levels_and_two_budgets(levels, budgets):
    assert "crossover" not in decide(made.fit(draws=5), made.levels()[:levels], budgets)
