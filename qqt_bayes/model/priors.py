r"""The declared priors as numbers, without PyMC: their values and their densities.

Every random number of a model is a function of independent standard normals z: ``x = F^-1(Phi(z))``
with F the distribution function of its prior, whose own parameters come before it in the same way.
So in z the prior of any specification, pooled or not, is the standard normal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import special, stats

from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.spec import Spec

Array = NDArray[np.float64]


class _HalfT:
    """The distribution of the absolute value of a Student t variable, which SciPy does not have."""

    def ppf(self, p: Any, **of_t: Any) -> Any:
        return stats.t.ppf((1 + p) / 2, **of_t)

    def logpdf(self, x: Any, **of_t: Any) -> Any:
        return np.log(2) + stats.t.logpdf(x, **of_t)


def _truncated(
    mu: Any, sigma: Any, lower: float = -np.inf, upper: float = np.inf
) -> dict[str, Any]:
    return {"a": (lower - mu) / sigma, "b": (upper - mu) / sigma, "loc": mu, "scale": sigma}


SCIPY: dict[str, tuple[Any, Callable[..., dict[str, Any]]]] = {
    "Normal": (stats.norm, lambda mu, sigma: {"loc": mu, "scale": sigma}),
    "StudentT": (stats.t, lambda nu, mu, sigma: {"df": nu, "loc": mu, "scale": sigma}),
    "LogNormal": (stats.lognorm, lambda mu, sigma: {"s": sigma, "scale": np.exp(mu)}),
    "HalfNormal": (stats.halfnorm, lambda sigma: {"scale": sigma}),
    "HalfStudentT": (_HalfT(), lambda nu, sigma: {"df": nu, "scale": sigma}),
    "HalfCauchy": (stats.halfcauchy, lambda beta: {"scale": beta}),
    "Exponential": (stats.expon, lambda lam: {"scale": 1 / lam}),
    "Gamma": (stats.gamma, lambda alpha, beta: {"a": alpha, "scale": 1 / beta}),
    "InverseGamma": (stats.invgamma, lambda alpha, beta: {"a": alpha, "scale": beta}),
    "Beta": (stats.beta, lambda alpha, beta: {"a": alpha, "b": beta}),
    "Uniform": (stats.uniform, lambda lower, upper: {"loc": lower, "scale": upper - lower}),
    "TruncatedNormal": (stats.truncnorm, _truncated),
}
"""The closed registry of priors: SciPy's distribution, and its parameters from ours."""


def quantile(name: str, p: Any, parameters: Mapping[str, Any]) -> Any:
    """Quantiles of a distribution of the registry."""
    distribution, translate = SCIPY[name]
    return distribution.ppf(p, **translate(**parameters))


def log_density(name: str, x: Any, parameters: Mapping[str, Any]) -> Any:
    """Log density of a distribution of the registry, inside its support."""
    distribution, translate = SCIPY[name]
    return distribution.logpdf(x, **translate(**parameters))


def declared(spec: Spec) -> Iterator[tuple[str, Prior]]:
    """Walk through the random numbers of a model by name, each after those that it depends on.

    Examples
    --------
    >>> from qqt_bayes.model.spec import load_model
    >>> [name for name, _ in declared(load_model("utility"))]
    ['a', 'b_mu', 'b_sigma', 'b', 'd', 'tau_mu', 'tau_sigma', 'tau', 'sigma']
    """
    yield from _nested({**spec.parameters, **spec.likelihood.parameters}, "")


def _nested(values: Mapping[str, float | Prior], before: str) -> Iterator[tuple[str, Prior]]:
    for key, prior in values.items():
        if isinstance(prior, Prior):
            yield from _nested(prior.parameters, f"{before}{key}_")
            yield before + key, prior


def count(spec: Spec, sizes: Mapping[str, int]) -> int:
    """The number of standard normals that a model is made of, given the sizes of its dimensions."""
    return sum(math.prod(sizes[dim] for dim in prior.over) for _, prior in declared(spec))


def values_at(spec: Spec, sizes: Mapping[str, int], z: Array) -> dict[str, Array]:
    """Every random number of a model as a function of standard normals.

    Parameters
    ----------
    spec : Spec
    sizes : mapping of str to int
        Of "group" and "pool".
    z : array, shape (point, scalar)
        Standard normals, in the order of `declared`.

    Returns
    -------
    dict of str to array, shape (point, ...)
        With the dimensions that the prior is over.

    Examples
    --------
    At the medians of the priors:

    >>> from qqt_bayes.model.spec import load_model
    >>> values_at(load_model("power-law"), {"group": 1, "pool": 2}, np.zeros((1, 6)))["b"].round(4)
    array([[0.1353, 0.1353]])
    """
    found: dict[str, Array] = {}
    start = 0
    for name, prior in declared(spec):
        shape = tuple(sizes[dim] for dim in prior.over)
        stop = start + math.prod(shape)
        own = z[:, start:stop].reshape(-1, *shape)
        arguments = {
            key: _aligned(found[f"{name}_{key}"], inner.over, prior.over)
            if isinstance(inner, Prior)
            else inner
            for key, inner in prior.parameters.items()
        }
        found[name] = quantile(prior.distribution, special.ndtr(own), arguments)
        start = stop
    return found


def _aligned(inner: Array, inner_over: tuple[str, ...], over: tuple[str, ...]) -> Array:
    """Give a nested value, shape (point, ...), the axes of the prior that it stands in."""
    lengths = dict(zip(inner_over, inner.shape[1:], strict=True))
    return inner.reshape(len(inner), *(lengths.get(dim, 1) for dim in over))


def by_copy(spec: Spec, values: Mapping[str, Array]) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """The parameters of the law as `run_errors` takes them for several copies of a table.

    Parameters
    ----------
    spec : Spec
    values : mapping of str to array, shape (copy, ...)
        Of the random parameters, a copy for each draw or point; other names are passed over.
    """
    return {
        name: (values[name], ("copy", *value.over))
        if isinstance(value, Prior)
        else (np.float64(value), ())
        for name, value in spec.parameters.items()
    }


def log_prior(spec: Spec, draws: xr.Dataset) -> xr.Dataset:
    """The log densities of the priors that are declared by numbers, summed over their dimensions.

    Parameters that are pooled are not among them: they are data to the numbers above them, so that
    who scales the prior, as in a study of its sensitivity, must not scale their density with it.

    Parameters
    ----------
    spec : Spec
    draws : Dataset, dims (chain, draw, ...)
        Every random number of the model.
    """
    found = {}
    for name, prior in declared(spec):
        if not any(isinstance(inner, Prior) for inner in prior.parameters.values()):
            density = log_density(prior.distribution, draws[name].values, prior.parameters)
            found[name] = draws[name].copy(data=density).sum(list(prior.over))
    return xr.Dataset(found)
