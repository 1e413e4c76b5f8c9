"""Play campaigns: whether runs that `qqt design` proposes decide better than fixed designs.

A campaign has a world with known errors, levels to choose between at a target, and an amount of
compute. A design says which runs to make; each run shows its error, noise included; the model is
fitted to all of them, and the level of the least expected error is chosen. Its regret is what it
costs by the known errors.

uniform       every pool and every level at two budgets four times apart
levels        every level at 1/16 and 1/4 of the target
design        levels that `design` proposes: first from the prior alone, then twice from a fit
half          the same as `design` with half of the compute of the uniform grid
pools         the same as `design`, with every pool alone among the candidates

    python case_studies/planning/campaigns.py --worlds 100     # simulated; an hour on two cores
    python case_studies/planning/campaigns.py --mini-clip    # the eight worlds of small trainings
"""

import argparse
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

import qqt_bayes as qqt
from qqt_bayes.decisions.trained import TO_TRAIN
from qqt_bayes.model.spec import load_model
from qqt_bayes.planning.before_runs import fit_before_runs
from qqt_bayes.planning.outcomes import joint_outcomes
from qqt_bayes.planning.plan import Compute
from qqt_bayes.planning.proposal import SHARES, propose
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.prediction import predict

HERE = Path(__file__).parent
MODEL = "effective-reuse"
AGAIN, LAST = TO_TRAIN
STAGES = 0.1, 0.45, 1.0
"""Shares of the compute that are spent at the end of each stage of a campaign by `design`."""
STAGES_OF_HALF = 0.2, 1.0
"""The same of half of the compute, of which three stages would be too small to hold a batch."""
DESIGNS = "uniform", "levels", "design", "half", "pools"
HALF = "half"
"""The design that has half of the compute of the uniform grid."""
POOLS, SIZE = 5, 1e8
PRIOR_DRAWS = 400
"""Draws of a prior among which a world is looked for."""
SEEDS = 5
"""Campaigns in each world of small trainings: each sees another training of every cell first."""
TRAININGS = 3
"""Trainings of each training set at each budget that a simulated world has."""
WORST, LEAST_FALL, NEAR = 0.9, 0.1, 0.01
"""Worlds of the prior in which a level has a larger error at the target than the first, or errors
fall by less than the second, are passed over: nobody would train there. So are those in which the
second level is worse by more than the third, or the level that is best at the target is so at a
sixteenth of it: any design decides them."""
SETTINGS = {"draws": 500, "tune": 700, "chains": 4}


@dataclass(frozen=True)
class World:
    """What can be run, what comes of it, and what is decided.

    Attributes
    ----------
    name : str
    sets : DataArray, dims (data, pool)
    levels : list of str
        Training sets to choose between.
    target : float
    errors : DataFrame
        Columns data, samples_seen, error: a row for each training there is, the first of a cell
        first.
    truth : Series
        Mean error of each level at the target.
    kind : str
    columns : list of str
        Columns of `errors` that a table of runs has.
    """

    name: str
    sets: xr.DataArray
    levels: list
    target: float
    errors: pd.DataFrame
    truth: pd.Series
    kind: str
    columns: list

    def run(self, cells):
        """The runs of some cells, each a training of its own, as far as there are any."""
        found, taken = [], {}
        for name, seen in cells:
            rows = self.errors[
                (self.errors["data"] == name) & np.isclose(self.errors["samples_seen"], seen)
            ]
            k = taken.get((name, seen), 0)
            taken[name, seen] = k + 1
            if k < len(rows):
                found.append(rows.iloc[[k]].assign(seed=k))
        return pd.concat(found)[[*self.columns, "seed"]]

    def cost(self, cells):
        """Samples seen, as a share of the target."""
        return sum(seen for _, seen in cells) / self.target

    def fit(self, runs, seed):
        """A fit of the model to some runs."""
        composition = self.sets.to_series().rename("unique_samples").reset_index()
        used = composition["data"].isin(runs["data"]) & (composition["unique_samples"] > 0)
        table = qqt.read_runs(
            runs, composition=composition[used], kind=self.kind, pools=self.pools()
        )
        return Fit.of(qqt.fit(table, MODEL, seed=seed, **SETTINGS))

    def pools(self):
        """All pools with their sizes."""
        most = self.sets.max("data").rename("unique_samples")
        return most.to_series().reset_index()

    def costs(self):
        """Costs that are infinite where no training is left to look up."""
        return Table(world=self)


@dataclass(frozen=True)
class Table(Compute):
    """Samples seen; infinite for what a world does not have."""

    world: World | None = None

    def of_runs(self, sets, budgets):
        """Cost of each run, shape (set, budget)."""
        cells = self.world.errors.groupby(["data", "samples_seen"]).size()
        has = [[(name, seen) in cells.index for seen in budgets] for name in sets["data"].values]
        return np.where(has, np.tile(budgets, (sets.sizes["data"], 1)), np.inf)


