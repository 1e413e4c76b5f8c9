"""Where levels were trained, and so where a level may be called the winner.

Forecasts of levels that were never trained, or far beyond where they were, are not safe under any
law: on held-out larger budgets of real runs probabilities held where levels were trained at two
budgets and the target lay within eight times the largest, and elsewhere some were sure and wrong.
There a level may lead, but it is not proven to win. Nor is it where all runs of a level are
checkpoints of one training, whose luck they share and cannot tell; nor where a fit that did not
pass its gate was used by force: probabilities under such a fit are no evidence.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.decisions.rules import ROUNDING
from qqt_bayes.model.noise import checkpoints
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.levels import UNDECIDED

LEAST_BUDGETS = 2
"""Budgets at which every level must have been trained: of one, nothing shows how it goes on."""
LEAST_TRAININGS = 2
"""Trainings of every level: how far one lies off the mean of its level, its checkpoints hide."""
FARTHEST = 8.0
"""Times the largest budget at which every level was trained: forecasts were checked up to there."""
TO_TRAIN = 1 / 16, 1 / 4
"""Shares of a target at which its levels are worth training: of the designs that were tried on
eight worlds of small trainings, two budgets of each level chose best for their compute
(`case_studies/held_out`)."""
LEAST_PROBABILITY = 0.05
"""Probability from which on a level that may be best is worth a run, and a crossover a sentence."""
ALIKE = 0.01
"""Share of a training set by which a level may differ from it in what it takes of each pool."""


def trained_at(fit: Fit, levels: xr.DataArray, group: str | None) -> xr.Dataset:
    """How often and at how many budgets each level was trained, and up to which.

    Parameters
    ----------
    fit : Fit
    levels : DataArray, dims (level, pool)
        Unique samples.
    group : str or None
        As for `qqt_bayes.decide`.

    Returns
    -------
    Dataset
        `budgets_trained`, `trainings` (of which several runs may be checkpoints) and
        `level_most_trained` (samples; 0 where it was never trained), over level, and over group if
        there are several; `named_as_another` (level), whether a training set of its name takes
        other samples.
    """
    runs, one = fit.runs, fit.one_group(group)
    taken = levels.reindex(pool=runs["pool"], fill_value=0).transpose("level", "pool").values
    sets = runs["unique_samples"].transpose("data", "pool").values
    apart = np.abs(taken[:, None] - sets).max(axis=2)
    alike = apart <= ALIKE * sets.sum(axis=1)
    data, at = runs["data_index"].values, runs["samples_seen"].values
    names = fit.groups if one is None else [one]
    of_group = runs["group_index"].values
    shape = len(names), len(taken)
    count, most = np.zeros(shape, dtype=int), np.zeros(shape)
    trainings, training = np.zeros(shape, dtype=int), checkpoints(runs)[0]
    for place in np.ndindex(shape):
        own = alike[place[1]][data] & (of_group == fit.groups.index(names[place[0]]))
        budgets: NDArray[np.float64] = np.unique(at[own])
        count[place], most[place] = budgets.size, budgets.max(initial=0.0)
        several = training[own]
        trainings[place] = (several < 0).sum() + np.unique(several[several >= 0]).size
    found = xr.Dataset(
        {
            "budgets_trained": (("group", "level"), count),
            "trainings": (("group", "level"), trainings),
            "level_most_trained": (("group", "level"), most, {"units": "samples"}),
            "named_as_another": ("level", _named_as_another(levels, runs, alike)),
        },
        {"group": names, "level": levels["level"]},
    )
    return found if len(names) > 1 else found.isel(group=0, drop=True)


def _named_as_another(
    levels: xr.DataArray, runs: xr.Dataset, alike: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether each level has the name of a training set that it is not."""
    same_name = levels["level"].values[:, None] == runs["data"].values
    found: NDArray[np.bool_] = (same_name & ~alike).any(axis=1)
    return found


def with_proof(
    decision: xr.Dataset, trained: xr.Dataset, *, complete: bool = True, passed: bool = True
) -> xr.Dataset:
    """A decision that names a winner only where it was checked.

    Parameters
    ----------
    decision : Dataset
        With the `leader` of `qqt_bayes.decisions.judge.judge`.
    trained : Dataset
        As `trained_at` returns it.
    complete : bool
        Whether the levels that are shown are all that were judged.
    passed : bool
        Whether every fit that the decision rests on passed its gate.

    Returns
    -------
    Dataset
        And with `budgets_trained`, `trainings`, `level_most_trained`, `tried` (budget), whether all
        levels were trained often enough and near enough, `proven` (budget), whether the leader may
        be called the winner, and `winner`, which is the leader where it is proven.
    """
    farthest = FARTHEST * (1 + ROUNDING) * trained["level_most_trained"].min("level")
    tried = (decision["budget"] <= farthest) & trained_enough(trained).all("level")
    proven = tried & complete & passed
    winner = decision["leader"].where(proven, UNDECIDED)
    return decision.assign(trained).assign(tried=tried, proven=proven, winner=winner)


def trained_enough(trained: xr.Dataset) -> xr.DataArray:
    """Whether each level was trained at enough budgets and in enough trainings to be judged."""
    enough = trained["budgets_trained"] >= LEAST_BUDGETS
    return enough & (trained["trainings"] >= LEAST_TRAININGS)


def runs_to_settle(decision: xr.Dataset) -> tuple[float, dict[str, list[float]]]:
    """Cheap runs after which a winner may be named, at the largest budget that has none.

    Parameters
    ----------
    decision : Dataset
        Of one group, with what `with_proof` adds.

    Returns
    -------
    tuple of float and dict of str to list of float
        That budget (0 if each has a winner), and by level the budgets to train it at, samples:
        a sixteenth and a fourth of it. Levels that were trained enough are not there, nor those
        that are hardly the best.
    """
    open_budgets = decision["budget"].values[(decision["winner"] == UNDECIDED).values]
    if not open_budgets.size:
        return 0.0, {}
    target = float(open_budgets.max())
    enough = trained_enough(decision) & (
        target <= FARTHEST * (1 + ROUNDING) * decision["level_most_trained"]
    )
    likely = decision["probability_best"].sel(budget=target) >= LEAST_PROBABILITY
    names = decision["level"].values[(likely & ~enough).values].tolist()
    return target, {name: [share * target for share in TO_TRAIN] for name in names}
