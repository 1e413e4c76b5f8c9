"""From a table of runs and a specification to a posterior with all that belongs to it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
import pymc as pm
import xarray as xr
from pytensor.configdefaults import config
from threadpoolctl import threadpool_limits

from qqt_bayes.errors import InputError, alternatives
from qqt_bayes.model.build import CURVE, build, data_of, replicate
from qqt_bayes.model.coordinates import Coordinates
from qqt_bayes.model.noise import is_rounded, known_variance
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import Spec, load_model, require_kind
from qqt_bayes.posterior import gate
from qqt_bayes.posterior.fit import by_draw
from qqt_bayes.posterior.methods import METHODS
from qqt_bayes.sampling.kernel.plan import lay_out, uncovered
from qqt_bayes.sampling.nutpie_adapter import compile_model, from_kernel, with_data
from qqt_bayes.sampling.samplers import Settings, dispersed, has_start, sample
from qqt_bayes.sampling.search.modes import find_modes
from qqt_bayes.sampling.search.profile import find_coordinates

PRIOR_DRAWS = 1000
"""Draws of the prior: enough for the moments that the search takes from them, and for plots."""
PACKAGES = ("qqt_bayes", "pymc", "nutpie", "arviz", "xarray", "numpy")
"""The packages whose versions a fit keeps."""
MIN_DRAWS, MIN_TUNE, MIN_CHAINS = 4, 1, 1
"""Fewer draws than 4 have no R-hat."""


def fit(
    runs: xr.Dataset,
    spec: Spec | str = "utility",
    *,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    seed: int = 0,
    method: str = METHODS[0],
    target_accept: float | None = None,
    low_rank: bool = False,
    progress: bool = False,
    compilation: Compilation | None = None,
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
        round the last digit otherwise and so, in the end, draw otherwise. So may a compilation that
        is shared, beside one that is not.
    method : str
        - "nuts": Markov chains, the reference.
        - "laplace", "pathfinder": a quick look, in about a second after compilation; whatever is
          made of it is marked as approximate.
        - "smc": sequential Monte Carlo, where the posterior may have several modes: each chain is a
          run of its own, with the log marginal likelihood in its sample_stats.
    target_accept : float, optional
        NUTS: acceptance rate that the step size aims at; nearer to 1 is slower and safer. Without
        it 0.9; then, if draws diverge, all are drawn again at 0.97, and at last at 0.99.
    low_rank : bool
        NUTS: let the mass matrix learn correlations: a third of the gradient steps a draw where
        training sets overlap, but more draws are needed.
    progress : bool
        Show a progress bar on standard error.
    compilation : Compilation, optional
        Where to look for a compiled model of the same trainings, and to leave this one.

    Returns
    -------
    DataTree
        Groups prior, prior_predictive, posterior, posterior_predictive, log_likelihood,
        sample_stats, observed_data, constant_data; every ArviZ function takes it.
        Attributes: spec, spec_hash, data_hash, method,
        seed, versions, sampling_time and compile_time (seconds), gate.

    Raises
    ------
    InputError
        If a number is out of range or the specification has a fault.
    """
    settings = Settings(draws, tune, chains, seed, target_accept, low_rank, progress)
    _check(method, settings)
    if not isinstance(runs, xr.Dataset):
        kind = type(runs).__name__
        raise InputError(f"runs: expected a Dataset, as read_runs returns it, got {kind}.")
    spec = load_model(spec)
    require_kind(spec, runs.attrs["kind"])
    start = time.perf_counter()
    problem = Problem(spec, runs)
    prior, by_name = (compilation or Compilation()).prior(problem, seed)
    with _reproducible():
        coordinates = find_coordinates(problem, by_name)
        if compilation is None:
            compiled = _compile(problem, coordinates)
        else:
            compiled = compilation.of(problem, coordinates)
        if coordinates is not None:
            compiled = dispersed(compiled, coordinates)
            # Around what is no best fit coordinates overflow: then parameters as declared.
            if not has_start(compiled, seed):
                coordinates = None
                compiled = _compile(problem, None)
        compiled_at = time.perf_counter()
        trace = sample(compiled, method, settings)
        times = {
            "compile_time": compiled_at - start,
            "sampling_time": time.perf_counter() - compiled_at,
        }
        attributes = {"method": method, "seed": seed, **times}
        several = coordinates is not None and len(coordinates.optima) > 1
        return _collect(problem, prior, trace, attributes, several)


def _compile(problem: Problem, coordinates: Coordinates | None) -> Any:
    """The model of a table: the compiled log density, or PyMC's compiled for this table alone."""
    if uncovered(problem, coordinates):  # says why not
        return compile_model(build(problem, coordinates), constant_data=True)
    return from_kernel(lay_out(problem, coordinates))


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
        raise InputError(f"target_accept should be between 0 and 1, but got {target_accept}.")


def prior_draws(declared: pm.Model, seed: int) -> tuple[xr.DataTree, dict[str, Any]]:
    """Draw from the prior of a model and from its prior predictive distribution.

    Returns
    -------
    tree : DataTree
        Groups prior and prior_predictive, as PyMC returns them.
    draws : dict of str to array, shape (draw, ...)
        The draws of each parameter.
    """
    with _quiet(), declared:
        prior = pm.sample_prior_predictive(
            PRIOR_DRAWS, random_seed=seed, compile_kwargs={"mode": "FAST_COMPILE"}
        )
    return prior, by_draw(prior.children["prior"].to_dataset(inherit=False))


@contextmanager
def _reproducible() -> Iterator[None]:
    """Do arithmetic in one order, so that every process of a machine draws the same.

    Fast arithmetic depends on what is inlined, and so on what an earlier process left in the cache;
    matrix products depend on the number of threads, which Dask's workers have otherwise.
    """
    with config.change_flags(numba__fastmath=False), threadpool_limits(1, user_api="blas"):
        yield


