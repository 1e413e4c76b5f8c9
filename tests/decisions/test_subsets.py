"""The best subsets of pools under a fit, beside every subset as a level of its own."""

from itertools import combinations

import made
import numpy as np
import pytest
import xarray as xr
from made_pools import BUDGETS

import qqt_bayes as qqt
from qqt_bayes.decisions import subsets
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.rules import RULES
from qqt_bayes.decisions.subsets import ALL_POOLS, JOIN
from qqt_bayes.errors import InputError
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.report.decision_text import summary
from qqt_bayes.report.records import to_json


@pytest.mark.parametrize(
    ("criteria", "words"),
    [
        (Criteria(), "expected error"),
        (Criteria(rule="cvar", cvar_level=0.8), "the mean error over the worst 0.2 of draws"),
        (Criteria(rule="target", target=0.6), "the probability that the error is at most 0.6"),
        (Criteria(rule="regret"), "expected regret"),
        (
            Criteria(rule="minimax-regret", cvar_level=0.8),
            "the regret that is exceeded in at most 0.2 of draws",
        ),
        (
            Criteria(rule="cvar-regret", cvar_level=0.8),
            "the mean regret over the worst 0.2 of draws",
        ),
    ],
    ids=list(RULES),
)
def test_best_subsets_of_a_fit(criteria, words):
    fit = made.fit(pools=4, spread=0.05)
    decision = qqt.best_subsets(fit, BUDGETS, criteria, discrepancy=False)
    runs = Fit.of(fit).runs
    names = runs["pool"].values.tolist()
    everything = [c for k in range(1, 5) for c in combinations(range(4), k)]
    levels = xr.DataArray(
        [[runs["pool_size"].values[i] * (i in c) for i in range(4)] for c in everything],
        {
            "level": [
                ALL_POOLS if len(c) == 4 else JOIN.join(names[i] for i in c) for c in everything
            ],
            "pool": names,
        },
        ("level", "pool"),
    )
    expected = qqt.decide(fit, levels, BUDGETS, criteria, discrepancy=False)
    assert decision["choice"].values.tolist() == expected["choice"].values.tolist()
    assert decision["winner"].values.tolist() == expected["winner"].values.tolist()
    named = expected.sel(level=decision["level"])
    for name in ("error", "error_mean", "probability_best", "regret", "score", "choice_regret"):
        np.testing.assert_allclose(decision[name], named[name], atol=1e-9, err_msg=name)
    assert decision.attrs["subsets"] == 15
    included = (expected["probability_best"] * (levels > 0)).sum("level")
    np.testing.assert_allclose(decision["probability_included"], included.transpose("pool", ...))
    assert "crossover" not in decision
    assert f"The 15 sets of whole pools that 4 pools allow are compared by {words}" in summary(
        decision
    )
    assert set(to_json(decision)) >= {"settings", "summary", "decisions"}


def test_many_pools_are_searched():
    fit = made.fit(pools=22, spread=0.02, draws=10)
    decision = qqt.best_subsets(fit, BUDGETS[1:], discrepancy=False)
    nested = qqt.decide(
        fit,
        qqt.nested_levels(Fit.of(fit).runs["pool_size"].to_series()),
        BUDGETS[1:],
        discrepancy=False,
    )
    best_nested = nested["score"].min("level")
    chosen = decision["score"].min("level")
    assert (chosen <= best_nested + 1e-9).all()
    assert (decision["optimality_gap"] >= 0).all()
    assert (decision["optimality_gap"] < 5e-3).all()
    words = summary(decision)
    assert "those that a search found best" in words
    assert "Probabilities and costs are against all of them." in words
    assert (decision["probability_best"].sum("level") <= 1 + 1e-9).all()


@pytest.mark.parametrize(
    ("rule", "equal"),
    # where sizes differ a search knows some rivals only, and what it regrets is a lower bound
    [("expected", True), ("expected", False), ("cvar", True), ("cvar", False), ("regret", True)],
)
def test_the_gap_of_a_search_is_no_smaller_than_what_it_missed(monkeypatch, rule, equal):
    """Of pools so few that all subsets are evaluated too, and the least score of all is known."""
    fit = made.fit(pools=7, spread=0.05)
    if not equal:
        sizes = fit["constant_data"]["pool_size"]
        fit["constant_data"]["pool_size"] = sizes * np.linspace(1, 2, sizes.size)
    best = qqt.best_subsets(fit, BUDGETS, rule=rule, discrepancy=False)["score"].min("level")
    monkeypatch.setattr(subsets, "MAX_ENUMERATED_POOLS", 6)
    decision = qqt.best_subsets(fit, BUDGETS, rule=rule, discrepancy=False)
    assert decision.attrs["searched"] == 1
    found = decision["score"].min("level")
    assert (found >= best - 1e-12).all()
    assert (found - decision["optimality_gap"] <= best + 1e-12).all()


