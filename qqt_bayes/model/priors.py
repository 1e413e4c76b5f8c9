r"""The declared priors as numbers, without PyMC: their values and their densities.

Every random number of a model is a function of independent standard normals z: ``x = F^-1(Phi(z))``
with F the distribution function of its prior, whose own parameters come before it in the same way.
So in z the prior of any specification, pooled or not, is the standard normal.

The distributions are written out in SciPy's special functions: importing `scipy.stats` would take
longer than the rest of a fit's imports together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import special

from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.spec import Spec

Array = NDArray[np.float64]
POINTS = 2**17
"""Points at which a pooled prior is looked at: shares of it are known to a few ten-thousandths."""
ROUNDS = 60
"""Steps of a fixed point, each of which is nearer by a half at the least."""

LOG_2, LOG_PI, HALF_LOG_2_PI = math.log(2), math.log(math.pi), math.log(2 * math.pi) / 2


def _by_tail(z: Any, lower: Callable[[Any], Any], upper: Callable[[Any], Any]) -> Any:
    """A quantile from the nearer tail, whose probability has all its digits: ``Phi(-|z|)``."""
    p = special.ndtr(-abs(z))
    return np.where(z < 0, lower(p), upper(p))


def _half_t(z: Any, nu: Any) -> Any:
    def near_0(p: Any) -> Any:  # x^2 / (nu + x^2) has a beta distribution
        share = special.betaincinv(0.5, nu / 2, p)
        return np.sqrt(nu * share / (1 - share))

    return _by_tail(z, near_0, lambda q: -special.stdtrit(nu, q / 2))


def _gamma(z: Any, alpha: Any) -> Any:
    return _by_tail(
        z, lambda p: special.gammaincinv(alpha, p), lambda q: special.gammainccinv(alpha, q)
    )


def _between(mu: Any, sigma: Any, lower: float, upper: float, mirrored: Any) -> tuple[Any, Any]:
    """The probabilities of a normal below two bounds, or, where `mirrored`, beyond them."""
    low, high = (lower - mu) / sigma, (upper - mu) / sigma
    return (
        special.ndtr(np.where(mirrored, -high, low)),
        special.ndtr(np.where(mirrored, -low, high)),
    )


def _truncated(z: Any, mu: Any, sigma: Any, lower: float = -np.inf, upper: float = np.inf) -> Any:
    # Seen from the side on which the probabilities are not near 1, where they lose their digits.
    mirrored = (lower > mu) | ((z > 0) & (upper >= mu))
    below, above = _between(mu, sigma, lower, upper, mirrored)
    side = np.where(mirrored, -1.0, 1.0)
    x = side * special.ndtri(below + special.ndtr(side * z) * (above - below))
    return np.clip(mu + sigma * x, lower, upper)  # the last digit may lie outside


QUANTILES: dict[str, Callable[..., Any]] = {
    "Normal": lambda z, mu, sigma: mu + sigma * z,
    "StudentT": lambda z, nu, mu, sigma: (
        mu + sigma * np.sign(z) * -special.stdtrit(nu, special.ndtr(-abs(z)))
    ),
    "LogNormal": lambda z, mu, sigma: np.exp(mu + sigma * z),
    "HalfNormal": lambda z, sigma: (
        sigma
        * _by_tail(z, lambda p: np.sqrt(2) * special.erfinv(p), lambda q: -special.ndtri(q / 2))
    ),
    "HalfStudentT": lambda z, nu, sigma: sigma * _half_t(z, nu),
    "HalfCauchy": lambda z, beta: (
        beta * _by_tail(z, lambda p: np.tan(np.pi / 2 * p), lambda q: 1 / np.tan(np.pi / 2 * q))
    ),
    "Exponential": lambda z, lam: -special.log_ndtr(-z) / lam,
    "Gamma": lambda z, alpha, beta: _gamma(z, alpha) / beta,
    "InverseGamma": lambda z, alpha, beta: beta / _gamma(-z, alpha),
    "Beta": lambda z, alpha, beta: special.betaincinv(alpha, beta, special.ndtr(z)),
    "Uniform": lambda z, lower, upper: lower + (upper - lower) * special.ndtr(z),
    "TruncatedNormal": _truncated,
}
"""The closed registry of priors: ``F^-1(Phi(z))`` of each, given z and its parameters."""


def quantile(name: str, z: Any, parameters: Mapping[str, Any]) -> Any:
    """Quantiles of a distribution of the registry, at the probabilities ``Phi(z)``."""
    return QUANTILES[name](z, **parameters)


def marginal_quantiles(prior: Prior, probabilities: Sequence[float]) -> Array:
    """Quantiles of a declared prior, over whatever is declared of its own parameters, too.

    One that is declared by numbers has them exactly. A pooled one is looked at on a lattice in the
    probabilities of all that it is made of, which fills them more evenly than random numbers would
    (after Niederreiter 1992, Kronecker sequences), so that the same prior has the same quantiles.

    Parameters
    ----------
    prior : Prior
    probabilities : sequence of float

    Examples
    --------
    >>> marginal_quantiles(Prior("Normal", {"mu": 0.0, "sigma": 2.0}), [0.5, 0.95]).round(3)
    array([0.  , 3.29])
    >>> centre = Prior("Normal", {"mu": 0.0, "sigma": 1.2})
    >>> marginal_quantiles(Prior("Normal", {"mu": centre, "sigma": 1.6}), [0.95]).round(1)
    array([3.3])
    """
    above = len(list(_nested({"": prior}, ""))) - 1
    if not above:
        return np.asarray(_at(prior, iter([special.ndtri(probabilities)])), float)
    # the root of x^(n + 1) = x + 1, whose powers are the least like fractions
    root = 1.5
    for _ in range(ROUNDS):
        root = (1 + root) ** (1 / (above + 2))
    steps = root ** -np.arange(1.0, above + 2)
    shares = (0.5 + np.arange(POINTS)[:, None] * steps) % 1
    z = special.ndtri(np.concatenate([shares, 1 - shares]))
    found: Array = np.quantile(_at(prior, iter(z.T)), probabilities)
    return found


def _at(prior: Prior, z: Iterator[Array]) -> Array:
    """A prior at standard normals of its own and of the priors within it, in the order of them."""
    arguments = {
        key: _at(inner, z) if isinstance(inner, Prior) else inner
        for key, inner in prior.parameters.items()
    }
    value: Array = quantile(prior.distribution, next(z), arguments)
    return value


def normal(x: Any, mu: Any, sigma: Any) -> Any:
    """Log density of the normal distribution."""
    return -(((x - mu) / sigma) ** 2) / 2 - HALF_LOG_2_PI - np.log(sigma)


def student_t(x: Any, nu: Any, mu: Any, sigma: Any) -> Any:
    """Log density of Student's t."""
    scale = special.gammaln((nu + 1) / 2) - special.gammaln(nu / 2) - (np.log(nu) + LOG_PI) / 2
    return scale - np.log(sigma) - (nu + 1) / 2 * np.log1p(((x - mu) / sigma) ** 2 / nu)


