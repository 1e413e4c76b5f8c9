"""What the runs of a set are cut down to: the horizon, and designs of what was trained."""

import numpy as np
import pandas as pd
from ways import FEW, by_ways, kept_baselines, models_of

from qqt_bayes.comparison.held_out import rank
from qqt_bayes.comparison.splits import comparable_runs, questions, select_runs, split

SETS, HORIZON = "sets", "horizon"
ALL, EIGHT, POOLS, PARTS = "all", "levels at two budgets", "single pools", "pools and parts"
DESIGNS = (EIGHT, ALL, PARTS, POOLS)
PARTS_OF_WORLDS = (SETS, HORIZON, *DESIGNS)
"""What is measured of the worlds; of other sets, the first."""
SEEN = 1 / 4
"""Share of the largest budget up to which designs have runs."""
AGAIN = 1 / 16
"""The other budget of the eight runs."""
FAR = 1 / 8
"""Share of the largest budget that is seen for the horizon: decisions are at 2, 4 and 8 times."""


def scored(entry, runs, part, settings):
    """Scores of a set, by some ways and baselines, from the runs that a part of the study has.

    Parameters
    ----------
    entry : dict
        As in sets.toml.
    runs : Dataset
    part : str
        `SETS`, `HORIZON` or one of `DESIGNS`.
    settings : dict
        Of the sampler.

    Returns
    -------
    list of HeldOut, DataFrame
        The last with a row about the fits of each way.
    """
    levels = entry.get("levels")
    models = models_of(runs.attrs["kind"], entry["model"])
    ways = {way: models[way] for way in FEW}
    if part == SETS:
        early, late = split(runs, entry["share"])
        ways = models
    elif part == HORIZON:
        early, late = split(runs, FAR)
    else:
        early = select_runs(runs, of_design(runs, part, levels))
        seen = runs["samples_seen"].to_numpy()
        target = (seen == seen.max()) & np.isin(names_of(runs), levels)
        late = comparable_runs(runs, target, early)[1].assign_attrs(excluded=0)
    choices = questions(late, levels)
    found, fits = by_ways(early, late, choices, ways, settings)
    if part == SETS:
        found.append(kept_baselines(runs, share=entry["share"], levels=levels))
    else:
        found.append(rank(early, choices))
    return found, fits.assign(untold=late.attrs["excluded"])


def of_design(runs, design, levels):
    """Which runs a design has.

    Parameters
    ----------
    runs : Dataset
    design : str
        One of `DESIGNS`.
    levels : list of str
        Training sets to choose between.

    Returns
    -------
    array of bool, shape (run,)
    """
    seen = runs["samples_seen"].to_numpy()
    taken = runs["unique_samples"].transpose("data", "pool").to_numpy()
    index = runs["data_index"].to_numpy()
    single = (taken > 0).sum(axis=1) == 1
    share, early = seen / seen.max(), seen <= SEEN * seen.max()
    if design == ALL:
        return early
    if design == EIGHT:
        table = pd.DataFrame({"data": names_of(runs), "share": share})
        chosen = table["data"].isin(levels) & table["share"].isin([AGAIN, SEEN])
        return (chosen & ~table.duplicated()).to_numpy()
    if design == PARTS:
        return early & single[index]
    whole = taken.sum(axis=1) >= taken.max(axis=0)[taken.argmax(axis=1)]
    return early & (single & whole)[index]


def names_of(runs):
    """The training set of each run."""
    return runs["data"].to_numpy()[runs["data_index"]]
