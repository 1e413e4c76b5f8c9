"""The search for subsets beside their enumeration."""

import numpy as np
import pytest
from made_pools import BUDGETS, SIZES, some_pools

from qqt_bayes.decisions import branch_and_bound
from qqt_bayes.decisions.branch_and_bound import search
from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.enumeration import enumerate_subsets, silent


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


@pytest.mark.parametrize("rule", ["expected", "cvar"])
def test_the_bound_holds_of_a_search_that_is_stopped_before_it_found_the_best(monkeypatch, rule):
    """It begins with the worst pool alone and may split no part, so that it misses some bests."""
    monkeypatch.setattr(branch_and_bound, "MAX_SPLITS", 0)
    criteria, missed = Criteria(rule=rule), 0
    for seed in range(6):
        pools = some_pools(8, "unequal", draws=10, exponent=0.3, spread=1.0, seed=seed)
        least = enumerate_subsets(pools, criteria, silent).score.min(axis=0)
        for i, best in enumerate(least):
            found = search(pools.at(i), criteria, np.eye(8, dtype=bool)[-1:])
            assert found.bound <= best + 1e-12
            missed += found.score[0] > best + 1e-6
    assert missed > 3
