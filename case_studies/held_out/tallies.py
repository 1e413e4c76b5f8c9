"""Scores of `study.py` put together: by family, by what was said, by distance, by design."""

import numpy as np
import pandas as pd
from parts import DESIGNS, HORIZON, SETS
from ways import CHOSEN, WAYS

APART = ("mini_clip noisy_score", "mini_clip classification")
"""Sets that were kept apart while priors and the discrepancy were chosen."""
MISSED = "mini_clip sigmoid"
"""The set that every law misses, and that the bar of coverage leaves out."""
SINGLE, WORLDS = "single scale", "mini_clip"
EDGES = [0, 0.2, 0.4, 0.6, 0.8, 1]
"""Bins of the probability of being the best."""
BY_CASE = {"crps": ["set", "run"], "regret": ["set", "group", "budget"]}
"""Columns that identify a case, by the score that two ways are compared in on it."""


def of(table, part=None, way=None, family=None, but=()):
    """Rows of a part, a way and a family, without some sets."""
    keep = ~table["set"].isin(but)
    for name, value in {"part": part, "way": way, "family": family}.items():
        if value is not None:
            keep &= table[name] == value
    return table[keep]


def ratios(runs, before):
    """CRPS of each set by each way as a share of that of the model chosen before."""
    mean = runs.pivot_table(index="set", columns="way", values="crps", sort=False)
    return mean.div(before.set_index("set")["crps"].reindex(mean.index), axis=0)


def geometric(values):
    """Geometric mean."""
    return float(np.exp(np.log(values).mean())) if len(values) else np.nan


def rows_of_page(table):
    """The families, and what is shown beside them, with the sets of each."""
    sets = table[["set", "family"]].drop_duplicates()
    groups = {"worlds": sets["set"][sets["family"] == WORLDS]}
    groups |= {f"worlds without {MISSED}": groups["worlds"][groups["worlds"] != MISSED]}
    groups |= {"worlds looked at before": groups["worlds"][~groups["worlds"].isin(APART)]}
    groups |= {f"kept apart: {name}": sets["set"][sets["set"] == name] for name in APART}
    others = [name for name in sets["family"].unique() if name != WORLDS]
    groups |= {name: sets["set"][sets["family"] == name] for name in others}
    return {name: list(each) for name, each in groups.items() if len(each)}


def by_family(tables, before):
    """CRPS, coverage and regret of each way in each family, those kept apart in their own rows."""
    runs, decisions, differences = (
        of(tables[name], SETS) for name in ("runs", "decisions", "differences")
    )
    share, found = ratios(runs, before), []
    for name, sets in rows_of_page(runs).items():
        for way in [*WAYS, *(w for w in decisions["way"].unique() if w not in WAYS)]:
            mine, pairs, choices = (
                each[each["set"].isin(sets) & (each["way"] == way)]
                for each in (runs, differences, decisions)
            )
            row = {"family": name, "way": way, "sets": len(sets), "runs": len(mine)}
            row["CRPS, ratio"] = geometric(share[way].reindex(sets).dropna()) if len(mine) else None
            row["cover of runs"] = mine["inside 90%"].mean()
            row |= {"differences": len(pairs), "cover of differences": pairs["inside"].mean()}
            row |= {"decisions": choices["choice"].count(), "regret": choices["regret"].mean()}
            found.append(row | {"right": choices["right"].mean()})
    return pd.DataFrame(found)


def by_set(tables, before):
    """CRPS as a ratio, coverage, and regret of each set, ways side by side."""
    runs, decisions = of(tables["runs"], SETS), of(tables["decisions"], SETS)
    cover = runs.pivot_table(index="set", columns="way", values="inside 90%", sort=False)
    regret = decisions.pivot_table(index="set", columns="way", values="regret", sort=False)
    return [wide.reset_index() for wide in (ratios(runs, before), cover, regret)]


