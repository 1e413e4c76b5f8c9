"""Every subset judged, beside the comparison of all of them as levels."""

import os
import subprocess
import sys

import numpy as np
import pytest
from made_pools import BUDGETS, SIZES, some_pools, written_out

from qqt_bayes.decisions import enumeration
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.enumeration import enumerate_subsets, silent
from qqt_bayes.decisions.judge import choose, judge
from qqt_bayes.decisions.rules import RULES
from qqt_bayes.laws.subset_curves import WholePools


@pytest.mark.parametrize(
    "criteria",
    [
        Criteria(rule=rule, cvar_level=0.8, target=0.7 if rule == "target" else None)
        for rule in RULES
    ],
    ids=list(RULES),
)
@pytest.mark.parametrize("sizes", SIZES)
def test_enumeration_is_the_comparison_of_all_levels(criteria, sizes):
    pools = some_pools(4, sizes)
    ranking = enumerate_subsets(pools, criteria, silent)
    decision = judge(written_out(pools, ranking.members), criteria)
    np.testing.assert_allclose(ranking.probability, decision["probability_best"], atol=1e-9)
    np.testing.assert_allclose(ranking.score, decision["score"], atol=1e-9)
    np.testing.assert_allclose(ranking.mean, decision["error_mean"], atol=1e-9)
    choice = choose(ranking.score, ranking.mean)
    assert choice.tolist() == decision["choice"].values.tolist()
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


@pytest.mark.parametrize(
    "rule",
    [{}, *({"rule": rule, "cvar_level": 0.8} for rule in ("cvar", "regret", "cvar-regret"))],
    ids=["expected", "cvar", "regret", "cvar-regret"],
)
@pytest.mark.parametrize("law", ["utility", "effective-data"])
def test_compiled_code_gives_the_same_ranking(law, rule, monkeypatch):
    pools, criteria = some_pools(6, "unequal", law=law), Criteria(**rule)
    plain = enumerate_subsets(pools, criteria, silent)
    monkeypatch.setattr(enumeration, "MIN_COMPILED", 0)
    done = []
    compiled = enumerate_subsets(pools, criteria, done.append)
    assert sum(done) == pytest.approx(1)
    for name in ("members", "least", "probability", "score", "mean", "included"):
        np.testing.assert_allclose(getattr(compiled, name), getattr(plain, name), atol=1e-9)


def test_the_ranking_is_the_same_on_any_number_of_cores(monkeypatch):
    """Subsets are shared out among threads; each knows the best of its own alone."""
    pools = some_pools(6, "unequal")
    found = []
    for cores in (1, 2, 5):
        monkeypatch.setattr(enumeration.os, "cpu_count", lambda cores=cores: cores)
        found.append(enumerate_subsets(pools, Criteria(), silent))
    for each in found[1:]:
        np.testing.assert_array_equal(each.probability, found[0].probability)
        np.testing.assert_allclose(each.least, found[0].least, rtol=1e-15)
        np.testing.assert_allclose(each.mean, found[0].mean, rtol=1e-15)


def test_a_small_decision_does_not_load_the_compiler():
    """Numba takes longer to load than the decision takes."""
    code = (
        "import sys; from made_pools import some_pools; "
        "from qqt_bayes.decisions.criteria import Criteria; "
        "from qqt_bayes.decisions.enumeration import enumerate_subsets, silent; "
        "enumerate_subsets(some_pools(4, 'unequal'), Criteria(), silent); "
        "sys.exit('numba' in sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
