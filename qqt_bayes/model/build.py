"""From a specification and a table of runs to a PyMC model: the only place of random variables.

`build` declares the model in one of two ways.  As declared, each parameter is a random variable of
PyMC.  In coordinates (`qqt_bayes.model.coordinates`) each parameter of the law is a deterministic
function of a flat variable, the coordinate that is sampled, and its declared prior is a potential
with the log derivative of that function.  The posterior of the parameters is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from qqt_bayes.laws.run_curves import run_errors
from qqt_bayes.model.coordinates import Coordinates
from qqt_bayes.model.discrepancy import AMPLITUDE
from qqt_bayes.model.distributions import GAUSSIAN, Prior
from qqt_bayes.model.floor import on_line
from qqt_bayes.model.likelihood import (
    COORDINATE,
    log_density,
    observe,
    observe_departed,
    segment_sum,
    training_effect,
)
from qqt_bayes.model.noise import (
    by_run,
    checkpoints,
    evaluation_variance,
    has_effects,
    independent_variance,
    is_rounded,
    run_variance,
    shape_of,
)
from qqt_bayes.model.problem import FLOOR, Field, Problem, Scale
from qqt_bayes.model.spec import Spec, load_model, require_kind

CURVE = "curve"
"""Name of the mean error of each run; recomputed where it is needed, not part of the posterior."""


def build_model(spec: Spec | str, runs: xr.Dataset) -> pm.Model:
    """The PyMC model that a specification declares for a table of runs.

    `qqt_bayes.fit` samples the same posterior, by a compiled log density of its own.  The model is
    there to be read, drawn (`pymc.model_to_graphviz`), extended and sampled by other samplers.

    Parameters
    ----------
    spec : Spec or str
        A specification, or the name or path of one.
    runs : Dataset
        As `read_runs` returns it.

    Returns
    -------
    Model
        Its random variables have the names of the specification: ``a``, ``b``, ``b_mu``, ...; the
        data ``observed``, ``evaluation_variance`` and, if anything was rounded, ``rounding`` are
        over "run"; ``curve`` is the mean error of each run, and ``error`` is observed, or
        ``log_error`` where the model has a discrepancy.

    Raises
    ------
    InputError
        If the specification has a fault or is for another kind of errors.

    Examples
    --------
    >>> import pandas as pd
    >>> from qqt_bayes.tables.runs import read_runs
    >>> rows = dict(pool=["best"], unique_samples=[1e6], samples_seen=[4e6], error=[0.5])
    >>> model = build_model("power-law", read_runs(pd.DataFrame(rows)))
    >>> [variable.name for variable in model.free_RVs]
    ['sigma', 'amplitude', 'a', 'b_mu', 'b_sigma', 'b', 'd']
    """
    spec = load_model(spec)
    require_kind(spec, runs.attrs["kind"])
    return build(Problem(spec, runs))


def build(problem: Problem, coordinates: Coordinates | None = None) -> pm.Model:
    """Build the PyMC model of a specification for a table of runs.

    Parameters
    ----------
    problem : Problem
    coordinates : Coordinates, optional
        Sample the parameters in these; otherwise as declared.  The posterior is the same.

    Returns
    -------
    Model
        Its variables have the names of the specification: ``a``, ``b``, ``b_mu``, ...; ``error``
        is observed.
    """
    spec, runs = problem.spec, problem.runs
    coords = {dim: runs[dim].to_numpy() for dim in ("run", "group", "pool")}
    if has_effects(spec.likelihood, runs):
        coords["training"] = np.array(checkpoints(runs)[1])
    with pm.Model(coords=coords) as model:
        declared = {
            name: _declare(name, value, runs) for name, value in spec.likelihood.parameters.items()
        }
        noise = by_run(spec.likelihood, runs, declared)
        amplitude = None
        if spec.discrepancy:
            declared_amplitude = _declare(AMPLITUDE, spec.discrepancy[AMPLITUDE], runs)
            amplitude = problem.of_error * declared_amplitude
        known = pm.Data("evaluation_variance", evaluation_variance(runs), dims="run")
        observed = pm.Data("observed", runs["error"].to_numpy(), dims="run")
        rounding = None
        if is_rounded(runs):
            rounding = pm.Data("rounding", runs["rounding"].to_numpy(), dims="run")
        # A uniform on (-rounding, rounding) has a third of its square as variance.
        with_rounding = known if rounding is None else known + rounding**2 / 3
        if coordinates is None:
            values = {name: _declare(name, each, runs) for name, each in spec.parameters.items()}
        else:
            independent = independent_variance(runs, noise, with_rounding)
            if amplitude is not None:
                independent = independent + problem.seen.alone * amplitude**2
            values = _declare_in(coordinates, problem, independent, observed)
        errors = _curve(problem, values)
        mean, own = errors, run_variance(runs, noise, with_rounding)
        if has_effects(spec.likelihood, runs):
            residual = None if coordinates is None else observed - errors
            mean = errors + training_effect(runs, noise, residual, own)
        about = {"mu": mean, "sigma": pt.sqrt(run_variance(runs, noise, known)), **shape_of(noise)}
        if amplitude is not None:
            pm.Deterministic(CURVE, errors, dims="run")
            observe_departed(problem.seen, amplitude, mean, own)
        elif coordinates is None:
            pm.Deterministic(CURVE, errors, dims="run")
            observe("error", spec.likelihood, observed, rounding, **about)
        else:  # PyMC rewrites what is observed by itself: the graph would hold everything twice
            density = log_density(
                spec.likelihood.distribution, observed, rounding=rounding, **about
            )
            pm.Potential("error", density.sum())
    return model


def _curve(problem: Problem, values: Mapping[str, Any]) -> Any:
    """The mean error of each run as a tensor, given the parameters of the law."""
    with_dims: dict[str, tuple[Any, tuple[str, ...]]] = {**problem.constants}
    for name, value in values.items():
        declared = problem.spec.parameters[name]
        with_dims[name] = value, declared.over if isinstance(declared, Prior) else ()
    return run_errors(problem.entries, problem.law, with_dims, xp=pt, add=segment_sum)


# --- parameters as declared ----------------------------------------------------------------------


def _declare(name: str, value: float | Prior, runs: xr.Dataset) -> Any:
    """Declare a parameter: a constant, or a random variable with its own random parameters."""
    if not isinstance(value, Prior):
        return pt.as_tensor(np.float64(value))
    arguments = _arguments(name, value, runs)
    return getattr(pm, value.distribution)(name, **arguments, dims=value.over or None)


def _arguments(name: str, prior: Prior, runs: xr.Dataset, *, but: str = "") -> dict[str, Any]:
    """Declare the parameters of a prior and give them its axes; all `but` one."""
    return {
        key: _align(_declare(f"{name}_{key}", value, runs), value, prior.over)
        for key, value in prior.parameters.items()
        if key != but
    }


def _align(value: Any, prior: float | Prior, over: tuple[str, ...]) -> Any:
    """Give a nested value the axes of the prior it stands in."""
    inner = prior.over if isinstance(prior, Prior) else ()
    axes = [inner.index(dim) if dim in inner else "x" for dim in over]
    return value.dimshuffle(*axes) if over and inner else value


# --- parameters in coordinates -------------------------------------------------------------------


def _declare_in(
    coordinates: Coordinates, problem: Problem, variance: Any, observed: Any
) -> dict[str, Any]:
    """Declare the parameters of the law as functions of their coordinates, one after the other.

    Parameters
    ----------
    coordinates : Coordinates
        With tensors as arrays.
    problem : Problem
    variance : array, shape (run,)
        Of independent runs that say as much of their curves.
    observed : array, shape (run,)
    """
    runs = problem.runs
    values = {name: pt.as_tensor(value) for name, value in problem.fixed.items()}
    noise_ratio = (coordinates.search_variance / variance).mean()
    if coordinates.floor:
        values[FLOOR] = _floor(coordinates.floor.prior, coordinates, noise_ratio, runs)
    expectations = coordinates.expected(values[FLOOR] if coordinates.floor else pt.zeros(0), pt)
    offsets: list[Any] = []
    for field, expected in zip(coordinates.given_floor, expectations, strict=True):

        def residual(x: Any, field: Field = field) -> Any:
            trial = field.scale.bound(x.reshape(field.shape), pt)[0]
            return observed - _curve(problem, values | {field.name: trial})

        # One tensor is taken as it is, and none is the number 0: the first field needs no offset.
        before = pt.concatenate(offsets) if len(offsets) > 1 else sum(offsets)
        weighted = coordinates.weighted_mean(field, expected, before, residual, noise_ratio, pt)
        flat = *weighted, coordinates.search_precision[field.place]
        mean, precision, search_precision = (each.reshape(field.shape) for each in flat)
        value = _place(field.name, field.prior, mean, precision, search_precision, runs=runs)
        offsets.append(field.scale.free(value, pt).reshape((-1,)) - expected.value)
        values[field.name] = value
    return values


def _floor(prior: Prior, coordinates: Coordinates, noise_ratio: Any, runs: xr.Dataset) -> Any:
    """Declare the floor: pooled like any other parameter, or alone on its line."""
    if prior.pooled:
        weighted_mean, precision = (noise_ratio * coordinates.pooled_floor[i] for i in range(2))
        return _place(FLOOR, prior, weighted_mean, precision, runs=runs)
    coordinate = pm.Flat(f"{FLOOR}{COORDINATE}", dims=prior.over or None)
    value, log_derivative = on_line(coordinate, coordinates.line, prior.support, pt)
    arguments = _arguments(FLOOR, prior, runs)
    _add_density(FLOOR, prior, arguments, value, log_derivative, runs)
    return pm.Deterministic(FLOOR, value, dims=prior.over or None)


def _place(
    name: str,
    prior: Prior,
    weighted_mean: Any,
    precision: Any,
    other_precision: Any = None,
    *,
    runs: xr.Dataset,
) -> Any:
    """Declare a parameter as a function of its coordinate, with its declared prior as density.

    Parameters
    ----------
    name : str
    prior : Prior
    weighted_mean, precision : array
        What the runs say of it on its unconstrained scale: precision times mean, and precision.
    other_precision : array, optional
        Stands for the precision of a prior that is not Gaussian there.
    runs : Dataset
    """
    over, nested, scale = prior.over, prior.pooled, Scale(*prior.support)
    arguments = _arguments(name, prior, runs, but="mu" if nested else "")
    if nested:
        # Through x ~ N(mu, sigma^2) the runs say less of mu than of x: a precision of
        # 1 / (1 / t + sigma^2), with the same mean; what has the same mu adds up.
        share = 1 / (1 + precision * arguments["sigma"] ** 2)
        summed = [axis for axis, dim in enumerate(over) if dim not in nested.over]
        mu_weighted_mean, mu_precision = (
            (each * share).sum(summed) if summed else each * share
            for each in (weighted_mean, precision)
        )
        mean = _place(f"{name}_mu", nested, mu_weighted_mean, mu_precision, runs=runs)
        arguments["mu"] = _align(mean, nested, over)
    coordinate = pm.Flat(f"{name}{COORDINATE}", dims=over or None)
    if prior.distribution in GAUSSIAN:
        # z is the offset from the prior's mean in its deviations, which may be tiny: so nothing is
        # divided by them.  Its variance given the runs is the share that they leave.
        centre, deviation = arguments["mu"], arguments["sigma"]
        share = 1 / (1 + precision * deviation**2)
        z = share * deviation * (weighted_mean - precision * centre) + pt.sqrt(share) * coordinate
        value = scale.bound(centre + deviation * z, pt)[0]
        density = pm.logp(pm.Normal.dist(), z) + pt.log(share) / 2
        pm.Potential(f"{name}_prior", density.sum())
    else:
        both = precision + other_precision
        free = weighted_mean / both + coordinate / pt.sqrt(both)
        value, log_derivative = scale.bound(free, pt)
        _add_density(name, prior, arguments, value, log_derivative - pt.log(both) / 2, runs)
    return pm.Deterministic(name, value, dims=over or None)


def _add_density(
    name: str,
    prior: Prior,
    arguments: dict[str, Any],
    value: Any,
    log_derivative: Any,
    runs: xr.Dataset,
) -> None:
    """Add the declared prior of a parameter that is a function of its coordinate."""
    shape = tuple(runs.sizes[dim] for dim in prior.over)
    density = pm.logp(getattr(pm, prior.distribution).dist(**arguments, shape=shape), value)
    pm.Potential(f"{name}_prior", (density + log_derivative).sum())
