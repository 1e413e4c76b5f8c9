"""Decisions whose probabilities and regrets are given, for what is said of them."""

import numpy as np
import xarray as xr

from qqt_bayes.decisions.criteria import Criteria
from qqt_bayes.decisions.judge import judge
from qqt_bayes.decisions.trained import with_proof

LEVELS = ["top 10%", "top 20%", "all"]


def decision(best, regret, *, passed=True, **options):
    """A decision between `LEVELS` at some budgets, 64M, 128M, ..., doubling.

    Parameters
    ----------
    best, regret : array_like, shape (budget, level)
        Probability of being best, and expected regret.
    passed : bool
        Whether the fit passed its gate.
    """
    best, regret = np.array(best), np.array(regret)
    budgets = 64e6 * 2 ** np.arange(len(best))
    by_level = {"budget": budgets, "level": LEVELS[: best.shape[1]]}
    # 100 draws: in so many of them as `best` says a level is best, else it has its share of regret
    edges = np.cumsum(best, axis=1)[:, None, :]
    place = (np.arange(100)[None, :, None] + 0.5) / 100
    wins = (place < edges) & (place >= edges - best[:, None, :])
    excess = np.where(wins, 0, (regret / np.maximum(1 - best, 1e-9))[:, None, :])
    error = 0.8 - 0.05 * np.arange(len(best))[:, None, None] + excess
    draws = xr.DataArray(error, by_level, ("budget", "draw", "level")).expand_dims(chain=[0])
    budget = draws["budget"]
    repetitions = budget / xr.DataArray(
        [1e7, 2e7, 1e8][: best.shape[1]], {"level": by_level["level"]}
    )
    found = judge(draws, Criteria(**options))
    levels = xr.ones_like(found["level"], float).drop_vars("level")
    return (
        with_proof(
            found,
            xr.Dataset(
                {
                    "budgets_trained": 2 * levels,
                    "trainings": 2 * levels,
                    "level_most_trained": 300e6 * levels,
                }
            ),
            passed=passed,
        )
        .assign(
            extrapolation=xr.where(budget > 300e6, budget / 300e6, 1.0),
            least_trained=64e6,
            most_trained=300e6,
            repetitions=repetitions,
            most_repetitions=30.0,
            extrapolated_epochs=repetitions > 30,
            gap=xr.ones_like(budget),
            pool_multiple=xr.ones_like(repetitions.isel(budget=0, drop=True)),
        )
        .assign_attrs(kind="error", law="utility", model="demo", gate_passed=int(passed), forced=0)
        .assign_attrs(models=["demo"], weights=[1.0])
    )


SURE = ([[0.98, 0.02, 0], [0.97, 0.03, 0]], [[0.0001, 0.02, 0.1], [0.0002, 0.01, 0.15]])
OPEN = ([[0.4, 0.6, 0]], [[0.0008, 0.0005, 0.12]])
LATE = ([[0, 1, 0]], [[0.04, 0, 0.05]])
