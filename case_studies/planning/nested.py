"""Check by refits what a batch of runs is worth: what regression says in seconds, by brute force.

Eight cheap runs of a world of small trainings are known: four levels at 1/64 and 1/16 of the
target. The batch is every level once at some further budgets. Outcomes of the batch are drawn from
the fit; for each, the model is fitted again to all runs, and the level of least expected error is
chosen. What that gains on average is the value of the batch (EVSI), by its definition. Regression
(`qqt_bayes.planning.value`) says it of the same draws.

    python case_studies/planning/nested.py               # five minutes on two cores
    python case_studies/planning/nested.py --batch moved
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from campaigns import MODEL, mini_clip

import qqt_bayes as qqt
from qqt_bayes.planning.outcomes import joint_outcomes
from qqt_bayes.planning.proposal import DEGREE
from qqt_bayes.planning.value import Expectations, curved
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.prediction import predict

HERE = Path(__file__).parent
WORLD, KNOWN = "equal", (1 / 64, 1 / 16)
BATCHES = {"kept": (1 / 256, 1 / 4), "moved": (1 / 4,)}
"""Budgets of the batch as shares of the target. Departures and priors are stated about the middle
of the budgets of a table: with the first the middle stays, and the model is the same; with the
second it moves towards the target."""


def table_of(world, runs):
    """Runs of the levels of a world, as a table to fit."""
    composition = world.sets.to_series().rename("unique_samples").reset_index()
    used = composition["data"].isin(runs["data"]) & (composition["unique_samples"] > 0)
    return qqt.read_runs(runs, composition=composition[used], kind=world.kind)


def known_runs(world):
    """The cheap runs that are known."""
    cells = [(name, share * world.target) for share in KNOWN for name in world.levels]
    return world.run(cells).drop(columns="seed")


def expected(world, runs, seed=0):
    """Expected error of each level at the target, by a fit to some runs."""
    fit = Fit.of(qqt.fit(table_of(world, runs), MODEL, seed=seed))
    levels = world.sets.sel(data=world.levels).rename(data="level")
    error = predict(fit, levels, [world.target], seed=seed).isel(budget=0)
    return error.mean(["chain", "draw"]).values


def again(arguments):
    """Expected errors after one outcome of the batch."""
    world, shares, errors, number = arguments
    known = known_runs(world)
    cells = [(name, share * world.target) for name in world.levels for share in shares]
    batch = pd.DataFrame(cells, columns=["data", "samples_seen"]).assign(error=errors)
    size = known["n_eval"].iloc[0] if "n_eval" in known else np.nan
    return expected(world, pd.concat([known, batch.assign(n_eval=size)]), seed=number)


def main():
    """Refit after outcomes, and write what each says of the levels, by refit and by regression."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--outcomes", type=int, default=200)
    parser.add_argument("--batch", choices=BATCHES, default="kept", help="whether the middle moves")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    shares = BATCHES[options.batch]
    world = mini_clip(WORLD)
    fit = Fit.of(qqt.fit(table_of(world, known_runs(world)), MODEL, seed=0))
    sets = world.sets.sel(data=world.levels)
    budgets = np.array(shares) * world.target
    levels = sets.rename(data="level")
    drawn = joint_outcomes({MODEL: fit}, np.ones(1), levels, world.target, sets, budgets)
    seen = drawn.log_errors()
    columns = curved(seen.reshape(len(seen), -1), DEGREE).reshape(len(seen), -1)
    given = Expectations.before(drawn.loss.values).given(columns)
    chosen = np.linspace(0, len(seen) - 1, options.outcomes).round().astype(int)
    tasks = [(world, shares, np.exp(seen[i]).ravel(), int(i)) for i in chosen]
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        refits = np.array(list(pool.map(again, tasks)))
    every = np.mean(given.expected, axis=0)
    today = every.mean(axis=0).argmin()
    gain = (every[:, today] - every.min(axis=1)).mean()
    regressed = every[chosen]
    rows = {"draw": chosen}
    for name, by_refit, by_regression in zip(world.levels, refits.T, regressed.T, strict=True):
        rows |= {f"{name} by refit": by_refit, f"{name} by regression": by_regression}
    table = pd.DataFrame(rows).assign(value=given.value, perfect=given.perfect, gain=gain)
    out = HERE / f"nested_{options.batch}.csv"
    table.to_csv(out, index=False, float_format="%.6g")


if __name__ == "__main__":
    main()
