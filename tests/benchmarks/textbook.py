"""The models of the specifications as a practitioner writes them in PyMC, sampled by nutpie.

Every parameter is sampled as declared, on the scale that PyMC gives it; every epoch is a term of
the sum; settings are the sampler's own, but for the acceptance rate where that is said.
"""

import time

import nutpie
import pymc as pm
import pytensor.tensor as pt
from draws import Sampled, Settings, named
from written import Runs, utility, utility_bounded, utility_bounded_ragged


def utility_model(runs: Runs, *, centred: bool = True) -> pm.Model:
    """`models/utility.toml`."""
    with pm.Model() as model:
        a = pm.LogNormal("a", -4.0, 2.0)
        b = pooled("b", -2.0, 0.7, runs.pools, centred)
        tau = pooled("tau", 1.6, 0.8, runs.pools, centred)
        d = pm.HalfStudentT("d", nu=3.0, sigma=0.2)
        sigma = pm.LogNormal("sigma", -5.5, 0.7)
        observe(runs, utility(runs, a, b, d, tau, pt), sigma)
    return model


def bounded_model(runs: Runs, *, centred: bool = True, ragged: bool = False) -> pm.Model:
    """`models/utility-bounded-free-size.toml`."""
    law = utility_bounded_ragged if ragged else utility_bounded
    with pm.Model() as model:
        a = pm.LogNormal("a", -4.0, 2.0)
        b = pooled("b", -2.0, 0.7, runs.pools, centred)
        tau = pooled("tau", 1.6, 0.8, runs.pools, centred)
        d = pm.Beta("d", 1.0, 4.0)
        size_exponent = pm.Normal("size_exponent", 0.5, 0.75)
        sigma = pm.LogNormal("sigma", -5.5, 0.5)
        observe(runs, law(runs, a, b, d, tau, size_exponent, pt), sigma)
    return model


def pooled(name: str, centre: float, width: float, pools: int, centred: bool) -> pt.TensorVariable:
    """A positive parameter of each pool, log-normal about a common mean."""
    mu = pm.Normal(f"{name}_mu", centre, width)
    sigma = pm.HalfNormal(f"{name}_sigma", 0.5)
    if centred:
        return pm.LogNormal(name, mu, sigma, shape=pools)
    z = pm.Normal(f"{name}_z", shape=pools)
    return pm.Deterministic(name, pt.exp(mu + sigma * z))


def observe(runs: Runs, curve: pt.TensorVariable, sigma: pt.TensorVariable) -> None:
    """Runs scatter about their curve."""
    scale = pt.sqrt(sigma**2 + runs.known_variance)
    pm.Normal("error", mu=curve, sigma=scale, observed=runs.error)


def model(runs: Runs, *, centred: bool) -> pm.Model:
    """The model for runs of single pools, or for runs on mixtures."""
    return (bounded_model if runs.pool is None else utility_model)(runs, centred=centred)


def sample(runs: Runs, settings: Settings, *, centred: bool) -> Sampled:
    """Posterior by nutpie."""
    start = time.perf_counter()
    compiled = nutpie.compile_pymc_model(model(runs, centred=centred))
    built = time.perf_counter()
    trace = nutpie.sample(
        compiled,
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        seed=settings.seed,
        target_accept=settings.accept,
        save_warmup=False,
        progress_bar=False,
    )
    done = time.perf_counter()
    return Sampled(
        named({name: draws.values for name, draws in trace["posterior"].items()}),
        compile_seconds=built - start,
        sampling_seconds=done - built,
        steps=float(trace["sample_stats"]["n_steps"].mean()),
        divergences=int(trace["sample_stats"]["diverging"].sum()),
    )