def said(levels):
    """How likely levels were said to be the best, and how often they were, by way and proof."""
    rated = levels.dropna(subset="probability_best")
    rated = rated.assign(
        bin=pd.cut(rated["probability_best"], EDGES, include_lowest=True).astype(str),
        levels=np.where(rated["proven"] == 1, "tried", "not tried"),
    )
    rated["bin"] = rated["bin"].str.replace("-0.001", "0.0")
    grouped = rated.groupby(["way", "levels", "bin"], observed=True)
    table = grouped.agg(
        cases=("is_best", "size"),
        said=("probability_best", "mean"),
        **{"came true": ("is_best", "mean")},
    ).reset_index()
    order = {way: place for place, way in enumerate(WAYS)}
    return table.sort_values(
        ["way", "levels", "bin"],
        key=lambda x: x.map(order) if x.name == "way" else x,
        ascending=[True, False, True],
    )


def by_horizon(decisions):
    """Regret at each multiple of the largest budget seen, with its standard error over worlds."""
    far = of(decisions, HORIZON)
    far = far.assign(times=far["budget"] / far.groupby("set")["budget"].transform("min") * 2)
    each = far.groupby(["way", "times", "set"], sort=False)["regret"].mean()
    found = each.groupby(["way", "times"], sort=False).agg(["mean", "sem", "size"]).reset_index()
    return found.set_axis(["way", "times", "regret", "standard error", "worlds"], axis=1)


def by_design(tables):
    """Regret and coverage of levels at the largest budget from each design."""
    decisions, levels, pairs = (tables[name] for name in ("decisions", "levels", "differences"))
    found = []
    for design in DESIGNS:
        for way, mine in of(decisions, design).groupby("way", sort=False):
            row = {"design": design, "way": way, "worlds": len(mine)}
            row |= {"made": mine["choice"].count(), "regret": mine["regret"].mean()}
            row |= {"standard error": mine["regret"].sem(), "largest": mine["regret"].max()}
            row |= {
                "cover of levels": of(levels, design, way)["inside"].mean(),
                "cover of differences": of(pairs, design, way)["inside"].mean(),
            }
            found.append(row)
    return pd.DataFrame(found)


def refusals(fits):
    """How many of the sets each way's fits are refused on, and by how many checks of each id."""
    fits = of(fits, SETS)
    found = []
    for way, mine in fits.groupby("way", sort=False):
        ids = mine.loc[~mine["passed"], "ids"].fillna("").str.split().explode().dropna()
        count = ", ".join(f"{name} {number}" for name, number in ids.value_counts().items())
        row = {"way": way, "sets": len(mine), "refused": int((~mine["passed"]).sum())}
        found.append(row | {"sets that failed, by check": count})
    return pd.DataFrame(found)


def against_ranking(decisions):
    """Mean difference in regret from single scale, with its standard error over sets."""
    decisions = of(decisions, SETS)
    groups = rows_of_page(decisions) | {"all": list(decisions["set"].unique())}
    found = []
    for name, sets in groups.items():
        some = decisions[decisions["set"].isin(sets)]
        for way in WAYS:
            both = shared(some, "regret", way, SINGLE)
            each = (both[way] - both[SINGLE]).groupby("set").mean()
            row = {"family": name, "way": way, "sets": len(each), "decisions": len(both)}
            found.append(row | {"less single scale": each.mean(), "standard error": each.sem()})
    return pd.DataFrame(found)


def shared(table, score, way, other):
    """The scores of two ways on the cases that both answer, side by side."""
    wide = table.pivot_table(index=BY_CASE[score], columns="way", values=score, sort=False)
    return wide.reindex(columns=[way, other]).dropna()


def wins(table, score):
    """A sentence for each set on which a baseline has the lower mean than the models."""
    lines = []
    rivals = [name for name in table["way"].unique() if name not in WAYS]
    for name, each in table.groupby("set", sort=False):
        for other in rivals:
            for way in (way for way in WAYS if way != CHOSEN):
                both = shared(each, score, way, other)
                if len(both) and both[other].mean() < both[way].mean() - 1e-9:
                    mine, its = both.mean()
                    lines.append(
                        f"- {name}: {other} has the lower {score}, {its:.4f}, than {way}, "
                        f"{mine:.4f} (cases: {len(both)})."
                    )
    return ["\n".join(lines)] if lines else []
