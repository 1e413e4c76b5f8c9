"""Simulation-based calibration: whether a sampler returns the posterior of the declared model.

Draw parameters from the prior, ``theta ~ p(theta)``, and a table from them, ``y ~ p(y | theta)``;
then theta is itself a draw from ``p(theta | y)``, so its rank among L independent draws of that
posterior is uniform on 0, ..., L (Talts et al. 2018, arXiv:1804.06788).  A fault in the model, its
coordinates or the sampler shows as ranks that are not.  Quantities that depend on the data too, the
log likelihood above all, show faults that parameters alone do not (Modrak et al. 2023,
arXiv:2211.02383).

What is ranked is in `qqt_bayes.ranking`, where tables come from in `qqt_bayes.prior_tables`, how
ranks are judged in `qqt_bayes.uniformity`.

The library simuk does the same for any PyMC model, but compiles a new one for every table.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from qqt_bayes.errors import InputError
from qqt_bayes.inference import Compilation, fit, versions
from qqt_bayes.prior_tables import SAMPLER, prior_tables, seed_of
from qqt_bayes.ranking import Ranking
from qqt_bayes.spec import Spec, load_model, require_kind
from qqt_bayes.uniformity import RANKED


def simulation_based_calibration(
    runs: xr.Dataset,
    spec: Spec | str = "utility",
    *,
    replications: int = 200,
    seed: int = 0,
    draws: int = 500,
    tune: int = 300,
    chains: int = 4,
    progress: bool = False,
    compilation: Compilation | None = None,
) -> xr.Dataset:
    """Rank the truth among the draws of posteriors of tables drawn from the model.

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it. Its errors are used for one thing: the noise of evaluation, which
        the model takes from them, is held at what it is here.
    spec : Spec or str
        A specification, or the name or path of one.
    replications : int
        Tables to fit, all with one compiled model.
    seed : int
        Of the truths, the tables and the samplers, each of which has its own.
    draws, tune, chains : int
        As in `fit`.
    progress : bool
        Show a progress bar on standard error.
    compilation : Compilation, optional
        As in `fit`; for several calls with the same trainings.

    Returns
    -------
    Dataset
        Over `replication` and `scalar` (each parameter; the mean error of each training set at its
        own largest budget, and at 4 times the largest of all; how much worse than the best the
        second best is there; the log likelihood): `rank`, 0 to 99; `truth`; `ess`, effective draws.
        Over `replication`: `passed` (its gate), `divergences`, `seconds`. Attributes: spec,
        spec_hash, settings, `ranked` (draws ranked among), `legal` (share of the tables drawn),
        versions.

    Raises
    ------
    InputError
        If a number is out of range, the specification has a fault, or next to no table drawn from
        its priors is legal.
    """
    if chains * draws < RANKED:
        raise InputError(f"chains times draws should be at least {RANKED}: so many are ranked.")
    spec = load_model(spec)
    require_kind(spec, runs.attrs["kind"])
    tables = prior_tables(spec, runs, replications, seed)
    ranking = Ranking(spec, tables.design)
    settings: dict[str, Any] = {"draws": draws, "tune": tune, "chains": chains}
    shared = Compilation(prior_seed=seed) if compilation is None else compilation
    rows = []
    for i in _counted(replications, progress):
        table = tables.table(i)
        start = time.perf_counter()
        own = seed_of(seed, SAMPLER, i)  # with one for all the ranks would share their chance
        each = fit(table, spec, seed=own, compilation=shared, **settings)
        seconds = time.perf_counter() - start
        rows.append(ranking.compare(each, table, tables.truth(i)).assign(seconds=seconds))
    origin = {"spec": json.dumps(spec.to_dict()), "spec_hash": spec.hash, "versions": versions()}
    attributes = {**origin, "seed": seed, **settings, "ranked": RANKED, "legal": tables.legal}
    number = xr.Variable("replication", np.arange(replications))
    return xr.concat(rows, number, join="exact").assign_attrs(attributes)


def _counted(count: int, progress: bool) -> Iterable[int]:
    """Numbers up to a count, with a progress bar on standard error."""
    if not progress:
        return range(count)
    from rich.console import Console
    from rich.progress import track

    return track(range(count), "Calibrating", console=Console(stderr=True), transient=True)
