"""The likelihood in PyMC: the density of the error that is seen of a run, about its curve.

Rounding is averaged over as `qqt_bayes.model.rounding` says.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from qqt_bayes.model.discrepancy import Seen
from qqt_bayes.model.distributions import Likelihood
from qqt_bayes.model.noise import TRAINING, Noise, checkpoints, common_deviation
from qqt_bayes.model.rounding import averaged

COORDINATE = "_coordinate"
"""Ends the names of what is sampled in place of parameters; not part of the posterior."""


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
    inner = {name: pt.as_tensor(value)[..., None] for name, value in shape.items()}
    noise = likelihood.dist(mu=0.0, sigma=1.0, **inner)
    nu = shape.get("nu")
    return averaged(lambda x: pm.logp(noise, x), observed - mu, sigma, rounding, nu, pt)


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


def observe_departed(data: Seen, amplitude: Any, mean: Any, variance: Any) -> None:
    """Declare the log errors of the runs, whose curves depart from the law.

    Parameters
    ----------
    data : Seen
    amplitude : scalar
    mean, variance : array, shape (run,)
        Location and variance of each run's error.
    """
    of_runs = data.covariance[np.ix_(data.cell, data.cell)]
    total = amplitude**2 * of_runs + pt.diag(variance / data.mean**2)
    pm.MvNormal("log_error", pt.log(mean), total, observed=data.log_error, dims="run")


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
