"""Batches of runs that are found against the best of all there are, on small normal cases."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from qqt_bayes.planning.batch import Search, best_batch, least_price
from qqt_bayes.planning.value import Expectations

LEVELS, BUDGETS, DRAWS = 3, 3, 2000


def search(seed, allowance, worth=0.0, noise=(2.0, 1.0, 0.5)):
    """Normal losses with a large part in common, seen with less noise at larger budgets."""
    rng = np.random.default_rng(seed)
    common = 3 * rng.standard_normal((DRAWS, 1))
    loss = rng.uniform(-0.3, 0.3, LEVELS) + rng.standard_normal((DRAWS, LEVELS)) + common

    def features(replicate):
        own = np.random.default_rng((seed, replicate)).standard_normal((DRAWS, LEVELS, BUDGETS))
        return (loss[:, :, None] + np.array(noise) * own)[..., None]

    cost = np.tile([1.0, 4.0, 16.0], (LEVELS, 1))
    return Search(Expectations.before(loss), features, cost, allowance, range(LEVELS), worth)


@pytest.mark.parametrize("allowance", [3.0, 9.0, 24.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_batch_is_nearly_the_best_of_all(seed, allowance):
    found = search(seed, allowance)
    runs = [(i, j, 0) for i in range(LEVELS) for j in range(BUDGETS)]
    every = [
        picks
        for size in range(1, len(runs) + 1)
        for picks in combinations(runs, size)
        if found.price(picks) <= allowance
    ]
    best = max(found.value(picks) for picks in every)
    batch = best_batch(found)
    assert found.price(batch.picks) <= allowance
    assert batch.value >= 0.9 * best


def test_two_runs_are_found_where_one_tells_nothing():
    """What a level has in common with all others hides it, until another is run beside it."""
    found = search(0, allowance=8.0, noise=(np.inf, 0.5, 0.5))
    found = replace(found, cost=np.where(np.arange(BUDGETS) == 0, np.inf, found.cost))
    single = found.value([(0, 1, 0)])
    batch = best_batch(found)
    assert len(batch.picks) == 2
    assert batch.value > 3 * single


def test_nothing_is_bought_that_is_not_worth_its_price():
    found = search(1, allowance=24.0)
    worth = found.before.perfect / 0.9  # a unit of cost for more than there is to gain
    assert best_batch(replace(found, worth=worth)).picks == ()
    assert best_batch(replace(found, allowance=0.5)).picks == ()


def test_the_least_price_is_that_of_what_gains_enough():
    """Where nothing can be afforded; a pair costs 2 at least, as a single run tells little."""
    found = search(0, allowance=0.5)
    singles = {j: max(found.value([(i, j, 0)]) for i in range(LEVELS)) for j in range(BUDGETS)}
    assert least_price(found, 0.0) == 1
    bar = 1.2 * max(singles.values())
    least = least_price(found, bar)
    assert least >= 2
    assert best_batch(replace(found, allowance=least)).value > 0
    assert least_price(found, found.before.perfect) == np.inf
    assert least_price(replace(found, worth=found.before.perfect / 0.9), 0.0) == np.inf


def test_where_there_is_nothing_to_gain_no_price_is_named():
    sure = search(0, allowance=9.0)
    sure = replace(sure, before=Expectations.before(np.tile([0.0, 1.0, 2.0], (DRAWS, 1))))
    assert sure.before.perfect == 0
    assert least_price(sure, 0.0) == np.inf


def test_a_price_lowers_what_is_spent():
    found = search(2, allowance=24.0)
    dear = best_batch(replace(found, worth=0.02))
    free = best_batch(found)
    assert found.price(dear.picks) < found.price(free.picks)
    assert dear.value >= 0.02 * found.price(dear.picks)


def test_data_that_runs_share_are_paid_for_once():
    """Set 0 needs data of 10, set 1 the same and 5 more."""
    needed = {0: 10.0, 1: 15.0}
    search = Search(
        before=Expectations.before(np.zeros((4, 2))),
        features=lambda replicate: np.zeros((4, 2, 1, 1)),
        cost=np.array([[1.0], [2.0]]),
        allowance=18.0,
        likely=[],
        purchase=lambda sets: max((needed[i] for i in sets), default=0.0),
    )
    assert search.price([(0, 0, 0)]) == 11
    assert search.price([(0, 0, 0), (1, 0, 0)]) == 18
    assert search.price([(1, 0, 0)], beside=[(0, 0, 0)]) == 7
    assert search.price([(0, 0, 1)], beside=[(0, 0, 0)]) == 1
    assert ((1, 0, 0),) in search.moves([(0, 0, 0)], left=7.0)
    assert ((1, 0, 0),) not in search.moves([(0, 0, 0)], left=6.9)