def _truncated_normal(
    x: Any, mu: Any, sigma: Any, lower: float = -np.inf, upper: float = np.inf
) -> Any:
    below, above = _between(mu, sigma, lower, upper, lower > mu)
    return normal(x, mu, sigma) - np.log(above - below)


LOG_DENSITIES: dict[str, Callable[..., Any]] = {
    "Normal": normal,
    "StudentT": student_t,
    "LogNormal": lambda x, mu, sigma: normal(np.log(x), mu, sigma) - np.log(x),
    "HalfNormal": lambda x, sigma: LOG_2 + normal(x, 0.0, sigma),
    "HalfStudentT": lambda x, nu, sigma: LOG_2 + student_t(x, nu, 0.0, sigma),
    "HalfCauchy": lambda x, beta: LOG_2 + student_t(x, 1.0, 0.0, beta),
    "Exponential": lambda x, lam: np.log(lam) - lam * x,
    "Gamma": lambda x, alpha, beta: (
        special.xlogy(alpha, beta) - special.gammaln(alpha) + special.xlogy(alpha - 1, x) - beta * x
    ),
    "InverseGamma": lambda x, alpha, beta: (
        special.xlogy(alpha, beta) - special.gammaln(alpha) - (alpha + 1) * np.log(x) - beta / x
    ),
    "Beta": lambda x, alpha, beta: (
        special.xlogy(alpha - 1, x) + special.xlog1py(beta - 1, -x) - special.betaln(alpha, beta)
    ),
    "Uniform": lambda x, lower, upper: np.zeros_like(x) - np.log(upper - lower),
    "TruncatedNormal": _truncated_normal,
}
"""The same registry: the log density of each inside its support, given x and its parameters."""


def log_density(name: str, x: Any, parameters: Mapping[str, Any]) -> Any:
    """Log density of a distribution of the registry, inside its support."""
    return LOG_DENSITIES[name](x, **parameters)


def declared(spec: Spec) -> Iterator[tuple[str, Prior]]:
    """Walk through the random numbers of a model by name, each after those that it depends on.

    Examples
    --------
    >>> from qqt_bayes.model.spec import load_model
    >>> [name for name, _ in declared(load_model("utility"))]
    ['a', 'b_mu', 'b_sigma', 'b', 'd', 'tau_mu', 'tau_sigma', 'tau', 'sigma', 'amplitude']
    """
    yield from _nested({**spec.parameters, **spec.noise}, "")


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
        found[name] = quantile(prior.distribution, own, arguments)
        start = stop
    return found


def _aligned(inner: Array, inner_over: tuple[str, ...], over: tuple[str, ...]) -> Array:
    """Give a nested value, shape (point, ...), the axes of the prior that it stands in."""
    lengths = dict(zip(inner_over, inner.shape[1:], strict=True))
    return inner.reshape(len(inner), *(lengths.get(dim, 1) for dim in over))


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
