"""Where levels were trained, and where so a winner may be named."""

import made
import numpy as np
import xarray as xr

from qqt_bayes import decide
from qqt_bayes.decisions.trained import ALIKE, runs_to_settle, trained_at
from qqt_bayes.posterior.fit import Fit


def test_levels_are_known_by_what_they_take():
    """A copy with one sample more is the level itself; one that differs by a tenth is not."""
    fit = Fit.of(made.fit(draws=5))
    levels = xr.concat([made.levels(), made.levels() + 1, 1.1 * made.levels()], "level")
    found = trained_at(fit, levels, None)
    assert found["budgets_trained"].values.tolist() == [4] * 6 + [0] * 3
    assert found["level_most_trained"].values.tolist() == [max(made.BUDGETS)] * 6 + [0.0] * 3
    assert 1 / made.SIZE < ALIKE < 0.1


def test_each_group_has_its_own():
    fit = made.fit(groups=2, draws=5)
    runs = fit["constant_data"]
    runs["samples_seen"].values[runs["group_index"].values == 1] = 64e6
    found = trained_at(Fit.of(fit), made.levels(), None)
    assert found["budgets_trained"].values.tolist() == [[4] * 3, [1] * 3]
    one = trained_at(Fit.of(fit), made.levels(), "arch 2")
    assert one["budgets_trained"].values.tolist() == [1] * 3


def test_checkpoints_of_one_training_are_one_training():
    """Of one training nothing shows how far another would differ: its level is not proven."""
    fit = made.fit(draws=100)
    runs = fit["constant_data"].to_dataset()
    first = runs["data"].values[0]
    of_first = runs["data"].values[runs["data_index"].values] == first
    cases = [(["once"] * 4, 1), (["once", "once", "again", "again"], 2), ([""] * 4, 4)]
    for names, trainings in cases:
        training = np.full(of_first.size, "", dtype="U5")
        training[of_first] = names
        table = runs.assign(training=("run", training))
        again = fit.assign({"constant_data": xr.DataTree(table)})
        found = decide(again, made.levels(), [1.28e9], probability=0.34)
        assert found["trainings"].values.tolist() == [trainings, 4, 4]
        assert found["budgets_trained"].values.tolist() == [4] * 3
        assert found["proven"].values.tolist() == [trainings > 1]


def test_a_winner_is_named_where_every_level_was_trained_and_not_far_beyond():
    fit = made.fit(draws=100)
    budgets = [1.28e9, 8 * 1.28e9, 8.1 * 1.28e9]
    found = decide(fit, made.levels(), budgets, probability=0.34)
    assert found["proven"].values.tolist() == [True, True, False]
    assert found["winner"].values.tolist() == [*found["leader"].values.tolist()[:2], "undecided"]
    assert (found["leader"] != "undecided").all()
    new = xr.concat([made.levels(), 1.5 * made.levels().isel(level=[0])], "level")
    new = new.assign_coords(level=[*"abcd"])
    assert not decide(fit, new, budgets)["proven"].any()


def test_who_is_near_the_best_is_said_whatever_is_proven():
    found = decide(made.fit(draws=50), made.levels(), [128e9])
    near = found["regret"] <= found.attrs["margin"]
    np.testing.assert_array_equal(found["near_best"], near)
    assert not found["proven"].any()


def test_runs_that_would_settle_it():
    """Of levels that may be the best at the largest open budget and were not trained enough."""
    fit = made.fit(draws=100)
    options = {"probability": 1.0, "discrepancy": False}
    near, far = [1.28e9, 8 * 1.28e9], 16 * 1.28e9
    assert runs_to_settle(decide(fit, made.levels(), [*near, far], **options)) == (
        far,
        {"top 3": [far / 16, far / 4]},
    )
    best = decide(fit, made.levels(), near, **options)
    assert runs_to_settle(best.assign(winner=best["leader"])) == (0.0, {})
    assert runs_to_settle(best.assign(winner=xr.full_like(best["leader"], "undecided"))) == (
        near[1],
        {},
    )
