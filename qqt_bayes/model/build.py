"""From a specification and a table of runs to a PyMC model: the only place of random variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.laws.run_curves import repeat, run_errors
from qqt_bayes.model.coordinates import Coordinates
from qqt_bayes.model.distributions import GAUSSIAN, Prior
from qqt_bayes.model.floor import on_line
from qqt_bayes.model.likelihood import (
    COORDINATE,
    TRAINING,
    compiled,
    has_effects,
    log_density,
    observe,
    segment_sum,
    training_effect,
)
from qqt_bayes.model.noise import (
    by_run,
    checkpoints,
    common_deviation,
    evaluation_variance,
    independent_variance,
    is_rounded,
    run_variance,
    shape_of,
)
from qqt_bayes.model.priors import by_copy
from qqt_bayes.model.problem import Field, Problem, Scale

Array = NDArray[np.float64]
CURVE = "curve"
"""Name of the mean error of each run; recomputed where it is needed, not part of the posterior."""
BLOCK = 500
"""Draws under which the runs are replicated at a time."""


def build(problem: Problem, coordinates: Coordinates | None = None) -> pm.Model:
    """The model of a specification for a table of runs.

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
        over = {
            name: value.over if isinstance(value, Prior) else ()
            for name, value in spec.parameters.items()
        }

        def curve(values: dict[str, Any]) -> Any:
            with_dims = {name: (value, over[name]) for name, value in values.items()}
            return run_errors(problem.entries, problem.law, with_dims, xp=pt, add=segment_sum)

        noise = {
            name: _declare(name, value, runs) for name, value in spec.likelihood.parameters.items()
        }
        data = {name: pm.Data(name, value) for name, value in data_of(problem, coordinates).items()}
        noise = by_run(spec.likelihood, runs, noise)
        known, rounding, observed = (
            data.get(name) for name in ("evaluation_variance", "rounding", "observed")
        )
        both = known if rounding is None else known + rounding**2 / 3
        if coordinates is None:
            values = {name: _declare(name, each, runs) for name, each in spec.parameters.items()}
        else:
            around = coordinates.map(lambda name, _: data[name])
            told = independent_variance(runs, noise, both)
            values = _moved(problem, around, curve, told, observed)
        errors = curve(values)
        mean = errors
        if has_effects(spec.likelihood, runs):
            lack = None if coordinates is None else observed - errors
            mean = errors + training_effect(runs, noise, lack, run_variance(runs, noise, both))
        sigma = pt.sqrt(run_variance(runs, noise, known))
        about = dict(mu=mean, sigma=sigma, **shape_of(noise))
        if coordinates is None:
            pm.Deterministic(CURVE, errors, dims="run")
            observe("error", spec.likelihood, observed, rounding, **about)
        else:  # PyMC rewrites what is observed by itself: the graph would hold everything twice
            density = log_density(
                spec.likelihood.distribution, observed, rounding=rounding, **about
            )
            pm.Potential("error", density.sum())
    return model


def data_of(problem: Problem, coordinates: Coordinates | None = None) -> dict[str, Array]:
    """What a compiled model may be told anew, by the names of its data."""
    runs = problem.runs
    around = coordinates.arrays() if coordinates else {}
    rounding = {"rounding": runs["rounding"].to_numpy()} if is_rounded(runs) else {}
    return {
        "evaluation_variance": evaluation_variance(runs),
        **rounding,
        "observed": runs["error"].to_numpy(),
        **around,
    }


def replicate(
    problem: Problem, draws: Mapping[str, Array], seed: int
) -> tuple[Array, Array, Array]:
    """The runs again under draws of the parameters, all draws at once.

    Parameters
    ----------
    problem : Problem
    draws : mapping of str to array, shape (draw, ...)
        Values of the random parameters.
    seed : int

    Returns
    -------
    tuple of array, shape (draw, run)
        Mean error of each run; an error drawn about it; and the log density of the error seen.
    """
    spec, runs = problem.spec, problem.runs
    count = len(next(iter(draws.values())))
    curve = np.concatenate(
        [_curves(problem, draws, slice(first, first + BLOCK)) for first in range(0, count, BLOCK)]
    )
    noise = by_run(spec.likelihood, runs, draws)
    mean = curve
    if has_effects(spec.likelihood, runs):
        index, _ = checkpoints(runs)
        mean = curve + common_deviation(runs, noise) * draws[TRAINING][:, index]
    values = mean, np.sqrt(run_variance(runs, noise)), *shape_of(noise).values()
    about = [np.broadcast_to(x, curve.shape) for x in values]
    rounding = [runs["rounding"].to_numpy()] if is_rounded(runs) else []
    draw, density = compiled(spec.likelihood.distribution, tuple(shape_of(noise)), bool(rounding))
    told = [
        density(runs["error"].to_numpy(), *rounding, *(x[first : first + BLOCK] for x in about))
        for first in range(0, count, BLOCK)
    ]
    return curve, draw(seed, *rounding, *about), np.concatenate(told)


