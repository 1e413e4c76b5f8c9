"""From a specification and a table of runs to a PyMC model: the only place of random variables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from pymc.logprob.transforms import Transform

from qqt_bayes.coordinates import NOTHING, Coordinates, Scale
from qqt_bayes.distributions import Prior
from qqt_bayes.ingredients import Part, ingredients, known_variance, run_errors
from qqt_bayes.law import FLOOR, LAWS, Law
from qqt_bayes.spec import Spec

CURVE = "curve"
"""Name of the mean error of each run; recomputed where it is needed, not part of the posterior."""
GAUSSIAN = ("Normal", "LogNormal")
"""Distributions that are Gaussian on the unconstrained scale, with mean mu and deviation sigma."""
NEGLIGIBLE = 0.05
"""A floor below which it hardly matters how far below."""
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
            name: _declare(name, value, runs, centred=coordinates is None)
            for name, value in spec.parameters.items()
            if name not in near
        }
        noise = {
            name: _declare(name, value, runs) for name, value in spec.likelihood.parameters.items()
        }
        variance = _variance(spec, runs, noise["sigma"])
        if coordinates is not None:
            coordinates = coordinates.map(pm.Data)
            floor = curve({"d": values["d"]}, FLOOR)

            def errors(trial: dict[str, tuple[Any, tuple[str, ...]]]) -> Any:
                return curve(values | {name: value for name, (value, _) in trial.items()})

            expected = coordinates.expected(errors, floor, law, pt)
            told = coordinates.told(floor, variance, law, pt)
            for field in coordinates.near:
                values[field.name] = _follow(
                    field.name,
                    field.prior,
                    expected[field.place].reshape(field.shape),
                    told[field.place].reshape(field.shape),
                    coordinates.prior[field.place].reshape(field.shape),
                    runs,
                )
        errors = curve(values)
        if coordinates is None:
            errors = pm.Deterministic(CURVE, errors, dims="run")
        _observe(spec, runs, errors, variance, noise)
    return model


def _segment_sum(x: Any, row: Any, size: int) -> Any:
    """Sum the entries of each run."""
    return pt.inc_subtensor(pt.zeros((size, *tuple(x.shape[1:])))[row], x)


def _declare(name: str, value: float | Prior, runs: xr.Dataset, *, centred: bool = True) -> Any:
    """A declared parameter: a constant, or a random variable with its own random parameters."""
    if not isinstance(value, Prior):
        return pt.as_tensor(np.float64(value))
    if not centred and _pooled_about(value):  # in units of its prior: no funnel
        nothing = np.full([runs.sizes[dim] for dim in value.over], NOTHING)
        return _follow(name, value, 0 * nothing, nothing, None, runs)
    arguments = {
        key: _align(_declare(f"{name}_{key}", each, runs), each, value.over)
        for key, each in value.parameters.items()
    }
    dist = getattr(pm, value.distribution)
    at_zero = name == "d" and value.support[0] == 0 and _pooled_about(value) is None
    transform = {"default_transform": NearZero(value.support[1])} if at_zero else {}
    return dist(name, **arguments, **transform, dims=value.over or None)


class NearZero(Transform):  # type: ignore[misc]  # PyMC's class is untyped
    """``y / (1 + y / upper)`` with ``y = K log(1 + e^v)``: a straight line above K.

    On a log scale a floor that may well be zero has an endless tail.
    """

    name = "near zero"

    def __init__(self, upper: float) -> None:
        self.share = 1 / upper

    def forward(self, value: Any, *_: Any) -> Any:
        """Floor to unconstrained value."""
        scaled = value / (1 - value * self.share) / NEGLIGIBLE
        return scaled + pt.log(-pt.expm1(-scaled))

    def backward(self, value: Any, *_: Any) -> Any:
        """Unconstrained value to floor."""
        y = NEGLIGIBLE * pt.softplus(value)
        return y / (1 + y * self.share)

    def log_jac_det(self, value: Any, *_: Any) -> Any:
        """Log of the derivative of `backward`."""
        y = NEGLIGIBLE * pt.softplus(value)
        return np.log(NEGLIGIBLE) - pt.softplus(-value) - 2 * pt.log1p(y * self.share)


def _pooled_about(value: float | Prior) -> Prior | None:
    """The prior of the mean of a partially pooled parameter, if both are Gaussian."""
    if isinstance(value, Prior) and value.distribution in GAUSSIAN:
        mean = value.parameters.get("mu")
        if isinstance(mean, Prior) and mean.distribution == "Normal":
            return mean
    return None


def _align(value: Any, prior: float | Prior, over: tuple[str, ...]) -> Any:
    """Give a nested value the axes of the prior it stands in."""
    inner = prior.over if isinstance(prior, Prior) else ()
    axes = [inner.index(dim) if dim in inner else "x" for dim in over]
    return value.dimshuffle(*axes) if over and inner else value


def _follow(name: str, prior: Prior, expected: Any, told: Any, wide: Any, runs: xr.Dataset) -> Any:
    """A parameter as a function of its coordinate; its declared prior as density.

    `expected` and `told` are where and how precisely the data want it, on its unconstrained scale;
    `wide` is the precision of a prior that is not Gaussian there.
    """
    over, nested = prior.over, _pooled_about(prior)
    arguments = {
        key: _align(_declare(f"{name}_{key}", value, runs), value, over)
        for key, value in prior.parameters.items()
        if not (key == "mu" and nested)
    }
    if nested:
        weight = told / (1 + told * arguments["sigma"] ** 2)
        within = [axis for axis, dim in enumerate(over) if dim not in nested.over]
        total = weight.sum(within) if within else weight
        centre = (weight * expected).sum(within) / total if within else expected
        mean = _follow(f"{name}_mu", nested, centre, total, None, runs)
        arguments["mu"] = _align(mean, nested, over)
    offset = pm.Flat(f"{name}{COORDINATE}", dims=over or None)
    scale = Scale(*prior.support)
    if prior.distribution in GAUSSIAN:  # in units of the prior's deviation, which may be tiny
        centre, deviation = arguments["mu"], arguments["sigma"]
        left = 1 / (1 + told * deviation**2)
        z = (1 - left) * (expected - centre) / deviation + pt.sqrt(left) * offset
        value = scale.bound(centre + deviation * z, pt)[0]
        density = pm.logp(pm.Normal.dist(), z) + pt.log(left) / 2
    else:
        both = told + wide
        value, log_derivative = scale.bound(expected + offset / pt.sqrt(both), pt)
        shape = tuple(runs.sizes[dim] for dim in over)
        density = pm.logp(getattr(pm, prior.distribution).dist(**arguments, shape=shape), value)
        density += log_derivative - pt.log(both) / 2
    pm.Potential(f"{name}_prior", density.sum())
    return pm.Deterministic(name, value, dims=over or None)


def _variance(spec: Spec, runs: xr.Dataset, sigma: Any) -> Any:
    """Variance of each run about its curve: unknown run-to-run, known evaluation and rounding."""
    prior = spec.likelihood.parameters["sigma"]
    if isinstance(prior, Prior) and prior.over:
        sigma = sigma[runs["group_index"].to_numpy()]
    return sigma**2 / runs["weight"].to_numpy() + pm.Data("known_variance", known_variance(runs))


def _observe(
    spec: Spec, runs: xr.Dataset, curve: Any, variance: Any, noise: dict[str, Any]
) -> None:
    """Runs about their curve."""
    others = {}
    for key, prior in spec.likelihood.parameters.items():
        if key != "sigma":
            by_group = isinstance(prior, Prior) and prior.over
            others[key] = noise[key][runs["group_index"].to_numpy()] if by_group else noise[key]
    getattr(pm, spec.likelihood.distribution)(
        "error",
        mu=curve,
        sigma=pt.sqrt(variance),
        **others,
        observed=pm.Data("observed", runs["error"].to_numpy()),
        dims="run",
    )