class Compilation:
    """Keeps the model that was compiled last, and its prior, for tables of the same trainings.

    Parameters
    ----------
    prior_seed : int, optional
        Seed of the prior draws of all fits, where each has its own for the sampler.
    """

    def __init__(self, prior_seed: int | None = None) -> None:
        self._prior_seed = prior_seed
        self._compiled: Any = None
        self._compiled_of: Problem | None = None
        self._prior: Any = None
        self._prior_of: tuple[Problem, int] | None = None

    def prior(self, problem: Problem, seed: int) -> Any:
        """The prior as `prior_draws` returns it: the last one, if only the errors differ."""
        seed = seed if self._prior_seed is None else self._prior_seed
        if self._prior_of:
            last, last_seed = self._prior_of
            same = (problem.spec, seed) == (last.spec, last_seed)
            if same and _same_design(problem.runs, last.runs):
                return self._prior
        self._prior = prior_draws(build(problem), seed)
        self._prior_of = problem, seed
        return self._prior

    def of(self, problem: Problem, coordinates: Coordinates | None) -> Any:
        """A compiled model: the last one with other data where the trainings are the same."""
        if not uncovered(problem, coordinates):  # nothing is compiled
            return from_kernel(lay_out(problem, coordinates))
        last = self._compiled_of
        if last and last.spec == problem.spec and _same_trainings(problem.runs, last.runs):
            return with_data(self._compiled, data_of(problem, coordinates))
        self._compiled = compile_model(build(problem, coordinates), constant_data=False)
        self._compiled_of = problem
        return self._compiled


def _same_trainings(runs: xr.Dataset, others: xr.Dataset) -> bool:
    """Whether two tables differ in errors and their noise only: one compiled model serves both."""
    noise = ["error", "n_eval", "rounding", "evaluation_variance"]
    one, other = (each.drop_vars(noise, errors="ignore") for each in (runs, others))
    return is_rounded(runs) == is_rounded(others) and one.equals(other)


def _same_design(runs: xr.Dataset, others: xr.Dataset) -> bool:
    """Whether two tables differ in errors only: their models have the same prior predictive."""
    alike = runs.drop_vars("error").equals(others.drop_vars("error"))
    return alike and np.array_equal(known_variance(runs), known_variance(others))


def _collect(
    problem: Problem,
    prior: xr.DataTree,
    trace: xr.DataTree,
    attributes: dict[str, Any],
    several: bool,
) -> xr.DataTree:
    """Collect all that belongs to a posterior, gate included.

    Parameters
    ----------
    problem : Problem
    prior : DataTree
        From `prior_draws`.
    trace : DataTree
        From `sample`.
    attributes : dict
        Method, seed and times.
    several : bool
        Whether the search knows several best fits, so that modes are looked for in any case.
    """
    runs = problem.runs
    before = prior.children["prior"].to_dataset(inherit=False).drop_vars(CURVE)
    simulated = prior.children["prior_predictive"].to_dataset(inherit=False)
    posterior = trace.children["posterior"].to_dataset(inherit=False)
    kept = [name for name in before.data_vars if name in posterior]
    stats = trace.children["sample_stats"].to_dataset(inherit=False)
    sampled = {
        "posterior": posterior[kept],
        "sample_stats": stats.drop_vars("divergence_message", errors="ignore"),  # text, often empty
    }
    samples = posterior.sizes["chain"], posterior.sizes["draw"]
    curve, predicted, density = replicate(problem, by_draw(posterior[kept]), attributes["seed"])
    frame = xr.DataArray(
        np.empty((*samples, runs.sizes["run"])),
        {"chain": posterior["chain"], "draw": posterior["draw"], "run": runs["run"]},
    ).reset_coords(drop=True)
    again, likelihood = (
        frame.copy(data=x.reshape(frame.shape)).to_dataset(name="error")
        for x in (predicted, density)
    )
    result = xr.DataTree.from_dict(
        {
            "/": xr.Dataset(),
            **sampled,
            "posterior_predictive": again,
            "prior": before,
            "prior_predictive": simulated[["error"]],
            "log_likelihood": likelihood,
            "observed_data": runs[["error"]].drop_vars(["data", "pool", "group"], errors="ignore"),
            "constant_data": runs.drop_vars("error").drop_attrs(deep=False),
        }
    )
    result.attrs = _provenance(problem) | attributes
    # the gate's checks of fit need no more draws
    every = max(1, len(curve) // gate.PREDICTIVE_DRAWS)
    found = gate.check(result, curve[::every], predicted[::every])
    if several or not found.chains_agree:
        modes = find_modes(problem, by_draw(before), posterior)
        found = replace(found, modes=tuple(modes))
    if "log_marginal_likelihood" in stats:  # of sequential Monte Carlo
        evidence = stats["log_marginal_likelihood"].values.tolist()
        found = replace(found, log_marginal_likelihood=tuple(evidence))
    result.attrs["gate"] = found.to_json()
    return result


def _provenance(problem: Problem) -> dict[str, Any]:
    """Where a fit comes from: specification, table and versions."""
    spec, runs = problem.spec, problem.runs
    return {
        "spec": json.dumps(spec.to_dict()),
        "spec_hash": spec.hash,
        "versions": versions(),
        **{name: runs.attrs[name] for name in ("kind", "metric", "source", "data_hash")},
    }


def versions() -> str:
    """The packages behind a result, as JSON for its attributes."""
    return json.dumps({package: version(package) for package in PACKAGES})


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence PyMC, which announces all variables whenever it draws."""
    logger = logging.getLogger("pymc")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
