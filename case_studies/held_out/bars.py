"""The bars of `study.py`, set before it ran, and what was measured."""

import numpy as np
import pandas as pd
from parts import EIGHT, HORIZON, PARTS, POOLS, SETS
from tallies import MISSED, SINGLE, WORLDS, by_horizon, geometric, of, ratios, said, shared
from ways import WAYS

OTHERS = ("DataComp", "Cherti", "language models")
"""The families beside the worlds."""
MOST_REFUSED = 4
LEAST_CASES = 20
"""Cases that a bin of probabilities has at least where the bar applies."""


def bars(tables, before):
    """Each bar, and the value of each way, with a word for whether it meets the bar.

    Parameters
    ----------
    tables : dict of str to DataFrame
        As `study.py` writes them.
    before : DataFrame
        CRPS of the models chosen before, by set.

    Returns
    -------
    DataFrame
        A row for each bar, a column for each way.
    """
    found = {way: dict(of_way(tables, before, way)) for way in WAYS}
    names = list(dict.fromkeys(name for each in found.values() for name in each))
    rows = [
        {"bar": name, **{way: in_words(*found[way].get(name, (np.nan, False))) for way in WAYS}}
        for name in names
    ]
    return pd.DataFrame(rows)


def in_words(value, met):
    """A value and whether it meets the bar."""
    return "-" if np.isnan(value) else f"{value:.3g} {'yes' if met else '**no**'}"


def of_way(tables, before, way):
    """Bars by name, each with its value and whether it is met, of one way."""
    runs = of(tables["runs"], SETS)
    family = runs.groupby("set", sort=False)["family"].first()
    share = ratios(runs, before).reindex(columns=[way])[way]
    worlds = share[family.reindex(share.index) == WORLDS].dropna()
    others = share[family.reindex(share.index) != WORLDS].dropna()
    yield from (
        at_most(
            "CRPS, worlds: ratio to the model chosen before at most 0.6", geometric(worlds), 0.6
        ),
        at_most("largest of these at most 0.95", worlds.max(), 0.95),
        at_most(f"CRPS, {', '.join(OTHERS)}: ratio at most 0.9", geometric(others), 0.9),
        at_most("largest of these at most 1.1", others.max(), 1.1),
    )
    for name in (WORLDS, *OTHERS):
        but = (MISSED,) if name == WORLDS else ()
        held = of(runs, way=way, family=name, but=but)["inside 90%"].mean()
        words = f"{name} without sigmoid" if but else name
        yield between(f"90 % cover of runs, {words}: 85 to 97 %", held, 0.85, 0.97)
    for name in (WORLDS, *OTHERS[:2]):
        held = of(tables["differences"], SETS, way, name)["inside"].mean()
        yield between(f"90 % cover of differences, {name}: 85 to 98 %", held, 0.85, 0.98)
    yield from of_regret(tables, way)
    fits = of(tables["fits"], SETS, way)
    refused = float((~fits["passed"]).sum())
    yield at_most(f"refused of {len(family)} at most {MOST_REFUSED}", refused, MOST_REFUSED)


def of_regret(tables, way):
    """Bars of decisions: their regret, and their probabilities."""
    far = by_horizon(tables["decisions"]).pivot_table(
        index="times", columns="way", values="regret", dropna=False
    )
    for times, each in far.iterrows():
        ratio = each.get(way, np.nan) / each[SINGLE]
        yield at_most(f"regret at {times:.0f}x: at most 1/4 of single scale's", ratio, 0.25)
    decisions = of(tables["decisions"], SETS)
    for name in OTHERS[:2]:
        both = shared(of(decisions, family=name), "regret", way, SINGLE)
        more = (both[way] - both[SINGLE]).mean()
        yield at_most(f"regret less single scale's, {name}: at most 0", more, 1e-9)
    levels = of(tables["levels"], way=way)
    rated = said(levels[levels["part"].isin((SETS, HORIZON))])
    rated = rated[(rated["levels"] == "tried") & (rated["cases"] >= LEAST_CASES)]
    gap = (rated["said"] - rated["came true"]).abs().max()
    yield at_most("P(best) where tried: off by at most 0.12 in each bin of 20 cases", gap, 0.12)
    untried = of(tables["decisions"], way=way)
    untried = untried[untried["proven"] == 0]
    for words, some in (
        ("sets", of(untried, SETS)),
        ("designs without levels", untried[untried["part"].isin((POOLS, PARTS))]),
    ):
        regret = some["regret"].mean()
        yield at_most(f"regret where not tried, {words}: at most 0.005", regret, 0.005)
    regret = of(tables["decisions"], EIGHT, way)["regret"].mean()
    yield at_most("regret from eight runs at most 0.001", regret, 0.001)


def at_most(name, value, bar):
    """A bar that a value may reach but not exceed."""
    return name, (value, value <= bar)


def between(name, value, low, high):
    """A bar with two ends."""
    return name, (value, low <= value <= high)
