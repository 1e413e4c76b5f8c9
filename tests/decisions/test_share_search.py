"""The search for shares, beside optima that are known and grids that hold every limit."""

from itertools import product

import numpy as np
import pytest
from made_pools import some_pools

from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.share_search import Objective, Room, onto, search
from qqt_bayes.laws.subset_curves import WholePools

SIZES = np.array([3e6, 5e6, 4e6])


def three_pools(law="utility", rule="expected", at=1, **options):
    """The objective of three unequal pools at one of the budgets of `made_pools`."""
    pools = some_pools(3, law=law, **options)
    pools = WholePools(pools.law, pools.parameters, SIZES, SIZES, pools.budgets)
    return Objective([pools.at(at)], Criteria(rule=rule, cvar_level=0.8))


def grid(room, steps=16):
    """Training sets within a room, on a grid."""
    every = np.array(list(product(np.linspace(0, 1, steps + 1), repeat=3)))[1:] * SIZES
    return every[room.holds(every)]


ROOMS = {
    "no limit": Room(np.zeros(3), SIZES, 1.0, SIZES.sum()),
    "few samples": Room(np.zeros(3), SIZES, 1.0, 4e6),
    "few epochs": Room(np.zeros(3), SIZES, 1e7, SIZES.sum()),
    "always the worst": Room(np.array([0, 0, 4e6]), SIZES, 4e6, SIZES.sum()),
    "never the best": Room(np.zeros(3), SIZES * [0, 1, 1], 1.0, 9e6),
    "one size": Room(np.array([0, 1e6, 0]), SIZES, 6e6, 6e6),
}


@pytest.mark.parametrize(
    ("law", "rule"),
    [("utility", "expected"), ("utility", "cvar"), ("data-constrained", "expected")],
)
@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("room", ROOMS)
def test_no_training_set_of_a_grid_beats_what_is_found_nor_its_bound(law, room, at, rule):
    room, objective = ROOMS[room], three_pools(law, rule, at)
    found = search(objective, room, [])
    sets = grid(room)
    best = min(objective.score(taken) for taken in sets[:: 1 + len(sets) // 400])
    assert room.holds(found.taken)
    assert found.score == pytest.approx(objective.score(found.taken), abs=1e-9)
    assert found.bound <= min(best, found.score) + 1e-12
    assert found.score <= best + 3e-4  # with the 24 sizes that are tried
    assert found.score - found.bound < 3e-3


def test_a_useless_pool_is_left_alone_and_a_good_one_taken_whole():
    """Where repetition does not care about the rest, a pool that teaches nothing only dilutes."""
    pools = some_pools(2, exponent=0.0, spread=0.05)
    pools.parameters["b"][:, 1] = 1e-6
    objective = Objective([pools.at(2)], Criteria())
    found = search(objective, Room(np.zeros(2), pools.taken, 1.0, pools.taken.sum()), [])
    np.testing.assert_allclose(found.taken / pools.taken, [1.0, 0.0], atol=2e-2)
    alone = objective.score(pools.taken * [1, 0])
    assert found.score == pytest.approx(alone, abs=3e-4)
    again = search(
        objective, Room(np.zeros(2), pools.taken, 1.0, pools.taken.sum()), [pools.taken * [1, 0]]
    )
    assert again.score <= alone


def test_of_one_pool_everything_is_taken():
    pools = some_pools(1)
    for at in (1, 2):
        objective = Objective([pools.at(at)], Criteria())
        found = search(objective, Room(np.zeros(1), pools.taken, 1.0, pools.taken[0]), [])
        np.testing.assert_allclose(found.taken, pools.taken)
        assert found.score - found.bound < 1e-3


def test_what_it_starts_from_is_never_lost():
    objective, room = three_pools(), ROOMS["no limit"]
    rng = np.random.default_rng(0)
    for _ in range(5):
        start = rng.uniform(size=3) * SIZES
        assert search(objective, room, [start]).score <= objective.score(start) + 1e-12


def test_the_order_of_pools_makes_no_difference():
    order = np.array([2, 0, 1])
    pools = some_pools(3)
    turned = {name: x[:, order] if x.shape[1] == 3 else x for name, x in pools.parameters.items()}
    found = [
        search(
            Objective([WholePools(pools.law, each, taken, taken, pools.budgets).at(1)], Criteria()),
            Room(np.zeros(3), taken, 1.0, taken.sum()),
            [],
        )
        for each, taken in ((pools.parameters, SIZES), (turned, SIZES[order]))
    ]
    assert found[0].score == pytest.approx(found[1].score, abs=1e-5)
    assert found[0].bound == pytest.approx(found[1].bound, abs=1e-4)


def test_a_law_without_a_bound_is_searched_all_the_same():
    room, objective = ROOMS["few samples"], three_pools("effective-data")
    found = search(objective, room, [])
    assert found.bound == -np.inf
    assert found.score <= min(map(objective.score, grid(room, 10))) + 3e-4


def test_draws_of_two_laws_are_searched_as_one():
    one, other = three_pools(at=1), three_pools("data-constrained", at=1)
    both = Objective([*one.parts, *other.parts], Criteria())
    found = search(both, ROOMS["few samples"], [])
    mean = (one.score(found.taken) + other.score(found.taken)) / 2
    assert found.score == pytest.approx(mean, abs=1e-9)


def test_shares_are_brought_between_their_limits():
    rng = np.random.default_rng(0)
    for _ in range(50):
        low = rng.dirichlet(np.ones(4)) * rng.uniform()
        high = np.minimum(low + rng.uniform(0.3, 1, 4), 1)
        shares = onto(rng.dirichlet(np.ones(4)), low, high)
        assert shares.sum() == pytest.approx(1)
        assert (shares >= low - 1e-12).all()
        assert (shares <= high + 1e-12).all()
