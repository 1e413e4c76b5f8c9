"""What trainings on parts of the pools say of the whole pools: `python proxy.py` writes `proxy.md`.

The runs are those of `train.py --proxies`. `--fit` makes the fits anew first, in half an hour.
"""

import argparse
import time
from itertools import product

import numpy as np
import pandas as pd
from rich.progress import track
from study import HERE, LEVELS, POOLS, settings, trained

import qqt_bayes as qqt
from qqt_bayes.comparison.held_out import forecast
from qqt_bayes.comparison.scores import MARGIN, crps
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.report.records import as_table

WORLDS = ["equal", "unequal", "near_duplicates", "no_augmentation"]
NEAR = "near_duplicates"
WHOLE = [*POOLS, *LEVELS[1:]]
EIGHTHS = [f"{data}/8" for data in WHOLE]
LEAST = 1024
"""Samples of the smallest runs that the main fits see: 32 steps. With those of 8 and 16 steps the
gate refused all three laws in `equal`, which was the first world that was looked at."""
LAWS = {"effective-reuse": "g", "utility-free-size": "size_exponent", "utility": None}
"""The size exponent of each law; `utility` has the theorem's."""
DECIDING = {
    "eighths": (EIGHTHS, LEAST, 8),
    "whole pools": (WHOLE, 2 * LEAST, 8),
    "eighths, all budgets": (EIGHTHS, 0, 8),
    "eighths, levels alone": ([f"{level}/8" for level in LEVELS], LEAST, 8),
}
"""Training sets, least budget, and the divisor of the largest budget up to which runs are seen."""
DECIDING_NEAR = {
    "grouped eighths, levels alone": ([f"{level}/8 grouped" for level in LEVELS], LEAST, 8)
}
"""The same where pools hold near copies: of grouped parts only levels were trained."""
LEARNING = {
    "whole pools and levels": (WHOLE, 2 * LEAST, 1),
    "1/8, 1/2 and whole of A": (["A/8", "A/2", "A"], LEAST, 1),
    "1/8, 1/2 and whole of D": (["D/8", "D/2", "D"], LEAST, 1),
}
"""The same of the fits whose size exponents are compared."""
LATE = 16_384
"""Largest budget that the fits to eighths see; beyond it these have 128 steps and more."""
BEYOND = f"beyond {LATE:,}"
EDGES = {"5%": 0.05, "50%": 0.5, "95%": 0.95}
WAYS = {
    "parts of 1/8": ("/8", 8),
    "whole pools, 1/8 of the budget": ("", 8),
    "parts of 1/2": ("/2", 2),
    "whole pools, 1/2 of the budget": ("", 2),
}
"""Suffix of the training sets that are ranked, and the divisor of the budget they are ranked at."""
GROUPED = {
    "parts of 1/8": ("/8", 8),
    "grouped parts of 1/8": ("/8 grouped", 8),
    "parts of 1/2": ("/2", 2),
    "grouped parts of 1/2": ("/2 grouped", 2),
}
"""The same where the parts were drawn with all near copies of an example, or none."""


def tables(world):
    """The runs of a world on whole pools and at equal epochs on parts, and what each set takes."""
    folder = HERE / "worlds" / world
    runs, composition = trained(world)
    proxies = pd.read_csv(folder / "proxy.csv")
    runs = pd.concat([runs[runs["data"].isin(WHOLE)], proxies])
    takes = pd.concat([composition, pd.read_csv(folder / "proxy_composition.csv")])
    return runs, takes.drop_duplicates()


def read(world, keep, runs, composition):
    """The runs of these rows as the toolkit reads them, with the whole sizes of the pools."""
    some = runs[keep]
    pools = pd.DataFrame({"pool": POOLS, "unique_samples": settings(world)["sizes"]})
    pools = pools[
        pools["pool"].isin(composition.loc[composition["data"].isin(some["data"]), "pool"])
    ]
    return qqt.read_runs(some, composition[composition["data"].isin(some["data"])], pools)