def simulated(count, seed=0):
    """Worlds of five pools drawn from priors: one law's for every other world, departures included.

    Pools are sorted by quality, and the levels are the best pool, the two best, and so on.
    """
    pools = [f"P{i + 1}" for i in range(POOLS)]
    unions = np.tril(np.ones((POOLS, POOLS)))
    names = [f"top {i + 1}" for i in range(POOLS)]
    taken = np.concatenate([unions, np.eye(POOLS)[1:]]) * SIZE
    sets = xr.DataArray(taken, {"data": [*names, *pools[1:]], "pool": pools}, ("data", "pool"))
    worlds = []
    for number, (model, quality) in enumerate(
        {MODEL: "Q", "utility-bounded-free-size": "b"}.items()
    ):
        rng = np.random.default_rng((seed, number))
        i = number
        while i < count:
            target = SIZE * float(2 ** rng.uniform(2, 6))  # 4 to 64 epochs of the best pool
            budgets = target * np.unique([*SHARES, *uniform_shares(len(names), len(sets)), 1.0])
            own = int(rng.integers(2**31))
            prior = fit_before_runs(load_model(model), sets, budgets, draws=PRIOR_DRAWS, seed=own)
            levels = sets.isel(data=slice(POOLS)).rename(data="level")
            fits = {model: sorted_by(prior, quality)}
            known = joint_outcomes(fits, np.ones(1), levels, target, sets, budgets, seed=own)
            draw = first_of_interest(known, names, AGAIN * target)
            if draw is None:
                continue
            of_runs = known.mean[draw].drop_vars("sample", errors="ignore")
            trainings = [
                of_runs.copy(data=np.exp(known.log_errors(k)[draw]).clip(max=1)).to_series()
                for k in range(TRAININGS)
            ]
            errors = pd.concat(trainings).rename("error").rename_axis(["data", "samples_seen"])
            worlds.append(
                World(
                    f"{model} {i}",
                    sets,
                    names,
                    target,
                    errors.reset_index(),
                    known.loss[draw].to_series(),
                    "error",
                    ["data", "samples_seen", "error"],
                )
            )
            i += 2
    return worlds


def first_of_interest(known, names, early):
    """The first draw in which there is a question: see `WORST`; None if there is none."""
    loss = known.loss.values
    curves = known.mean.sel(data=names)
    falls = (curves.isel(budget=0).max("data").values - loss.min(axis=1)) >= LEAST_FALL
    near = np.diff(np.sort(loss, axis=1)[:, :2], axis=1)[:, 0] <= NEAR
    other = curves.sel(budget=early).values.argmin(axis=1) != loss.argmin(axis=1)
    found = np.flatnonzero(falls & near & other & (loss.max(axis=1) <= WORST))
    return int(found[0]) if found.size else None


def sorted_by(prior, quality):
    """A prior whose pools are sorted by quality in every draw, the best first."""
    parameters = prior.parameters
    order = np.argsort(-parameters[quality].values, axis=-1)
    moved = {
        name: x.copy(data=np.take_along_axis(x.values, order.reshape(x.shape), axis=-1))
        for name, x in parameters.items()
        if "pool" in x.dims and x.shape == order.shape
    }
    return replace(prior, parameters=parameters.assign(moved))


def mini_clip(name, first=0):
    """A world of small trainings in which all was trained; its target is its largest budget.

    Parameters
    ----------
    name : str
    first : int
        Which of the trainings of a cell is the first that a campaign sees; the others follow.
    """
    folder = HERE.parent / "mini_clip" / "worlds" / name
    composition = pd.read_csv(folder / "composition.csv")
    errors = pd.read_csv(folder / "runs.csv")
    levels = ["A", "A+B", "A+B+C", "A+B+C+D"]
    names = [*levels, "B", "C", "D"]
    wide = composition.pivot(index="data", columns="pool", values="unique_samples").fillna(0)
    sets = xr.DataArray(
        wide.loc[names].to_numpy(float),
        {"data": names, "pool": list(wide.columns)},
        ("data", "pool"),
    )
    target = float(errors["samples_seen"].max())
    errors["samples_seen"] = errors["samples_seen"].astype(float)
    order = (errors["seed"] - first) % (errors["seed"].max() + 1)
    errors = errors.assign(seed=order).sort_values(["data", "samples_seen", "seed"])
    last = errors[errors["samples_seen"] == target]
    truth = last.groupby("data")["error"].mean()[levels]
    kind = "loss" if name == "language" else "error"
    columns = ["data", "samples_seen", "error"] + ["n_eval"] * (kind == "error")
    return World(f"{name} {first}", sets, levels, target, errors, truth, kind, columns)


