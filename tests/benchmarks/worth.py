"""What draws are worth, and whether two samplers found the same posterior."""

import arviz as az
import numpy as np
import xarray as xr
from sampled import Sampled

UNBOUNDED = ("b_mu", "tau_mu", "size_exponent")
"""Parameters that may be negative; the others are compared by their logarithms."""
SAMPLE = ("chain", "draw")


def posterior(sampled: Sampled) -> xr.Dataset:
    """Draws with named dimensions."""
    dims = (*SAMPLE, "pool")
    return xr.Dataset({name: (dims[: x.ndim], x) for name, x in sampled.draws.items()})


def ess(sampled: Sampled, method: str = "bulk") -> float:
    """The least effective sample size of all parameters."""
    return min(float(x.min()) for x in az.ess(posterior(sampled), method=method).values())


def rhat(sampled: Sampled) -> float:
    """The largest R-hat of all parameters."""
    return _largest(az.rhat(posterior(sampled)))


def ess_per_second(sampled: Sampled) -> float:
    """Of sampling, tuning included."""
    return ess(sampled) / sampled.seconds


def disagreement(one: Sampled, other: Sampled) -> float:
    """The largest difference of means or of log standard deviations, in Monte-Carlo errors."""
    x, y = _on_the_line(one), _on_the_line(other)
    means = abs(x.mean(SAMPLE) - y.mean(SAMPLE))
    error = np.hypot(az.mcse(x, method="mean"), az.mcse(y, method="mean"))
    spreads = abs(np.log(x.std(SAMPLE) / y.std(SAMPLE)))
    doubt = np.hypot(*(az.mcse(z, method="sd") / z.std(SAMPLE) for z in (x, y)))
    return max(_largest(means / error), _largest(spreads / doubt))


def distance(approximate: Sampled, exact: Sampled) -> tuple[float, float]:
    """Largest shift of a mean, in standard deviations, and largest ratio of these."""
    x, y = _on_the_line(approximate), _on_the_line(exact)
    shift = abs(x.mean(SAMPLE) - y.mean(SAMPLE)) / y.std(SAMPLE)
    ratio = np.exp(abs(np.log(x.std(SAMPLE) / y.std(SAMPLE))))
    return _largest(shift), _largest(ratio)


def _on_the_line(sampled: Sampled) -> xr.Dataset:
    return posterior(sampled).map(lambda x: x if x.name in UNBOUNDED else np.log(x))


def _largest(x: xr.Dataset) -> float:
    return max(float(each.max()) for each in x.values())