def fit_and_foretell(world, model, seen):
    """A fit, as a row, and what it says of the whole sets at each budget, if it is to decide."""
    runs, composition = tables(world)
    sets, least, divisor = (DECIDING | DECIDING_NEAR | LEARNING)[seen]
    budgets = settings(world)["budgets"]
    keep = runs["samples_seen"].between(least, max(budgets) / divisor) & runs["data"].isin(sets)
    begin = time.perf_counter()
    fit = qqt.fit(read(world, keep, runs, composition), model, seed=0)
    about = {"model": model, "seen": seen, "runs": int(keep.sum())}
    gate = Fit.of(fit).gate
    about |= {
        "passed": gate.passed,
        "failed": "; ".join(check.name for check in gate.checks if not check.passed),
    }
    if LAWS[model]:
        exponent = fit["posterior"][LAWS[model]].quantile(list(EDGES.values()))
        about |= dict(zip(EDGES, exponent.values, strict=True))
    about["seconds"] = round(time.perf_counter() - begin)
    told = foretold(world, fit, runs, composition) if seen not in LEARNING else pd.DataFrame()
    return about, told.assign(model=model, seen=seen)


def foretold(world, fit, runs, composition):
    """Forecasts of the whole sets' runs, and the decision between the levels."""
    budgets = settings(world)["budgets"]
    late = read(
        world, runs["data"].isin(WHOLE) & runs["samples_seen"].isin(budgets), runs, composition
    )
    new = forecast(fit, late).new_run
    cell = ["data", "samples_seen"]
    rows = pd.DataFrame(
        {
            "data": late["data"].to_numpy()[late["data_index"]],
            "samples_seen": late["samples_seen"].to_numpy().astype(int),
            **dict(zip(EDGES, np.quantile(new.clip(0, 1), list(EDGES.values()), 0), strict=True)),
            "crps": crps(new.clip(0, 1), late["error"].to_numpy()),
        }
    )
    rows = rows.groupby(cell).mean()
    levels = qqt.read_composition(composition[composition["data"].isin(LEVELS)])
    decision = qqt.decide(fit, levels, budgets, force=True)
    probability = (
        decision["probability_best"]
        .to_series()
        .rename_axis(index={"level": "data", "budget": "samples_seen"})
    )
    chosen = decision["choice"].to_series()
    rows["probability_best"] = probability.reorder_levels(cell)
    rows["chosen"] = [chosen[samples] == data for data, samples in rows.index]
    return rows.reset_index()


def make_fits(world):
    """Write `proxy_fits.csv` and `proxy_forecasts.csv` of a world."""
    deciding = [*DECIDING, *(DECIDING_NEAR if world == NEAR else [])]
    jobs = [(model, seen) for seen in deciding for model in LAWS]
    jobs += [(model, seen) for seen in LEARNING for model, exponent in LAWS.items() if exponent]
    made = [fit_and_foretell(world, *job) for job in track(jobs, world)]
    fits, told = zip(*made, strict=True)
    folder = HERE / "worlds" / world
    pd.DataFrame(fits).round(4).to_csv(folder / "proxy_fits.csv", index=False)
    first = ["model", "seen", "data", "samples_seen"]
    told = pd.concat([table for table in told if len(table)])
    told = told[[*first, *told.columns.difference(first, sort=False)]]
    told.round(5).to_csv(folder / "proxy_forecasts.csv", index=False)


