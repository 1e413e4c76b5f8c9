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
    """The forecasts, and whether the toolkit's gate let their fits pass; it knows no point fit."""
    fits = read("fits", worlds)
    passed = fits[["world", "fit"]].assign(passed=fits["passed"] != 0)
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


def trained_levels(worlds=WORLDS):
    """Errors of the four levels, means over seeds, and how probable each is to be the best one.

    Seeds are few: a level's true mean is taken as normal about that of its seeds, with the variance
    of replicates pooled over the levels of its world and budget.
    """
    runs = read("runs", worlds)
    cells = runs[runs["data"].isin(LEVELS)].groupby(["world", "samples_seen", "data"])["error"]
    means = cells.mean().unstack()
    error = np.sqrt(cells.var().unstack().mean(axis=1) / cells.size().unstack().min(axis=1))
    noise = np.random.default_rng(0).standard_normal((4000, *means.shape))
    best = (means.to_numpy() + error.to_numpy()[:, None] * noise).argmin(axis=2)
    share = (best[..., None] == np.arange(len(LEVELS))).mean(axis=0)
    return means, pd.DataFrame(share, means.index, means.columns)


def decisions(worlds=WORLDS):
    """The level chosen at each budget, by each way, and what was lost by it: a row a decision.

    A fit chooses what `decide` does, the point fit the level whose curve is least. `single scale`
    trains the four levels at a quarter of the largest budget and keeps the best at all larger ones;
    of the fits only `levels tried` sees those runs. `right`: how probably that is the best level.
    """
    means, probably = trained_levels(worlds)
    told = answers(worlds)
    told = told[told["chosen"] & told["fit"].isin(FORECASTS)]
    chosen = told.set_index(["world", "samples_seen", "fit"])["data"].unstack()
    largest = means.reset_index().groupby("world")["samples_seen"].max()
    quarter = {world: means.loc[world, most // 4].idxmin() for world, most in largest.items()}
    chosen["single scale"] = chosen.index.get_level_values("world").map(quarter)
    table = chosen.rename_axis(columns="way").stack().dropna().rename("chosen").reset_index()
    passed = told.drop_duplicates(["world", "fit"]).set_index(["world", "fit"])["passed"]
    fits = pd.MultiIndex.from_frame(table[["world", "way"]])
    place = pd.MultiIndex.from_frame(table[["world", "samples_seen"]])
    taken = np.arange(len(table)), means.columns.get_indexer(table["chosen"])
    errors = means.loc[place].to_numpy()
    table = table.assign(
        passed=passed.reindex(fits, fill_value=True).to_numpy(),
        best=means.loc[place].idxmin(axis=1).to_numpy(),
        right=probably.loc[place].to_numpy()[taken],
        regret=errors[taken] - errors.min(axis=1),
        beyond=table["samples_seen"] > table["world"].map(largest) / 4,
    )
    return table[table["beyond"] | (table["way"] != "single scale")]


def reliability(worlds=WORLDS, edges=(0, 0.1, 0.5, 0.9, 1)):
    """How often a level was the best, by how probable a fit had called it: a share of `levels`.

    Of fits that pass the gate. Where seeds leave open which was best, each level counts with its
    probability.
    """
    was = trained_levels(worlds)[1].stack().rename("was best").reset_index()
    told = answers(worlds).dropna(subset="probability_best").merge(was)
    told = told[told["fit"].isin(FORECASTS) & told["passed"]]
    told["P(best)"] = pd.cut(told["probability_best"], edges, include_lowest=True)
    told["beyond"] = told["samples_seen"] > told["world"].map(
        told.groupby("world")["samples_seen"].max() / 4
    )
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
