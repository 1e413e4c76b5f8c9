"""From a table of runs and a specification to a posterior with all that belongs to it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from qqt_bayes import __version__
from qqt_bayes.errors import InputError, alternatives
from qqt_bayes.model.coordinates import Coordinates
from qqt_bayes.model.draws import errors_again, labelled, prior_draws, replicate
from qqt_bayes.model.priors import log_prior
from qqt_bayes.model.problem import UTILITY, Problem
from qqt_bayes.model.spec import DEFAULT_MODEL, Spec, load_model, require_kind
from qqt_bayes.posterior.fit import by_draw
from qqt_bayes.posterior.how_drawn import COMPILED, DECLARED, DENSITY
from qqt_bayes.posterior.meanings import described
from qqt_bayes.posterior.methods import METHODS
from qqt_bayes.posterior.own_law import own_values
from qqt_bayes.posterior.recheck import judge
from qqt_bayes.sampling.approximation import at_the_mode
from qqt_bayes.sampling.kernel.plan import about, covers, lay_out
from qqt_bayes.sampling.nutpie_adapter import Density, from_kernel
from qqt_bayes.sampling.samplers import STARTS, Settings, dispersed, has_start, sample
from qqt_bayes.sampling.search.modes import find_modes
from qqt_bayes.sampling.search.profile import find_coordinates
from qqt_bayes.tables.order import canonical, hash_runs, in_order
from qqt_bayes.tables.runs import require_runs

Array = NDArray[np.float64]
LOGGER = logging.getLogger(__name__)
PACKAGES = ("qqt_bayes", "pymc", "nutpie", "numba", "arviz", "xarray", "numpy")
"""The packages whose versions a fit keeps."""
MIN_DRAWS, MIN_TUNE, MIN_CHAINS = 4, 1, 1
"""Fewer draws than 4 have no R-hat."""


def fit(
    runs: xr.Dataset,
    spec: Spec | str = DEFAULT_MODEL,
    *,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    seed: int = 0,
    method: str = METHODS[0],
    target_accept: float | None = None,
    low_rank: bool = False,
    progress: bool = False,
) -> xr.DataTree:
    """Infer the parameters of a law from a table of runs.

    Parameters
    ----------
    runs : Dataset
        As `read_runs` returns it.
    spec : Spec or str
        A specification, or the name or path of one.
    draws, tune, chains : int
        Draws kept, and spent on tuning, by each chain; no method but NUTS is tuned.
    seed : int
        The same seed gives the same draws on one machine, in every process; another machine may
        round the last digit otherwise and so, in the end, draw otherwise.
    method : str
        - "nuts": Markov chains, the reference.
        - "laplace", "pathfinder": a quick look; whatever is made of it is marked as approximate.
        - "smc": sequential Monte Carlo, where the posterior may have several modes: each chain is a
          run of its own, with the log marginal likelihood in its sample_stats.
    target_accept : float, optional
        NUTS: acceptance rate that the step size aims at; nearer to 1 is slower and safer. Without
        it 0.9; then, as long as draws diverge or chains of 4,000 draws in all disagree, all are
        drawn again: at 0.97, at 0.99 four times as many, of which one in four is kept, at 0.997,
        and at last at 0.999 four times as many.
    low_rank : bool
        NUTS: let the mass matrix learn correlations: a third of the gradient steps a draw where
        training sets overlap, but more draws are needed.
    progress : bool
        Show a progress bar on standard error.

    Returns
    -------
    DataTree
        Groups prior, prior_predictive, posterior, posterior_predictive, log_likelihood, log_prior,
        sample_stats, observed_data, constant_data; every ArviZ function takes it, and every
        variable has a `long_name` and `units`.
        Attributes: spec, spec_hash, data_hash, method,
        seed, versions, sampling_time and compile_time (seconds), gate. Those of sample_stats say
        how the draws were made: density ("compiled" by this package, or "declared" in PyMC); of
        NUTS tune, target_accept, targets (JSON: the rates of all passes, of which the last one's
        draws are kept), repeated_for (JSON: what a pass was repeated for) and kept_of.

    Raises
    ------
    InputError
        If a number is out of range or the specification has a fault or leaves nothing to infer.

    Examples
    --------
    >>> import qqt_bayes as qqt
    >>> runs = qqt.read_runs("runs.csv", "composition.csv")
    >>> fit = qqt.fit(runs, "utility", draws=600, tune=600)
    >>> dict(fit["posterior"]["tau"].sizes)
    {'chain': 4, 'draw': 600, 'pool': 3}
    >>> qqt.Fit.of(fit).gate.passed
    True
    """
    settings = Settings(draws, tune, chains, seed, target_accept, low_rank, progress)
    _check(method, settings)
    require_runs(runs)
    spec = load_model(spec)
    require_kind(spec, runs.attrs["kind"])
    problem = Problem(spec, canonical(runs))
    prior = prior_draws(problem, seed)
    if not prior:
        raise InputError(
            f"model {spec.name} sets every parameter to a number, the noise too, so there is "
            "nothing to infer: give one of them a prior, or predict with predict_known."
        )
    drawn = draw(problem, prior, method, settings)
    found = _collect(problem, prior, drawn, {"method": method, "seed": seed, **drawn.times})
    names = {dim: runs[dim].values.tolist() for dim in ("data", "pool", "group")}
    return found.map_over_datasets(in_order, kwargs={"names": names})


@dataclass(frozen=True)
class Drawn:
    """Draws of a posterior, before anything is computed from them.

    Attributes
    ----------
    trace : DataTree
        Groups posterior and sample_stats.
    times : dict
        `compile_time` and `sampling_time`, seconds.
    several : bool
        Whether the search for a best fit found several.
    """

    trace: xr.DataTree
    times: dict[str, float]
    several: bool


def draw(problem: Problem, prior: Mapping[str, Array], method: str, settings: Settings) -> Drawn:
    """Draw the parameters from their posterior.

    Parameters
    ----------
    problem : Problem
    prior : mapping of str to array
        From `prior_draws`.
    method : str
    settings : Settings
    """
    start = time.perf_counter()
    # Matrix products in one thread: with another number of threads they round otherwise.
    with threadpool_limits(1, user_api="blas"):
        coordinates = find_coordinates(problem, prior)
        compiled = _compiled(problem, coordinates)
        if coordinates is not None:
            compiled = dispersed(compiled, coordinates)
            # Around what is no best fit coordinates overflow: then parameters as declared.
            if not has_start(compiled, settings.seed):
                coordinates = None
                compiled = _compiled(problem, None)
        compiled_at = time.perf_counter()
        LOGGER.info(
            "Prepared model %s for %d runs in %.2f s: %s.",
            problem.spec.name,
            problem.runs.sizes["run"],
            compiled_at - start,
            "parameters as declared"
            if coordinates is None
            else f"coordinates about {len(coordinates.optima)} best fits",
        )
        trace = sample(compiled, method, settings)
    trace["sample_stats"].attrs[DENSITY] = COMPILED if covers(problem.spec) else DECLARED
    times = {
        "compile_time": compiled_at - start,
        "sampling_time": time.perf_counter() - compiled_at,
    }
    return Drawn(trace, times, coordinates is not None and len(coordinates.optima) > 1)


def _compiled(problem: Problem, coordinates: Coordinates | None) -> Any:
    """The model of a table: the compiled log density, or PyMC's compiled for this table alone."""
    if covers(problem.spec):
        layout = lay_out(problem, coordinates)
        compiled = from_kernel(layout)
        is_of_utility = UTILITY in problem.law.parameters and not problem.law.own
        if coordinates is not None or is_of_utility:
            return compiled
        # Without coordinates of its own a law is sampled in those of its mode.
        density = Density(compiled)
        normal = at_the_mode(density, density.starts(STARTS, seed=0))
        if normal is None:
            return compiled
        # Along principal axes, what the runs say is apart from what the prior does: where the noise
        # is larger than at the mode, the sampler widens the axes of the runs alone.
        variance, axes = np.linalg.eigh(normal.root @ normal.root.T)
        return from_kernel(about(problem, layout, normal.mean, axes * np.sqrt(variance)))
    from qqt_bayes.sampling.declaration import from_declaration

    return from_declaration(problem, coordinates)


