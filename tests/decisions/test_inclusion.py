"""How much to take of each pool under a fit, beside sets of whole pools and grids of shares."""

from itertools import product

import made
import numpy as np
import pytest
import xarray as xr

import qqt_bayes as qqt
from qqt_bayes.decisions import share_candidates
from qqt_bayes.errors import InputError
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.report.decision_text import summary
from qqt_bayes.report.records import to_frame, to_json
from qqt_bayes.report.verdict_text import answers

BUDGETS = [6.4e7, 1e9]


@pytest.fixture(scope="module")
def fit():
    return made.fit(pools=4, spread=0.05)


@pytest.fixture(scope="module")
def decision(fit):
    return qqt.best_shares(fit, BUDGETS)


@pytest.fixture(scope="module")
def limited(fit):
    return qqt.best_shares(
        fit, BUDGETS, most_samples=2e7, never="10-20%", most_epochs=60, discrepancy=False
    )


@pytest.mark.parametrize("discrepancy", [True, False])
@pytest.mark.parametrize("rule", ["expected", "cvar"])
def test_the_choice_is_never_worse_than_the_best_set_of_whole_pools(fit, rule, discrepancy):
    options = {"rule": rule, "discrepancy": discrepancy, "cvar_level": 0.8}
    found = qqt.best_shares(fit, BUDGETS, **options)
    assert (found["gain"] >= 0).all()
    whole = qqt.best_subsets(fit, BUDGETS, **options)
    level = xr.DataArray(found["choice"].values, dims="budget", coords={"budget": BUDGETS})
    score = found["score"].sel(level=level)
    assert (found["score"].sel(level=found["best_subset"]) >= score).all()
    if not discrepancy:  # departures are drawn for all levels together, and so differ a little
        assert (score <= whole["score"].min("level") + 1e-12).all()
    assert (found["probability_best"].sum("level") <= 1 + 1e-9).all()
    assert (found["optimality_gap"] >= 0).all()
    assert set(found["winner"].values) == {"undecided"}


def test_limits_are_kept_and_a_grid_within_them_holds_nothing_better(fit, limited):
    sizes = Fit.of(fit).runs["pool_size"]
    shares = np.array(list(product(np.linspace(0, 1, 9), repeat=4)))[1:]
    taken = shares * sizes.values
    inside = (taken.sum(axis=1) <= 2e7 + 1) & (shares[:, 1] == 0)
    for i, budget in enumerate(BUDGETS):
        own = inside & (budget / taken.sum(axis=1) <= 60 + 1e-9)
        levels = xr.DataArray(
            taken[own],
            {"level": np.flatnonzero(own).astype(str), "pool": sizes["pool"]},
            ("level", "pool"),
        )
        best = qqt.predict(fit, levels, [budget], law_only=True).mean(("chain", "draw")).min()
        at = limited.isel(budget=i)
        level = at.sel(level=at["choice"].item())
        assert level["score"] <= best + 3e-4
        assert level["score"] - at["optimality_gap"] <= best + 1e-3
        assert level["allowed"]
        total = level["unique_samples"].sum()
        assert total <= 2e7 * (1 + 1e-6)
        assert budget / total <= 60 * (1 + 1e-6)
        assert level["unique_samples"].sel(pool="10-20%") == 0
    # one pool alone is seen more than 60 times at the larger budget, two are too many samples
    assert limited["best_subset"].values.tolist() == ["top 1", ""]
    assert np.isnan(limited["gain"].values[1])
    assert not limited["allowed"].sel(level="top 1").values[1]


def test_always_takes_a_pool_whole_or_as_many_samples_as_asked(fit):
    found = qqt.best_shares(fit, BUDGETS[:1], always=["30-40%"], most_samples=2e7)
    level = found["unique_samples"].sel(level=found["choice"].values[0])
    assert level.sel(pool="30-40%").item() == pytest.approx(made.SIZE)
    found = qqt.best_shares(fit, BUDGETS[:1], always={"30-40%": 1e6})
    level = found["unique_samples"].sel(level=found["choice"].values[0])
    assert level.sel(pool="30-40%") >= 1e6 * (1 - 1e-6)


