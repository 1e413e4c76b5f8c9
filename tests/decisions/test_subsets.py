"""Every subset judged, beside the written-out comparison; the search beside the enumeration."""

import json
from dataclasses import replace
from itertools import combinations

import command
import made
import numpy as np
import pytest
import xarray as xr

import qqt_bayes as qqt
from qqt_bayes.decisions.branch_and_bound import search
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.enumeration import all_subsets, enumerate_subsets, silent
from qqt_bayes.decisions.judge import judge
from qqt_bayes.decisions.subsets import ALL_POOLS, JOIN
from qqt_bayes.errors import InputError
from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.mixture import mixture_error
from qqt_bayes.laws.subset_curves import WholePools, best_of_each_draw
from qqt_bayes.posterior import fit_file
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.report.decision_text import summary
from qqt_bayes.report.records import to_json

BUDGETS = np.array([2e6, 3e7, 8e8])
SIZES = {"equal": 5e6, "unequal": np.array([1e6, 2e6, 4e6, 8e6] * 8)}


def some_pools(count, sizes="equal", *, law="utility", draws=40, exponent=1.0, spread=0.3, seed=1):
    """Pools of falling utility under a made posterior."""
    rng = np.random.default_rng(seed)

    def about(value):
        return value * np.exp(spread * rng.standard_normal((draws, np.size(value))))

    parameters = {
        "a": about(0.025),
        "b": about(np.geomspace(0.18, 0.06, count)),
        "d": about(0.1),
        "tau": about(np.geomspace(3, 8, count)),
        "size_exponent": exponent * np.ones((draws, 1)),
        "kappa": about(0.05),
    }
    taken = np.broadcast_to(SIZES[sizes], 32)[:count] * np.ones(count)
    return WholePools(LAWS[law], parameters, taken, np.full(count, 4e6), BUDGETS)


def written_out(pools, members):
    """Errors of subsets one by one, dims (chain, draw, level, budget)."""
    errors = [
        mixture_error(pools.law, pools.parameters, each * pools.taken, pools.reference, BUDGETS)
        for each in members
    ]
    dims = ("chain", "level", "draw", "budget")
    coords = {"level": np.arange(len(members)), "budget": BUDGETS}
    return xr.DataArray(np.array(errors)[None], coords, dims)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("exponent", [1.0, -0.5])
def test_errors_are_those_of_one_training_set_at_a_time(law, sizes, exponent):
    pools = some_pools(4, sizes, law=law, exponent=exponent, draws=7)
    members = all_subsets(4)
    expected = written_out(pools, members).transpose("level", "budget", "draw", "chain")[..., 0]
    np.testing.assert_allclose(pools.errors(members), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "criteria",
    [Criteria(), Criteria(rule="cvar", cvar_level=0.8), Criteria(rule="target", target=0.7)],
    ids=lambda c: c.rule,
)
@pytest.mark.parametrize("sizes", SIZES)
def test_enumeration_is_the_comparison_of_all_levels(criteria, sizes):
    pools = some_pools(4, sizes)
    ranking = enumerate_subsets(pools, criteria, silent)
    decision = judge(written_out(pools, ranking.members), criteria)
    np.testing.assert_allclose(ranking.probability, decision["probability_best"], atol=1e-9)
    np.testing.assert_allclose(ranking.score, decision["score"], atol=1e-9)
    np.testing.assert_allclose(ranking.mean, decision["error_mean"], atol=1e-9)
    np.testing.assert_allclose(ranking.probability.sum(axis=0), 1)
    assert (ranking.gap == 0).all()


def test_subsets_that_tie_share_the_probability():
    """Two pools alike in everything: either is as good as the other."""
    pools = some_pools(2, draws=5)
    alike = {name: x[:, :1].repeat(x.shape[1], axis=1) for name, x in pools.parameters.items()} | {
        "size_exponent": np.zeros((5, 1))
    }
    ranking = enumerate_subsets(
        WholePools(pools.law, alike, pools.taken, pools.reference, BUDGETS), Criteria(), silent
    )
    np.testing.assert_allclose(ranking.probability[0], ranking.probability[1])


@pytest.mark.parametrize("criteria", [Criteria(), Criteria(rule="cvar")], ids=lambda c: c.rule)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("exponent", [1.0, 0.3, -0.5])
@pytest.mark.parametrize("law", ["utility", "utility-overfit"])
def test_the_bound_of_a_search_holds(criteria, sizes, exponent, law):
    """No subset of nine pools scores below the bound, and the search names the one of its score."""
    pools = some_pools(9, sizes, law=law, exponent=exponent)
    scores = enumerate_subsets(pools, criteria, silent).score
    for i in range(BUDGETS.size):
        found = search(pools.at(i), criteria, np.eye(9, dtype=bool))
        assert found.bound <= scores[:, i].min() + 1e-9
        assert found.score[0] >= scores[:, i].min() - 1e-9
        assert found.score[0] - found.bound < 2e-3
        number = (found.members[0] * 2 ** np.arange(9)).sum() - 1
        assert scores[number, i] == pytest.approx(found.score[0], abs=1e-9)


