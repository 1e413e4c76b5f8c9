"""Simulation-based calibration: whether a sampler returns the posterior of the declared model.

Draw parameters from the prior, ``theta ~ p(theta)``, and a table from them, ``y ~ p(y | theta)``;
then theta is itself a draw from ``p(theta | y)``, so its rank among L independent draws of that
posterior is uniform on 0, ..., L (Talts et al. 2018, arXiv:1804.06788).  A fault in the model, its
coordinates or the sampler shows as ranks that are not.  Quantities that depend on the data too, the
log likelihood above all, show faults that parameters alone do not (Modrak et al. 2023,
arXiv:2211.02383).

Where tables come from is in `qqt_bayes.calibration.prior_tables`, how ranks are judged in
`qqt_bayes.calibration.uniformity`.

The library simuk does the same for any PyMC model, but compiles a new one for every table.

Decision quantities are ranked, too: the mean error of every training set at a budget beyond the
data, and how much worse than the best the second best is there.  Which two these are is decided by
the mean over the draws and the truth together, which treats them alike, so that the rank of the
truth stays uniform.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product

import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from qqt_bayes.calibration.prior_tables import SAMPLER_SEEDS, Array, prior_tables, seed_for
from qqt_bayes.calibration.uniformity import RANKED_DRAWS, rank_of
from qqt_bayes.errors import InputError
from qqt_bayes.model.curves import curves
from qqt_bayes.model.draws import prior_draws, replicate
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import DEFAULT_MODEL, Spec, load_model, require_kind
from qqt_bayes.phrases import quoted
from qqt_bayes.posterior.diagnostics.convergence import ess_bulk
from qqt_bayes.posterior.fit import by_draw
from qqt_bayes.posterior.gate import agreement, dynamics
from qqt_bayes.progress import is_silent
from qqt_bayes.sampling.inference import draw, versions
from qqt_bayes.sampling.samplers import Settings

LOG_LIKELIHOOD = "log likelihood"
"""Name of the scalar that depends on data and parameters together."""
AT_ONCE = 2
"""Tables fitted at the same time: the chains of one run while Python prepares and ranks another."""
BEYOND_FACTOR = 4
"""Budget at which decision quantities are ranked, in units of the largest budget of the runs."""


def simulation_based_calibration(
    runs: xr.Dataset,
    spec: Spec | str = DEFAULT_MODEL,
    *,
    replications: int = 200,
    seed: int = 0,
    draws: int = 500,
    tune: int = 300,
    chains: int = 4,
    progress: bool = False,
) -> xr.Dataset:
    """Rank the truth among the draws of posteriors of tables drawn from the model.

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it. Its errors are used for one thing: the noise of evaluation, which
        the model computes from them, is held at its value here.
    spec : Spec or str
        A specification, or the name or path of one.
    replications : int
        Tables to fit.
    seed : int
        Of the truths, the tables and the samplers, each of which gets a seed of its own.
    draws, tune, chains : int
        As in `fit`.
    progress : bool
        Show a progress bar on standard error.

    Returns
    -------
    Dataset
        Over `replication` and `scalar` (each parameter; the mean error of each training set at its
        own largest budget, and at 4 times the largest of all; how much worse than the best the
        second best is there; the log likelihood): `rank`, 0 to 99; `truth`; `ess`, effective draws.
        Over `replication`: `passed` (what the gate asks of chains; that the law describes the table
        is given), `divergences`, `seconds`. Attributes: spec,
        spec_hash, settings, `ranked` (draws ranked among), `legal` (share of the tables drawn),
        versions.

    Raises
    ------
    InputError
        If a number is out of range, the specification has a fault, or next to no table drawn from
        its priors is legal.
    """
    if chains * draws < RANKED_DRAWS:
        raise InputError(
            f"chains times draws should be at least {RANKED_DRAWS}, the number that is ranked."
        )
    spec = load_model(spec)
    require_kind(spec, runs.attrs["kind"])
    tables = prior_tables(spec, runs, replications, seed)
    ranking = Ranking(spec, tables.design)
    settings = Settings(draws, tune, chains, seed)

    def replication(i: int) -> xr.Dataset:
        problem, start = Problem(spec, tables.table(i)), time.perf_counter()
        # Were one seed shared by all fits, their ranks would depend on each other.
        own = replace(settings, seed=seed_for(seed, SAMPLER_SEEDS, i))
        trace = posterior_draws(problem, own)
        seconds = time.perf_counter() - start
        return ranking.compare(trace, problem, tables.truth(i)).assign(seconds=seconds)

    # Around all threads, since what sets the number of threads sets it for the whole process.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(AT_ONCE) as threads:
        found = threads.map(replication, range(replications))
        rows = list(_with_progress(found, replications, progress))
    origin = {"spec": json.dumps(spec.to_dict()), "spec_hash": spec.hash, "versions": versions()}
    asked = {"seed": seed, "draws": draws, "tune": tune, "chains": chains}
    attributes = {**origin, **asked, "ranked": RANKED_DRAWS, "legal": tables.legal}
    number = xr.Variable("replication", np.arange(replications))
    return xr.concat(rows, number, join="exact").assign_attrs(attributes)


def posterior_draws(problem: Problem, settings: Settings) -> xr.DataTree:
    """Draws of a posterior and their statistics; a whole fit would predict and judge, too."""
    return draw(problem, prior_draws(problem, settings.seed), "nuts", settings).trace


def _with_progress[Each](found: Iterable[Each], count: int, progress: bool) -> Iterable[Each]:
    """What is found, one by one; with a progress bar on standard error, if asked for."""
    if not progress or is_silent():
        return found
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(found, "Calibrating", total=count, console=console, transient=True)


class Ranking:
    """Ranks of true values among the draws of fits, for tables of one design.

    Parameters
    ----------
    spec : Spec
    design : Dataset
        Runs; their errors are not used.
    """

    def __init__(self, spec: Spec, design: xr.Dataset) -> None:
        self.last = last_runs(design)
        beyond = every_set(design, BEYOND_FACTOR * float(design["samples_seen"].max()))
        self.beyond = Problem(spec, beyond, design=design)

    def compare(
        self, trace: xr.DataTree, problem: Problem, truth: Mapping[str, Array]
    ) -> xr.Dataset:
        """Rank of the truth and effective draws of every scalar, and how the sampling went.

        Parameters
        ----------
        trace : DataTree
            Draws of the posterior of `problem`, with groups posterior and sample_stats.
        problem : Problem
            With runs of the design of this ranking.
        truth : mapping of str to array
            The parameters that the runs were drawn from.

        Returns
        -------
        Dataset
            Over `scalar`: `rank`, `truth`, `ess`; and `passed`, `divergences`.
        """
        posterior, stats = (
            trace.children[name].to_dataset(inherit=False) for name in ("posterior", "sample_stats")
        )
        # The truth goes first, and draws after it, so that whatever is computed treats them alike.
        joined = {
            name: np.concatenate([truth[name][None], x]) for name, x in by_draw(posterior).items()
        }
        again = replicate(problem, joined, seed=0)
        beyond = curves(self.beyond, joined)
        gaps = self._gaps(beyond)
        columns = [
            *(x.reshape(len(x), -1) for x in joined.values()),
            again.curve[:, list(self.last.values())],
            beyond,
            *(gap[:, None] for gap in gaps.values()),
            again.joint[:, None],
        ]
        values = np.column_stack(columns)
        shape = posterior.sizes["chain"], posterior.sizes["draw"]
        draws = values[1:].reshape(*shape, -1)
        at_beyond = [f"{name} at {BEYOND_FACTOR}x" for name in self.last]
        return xr.Dataset(
            {
                "rank": ("scalar", rank_of(values[0], values[1:])),
                "truth": ("scalar", values[0]),
                "ess": ("scalar", ess_bulk(draws)),
                "passed": all(each.passed for each in agreement(posterior) + dynamics(stats)),
                "divergences": int(stats["diverging"].sum()),
            },
            {"scalar": [*_labels(posterior), *self.last, *at_beyond, *gaps, LOG_LIKELIHOOD]},
        )

    def _gaps(self, beyond: Array) -> dict[str, Array]:
        """Error of the second best training set less that of the best, in each group.

        Parameters
        ----------
        beyond : array, shape (1 + draw, run)
            Mean errors of the runs of `self.beyond`, under the truth and each draw.

        Returns
        -------
        dict of str to array, shape (1 + draw,)
            By the name of the scalar; a group with one training set has none.
        """
        runs = self.beyond.runs
        groups, index = runs["group"].to_numpy(), runs["group_index"].to_numpy()
        gaps = {}
        for i in np.unique(index):
            mine = beyond[:, index == i]
            if mine.shape[1] > 1:
                best, second = mine.mean(axis=0).argsort(kind="stable")[:2]
                where = f", {groups[i]}" if groups.size > 1 else ""
                gaps[f"second best less best{where} at {BEYOND_FACTOR}x"] = (
                    mine[:, second] - mine[:, best]
                )
        return gaps


def names_of_runs(table: xr.Dataset) -> list[tuple[str, str]]:
    """Training set and group of each run, by name."""
    columns = (table[dim].to_numpy()[table[f"{dim}_index"]] for dim in ("data", "group"))
    return [(str(data), str(group)) for data, group in zip(*columns, strict=True)]


def last_runs(table: xr.Dataset) -> dict[str, int]:
    """Position of the run at the largest budget of each training set in each group, by its name."""
    names = names_of_runs(table)
    several_groups = table.sizes["group"] > 1
    last = {}
    for run in np.argsort(table["samples_seen"].to_numpy(), kind="stable"):
        words = names[run] if several_groups else names[run][:1]
        last[f"error of {', '.join(map(quoted, words))}"] = int(run)
    return last


def every_set(table: xr.Dataset, budget: float) -> xr.Dataset:
    """A table with one run of each training set in each group that has one, all at one budget."""
    once = table.isel(run=list(last_runs(table).values()))
    return once.assign(
        samples_seen=once["samples_seen"].copy(data=np.full(once.sizes["run"], budget))
    )


def _labels(posterior: xr.Dataset) -> Iterator[str]:
    """Name of every scalar of a posterior, as ArviZ writes it: ``b[0-10%]``."""
    for name, x in posterior.items():
        for place in product(*(x[dim].to_numpy() for dim in x.dims[2:])):
            yield f"{name}[{', '.join(map(str, place))}]" if place else str(name)