def test_a_search_that_knows_some_rivals_only_names_no_winner():
    fit = made.fit(pools=21, spread=0.02, draws=10)
    sizes = fit["constant_data"]["pool_size"]
    fit["constant_data"]["pool_size"] = sizes * np.linspace(1, 2, sizes.size)
    decision = qqt.best_subsets(fit, BUDGETS[1:2], discrepancy=False)
    assert decision["winner"].item() == "undecided"
    assert "so no winner is named" in summary(decision)


def test_no_search_where_more_data_may_do_worse():
    """By the law of the released code: the bounds of its search were too high, by 0.001."""
    fit = made.fit(pools=21, draws=5, model="utility-released")
    assert qqt.best_subsets(fit, BUDGETS[1:2], discrepancy=False).attrs["searched"] == 1
    sizes = fit["constant_data"]["pool_size"]
    fit["constant_data"]["pool_size"] = sizes * np.linspace(1, 2, sizes.size)
    with pytest.raises(InputError, match="a larger training set may have the higher error"):
        qqt.best_subsets(fit, BUDGETS[1:2], discrepancy=False)


def test_faults_are_sentences():
    with pytest.raises(InputError, match="the fit has several"):
        qqt.best_subsets(made.fit(groups=2, model="cherti"), BUDGETS)
    with pytest.raises(InputError, match="rule 'target' has no bound"):
        qqt.best_subsets(made.fit(pools=21, draws=5), BUDGETS, rule="target", target=0.6)
    for rule in ("minimax-regret", "cvar-regret"):
        with pytest.raises(InputError, match=f"rule '{rule}' has no bound to search with; take"):
            qqt.best_subsets(made.fit(pools=21, draws=5), BUDGETS, rule=rule)
    with pytest.raises(InputError, match="of subsets of pools ask for one rule at a time"):
        qqt.best_subsets(made.fit(draws=5), BUDGETS, rule="all")
    with pytest.raises(InputError, match="cannot be searched"):
        qqt.best_subsets(made.fit(pools=21, draws=5, model="effective-data"), BUDGETS)
    with pytest.raises(qqt.InadequateFit):
        qqt.best_subsets(made.fit(passed=False), BUDGETS)


@pytest.mark.parametrize("rule", ["expected", "cvar", "minimax-regret", "cvar-regret"])
def test_subsets_depart_from_the_law_as_levels_do(rule):
    """All of them are few enough to be judged with departures here: as the same levels are."""
    fit = made.fit(pools=3, spread=0.02)
    fit["posterior"]["amplitude"].values[:] = 0.02
    decision = qqt.best_subsets(fit, BUDGETS, rule=rule)
    assert (decision.attrs["shortlisted"], decision.attrs["discrepancy"]) == (7, 1)
    levels = (decision["member"] * made.SIZE).reset_coords(drop=True)
    expected = qqt.decide(fit, levels, BUDGETS, rule=rule)
    assert decision.sizes["level"] == 7
    for name in ("error", "probability_best", "regret", "score", "choice_regret", "leader"):
        xr.testing.assert_allclose(decision[name], expected[name].reset_coords(drop=True))
    alone = qqt.best_subsets(fit, BUDGETS, rule=rule, discrepancy=False)
    assert abs(alone["regret"] - decision["regret"]).max() > 1e-3
    assert "all but 7, which were judged with departures" in summary(decision)


def test_departures_part_subsets_that_the_law_finds_best():
    fit = made.fit(pools=8, spread=0.02, draws=20)
    decision = qqt.best_subsets(fit, BUDGETS)
    assert 32 <= decision.attrs["shortlisted"] <= 64 * len(BUDGETS)
    np.testing.assert_allclose(decision["probability_best"].sum("level"), 1, atol=0.5)
    law = qqt.best_subsets(fit, BUDGETS, discrepancy=False)
    assert (abs(decision["score"].min("level") - law["score"].min("level")) < 0.01).all()