def _curves(problem: Problem, draws: Mapping[str, Array], some: slice) -> Array:
    """Mean error of each run under some draws, shape (draw, run)."""
    values = {name: x[some] for name, x in draws.items()}
    count = len(next(iter(values.values())))
    copies = repeat(problem.entries, count)
    errors = run_errors(copies, problem.law, by_copy(problem.spec, values))
    curves: Array = errors.reshape(count, -1)
    return curves


def _declare(name: str, value: float | Prior, runs: xr.Dataset) -> Any:
    """A declared parameter: a constant, or a random variable with its own random parameters."""
    if not isinstance(value, Prior):
        return pt.as_tensor(np.float64(value))
    arguments = _arguments(name, value, runs)
    return getattr(pm, value.distribution)(name, **arguments, dims=value.over or None)


def _arguments(name: str, prior: Prior, runs: xr.Dataset, *, but: str = "") -> dict[str, Any]:
    """The parameters of a prior, themselves declared, with its axes."""
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


def _moved(
    problem: Problem,
    coordinates: Coordinates,
    curve: Callable[[dict[str, Any]], Any],
    variance: Any,
    observed: Any,
) -> dict[str, Any]:
    """The parameters of the law as functions of their coordinates, one after the other."""
    runs = problem.runs
    values = {name: pt.as_tensor(value) for name, value in problem.fixed.items()}
    ratio = (coordinates.search_variance / variance).mean()
    if coordinates.floor:
        values["d"] = _floor(coordinates.floor.prior, coordinates, ratio, runs)
    table = coordinates.at(values["d"] if coordinates.floor else pt.zeros(0), pt)
    moved: list[Any] = []
    for field, told in zip(coordinates.given_floor, table, strict=True):

        def lack(x: Any, field: Field = field) -> Any:
            trial = field.scale.bound(x.reshape(field.shape), pt)[0]
            return observed - curve(values | {field.name: trial})

        before = pt.concatenate(moved) if len(moved) > 1 else sum(moved)
        wanted = coordinates.wanted(field, told, before, lack, ratio, pt)
        precision = coordinates.search_precision[field.place]
        shaped = (each.reshape(field.shape) for each in (*wanted, precision))
        values[field.name] = _follow(field.name, field.prior, *shaped, runs=runs)
        moved.append(field.scale.free(values[field.name], pt).reshape((-1,)) - told[0])
    return values


def _floor(prior: Prior, coordinates: Coordinates, ratio: Any, runs: xr.Dataset) -> Any:
    """The floor, pooled or on its line."""
    if prior.pooled:
        return _follow(
            "d", prior, *(ratio * coordinates.pooled_floor[i] for i in range(2)), runs=runs
        )
    offset = pm.Flat(f"d{COORDINATE}", dims=prior.over or None)
    value, log_derivative = on_line(offset, coordinates.line, prior.support, pt)
    _add_density("d", prior, _arguments("d", prior, runs), value, log_derivative, runs)
    return pm.Deterministic("d", value, dims=prior.over or None)


def _follow(
    name: str,
    prior: Prior,
    wanted: Any,
    told: Any,
    precision: Any = None,
    *,
    runs: xr.Dataset,
) -> Any:
    """A parameter as a function of its coordinate; its declared prior as density.

    `told` is how precisely the runs want it somewhere on its unconstrained scale, `wanted` the
    same times where; `precision` is that of a prior that is not Gaussian there.
    """
    over, nested, scale = prior.over, prior.pooled, Scale(*prior.support)
    arguments = _arguments(name, prior, runs, but="mu" if nested else "")
    if nested:
        left = 1 / (1 + told * arguments["sigma"] ** 2)
        within = [axis for axis, dim in enumerate(over) if dim not in nested.over]
        above = [(each * left).sum(within) if within else each * left for each in (wanted, told)]
        arguments["mu"] = _align(_follow(f"{name}_mu", nested, *above, runs=runs), nested, over)
    offset = pm.Flat(f"{name}{COORDINATE}", dims=over or None)
    if prior.distribution in GAUSSIAN:  # in units of the prior's deviation, which may be tiny
        centre, deviation = arguments["mu"], arguments["sigma"]
        left = 1 / (1 + told * deviation**2)
        z = left * deviation * (wanted - told * centre) + pt.sqrt(left) * offset
        value = scale.bound(centre + deviation * z, pt)[0]
        density = pm.logp(pm.Normal.dist(), z) + pt.log(left) / 2
        pm.Potential(f"{name}_prior", density.sum())
    else:
        both = told + precision
        free = wanted / both + offset / pt.sqrt(both)
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
    """The declared prior of a parameter that is a function of its coordinate."""
    shape = tuple(runs.sizes[dim] for dim in prior.over)
    density = pm.logp(getattr(pm, prior.distribution).dist(**arguments, shape=shape), value)
    pm.Potential(f"{name}_prior", (density + log_derivative).sum())