@pytest.mark.parametrize("most", [1, 1000, made.SIZE * (1 - 5e-4)])
def test_few_samples_are_no_whole_pool_nor_one_that_is_not_allowed(fit, most):
    found = qqt.best_shares(fit, BUDGETS, most_samples=most)
    level = found.sel(level=found["choice"].values[0])
    assert level["unique_samples"].sum() == pytest.approx(most, rel=1e-6)
    assert level["allowed"].all()
    assert set(found["best_subset"].values) == {""}
    levels = level["unique_samples"].expand_dims("level")
    alone = qqt.predict(fit, levels, BUDGETS).mean(("chain", "draw"))
    np.testing.assert_allclose(level["error_mean"], alone.isel(level=0), rtol=0.02)


def test_the_order_of_pools_makes_no_difference(fit, decision):
    order = [2, 0, 3, 1]
    groups = {name: each.to_dataset(inherit=False) for name, each in fit.children.items()}
    groups = {
        name: each.isel(pool=order) if "pool" in each.dims else each
        for name, each in groups.items()
    }
    turned = xr.DataTree.from_dict({"/": xr.Dataset(attrs=fit.attrs), **groups})
    found = qqt.best_shares(turned, BUDGETS)
    assert found["pool"].values.tolist() == [decision["pool"].values[i] for i in order]
    for name in ("optimality_gap", "gain", "choice_regret"):
        np.testing.assert_allclose(found[name], decision[name], atol=1e-9)
    for i in range(len(BUDGETS)):
        one, other = (
            each["unique_samples"].sel(level=each["choice"].values[i], pool=decision["pool"])
            for each in (found, decision)
        )
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_several_laws_are_searched_together():
    fits = {
        "utility": made.fit(pools=3, spread=0.05),
        "free": made.fit(pools=3, model="utility-free-size", spread=0.05),
    }
    found = qqt.best_shares(fits, BUDGETS, weights=[0.7, 0.3], most_samples=3e7)
    assert (found["gain"].fillna(0) >= 0).all()
    assert found.attrs["models"] == ["utility", "free"]
    assert found.attrs["search_draws"] <= 300


def test_shares_are_of_pools_as_large_as_the_target():
    found = qqt.best_shares(made.fit(pools=3, spread=0.05), BUDGETS, target_pools=3)
    np.testing.assert_allclose(found["pool_size"], 3 * made.SIZE)
    assert found["unique_samples"].max() == pytest.approx(3 * made.SIZE)


def test_many_pools_are_searched_beside_unions(monkeypatch):
    monkeypatch.setattr(share_candidates, "MAX_ENUMERATED_POOLS", 3)
    found = qqt.best_shares(made.fit(pools=5, spread=0.05), BUDGETS, always="40-50%")
    assert (found["gain"] >= 0).all()
    assert (found["unique_samples"].sel(pool="40-50%", level=found["choice"]) > 1e7).all()


def test_what_is_said_is_what_was_found(decision, limited):
    words = summary(limited)
    assert "Limits: at most 20M unique samples; at most 60 epochs; nothing of 10-20%." in words
    assert "No set of whole pools keeps to the limits." in words
    assert "Departures" not in words
    assert "no training set within the limits scores lower than the shares found by" in words
    assert "Departures from the law are part of the judgement of what was found" in summary(
        decision
    )
    (answer,) = answers(limited)
    assert answer.verdict.startswith("At 1B samples take all of 0-10%, and 7.2M of 20-30%")
    content = to_json(limited)
    assert [each["budget"] for each in content["decisions"]] == BUDGETS
    assert content["runs_to_settle"] == []
    frame = to_frame(limited)
    taken = frame[[f"takes {pool}" for pool in limited["pool"].values]].sum(axis=1)
    np.testing.assert_allclose(taken, frame["budget"] / frame["repetitions"])


def test_of_one_pool_it_is_said_how_much_to_take():
    (answer,) = answers(qqt.best_shares(made.fit(pools=1), BUDGETS[:1]))
    assert answer.verdict.startswith("At 64M samples take all pools: 12.8M unique samples, seen 5")


def test_faults_are_sentences(fit):
    with pytest.raises(InputError, match="the fit has several"):
        qqt.best_shares(made.fit(groups=2, model="cherti"), BUDGETS)
    with pytest.raises(InputError, match="rule 'target': shares are sought by rule expected or"):
        qqt.best_shares(fit, BUDGETS, rule="target", target=0.5)
    with pytest.raises(InputError, match=r"never: unknown pool '0-10'.*did you mean '0-10%'"):
        qqt.best_shares(fit, BUDGETS, never="0-10")
    with pytest.raises(qqt.InadequateFit):
        qqt.best_shares(made.fit(passed=False), BUDGETS)
