"""Errors of subsets of pools, and the best of each draw without a search."""

from dataclasses import replace

import numpy as np
import pytest
from made_pools import SIZES, some_pools, written_out
from written_out import ERROR

from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.enumeration import all_subsets, enumerate_subsets, silent
from qqt_bayes.laws.subset_curves import best_of_each_draw


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("law", ERROR)
@pytest.mark.parametrize("exponent", [1.0, -0.5])
def test_errors_are_those_of_one_training_set_at_a_time(law, sizes, exponent):
    pools = some_pools(4, sizes, law=law, exponent=exponent, draws=7)
    members = all_subsets(4)
    expected = written_out(pools, members).transpose("level", "budget", "draw", "chain")[..., 0]
    np.testing.assert_allclose(pools.errors(members), expected, rtol=0, atol=1e-9)


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
