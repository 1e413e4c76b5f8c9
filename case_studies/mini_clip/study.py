"""What the toolkit says of the worlds from their cheap runs: `python study.py [WORLD ...]`.

For each world, `forecasts.csv` gets what was predicted of each training set at each budget, and
`fits.csv` a row a fit. The notebook reads them, makes one fit anew and reveals what was trained.
"""

import argparse
import time
import tomllib
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from rich.progress import track
from scipy.optimize import least_squares

import qqt_bayes as qqt
from qqt_bayes.posterior.fit import Fit

HERE = Path(__file__).parent
POOLS = ["A", "B", "C", "D"]
LEVELS = ["A", "A+B", "A+B+C", "A+B+C+D"]
SUBSETS = ["A/2", "A/4", "A/8"]
WORLDS = [
    "equal",
    "unequal",
    "noisy_score",
    "near_duplicates",
    "no_augmentation",
    "classification",
    "language",
    "sigmoid",
]
QUANTILES = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95]
EXPONENT = ["exponent 5%", "exponent 50%", "exponent 95%"]
FITS = {
    "theorem": ("utility", POOLS),
    "exponent open": ("utility-free-size", POOLS),
    "exponent learned": ("utility-free-size", [*POOLS, *SUBSETS]),
    "levels tried": ("utility-free-size", [*POOLS, *LEVELS[1:]]),
    "least squares": (None, POOLS),
    "all runs": ("utility-free-size", None),
}
"""Model and training sets of each fit, which sees their runs up to a quarter of the largest budget;
`all runs` sees everything."""


def settings(world):
    """The world's file."""
    return tomllib.loads((HERE / f"worlds/{world}.toml").read_text())


def kind(world):
    """What the errors of a world are, in the toolkit's terms."""
    return "loss" if settings(world)["kind"] == "language" else "error"


def trained(world):
    """All runs of a world, and what each training set takes from each pool."""
    return (pd.read_csv(HERE / f"worlds/{world}/{table}.csv") for table in ("runs", "composition"))


def cheap(runs, sets):
    """The runs on these training sets up to a quarter of the largest budget."""
    early = runs["samples_seen"] <= runs["samples_seen"].max() / 4
    return runs[early & runs["data"].isin(sets)]


def seen(world, sets):
    """The runs that a fit sees, read by the toolkit."""
    runs, composition = trained(world)
    runs = runs if sets is None else cheap(runs, sets)
    composition = composition[composition["data"].isin(runs["data"])]
    return qqt.read_runs(runs, composition=composition, kind=kind(world))


def forecast(world, name, seed=0):
    """What a fit says of each training set at each budget (a table), and of itself (a row)."""
    runs, composition = trained(world)
    budgets = np.unique(runs["samples_seen"]).astype(float)
    sets = qqt.read_composition(composition)
    model, used = FITS[name]
    begin = time.perf_counter()
    if model is None:
        curve = qqt.predict_known(point_fit(world), sets, budgets)
        choice = curve.sel(level=LEVELS).idxmin("level")
        found, told = {"curve": curve.to_series()}, {}
    else:
        fit = qqt.fit(seen(world, used), qqt.load_model(model).law_alone(), seed=seed)
        levels = qqt.read_composition(composition[composition["data"].isin(LEVELS)])
        decision = qqt.decide(fit, levels, budgets, force=True)
        new = qqt.predict(fit, sets, budgets, new_run=True).quantile(QUANTILES, ("chain", "draw"))
        found = {f"q{q:.0%}": new.sel(quantile=q).to_series() for q in QUANTILES}
        choice = decision["choice"]
        found["curve"] = qqt.predict(fit, sets, budgets).median(("chain", "draw")).to_series()
        found["probability_best"] = decision["probability_best"].to_series()
        told = {"passed": Fit.of(fit).gate.passed, "noise": fit["posterior"]["sigma"].median()}
        if "size_exponent" in fit["posterior"]:
            spread = fit["posterior"]["size_exponent"].quantile([0.05, 0.5, 0.95])
            told |= dict(zip(EXPONENT, spread.values, strict=True))
    names = curve["level"] if model is None else new["level"]
    found["chosen"] = (names == choice).to_series()
    table = pd.DataFrame(found).rename_axis(["data", "samples_seen"])
    told = {key: float(value) for key, value in told.items()}
    told["seconds"] = round(time.perf_counter() - begin, 1)
    return table.assign(fit=name).reset_index(), {"fit": name} | told


def point_fit(world, starts=8):
    """The practice of today: one curve a pool with a floor and scale for all, by least squares."""
    runs, composition = trained(world)
    table = cheap(runs, POOLS)
    measured = table.pivot_table(index="data", columns="samples_seen", values="error")
    alone = composition[composition["data"].isin(POOLS)]
    sizes = alone.set_index("pool")["unique_samples"][POOLS].to_numpy()
    levels = qqt.read_composition(alone)

    def parameters(x):
        a, d = np.exp(x[:2])
        return pd.DataFrame(
            {"pool": POOLS, "a": a, "d": d, "b": np.exp(x[2:6]), "tau": np.exp(x[6:])}
            | {"unique_samples": sizes}
        )

    def residuals(x):
        curve = qqt.predict_known(parameters(x), levels, measured.columns.to_numpy(float))
        return (curve.sel(level=measured.index).values - measured.values).ravel()

    rng = np.random.default_rng(0)
    centre = np.log([100, measured.values.min() / 2, *[0.5] * 4, *[3.0] * 4])
    low, high = centre - 6, np.append(np.log([1e5, measured.values.min()]), centre[2:] + 6)
    begin = [np.clip(centre + rng.normal(size=10), low, high - 0.01) for _ in range(starts)]
    found = [least_squares(residuals, x, bounds=(low, high)) for x in begin]
    return parameters(min(found, key=lambda fit: fit.cost).x)


def main():
    """Make the fits of the named worlds, or of all, as many at a time as there are cores."""
    parser = argparse.ArgumentParser(description="Fit the worlds and write what is predicted.")
    parser.add_argument("worlds", nargs="*", metavar="WORLD", help="all, if none is named")
    worlds = parser.parse_args().worlds or WORLDS
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as workers:
        made = {job: workers.submit(forecast, *job) for job in product(worlds, FITS)}
        for world in track(worlds):
            tables, rows = zip(*(made[world, name].result() for name in FITS), strict=True)
            folder = HERE / "worlds" / world
            pd.concat(tables).round(5).to_csv(folder / "forecasts.csv", index=False)
            pd.DataFrame(rows).round(4).to_csv(folder / "fits.csv", index=False)


if __name__ == "__main__":
    main()
