"""Decisions, frontiers and shares of a study take its fits, weights, levels and budgets."""

import made
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import qqt_bayes as qqt
from qqt_bayes.decisions.study import Study

BUDGETS = [6.4e7, 6.4e8, 1.28e9]


@pytest.fixture(name="study", scope="module")
def made_study():
    """Two laws decide, unequally; the theorem stands beside them and does not."""
    models = ["utility", "utility-free-size", "power-law"]
    fits = {name: qqt.Fit.of(made.fit(model=name, draws=100, spread=0.03)) for name in models}
    weights = {"utility-free-size": 0.8, "utility": 0.2}
    deciding = {name: fits[name] for name in weights}
    decision = qqt.decide_stack(deciding, list(weights.values()), made.levels(), BUDGETS)
    return Study(
        fits=fits,
        theorem="power-law",
        laws=list(weights),
        weights=weights,
        levels=made.levels(),
        decision=decision,
        alone=dict.fromkeys(weights, decision),
        comparison=xr.Dataset(),
        exponents=pd.DataFrame(),
    )


def test_a_decision_of_a_study_is_its_decision(study):
    xr.testing.assert_identical(qqt.decide(study), study.decision)


@pytest.mark.parametrize("targets", [(), [0.6]])
def test_a_frontier_of_a_study_is_that_of_its_fits_by_their_weights(study, targets):
    fits = {name: study.fits[name] for name in study.weights}
    given = qqt.frontier(fits, made.levels(), BUDGETS, targets, weights=[0.8, 0.2])
    own = qqt.frontier(study, targets=targets)
    xr.testing.assert_identical(own, given)
    assert own.attrs["models"] == ["utility-free-size", "utility"]
    np.testing.assert_allclose(own.attrs["weights"], [0.8, 0.2])


def test_what_is_given_is_taken_instead(study):
    found = qqt.decide(study, made.levels()[:2], "640M", weights=[1, 0])
    assert found.sizes["level"] == 2
    assert found["budget"].values.tolist() == [6.4e8]
    np.testing.assert_allclose(found.attrs["weights"], [1, 0])


def test_shares_of_a_study_are_those_of_its_fits_by_their_weights(study):
    fits = {name: study.fits[name] for name in study.weights}
    given = qqt.best_shares(fits, [1.28e9], weights=[0.8, 0.2])
    xr.testing.assert_identical(qqt.best_shares(study, [1.28e9]), given)
    assert qqt.best_shares(study)["budget"].values.tolist() == BUDGETS


@pytest.mark.parametrize("function", [qqt.decide, qqt.frontier])
def test_fits_have_no_levels_and_no_budgets_of_their_own(study, function):
    fit = study.fits["utility"]
    with pytest.raises(qqt.InputError, match="levels: expected what is decided between"):
        function(fit)
    with pytest.raises(qqt.InputError, match="budgets: expected samples seen"):
        function(fit, made.levels())
    with pytest.raises(qqt.InputError, match="budgets: expected samples seen"):
        qqt.best_shares(fit)


def test_budgets_are_asked_about_beside_the_levels_of_a_study(study):
    with pytest.warns(qqt.PlausibilityWarning, match="64"):
        found = qqt.decide(study, budgets=[64])
    assert found["level"].values.tolist() == study.levels["level"].values.tolist()
