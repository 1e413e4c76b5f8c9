r"""The likelihood: the density of the error printed of a run, and errors drawn about its curve.

An error y with rounding r is ``mu + noise + e`` with e uniform on (-r, r), so its density is that
of the noise averaged over an interval,

``p(y) = integral_{y - r}^{y + r} f(x) dx / (2 r) = (F(y + r) - F(y - r)) / (2 r)``.

A difference of distribution functions loses all digits where r is small, or y far from mu.  With
``x = mu + s sinh(v)`` the average is an integral over v of a function whose width is about 1 at any
r; Gauss and Legendre's nodes find it, from where the density is largest in the interval to where it
has fallen by `MAX_LOG_FALL`, in logarithms.  So r may be anything, 0 included, and its derivatives
are as good as its values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray

from qqt_bayes.model.distributions import Likelihood
from qqt_bayes.model.noise import Noise, checkpoints, common_deviation

Array = NDArray[np.float64]
COORDINATE = "_coordinate"
"""Ends the names of what is sampled in place of parameters; not part of the posterior."""
TRAINING = "training_effect"
"""How far each training with several checkpoints is off its curve, in its own deviations."""
NODES, WEIGHTS = np.polynomial.legendre.leggauss(32)
MAX_LOG_FALL = 36.0
"""The average is taken as far as the density falls to e^-36 of its largest in the interval.  With
32 nodes the log density is then right to 1e-10 for normal noise, and to 1e-5 for Student's t with
``nu >= 1`` and ``r <= 100 s``."""
MIN_HALF_WIDTH = 1e-9
"""Roundings count as at least so many deviations: less is as good as none, and 0 has no logarithm.
"""


def log_density(
    distribution: str, observed: Any, mu: Any, sigma: Any, rounding: Any = None, **shape: Any
) -> Any:
    """The log density of the observed error of each run.

    Parameters
    ----------
    distribution : str
        A name in `LIKELIHOODS`.
    observed, mu, sigma : array
    rounding : array, optional
        Half-widths; without, nothing is rounded.
    **shape
        The other parameters of the distribution: ``nu``.
    """
    likelihood = getattr(pm, distribution)
    if rounding is None:
        return pm.logp(likelihood.dist(mu=mu, sigma=sigma, **shape), observed)
    half = pt.maximum(rounding / sigma, MIN_HALF_WIDTH)
    log_length, x = _interval(abs(observed - mu) / sigma, half, **shape)
    shape = {name: pt.as_tensor(value)[..., None] for name, value in shape.items()}
    density = pm.logp(likelihood.dist(mu=0.0, sigma=1.0, **shape), x)
    each = density + pt.log1p(x**2) / 2 + np.log(WEIGHTS / 2)  # dx / dv = sqrt(1 + x^2)
    most = each.max(axis=-1)  # taken out of the sum of exponentials, which else may underflow
    mean = most + pt.log(pt.exp(each - most[..., None]).sum(axis=-1))
    return mean + log_length - pt.log(2 * half) - pt.log(sigma)


def _interval(z: Any, half: Any, nu: Any = None) -> tuple[Any, Any]:
    """The log of the interval's length in v, (..., run), and its nodes in x, (..., run, node).

    It covers what matters of the density on either side of ``edge``, where that is largest: there
    ``log f`` is down by `MAX_LOG_FALL` at ``edge + gap``.
    """
    inside = z < half
    edge = pt.switch(inside, 0.0, z - half)
    # `more` is (edge + gap)^2 - edge^2; solved for the gap without a difference of large numbers.
    more = (
        2 * MAX_LOG_FALL if nu is None else (edge**2 + nu) * pt.expm1(2 * MAX_LOG_FALL / (nu + 1))
    )
    gap = more / (pt.sqrt(edge**2 + more) + edge)
    below = pt.minimum(pt.switch(inside, half - z, 0.0), gap)
    above = pt.minimum(half + pt.switch(inside, z, half), gap)
    far = edge + above
    # arcsinh(far) - arcsinh(edge) without taking a difference
    ratio = (edge + far) / (far * pt.sqrt(1 + edge**2) + edge * pt.sqrt(1 + far**2))
    length = pt.arcsinh(below) + pt.arcsinh(above * ratio)
    start = pt.arcsinh(edge) - pt.arcsinh(below)
    v = start[..., None] + length[..., None] * (1 + NODES) / 2
    return pt.log(length), pt.sinh(v)


def observe(name: str, likelihood: Likelihood, observed: Any, rounding: Any, **about: Any) -> None:
    """Declare the observed errors of the runs in the PyMC model at hand.

    Parameters
    ----------
    name : str
    likelihood : Likelihood
    observed : array, shape (run,)
    rounding : array, shape (run,), or None
    **about
        ``mu``, ``sigma`` and the other parameters of its distribution.
    """
    base = getattr(pm, likelihood.distribution)
    if rounding is None:
        base(name, **about, observed=observed, dims="run")
        return
    names = list(about)

    def noisy(half_width: Any, *values: Any) -> Any:
        *given, size = values
        drawn = base.dist(**dict(zip(names, given, strict=True)), size=size)
        return drawn + half_width * pm.Uniform.dist(-1.0, 1.0, size=drawn.shape)

    def density(printed: Any, half_width: Any, *values: Any) -> Any:
        named = dict(zip(names, values, strict=True))
        return log_density(likelihood.distribution, printed, rounding=half_width, **named)

    pm.CustomDist(
        name, rounding, *about.values(), dist=noisy, logp=density, observed=observed, dims="run"
    )


@cache
def compiled(
    distribution: str, others: tuple[str, ...], is_rounded: bool
) -> tuple[Callable[..., Array], ...]:
    """Compile a likelihood once: a function that draws, given a seed, and one for the log density.

    The density takes the observed errors first.  Then either takes mu, sigma and the other
    parameters, all of shape (draw, run), and before them, if anything is rounded, how far each run
    is.
    """
    arguments = {name: pt.dmatrix(name) for name in ("mu", "sigma", *others)}
    observed, rounding = pt.dvector("observed"), pt.dvector("rounding")
    about = getattr(pm, distribution).dist(**arguments)
    inputs = list(arguments.values())
    if is_rounded:
        about = about + rounding * pm.Uniform.dist(-1.0, 1.0, size=about.shape)
        inputs = [rounding, *inputs]
    density = log_density(
        distribution, observed, rounding=rounding if is_rounded else None, **arguments
    )
    drawn = pm.compile(inputs, about, mode="FAST_COMPILE")
    log_likelihood = pm.compile([observed, *inputs], density, mode="FAST_COMPILE")

    def draw(seed: int, *about: Array) -> Array:
        pm.pytensorf.reseed_rngs(drawn.get_shared(), seed)  # nothing else is shared
        return drawn(*about)

    return draw, log_likelihood


def has_effects(likelihood: Likelihood, runs: xr.Dataset) -> bool:
    """Whether checkpoints of one training have something in common."""
    return "common" in likelihood.parameters and bool(checkpoints(runs)[1])


def training_effect(runs: xr.Dataset, noise: Noise, residual: Any, own: Any) -> Any:
    """Declare the effects of trainings and return how far they move each run, shape (run,).

    With ``c`` how far a unit of the effect moves a run, and `own` the rest of the run's variance,
    the effect has, given all else, the mean ``sum(c residual / own) / P`` and the precision
    ``P = 1 + sum(c^2 / own)``: exactly, where noise is normal.  It is sampled as an offset from
    there, in units of ``1 / sqrt(P)``.

    Parameters
    ----------
    runs, noise
        As for `qqt_bayes.model.noise.run_variance`.
    residual : array, shape (run,), or None
        How far runs lie above their curves; None: the effect is sampled as declared.
    own : array, shape (run,)
    """
    index, names = checkpoints(runs)
    deviation = common_deviation(runs, noise)
    if residual is None:
        effect = pm.Normal(TRAINING, dims="training")
    else:
        some = np.flatnonzero(index >= 0)
        each = (deviation * residual / own)[some], (deviation**2 / own)[some]
        weighted_mean, precision = (segment_sum(x, index[some], len(names)) for x in each)
        coordinate = pm.Flat(f"{TRAINING}{COORDINATE}", dims="training")
        effect = weighted_mean / (1 + precision) + coordinate / pt.sqrt(1 + precision)
        density = pm.logp(pm.Normal.dist(), effect) - pt.log1p(precision) / 2
        pm.Potential(f"{TRAINING}_prior", density.sum())
        effect = pm.Deterministic(TRAINING, effect, dims="training")
    return deviation * effect[index]  # the deviation is 0 where the index is -1


def segment_sum(x: Any, row: Any, size: int) -> Any:
    """Sum the entries of each run: PyTensor's counterpart of the one in `laws.run_curves`."""
    return pt.inc_subtensor(pt.zeros((size, *tuple(x.shape[1:])))[row], x)
