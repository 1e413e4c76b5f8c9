"""The models of the specifications as a practitioner writes them in PyMC, sampled by nutpie.

Every parameter is sampled as declared, on the scale that PyMC gives it; every epoch is a term of
the sum; settings are the sampler's own, but for the acceptance rate.
"""

import time

import nutpie
import pymc as pm
import pytensor.tensor as pt
from sampled import CHAINS, Sampled, named
from written import Runs, utility, utility_bounded


def model(runs: Runs, *, centred: bool = False) -> pm.Model:
    """`models/utility.toml` for runs of single pools, `utility-bounded-free-size` for mixtures."""
    with pm.Model() as declared:
        a = pm.LogNormal("a", -4.0, 2.0)
        b = pooled("b", -2.0, 0.7, runs.pools, centred)
        tau = pooled("tau", 1.6, 0.8, runs.pools, centred)
        if runs.pool is None:
            d = pm.Beta("d", 1.0, 4.0)
            size_exponent = pm.Normal("size_exponent", 0.5, 0.75)
            sigma = pm.LogNormal("sigma", -5.5, 0.5)
            curve = utility_bounded(runs, a, b, d, tau, size_exponent, pt)
        else:
            d = pm.HalfStudentT("d", nu=3.0, sigma=0.2)
            sigma = pm.LogNormal("sigma", -5.5, 0.7)
            curve = utility(runs, a, b, d, tau, pt)
        scale = pt.sqrt(sigma**2 + runs.known_variance)
        pm.Normal("error", mu=curve, sigma=scale, observed=runs.error)
    return declared


def pooled(name: str, centre: float, width: float, pools: int, centred: bool) -> pt.TensorVariable:
    """A positive parameter of each pool, log-normal about a common mean."""
    mu = pm.Normal(f"{name}_mu", centre, width)
    sigma = pm.HalfNormal(f"{name}_sigma", 0.5)
    if centred:
        return pm.LogNormal(name, mu, sigma, shape=pools)
    z = pm.Normal(f"{name}_z", shape=pools)
    return pm.Deterministic(name, pt.exp(mu + sigma * z))


def estimate(
    runs: Runs,
    *,
    centred: bool = False,
    accept: float = 0.95,
    tune: int = 1000,
    draws: int = 1000,
) -> Sampled:
    """Posterior by nutpie."""
    compiled = nutpie.compile_pymc_model(model(runs, centred=centred))
    start = time.perf_counter()
    trace = nutpie.sample(
        compiled,
        draws=draws,
        tune=tune,
        chains=CHAINS,
        seed=1,
        target_accept=accept,
        save_warmup=False,
        progress_bar=False,
    )
    return Sampled(
        named({name: values.to_numpy() for name, values in trace["posterior"].items()}),
        seconds=time.perf_counter() - start,
        steps=float(trace["sample_stats"]["n_steps"].mean()),
        divergences=int(trace["sample_stats"]["diverging"].sum()),
    )
