"""How good the forecasts were, once the trainings are revealed."""

import numpy as np
import pandas as pd
from scipy.optimize import curve_fit
from study import FITS, HERE, LEVELS, POOLS, SUBSETS, WORLDS, trained

INTERVALS = {"50%": ("q25%", "q75%"), "80%": ("q10%", "q90%"), "90%": ("q5%", "q95%")}
FORECASTS = [name for name in FITS if name != "all runs"]


def read(table, worlds=WORLDS):
    """One of the study's tables for all worlds, with a column world."""
    found = {world: pd.read_csv(HERE / f"worlds/{world}/{table}.csv") for world in worlds}
    return pd.concat(found, names=["world"]).reset_index("world").reset_index(drop=True)


def answers(worlds=WORLDS):
    """The forecasts of the fits that the toolkit's gate let pass, and of the point fit."""
    fits = read("fits", worlds)
    passed = fits.loc[fits["passed"] != 0, ["world", "fit"]]
    return read("forecasts", worlds).merge(passed)


def revealed(worlds=WORLDS):
    """Every answer beside every run of its training set and budget that its fit did not see."""
    both = answers(worlds).merge(read("runs", worlds))
    both = both[both["fit"].isin(FORECASTS)]
    largest = both.groupby("world")["samples_seen"].transform("max")
    both["beyond"] = both["samples_seen"] > largest / 4
    both["what"] = np.select(
        [both["data"].isin(POOLS), both["data"].isin(SUBSETS)], ["pools", "subsets"], "combinations"
    )
    used = [data in FITS[fit][1] for fit, data in zip(both["fit"], both["data"], strict=True)]
    return both[both["beyond"] | ~np.array(used)]


def coverage(both, by):
    """Share of runs inside the intervals for one new run, and how wide those are.

    The five runs of a training set at a budget share one forecast: `points` counts forecasts.
    """
    told = both.dropna(subset="q50%")
    inside = {
        level: told["error"].between(told[low], told[high])
        for level, (low, high) in INTERVALS.items()
    }
    table = told[by].assign(**inside, width=told["q95%"] - told["q5%"], points=told["seed"] == 0)
    return table.groupby(by, sort=False).agg(
        dict.fromkeys(INTERVALS, "mean") | {"width": "median", "points": "sum"}
    )


def decisions(worlds=WORLDS):
    """The level chosen at each budget, by each way, and what was lost by it: a row a decision.

    A fit chooses what `decide` does, the point fit the level whose curve is least. `single scale`
    trains the four levels at a quarter of the largest budget, which no fit sees, and keeps the best
    at all larger ones.
    """
    runs = read("runs", worlds)
    truth = runs[runs["data"].isin(LEVELS)].pivot_table(
        index=["world", "samples_seen"], columns="data", values="error"
    )
    told = answers(worlds)
    told = told[told["chosen"] & told["fit"].isin(FORECASTS)]
    chosen = dict(told.pivot(index=["world", "samples_seen"], columns="fit", values="data"))
    largest = truth.reset_index().groupby("world")["samples_seen"].max()
    quarter = {world: truth.loc[world, most // 4].idxmin() for world, most in largest.items()}
    chosen["single scale"] = (
        truth.index.get_level_values("world").to_series(truth.index).map(quarter)
    )
    table = (
        pd.DataFrame(chosen)
        .rename_axis(columns="way")
        .stack()
        .dropna()
        .rename("chosen")
        .reset_index()
    )
    errors = truth.loc[pd.MultiIndex.from_frame(table[["world", "samples_seen"]])]
    taken = errors.columns.get_indexer(table["chosen"])
    regret = errors.to_numpy()[np.arange(len(errors)), taken] - errors.min(axis=1).to_numpy()
    table = table.assign(
        best=errors.idxmin(axis=1).to_numpy(),
        right=lambda table: table["chosen"] == table["best"],
        regret=regret,
        beyond=table["samples_seen"] > table["world"].map(largest) / 4,
    )
    return table[table["beyond"] | (table["way"] != "single scale")]


def reliability(worlds=WORLDS, edges=(0, 0.1, 0.5, 0.9, 1)):
    """How often a level was the best by five seeds, by how probable the fit had called it."""
    best = decisions(worlds).drop_duplicates(["world", "samples_seen"])
    told = answers(worlds).dropna(subset="probability_best")
    told = told[told["fit"].isin(FORECASTS)]
    told = told.merge(
        best[["world", "samples_seen", "best", "beyond"]], on=["world", "samples_seen"]
    )
    told["was best"] = told["data"] == told["best"]
    told["P(best)"] = pd.cut(told["probability_best"], edges, include_lowest=True)
    grouped = told.groupby(["fit", "beyond", "P(best)"], observed=True)
    return grouped.agg(
        said=("probability_best", "mean"), was=("was best", "mean"), levels=("was best", "size")
    )


def power_law(samples, scale, exponent, floor):
    """``scale (n / 10,000)^-exponent + floor``."""
    return scale * (samples / 1e4) ** -exponent + floor


def premise(fresh):
    """How straight the errors of data that are never repeated are: a power law with a floor.

    The law is fitted with the same relative weight for all budgets; misses and slopes are of what
    is above its floor.
    """
    means = fresh.groupby("samples_seen")["error"].mean()
    start, ceiling = (means.max(), 0.5, means.min() / 2), (np.inf, 5, means.min())
    found, _ = curve_fit(
        power_law, means.index, means, start, sigma=means, bounds=(0, ceiling), max_nfev=10_000
    )
    above = means - found[2]
    line = power_law(means.index, *found) - found[2]
    slopes = -np.diff(np.log(above)) / np.diff(np.log(means.index))
    return {
        "scale": found[0],
        "floor": found[2],
        "exponent": found[1],
        "decades": np.log10(means.index.max() / means.index.min()),
        "largest miss, %": 100 * np.abs(above / line - 1).max(),
        "steepest": slopes.max(),
        "flattest": slopes.min(),
    }


def worth(world):
    """Fresh samples that are worth a training on part of the best pool, in sizes of that part.

    The least mean error over the budgets at which all parts were trained is looked up on the curve
    of data of the same quality that are never repeated, straight between its points in log-log;
    missing where that curve does not reach.
    """
    runs, composition = trained(world)
    fresh = read("fresh", [world])
    curve = np.log(fresh[fresh["data"] == "fresh A"].groupby("samples_seen")["error"].mean())
    size = composition.set_index("data")["unique_samples"].loc[["A", *SUBSETS]]
    means = runs.groupby(["samples_seen", "data"])["error"].mean().unstack()[size.index]
    least = np.log(means.dropna().min())
    seen = np.log(curve.index.to_numpy())
    samples = np.exp(np.interp(least, curve[::-1], seen[::-1], left=np.nan, right=np.nan))
    return samples / size