def uniform_shares(levels, sets):
    """Two budgets four times apart at which all sets cost what levels cost at 1/16 and 1/4."""
    least = levels * (AGAIN + LAST) / sets / 5
    return least, 4 * least


def uniform_grid(world):
    """Every pool and every level at two budgets, or at those that a world of trainings has."""
    names = world.sets["data"].values
    of_table = world.kind != "error" or "n_eval" in world.columns
    shares = (1 / 64, 1 / 32, 1 / 8) if of_table else uniform_shares(len(world.levels), len(names))
    return [(name, share * world.target) for share in shares for name in names]


def play(world, design, seed=0):
    """One campaign: rows of what was spent and what the choice costs, stage by stage."""
    levels = world.sets.sel(data=world.levels).rename(data="level")
    compute = len(world.levels) * (AGAIN + LAST)
    if design == "levels":
        stages = [
            [(name, share * world.target) for share in (AGAIN, LAST) for name in world.levels]
        ]
    elif design == "uniform":
        stages = [uniform_grid(world)]
    else:
        if design == HALF:
            compute = world.cost(uniform_grid(world)) / 2
        ends = STAGES_OF_HALF if design == HALF else STAGES
        stages = [None] * len(ends)
    cells, rows, fit = [], [], None
    start = time.perf_counter()
    at = world.target * np.array(SHARES)
    for number, fixed in enumerate(stages):
        given = fixed
        if fixed is None:
            known = fit
            if known is None:
                known = fit_before_runs(
                    load_model(MODEL),
                    world.sets,
                    np.append(at, world.target),
                    kind=world.kind,
                    seed=seed,
                )
            left = (ends[number] * compute - world.cost(cells)) * world.target
            plan = propose(
                {MODEL: known},
                np.ones(1),
                levels,
                world.target,
                left,
                world.sets if design == "pools" else levels.rename(level="data"),
                at=at,
                costs=world.costs(),
                seed=seed + number,
            )
            given = list(zip(plan.runs["data"], plan.runs["samples_seen"], strict=True))
            if fit is None:
                given = with_all_pools(given, world, at)
        if given or fit is None:
            cells = cells + given
            fit = world.fit(world.run(cells), seed)
        error = predict(fit, levels, [world.target], group=fit.groups[0], seed=seed).isel(budget=0)
        mean = error.mean(["chain", "draw"]).to_series()
        best = (error == error.min("level")).mean(["chain", "draw"]).to_series()
        choice = mean.idxmin()
        rows.append(
            {
                "world": world.name,
                "design": design,
                "stage": number + 1,
                "runs": len(cells),
                "compute": world.cost(cells),
                "choice": choice,
                "regret": world.truth[choice] - world.truth.min(),
                "probability": best[choice],
                "passed": fit.gate.passed,
                "seconds": time.perf_counter() - start,
                "cells": " ".join(f"{name}@1/{world.target / seen:.3g}" for name, seen in given),
            }
        )
    return rows


def with_all_pools(cells, world, at):
    """Cells, and one more on all pools where no training set takes from some pool."""
    used = (
        world.sets.sel(data=[name for name, _ in cells]).sum("data") if cells else 0 * world.sets[0]
    )
    return cells if (used > 0).all() else [*cells, (world.levels[-1], at[0])]


def _play(arguments):
    return play(*arguments)


def main():
    """Play all campaigns that are asked for; the table is written after each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, default=0, help="simulated worlds")
    parser.add_argument(
        "--mini-clip", action="store_true", help="the eight worlds of small trainings"
    )
    parser.add_argument("--designs", nargs="+", default=list(DESIGNS))
    parser.add_argument("--seed", type=int, default=0, help="of the simulated worlds")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE / "campaigns.csv")
    options = parser.parse_args()
    worlds = simulated(options.worlds, options.seed)
    if options.mini_clip:
        found = sorted((HERE.parent / "mini_clip" / "worlds").glob("*.toml"))
        worlds += [mini_clip(path.stem, first) for path in found for first in range(SEEDS)]
    tasks = [(world, design) for world in worlds for design in options.designs]
    rows = []
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        for done in as_completed([pool.submit(_play, task) for task in tasks]):
            rows += done.result()
            pd.DataFrame(rows).sort_values(["world", "design", "stage"]).to_csv(
                options.out, index=False, float_format="%.6g"
            )
            print(
                rows[-1]["world"],
                rows[-1]["design"],
                rows[-1]["regret"],
                round(rows[-1]["seconds"], 1),
                flush=True,
            )


if __name__ == "__main__":
    main()