def rankings(world, ways=WAYS):
    """The level taken at each budget by ranking cheap runs, and what that costs: a row a choice.

    `one seed`: the mean regret of those who train each level once.
    """
    runs, _ = tables(world)
    errors = runs.pivot_table(index=["data", "samples_seen"], columns="seed", values="error")
    rows = []
    for (way, (suffix, divisor)), budget in product(ways.items(), settings(world)["budgets"]):
        cheap = errors.loc[[(level + suffix, budget // divisor) for level in LEVELS]].to_numpy()
        truth = errors.loc[[(level, budget) for level in LEVELS]].to_numpy().mean(axis=1)
        regret, choice = truth - truth.min(), cheap.mean(axis=1).argmin()
        rows.append(
            {
                "world": world,
                "way": way,
                "samples_seen": budget,
                "best": LEVELS[truth.argmin()],
                "choice": LEVELS[choice],
                "regret": regret[choice],
                "one seed": regret[cheap.argmin(axis=0)].mean(),
                "joins more": int(choice) - int(truth.argmin()),
            }
        )
    return pd.DataFrame(rows)


def costs(made):
    """What rankings cost, a row a way."""
    groups = made.assign(
        late=made["regret"].where(made["samples_seen"] > LATE),
        late_one=made["one seed"].where(made["samples_seen"] > LATE),
        right=made["regret"] <= MARGIN,
        fewer=made["joins more"] < 0,
        more=made["joins more"] > 0,
    ).groupby("way", sort=False)
    return (
        pd.DataFrame(
            {
                "choices": groups.size(),
                "mean regret": groups["regret"].mean(),
                BEYOND: groups["late"].mean(),
                "the same, one seed": groups["late_one"].mean(),
                "worst": groups["regret"].max(),
                f"within {MARGIN}": groups["right"].sum(),
                "too few pools": groups["fewer"].sum(),
                "too many": groups["more"].sum(),
            }
        )
        .reset_index()
        .round(4)
    )


def by_budget(made, column, words):
    """A row for each world and budget, with the best level and what each way took."""
    made = made.assign(told=words)
    wide = made.pivot_table(
        index=["world", "samples_seen", "best"],
        columns=column,
        values="told",
        aggfunc="first",
        sort=False,
    )
    wide = wide.reset_index().rename(columns={"samples_seen": "budget", "best": "was best"})
    return wide.assign(budget=wide["budget"].map("{:,}".format))


def decisions(world):
    """The level that each fit chooses at each budget, with its regret: a row a choice."""
    runs, _ = tables(world)
    means = runs.groupby(["samples_seen", "data"])["error"].mean().unstack()[LEVELS]
    told = pd.read_csv(HERE / f"worlds/{world}/proxy_forecasts.csv")
    made = told[told["chosen"]].rename(columns={"data": "choice"})
    truth = means.loc[made["samples_seen"]]
    taken = truth.to_numpy()[range(len(made)), truth.columns.get_indexer(made["choice"])]
    best = truth.idxmin(axis=1).to_numpy()
    return made.assign(world=world, best=best, regret=taken - truth.min(axis=1).to_numpy())


def covered(world):
    """Whether each run on a whole set lies in the 90 % interval for it: a row a run and fit."""
    runs, _ = tables(world)
    told = pd.read_csv(HERE / f"worlds/{world}/proxy_forecasts.csv")
    both = told.merge(runs, on=["data", "samples_seen"])
    return both.assign(world=world, inside=both["error"].between(both["5%"], both["95%"]))


def judged(chosen, held, made):
    """What the laws' decisions and forecasts are worth, a row a law and what it saw."""
    by = ["seen", "model"]
    right = chosen["choice"] == chosen["best"]
    chosen = chosen.assign(right=right, near=chosen["regret"] <= MARGIN)
    beyond = chosen[chosen["samples_seen"] > LATE].groupby(by)
    late = held[held["samples_seen"] > LATE]
    late = late.assign(width=late["95%"] - late["5%"], high=late["50%"] - late["error"])
    levels = late["data"].isin(LEVELS)
    table = pd.DataFrame(
        {
            "fits": made.groupby(by).size(),
            "passed": made.groupby(by)["passed"].sum(),
            "regret, all budgets": chosen.groupby(by)["regret"].mean(),
            BEYOND: beyond["regret"].mean(),
            f"within {MARGIN}": beyond["near"].mean(),
            "P(best) said": beyond["probability_best"].mean(),
            "came true": beyond["right"].mean(),
            "90 % hold, levels": late[levels].groupby(by)["inside"].mean(),
            "their width": late[levels].groupby(by)["width"].median(),
            "too high by": late[levels].groupby(by)["high"].mean(),
            "90 % hold, pools": late[~levels].groupby(by)["inside"].mean(),
            "CRPS": late.groupby(by)["crps"].mean(),
        }
    )
    rows = [(seen, law) for seen in [*DECIDING, *DECIDING_NEAR] for law in LAWS]
    return table.loc[[row for row in rows if row in table.index]].reset_index().round(4)


def spread():
    """Standard error of a difference between two levels' means at the larger budgets."""
    found = []
    for world in WORLDS:
        runs, _ = tables(world)
        some = runs[runs["data"].isin(LEVELS) & (runs["samples_seen"] > LATE)]
        cells = some.groupby(["data", "samples_seen"])["error"]
        found.append(2 * (cells.var() / cells.size()).mean())
    return float(np.sqrt(np.mean(found)))


def words(made):
    """A choice with its P(best), if there is one, and regret."""
    sure = made.get("probability_best", pd.Series(np.nan, made.index))
    rows = zip(made["choice"], sure, made["regret"], strict=True)
    return [
        choice
        + ("" if np.isnan(share) else f" {share:.2f}")
        + (f" +{regret:.4f}" if regret else "")
        for choice, share, regret in rows
    ]


def exponents(fits):
    """Posterior medians and 90 % intervals of the size exponents, side by side."""
    some = fits[fits["seen"].isin(LEARNING)]
    told = [
        f"{row['50%']:.2f} [{row['5%']:.2f}, {row['95%']:.2f}]" + ("" if row["passed"] else " *")
        for _, row in some.iterrows()
    ]
    wide = some.assign(told=told).pivot(index=["model", "world"], columns="seen", values="told")
    rows = [(law, world) for law, exponent in LAWS.items() if exponent for world in WORLDS]
    return wide.loc[rows, list(LEARNING)].reset_index()


def fits(world):
    """The fits of a world, a row each."""
    return pd.read_csv(HERE / f"worlds/{world}/proxy_fits.csv").assign(world=world)


def trainings():
    """How many trainings there are on parts, and on whole pools at small budgets."""
    return sum(len(pd.read_csv(HERE / f"worlds/{world}/proxy.csv")) for world in WORLDS)


def split(table):
    """The rows of the worlds without near copies, and of the one with them."""
    near = table["world"] == NEAR
    return table[~near], table[near]


def page():
    """The page: `proxy.template.md`, with tables and numbers from the tables in `worlds/`."""
    made = pd.concat([rankings(world) for world in WORLDS])
    grouped = rankings(NEAR, GROUPED)
    told = [pd.concat([make(world) for world in WORLDS]) for make in (decisions, covered, fits)]
    chosen, _, made_fits = told
    first = chosen[chosen["seen"] == "eighths"]
    tables_of = {
        "ranked": costs(split(made)[0]),
        "ranked near": costs(split(made)[1]),
        "grouped": costs(grouped),
        "laws": judged(*(split(table)[0] for table in told)),
        "laws near": judged(*(split(table)[1] for table in told)),
        "exponents": exponents(made_fits),
        "by budget": by_budget(made, "way", words(made)),
        "by budget grouped": by_budget(grouped, "way", words(grouped)),
        "by budget laws": by_budget(first, "model", words(first)),
    }
    numbers = {
        f"{name}: {way}": f"{regret:.4f}"
        for name in ("ranked", "ranked near", "grouped")
        for way, regret in tables_of[name].set_index("way")[BEYOND].items()
    }
    numbers |= {
        f"{name}: {row['seen']}, {row['model']}": f"{row[BEYOND]:.4f}"
        for name in ("laws", "laws near")
        for _, row in tables_of[name].iterrows()
    }
    ranked = tables_of["ranked"].set_index("way")["the same, one seed"]
    numbers |= {f"one seed: {way}": f"{regret:.4f}" for way, regret in ranked.items()}
    alone = chosen[chosen["seen"].str.contains("alone") & (chosen["samples_seen"] > LATE)]
    numbers |= {
        f"surest: {law}": f"{rows['probability_best'].max():.2f}"
        for law, rows in alone.groupby("model")
    }
    numbers |= {"trainings": f"{trainings():,}", "error": f"{spread():.4f}", "margin": str(MARGIN)}
    text = (HERE / "proxy.template.md").read_text(encoding="utf-8")
    for name, value in (numbers | {n: as_table(t) for n, t in tables_of.items()}).items():
        text = text.replace(f"{{{name}}}", value)
    return text


def main():
    """Write the page, after the fits of the named worlds or of all if they are asked for."""
    parser = argparse.ArgumentParser(description="Judge trainings on parts of the pools.")
    parser.add_argument("worlds", nargs="*", metavar="WORLD", help="to fit; all, if none is named")
    parser.add_argument("--fit", action="store_true", help="make the fits anew, in half an hour")
    given = parser.parse_args()
    for world in (given.worlds or WORLDS) if given.fit else []:
        make_fits(world)
    (HERE / "proxy.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
