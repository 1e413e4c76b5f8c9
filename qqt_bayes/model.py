"""From a specification and a table of runs to a PyMC model: the only place of random variables."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from qqt_bayes.coordinates import Coordinates, Field
from qqt_bayes.distributions import Prior
from qqt_bayes.ingredients import Part, ingredients, known_variance, run_errors
from qqt_bayes.law import FLOOR, LAWS, Law
from qqt_bayes.spec import Spec

CURVE = "curve"
"""Name of the mean error of each run; recomputed where it is needed, not part of the posterior."""
COORDINATE = "_coordinate"
"""Ends the names of what is sampled in place of parameters; not part of the posterior."""


def build(
    spec: Spec,
    runs: xr.Dataset,
    parts: list[Part] | None = None,
    coordinates: Coordinates | None = None,
) -> pm.Model:
    """The model of a specification for a table of runs.

    Parameters
    ----------
    spec : Spec
    runs : Dataset
        As `read_runs` returns it.
    parts : list of Part, optional
        The ingredients of the runs, if they are at hand.
    coordinates : Coordinates, optional
        Sample the parameters in these; otherwise as declared.  The posterior is the same.

    Returns
    -------
    Model
        Its variables have the names of the specification: ``a``, ``b``, ``b_mu``, ...; ``error``
        is observed.
    """
    parts = ingredients(runs, spec.size_reference) if parts is None else parts
    coords = {dim: runs[dim].to_numpy() for dim in ("run", "group", "pool")}
    with pm.Model(coords=coords) as model:
        law = LAWS[spec.law]
        over = {
            name: value.over if isinstance(value, Prior) else ()
            for name, value in spec.parameters.items()
        }

        def curve(values: dict[str, Any], law: Law = law) -> Any:
            with_dims = {name: (value, over[name]) for name, value in values.items()}
            return run_errors(parts, law, with_dims, xp=pt, add=_segment_sum)

        near = () if coordinates is None else tuple(field.name for field in coordinates.near)
        values = {
            name: _declare(name, value, runs)
            for name, value in spec.parameters.items()
            if name not in near
        }
        if coordinates is not None:
            best = {
                name: pt.as_tensor(value) for name, (value, _) in coordinates.best_values().items()
            }
            push = coordinates.push(curve(values | best), curve({"d": values["d"]}, FLOOR), law, pt)
            for field in coordinates.near:
                values[field.name] = _follow(field, coordinates, push, spec, runs)
        _observe(spec, runs, curve(values))
    return model


def _segment_sum(x: Any, row: Any, size: int) -> Any:
    """Sum the entries of each run."""
    return pt.inc_subtensor(pt.zeros((size, *tuple(x.shape[1:])))[row], x)


def _declare(name: str, value: float | Prior, runs: xr.Dataset) -> Any:
    """A declared parameter: a constant, or a random variable with its own random parameters."""
    if not isinstance(value, Prior):
        return pt.as_tensor(np.float64(value))
    dist, arguments = _distribution(name, value, runs)
    return dist(name, **arguments, dims=value.over or None)


def _distribution(name: str, prior: Prior, runs: xr.Dataset) -> tuple[Any, dict[str, Any]]:
    """The PyMC class of a prior and its arguments, nested priors declared."""
    arguments = {
        key: _align(_declare(f"{name}_{key}", value, runs), value, prior.over)
        for key, value in prior.parameters.items()
    }
    return getattr(pm, prior.distribution), arguments


def _align(value: Any, prior: float | Prior, over: tuple[str, ...]) -> Any:
    """Give a nested value the axes of the prior it stands in."""
    inner = prior.over if isinstance(prior, Prior) else ()
    axes = [inner.index(dim) if dim in inner else "x" for dim in over]
    return value.dimshuffle(*axes) if over and inner else value


def _follow(field: Field, coordinates: Coordinates, push: Any, spec: Spec, runs: xr.Dataset) -> Any:
    """A parameter of the law as a function of its coordinate; its declared prior as density."""
    prior = cast(Prior, spec.parameters[field.name])
    dist, arguments = _distribution(field.name, prior, runs)
    known = coordinates.known[field.place].reshape(field.shape)
    expected = (coordinates.best[field.place] + push[field.place]).reshape(field.shape)
    u = pm.Flat(f"{field.name}{COORDINATE}", dims=field.over or None)
    size = 1.0
    free = known * expected + u
    if field.pooled:
        size = arguments["sigma"] ** (1 - known)
        free = known * expected + (1 - known) * arguments["mu"] + size * u
    value, log_derivative = field.scale.bound(free, pt)
    value = pm.Deterministic(field.name, value, dims=field.over or None)
    density = pm.logp(dist.dist(**arguments, shape=field.shape), value)
    pm.Potential(f"{field.name}_prior", (density + pt.log(size) + log_derivative).sum())
    return value


def _observe(spec: Spec, runs: xr.Dataset, curve: Any) -> None:
    """Runs about their curve: unknown run-to-run noise, known evaluation and rounding noise."""
    group = runs["group_index"].to_numpy()
    noise = {}
    for key, prior in spec.likelihood.parameters.items():
        value = _declare(key, prior, runs)
        noise[key] = value[group] if isinstance(prior, Prior) and prior.over else value
    scale = noise.pop("sigma") / np.sqrt(runs["weight"].to_numpy())
    dist = getattr(pm, spec.likelihood.distribution)
    dist(
        "error",
        mu=pm.Deterministic(CURVE, curve, dims="run"),
        sigma=pt.sqrt(scale**2 + known_variance(runs)),
        **noise,
        observed=runs["error"].to_numpy(),
        dims="run",
    )
