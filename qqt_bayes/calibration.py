"""Simulation-based calibration: whether a sampler returns the posterior of the declared model.

Draw parameters from the prior, ``theta ~ p(theta)``, and a table from them, ``y ~ p(y | theta)``;
then theta is itself a draw from ``p(theta | y)``, so its rank among L independent draws of that
posterior is uniform on 0, ..., L (Talts et al. 2018, arXiv:1804.06788).  A fault in the model, its
coordinates or the sampler shows as ranks that are not.  Quantities that depend on the data too, the
log likelihood above all, show faults that parameters alone do not (Modrak et al. 2023,
arXiv:2211.02383).

Priors reach tables that nobody could have, with error rates above 1.  A pair of theta and y whose
table is not legal is dropped, and another pair drawn.  The ranks stay exact, since y alone decides:
``p(theta | y, kept) = P(kept | y) p(theta, y) / p(y, kept) = p(theta | y)``.  (Drawing y again
under the same theta would bias them.)

The library simuk does the same for any PyMC model, but compiles a new one for every table.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

import arviz as az
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.errors import InputError
from qqt_bayes.inference import Compilation, by_draw, fit, prior_draws, versions
from qqt_bayes.ingredients import Part, ingredients
from qqt_bayes.model import build, replicate
from qqt_bayes.noise import evaluation_variance, hold_evaluation
from qqt_bayes.runs import ERROR
from qqt_bayes.spec import Spec, load_model
from qqt_bayes.uniformity import RANKED, rank_of

Array = NDArray[np.float64]
MOST = 100
"""Tables drawn for each that is kept, at the most."""
LIKELIHOOD = "log likelihood"
PRIOR, SAMPLER = range(2)  # what seeds are for


def simulation_based_calibration(
    runs: xr.Dataset,
    spec: Spec | str = "utility",
    *,
    replications: int = 200,
    seed: int = 0,
    draws: int = 300,
    tune: int = 300,
    chains: int = 4,
    progress: bool = False,
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

    Returns
    -------
    Dataset
        Over `replication` and `scalar` (each parameter, the mean error of each training set at its
        largest budget, the log likelihood): `rank`, 0 to 99; `truth`; `ess`, effective draws. Over
        `replication`: `passed` (its gate), `divergences`, `seconds`. Attributes: spec, spec_hash,
        settings, `ranked` (draws ranked among), `legal` (share of the tables drawn), versions.

    Raises
    ------
    InputError
        If a number is out of range, the specification has a fault, or next to no table drawn from
        its priors is legal.
    """
    if replications < 1:
        raise InputError(f"replications should be at least 1, but got {replications}.")
    if chains * draws < RANKED:
        raise InputError(f"chains times draws should be at least {RANKED}: so many are ranked.")
    spec = load_model(spec)
    design = hold_evaluation(runs, evaluation_variance(runs))
    parts = ingredients(design, spec.size_reference)
    truths, errors, legal = _simulate(spec, design, parts, replications, seed)
    settings: dict[str, Any] = {"draws": draws, "tune": tune, "chains": chains}
    compilation = Compilation(prior_seed=seed)
    rows = []
    for i in _counted(replications, progress):
        table = design.assign(error=("run", errors[i], design["error"].attrs))
        start = time.perf_counter()
        own = _seed(seed, SAMPLER, i)  # with one for all the ranks would share their chance
        each = fit(table, spec, seed=own, compilation=compilation, **settings)
        seconds = time.perf_counter() - start
        truth = {name: x[i] for name, x in truths.items()}
        rows.append(_compare(each, spec, table, parts, truth).assign(seconds=seconds))
    origin = {"spec": json.dumps(spec.to_dict()), "spec_hash": spec.hash, "versions": versions()}
    attributes = {**origin, "seed": seed, **settings, "ranked": RANKED, "legal": legal}
    return xr.concat(rows, xr.Variable("replication", np.arange(replications))).assign_attrs(
        attributes
    )


def _simulate(
    spec: Spec, design: xr.Dataset, parts: list[Part], count: int, seed: int
) -> tuple[dict[str, Array], Array, float]:
    """Draws of the random parameters, the errors drawn from each, and the share that was legal."""
    declared = build(spec, design, parts)
    truths: list[dict[str, Array]] = []
    tables: list[Array] = []
    drawn = kept = 0
    while kept < count and drawn < MOST * count:
        tree, values = prior_draws(declared, _seed(seed, PRIOR, len(tables)))
        errors = tree["prior_predictive"]["error"].to_numpy()[0]
        legal = ERROR[design.attrs["kind"]].holds(errors).all(axis=1)
        truths.append({name: x[legal] for name, x in values.items()})
        tables.append(errors[legal])
        drawn, kept = drawn + legal.size, kept + int(legal.sum())
    if kept < count:
        raise InputError(
            f"Only {kept} of {drawn} tables drawn from the priors of {spec.name} are legal, but "
            f"{count} are wanted. Do the priors expect errors of this kind?"
        )
    joined = {name: np.concatenate([each[name] for each in truths]) for name in truths[0]}
    return joined, np.concatenate(tables), kept / drawn


def _compare(
    each: xr.DataTree, spec: Spec, table: xr.Dataset, parts: list[Part], truth: Mapping[str, Array]
) -> xr.Dataset:
    """A fit beside the truth: rank and effective draws of every scalar, and how the fit went."""
    posterior = each.children["posterior"].to_dataset(inherit=False)
    both = {name: np.concatenate([truth[name][None], x]) for name, x in by_draw(posterior).items()}
    curve, _, density = replicate(spec, table, parts, both, seed=0)
    last = _last_runs(table)
    flat = [x.reshape(len(x), -1) for x in both.values()]
    values = np.column_stack([*flat, curve[:, list(last.values())], density.sum(axis=1)])
    shape = posterior.sizes["chain"], posterior.sizes["draw"]
    draws = xr.DataArray(values[1:].reshape(*shape, -1), dims=("chain", "draw", "scalar"))
    return xr.Dataset(
        {
            "rank": ("scalar", rank_of(values[0], values[1:])),
            "truth": ("scalar", values[0]),
            "ess": ("scalar", az.ess(draws).to_numpy()),
            "passed": json.loads(each.attrs["gate"])["passed"],
            "divergences": int(each["sample_stats"]["diverging"].sum()),
        },
        {"scalar": [*_labels(posterior), *last, LIKELIHOOD]},
    )


def _labels(posterior: xr.Dataset) -> Iterator[str]:
    """The name of every scalar, as ArviZ writes it: ``b[0-10%]``."""
    for name, x in posterior.items():
        for place in product(*(x[dim].to_numpy() for dim in x.dims[2:])):
            yield f"{name}[{', '.join(map(str, place))}]" if place else str(name)


def _last_runs(table: xr.Dataset) -> dict[str, int]:
    """Which run of each training set, in each group, has the largest budget."""
    last = {}
    for run in np.argsort(table["samples_seen"].to_numpy(), kind="stable"):
        names = [
            str(table[dim].to_numpy()[table[f"{dim}_index"][run]]) for dim in ("data", "group")
        ]
        last[f"error of {', '.join(names[: 1 + (table.sizes['group'] > 1)])}"] = int(run)
    return last


def _seed(*of: int) -> int:
    """A seed of its own for each purpose."""
    return int(np.random.SeedSequence(of).generate_state(1)[0])


def _counted(count: int, progress: bool) -> Iterable[int]:
    """Numbers up to a count, with a progress bar on standard error."""
    if not progress:
        return range(count)
    from rich.console import Console
    from rich.progress import track

    return track(range(count), "Calibrating", console=Console(stderr=True), transient=True)