@pytest.mark.parametrize("law", ["utility", "utility-bounded", "power-law"])
def test_the_best_of_each_draw_needs_no_search(law):
    """Equal pools with one floor: as every subset evaluated says."""
    pools = some_pools(9, law=law)
    shared = {name: x[:, :1] if name in ("a", "d") else x for name, x in pools.parameters.items()}
    pools = replace(pools, parameters=shared)
    least, included = best_of_each_draw(pools)
    ranking = enumerate_subsets(pools, Criteria(), silent)
    np.testing.assert_allclose(least, ranking.least, atol=1e-12)
    np.testing.assert_allclose(included, ranking.included, atol=1e-12)


def test_the_best_of_each_draw_is_unknown_where_more_differs():
    pools = some_pools(5, law="utility")
    floors = pools.parameters | {"d": pools.parameters["b"] / 2}
    assert best_of_each_draw(replace(pools, parameters=floors)) is None
    assert best_of_each_draw(replace(pools, taken=pools.taken * np.arange(1, 6))) is None


def test_best_subsets_of_a_fit():
    fit = made.fit(pools=4, spread=0.05)
    decision = qqt.best_subsets(fit, BUDGETS)
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
    expected = qqt.decide(fit, levels, BUDGETS, discrepancy=False)
    assert decision["choice"].values.tolist() == expected["choice"].values.tolist()
    assert decision["winner"].values.tolist() == expected["winner"].values.tolist()
    named = expected.sel(level=decision["level"])
    for name in ("error", "error_mean", "probability_best", "regret", "score", "choice_regret"):
        np.testing.assert_allclose(decision[name], named[name], atol=1e-9, err_msg=name)
    assert decision.attrs["subsets"] == 15
    included = (expected["probability_best"] * (levels > 0)).sum("level")
    np.testing.assert_allclose(decision["probability_included"], included.transpose("pool", ...))
    assert "crossover" not in decision
    assert summary(decision).startswith(
        "The 15 sets of whole pools that 4 pools allow are compared by expected error"
    )
    assert set(to_json(decision)) >= {"settings", "summary", "decisions"}


def test_many_pools_are_searched():
    fit = made.fit(pools=22, spread=0.02, draws=10)
    decision = qqt.best_subsets(fit, BUDGETS[1:])
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


def test_a_search_that_knows_some_rivals_only_names_no_winner():
    fit = made.fit(pools=21, spread=0.02, draws=10)
    sizes = fit["constant_data"]["pool_size"]
    fit["constant_data"]["pool_size"] = sizes * np.linspace(1, 2, sizes.size)
    decision = qqt.best_subsets(fit, BUDGETS[1:2])
    assert decision["winner"].item() == "undecided"
    assert "so no winner is named" in summary(decision)


def test_faults_are_sentences():
    with pytest.raises(InputError, match="the fit has several"):
        qqt.best_subsets(made.fit(groups=2, model="cherti"), BUDGETS)
    with pytest.raises(InputError, match="rule 'target' has no bound"):
        qqt.best_subsets(made.fit(pools=21, draws=5), BUDGETS, rule="target", target=0.6)
    with pytest.raises(InputError, match="cannot be searched"):
        qqt.best_subsets(made.fit(pools=21, draws=5, model="effective-data"), BUDGETS)
    with pytest.raises(qqt.InadequateFit):
        qqt.best_subsets(made.fit(passed=False), BUDGETS)


def test_the_command(tmp_path):
    path = tmp_path / "fit.nc"
    fit_file.save(made.fit(pools=4, spread=0.05), path)
    shown = command.qqt("decide", path, "--subsets", "--budgets", "2M,30M", "--format", "json")
    content = json.loads(shown.stdout)
    assert [each["budget"] for each in content["decisions"]] == [2e6, 3e7]
    assert content["settings"]["subsets"] == 15
    assert {level["optimality_gap"] for level in content["decisions"][0]["levels"]} == {0.0}
    for option, value in {"--levels": "levels.csv", "--figures": "figures"}.items():
        refused = command.qqt("decide", path, "--subsets", option, value, exit_code=2)
        assert f"{option} is for levels; --subsets judges subsets of pools." in refused.output
