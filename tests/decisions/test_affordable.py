"""Questions of many levels, budgets and draws: bounded memory and time, or what can be asked."""

import made
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from qqt_bayes.decisions import crossover
from qqt_bayes.decisions.crossover import GRID_POINTS, crossovers
from qqt_bayes.decisions.decide import decide
from qqt_bayes.decisions.subsets import best_subsets
from qqt_bayes.errors import InputError
from qqt_bayes.model.discrepancy import root
from qqt_bayes.posterior import levels as limits
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.levels import require_affordable
from qqt_bayes.posterior.prediction import predict, predict_known

BUDGETS = {"budgets": np.geomspace(1e6, 1e9, 10_000)}


def many(count: int) -> xr.DataArray:
    taken = np.linspace(1e6, 1e7, count)
    return xr.DataArray(
        np.stack([taken, taken], axis=1),
        {"level": [f"level {i}" for i in range(count)], "pool": ["0-10%", "10-20%"]},
        ("level", "pool"),
    )


@pytest.fixture(scope="module")
def fit() -> xr.DataTree:
    return made.fit(draws=20)


TOO_MANY = {
    "levels": (10_000, 2, "at most 2,000 levels are taken, got 10,000: leave out"),
    "budgets": (2, 10_000, "at most 2,000 budgets are taken, got 10,000: ask about some of them"),
    "both": (10_000, 10_000, "got 10,000: leave out those that are not in question; at most 2,000"),
    "their product": (
        2_000,
        2_000,
        "2,000 levels at 2,000 budgets under 40 draws are 160,000,000 errors, of which at most "
        "100,000,000 are held at once: ask about at most 1,250 budgets at a time, or at most 1,250",
    ),
}


@pytest.mark.parametrize("kind", TOO_MANY)
@pytest.mark.parametrize("ask", [decide, predict])
def test_more_than_is_held_is_refused_before_anything_is_made(monkeypatch, fit, ask, kind):
    levels, budgets, sentence = TOO_MANY[kind]
    for place in ("prediction.evaluate", "prediction.depart"):
        monkeypatch.setattr(f"qqt_bayes.posterior.{place}", None)
    with pytest.raises(InputError, match=sentence):
        ask(fit, many(levels), np.geomspace(1e7, 1e9, budgets))


def test_draws_of_all_fits_count(monkeypatch, fit):
    budgets = np.geomspace(1e7, 1e9, 60)
    monkeypatch.setattr(limits, "MAX_ERRORS", 5 * 60 * 40)
    decide(fit, many(5), budgets)
    with pytest.raises(InputError, match="under 80 draws are 24,000 errors"):
        decide({"one": fit, "two": fit}, many(5), budgets)


def test_what_is_said_to_be_possible_is(monkeypatch, fit):
    monkeypatch.setattr(limits, "MAX_ERRORS", 500)
    with pytest.raises(InputError, match="at most 2 budgets at a time, or at most 3 levels"):
        require_affordable(5, 4, draws=40)
    require_affordable(5, 2, draws=40)
    require_affordable(3, 4, draws=40)
    with pytest.raises(InputError, match=r"in 13 groups .*: ask about one group, and fit again"):
        require_affordable(1, 1, draws=40, groups=13)


def test_known_parameters_have_no_draws_and_the_same_limits():
    bands = pd.DataFrame(
        {"pool": ["0-10%", "10-20%"], "a": 0.025, "b": 0.16, "tau": 6.7, "d": 0.1}
    ).assign(unique_samples=12.8e6)
    assert predict_known(bands, many(50), np.geomspace(1e6, 1e9, 100)).shape == (50, 100)
    with pytest.raises(InputError, match="at most 2,000 budgets are taken, got 10,000"):
        predict_known(bands, many(2), **BUDGETS)


def test_subsets_have_a_limit_of_budgets(monkeypatch, fit):
    with pytest.raises(InputError, match="at most 2,000 budgets are taken, got 10,000"):
        best_subsets(fit, **BUDGETS)
    monkeypatch.setattr("qqt_bayes.decisions.subsets.MAX_ERRORS", 20)
    with pytest.raises(InputError, match=r"7 subsets at 3 budgets have 21 scores.* at most 2 budg"):
        best_subsets(fit, "64M, 128M, 640M")
    best_subsets(fit, "64M, 128M")


def test_crossings_of_many_levels_are_sought_in_fewer_draws(monkeypatch, fit):
    """Their grid of budgets is not to ask for more than the question itself."""
    asked = []

    def count(thinned, levels, budgets, **options):
        asked.append(thinned.draws * levels.sizes["level"] * len(budgets))
        return predict(thinned, levels, budgets, **options)

    monkeypatch.setattr(crossover, "predict", count)
    monkeypatch.setattr(crossover, "MAX_ERRORS", GRID_POINTS * 5 * 10)
    crossovers(Fit.of(fit), many(5), np.array([1e7, 1e9]), (0.05, 0.5, 0.95))
    assert asked == [GRID_POINTS * 5 * 10]


@pytest.mark.parametrize("draws", [20, 200])
def test_the_root_of_a_covariance_is_taken_once_for_all_draws(monkeypatch, draws):
    """It costs the cube of the number of levels, and draws go in blocks."""
    taken = []

    def count(matrix):
        taken.append(len(matrix))
        return root(matrix)

    monkeypatch.setattr("qqt_bayes.model.discrepancy.root", count)
    monkeypatch.setattr(
        "qqt_bayes.posterior.departure.draw_blocks",
        lambda problem, count, size: [slice(first, first + 5) for first in range(0, count, 5)],
    )
    predict(made.fit(draws=draws), many(5), "64M, 640M")
    assert len(taken) == 2