def _check(method: str, settings: Settings) -> None:
    """Refuse numbers out of range, an unknown method, and options that a method does not have."""
    target_accept = settings.target_accept
    for name, least in (("draws", MIN_DRAWS), ("tune", MIN_TUNE), ("chains", MIN_CHAINS)):
        value = getattr(settings, name)
        if value < least:
            raise InputError(f"{name} should be at least {least}, but got {value}.")
    if method not in METHODS:
        raise InputError(f"unknown method {method!r}{alternatives(method, METHODS)}")
    for name, is_given in {
        "target_accept": target_accept is not None,
        "low_rank": settings.low_rank,
    }.items():
        if is_given and method != "nuts":
            raise InputError(
                f"{name} is for method 'nuts', but got method {method!r}: leave it out."
            )
    if target_accept is not None and not 0 < target_accept < 1:
        raise InputError(f"target acceptance should be between 0 and 1, but got {target_accept}.")


def _collect(
    problem: Problem,
    prior: Mapping[str, Array],
    drawn: Drawn,
    attributes: dict[str, Any],
) -> xr.DataTree:
    """Collect all that belongs to a posterior, gate included.

    Parameters
    ----------
    problem : Problem
    prior : mapping of str to array
        From `prior_draws`.
    drawn : Drawn
        Where the search knows several best fits, modes are looked for in any case.
    attributes : dict
        Method, seed and times.
    """
    runs, seed, trace = problem.runs, attributes["seed"], drawn.trace
    posterior = trace.children["posterior"].to_dataset(inherit=False)[list(prior)]
    stats = trace.children["sample_stats"].to_dataset(inherit=False)
    chains = posterior.sizes["chain"]
    draws = by_draw(posterior)
    found = replicate(problem, draws, seed)
    stats["joint_log_likelihood"] = (("chain", "draw"), found.joint.reshape(chains, -1))
    result = xr.DataTree.from_dict(
        {
            "/": xr.Dataset(),
            "posterior": posterior,
            "sample_stats": stats.drop_vars("divergence_message", errors="ignore"),  # text
            "posterior_predictive": labelled(problem, {"error": found.predicted}, chains),
            "prior": labelled(problem, prior),
            "prior_predictive": labelled(problem, {"error": errors_again(problem, prior, seed)}),
            "log_likelihood": labelled(problem, {"error": found.log_density}, chains),
            # seven digits are enough for weights, and half the room
            "log_prior": log_prior(problem.spec, posterior).astype(np.float32),
            "observed_data": runs[["error"]].drop_vars(["data", "pool", "group"], errors="ignore"),
            "constant_data": runs.drop_vars("error").drop_attrs(deep=False),
        }
    )
    result.attrs = _provenance(problem) | own_values(problem, draws) | attributes
    gated = judge(result, problem, draws, found)
    if drawn.several or not gated.chains_agree:
        gated = replace(gated, modes=tuple(find_modes(problem, prior, posterior)))
    if "log_marginal_likelihood" in stats:  # of sequential Monte Carlo
        evidence = stats["log_marginal_likelihood"].values.tolist()
        gated = replace(gated, log_marginal_likelihood=tuple(evidence))
    result.attrs["gate"] = gated.to_json()
    for check in gated.checks:
        level = logging.DEBUG if check.passed else logging.INFO
        of = f"{check.id} of {check.of}" if check.of else check.id
        passed = "passed" if check.passed else "failed"
        LOGGER.log(level, "Check %s %s: %.6g, bar %.4g.", of, passed, check.value, check.bar)
    return described(result, problem.declared)


def _provenance(problem: Problem) -> dict[str, Any]:
    """Where a fit comes from: specification, table and versions."""
    spec, runs = problem.declared, problem.runs
    return {
        "spec": json.dumps(spec.to_dict()),
        "spec_hash": spec.hash,
        "versions": versions(),
        **{name: runs.attrs[name] for name in ("kind", "metric", "source")},
        # runs may have been changed since their table was read
        "data_hash": hash_runs(runs),
        # a table that was made by hand may lack these
        **{name: runs.attrs[name] for name in ("measure", "unit", "reading") if name in runs.attrs},
    }


@cache
def versions() -> str:
    """The packages behind a result, as JSON for its attributes."""
    # what is installed may be another version than this working copy
    return json.dumps({name: version(name) for name in PACKAGES} | {"qqt_bayes": __version__})
